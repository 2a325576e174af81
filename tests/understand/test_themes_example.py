"""The worked examples of docs/algorithms/themes.md: share of customers, points lost, and the numbers the page names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.engine import Context
from vitalfew.understand import corpus, mentions, quotes, theme_effects, theme_names, theme_owners, theme_rows, theme_tree, themes

PAGE = Path(__file__).parent.parent.parent / "docs" / "algorithms" / "themes.md"
DRAWS = 200
NUMBERS = {
    "distinct comments themes are found from, at most": corpus._SAMPLE,
    "dimensions": theme_tree._DIMENSIONS,
    "nearest neighbours": theme_tree._NEIGHBOURS,
    "resolutions tried, the highest": max(theme_tree._RESOLUTIONS),
    "fewest distinct comments for a graph": theme_tree._FEW,
    "cosine below which praise and complaints part": theme_tree._OWN_WORDS,
    "cosine from which communities are joined": theme_tree._SAME,
    "cosine from which complaints of one group are one": theme_tree._SAME_OWNED,
    "the same, without a group": theme_tree._SAME_UNOWNED,
    "cosine of a name with the middle of its theme, at least": theme_names.CENTRAL,
    "part of a phrase's writers who write the longer one": theme_names.WHOLE,
    "words of a quote long enough": quotes.SHORT,
    "words of a quote short enough": quotes.LONG,
    "shared part of two quotes told as one": quotes.ALIKE,
    "most themes": theme_tree._MOST_THEMES,
    "cosine below which a comment is *Other*": themes._FLOOR,
    "share of comments that are *Other*, at most": themes._MOST_OTHER,
    "cosine from which a clause adds a second theme": mentions._SURE,
    "most themes a comment": mentions._MOST,
    "fit from which a name of yours is given": theme_names.MINIMUM_FIT,
    "fit from which another theme joins it": theme_names._SAME_FIT,
    "share of draws in which the driver must come first": theme_owners._LEAD,
    "people who mention a theme, for a driver": theme_owners._LEAST_MENTIONS,
    "people who name a theme in answers, for capture and recapture": theme_effects._RECAPTURED,
    "vital few, share of complaints": theme_rows.VITAL,
}
LATE = {"name": "Late", "words": ["late"], "driver": "Delivery on time"}
EFFECT = 0.5


def test_the_page_names_the_numbers_of_the_code() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| ([\d.,]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: float(rows[name].replace(",", "")) for name in NUMBERS} == NUMBERS


def _answer(person: int, score: float, delivery: float | None = None, text: str = "") -> list[dict[str, Any]]:
    base = {"source": "survey", "key": f"{person:04d}", "response": f"survey#{person:04d}", "person": f"person:{person}"}
    rows = [{**base, "question": "recommend", "kind": "nps", "value": score, "weight": 1.0}]
    if delivery is not None:
        rows.append({**base, "question": "delivery", "kind": "rating", "value": delivery, "weight": 1.0})
    if text:
        rows.append({**base, "question": "comment", "kind": "text", "text": text, "weight": 1.0})
    return rows


def _ticket(person: int) -> dict[str, Any]:
    return {"source": "desk", "key": f"{person:04d}", "person": f"person:{person}", "text": "the parcel came late again"}


def _survey() -> list[dict[str, Any]]:
    """200 customers: 20 say late and rate delivery 2; 30 praise staff and rate it 4; 150 say nothing."""
    rows = []
    for person in range(20):
        rows += _answer(person, 2.0, 2.0, "the parcel came late again")
    for person in range(20, 50):
        rows += _answer(person, 9.0, 4.0, "friendly staff, thank you")
    for person in range(50, 60):
        rows += _answer(person, 2.0)
    for person in range(60, 200):
        rows += _answer(person, 9.0)
    return rows


def _drawn(context: Context, tickets: list[int]) -> dict[str, np.ndarray[Any, Any]]:
    company = company_of(
        company={"draws": DRAWS},
        source=survey(
            recommend={"kind": "nps", "outcome": True, "column": "a"},
            delivery={"kind": "rating", "scale": [1, 5], "column": "b", "driver": "Delivery on time", "group": "Logistics"},
            comment={"kind": "text", "column": "c"},
        ),
        theme=[LATE],
    )
    claim = "driver:recommend/delivery-on-time"
    driver = {"driver_id": claim, "outcome": "recommend", "driver": "Delivery on time", "question": "delivery", "segment": "all"}
    tables = tables_of(
        context,
        responses=_survey(),
        interactions=[_ticket(person) for person in tickets],
        people=[{"person": f"person:{person}"} for person in range(200)],
        drivers=[{**driver, "effect": EFFECT}],
        draws=[{"claim": claim, "quantity": "effect", "draw": draw, "value": EFFECT} for draw in range(DRAWS)],
    )
    rows = rows_of(themes.compute(tables, company, context), "draws", context)
    return {
        name: np.array([row["value"] for row in rows if (row["claim"], row["quantity"]) == ("theme:late", name)])
        for name in ("share_people", "points")
    }


def test_a_survey_alone_is_put_right_for_those_who_did_not_comment(context: Context) -> None:
    drawn = _drawn(context, [])
    # 30 of 200 score low; all of the 20 low scorers who comment say late: 15 %, though 40 % of comments do.
    assert drawn["share_people"].mean() == pytest.approx(30 / 200, rel=0.05)
    # They rate delivery 2, the others 4, and one point of delivery moves the score by a half; the same in every world.
    assert drawn["points"] == pytest.approx(np.full(DRAWS, 0.5 * (4 - 2)))
    assert (drawn["share_people"] * drawn["points"]).mean() == pytest.approx(0.15, rel=0.05)


def test_people_who_write_in_are_counted_beside_those_who_answer(context: Context) -> None:
    drawn = _drawn(context, list(range(60, 90)))
    # 20 say it in the survey and 30 others in tickets; nobody in both, so there is nothing to scale by: 50 of 200.
    assert drawn["share_people"].mean() == pytest.approx(50 / 200, rel=0.05)


def test_two_lists_of_the_same_people_tell_how_many_are_on_neither(context: Context) -> None:
    drawn = _drawn(context, [*range(10), *range(60, 80)])
    # 30 write in, 20 answer, 10 do both: (30 + 1) (20 + 1) / (10 + 1) - 1 = 58.2 people of 200.
    assert drawn["share_people"].mean() == pytest.approx((31 * 21 / 11 - 1) / 200, rel=0.1)
