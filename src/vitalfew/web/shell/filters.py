"""The one set of filters that holds across pages, stands in the address and drives every export."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from vitalfew.engine.reader import Where
from vitalfew.web.shell.runkept import PerRun, on_disk

if TYPE_CHECKING:
    from vitalfew.web.shell.access import Reading, Visit

MOST = 200


@dataclass(frozen=True)
class Filters:
    """What a page is narrowed to; empty means everything.

    `period` is a quarter like 2026-Q1, `segment` a cut like `country=FR`, `account` an account's id, `group` a work group,
    `channel` a channel.
    """

    period: str = ""
    segment: str = ""
    account: str = ""
    group: str = ""
    channel: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filters:
        """The filters in an address. What is no filter value (too long, a period that is none) is ignored."""
        found = {each.name: str(given.get(each.name) or "").strip() for each in fields(cls)}
        found = {name: value for name, value in found.items() if value and len(value) <= MOST and "\x00" not in value}
        if not re.fullmatch(r"\d{4}(-Q[1-4])?", found.get("period", "2026")):
            found.pop("period")
        if "segment" in found and not re.fullmatch(r"[^=]+=.+", found["segment"]):
            found.pop("segment")
        return cls(**found)

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    @property
    def cut(self) -> tuple[str, str] | None:
        """The segment's column and value."""
        column, mark, value = self.segment.partition("=")
        return (column, value) if mark else None

    def with_(self, **changed: str) -> Filters:
        """These filters with some set or, by '', cleared."""
        return replace(self, **changed)

    def query(self, more: Mapping[str, str] | None = None) -> str:
        """`?period=...` for an address, with `more` values behind; '' without any."""
        named = {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name)}
        named |= {name: value for name, value in (more or {}).items() if value}
        return f"?{urlencode(named)}" if named else ""


@dataclass(frozen=True)
class Facets:
    """What can be filtered by in one run: the values of each filter, most natural first.

    `segments` are the cuts, column to values; a column with more than fifty values is an identifier rather than a cut.
    """

    periods: tuple[str, ...] = ()
    segments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


_FACETS: PerRun[Facets] = PerRun(8)
_PERIODS = """SELECT DISTINCT year("at") AS y, quarter("at") AS q FROM (
  SELECT "at" FROM {responses} UNION ALL SELECT "at" FROM {interactions} UNION ALL SELECT "at" FROM {orders}
) WHERE "at" IS NOT NULL ORDER BY y DESC, q DESC LIMIT 60"""
_CUTS = """SELECT segment, "value" FROM (
  SELECT segment, "value", count(*) OVER (PARTITION BY segment) AS many FROM (
    SELECT DISTINCT segment, "value" FROM {segments} WHERE segment IS NOT NULL AND "value" IS NOT NULL
  )) WHERE many <= 50 ORDER BY segment, "value" LIMIT 600"""
_COLUMN = """SELECT DISTINCT v FROM (SELECT "{column}" AS v FROM {responses} UNION ALL SELECT "{column}" FROM {interactions}
  UNION ALL SELECT "{column}" FROM {orders}) WHERE v IS NOT NULL AND v <> '' ORDER BY v LIMIT 200"""
_READ = ("responses", "interactions", "orders")


def facets(visit: Reading) -> Facets:
    """What the visitor's run can be filtered by."""

    def told() -> list[Any]:
        reader = visit.reader
        quarters = [(row["y"], row["q"]) for row in reader.select(_PERIODS, _READ)]
        years = list(dict.fromkeys(year for year, _quarter in quarters))
        periods = [f"{year}-Q{quarter}" for year, quarter in quarters] + [str(year) for year in years]
        cuts: dict[str, list[str]] = {}
        for row in reader.select(_CUTS, ("segments",)):
            cuts.setdefault(row["segment"], []).append(row["value"])
        named = {
            name: [row["v"] for row in reader.select(_COLUMN.replace("{column}", name), _READ)] for name in ("group", "channel")
        }
        return [periods, cuts, named]

    def made() -> Facets:
        periods, cuts, named = told() if visit.run is None else on_disk(visit, "facets_1", told)
        groups = dict.fromkeys([*(each.name for each in visit.settings.group), *named["group"]])
        return Facets(
            tuple(periods), {name: tuple(values) for name, values in cuts.items()}, tuple(groups), tuple(named["channel"])
        )

    return _FACETS.of(visit, "facets", made)


def chosen(visit: Visit) -> Filters:
    """The filters in force for the visitor. The account is for those who may read single customers; a name stands for its id."""
    found = Filters.of(visit.request.GET)
    if not found.account:
        return found
    if visit.reach("records.read") != "company":
        return found.with_(account="")
    reader = visit.reader
    if reader.count("accounts", [Where("account", "=", found.account)]):
        return found
    named = reader.rows("accounts", [Where("name", "contains", found.account)], ("name",), limit=1, columns=("account",))
    return found.with_(account=named[0]["account"]) if named else found


def bar(visit: Visit, filters: Filters, ignored: Sequence[str] = (), kept: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What shell/filters.html needs: choices, removable chips, and one sentence for what does not apply to the page.

    `ignored` names the filters the page does not apply; `kept` are other values of the address that a change of filter keeps.
    """
    labels = {
        "period": _("Period"),
        "segment": _("Segment"),
        "account": _("Account"),
        "group": _("Work group"),
        "channel": _("Channel"),
    }
    known = facets(visit)
    chips = []
    for each in fields(filters):
        value = getattr(filters, each.name)
        if value:
            address = visit.request.path + filters.with_(**{each.name: ""}).query(kept)
            told = value.replace("=", ": ") if each.name == "segment" else value
            chips.append({"label": labels[each.name], "value": told, "address": address, "ignored": each.name in ignored})
    without = [labels[name].lower() for name in ignored if getattr(filters, name)]
    note = ""
    if without:
        note = _("Not narrowed by %(filters)s: what is shown here does not know it.") % {"filters": ", ".join(without)}
    return {
        "filters": filters,
        "facets": known,
        "segments": [
            {"name": name, "choices": [{"value": f"{name}={value}", "label": value} for value in values]}
            for name, values in known.segments.items()
        ],
        "chips": chips,
        "note": note,
        "accounts": visit.reach("records.read") == "company",
        "kept": kept or {},
        "chosen": {each.name: getattr(filters, each.name) for each in fields(filters) if getattr(filters, each.name)},
        "clear": visit.request.path + Filters().query(kept),
        "exports": {form: visit.request.path + filters.query({**(kept or {}), "format": form}) for form in ("csv", "xlsx")},
    }
