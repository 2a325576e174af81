"""Who does what: the work groups and their one-page strategies, responsibilities, risks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from vitalfew.settings import Group
from vitalfew.web.act.changing import changeable
from vitalfew.web.act.sheet import sheet_of
from vitalfew.web.focus import plan
from vitalfew.web.shell import telling
from vitalfew.web.shell.access import Visit, page

if TYPE_CHECKING:
    from vitalfew.documents.book import Book

Row = dict[str, Any]
DEEPEST = 6


@page("group.read")
def groups(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The work groups as a tree, with the top two issues of those the visitor may read."""
    book = plan.book_of(visit)
    return render(request, "act/groups.html", {"book": book, "rows": [_branch(visit, book, *each) for each in tree(book)]})


def tree(book: Book) -> list[tuple[str, int]]:
    """Every work group with its depth, each below its parent. A group whose parent is unknown or below itself stands at the top."""
    known = {each.name: each for each in book.company.group}
    parents = {name: _parent(name, known) for name in book.groups}
    below: defaultdict[str, list[str]] = defaultdict(list)
    for name, parent in parents.items():
        below[parent].append(name)
    found: list[tuple[str, int]] = []

    def add(names: Iterable[str], depth: int) -> None:
        for name in names:
            found.append((name, min(depth, DEEPEST)))
            add(below[name], depth + 1)

    add(below[""], 0)
    return found


def _parent(name: str, known: Mapping[str, Group]) -> str:
    """The parent of a group; '' when it has none, an unknown one, or is its own ancestor."""
    seen, above = {name}, known[name].parent if name in known else ""
    parent = above if above in known else ""
    while above in known:
        if above in seen:
            return ""
        seen.add(above)
        above = known[above].parent
    return parent


def _branch(visit: Visit, book: Book, name: str, depth: int) -> Row:
    unit = next((each for each in book.company.group if each.name == name), None)
    readable = plan.reads(visit, name)
    tops = [row for row in book.issues_of(name) if row["top"]] if readable else []
    return {"name": name, "depth": depth, "unit": unit, "readable": readable, "tops": tops, "file": book.groups[name]}


@page("group.read")
def group(request: HttpRequest, visit: Visit, group: str) -> HttpResponse:
    """A work group's own report and its one-page strategy, which prints on one sheet."""
    name = plan.need_group(visit, group)
    return render(request, "act/group.html", group_context(visit, name))


def group_context(visit: Visit, name: str) -> Row:
    """What a work group's page shows."""
    book = plan.book_of(visit)
    issues = book.issues_of(name)
    whys: defaultdict[str, defaultdict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in book["causes"]:
        whys[row["issue"]][row["branch"]].append(row)
    file = book.groups[name]
    printed = visit.run is not None and (visit.run.folder / "strategy" / "one-pages" / f"{file}.pdf").is_file()
    children = [each.name for each in book.company.group if each.parent == name and each.name in book.groups]
    return {
        "book": book,
        "group": name,
        "file": file,
        "unit": next((each for each in book.company.group if each.name == name), None),
        "children": children,
        "tops": [{"issue": row, "branches": list(whys[row["issue"]].values())} for row in issues if row["top"]],
        "others": [row for row in issues if not row["top"]],
        "actions": changeable(visit, [row for row in book["actions"] if row["group"] == name]),
        "may_write": visit.may("items.write", name),
        "sheet": sheet_of(book, name),
        "pdf": f"one-pages/{file}.pdf" if printed else "",
    }


@page("strategy.read")
def raci(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Who is responsible, accountable, asked and told for each piece of work, and what is wrong with that."""
    book = plan.book_of(visit)
    works: dict[str, Row] = {}
    for row in book["raci"]:
        one = works.setdefault(
            row["work"], {"work": row["work"], "R": [], "A": [], "C": [], "I": [], "faults": [], "proposed": False}
        )
        if row["role"] != "nobody":
            one[row["letter"]].append(row["role"])
        notes = [each.strip() for each in (row["note"] or "").split(";") if each.strip()]
        one["proposed"] |= "proposed" in notes
        one["faults"] += [telling.told(each) for each in notes if each != "proposed"]
    chosen = {row["name"] for row in book.chosen}
    missing = sorted(chosen - set(works))
    given = {"book": book, "works": list(works.values()), "faults": faults_of(book), "missing": missing}
    return render(request, "act/raci.html", given)


def faults_of(book: Book) -> list[str]:
    """Every fault of the responsibilities, in a sentence each: those of a row, and groups that cause a top issue but do no work."""
    found: list[str] = []
    for row in book["raci"]:
        for note in (row["note"] or "").split(";"):
            if note.strip() and note.strip() != "proposed":
                found.append(_("%(work)s: %(fault)s") % {"work": row["work"], "fault": telling.told(note.strip())})
    roles = {row["role"] for row in book["raci"]}
    leads = {each.name: each.lead for each in book.company.group}
    if roles:
        for name in dict.fromkeys(row["group"] for row in book.top_issues()):
            if name not in roles and leads.get(name) not in roles:
                found.append(_("%(group)s causes a top issue and has no part in any work") % {"group": name})
    return found


@page("group.read")
def risks(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Risks by probability and impact, as they are and as the response leaves them."""
    book = plan.book_of(visit)
    groups_of = {row["initiative"]: row["group"] for row in book["initiatives"]}
    shown = [row for row in book["risks"] if plan.reads(visit, groups_of.get(row["initiative"]))]
    ordered = sorted(shown, key=lambda row: (-(row["probability"] or 0) * (row["impact"] or 0), row["risk"]))
    names = {row["initiative"]: row["name"] for row in book["initiatives"]}
    today = timezone.localdate()
    rows = [
        {**row, "number": at, "threatens": names.get(row["initiative"], ""), "past": bool(row["review"] and row["review"] < today)}
        for at, row in enumerate(ordered, 1)
    ]
    matrix = [
        (p, [(i, p * i, [row["number"] for row in rows if (row["probability"], row["impact"]) == (p, i)]) for i in range(1, 6)])
        for p in range(5, 0, -1)
    ]
    return render(request, "act/risks.html", {"book": book, "rows": rows, "matrix": matrix})
