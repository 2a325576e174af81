"""What people wrote: overview, lists, one entry with its history and what is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vitalfew.engine.expressions import check as check_expression
from vitalfew.engine.reader import Where
from vitalfew.vocabulary import NOT_ASSIGNED, TABLES, readable
from vitalfew.web.authoring import queries
from vitalfew.web.authoring.changes import Entry, entries, entry
from vitalfew.web.authoring.merging import changed
from vitalfew.web.authoring.models import Item, Remark, Version
from vitalfew.web.authoring.overlay import standing
from vitalfew.web.authoring.sections import SECTIONS, Section, group_of, issue_groups, may_decide, may_enter, may_read
from vitalfew.web.authoring.signals import item_changed
from vitalfew.web.shell.access import Visit, page

LONGEST_REMARK = 5_000


def section_of(name: str) -> Section:
    """The section called `name`. Raises Http404 for none."""
    if name not in SECTIONS:
        raise Http404
    return SECTIONS[name]


def owner_group(visit: Visit, found: Entry) -> str | None:
    """The work group an entry belongs to."""
    return group_of(found.section, found.values or found.file_values, visit.settings, issue_groups(visit))


def entry_of(visit: Visit, section: Section, key: str) -> tuple[Entry, str | None]:
    """An entry the visitor may read, and its group. Raises Http404 for none, PermissionDenied for another group's."""
    found = entry(visit.company, standing(visit.company), section.name, key)
    if found is None:
        raise Http404
    group = owner_group(visit, found)
    if found.item is not None and found.version is None and found.file_values is None:
        # Only proposed so far: it belongs to whom its first version says.
        group = found.item.versions.order_by("number").values_list("group", flat=True).first() or None
    if not may_read(visit, section, group):
        raise PermissionDenied
    return found, group


