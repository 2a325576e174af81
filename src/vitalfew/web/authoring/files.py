"""The pages of import and export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vitalfew.edits import SECTIONS
from vitalfew.faults import Refused
from vitalfew.web.authoring import sections
from vitalfew.web.authoring.changes import Change, Conflict, Entry, entries, save
from vitalfew.web.authoring.exchange import LARGEST, Planned, parsed, planned, written
from vitalfew.web.authoring.overlay import standing
from vitalfew.web.authoring.sections import effect, group_of, issue_groups, may_read
from vitalfew.web.shell.access import Visit, page

SALT = "authoring.import"


def _readable(visit: Visit) -> list[Entry]:
    """Every entry the visitor may read, deleted ones included."""
    now, issues = standing(visit.company), issue_groups(visit)
    return [
        each
        for section in SECTIONS
        for each in entries(visit.company, now, section)
        if may_read(visit, sections.SECTIONS[section], group_of(section, each.values or each.file_values, visit.settings, issues))
    ]


@page("items.write")
def export(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What was written in the application as a TOML file; with `?all=1` everything in force, company.toml included."""
    everything = request.GET.get("all") == "1"
    found = [
        each
        for each in _readable(visit)
        if (each.values is not None if everything else each.version is not None and each.version.kind != "file")
    ]
    visit.record("items.export", "", entries=len(found))
    answer = HttpResponse(written(found), content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{visit.company.slug}-written.toml"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@page("items.write")
def import_(request: HttpRequest, visit: Visit) -> HttpResponse:
    """A file, then what it would change, then the changes."""
    if request.method != "POST":
        return render(request, "authoring/import.html", {"largest": LARGEST >> 20})
    kept = request.POST.get("kept", "")
    try:
        content = _kept(kept) if kept else _uploaded(request)
        current = {(each.section, each.key): each for each in _all(visit)}
        plans, left = planned(parsed(content), standing(visit.company), current)
    except Refused as refused:
        context = {"faults": refused.faults, "largest": LARGEST >> 20}
        return render(request, "authoring/import.html", context, status=422)
    issues = issue_groups(visit)
    changes = [_change(visit, each, current.get((each.section, each.key)), issues) for each in plans]
    if kept and "apply" in request.POST:
        return _apply(request, visit, changes)
    context = {
        "plans": plans,
        "left": left,
        "kept": signing.dumps(content.decode("utf-8-sig"), salt=SALT, compress=True),
        "may_approve": visit.may("items.approve"),
        "dry": True,
        "largest": LARGEST >> 20,
    }
    return render(request, "authoring/import.html", context)


def _uploaded(request: HttpRequest) -> bytes:
    file: Any = request.FILES.get("file")
    return file.read(LARGEST + 1) if file is not None else b""


def _kept(text: str) -> bytes:
    try:
        return str(signing.loads(text, salt=SALT)).encode()
    except signing.BadSignature:
        raise SuspiciousOperation("the file is not the one that was looked at") from None


def _all(visit: Visit) -> list[Entry]:
    now = standing(visit.company)
    return [each for section in SECTIONS for each in entries(visit.company, now, section)]


def _change(visit: Visit, plan: Planned, found: Entry | None, issues: Mapping[str, str]) -> tuple[Change, str]:
    """The change a planned entry is, and the effect the visitor's rights give it. Raises PermissionDenied for another group's."""
    shape = sections.SECTIONS[plan.section]
    before = group_of(plan.section, found.values, visit.settings, issues) if found else None
    after = group_of(plan.section, plan.values, visit.settings, issues) if plan.values is not None else before
    groups = (before, after) if found is not None and found.values is not None else (after,)
    far = effect(visit, shape, groups)
    kind = "values" if plan.values is not None else "deleted"
    began, file_values = (found.in_force, found.file_values) if found else (0, None)
    change = Change(plan.section, plan.key, kind, plan.values, began, file_values, _("imported"), after or "")
    return change, far


def _apply(request: HttpRequest, visit: Visit, changes: list[tuple[Change, str]]) -> HttpResponse:
    at_once = request.POST.get("apply") == "approve"
    try:
        with transaction.atomic():
            for change, far in changes:
                state = far if at_once else "proposed"
                version = save(visit.company, visit.user.email, change, state)
                visit.record(f"items.{state}", f"{change.section}:{change.key}", number=version.number, kind="import")
    except Conflict:
        messages.error(request, _("Somebody changed one of these entries meanwhile. Import the file again; nothing was changed."))
        return redirect("authoring:import", visit.company.slug)
    count = len(changes)
    messages.success(request, ngettext("%(n)s entry imported.", "%(n)s entries imported.", count) % {"n": count})
    return redirect("authoring:overview", visit.company.slug)
