"""The benefits ledger and the forecasts kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from made_tables import company_of, rows_of, tables_of
from vitalfew.engine import Context
from vitalfew.outputs import Outputs
from vitalfew.prove import counting, stage
from vitalfew.prove.counting import Counts
from vitalfew.settings import Company

CHANGED = datetime(2025, 7, 1)
ISSUE = {"issue": "issue:care/wrong-bill", "name": "Wrong bill", "group": "Care", "rank": 1, "top": True}


def _calls(before: int, after: int, days_after: int = 364, group: str = "A", topic: str = "bill") -> list[dict[str, Any]]:
    """`before` calls spread evenly over the year before the change, `after` over the days after it."""
    times = [CHANGED - timedelta(days=364.9 * (i + 0.5) / before) for i in range(before)]
    times += [CHANGED + timedelta(days=days_after * (i + 0.5) / after) for i in range(after)]
    return [
        {"source": group + topic, "key": str(i), "at": at, "channel": group, "topic": topic, "minutes": 5.0}
        for i, at in enumerate(times)
    ]


def _company(**more: Any) -> Company:
    benefit = {
        "issue": "Wrong bill",
        "hours_each": 0.5,
        "money_each": 4.0,
        "occurs_when": "topic = 'bill'",
        "changed_on": date(2025, 7, 1),
    }
    return company_of(group=[{"name": "Care", "hour_cost": 40}], benefit=[{**benefit, **more}])


def _run(context: Context, company: Company, **tables: Any) -> Outputs:
    return stage.run(tables_of(context, issues=[ISSUE], **tables), company, context)


def test_the_worked_example_of_the_documentation(context: Context) -> None:
    """400 wrong bills before, 200 after; the comparison group went from 300 to 270: 400 x 270.5 / 300.5 - 200 = 160 a year avoided."""
    # A record a year before the change shows that the table reaches back that far.
    first = {"source": "x", "key": "first", "at": CHANGED - timedelta(days=400), "topic": "other"}
    calls = [first, *_calls(400, 200, 365), *_calls(300, 270, 365, "B"), *_calls(50, 50, 365, "A", "other")]
    row = rows_of(_run(context, _company(compared_when="channel = 'B'"), interactions=calls), "benefits", context)[0]
    avoided = 400 * 270.5 / 300.5 - 200
    assert (row["grade"], row["issue"]) == ("tested", ISSUE["issue"])
    assert (row["before"], row["after"]) == (400.0, 200.0)
    assert row["hours"] == pytest.approx(avoided * 0.5)
    assert row["money"] == pytest.approx(avoided * (0.5 * 40 + 4))
    assert row["money"] == pytest.approx(3842, abs=0.5)
    assert 0 < row["low"] < row["money"] < row["high"]
    assert "comparison group 300 before, 270 after" in row["note"]


def test_without_a_comparison_group_it_is_only_claimed(context: Context) -> None:
    row = rows_of(_run(context, _company(), interactions=_calls(400, 200)), "benefits", context)[0]
    assert row["grade"] == "claimed"
    assert "nothing to compare with" in row["note"]
    assert row["money"] == pytest.approx((row["before"] - row["after"]) * 24)


def test_rates_are_by_the_days_there_are(context: Context) -> None:
    calls = _calls(365, 50, 100)
    counted = counting.count(
        _company().benefit[0],
        tables_of(context, interactions=calls),
        Context(context.engine, date(2025, 10, 8), 7, context.folder, context.folder),
    )
    assert counted is not None
    assert counted.days == (365, 100)
    found = counting.avoided(counted, 7, "benefit:x")
    assert found.after == pytest.approx(50 * 365 / 100)
    assert found.before == pytest.approx(365.0)


def test_the_interval_agrees_with_the_delta_method_on_the_log_of_rates() -> None:
    counts = Counts((400, 200), (300, 270), (365, 365), 1.0)
    found = counting.avoided(counts, 1, "benefit:x")
    expected = 400 * 270 / 300
    # Of expected - after: variances of the three counts that make up expected, and of after, on their own scales.
    error = np.sqrt(expected**2 * (1 / 400 + 1 / 300 + 1 / 270) + 200)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.05)
    assert found.low < expected - 200 < found.high


def test_the_interval_covers_the_planted_effect_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    worlds = 300
    covered = 0
    for world in range(worlds):
        counts = Counts(
            (int(rng.poisson(120)), int(rng.poisson(120 * 1.2 - 40))),
            (int(rng.poisson(200)), int(rng.poisson(240))),
            (365, 365),
            1.0,
        )
        found = counting.avoided(counts, world, "benefit:x")
        covered += found.low <= 40 <= found.high
    assert 0.91 <= covered / worlds <= 0.985


def test_occurrences_that_come_in_clumps_widen_the_interval() -> None:
    assert counting.clumping([[10, 10, 10, 10, 10]]) == 1.0
    # Deviations of 10 from a mean of 10: 5 x 100 / 10 over 4 degrees of freedom.
    assert counting.clumping([[20, 0, 20, 0, 10]]) == pytest.approx(400 / 10 / 4)
    calm = counting.avoided(Counts((50, 50), None, (365, 365), 1.0), 3, "b")
    wild = counting.avoided(Counts((50, 50), None, (365, 365), 4.0), 3, "b")
    assert (wild.high - wild.low) / (calm.high - calm.low) == pytest.approx(2.0, rel=0.1)


def test_a_change_too_young_to_judge_says_what_is_missing(context: Context) -> None:
    outputs = _run(context, _company(changed_on=date(2026, 6, 15)), interactions=_calls(400, 200))
    row = rows_of(outputs, "benefits", context)[0]
    assert (row["grade"], row["money"], row["after"]) == ("forecast", None, None)
    assert "fewer than 30 days" in row["note"]
    assert outputs.gaps[0].figure == "benefit of solving Wrong bill"


def test_what_is_stated_is_claimed_without_an_interval(context: Context) -> None:
    row = rows_of(_run(context, _company(occurs_when="", before=100, after=60)), "benefits", context)[0]
    assert (row["grade"], row["hours"], row["money"], row["low"]) == ("claimed", 20.0, 40 * 24.0, None)
    assert "not counted" in row["note"]


def test_hours_of_customers_are_counted_and_not_priced_at_our_rate(context: Context) -> None:
    row = rows_of(_run(context, _company(occurs_when="", before=100, after=60, whose="customers'")), "benefits", context)[0]
    assert (row["hours"], row["money"]) == (20.0, 160.0)


def test_forecasts_of_drivers_and_of_chosen_initiatives_are_kept(context: Context) -> None:
    chosen = {"initiative": "initiative:a", "name": "A", "group": "Care", "chosen": True, "value": 9.0, "low": 4.0, "high": 12.0}
    chosen |= {"acts_on": ISSUE["issue"], "start": date(2026, 7, 1), "end": date(2026, 8, 31)}
    driver = {"driver_id": "driver:score/price", "outcome": "score", "driver": "Price", "segment": "all", "n": 700, "rank": 1}
    driver |= {"effect": 0.4, "effect_low": 0.3, "effect_high": 0.5}
    more = {"initiatives": [chosen, {**chosen, "initiative": "initiative:b", "name": "B", "chosen": False}]}
    outputs = _run(
        context,
        _company(compared_when="channel = 'B'"),
        interactions=_calls(400, 200) + _calls(300, 300, group="B"),
        drivers=[driver],
        **more,
    )
    effects = {row["effect"]: row for row in rows_of(outputs, "effects", context)}
    assert {name: row["kind"] for name, row in effects.items()} == {
        "effect:score-price": "forecast",
        "effect:initiative/a": "forecast",
        "effect:wrong-bill-1/measured": "measured",
    }
    assert (effects["effect:score-price"]["value"], effects["effect:score-price"]["n"]) == (0.4, 700)
    assert effects["effect:initiative/a"]["at"] == date(2026, 6, 30)
    ledger = {row["benefit"]: row for row in rows_of(outputs, "benefits", context)}
    assert (ledger["benefit:a/forecast"]["money"], ledger["benefit:a/forecast"]["grade"]) == (9.0, "forecast")
    assert "benefit:b/forecast" not in ledger


def test_nothing_at_all_gives_empty_tables_and_says_why(context: Context) -> None:
    outputs = stage.run(tables_of(context), company_of(), context)
    assert {name: len(rows_of(outputs, name, context)) for name in outputs.tables} == {"benefits": 0, "effects": 0}
    assert [gap.figure for gap in outputs.gaps] == ["measured benefits"]


def test_other_occurrences_serve_as_comparison_and_an_empty_group_compares_nothing() -> None:
    days = (365, 365)
    same = [{"occurs": occurs, "compared": True, "part": part, "n": 10} for occurs in (True, False) for part in (-1, 0)]
    changed = [{"occurs": True, "compared": False, "part": -1, "n": 40}, {"occurs": True, "compared": False, "part": 0, "n": 20}]
    # The same occurrence elsewhere is the comparison where there is one; other occurrences are then left out.
    assert counting._counts(changed + same, days).compared == (10, 10)
    assert counting._counts(changed + same[2:], days).compared == (10, 10)
    assert counting._counts(changed, days).compared is None
    assert counting._counts(changed, days).changed == (40, 20)
