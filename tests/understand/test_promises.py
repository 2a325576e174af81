"""Promises kept, seen as kept, and what breaking them costs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.engine import Context
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.understand import promises
from vitalfew.understand.point_value import PointValue

TODAY = datetime(2026, 6, 30)
SURVEY = survey(
    score={"column": "Q1", "kind": "rating", "scale": [1, 5], "outcome": True},
    delivery={"column": "Q2", "kind": "rating", "scale": [1, 5]},
)
ON_TIME = {
    "name": "On time",
    "group": "Logistics",
    "kept_when": "delivered_at <= promised_at",
    "standard": 0.95,
    "perceived": "delivery",
}


def _company(**more: Any) -> Company:
    return company_of(source=SURVEY, promise=[{**ON_TIME, **more}])


def _order(i: int, late: bool, days_ago: float = 30, **more: Any) -> dict[str, Any]:
    promised = TODAY - timedelta(days=days_ago)
    own = {"source": "shop", "key": str(i), "person": f"p{i}", "at": promised - timedelta(days=5), "promised_at": promised}
    return {**own, "delivered_at": promised + timedelta(days=2 if late else -1), "status": "delivered", "amount": 100.0, **more}


def _answer(i: int, score: float, question: str = "score", days_ago: float = 10, **more: Any) -> dict[str, Any]:
    own = {"source": "survey", "key": str(i), "response": f"survey#{i}", "person": f"p{i}", "at": TODAY - timedelta(days=days_ago)}
    return {**own, "question": question, "kind": "rating", "value": score, "weight": 1.0, **more}


def _worth(value: float | None, count: int = 400) -> PointValue:
    drawn = np.full(count, value) if value is not None else np.empty(0)
    return PointValue("score", value, value, value, 100, 1_000_000.0, "measured" if value else "none", "made", drawn)


def _world(n: int = 200, late_each: int = 10) -> dict[str, list[dict[str, Any]]]:
    orders = [_order(i, i % late_each == 0) for i in range(n)]
    answers = [_answer(i, 2.0 if i % late_each == 0 else 4.0 + i % 2, order=f"shop#{i}") for i in range(n)]
    seen = [_answer(i, 5.0 if i % 4 else 3.0, "delivery") for i in range(n)]
    return {"orders": orders, "responses": answers + seen}


def _all(outputs: Outputs, context: Context) -> dict[str, Any]:
    rows = rows_of(outputs, "promises", context)
    assert [row["segment"] for row in rows].count("all") == 1
    return next(row for row in rows if row["segment"] == "all")


def test_the_worked_example_of_the_documentation(context: Context) -> None:
    """200 orders, 20 late; late ones score 2, the others 4 or 5; a point is worth 2 % of a million a year."""
    outputs = promises.compute(tables_of(context, **_world()), _company(), context, _worth(0.02))
    row = _all(outputs, context)
    assert (row["n"], row["kept"]) == (200, pytest.approx(0.9))
    scipys = binomtest(180, 200).proportion_ci(method="wilson")
    assert (row["low"], row["high"]) == (pytest.approx(scipys.low), pytest.approx(scipys.high))
    assert (row["low"], row["high"]) == (pytest.approx(0.8506, abs=5e-5), pytest.approx(0.9343, abs=5e-5))
    assert row["gap"] == pytest.approx(0.05)
    assert row["perceived"] == pytest.approx(0.75)
    assert row["perceived_gap"] == pytest.approx(0.15)
    assert row["score_broken"] == 2.0
    assert row["score_kept"] == pytest.approx(100 / 180 * 5 + 80 / 180 * 4)
    assert (row["n_kept"], row["n_broken"]) == (180, 20)
    assert row["gap_low"] < row["score_gap"] < row["gap_high"]
    assert row["value_at_stake"] == pytest.approx(5111, abs=0.5)
    assert row["low_value"] < row["value_at_stake"] < row["high_value"]


def test_each_promise_hands_its_draws_on_in_the_same_worlds(context: Context) -> None:
    outputs = promises.compute(tables_of(context, **_world()), _company(), context, _worth(0.02))
    drawn = rows_of(outputs, "draws", context)
    assert {(each["claim"], each["quantity"]) for each in drawn} == {
        ("promise:on-time", "broken_share"),
        ("promise:on-time", "gap"),
    }
    gap = [each["value"] for each in drawn if each["quantity"] == "gap"]
    broken = [each["value"] for each in drawn if each["quantity"] == "broken_share"]
    assert len(gap) == len(broken) == 400
    assert np.mean(broken) == pytest.approx(0.1, abs=0.005)
    row = _all(outputs, context)
    ends = np.quantile(np.array(gap) * broken * 0.02 * 1_000_000, [0.025, 0.975])
    assert (row["low_value"], row["high_value"]) == tuple(pytest.approx(each) for each in ends)


def test_a_record_without_a_verdict_or_outside_the_promise_does_not_count(context: Context) -> None:
    orders = [_order(1, True), _order(2, False), _order(3, False, delivered_at=None), _order(4, True, status="cancelled")]
    company = _company(applies_when="status = 'delivered'")
    outputs = promises.compute(tables_of(context, orders=orders), company, context, _worth(None))
    checks = rows_of(outputs, "promise_checks", context)
    assert [(row["key"], row["kept"]) for row in checks] == [("1", False), ("2", True)]


def test_sampling_weights_change_the_share_and_lower_the_effective_n(context: Context) -> None:
    orders = [_order(i, i < 50, weight=3.0 if i < 50 else 1.0) for i in range(100)]
    row = _all(promises.compute(tables_of(context, orders=orders), _company(), context, _worth(None)), context)
    assert row["kept"] == pytest.approx(50 / 200)
    plain = promises.wilson(0.25, 200**2 / (50 * 9 + 50))
    assert (row["low"], row["high"]) == tuple(pytest.approx(float(end)) for end in plain)


def test_cuts_come_from_the_order_or_from_its_customer(context: Context) -> None:
    world = _world()
    segments = [
        {"table": "orders", "source": "shop", "key": str(i), "segment": "carrier", "value": "A" if i % 20 < 10 else "B"}
        for i in range(200)
    ]
    segments += [
        {"table": "people", "source": "crm", "key": f"k{i}", "segment": "state", "value": "RJ" if i < 40 else "SP"}
        for i in range(200)
    ]
    segments += [{"table": "orders", "source": "shop", "key": str(i), "segment": "number", "value": str(i)} for i in range(200)]
    identities = [{"source": "crm", "key": f"k{i}", "table": "people", "person": f"p{i}"} for i in range(200)]
    tables = tables_of(context, **world, segments=segments, identities=identities)
    rows = rows_of(promises.compute(tables, _company(), context, _worth(0.02)), "promises", context)
    assert {row["segment"]: row["n"] for row in rows} == {
        "all": 200,
        "carrier=A": 100,
        "carrier=B": 100,
        "state=RJ": 40,
        "state=SP": 160,
    }
    carrier = {row["segment"]: row for row in rows}["carrier=A"]
    assert (carrier["score_broken"], carrier["n_broken"]) == (2.0, 10)
    few = {row["segment"]: row for row in rows}["state=RJ"]
    assert (few["score_broken"], few["n_broken"]) == (None, 4)
    assert "withheld: fewer than 5" in few["note"]


def test_answers_that_name_no_order_are_tied_by_their_person_within_a_year(context: Context) -> None:
    orders = [_order(i, i < 10) for i in range(30)] + [_order(100, True, 500, person="p29")]
    answers = [_answer(i, 2.0 if i < 10 else 4.0) for i in range(30)] + [_answer(200, 1.0)]
    row = _all(promises.compute(tables_of(context, orders=orders, responses=answers), _company(), context, _worth(None)), context)
    assert (row["score_broken"], row["score_kept"]) == (2.0, 4.0)
    assert (row["n_broken"], row["n_kept"]) == (10, 20)
    assert "person" in row["note"]


def test_orders_of_an_account_are_tied_to_what_its_people_answer(context: Context) -> None:
    orders = [_order(i, i < 10, person=None, account=f"a{i}") for i in range(30)]
    answers = [_answer(i, 2.0 if i < 10 else 4.0, account=f"a{i}") for i in range(30)]
    row = _all(promises.compute(tables_of(context, orders=orders, responses=answers), _company(), context, _worth(None)), context)
    assert (row["n_broken"], row["n_kept"]) == (10, 20)
    assert "account" in row["note"]


def test_a_promise_on_tickets_is_tied_by_the_case(context: Context) -> None:
    contacts = [
        {"source": "t", "key": f"{i}-{j}", "case": f"c{i}", "at": TODAY, "minutes": 60.0 if i < 6 and j else 5.0}
        for i in range(12)
        for j in range(2)
    ]
    answers = [_answer(i, 1.0 if i < 6 else 5.0, person=None, case=f"c{i}") for i in range(12)]
    company = company_of(source=SURVEY, promise=[{"name": "Quick", "table": "interactions", "kept_when": "minutes <= 30"}])
    outputs = promises.compute(tables_of(context, interactions=contacts, responses=answers), company, context, _worth(None))
    row = _all(outputs, context)
    assert (row["n"], row["kept"]) == (24, pytest.approx(0.75))
    assert (row["score_kept"], row["score_broken"], row["n_kept"], row["n_broken"]) == (5.0, 1.0, 6, 6)


def test_scores_of_fewer_than_five_people_are_withheld(context: Context) -> None:
    world = _world(40)
    row = _all(promises.compute(tables_of(context, **world), _company(), context, _worth(0.02)), context)
    assert row["n_broken"] == 4
    assert row["score_broken"] is None
    assert row["value_at_stake"] is None


def test_a_promise_nothing_can_be_said_of_says_so(context: Context) -> None:
    outputs = promises.compute(tables_of(context), _company(), context, _worth(None))
    assert rows_of(outputs, "promises", context) == []
    assert rows_of(outputs, "promise_checks", context) == []
    assert "On time" in outputs.gaps[0].figure
    none = promises.compute(tables_of(context), company_of(), context)
    assert rows_of(none, "draws", context) == []
    assert none.gaps[0].figure == "promises"


def test_each_promise_can_be_walked_to_orders_where_it_was_broken(context: Context) -> None:
    steps = promises.compute(tables_of(context, **_world()), _company(), context, _worth(0.02)).steps
    supports = {step.support for step in steps if step.claim == "promise:on-time"}
    assert "orders:shop#0" in supports
    assert "promise_checks[promise=promise:on-time]" in supports
