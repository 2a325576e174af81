"""Who is who, as people decide it: the queue of doubtful pairs side by side, and decisions with undo wherever a join is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from vitalfew.edits import key_of
from vitalfew.engine.reader import Row, Where
from vitalfew.listen.masking import mask
from vitalfew.settings import record_of
from vitalfew.vocabulary import ABOUT_PEOPLE
from vitalfew.web.authoring.changes import Change, Conflict, Entry, entries, entry, normal, save, undo
from vitalfew.web.authoring.overlay import new_faults, standing
from vitalfew.web.authoring.sections import SECTIONS, effect
from vitalfew.web.listen.masked import sees_names, shape
from vitalfew.web.shell import exporting
from vitalfew.web.shell.access import Visit, page
from vitalfew.web.shell.exporting import Column
from vitalfew.web.shell.filters import Filters, bar

LINK = "link"
DECISIONS = ("same", "different")
LABELS = {
    "name": gettext_lazy("Name"),
    "email": gettext_lazy("E-mail address"),
    "phone": gettext_lazy("Phone"),
    "handle": gettext_lazy("Handle"),
    "born": gettext_lazy("Date of birth"),
    "street": gettext_lazy("Street"),
    "postcode": gettext_lazy("Postcode"),
    "city": gettext_lazy("City"),
    "national_id": gettext_lazy("National id"),
    "role": gettext_lazy("Role"),
    "company": gettext_lazy("Company"),
    "domain": gettext_lazy("Internet domain"),
    "account": gettext_lazy("Account"),
}
_EVENTS = 3
_LISTED = 50


@dataclass(frozen=True)
class Decided:
    """A decision in force. `counted` says whether the current run was made with it."""

    key: str
    left: str
    right: str
    decision: str
    reason: str
    who: str
    at: datetime | None
    counted: bool
    company: bool = False
    """Whether it is about two companies, and not two people."""


def decisions(visit: Visit) -> dict[tuple[str, str], Decided]:
    """Every decision in force, by its pair; none for those who may not decide."""
    if not may_decide(visit):
        return {}
    made_from = (visit.run.made_from() if visit.run else None) or {}
    run = {(each["left"], each["right"], each["decision"]) for each in made_from.get("settings", {}).get(LINK, ())}
    tables = _tables(visit)
    found = {}
    for each in entries(visit.company, standing(visit.company), LINK):
        if each.values is not None:
            told = _told(each, each.values, run, tables)
            found[told.left, told.right] = told
    return found


def _tables(visit: Visit) -> dict[str, str]:
    return {source.name: source.table for source in visit.settings.source}


def _told(found: Entry, values: Mapping[str, Any], run: set[tuple[str, str, str]], tables: Mapping[str, str]) -> Decided:
    written = found.version if found.version is not None and found.version.kind == "values" else None
    left, right, decision = values["left"], values["right"], values["decision"]
    who, at = (written.author, written.at) if written else ("", None)
    counted, company = (left, right, decision) in run, _kind(left, tables) == "company"
    return Decided(found.key, left, right, decision, values.get("reason", ""), who, at, counted, company)


def may_decide(visit: Visit) -> bool:
    """Whether the visitor may say who is who."""
    return visit.reach("identity.decide") == "company"


def with_decisions(visit: Visit, rows: Iterable[Row]) -> list[Row]:
    """Rows of `links` with what the visitor may say of each: `decided`, and the decision a button makes, `offer`."""
    known = decisions(visit)
    tables = _tables(visit)
    found = []
    for row in rows:
        offer = ""
        kind = _kind(row["left"], tables)
        if may_decide(visit) and kind and kind == _kind(row["right"], tables):
            offer = "different" if row["decision"] == "joined" else "same"
        decided = known.get((row["left"], row["right"]))
        told = {"decided": decided, "offer": "" if decided else offer, "company": kind == "company"}
        found.append({**row, **told, "taken_back": row["by"] == "person" and offer})
    return found


def _kind(record: str, tables: Mapping[str, str]) -> str:
    """What a record is about: person, company, or '' when it is neither."""
    found = record_of(record, tables)
    table = tables[found[0]] if found is not None else ""
    return "company" if table == "accounts" else "person" if table in ABOUT_PEOPLE else ""


# --- deciding -----------------------------------------------------------------------------------------------------------------


@page("identity.decide")
@require_POST
def decide(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Say that two records are one person's or two people's, one company or two, or take that back (`undo`)."""
    given = {side: _record_named(visit, request.POST.get(side, "")) for side in ("left", "right")}
    what, reason = request.POST.get("decision", ""), request.POST.get("reason", "")
    back = _back(request, visit)
    if "\x00" in "".join((*given.values(), reason)) or what not in (*DECISIONS, "undo"):
        messages.error(request, _("This decision cannot be kept."))
        return redirect(back)
    now = standing(visit.company)
    left, right = sorted(given[side].strip() for side in ("left", "right"))
    known = decisions(visit).get((left, right))
    # An entry keeps its key when its records are changed in its form.
    key = known.key if known is not None else key_of(LINK, given)
    found = entry(visit.company, now, LINK, key)
    change = _change(found, key, given, what, reason)
    if change is None:
        messages.error(request, _("This decision cannot be kept."))
        return redirect(back)
    dropped = [(LINK, key)] if change.kind == "file" else []
    faults = new_faults(now, [change.edit] if change.edit else [], dropped)
    for fault in faults:
        messages.error(request, str(fault))
    if faults:
        return redirect(back)
    try:
        version = save(visit.company, visit.user.email, change, effect(visit, SECTIONS[LINK], (None,)))
    except Conflict:
        messages.error(request, _("Somebody changed this since you opened the page. Look at it again first."))
        return redirect(back)
    visit.record(f"items.{version.state}", f"{LINK}:{key}", number=version.number, kind=change.kind)
    said = _said(_kind(left, _tables(visit)) == "company")
    if what == "undo" or not back.startswith(reverse("listen:review", args=[visit.company.slug])):
        messages.success(request, said[what])
    return redirect(back if what == "undo" else f"{back}{'&' if '?' in back else '?'}{urlencode({'decided': key})}")


