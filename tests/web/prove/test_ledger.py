"""The ledger and the effects, by right."""

from __future__ import annotations

from tests.web.conftest import Cast

LEDGER, EFFECTS = "/c/northlight/ledger/", "/c/northlight/effects/"


def test_the_ledger_keeps_tested_claimed_and_forecast_apart(cast: Cast) -> None:
    text = cast.client("executive").get(LEDGER).content.decode()
    tested, forecast = text.index('id="tested"'), text.index('id="forecast"')
    assert tested < text.index("Licence keys come late") < forecast < text.index("Slow answers")
    assert "€2,870" in text or "€2,880" in text


def test_a_lead_reads_the_lines_of_the_own_group_only(cast: Cast) -> None:
    for address in (LEDGER, EFFECTS):
        text = cast.client("lead").get(address).content.decode()
        assert "Licence keys come late" not in text
        assert "Late delivery" in text or "Promise only dates the warehouse can keep" in text
        assert "Slow answers" not in text


def test_effects_carry_an_interval_and_a_grade(cast: Cast) -> None:
    text = cast.client("analyst").get(EFFECTS).content.decode()
    assert "€13,500 (€3,050 to €24,500)" in text
    assert "tested" in text
