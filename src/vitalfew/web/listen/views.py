"""What was read: sources, refused records, who was joined with whom, and what could not be computed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from vitalfew.engine.reader import Where
from vitalfew.listen.masking import mask
from vitalfew.web.listen import again, delivered, mending, refused
from vitalfew.web.listen.deciding import with_decisions
from vitalfew.web.listen.masked import sees_names, shape
from vitalfew.web.listen.receivers import receivers
from vitalfew.web.shell import exporting
from vitalfew.web.shell.access import Visit, page
from vitalfew.web.shell.exporting import Column
from vitalfew.web.shell.filters import Filters, bar
from vitalfew.web.shell.paging import paging


def _bar(visit: Visit, **kept: str) -> dict[str, Any]:
    """Addresses of the files; the filters of figures do not narrow what was read."""
    filters = Filters.of(visit.request.GET)
    ignored = [name for name in ("period", "segment", "account", "group", "channel") if getattr(filters, name)]
    return bar(visit, filters, ignored, kept)


def _columns(*names: str) -> list[Column]:
    return [Column(name, name) for name in names]


@page("sources.read")
def sources(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """What each source gave, how that stands against the run before, and what was odd about it."""
    rows = delivered.sources(visit)
    if exporting.wanted(visit):
        names = ("source", "table", "path", "rows_read", "rows_loaded", "rows_quarantined", "mended", "rows_before")
        return exporting.answer(visit, "sources", _columns(*names, "encoding", "sha256", "read_to"), rows)
    remarks = visit.reader.rows("remarks", limit=500)
    shown = [
        {
            **row,
            "value": row["value"] if sees_names(visit) else shape(row["value"] or ""),
            # Most remarks say their number themselves.
            "number": row["n"] if row["n"] and str(row["n"]) not in row["remark"] else None,
        }
        for row in remarks
    ]
    taking = {each.name: (key, each.added) for key, each in receivers(visit).items()} if visit.may("sources.write") else {}
    for row in rows:
        row["remarks"] = [each for each in shown if each["source"] == row["source"]]
        row["key"], row["added"] = taking.get(row["source"], ("", False))
    context = {
        "rows": rows,
        "total": {name: sum(row[name] or 0 for row in rows) for name in ("rows_read", "rows_loaded", "rows_quarantined")},
        "less": visit.reader.small("deliveries"),
        "made_at": visit.workspace.made_at().get(visit.run.id) if visit.run else None,
        "zone": visit.settings.company.time_zone,
        "incremental": any(row["read_to"] for row in rows),
        "may_add": visit.may("sources.write"),
        "bar": _bar(visit),
        **again.context(visit),
    }
    return render(request, "listen/sources.html", context)


@page("sources.read")
def quarantine(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Refused records: their kinds, each with line, column, value and reason, the rules that mend them, and what became of them."""
    kept = refused.chosen(visit)
    where = refused.conditions(kept)
    columns = ("source", "path", "line", "column", "value", "reason")
    named = sees_names(visit)

    def told(rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        if named:
            return rows
        # A reason may repeat a part of the value.
        return ({**row, "value": shape(row["value"]), "reason": mask(row["reason"] or "")} for row in rows)

    if exporting.wanted(visit):
        rows = exporting.chunks(lambda limit, offset: visit.reader.rows("quarantine", where, (), limit, offset, columns))
        return exporting.answer(visit, "quarantine", _columns(*columns), told(rows), **kept)
    pages = paging(visit, visit.reader.count("quarantine", where))
    listed = visit.reader.rows("quarantine", where, (), pages.size, pages.offset, columns)
    kinds = refused.kinds(visit, kept)
    by_value = refused.values(visit, kept) if named and kept.get("source") and kept.get("column") else []
    made = {
        "rows": list(told(listed)),
        "kinds": kinds,
        "all_kinds": kinds[0]["kinds"] if kinds else 0,
        "values": by_value,
        "all_values": by_value[0]["kinds"] if by_value else 0,
        "paging": pages,
        "chosen": kept,
        "rules": mending.rules(visit, kept.get("source", "")),
        "taken_back": mending.taken_back(visit),
        "may_mend": mending.may_mend(visit),
        "zone": visit.settings.company.time_zone,
        "masked": not named,
        **again.context(visit, kept.get("source", "")),
    }
    return render(request, "listen/quarantine.html", {**made, "bar": _bar(visit, **kept)})


@page("sources.read")
def links(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Pairs of records that were joined or kept apart, with what they share."""
    kept = {name: request.GET.get(name, "")[:200] for name in ("rule", "decision")}
    where = [Where(name, "=", value) for name, value in kept.items() if value]
    columns = ("left", "right", "score", "rule", "decision", "by", "value", "fields")

    def told(rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        if sees_names(visit):
            return rows
        # Keys of records are numbers of other systems; where a source uses an address or phone as key, it is masked.
        return ({**row, "left": mask(row["left"]), "right": mask(row["right"]), "value": shape(row["value"])} for row in rows)

    if exporting.wanted(visit):
        rows = exporting.chunks(lambda limit, offset: visit.reader.rows("links", where, (), limit, offset, columns))
        return exporting.answer(visit, "links", _columns(*columns), told(rows), **kept)
    pages = paging(visit, visit.reader.count("links", where))
    listed = visit.reader.rows("links", where, (), pages.size, pages.offset, columns)
    counts = visit.reader.counts("links", ("decision", "rule"))
    made = {"rows": with_decisions(visit, told(listed)), "counts": counts[:60], "paging": pages, "chosen": kept}
    made |= {"zone": visit.settings.company.time_zone, "here": request.get_full_path()}
    return render(request, "listen/links.html", {**made, "masked": not sees_names(visit), "bar": _bar(visit, **kept)})


@page("explore.read")
def not_computed(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """What could not be computed, why, and the data that would allow it."""
    rows = list(visit.reader.small("not_computed"))
    if exporting.wanted(visit):
        return exporting.answer(visit, "not-computed", _columns("stage", "figure", "reason", "data"), rows)
    return render(request, "listen/not_computed.html", {"rows": rows, "bar": _bar(visit)})
