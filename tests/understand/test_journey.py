"""Journeys from a log of steps."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.engine import Context
from vitalfew.understand import journey

START = datetime(2026, 1, 1, 9)
NPS = survey(recommend={"column": "Q1", "kind": "nps", "outcome": True})


def _event(key: int, case: str | None, step: str, hours: float, **more: Any) -> dict[str, Any]:
    return {"source": "log", "key": str(key), "case": case, "step": step, "at": START + timedelta(hours=hours), **more}


EXAMPLE = [
    _event(1, "A", "Open", 0, person="p1", group="Desk"),
    _event(2, "A", "Work", 24, person="p1", group="Field"),
    _event(3, "A", "Close", 72, person="p1", group="Field"),
    _event(4, "B", "Open", 0, person="p2", group="Desk"),
    _event(5, "B", "Work", 48, person="p2", group="Field"),
    _event(6, "B", "Open", 60, person="p2", group="Desk"),
    _event(7, "C", "Open", 0, person="p1", group="Desk"),
]


def _steps(rows: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["step"], row["next"]): row for row in rows}


def test_the_worked_example_of_the_documentation(context: Context) -> None:
    outputs = journey.compute(tables_of(context, interactions=EXAMPLE), company_of(), context)
    found = _steps(rows_of(outputs, "journey", context))
    opened = found["Open", ""]
    assert (opened["cases"], opened["people"], opened["share"]) == (3, 2, 1.0)
    assert opened["median_days"] == pytest.approx(1.5)
    assert opened["drop_off"] == pytest.approx(2 / 3)
    assert opened["rework"] == pytest.approx(1 / 3)
    assert opened["handoffs"] == pytest.approx(2 / 3)
    assert opened["group"] == "Desk"
    move = found["Open", "Work"]
    assert (move["cases"], move["share"], move["median_days"]) == (2, pytest.approx(2 / 3), pytest.approx(1.5))
    whole = found[journey.WHOLE, ""]
    assert (whole["cases"], whole["median_days"]) == (3, pytest.approx(2.5))
    assert "3 different paths" in whole["note"]
    paths = rows_of(outputs, "paths", context)
    assert [row["path"] for row in paths] == ["Open", "Open > Work > Close", "Open > Work > Open"]


def test_events_of_one_moment_keep_the_order_of_their_numbers(context: Context) -> None:
    events = [_event(key, "A", step, 0) for key, step in ((10, "last"), (9, "middle"), (2, "first"))]
    paths = rows_of(journey.compute(tables_of(context, interactions=events), company_of(), context), "paths", context)
    assert paths[0]["path"] == "first > middle > last"


def test_without_a_case_a_persons_day_is_one(context: Context) -> None:
    events = [
        _event(1, None, "home", 0, person="p"),
        _event(2, None, "buy", 1, person="p"),
        _event(3, None, "home", 25, person="p"),
    ]
    events += [_event(4, None, "home", 0)]
    paths = rows_of(journey.compute(tables_of(context, interactions=events), company_of(), context), "paths", context)
    assert {row["path"]: row["cases"] for row in paths} == {"home": 1, "home > buy": 1}


def test_a_second_implementation_agrees_on_a_random_log(context: Context) -> None:
    rng = np.random.default_rng(5)
    events = [_event(i, f"c{rng.integers(60)}", "abcde"[rng.integers(5)], float(rng.integers(500))) for i in range(400)]
    outputs = journey.compute(tables_of(context, interactions=events), company_of(), context)
    cases: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in sorted(events, key=lambda each: (each["at"], int(each["key"]))):
        cases[event["case"]].append(event)
    variants = Counter(" > ".join(each["step"] for each in case) for case in cases.values())
    assert {row["path"]: row["cases"] for row in rows_of(outputs, "paths", context)} == dict(variants)
    for step in "abcde":
        row = _steps(rows_of(outputs, "journey", context))[step, ""]
        passed = [case for case in cases.values() if any(each["step"] == step for each in case)]
        waits = [
            (later["at"] - each["at"]).total_seconds() / 86400
            for case in passed
            for each, later in pairwise(case)
            if each["step"] == step
        ]
        assert row["cases"] == len(passed)
        assert row["drop_off"] == pytest.approx(sum(case[-1]["step"] == step for case in passed) / len(passed))
        assert row["rework"] == pytest.approx(sum(sum(e["step"] == step for e in case) > 1 for case in passed) / len(passed))
        assert row["median_days"] == pytest.approx(float(np.median(waits)))
        assert row["handoffs"] is None


def test_scores_of_those_who_pass_are_shown_from_five_people_on(context: Context) -> None:
    events = [_event(i, f"c{i}", "Pay", 0, person=f"p{i}") for i in range(5)] + [_event(9, "c9", "Help", 0, person="p4")]
    answers = [
        {
            "source": "s",
            "key": str(i),
            "response": f"s#{i}",
            "person": f"p{i}",
            "question": "recommend",
            "value": float(i),
            "weight": 1.0,
        }
        for i in range(5)
    ]
    outputs = journey.compute(tables_of(context, interactions=events, responses=answers), company_of(source=NPS), context)
    found = _steps(rows_of(outputs, "journey", context))
    assert found["Pay", ""]["score"] == pytest.approx(2.0)
    assert found["Help", ""]["score"] is None
    assert "withheld" in found["Help", ""]["note"]


def test_no_steps_are_said_to_be_none(context: Context) -> None:
    outputs = journey.compute(tables_of(context), company_of(), context)
    assert rows_of(outputs, "journey", context) == []
    assert rows_of(outputs, "paths", context) == []
    assert [gap.figure for gap in outputs.gaps] == ["journey"]
