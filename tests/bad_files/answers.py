"""Surveys whose answers are off the scale or none: the answer is refused, the record keeps its others."""

from __future__ import annotations

from typing import Any

from bad_files.cases import Case

SURVEY: dict[str, Any] = {
    "name": "survey",
    "table": "responses",
    "columns": {"response": "id", "at": "at"},
    "questions": {
        "recommend": {"column": "nps", "kind": "nps", "blank": [99]},
        "overall": {"column": "csat", "kind": "rating", "scale": [1, 5], "labels": {"very good": 5}},
        "again": {"column": "again", "kind": "yes_no"},
        "words": {"column": "words", "kind": "text"},
    },
}
SETTINGS = {name: value for name, value in SURVEY.items() if name != "path"}


def answered(name: str, answers: str, *refused: tuple[str, str], loaded: bool = True) -> Case:
    """A good response, and one with these four answers of which some are refused."""
    data = f"id,at,nps,csat,again,words\n1,2026-01-05,9,4,yes,fine\n2,2026-01-05,{answers}\n"
    values = tuple((3, column, reason) for column, reason in refused)
    return Case(name, data.encode(), ("1", "2") if loaded else ("1",), values=values, settings=SETTINGS, file="survey.csv")


ANSWERS = [
    answered("answers that are sound", "10,5,no,x"),
    answered("a score above the scale", "11,4,yes,x", ("nps", "off the scale 0 to 10")),
    answered("a score below the scale", "-1,4,yes,x", ("nps", "off the scale 0 to 10")),
    answered("half a score", "7.5,4,yes,x", ("nps", "in whole numbers")),
    answered("a score in words", "ten,4,yes,x", ("nps", "not a number")),
    answered("a code for no answer", "99,4,yes,x"),
    answered("a code for no answer that was not stated", "98,4,yes,x", ("nps", "add it to blank")),
    answered("a rating off the scale", "9,6,yes,x", ("csat", "off the scale 1 to 5")),
    answered("a rating of nought", "9,0,yes,x", ("csat", "off the scale 1 to 5")),
    answered("a rating in known words", "9,Very good,yes,x"),
    answered("a rating in unknown words", "9,excellent,yes,x", ("csat", "not a number")),
    answered("neither yes nor no", "9,4,maybe,x", ("again", "neither yes nor no")),
    answered("no answer at all", ",,,"),
    answered(
        "several answers off the scale", "12,9,maybe,x", ("nps", "off the scale"), ("csat", "off the scale"), ("again", "neither")
    ),
    answered("nan for a score", "nan,4,yes,x", ("nps", "not a number")),
    answered("a score with a comma", '"8,0",4,yes,x'),
    answered("a score of 1e400", "1e400,4,yes,x", ("nps", "too large")),
]
