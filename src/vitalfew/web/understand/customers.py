"""Customers: the list, and one customer with everything that happened. For those who may read single records.

A group lead sees the customers the own group had to do with, and of their timelines what the own group did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vitalfew.engine.reader import Row, Where
from vitalfew.listen.masking import mask
from vitalfew.web.listen.deciding import of_account, of_person
from vitalfew.web.shell import exporting
from vitalfew.web.shell.access import Visit, page
from vitalfew.web.shell.exporting import Column
from vitalfew.web.shell.filters import Filters, bar, chosen
from vitalfew.web.shell.paging import paging
from vitalfew.web.understand import consenting

KINDS = {
    "interaction": gettext_lazy("Contacts and behaviour"),
    "answer": gettext_lazy("Answers"),
    "order": gettext_lazy("Orders"),
    "delivery": gettext_lazy("Deliveries"),
    "contract": gettext_lazy("Contracts"),
    "deal": gettext_lazy("Deals"),
}
"""The kinds of events on a timeline, as pages name them."""
_ONE = {
    "interaction": gettext_lazy("Contact"),
    "answer": gettext_lazy("Answer"),
    "order": gettext_lazy("Order"),
    "delivery": gettext_lazy("Delivery"),
    "contract": gettext_lazy("Contract"),
    "deal": gettext_lazy("Deal"),
}
_MOST_DAUGHTERS = 100
SORTS = ("name", "revenue", "cost_to_serve", "profit", "risk", "score", "expected_value")
_TABLES = ("customers", "accounts", "people", "identities", "segments", "timeline")
# Each condition has one place; {order} is one of SORTS, quoted by us.
_BY_NAME = "contains(lower(coalesce(c.name, '') || ' ' || c.id), lower(?))"
_BY_ACCOUNT = "(c.id = ? OR c.id IN (SELECT person FROM {people} WHERE account = ?))"
_BY_CUT = """c.id IN (SELECT coalesce(i.account, i.person) FROM {segments} s
  JOIN {identities} i ON s.source = i.source AND s."key" = i."key"
  WHERE s."table" IN ('accounts', 'people') AND s.segment = ? AND s."value" = ?
  UNION SELECT i.person FROM {segments} s JOIN {identities} i ON s.source = i.source AND s."key" = i."key"
  WHERE s."table" = 'people' AND s.segment = ? AND s."value" = ?)"""
_BY_GROUPS = """c.id IN (SELECT account FROM {timeline} WHERE "group" IN (PLACES)
  UNION SELECT person FROM {timeline} WHERE "group" IN (PLACES))"""


def _within(visit: Visit) -> tuple[str, ...] | None:
    """The work groups whose records the visitor may read; None for all."""
    return None if visit.reach("records.read") == "company" else tuple(sorted(visit.own_groups))


def _conditions(visit: Visit, filters: Filters, text: str) -> tuple[str, list[Any]]:
    parts, values = ["true"], []
    if text:
        parts.append(_BY_NAME)
        values.append(text)
    if filters.account:
        parts.append(_BY_ACCOUNT)
        values += [filters.account] * 2
    if filters.cut:
        parts.append(_BY_CUT)
        values += [*filters.cut, *filters.cut]
    within = _within(visit)
    if within is not None:
        parts.append(_BY_GROUPS.replace("PLACES", ", ".join("?" * len(within)) or "NULL"))
        values += [*within, *within]
    return " AND ".join(parts), values


def _listed(visit: Visit, where: str, values: Sequence[Any], sort: str, limit: int, offset: int) -> list[Row]:
    column, down = sort.removeprefix("-"), sort.startswith("-")
    order = f'c."{column}" {"DESC" if down else "ASC"} NULLS LAST, c.id'
    sql = f"SELECT c.* FROM {{customers}} c WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
    return visit.reader.select(sql, _TABLES, [*values, limit, offset])


@page("records.read")
def customers(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The customers with what they bring, cost and risk."""
    filters = chosen(visit)
    text = request.GET.get("q", "").strip()[:200]
    sort = request.GET.get("sort", "-revenue")
    sort = sort if sort.removeprefix("-") in SORTS else "-revenue"
    where, values = _conditions(visit, filters, text)
    ignored = [name for name in ("period", "group", "channel") if getattr(filters, name)]
    if exporting.wanted(visit):
        names = ("id", "kind", "name", "revenue", "revenue_before", "orders", "cost_to_serve", "profit", "expected_value", "risk",
                 "score", "note")  # fmt: skip
        rows = exporting.chunks(lambda limit, offset: _listed(visit, where, values, sort, limit, offset))
        return exporting.answer(visit, "customers", [Column(name, name) for name in names], rows, searched=bool(text))
    total = int(visit.reader.select(f"SELECT count(*) AS n FROM {{customers}} c WHERE {where}", _TABLES, values)[0]["n"])
    pages = paging(visit, total)
    kept = {"q": text, "sort": sort if sort != "-revenue" else ""}
    made = {
        "rows": _listed(visit, where, values, sort, pages.size, pages.offset),
        "paging": pages,
        "q": text,
        "heads": [_head(visit, filters, name, sort, text) for name in SORTS],
        "currency": visit.settings.company.currency,
        "bar": bar(visit, filters, ignored, kept),
    }
    return render(request, "understand/customers.html", made)


