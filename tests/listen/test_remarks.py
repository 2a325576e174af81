"""What is odd is said with its number, and what is not odd is not said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from identity_world import company, mapped

from vitalfew.engine import Context
from vitalfew.listen import identity, timeline
from vitalfew.listen.mapped import Mapped


def remarks(sources: Sequence[Mapped], context: Context) -> list[tuple[str, str, str, int]]:
    """Source, column, value and n of each remark."""
    resolved = identity.resolve(sources, company(), context)
    made = timeline.attach(sources, resolved.tables, company(), context, [])
    rows = made.tables["remarks"].to_pylist()
    assert all(str(row["n"]) in row["remark"] for row in rows)
    return [(row["source"], row["column"], row["value"], row["n"]) for row in rows]


def test_orders_and_answers_in_the_wrong_order_of_time(context: Context) -> None:
    engine, start = context.engine, datetime(2026, 1, 1, 12)
    orders = [
        {"key": str(n), "at": start + timedelta(days=n, minutes=n), "delivered_at": start + timedelta(days=n + 3)} for n in range(6)
    ]
    orders[0]["delivered_at"] = start - timedelta(days=2)
    orders[1]["promised_at"] = start - timedelta(days=9)
    answers = [
        {"key": "a", "order": "3", "at": start, "question": "q", "kind": "text"},
        {"key": "b", "order": "3", "at": start + timedelta(days=8, minutes=1), "question": "q", "kind": "text"},
        {"key": "c", "order": "4", "at": start + timedelta(days=8, minutes=2), "question": "q", "kind": "text"},
        {"key": "d", "order": "none", "at": start + timedelta(days=800), "question": "q", "kind": "text"},
    ]
    lines = [{"key": "l", "order": str(n)} for n in range(4)]
    found = remarks(
        [
            mapped(engine, 0, "orders", "orders", orders),
            mapped(engine, 1, "lines", "order_lines", lines),
            mapped(engine, 2, "survey", "responses", answers),
        ],
        context,
    )
    assert found == [
        ("orders", "delivered_at", "", 1),
        ("orders", "key", "", 2),
        ("orders", "promised_at", "", 1),
        ("survey", "at", "", 1),
        ("survey", "at", "", 1),
        ("survey", "order", "", 1),
        ("survey", "order", "", 1),
    ]


def test_a_day_without_a_time_is_not_before_an_order_of_that_day(context: Context) -> None:
    engine = context.engine
    orders = [{"key": str(n), "at": datetime(2026, 1, 1 + n, 15, n)} for n in range(5)]
    answers = [{"key": str(n), "order": str(n), "at": datetime(2026, 1, 1 + n), "question": "q", "kind": "text"} for n in range(5)]
    sources = [mapped(engine, 0, "orders", "orders", orders), mapped(engine, 1, "survey", "responses", answers)]
    assert remarks(sources, context) == []
    answers[4]["at"] = datetime(2026, 1, 3)
    assert remarks([sources[0], mapped(engine, 1, "survey", "responses", answers)], context) == [("survey", "at", "", 1)]


def test_some_records_without_an_account_are_told_and_an_anonymous_source_is_not(context: Context) -> None:
    engine = context.engine
    deals = mapped(engine, 0, "deals", "deals", [{"key": "1", "account": "Blue"}, {"key": "2"}, {"key": "3"}])
    survey = mapped(engine, 1, "survey", "responses", [{"key": "1", "question": "q", "kind": "text"}])
    assert remarks([deals, survey], context) == [("deals", "account", "", 2)]


def test_a_person_nobody_lists_is_told(context: Context) -> None:
    engine = context.engine
    people = mapped(engine, 0, "crm", "people", [{"person": "1"}])
    calls = mapped(engine, 1, "calls", "interactions", [{"key": "1", "person": "1"}, {"key": "2", "person": "9"}])
    assert remarks([people, calls], context) == [("calls", "person", "", 1)]


@pytest.mark.parametrize(
    ("labels", "odd"),
    [
        (["GTX Pro"] * 5 + ["GTXPro"] * 2, [("GTXPro", 2)]),
        (["GTXPro"] * 5 + ["GTX Basic", "MG Pro"], [("GTXPro", 5)]),
        (["Widget"] * 20 + ["Wigdet"], [("Wigdet", 1)]),
        (["Widget"] * 3 + ["Wigdet"], []),
        (["Blue line"] * 4 + ["blue-line"], [("blue-line", 1)]),
        (["Plan 1"] * 30 + ["Plan 2"], []),
        (["Region A"] * 30 + ["Region B"], []),
        (["North"] * 30 + ["South"], []),
    ],
)
def test_labels_that_are_near_twins(context: Context, labels: list[str], odd: list[tuple[str, int]]) -> None:
    rows = [{"key": str(n), "product": label} for n, label in enumerate(labels)]
    deals = mapped(context.engine, 0, "deals", "deals", rows)
    assert remarks([deals], context) == [("deals", "product", value, n) for value, n in odd]


def test_labels_are_compared_across_sources_and_in_cuts(context: Context) -> None:
    engine = context.engine
    sold = [{"key": str(n), "product": "Tap Pro", "seg:area": "North-East"} for n in range(3)]
    lines = [{"key": "1", "order": "0", "product": "TapPro", "seg:area": "north east"}]
    found = remarks([mapped(engine, 0, "deals", "deals", sold), mapped(engine, 1, "lines", "order_lines", lines)], context)
    assert found == [("lines", "area", "north east", 1), ("lines", "product", "TapPro", 1)]


def test_a_misspelt_sector_is_told_and_a_rare_one_is_not(context: Context) -> None:
    rows = [
        {"account": str(n), "name": f"Firm {chr(65 + n)}", "sector": s}
        for n, s in enumerate(["technolgy", "retail", "Software", "beekeeping"])
    ]
    assert remarks([mapped(context.engine, 0, "firms", "accounts", rows)], context) == [("firms", "sector", "technolgy", 1)]
