"""The one-page strategy of a work group: its lines by section, few and short enough for one A4 sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from vitalfew.documents import words

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from vitalfew.documents.book import Book

Row = dict[str, Any]
# Sections as they stand in the table, with their headings and the most lines each may take of the sheet.
SECTIONS: tuple[tuple[str, _StrPromise, int], ...] = (
    ("whom we serve", _("Whom we serve"), 2),
    ("expectation", _("What they expect, and our standard"), 3),
    ("issue", _("The issues we cause"), 2),
    ("vital few", _("In customers' words"), 4),
    ("whys", _("Why it happens"), 6),
    ("actions", _("What we do"), 5),
    ("indicators", _("Leading indicators"), 5),
    ("benefit", _("Benefit"), 3),
    ("help", _("Help needed, barriers"), 2),
    ("stop", _("What we stop"), 3),
    ("told", _("Customers told"), 1),
    ("sponsor", _("Sponsor"), 1),
)
# All lines together, so that a sheet in 8 point type stays one page: the longest lines are cut first.
LETTERS = 4200
LONGEST, SHORTEST = 320, 70


def sheet_of(book: Book, group: str) -> list[Row]:
    """The sections of a group's sheet that have lines, each line with its full text, what is printed of it, and its claim."""
    rows = [row for row in book["one_pages"] if row["group"] == group]
    found: list[Row] = []
    for name, title, most in SECTIONS:
        lines = [row for row in rows if row["section"] == name]
        if lines:
            found.append({"name": name, "title": title, "lines": lines[:most], "more": max(0, len(lines) - most)})
    length = _length([row["text"] or "" for section in found for row in section["lines"]])
    for section in found:
        section["lines"] = [
            {**row, "label": _label(row), "short": words.clip(row["text"], length), "full": row["text"] or ""}
            for row in section["lines"]
        ]
    return found


def _label(row: Row) -> str:
    label = row["label"] or ""
    return "" if label.lower() == (row["section"] or "") else words.clip(label, 90)


def _length(texts: list[str]) -> int:
    """The longest a line may be for all of them to fit the sheet."""
    length = LONGEST
    while length > SHORTEST and sum(min(len(text), length) for text in texts) > LETTERS:
        length -= 10
    return length