def _head(visit: Visit, filters: Filters, name: str, sort: str, text: str) -> dict[str, str]:
    """A heading that sorts: numbers largest first, a second time the other way round."""
    labels = {"name": _("Customer"), "revenue": _("Revenue"), "cost_to_serve": _("Cost to serve"), "profit": _("Profit"),
              "risk": _("Risk of leaving"), "score": _("Latest score"), "expected_value": _("Expected next year")}  # fmt: skip
    first, second = (name, f"-{name}") if name == "name" else (f"-{name}", name)
    state = "ascending" if sort == name else "descending" if sort == f"-{name}" else "none"
    wanted = second if sort == first else first
    return {
        "name": name,
        "label": labels[name],
        "state": state,
        "address": visit.request.path + filters.query({"q": text, "sort": wanted}),
    }


@page("records.read")
def customer(request: HttpRequest, visit: Visit, customer: str) -> HttpResponseBase:
    """One person with the timeline."""
    if visit.reader.count("accounts", [Where("account", "=", customer)]):
        return redirect("understand:account", visit.company.slug, customer)
    person = next(iter(visit.reader.rows("people", [Where("person", "=", customer)], limit=1)), None)
    if person is None:
        # An id that ended in this run: its records are another person's.
        ended = [Where("of", "=", customer), Where("change", "=", "joined")]
        into = next(iter(visit.reader.rows("person_changes", ended, ("-records",), 1)), None)
        if into is None:
            raise Http404
        return redirect("understand:customer", visit.company.slug, into["person"])
    of = visit.reader.rows("accounts", [Where("account", "=", person["account"])], limit=1) if person["account"] else []
    told = {"person": person, "name": person["name"] or customer, "account_name": of[0]["name"] if of else None}
    told["consent"] = consenting.of_person(visit, person)
    return _one(request, visit, "person", customer, told)


@page("records.read")
def account(request: HttpRequest, visit: Visit, account: str) -> HttpResponseBase:
    """One account with its people and the timeline."""
    found = next(iter(visit.reader.rows("accounts", [Where("account", "=", account)], limit=1)), None)
    if found is None:
        raise Http404
    above = [Where("account", "=", found["parent"])] if found["parent"] else []
    told = {
        "account": found,
        "name": found["name"] or account,
        "parent": next(iter(visit.reader.rows("accounts", above, limit=1)), None) if above else None,
        "daughters": visit.reader.rows("accounts", [Where("parent", "=", account)], ("name",), _MOST_DAUGHTERS),
    }
    return _one(request, visit, "account", account, told)


