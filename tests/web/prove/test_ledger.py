"""The ledger and the effects, by right."""

from __future__ import annotations

from pathlib import Path

from pyarrow import parquet
from tests.web.conftest import Cast

LEDGER, EFFECTS = "/c/northlight/ledger/", "/c/northlight/effects/"


def test_the_ledger_keeps_tested_claimed_and_forecast_apart(cast: Cast) -> None:
    text = cast.client("executive").get(LEDGER).content.decode()
    tested, forecast = text.index('id="tested"'), text.index('id="forecast"')
    assert tested < text.index("Licence keys come late") < forecast < text.index("Waiting for quotes")
    assert "Slow answers" not in text  # its initiative is not in the plan, so nothing is forecast for it


def test_a_lead_reads_the_lines_of_the_own_group_only(cast: Cast) -> None:
    for address in (LEDGER, EFFECTS):
        text = cast.client("lead").get(address).content.decode()
        assert "Licence keys come late" not in text
        assert "Late delivery" in text or "Promise only dates the warehouse can keep" in text
        assert "Slow answers" not in text


def test_effects_carry_an_interval_and_a_grade(cast: Cast, demo_workspace: Path) -> None:
    effects = parquet.read_table(demo_workspace / ".vitalfew/current/effects.parquet").to_pylist()
    text = cast.client("analyst").get(EFFECTS).content.decode()
    measured = [row for row in effects if row["grade"] == "tested"]
    assert len(measured) == 2
    for row in measured:
        assert "€{:,.0f}".format(float(f"{row['value']:.3g}")) in text
        assert "(€{:,.0f} to €{:,.0f})".format(*(float(f"{row[end]:.3g}") for end in ("low", "high"))) in text
    assert "tested" in text
