"""What to work on: issues at the groups that cause them, what was chosen under limits, and the roadmap."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from vitalfew.documents import words
from vitalfew.vocabulary import NOT_ASSIGNED
from vitalfew.web.act.changing import changeable
from vitalfew.web.focus import drawing, plan
from vitalfew.web.shell import wording
from vitalfew.web.shell.access import Visit, page
from vitalfew.web.shell.filters import Filters

if TYPE_CHECKING:
    from vitalfew.documents.book import Book

Row = dict[str, Any]
QUOTES = 6


@page("group.read")
def issues(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The issues the visitor may read, by group: the top two of each first, the costliest first."""
    book = plan.book_of(visit)
    readable = [name for name in [*book.groups, NOT_ASSIGNED] if plan.reads(visit, name)]
    wanted = Filters.of(request.GET).group
    if wanted and wanted not in readable:
        if wanted in book.groups:
            raise PermissionDenied
        raise Http404
    shown = [row for row in book["issues"] if (row["group"] or NOT_ASSIGNED) in ([wanted] if wanted else readable)]
    listed = {row["issue"] for row in shown}
    parts = {
        "top": [row for row in book.top_issues() if row["issue"] in listed],
        "others": [row for row in book.other_issues() if row["issue"] in listed],
        "unowned": [row for row in book.unowned_issues() if row["issue"] in listed],
    }
    groups = [name for name in readable if name != NOT_ASSIGNED]
    return render(request, "focus/issues.html", {"book": book, "groups": groups, "group": wanted, "any": bool(shown), **parts})


@page("group.read")
def issue(request: HttpRequest, visit: Visit, issue: str) -> HttpResponse:
    """One issue: whom it touches, what it costs, why it happens, what removes it."""
    book = plan.book_of(visit)
    found = plan.need_issue(visit, issue)
    theme = next((row for row in book["themes"] if row["theme"] == found["theme"]), None)
    drivers = [row for row in book["drivers"] if row["driver"] == found["driver"] and row["outcome"] == found["outcome"]]
    branches: defaultdict[str, list[Row]] = defaultdict(list)
    for row in book["causes"]:
        if row["issue"] == found["issue"]:
            branches[row["branch"]].append(row)
    given = {
        "book": book,
        "issue": found,
        "theme": theme,
        "driver": next((row for row in drivers if row["segment"] in ("all", None)), None),
        "quotes": _quotes(found, theme),
        "branches": list(branches.values()),
        "removed_by": [row for row in [*book.chosen, *book.not_chosen] if found["issue"] in (row["acts_on"] or "").split(";")],
        "actions": changeable(visit, [row for row in book["actions"] if row["issue"] == found["issue"]]),
        "may_write": visit.may("items.write", found["group"]),
    }
    return render(request, "focus/issue.html", given)


def _quotes(found: Row, theme: Row | None) -> list[str]:
    """Different words of customers about an issue; what identifies people was masked when they were read."""
    given = [found["quote"], *([theme["quote"], theme["second_quote"]] if theme else [])]
    return list(dict.fromkeys(" ".join(each.split()) for each in given if each))[:QUOTES]