def _said(company: bool) -> dict[str, str]:
    if company:
        told = {
            "same": _("Same company. It counts from the next run."),
            "different": _("Different companies. It counts from the next run."),
        }
    else:
        told = {
            "same": _("Same person. It counts from the next run."),
            "different": _("Different people. It counts from the next run."),
        }
    return {**told, "undo": _("Taken back. It counts from the next run.")}


def _record_named(visit: Visit, text: str) -> str:
    """A record as it is given, or the record of the one account that has this id or name; the text as it is when there is none."""
    wanted = text.strip()
    if "\x00" in wanted or not wanted or not may_decide(visit):
        return text
    column = "account" if wanted.startswith("account:") else "name"
    rows = visit.reader.rows("accounts", [Where(column, "=", wanted)], limit=2, columns=("source", "key"))
    record = f"{rows[0]['source']}#{rows[0]['key']}" if len(rows) == 1 else ""
    return record if _kind(record, _tables(visit)) == "company" else text


def _change(found: Entry | None, key: str, given: Mapping[str, str], what: str, reason: str) -> Change | None:
    """What is to be saved; None when there is nothing to take back, or the two are no two records."""
    began, file_values = (found.in_force, found.file_values) if found else (0, None)
    if what == "undo":
        return undo(found) if found is not None else None
    try:
        values = normal(LINK, {**given, "decision": what, "reason": reason[:1000]})
    except ValidationError:
        return None
    return Change(LINK, key, "values", values, began, file_values)


