"""Records find their person, account and order; cuts are inherited; everything lies in one order of time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from identity_world import company, mapped

from vitalfew.engine import Context
from vitalfew.faults import Refused
from vitalfew.listen import identity, timeline
from vitalfew.listen.mapped import Mapped
from vitalfew.settings import Company
from vitalfew.vocabulary import TABLES

Rows = dict[str, list[dict[str, Any]]]


def attach(sources: Sequence[Mapped], context: Context, settings: Company | None = None) -> Rows:
    """All tables as rows, in the order they lie on disk."""
    settings = settings or company()
    resolved = identity.resolve(sources, settings, context)
    made = timeline.attach(sources, resolved.tables, settings, context, [])
    tables = {name: table if isinstance(table, pa.Table) else context.engine.collect(table) for name, table in made.tables.items()}
    for name, table in tables.items():
        assert tuple(table.column_names) == TABLES[name].names
        assert table.schema.types == TABLES[name].schema.types
    return {name: table.to_pylist() for name, table in tables.items()}


def marketplace(context: Context) -> list[Mapped]:
    """The shape of Olist: a customer key with every order, the same person behind two keys; reviews know only their order."""
    engine = context.engine
    customers = [
        {"person": "c1", "_national_id": "u-one", "seg:state": "RJ"},
        {"person": "c2", "_national_id": "u-one", "seg:state": "RJ"},
        {"person": "c3", "_national_id": "u-two", "seg:state": "SP"},
    ]
    orders = [
        {
            "key": "o1",
            "person": "c1",
            "at": datetime(2026, 1, 1, 9),
            "delivered_at": datetime(2026, 1, 9),
            "weight": 18.65,
            "amount": 10.0,
        },
        {"key": "o2", "person": "c2", "at": datetime(2026, 2, 1, 9), "status": "canceled"},
        {"key": "o3", "person": "c3", "at": datetime(2026, 3, 1, 9), "seg:size": "big", "product": "Tap", "status": "delivered"},
    ]
    answers = [
        {"key": "r1", "order": "o1", "at": datetime(2026, 1, 10), "question": "score", "kind": "rating", "value": 2.0},
        {"key": "r1", "order": "o1", "at": datetime(2026, 1, 10), "question": "comment", "kind": "text", "text": "Late\nagain"},
        {
            "key": "r3",
            "order": "o3",
            "at": datetime(2026, 3, 10),
            "question": "score",
            "kind": "rating",
            "value": 5.0,
            "seg:state": "??",
        },
        {
            "key": "r4",
            "order": "gone",
            "at": datetime(2026, 3, 11),
            "question": "score",
            "kind": "rating",
            "value": 4.0,
            "weight": 3.0,
        },
    ]
    return [
        mapped(engine, 0, "customers", "people", customers),
        mapped(engine, 1, "orders", "orders", orders, person_of="customers"),
        mapped(engine, 2, "reviews", "responses", answers, order_of="orders"),
    ]


SCORED = Company.model_validate(
    {
        "company": {"name": "Acme"},
        "source": [
            {
                "name": "reviews",
                "table": "responses",
                "path": "r.csv",
                "questions": {"score": {"column": "s", "kind": "rating", "scale": [1, 5], "outcome": True}},
            }
        ],
    }
)


def test_an_answer_that_knows_only_its_order_finds_its_person_and_weight(context: Context) -> None:
    made = attach(marketplace(context), context)
    orders = {row["key"]: row for row in made["orders"]}
    answers = {(row["key"], row["question"]): row for row in made["responses"]}
    assert orders["o1"]["person"] == orders["o2"]["person"] != orders["o3"]["person"]
    first = answers["r1", "comment"]
    assert (first["person"], first["order"], first["response"], first["weight"]) == (
        orders["o1"]["person"],
        "orders#o1",
        "reviews#r1",
        18.65,
    )
    assert first["text"] == "Late\nagain"
    assert answers["r3", "score"]["weight"] == 1.0
    assert (answers["r4", "score"]["person"], answers["r4", "score"]["weight"]) == (None, 3.0)


def test_cuts_are_inherited_and_a_records_own_stand_first(context: Context) -> None:
    made = attach(marketplace(context), context)
    cuts = {(row["table"], row["key"], row["segment"]): row["value"] for row in made["segments"]}
    assert cuts["responses", "r1", "state"] == "RJ"
    assert cuts["responses", "r3", "state"] == "??"
    assert cuts["responses", "r3", "size"] == "big"
    assert cuts["orders", "o3", "state"] == "SP"
    assert ("responses", "r4", "state") not in cuts
    assert len(cuts) == len(made["segments"])


def test_everything_lies_in_one_order_of_time(context: Context) -> None:
    made = attach(marketplace(context), context, SCORED)
    told = [(row["kind"], row["key"], row["value"], row["text"]) for row in made["timeline"]]
    assert told == [
        ("order", "o1", 10.0, None),
        ("delivery", "o1", None, None),
        ("answer", "r1", 2.0, "Late again"),
        ("order", "o2", None, "canceled"),
        ("order", "o3", None, "Tap, delivered"),
        ("answer", "r3", 5.0, None),
        ("answer", "r4", 4.0, None),
    ]
    times = [row["at"] for row in made["timeline"]]
    assert times == sorted(times)


def test_interactions_deals_and_contracts_lie_there_too(context: Context) -> None:
    engine = context.engine
    sources = [
        mapped(engine, 0, "team", "employees", [{"employee": "Eve", "group": "Support", "seg:site": "Rome"}]),
        mapped(
            engine,
            1,
            "desk",
            "interactions",
            [
                {
                    "key": "i1",
                    "at": datetime(2026, 1, 2),
                    "account": "Blue",
                    "case": "k1",
                    "step": "open",
                    "minutes": 7.0,
                    "employee": "Eve",
                }
            ],
        ),
        mapped(
            engine,
            2,
            "pipeline",
            "deals",
            [
                {
                    "key": "d1",
                    "at": datetime(2026, 1, 1),
                    "closed_at": datetime(2026, 1, 3),
                    "account": "Blue",
                    "product": "X",
                    "outcome": "won",
                }
            ],
        ),
        mapped(engine, 3, "terms", "contracts", [{"key": "k", "start_at": date(2026, 1, 4), "account": "Blue", "amount": 9.0}]),
        mapped(
            engine,
            4,
            "after",
            "responses",
            [{"key": "a", "case": "k1", "question": "score", "kind": "rating", "value": 1.0, "at": datetime(2026, 1, 5)}],
        ),
    ]
    made = attach(sources, context)
    assert [(row["kind"], row["text"], row["account"], row["stage"]) for row in made["timeline"]] == [
        ("interaction", "open", "account:blue", None),
        ("deal", "X, won", "account:blue", "compare"),
        ("contract", None, "account:blue", "purchase"),
        ("answer", None, "account:blue", None),
    ]
    assert made["interactions"][0]["group"] == "Support"
    assert {(row["table"], row["segment"], row["value"]) for row in made["segments"]} == {
        ("employees", "site", "Rome"),
        ("interactions", "site", "Rome"),
    }


def test_an_interaction_whose_case_is_an_order_takes_the_orders_person(context: Context) -> None:
    engine = context.engine
    orders = mapped(engine, 0, "shop", "orders", [{"key": "o1", "person": "7", "account": "Blue"}])
    calls = mapped(engine, 1, "calls", "interactions", [{"key": "i", "case": "o1"}], order_of="shop")
    made = attach([orders, calls], context)
    assert made["interactions"][0]["case"] == "shop#o1"
    assert made["interactions"][0]["person"] == made["orders"][0]["person"] is not None
    assert made["interactions"][0]["account"] == "account:blue"


def test_an_order_key_of_two_sources_is_refused_unless_of_says_whose_it_is(context: Context) -> None:
    engine = context.engine
    shops = [mapped(engine, n, f"shop{n}", "orders", [{"key": "o1", "person": f"p{n}"}, {"key": f"x{n}"}]) for n in (0, 1)]
    answer = {"key": "a", "order": "o1", "question": "q", "kind": "rating", "value": 1.0}
    with pytest.raises(Refused, match=r"order = \{ column = \"...\", of = \"shop0\" \}"):
        attach([*shops, mapped(engine, 2, "s", "responses", [answer])], context)
    made = attach([*shops, mapped(engine, 2, "s", "responses", [answer], order_of="shop1")], context)
    assert made["responses"][0]["order"] == "shop1#o1"
    made = attach([*shops, mapped(engine, 2, "s", "responses", [answer | {"order": "x0"}])], context)
    assert made["responses"][0]["order"] == "shop0#x0"


def test_relations_tie_people(context: Context) -> None:
    engine = context.engine
    people = mapped(engine, 0, "crm", "people", [{"person": "1", "_email": "a@x.it"}, {"person": "2", "_email": "b@x.it"}])
    ties = mapped(engine, 1, "ties", "relations", [{"key": "r", "from": "1", "to": "2", "kind": "referral"}])
    (tie,) = attach([people, ties], context)["relations"]
    assert tie["from"].startswith("person:")
    assert tie["to"].startswith("person:")
    assert tie["from"] != tie["to"]


def test_no_sources_give_every_table_empty(context: Context) -> None:
    made = attach([], context)
    assert set(made) == {
        *("interactions", "orders", "order_lines", "deals", "contracts", "responses", "relations", "employees", "competitors"),
        *("segments", "remarks", "timeline", "consents", "left_out", "people"),
    }
    assert not any(made.values())


def test_the_worked_example_of_the_documentation(context: Context) -> None:
    made = attach(marketplace(context), context, SCORED)
    page = (Path(__file__).parents[2] / "docs" / "algorithms" / "timeline.md").read_text(encoding="utf-8")
    for row in made["timeline"]:
        line = (
            f"| {row['at']:%Y-%m-%d} | {row['kind']} | {row['key']} | {'' if row['value'] is None else json.dumps(row['value'])} |"
        )
        assert line in page


def test_people_known_to_exist_who_never_answered_are_told(context: Context) -> None:
    engine = context.engine
    people = mapped(engine, 0, "crm", "people", [{"person": key, "_email": f"{key}@x.it"} for key in "abc"])
    answers = [
        {"key": key, "person": who, "question": question, "kind": "nps", "value": 5.0}
        for key, who in (("r1", "a"), ("r2", "a"), ("r3", "b"))
        for question in ("one", "two")
    ]
    called = mapped(engine, 2, "calls", "interactions", [{"key": "i", "person": "c", "at": datetime(2026, 1, 1)}])
    found = attach([people, mapped(engine, 1, "survey", "responses", answers), called], context)
    assert {row["email"]: row["answers"] for row in found["people"]} == {"a@x.it": 2, "b@x.it": 1, "c@x.it": 0}
    # Without any survey everybody is silent.
    assert [row["answers"] for row in attach([people], context)["people"]] == [0, 0, 0]