@page("strategy.read")
def choice(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What was chosen, what was left out and why, and what more or less money would bring."""
    book = plan.book_of(visit)
    portfolio = book["portfolio"][0] if book["portfolio"] else None
    verdicts = [
        (_("Core"), _("chosen in nearly every resampled world"), "core"),
        (_("Borderline"), _("in some worlds in, in some out"), "borderline"),
        (_("Out"), _("left out in nearly every world"), "out"),
    ]
    worlds = [(name, told, [row for row in book["initiatives"] if row["verdict"] == key]) for name, told, key in verdicts]
    given = {
        "book": book,
        "portfolio": portfolio,
        "loses": bool(portfolio and book.loses(portfolio, "used")),
        "chosen": book.chosen,
        "not_chosen": book.not_chosen,
        "worlds": worlds,
        "ranked": [*book.chosen, *book.not_chosen],
        "rules": _rules(book, portfolio),
        "resources": limits_of(book),
        "frontier": frontier_of(book),
    }
    return render(request, "focus/choice.html", given)


def _rules(book: Book, portfolio: Row | None) -> list[str]:
    """Each ranking rule with the worth of its plan, as the run wrote them: `RICE EUR 64,904; WSJF ...`."""
    if portfolio is None or not portfolio["rules"]:
        return []
    return [words.plainly(each.strip(), book.currency) for each in portfolio["rules"].split(";") if each.strip()]


def limits_of(book: Book) -> list[Row]:
    """Each limited resource with its months: used, limit, worth of one more; and the share used over the whole plan."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in book["resources"]:
        if row["limit"]:
            found[row["resource"]].append(row)
    made = []
    for name, months in found.items():
        used, limit = sum(row["used"] or 0.0 for row in months), sum(row["limit"] for row in months)
        if months[0]["unit"] == "money" and book["portfolio"] and book["portfolio"][0]["budget"]:
            # What one quarter leaves is there in the next, so that the quarters together are more than the budget.
            limit = book["portfolio"][0]["budget"]
        told = {"name": name, "unit": months[0]["unit"], "months": months, "used": used, "limit": limit, "share": used / limit}
        # For <meter>, whose value is written with a point in every language.
        made.append({**told, "meter": f"{min(used / limit, 1.0):.3f}"})
    return sorted(made, key=lambda row: (row["unit"] != "money", -row["share"], row["name"]))


def frontier_of(book: Book) -> drawing.Drawing | None:
    """The best value for each budget, with the proven bound; None when no frontier was computed."""
    known = [row for row in book["frontier"] if row["value"] is not None]
    points = [{"x": row["budget"], "value": row["value"], "bound": row["bound"]} for row in known]
    names = {row["initiative"]: row["name"] for row in book["initiatives"]}
    write = wording.points if book.in_points else lambda value: wording.money(value, book.currency)
    table = [
        (
            wording.money(row["budget"], book.currency),
            write(row["value"]),
            write(row["bound"]),
            "; ".join(names.get(each, each) for each in (row["chosen"] or "").split(";") if each) or "–",
        )
        for row in known
    ]
    axes = (_("Budget, %(currency)s") % {"currency": book.currency}, _("Points") if book.in_points else _("Value"))
    headers = (_("Budget"), _("Best value found"), _("Proven bound"), _("Chosen"))
    note = _("Line: the best plan found. Dashed: what no plan can exceed.")
    return drawing.frontier(_("What more or less money would bring"), points, axes, table, headers, note)


@page("strategy.read")
def roadmap(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The chosen initiatives over the months, what each needs first, and the people and money of each month."""
    book = plan.book_of(visit)
    months: dict[date, Row] = {}
    for row in book["roadmap"]:
        one = months.setdefault(row["month"], {"month": row["month"], "people": 0.0, "money": 0.0, "names": []})
        one["people"] += row["people"] or 0.0
        one["money"] += row["money"] or 0.0
        one["names"].append(row["name"])
    needs = {row["initiative"]: row["needs"] for row in book["roadmap"]}
    names = {row["initiative"]: row["name"] for row in book["initiatives"]}
    waits = {
        initiative: [names.get(each.strip(), each.strip()) for each in (needed or "").split(";") if each.strip()]
        for initiative, needed in needs.items()
    }
    rows = [{**row, "needs": waits.get(row["initiative"], []), "owner": book.owner(row)} for row in book.chosen]
    given = {"book": book, "rows": rows, "months": [months[each] for each in sorted(months)], "gantt": gantt_of(book)}
    return render(request, "focus/roadmap.html", given)


def gantt_of(book: Book) -> drawing.Drawing | None:
    """The roadmap as a drawing; None when nothing has dates."""
    from vitalfew.documents.charts import Span  # noqa: PLC0415 - loads Altair
    from vitalfew.web.focus.templatetags.plan import month  # noqa: PLC0415

    spans = [
        Span(
            row["name"] or "",
            row["group"] or "",
            row["start"],
            row["end"],
            (row["group"] or "", row["name"] or "", month(row["start"]), month(row["end"]), book.owner(row)),
        )
        for row in book.chosen
        if row["start"] and row["end"]
    ]
    headers = (_("Group"), _("Initiative"), _("From"), _("To"), _("Owner"))
    return drawing.roadmap(_("The roadmap, by month and work group"), spans, headers)