def _one(request: HttpRequest, visit: Visit, column: str, value: str, told: dict[str, Any]) -> HttpResponseBase:
    filters = chosen(visit)
    mine = [Where(column, "=", value)]
    within = _within(visit)
    if within is not None:
        mine.append(Where("group", "in", within))
        if not visit.reader.count("timeline", mine):
            raise PermissionDenied
    ignored = [name for name in ("segment", "account") if getattr(filters, name)]
    everything = [*mine, *_timeline_filters(filters)]
    kind = request.GET.get("kind", "")
    narrowed = [*everything, Where("kind", "=", kind)] if kind in KINDS else everything
    columns = ("at", "kind", "stage", "touchpoint", "channel", "device", "group", "text", "value", "person", "source", "key")
    if exporting.wanted(visit):
        rows = exporting.chunks(lambda limit, offset: visit.reader.rows("timeline", narrowed, ("-at",), limit, offset, columns))
        masked = ({**row, "text": mask(row["text"] or "")} for row in rows)
        return exporting.answer(visit, "timeline", [Column(name, name) for name in columns], masked, **{column: value})
    pages = paging(visit, visit.reader.count("timeline", narrowed))
    events = visit.reader.rows("timeline", narrowed, ("-at",), pages.size, pages.offset, columns)
    people = []
    if column == "account":
        people = visit.reader.rows("people", [Where("account", "=", value)], ("name",), limit=200)
        if within is not None:
            met = {row["person"] for row in visit.reader.counts("timeline", ("person",), mine)}
            people = [row for row in people if row["person"] in met]
    figures = next(iter(visit.reader.rows("customers", [Where("id", "=", value)], limit=1)), None)
    made = {
        **told,
        "id": value,
        "figures": figures,
        "people": people,
        "silent": sum(row.get("answers") == 0 for row in people),
        "events": [_event(row, {each["person"]: each["name"] for each in people}) for row in events],
        "paging": pages,
        "currency": visit.settings.company.currency,
        "zone": visit.settings.company.time_zone,
        "of_group": within is not None,
        "joined": of_person(visit, value) if column == "person" else of_account(visit, value),
        "here": request.get_full_path(),
        "kinds": _kinds(visit, filters, everything, kind),
        "bar": bar(visit, filters, ignored, {"kind": kind} if kind in KINDS else {}),
    }
    visit.record("open customer", value)
    return render(request, "understand/customer.html", made)


def _event(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    """One event: its kind in words, and in one line where it happened, on which device and who handled it."""
    around = [row[name] for name in ("stage", "touchpoint", "channel", "device", "group") if row[name]]
    told = {"text": mask(row["text"] or ""), "label": _ONE.get(row["kind"], row["kind"]), "name": names.get(row["person"] or "")}
    return {**row, **told, "around": " · ".join(dict.fromkeys(around))}


def _kinds(visit: Visit, filters: Filters, where: Sequence[Where], chosen_kind: str) -> list[dict[str, Any]]:
    """The kinds of events there are, to choose one of; and all of them first."""
    counted = {row["kind"]: int(row["n"]) for row in visit.reader.counts("timeline", ("kind",), where)}
    made = [
        ("", _("Everything"), sum(counted.values())),
        *((name, str(KINDS[name]), counted[name]) for name in KINDS if name in counted),
    ]
    here = visit.request.path
    return [
        {"label": label, "n": n, "address": here + filters.query({"kind": name}), "current": name == (chosen_kind or "")}
        for name, label, n in made
    ]


def _timeline_filters(filters: Filters) -> list[Where]:
    found = [Where(name, "=", getattr(filters, name)) for name in ("group", "channel") if getattr(filters, name)]
    if filters.period:
        year, _mark, quarter = filters.period.partition("-Q")
        first = datetime(int(year), 3 * int(quarter) - 2 if quarter else 1, 1)
        months = first.month - 1 + (3 if quarter else 12)
        after = datetime(first.year + months // 12, months % 12 + 1, 1)
        found += [Where("at", ">=", first), Where("at", "<", after)]
    return found
