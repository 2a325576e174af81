"""Search across customers, accounts, comments, issues, initiatives and promises: each only as far as the visitor may read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from vitalfew.engine.reader import Row, Where
from vitalfew.listen.masking import mask
from vitalfew.web.shell.access import Visit, page
from vitalfew.web.shell.wording import why_address

SHOWN = 10
AROUND = 120


@page("strategy.read")
def search(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What was found, by kind, with how many there are."""
    text = " ".join(request.GET.get("q", "").replace("\x00", " ").split())[:200]
    found = [each for each in _all(visit, text) if each["count"]] if len(text) > 1 else []
    return render(request, "understand/search.html", {"q": text, "found": found, "short": len(text) == 1})


def _all(visit: Visit, text: str) -> list[dict[str, Any]]:
    def claim(name: str) -> Callable[[Row], str]:
        return lambda row: why_address(visit.company.slug, row[name])

    groups = visit.reach("group.read")
    issues = _small(visit, "issues", text, ("name", "driver", "theme"))
    if groups != "company":
        issues = [row for row in issues if groups and visit.may("group.read", row["group"] or "")]
    found = [
        _kind(_("Issues"), issues, len(issues), claim("issue"), "group"),
        *(
            _kind(label, rows, len(rows), claim(name), "group")
            for label, name, rows in (
                (_("Initiatives"), "initiative", _small(visit, "initiatives", text, ("name", "group"))),
                (_("Promises"), "promise", _promises(visit, text)),
            )
        ),
    ]
    if visit.may("explore.read"):
        themes = _small(visit, "themes", text, ("name", "words"))
        address = lambda row: reverse("understand:theme", args=[visit.company.slug, row["theme"]])  # noqa: E731
        found += [_kind(_("Themes"), themes, len(themes), address, ""), _comments(visit, text)]
    if visit.may("records.read"):
        found += [_customers(visit, text, "accounts", _("Accounts")), _customers(visit, text, "people", _("Customers"))]
    return found


def _small(visit: Visit, table: str, text: str, columns: Sequence[str]) -> list[Row]:
    sought = text.casefold()
    return [row for row in visit.reader.small(table) if any(sought in str(row[name] or "").casefold() for name in columns)]


def _promises(visit: Visit, text: str) -> list[Row]:
    return [row for row in _small(visit, "promises", text, ("name", "text")) if (row["segment"] or "all") == "all"]


def _kind(label: str, rows: Sequence[Row], count: int, address: Callable[[Row], str], beside: str) -> dict[str, Any]:
    told = [{"name": row["name"], "beside": row.get(beside) if beside else "", "address": address(row)} for row in rows[:SHOWN]]
    return {"label": label, "count": count, "rows": told}


def _customers(visit: Visit, text: str, table: str, label: str) -> dict[str, Any]:
    """Accounts or people by name; for a group lead those the own group had to do with."""
    own = "account" if table == "accounts" else "person"
    where = "contains(lower(coalesce(c.name, '') || ' ' || coalesce(c.{other}, '')), lower(?))".format(
        other="domain" if table == "accounts" else "email"
    )
    values: list[Any] = [text]
    if visit.reach("records.read") != "company":
        groups = sorted(visit.own_groups)
        where += f' AND c.{own} IN (SELECT {own} FROM {{timeline}} WHERE "group" IN ({", ".join("?" * len(groups)) or "NULL"}))'
        values += groups
    tables = (table, "timeline")
    total = visit.reader.select(f"SELECT count(*) AS n FROM {{{table}}} c WHERE {where}", tables, values)[0]["n"]
    sql = f"SELECT c.* FROM {{{table}}} c WHERE {where} ORDER BY c.name NULLS LAST, c.{own} LIMIT {SHOWN}"
    rows = visit.reader.select(sql, tables, values)
    route = "understand:account" if table == "accounts" else "understand:customer"
    told = [{**row, "name": row["name"] or row[own]} for row in rows]
    return _kind(
        label,
        told,
        int(total),
        lambda row: reverse(route, args=[visit.company.slug, row[own]]),
        "city" if table == "accounts" else "role",
    )


def _comments(visit: Visit, text: str) -> dict[str, Any]:
    """Comments in which the words stand: masked, and without who said them."""
    rows: list[dict[str, Any]] = []
    count = 0
    for table in ("responses", "interactions"):
        where = [Where("text", "contains", text)]
        count += visit.reader.count(table, where)
        for row in visit.reader.rows(table, where, ("-at",), limit=SHOWN, columns=("text",)):
            rows.append({"name": _excerpt(mask(row["text"]), text), "beside": "", "address": ""})
    return {"label": _("Comments"), "count": count, "rows": rows[:SHOWN], "said": True}


def _excerpt(said: str, text: str) -> str:
    """The part of a comment around the words sought."""
    line = " ".join(said.split())
    at = max(0, line.casefold().find(text.casefold()))
    first, last = max(0, at - AROUND), at + len(text) + AROUND
    return ("…" if first else "") + line[first:last] + ("…" if last < len(line) else "")
