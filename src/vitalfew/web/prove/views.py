"""Did it work: the ledger of benefits, and forecasts beside what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from vitalfew.web.focus import plan
from vitalfew.web.shell.access import Visit, page

if TYPE_CHECKING:
    from vitalfew.documents.book import Book

Row = dict[str, Any]
GRADES = ("tested", "claimed", "forecast")
MONEY = ("money a year", "value within the horizon")


@page("group.read")
def ledger(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Hours and money that came back, by how well each is known."""
    book = plan.book_of(visit)
    return render(request, "prove/ledger.html", {"book": book, "grades": ledger_of(visit, book)})


def ledger_of(visit: Visit, book: Book) -> list[Row]:
    """The lines of the ledger the visitor may read, by grade, with the hours and money of each grade.

    Sums carry no interval: the lines' intervals come from different data and are not independent.
    """
    groups = {row["issue"]: row["group"] for row in book["issues"]} | {
        row["initiative"]: row["group"] for row in book["initiatives"]
    }
    names = {row["issue"]: row["name"] for row in book["issues"]} | {row["initiative"]: row["name"] for row in book["initiatives"]}
    found = []
    for grade in GRADES:
        lines = [
            {**row, "name": names.get(row["issue"]) or names.get(row["initiative"]) or _told(row["issue"])}
            for row in book["benefits"]
            if row["grade"] == grade
            and plan.reads(visit, groups.get(row["initiative"]) or groups.get(row["issue"]) or _group(book, row["issue"]))
        ]
        if lines:
            known = [row["money"] for row in lines if row["money"] is not None]
            hours = [row["hours"] for row in lines if row["hours"] is not None]
            total = {"money": sum(known) if known else None, "hours": sum(hours) if hours else None}
            found.append({"grade": grade, "lines": lines, **total})
    return found


def _group(book: Book, issue: str | None) -> str | None:
    """The work group of an issue the run no longer finds, from its id `issue:group/name`."""
    file = (issue or "").removeprefix("issue:").partition("/")[0]
    return next((name for name, found in book.groups.items() if found == file), None)


def _told(issue: str | None) -> str:
    return (issue or "").rpartition("/")[2].replace("-", " ").capitalize() or "–"


@page("group.read")
def effects(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What was forecast or measured, and on what it rests."""
    book = plan.book_of(visit)
    owners = {row["issue"]: row["group"] for row in book["issues"]} | {
        row["initiative"]: row["group"] for row in book["initiatives"]
    }
    owners |= {row["driver_id"]: row["group"] for row in book["drivers"]}
    names = {row["initiative"]: row["name"] for row in book["initiatives"]} | {row["issue"]: row["name"] for row in book["issues"]}
    names |= {row["driver_id"]: row["driver"] for row in book["drivers"]}
    # A benefit is about an issue.
    for row in book["benefits"]:
        owners[row["benefit"]] = owners.get(row["issue"]) or _group(book, row["issue"])
        names[row["benefit"]] = names.get(row["issue"]) or _told(row["issue"])
    shown = [
        {
            **row,
            "about": names.get(row["claim"]) or _told(row["claim"]),
            "in_money": (row["metric"] or "") in MONEY and not book.in_points,
        }
        for row in book["effects"]
        if plan.reads(visit, owners.get(row["claim"]))
    ]
    order = {"measured": 0, "forecast": 1}
    rows = sorted(shown, key=lambda row: (order.get(row["kind"], 2), row["effect"]))
    return render(request, "prove/effects.html", {"book": book, "rows": rows})