def _back(request: HttpRequest, visit: Visit) -> str:
    """Where the button stood: a page of ours, else the review."""
    wanted = request.POST.get("next", "")
    safe = wanted.startswith(f"/c/{visit.company.slug}/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if safe else reverse("listen:review", args=[visit.company.slug])


# --- the queue ----------------------------------------------------------------------------------------------------------------


@page("sources.read")
def review(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The doubtful pair most worth a look that nobody has decided, side by side; `?at=7` begins with the seventh."""
    columns = ("rank", "left", "right", "decision", "rule", "score", "doubt", "records", "answers", "revenue", "worth", "fields")
    if exporting.wanted(visit):
        listed = [_masked(visit, row) for row in visit.reader.rows("review", columns=columns)]
        return exporting.answer(visit, "review", [Column(name, name) for name in columns], listed)
    known = decisions(visit)
    at = request.GET.get("at", "")
    first = int(at) if at.isascii() and at.isdigit() and len(at) < 9 else 1
    rows = visit.reader.rows("review", (), ("rank",), columns=("rank", "left", "right"))
    left = [row["rank"] for row in rows if (row["left"], row["right"]) not in known]
    rank = next((each for each in left if each >= first), None)
    one = next(iter(visit.reader.rows("review", [Where("rank", "=", rank)], limit=1)), None) if rank is not None else None
    context = {
        "row": _masked(visit, one) if one else None,
        "pair": one,
        "sides": _sides(visit, one) if one else (),
        "fields": _fields(visit, one) if one else (),
        "waiting": len(left),
        "skipped": bool(left) and one is None,
        "after": rank + 1 if rank is not None else 1,
        "may": may_decide(visit),
        "masked": not sees_names(visit),
        "just": next((each for each in known.values() if each.key == request.GET.get("decided")), None),
        "decided": sorted(known.values(), key=lambda each: -(each.at.timestamp() if each.at else 0))[:_LISTED],
        "currency": visit.settings.company.currency,
        "zone": visit.settings.company.time_zone,
        "here": reverse("listen:review", args=[visit.company.slug]),
        "bar": bar(visit, Filters.of(request.GET), [], {}),
    }
    return render(request, "listen/review.html", context)


def _masked(visit: Visit, row: Row) -> Row:
    return dict(row) if sees_names(visit) else {**row, "left": mask(row["left"]), "right": mask(row["right"])}


def _fields(visit: Visit, row: Row) -> list[dict[str, str]]:
    """What both records say, field by field: `state` is same, other or '' where one side says nothing."""
    left, right = (json.loads(row[f"{side}_says"] or "{}") for side in ("left", "right"))
    states: dict[str, str] = {}
    for part in (row["fields"] or "").split("; "):
        how, _mark, listed = part.partition(": ")
        states |= dict.fromkeys(listed.split(", "), how)
    accounts = {
        each["account"]: each["name"] or each["account"]
        for each in visit.reader.rows(
            "accounts", [Where("account", "in", [each["account"] for each in (left, right) if "account" in each])]
        )
    }
    found = []
    for name, label in LABELS.items():
        values = [accounts.get(each.get(name), each.get(name, "")) for each in (left, right)]
        if any(values):
            shown = values if sees_names(visit) else [shape(each) for each in values]
            found.append({"label": str(label), "left": shown[0], "right": shown[1], "state": states.get(name, "")})
    return found


def _sides(visit: Visit, row: Row) -> list[dict[str, Any]]:
    """Both records: whose they are now, and what they are about."""
    sources = [source.name for source in visit.settings.source]
    found = []
    for side in ("left", "right"):
        record = record_of(row[side], sources)
        told: dict[str, Any] = {"record": row[side] if sees_names(visit) else mask(row[side]), "person": None, "events": ()}
        if record is not None:
            mine = [Where("source", "=", record[0]), Where("key", "=", record[1])]
            whose = next(iter(visit.reader.rows("identities", mine, limit=1)), None)
            if whose is not None and whose["person"]:
                told["person"] = next(iter(visit.reader.rows("people", [Where("person", "=", whose["person"])], limit=1)), None)
            if sees_names(visit):
                events = visit.reader.rows("timeline", mine, ("-at",), _EVENTS, 0, ("at", "kind", "text", "value"))
                told["events"] = [{**each, "text": mask(each["text"] or "")} for each in events]
        found.append(told)
    return found


def of_person(visit: Visit, person: str) -> dict[str, Any]:
    """Which records are joined in a person and why, for the customer's page; empty for those who may not decide."""
    if not may_decide(visit):
        return {}
    sql = """SELECT l.* FROM {links} l WHERE l.decision = 'joined' AND l."left" IN
      (SELECT i.source || '#' || i."key" FROM {identities} i WHERE i.person = ?) ORDER BY l.score, l."left", l."right" LIMIT ?"""
    rows = visit.reader.select(sql, ("links", "identities"), [person, _LISTED])
    return {
        "joins": with_decisions(visit, rows),
        "records": visit.reader.counts("identities", ("source", "rule"), [Where("person", "=", person)]),
        "changes": visit.reader.rows("person_changes", [Where("person", "=", person)], limit=_LISTED),
    }


def of_account(visit: Visit, account: str) -> dict[str, Any]:
    """Which records of companies are joined in an account and why, and what it can be said to be one with; empty for those who
    may not decide."""
    if not may_decide(visit):
        return {}
    mine = [Where("account", "=", account), Where("table", "=", "accounts")]
    records = visit.reader.rows("identities", mine, ("source", "key"), _LISTED, columns=("source", "key", "name", "rule"))
    sql = """SELECT l.* FROM {links} l WHERE (l.decision = 'joined' OR l."by" = 'person') AND EXISTS (SELECT 1 FROM {identities} i
      WHERE i.account = ? AND i."table" = 'accounts' AND i.source || '#' || i."key" IN (l."left", l."right"))
      ORDER BY l.score, l."left", l."right" LIMIT ?"""
    rows = visit.reader.select(sql, ("links", "identities"), [account, _LISTED])
    joins = with_decisions(visit, rows)
    shown = {(row["left"], row["right"]) for row in joins}
    own = {f"{each['source']}#{each['key']}" for each in records}
    # Decisions since the last run stand in no table of it yet.
    waiting = [each for pair, each in decisions(visit).items() if each.company and own & set(pair) and pair not in shown]
    return {"records": records, "joins": joins, "waiting": waiting, "record": min(own) if own else ""}
