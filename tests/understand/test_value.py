"""Customers, what they bring, and what a point is worth."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.engine import Context
from vitalfew.understand import value
from vitalfew.understand.point_value import slope

TODAY = datetime(2026, 6, 30)
NPS = survey(recommend={"column": "Q1", "kind": "nps", "outcome": True})


def _order(key: object, person: str, days_ago: float, amount: float | None = 100.0, **more: object) -> dict[str, object]:
    at = TODAY - timedelta(days=days_ago)
    return {"source": "shop", "key": str(key), "at": at, "person": person, "amount": amount, **more}


def _answer(key: object, customer: str, days_ago: float, score: float, column: str = "person") -> dict[str, object]:
    own = {"source": "survey", "key": str(key), "response": f"survey#{key}", "at": TODAY - timedelta(days=days_ago)}
    return {**own, column: customer, "question": "recommend", "kind": "nps", "value": score, "weight": 1.0}


def test_a_customer_is_the_account_where_the_person_has_one(context: Context) -> None:
    tables = tables_of(
        context,
        people=[{"person": "p1", "account": "a1", "name": "Ada"}, {"person": "p2", "name": "Bo"}],
        accounts=[{"account": "a1", "name": "Acme"}],
        orders=[_order(1, "p1", 10), _order(2, "p2", 20), _order(3, "p1", 400, 50.0), _order(4, "p1", 5, status="Canceled ")],
        contracts=[{"source": "c", "key": "1", "account": "a1", "start_at": date(2025, 1, 1), "amount": 1200.0}],
    )
    rows = {row["id"]: row for row in rows_of(value.compute(tables, company_of(), context), "customers", context)}
    assert set(rows) == {"a1", "p2"}
    assert rows["a1"]["kind"] == "account"
    assert rows["a1"]["name"] == "Acme"
    assert rows["a1"]["revenue"] == pytest.approx(100 + 12 * 100)
    assert rows["a1"]["revenue_before"] == pytest.approx(50 + 6 * 100)
    assert rows["a1"]["orders"] == 1
    assert rows["p2"]["revenue"] == 100


def test_profit_is_margin_less_handling_time_and_direct_cost(context: Context) -> None:
    company = company_of(company={"margin": 0.4}, group=[{"name": "Care", "hour_cost": 60}, {"name": "Field", "hour_cost": 120}])
    tables = tables_of(
        context,
        people=[{"person": "p1"}, {"person": "p2"}],
        orders=[_order(1, "p1", 10), _order(2, "p2", 10, 200.0, cost=150.0)],
        interactions=[
            {"source": "t", "key": "1", "at": TODAY, "person": "p1", "group": "Care", "minutes": 10.0, "cost": 3.0},
            {"source": "t", "key": "2", "at": TODAY, "person": "p1", "group": "Field", "minutes": 5.0},
            {"source": "t", "key": "3", "at": TODAY, "person": "p1", "minutes": 2.0},
            {"source": "t", "key": "4", "at": TODAY - timedelta(days=366), "person": "p1", "group": "Care", "minutes": 600.0},
        ],
    )
    rows = {row["id"]: row for row in rows_of(value.compute(tables, company, context), "customers", context)}
    assert rows["p1"]["cost_to_serve"] == pytest.approx(10 + 3 + 10 + 3)
    assert rows["p1"]["minutes"] == 17
    assert rows["p1"]["profit"] == pytest.approx(40 - 26)
    assert rows["p2"]["profit"] == pytest.approx(50)


def test_lines_make_up_the_amount_of_an_order_that_has_none(context: Context) -> None:
    lines = [
        {"source": "items", "key": "1", "order": "shop#1", "amount": 10.0, "freight": 2.5},
        {"source": "items", "key": "2", "order": "shop#1", "amount": 20.0},
        {"source": "items", "key": "3", "order": "2", "amount": 7.0},
    ]
    orders = [_order(1, "p1", 10, None), _order(2, "p2", 10, None), _order(3, "p2", 10, None)]
    rows = rows_of(value.compute(tables_of(context, orders=orders, order_lines=lines), company_of(), context), "customers", context)
    assert {row["id"]: row["revenue"] for row in rows} == {"p1": 32.5, "p2": 7.0}


def test_won_deals_are_revenue_only_where_no_order_has_an_amount(context: Context) -> None:
    deal = {"source": "crm", "account": "a1", "at": TODAY - timedelta(days=90), "closed_at": TODAY - timedelta(days=9)}
    deals = [{**deal, "key": "1", "outcome": "won", "amount": 500.0}, {**deal, "key": "2", "outcome": "lost", "amount": 900.0}]
    only = rows_of(value.compute(tables_of(context, deals=deals), company_of(), context), "customers", context)
    assert [row["revenue"] for row in only] == [500.0]
    both = rows_of(
        value.compute(tables_of(context, deals=deals, orders=[_order(1, "p1", 3)]), company_of(), context), "customers", context
    )
    assert {row["id"]: row["revenue"] for row in both} == {"p1": 100.0}


def test_the_forecast_of_the_documentation(context: Context) -> None:
    """40 customers bought once in spring 2025 and 10 of them came back; so risk is .75 for who bought once in spring 2026."""
    orders = [_order(f"a{i}", f"p{i}", 400) for i in range(40)]
    orders += [_order(f"b{i}", f"p{i}", 200, 60.0) for i in range(10)]
    orders += [_order("new", "newcomer", 30, 80.0)]
    rows = {
        row["id"]: row
        for row in rows_of(value.compute(tables_of(context, orders=orders), company_of(), context), "customers", context)
    }
    assert rows["newcomer"]["risk"] == pytest.approx(0.75)
    assert rows["newcomer"]["expected_value"] == pytest.approx(80 * 600 / 4000)
    assert rows["p39"]["revenue"] == 0
    assert rows["p39"]["expected_value"] == pytest.approx(100 * 0.15)


def test_the_latest_score_stands_beside_each_customer(context: Context) -> None:
    tables = tables_of(context, responses=[_answer(1, "p1", 300, 3), _answer(2, "p1", 20, 9)], orders=[_order(1, "p1", 10)])
    rows = rows_of(value.compute(tables, company_of(source=NPS), context), "customers", context)
    assert [row["score"] for row in rows] == [9.0]


def _world(b: float, n: int, seed: int) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    rng = np.random.default_rng(seed)
    orders, answers = [], []
    for i in range(n):
        score = float(rng.integers(0, 11))
        before = float(rng.lognormal(8, 0.7))
        after = before * max(0.0, 0.9 + b * (score - 7) + rng.normal(0, 0.2))
        orders += [_order(f"x{i}", f"c{i}", 500, before), _order(f"y{i}", f"c{i}", 200, after)]
        answers.append(_answer(i, f"c{i}", 380, score))
    return orders, answers


def test_the_planted_worth_of_a_point_lies_in_its_interval(context: Context) -> None:
    orders, answers = _world(0.03, 300, 1)
    outputs, worth = value.compute_with_worth(tables_of(context, orders=orders, responses=answers), company_of(source=NPS), context)
    row = rows_of(outputs, "point_value", context)[0]
    assert row["basis"] == "measured"
    assert row["n"] == 300
    assert row["low"] < 0.03 < row["high"]
    assert row["high"] - row["low"] < 0.03
    drawn = rows_of(outputs, "draws", context)
    assert [each["draw"] for each in drawn] == list(range(400))
    assert {(each["claim"], each["quantity"]) for each in drawn} == {("point_value:recommend", "revenue_share")}
    assert np.quantile([each["value"] for each in drawn], 0.025) == pytest.approx(row["low"])
    assert worth.revenue == pytest.approx(sum(each["amount"] for each in orders if str(each["key"]).startswith("y")))


def test_the_slope_is_that_of_weighted_least_squares() -> None:
    rng = np.random.default_rng(3)
    x, y, w = rng.normal(size=50), rng.normal(size=50), rng.exponential(size=50)
    sums = np.array([[w.sum(), (w * x).sum(), (w * y).sum(), (w * x * x).sum(), (w * x * y).sum()]])
    assert slope(sums)[0] == pytest.approx(np.polyfit(x, y, 1, w=np.sqrt(w))[0])


def test_scores_that_say_nothing_about_revenue_are_refused_and_the_stated_worth_is_used(context: Context) -> None:
    orders, answers = _world(-0.01, 200, 2)
    tables = tables_of(context, orders=orders, responses=answers)
    refused = value.compute(tables, company_of(source=NPS), context)
    row = rows_of(refused, "point_value", context)[0]
    assert (row["basis"], row["revenue_share"]) == ("none", None)
    assert "cannot be told from nothing" in row["note"]
    assert rows_of(refused, "draws", context) == []
    assert any("value of a point" in gap.figure for gap in refused.gaps)
    stated = company_of(company={"value_of_point": 0.02}, source=NPS)
    row = rows_of(value.compute(tables, stated, context), "point_value", context)[0]
    assert (row["basis"], row["revenue_share"], row["low"]) == ("stated in company.toml", 0.02, None)


def test_too_few_answers_are_said_to_be_too_few(context: Context) -> None:
    orders, answers = _world(0.03, 49, 1)
    row = rows_of(
        value.compute(tables_of(context, orders=orders, responses=answers), company_of(source=NPS), context), "point_value", context
    )
    assert "Only 49 customers" in row[0]["note"]


def test_nothing_at_all_gives_empty_tables_and_says_why(context: Context) -> None:
    outputs = value.compute(tables_of(context), company_of(), context)
    assert {name: len(rows_of(outputs, name, context)) for name in outputs.tables} == {"customers": 0, "point_value": 0, "draws": 0}
    assert {gap.figure for gap in outputs.gaps} >= {"revenue per customer", "value of a point"}