@page("explore.read")
def overview(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Every section with how many entries it has, and what waits for a decision."""
    now = standing(visit.company)
    issues = issue_groups(visit)
    listed = []
    for section in SECTIONS.values():
        if (section.confidential and not visit.may("items.write")) or not may_enter(visit, section):
            continue
        found = [
            each
            for each in entries(visit.company, now, section.name)
            if each.values is not None and may_read(visit, section, group_of(section.name, each.values, visit.settings, issues))
        ]
        listed.append({"section": section, "count": len(found)})
    waiting = [each for each in queries.pending(visit.company) if may_see(visit, each)]
    return render(
        request,
        "authoring/overview.html",
        {"sections": listed, "waiting": len(waiting), "unfit": now.unfit, "may_files": visit.may("items.write")},
    )


def may_see(visit: Visit, version: Version) -> bool:
    """Whether the visitor may read a version, by the group it was written for."""
    section = SECTIONS[version.item.section]
    return may_read(visit, section, version.group or None)


@page("explore.read")
def listing(request: HttpRequest, visit: Visit, section: str) -> HttpResponse:
    """The entries of one section."""
    shape = section_of(section)
    if (shape.confidential and not visit.may("items.write")) or not may_enter(visit, shape):
        raise PermissionDenied
    if shape.single:
        return redirect("authoring:item", visit.company.slug, section, section)
    now = standing(visit.company)
    issues = issue_groups(visit)
    rows = []
    for each in entries(visit.company, now, section):
        if each.values is None and not each.waiting:
            continue
        group = group_of(section, each.values, visit.settings, issues)
        if not may_read(visit, shape, group):
            continue
        rows.append({"entry": each, "group": group})
    removed = [each for each in entries(visit.company, now, section) if each.values is None and each.in_force]
    context = {
        "may_write": visit.may("items.write"),
        "section": shape,
        "rows": rows,
        "removed": removed if visit.may("items.write") else [],
    }
    return render(request, "authoring/listing.html", context)


@dataclass(frozen=True)
class Told:
    """One version in the history: what it changed against what its author began from, and what the visitor may do with it."""

    version: Version
    changes: Sequence[tuple[str, str, Any, Any]]
    before_deleted: bool
    decide: bool
    mine: bool


@page("explore.read")
def item(request: HttpRequest, visit: Visit, section: str, key: str) -> HttpResponse:
    """One entry: what it says now, what waits, its history, what is said about it."""
    shape = section_of(section)
    found, group = entry_of(visit, shape, key)
    history = _history(visit, shape, found, group)
    remarks = list(found.item.remarks.all()) if found.item else []
    context = {
        "section": shape,
        "entry": found,
        "group": group,
        "history": [each for each in history if each.version.state != "proposed"],
        "waiting": [each for each in history if each.version.state == "proposed"],
        "remarks": remarks,
        "may_write": visit.may("items.write", group),
        "fields": changed({}, found.values),
        "zone": visit.settings.company.time_zone,
    }
    return render(request, "authoring/item.html", context)


def _history(visit: Visit, section: Section, found: Entry, group: str | None) -> list[Told]:
    if found.item is None:
        return []
    versions = list(found.item.versions.order_by("-number"))
    by_number = {each.number: each for each in versions}
    told = []
    for each in versions:
        mine = each.author == visit.user.email
        if each.state == "draft" and not mine:
            continue
        base = by_number.get(each.based_on)
        before = each.file_values if base is None or base.kind == "file" else base.values
        after = each.file_values if each.kind == "file" else each.values
        decide = each.state == "proposed" and may_decide(
            visit, section, (group, each.group or None) if group else (each.group or None,)
        )
        told.append(Told(each, changed(before, after), before is None, decide, mine))
    return told


@page("explore.read")
@require_POST
def remark(request: HttpRequest, visit: Visit, section: str, key: str) -> HttpResponse:
    """Say something about an entry."""
    shape = section_of(section)
    entry_of(visit, shape, key)
    text = _remark_text(request)
    if text:
        target, _made = Item.objects.get_or_create(company=visit.company, section=section, key=key)
        Remark.objects.create(item=target, author=visit.user.email, text=text)
        visit.record("items.remark", f"{section}:{key}")
        item_changed.send_robust(sender=Item, company=visit.company, item=target, version=None, action="remarked")
    return redirect("authoring:item", visit.company.slug, section, key)


def _remark_text(request: HttpRequest) -> str:
    """What was typed, '' with a message when it cannot be kept."""
    text = str(request.POST.get("text", "")).strip().replace("\r\n", "\n")
    if not text:
        messages.error(request, _("Write something first."))
    elif len(text) > LONGEST_REMARK or "\x00" in text:
        messages.error(request, _("This is too long, or holds a character that cannot be stored."))
        return ""
    return text


@page("group.read")
def issue(request: HttpRequest, visit: Visit, issue: str) -> HttpResponse:
    """What a group says against an issue laid on it, and the place to say it."""
    rows = visit.reader.rows("issues", [Where("issue", "=", issue)], limit=1) if "\x00" not in issue else []
    if not rows:
        raise Http404
    row = rows[0]
    group = row["group"]
    visit.need("group.read", None if group == NOT_ASSIGNED else group)
    if request.method == "POST":
        visit.need("items.write", group)
        text = _remark_text(request)
        if text:
            target, _made = Item.objects.get_or_create(company=visit.company, section=queries.ISSUE, key=issue[:200])
            Remark.objects.create(item=target, author=visit.user.email, text=text, kind="contest")
            visit.record("items.contest", issue)
            item_changed.send_robust(sender=Item, company=visit.company, item=target, version=None, action="contested")
            messages.success(request, _("Your objection stands beside the issue now."))
        return redirect("authoring:issue", visit.company.slug, issue)
    context = {
        "row": row,
        "remarks": queries.contests(visit.company, issue),
        "may_contest": visit.may("items.write", group),
        "currency": visit.settings.company.currency,
        "zone": visit.settings.company.time_zone,
    }
    return render(request, "authoring/issue.html", context)


@page("items.write")
def check(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Judge an expression while it is typed: a fragment of a page."""
    name, table = request.GET.get("field", ""), request.GET.get("table", "")
    text = request.GET.get(name, "")
    told = {"fault": "", "columns": "", "empty": not text.strip()}
    if table not in readable():
        told["fault"] = _("Choose a table first.")
    elif text.strip():
        told["columns"] = ", ".join(TABLES[table].names)
        try:
            check_expression(text, TABLES[table].names)
        except ValueError as error:
            told["fault"] = str(error)
    return render(request, "authoring/checked.html", told)
