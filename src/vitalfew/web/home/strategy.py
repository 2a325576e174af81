"""The strategy on one page, and the executive's quarterly brief: the same tables, more or less of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from vitalfew.web.focus import drawing, plan
from vitalfew.web.focus.views import frontier_of, limits_of
from vitalfew.web.prove.views import ledger_of
from vitalfew.web.shell import wording
from vitalfew.web.shell.access import Visit

if TYPE_CHECKING:
    from vitalfew.documents.book import Book

Row = dict[str, Any]
SHARES = ("top2", "share", "rate")


def strategy_of(visit: Visit) -> Row:
    """What the page shows of the whole strategy."""
    book = plan.book_of(visit)
    by_group = []
    for name in book.groups:
        tops = [row for row in book.issues_of(name) if row["top"]]
        if tops:
            by_group.append({"name": name, "tops": tops})
    return {
        "book": book,
        "portfolio": book["portfolio"][0] if book["portfolio"] else None,
        "chosen": book.chosen,
        "not_chosen": book.not_chosen,
        "expectations": expectations_of(book),
        "by_group": by_group,
        "resources": limits_of(book),
        **headline_of(book),
    }


def expectations_of(book: Book) -> list[Row]:
    """The expectations, each as a phrase with customers' words that show it met or missed."""
    from vitalfew.documents.book import heard  # noqa: PLC0415

    found = []
    for row in book["expectations"]:
        phrase, said = heard(row["statement"])
        found.append(
            {
                **row,
                "phrase": phrase,
                "met": [t for kind, t in said if kind == "Met"],
                "missed": [t for kind, t in said if kind != "Met"],
            }
        )
    return found


def headline_of(book: Book) -> Row:
    """The outcome with its interval, its trend, and the difference of its last two periods."""
    from vitalfew.documents import words  # noqa: PLC0415
    from vitalfew.documents.figures import metric_name  # noqa: PLC0415 - loads Altair

    top = book.headline
    if top is None:
        return {"headline": None, "trend": None, "change": None}
    is_share, is_nps = top["statistic"] in SHARES, top["statistic"] == "nps"
    form = "share" if is_share else "whole" if is_nps else "points"
    write = {"share": words.share, "whole": words.whole, "points": words.points}[form]
    name = metric_name(book, top)
    title = _("%(metric)s, by period") % {"metric": name.rstrip("?")}
    series = sorted(book.series(), key=lambda row: row["period"])
    drawn = drawing.trend(title, series, write, name, _("Pale bar: 95 % interval."))
    return {"headline": {**top, "form": form, "name": name}, "trend": drawn, "change": _change(book, form)}


def _change(book: Book, form: str) -> Row | None:
    found = book.change()
    if found is None:
        return None
    before, after, by, low, high = found
    write = wording.share if form == "share" else (lambda value: wording.number(value, 1)) if form == "whole" else wording.points
    told = {"before": before["period"], "after": after["period"], "by": write(by), "low": write(low), "high": write(high)}
    return {**told, "chance": low < 0 < high}


def brief_of(visit: Visit) -> Row:
    """One page for those who decide on money: where we stand, what we do, what it takes, what came back."""
    found = strategy_of(visit)
    book = found["book"]
    drivers = [row for row in book["drivers"] if row["outcome"] == book.company.outcome and row["segment"] in ("all", None)]
    top = sorted(book.top_issues(), key=lambda row: -(row["value"] or 0.0))[:5]
    return {
        **found,
        "loses": bool(found["portfolio"] and book.loses(found["portfolio"], "used")),
        "drivers": sorted(drivers, key=lambda row: row["rank"] or 999)[:3],
        "costliest": top,
        "frontier": frontier_of(book),
        "grades": ledger_of(visit, book),
        "point": book["point_value"][0] if book["point_value"] else None,
    }
