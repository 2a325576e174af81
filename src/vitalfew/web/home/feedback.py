"""What customers said about somebody's work, and how that work reaches the customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.engine.reader import Reader, Where
from vitalfew.web.focus import plan
from vitalfew.web.shell.access import Visit

if TYPE_CHECKING:
    from vitalfew.documents.book import Book

Row = dict[str, Any]
# Fewer comments about one employee would let them find out who said what.
LEAST_COMMENTS = 10
MOST_QUOTES = 3
LONGEST = 280

COUNTED = """
SELECT sentiment, count(DISTINCT source || '#' || key) AS comments, count(DISTINCT person) AS people FROM (
  SELECT m.source, m.key, m.person, m.sentiment FROM {mentions} m JOIN {interactions} r ON r.source = m.source AND r.key = m.key
  WHERE m.rank = 1 AND r.COLUMN = ?
  UNION ALL
  SELECT m.source, m.key, m.person, m.sentiment FROM {mentions} m JOIN {responses} r
    ON r.source = m.source AND r.key = m.key AND r.question = m.question
  WHERE m.rank = 1 AND r.COLUMN = ?
) GROUP BY sentiment ORDER BY sentiment
"""
QUOTED = """
SELECT source, key, "at", sentiment, theme, quote FROM (
  SELECT m.source, m.key, r."at", m.sentiment, m.theme, m.quote FROM {mentions} m JOIN {interactions} r
    ON r.source = m.source AND r.key = m.key
  WHERE m.rank = 1 AND m.quote <> '' AND r.COLUMN = ?
  UNION ALL
  SELECT m.source, m.key, r."at", m.sentiment, m.theme, m.quote FROM {mentions} m JOIN {responses} r
    ON r.source = m.source AND r.key = m.key AND r.question = m.question
  WHERE m.rank = 1 AND m.quote <> '' AND r.COLUMN = ?
) WHERE (sentiment = ?) ORDER BY "at" DESC, source, key LIMIT ?
"""
TABLES = ("mentions", "interactions", "responses")


def feedback_of(visit: Visit) -> Row:
    """Comments about the visitor's own work; the group's when there are too few about one person.

    `about` says whose work it is: employee, group, or '' when nothing may be shown.
    """
    reader, least = visit.reader, visit.settings.company.minimum_group
    if visit.employee:
        found = _said(reader, "employee", visit.employee)
        if found["comments"] >= max(LEAST_COMMENTS, least):
            return {"about": "employee", "withheld": False, **found}
    withheld = bool(visit.employee)
    group = visit.group_among(plan.book_of(visit).groups)
    if group and plan.reads(visit, group):
        found = _said(reader, "group", group)
        if found["comments"] >= max(LEAST_COMMENTS, least) and found["people"] >= least:
            return {"about": "group", "withheld": withheld, **found}
    return {"about": "", "withheld": withheld or bool(visit.group), "comments": 0, "quotes": []}


def _said(reader: Reader, column: str, value: str) -> Row:
    """Counts and quotes of the comments about an employee or a group, a good one first. `column` is a word of this module."""
    if not reader.has("mentions"):
        return {"comments": 0, "people": 0, "good": 0, "bad": 0, "quotes": []}
    counted = reader.select(COUNTED.replace("COLUMN", f'"{column}"'), TABLES, [value, value])
    by = {row["sentiment"]: row["comments"] for row in counted}
    sql = QUOTED.replace("COLUMN", f'"{column}"')
    good = reader.select(sql, TABLES, [value, value, "positive", MOST_QUOTES * 4])
    bad = reader.select(sql, TABLES, [value, value, "negative", MOST_QUOTES * 4])
    names = {row["theme"]: row["name"] for row in reader.small("themes")}
    return {
        "comments": sum(by.values()),
        # At least so many: those of one sentiment may be others than those of the next.
        "people": max((row["people"] for row in counted), default=0),
        "good": by.get("positive", 0),
        "bad": by.get("negative", 0),
        "quotes": [*_different(good, names, 1), *_different(bad, names, MOST_QUOTES - 1)],
    }


def _different(rows: list[Row], names: dict[str, str], most: int) -> list[Row]:
    """The latest quotes, one a theme, with what identifies people masked."""
    from vitalfew.documents import words  # noqa: PLC0415
    from vitalfew.listen.masking import mask  # noqa: PLC0415 - loads Ibis

    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(
            row["theme"], {**row, "name": names.get(row["theme"], ""), "quote": words.clip(mask(row["quote"]), LONGEST)}
        )
    return list(found.values())[:most]


def sight_of(visit: Visit) -> Row | None:
    """The visitor's line of sight: from their work to the customer measure it moves. None without a work group.

    Rests on the group's driver (association over all who rate), its promises, and the expectations its sheet names.
    """
    book = plan.book_of(visit)
    group = visit.group_among(book.groups)
    if not group:
        return None
    unit = next((each for each in book.company.group if each.name == group), None)
    person = visit.reader.rows("employees", [Where("employee", "=", visit.employee)], limit=1) if visit.employee else []
    drivers = [
        row
        for row in book["drivers"]
        if row["group"] == group
        and row["outcome"] == book.company.outcome
        and row["segment"] in ("all", None)
        and row["effect"] is not None
    ]
    sheet = [row for row in book["one_pages"] if row["group"] == group]
    expected = {
        row["claim"]: row for row in sheet if row["section"] == "expectation" and (row["claim"] or "").startswith("expectation:")
    }
    return {
        "role": person[0]["role"] if person else "",
        "touchpoints": list(unit.touchpoints) if unit and unit.touchpoints else _touchpoints(visit.reader, group),
        "serves": unit.serves if unit else "",
        "expectations": [row for row in _expectations(book) if row["expectation"] in expected],
        "promises": [row for row in book.promises if row["group"] == group],
        "drivers": sorted(drivers, key=lambda row: row["rank"] or 999)[:3],
        "outcome": book.label(book.company.outcome),
        "vision": book.company.company.vision,
    }


def _expectations(book: Book) -> list[Row]:
    from vitalfew.web.home.strategy import expectations_of  # noqa: PLC0415

    return expectations_of(book)


def _touchpoints(reader: Reader, group: str) -> list[str]:
    rows = reader.counts("interactions", ["touchpoint"], [Where("group", "=", group), Where("touchpoint", "is known")])
    return [row["touchpoint"] for row in rows[:5]]
