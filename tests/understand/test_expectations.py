"""Expectations: two to four, in customers' words, with the people and the revenue behind them."""

from __future__ import annotations

from typing import Any

import pytest

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.engine import Context
from vitalfew.outputs import Outputs
from vitalfew.understand import expectations


def theme(name: str, sentiment: str, comments: int, **more: Any) -> dict[str, Any]:
    row = {"theme": f"theme:{name}", "name": name, "sentiment": sentiment, "n_comments": comments, "share": comments / 100}
    return {**row, "parent": "", "driver": "", "group": "", "words": "", "quote": f"words on {name}", "second_quote": "", **more}


THEMES = [
    theme("late", "negative", 30, driver="Delivery on time", words="delivery, late"),
    theme("lost parcel", "negative", 10, driver="Delivery on time", parent="theme:parcels"),
    theme("dented parcel", "negative", 5, driver="Delivery on time", parent="theme:parcels"),
    theme("parcels", "negative", 15),
    theme("quick delivery", "positive", 20, words="delivery, quick"),
    theme("wrong bill", "negative", 25, group="Finance"),
    theme("rare", "negative", 2),
    theme("other", "unknown", 3),
]


def mention(person: str, name: str, key: int) -> dict[str, Any]:
    return {
        "source": "s",
        "key": str(key),
        "table": "responses",
        "question": "q",
        "person": person,
        "rank": 1,
        "theme": f"theme:{name}",
    }


def _mentions() -> list[dict[str, Any]]:
    said = [("late", range(30)), ("lost parcel", range(25, 35)), ("quick delivery", range(40, 60)), ("wrong bill", range(60, 85))]
    said += [("rare", range(85, 87)), ("other", range(87, 100))]
    pairs = [(f"person:{who}", name) for name, people in said for who in people]
    return [mention(person, name, key) for key, (person, name) in enumerate(pairs)]


def _made(context: Context, **tables: Any) -> Outputs:
    return expectations.compute(tables_of(context, **tables), company_of(), context)


def test_the_worked_example(context: Context) -> None:
    people = [{"person": f"person:{who}", "account": "account:a" if who >= 60 else None} for who in range(100)]
    customers = [{"id": f"person:{who}", "revenue": 10.0} for who in range(60)] + [{"id": "account:a", "revenue": 400.0}]
    made = _made(context, themes=THEMES, mentions=_mentions(), people=people, customers=customers)
    rows = {row["expectation"]: row for row in rows_of(made, "expectations", context)}
    assert set(rows) == {"expectation:delivery-on-time", "expectation:finance"}
    delivery, finance = rows["expectation:delivery-on-time"], rows["expectation:finance"]
    # 35 people complain of late or lost (five of both) and 20 praise quick delivery: 55 of the 95 who comment.
    assert (delivery["n_people"], delivery["share_people"]) == (55, pytest.approx(55 / 95))
    # The 55 spend 10 each; everybody else who comments belongs to account a, which spends 400.
    assert delivery["share_revenue"] == pytest.approx(550 / 950)
    assert finance["share_revenue"] == pytest.approx(400 / 950)
    assert delivery["themes"] == "theme:late;theme:parcels;theme:quick delivery"
    assert "words on quick delivery" in delivery["statement"]
    assert "words on late" in delivery["statement"]
    assert finance["n_people"] == 25
    supports = {step.support for step in made.steps if step.claim == "expectation:finance"}
    assert supports == {"theme:wrong bill"}


def test_praise_that_shares_next_to_nothing_with_a_complaint_stands_alone(context: Context) -> None:
    words = ", ".join(f"{letter}box {letter}tape" for letter in "abcdefghijkl")
    themes = [
        theme("torn box", "negative", 30, words=words + ", quick"),
        theme("quick van", "positive", 30, words="quick, van, on the hour, driver"),
        theme("kind driver", "positive", 10, parent="theme:praise"),
        theme("warm voice", "positive", 12, parent="theme:praise"),
        theme("praise", "positive", 22),
    ]
    said = [("torn box", 30), ("quick van", 30), ("kind driver", 10), ("warm voice", 12)]
    mentions = [mention(f"person:{name}{key}", name, key) for name, many in said for key in range(many)]
    rows = rows_of(_made(context, themes=themes, mentions=mentions), "expectations", context)
    statements = sorted(row["statement"] for row in rows)
    assert statements == [
        "quick van: met, customers say “words on quick van”",
        "torn box: missed, “words on torn box”",
        "warm voice: met, customers say “words on warm voice”",
    ]


def test_a_friendly_request_without_a_score_is_no_expectation(context: Context) -> None:
    themes = [
        theme("late", "negative", 30, driver="Delivery"),
        theme("agenda", "positive", 30),
        theme("kind staff", "positive", 25, impact=0.2),
        theme("take care", "unknown", 40),
    ]
    mentions = [mention(f"person:{row['name']}{key}", row["name"], key) for row in themes for key in range(row["n_comments"])]
    asked = company_of(source=survey(recommend={"kind": "nps", "outcome": True, "column": "Q1"}))
    made = expectations.compute(tables_of(context, themes=themes, mentions=mentions), asked, context)
    assert {row["expectation"] for row in rows_of(made, "expectations", context)} == {
        "expectation:delivery",
        "expectation:kind-staff",
    }


def test_never_more_than_four(context: Context) -> None:
    themes = [theme(f"subject {number}", "negative", 20 - number, group=f"Group {number}") for number in range(7)]
    mentions = [mention(f"person:{key}", f"subject {key % 7}", key) for key in range(140)]
    rows = rows_of(_made(context, themes=themes, mentions=mentions), "expectations", context)
    assert len(rows) == 4
    assert all(row["share_revenue"] is None for row in rows)


def test_nothing_said_is_a_gap(context: Context) -> None:
    made = _made(context)
    assert made.tables["expectations"].num_rows == 0
    assert [gap.figure for gap in made.gaps] == ["what customers expect"]
    few = _made(context, themes=THEMES[:1], mentions=_mentions()[:30])
    assert few.tables["expectations"].num_rows == 0
