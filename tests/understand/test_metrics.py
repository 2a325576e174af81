"""Metrics: figures counted by hand, weights, withholding, choices, win rates, bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest
import survey_world
from scipy import stats

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.engine import Context
from vitalfew.understand import metrics

SURVEY = survey(
    recommend={"column": "Q1", "kind": "nps"},
    overall={"column": "Q2", "kind": "rating", "scale": [1, 5]},
    hours={"column": "Q3", "kind": "number"},
    again={"column": "Q4", "kind": "yes_no"},
    why={"columns": ["Q5"], "kind": "codes"},
)


def figure(rows: list[dict[str, Any]], question: str, statistic: str, segment: str = "all", period: str = "all") -> dict[str, Any]:
    chosen = [
        row
        for row in rows
        if (row["question"], row["statistic"], row["segment"], row["period"]) == (question, statistic, segment, period)
    ]
    assert len(chosen) == 1, f"{len(chosen)} rows of {question} {statistic} {segment} {period}"
    return chosen[0]


def test_each_kind_of_question_has_its_figures(context: Context) -> None:
    rng = np.random.default_rng(1)
    given = {
        "recommend": np.repeat([10.0, 8, 3], [50, 30, 20]),
        "overall": rng.integers(1, 6, 100).astype(float),
        "hours": rng.normal(40, 3, 100),
        "again": np.repeat([1.0, 0.0], [70, 30]),
    }
    tables = tables_of(context, responses=survey_world.rows(given))
    rows = rows_of(metrics.compute(tables, company_of(source=SURVEY), context), "metrics", context)
    nps = figure(rows, "recommend", "nps")
    assert nps["metric"] == "metric:recommend/nps/all/all"
    assert (nps["n"], nps["value"]) == (100, 30)
    assert (nps["low"], nps["high"]) == pytest.approx((14.05, 44.20), abs=0.005)
    for name in ("overall", "hours"):
        mean = figure(rows, name, "mean")
        expected = stats.ttest_1samp(given[name], 0).confidence_interval(0.95)
        assert mean["value"] == pytest.approx(given[name].mean(), abs=1e-8)
        assert (mean["low"], mean["high"]) == pytest.approx((expected.low, expected.high), abs=1e-8)
    assert figure(rows, "overall", "top2")["value"] == pytest.approx((given["overall"] >= 4).mean())
    rate = figure(rows, "again", "rate")
    wilson = stats.binomtest(70, 100).proportion_ci(method="wilson")
    assert (rate["value"], rate["low"], rate["high"]) == pytest.approx((0.7, wilson.low, wilson.high))
    quarters = [row for row in rows if row["question"] == "recommend" and row["period"] != "all"]
    assert [row["period"] for row in quarters] == ["2026-Q1", "2026-Q2"]
    assert sum(row["n"] for row in quarters) == 100


def test_weights_move_the_figure_and_lower_the_effective_number(context: Context) -> None:
    weight = np.where(np.arange(60) < 20, 3.0, 0.5)
    given = {"recommend": np.where(np.arange(60) < 20, 10.0, 2.0)}
    tables = tables_of(context, responses=survey_world.rows(given, weight=weight))
    row = figure(rows_of(metrics.compute(tables, company_of(source=SURVEY), context), "metrics", context), "recommend", "nps")
    assert row["value"] == pytest.approx(100 * (60 - 20) / 80)
    assert row["n"] == 60
    assert row["n_effective"] == pytest.approx(80**2 / (20 * 9 + 40 * 0.25))
    assert "worth 34 equally weighted answers" in row["note"]


def test_small_groups_are_withheld_and_cannot_be_had_by_subtraction(context: Context) -> None:
    region = ["north"] * 30 + ["south"] * 20 + ["isle"] * 3
    given = {"again": np.tile([1.0, 0.0], 27)[:53]}
    tables = tables_of(context, responses=survey_world.rows(given), segments=survey_world.segment("region", region))
    rows = rows_of(metrics.compute(tables, company_of(source=SURVEY), context), "metrics", context)
    isle = figure(rows, "again", "rate", "region=isle")
    assert (isle["value"], isle["low"], isle["n"]) == (None, None, 3)
    assert isle["note"] == "withheld: fewer than 5 people"
    south = figure(rows, "again", "rate", "region=south")
    assert south["value"] is None
    assert south["note"] == "withheld: it would reveal a figure of too few people"
    assert figure(rows, "again", "rate", "region=north")["value"] == 0.5


def test_people_are_counted_not_answers(context: Context) -> None:
    tables = tables_of(context, responses=survey_world.rows({"again": np.ones(9)}, person=["one", "two", "three"] * 3))
    row = figure(rows_of(metrics.compute(tables, company_of(source=SURVEY), context), "metrics", context), "again", "rate")
    assert (row["n"], row["value"]) == (9, None)


def test_equal_answers_have_no_interval_of_a_mean(context: Context) -> None:
    tables = tables_of(context, responses=survey_world.rows({"overall": np.full(40, 4.0)}))
    row = figure(rows_of(metrics.compute(tables, company_of(source=SURVEY), context), "metrics", context), "overall", "mean")
    assert (row["value"], row["low"]) == (4.0, None)
    assert "all answers are equal" in row["note"]


def test_codes_become_shares_of_those_who_answered(context: Context) -> None:
    def coded(place: int, choice: str) -> dict[str, Any]:
        one = {"source": "s", "key": str(place), "response": f"s#{place}", "question": "why", "kind": "codes"}
        return {**one, "choice": choice, "weight": 1.0}

    made = [coded(place, "price") for place in range(8)] + [coded(place, "speed") for place in range(5, 10)]
    rows = rows_of(metrics.compute(tables_of(context, responses=made), company_of(source=SURVEY), context), "metrics", context)
    price, speed = figure(rows, "why=price", "share"), figure(rows, "why=speed", "share")
    assert (price["n"], price["value"], speed["value"]) == (10, 0.8, 0.5)


def test_won_and_lost_deals_give_a_win_rate_by_team_and_segment(context: Context) -> None:
    deals = [
        {
            "source": "crm",
            "key": f"{place:06d}",
            "closed_at": datetime(2026, 3, 1),
            "outcome": "open" if place >= 30 else "won" if place % 3 else "lost",
            "employee": "ann" if place % 2 else "bob",
        }
        for place in range(40)
    ]
    employees = [{"employee": "ann", "group": "East"}, {"employee": "bob", "group": "West"}]
    segments = survey_world.segment("sector", ["tech", "food"] * 20, "deals", "crm")
    tables = tables_of(context, deals=deals, employees=employees, segments=segments)
    outputs = metrics.compute(tables, company_of(), context)
    rows = rows_of(outputs, "metrics", context)
    assert figure(rows, "win_rate", "rate")["value"] == pytest.approx(20 / 30)
    assert figure(rows, "win_rate", "rate", "group=East")["n"] == 15
    assert figure(rows, "win_rate", "rate", "sector=tech")["n"] == 15
    assert figure(rows, "win_rate", "rate", period="2026-Q1")["n"] == 30
    assert outputs.gaps[0].figure == "metrics"


def test_the_same_answers_give_the_same_bytes_whatever_their_order(context: Context) -> None:
    rng = np.random.default_rng(2)
    made = survey_world.rows({"hours": rng.normal(size=500)}, weight=rng.uniform(0.1, 3, 500))
    first = metrics.compute(tables_of(context, responses=made), company_of(source=SURVEY), context)
    second = metrics.compute(tables_of(context, responses=made[::-1]), company_of(source=SURVEY), context)
    assert first.tables["metrics"].equals(second.tables["metrics"])


def test_nothing_gives_an_empty_table_and_a_gap(context: Context) -> None:
    outputs = metrics.compute(tables_of(context), company_of(source=SURVEY), context)
    assert outputs.tables["metrics"].num_rows == 0
    assert "survey" in outputs.gaps[0].data
