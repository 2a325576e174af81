"""The plan as the pages of Focus, Act, Prove and Home show it: the documents' book over the tables of the current run."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from vitalfew.engine.reader import Reader, Where
from vitalfew.settings import Company
from vitalfew.vocabulary import NOT_ASSIGNED

if TYPE_CHECKING:
    from vitalfew.documents.book import Book
    from vitalfew.web.shell.access import Visit

Row = dict[str, Any]
MOST_BOOKS = 6

_books: OrderedDict[tuple[Path | None, int], tuple[Company, Book]] = OrderedDict()
_lock = threading.Lock()


def book_of(visit: Visit) -> Book:
    """The book of the visitor's company, made once for a run and its settings. Before the first run its tables are empty."""
    settings, run = visit.settings, visit.run
    key = (run.folder if run else None, id(settings))
    with _lock:
        kept = _books.get(key)
        # The settings are kept beside the book, so that their id stays theirs.
        if kept is not None and kept[0] is settings:
            _books.move_to_end(key)
            return kept[1]
    made = _made(visit.reader, settings, date.fromisoformat(run.today) if run else timezone.localdate())
    with _lock:
        _books[key] = (settings, made)
        while len(_books) > MOST_BOOKS:
            _books.popitem(last=False)
    return made


def _made(reader: Reader, settings: Company, today: date) -> Book:
    """What these pages read. Customers, journeys and refused records have pages of their own, which ask the reader for rows."""
    from vitalfew.documents import book  # noqa: PLC0415 - loads Ibis, which no other page needs

    small = {name: [dict(row) for row in reader.small(name)] for name in book.SMALL}
    book.signs(small, settings.company.currency)
    return book.Book(
        company=settings,
        today=today,
        small=small,
        metrics=reader.rows("metrics", [Where("segment", "=", "all")]) if reader.has("metrics") else [],
        promises=[dict(row) for row in reader.small("promises") if row["segment"] == "all"],
        journey=[],
        customers=[],
        losing=[],
        customers_counted=0,
        whale=[],
        quarantine=[],
        quarantined=0,
        groups=book.group_files(settings, small),
    )


def reads(visit: Visit, group: str | None) -> bool:
    """Whether the visitor may read a work group's report. A lead reads those below as well, an employee only the own one.

    What no group owns is read by those who read every group.
    """
    if visit.role == "employee" and group != visit.group:
        return False
    return visit.may("group.read", group or NOT_ASSIGNED)


def need_group(visit: Visit, file: str) -> str:
    """The work group whose pages are called `file`. Raises Http404 when there is none, PermissionDenied when it is another's."""
    name = next((name for name, found in book_of(visit).groups.items() if found == file), None)
    if name is None:
        raise Http404
    if not reads(visit, name):
        raise PermissionDenied
    return name


def need_issue(visit: Visit, issue: str) -> Row:
    """An issue by its id without the word `issue:`. Raises Http404 when there is none, PermissionDenied when it is another's."""
    found = book_of(visit).issue(f"issue:{issue}")
    if found is None:
        raise Http404
    if not reads(visit, found["group"]):
        raise PermissionDenied
    return found


def issue_address(visit: Visit, issue: Mapping[str, Any]) -> str:
    """The address of an issue's page; '' when the visitor may not open it."""
    if not reads(visit, issue["group"]):
        return ""
    return reverse("focus:issue", args=[visit.company.slug, issue["issue"].removeprefix("issue:")])


def group_address(visit: Visit, group: str | None) -> str:
    """The address of a work group's page; '' when there is none or the visitor may not open it."""
    file = book_of(visit).groups.get(group or "")
    return reverse("act:group", args=[visit.company.slug, file]) if file and reads(visit, group) else ""
