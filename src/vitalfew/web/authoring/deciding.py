"""Deciding: what waits, one by one or several at once."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vitalfew.edits import Edit, title
from vitalfew.web.authoring import queries
from vitalfew.web.authoring.changes import Conflict, Decided, Entry, approve, close, entries, entry
from vitalfew.web.authoring.merging import changed
from vitalfew.web.authoring.models import Version
from vitalfew.web.authoring.overlay import new_faults, standing
from vitalfew.web.authoring.sections import SECTIONS, may_decide
from vitalfew.web.authoring.views import may_see, owner_group
from vitalfew.web.shell.access import Visit, page
from vitalfew.web.shell.telling import told

MOST_AT_ONCE = 500


def edit_of(version: Version) -> Edit | None:
    """A version as a run would see it."""
    if version.kind == "file":
        return None
    return Edit(version.item.section, version.item.key, version.values if version.kind == "values" else None)


def _groups(visit: Visit, version: Version, found: Entry | None) -> tuple[str | None, ...]:
    before = owner_group(visit, found) if found is not None and found.values is not None else None
    return tuple(dict.fromkeys(each for each in (before, version.group or None) if each)) or (None,)


@page("items.write")
def pending(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What waits for a decision; a POST decides the versions that are ticked."""
    if request.method == "POST":
        return _decide(request, visit)
    now = standing(visit.company)
    rows = []
    waiting = [each for each in queries.pending(visit.company) if may_see(visit, each)]
    begun = queries.begun_from(waiting)
    written = {
        name: {each.key: each for each in entries(visit.company, now, name)} for name in {each.item.section for each in waiting}
    }
    for version in waiting:
        section = SECTIONS[version.item.section]
        found = written[section.name].get(version.item.key)
        # Against what its author began from: against what is in force, somebody else's later change would look undone.
        begun_from = begun.get((version.item_id, version.based_on))
        before = version.file_values if begun_from is None or begun_from.kind == "file" else begun_from.values
        after = version.file_values if version.kind == "file" else version.values
        called = title(section.name, version.values or before or {}) or str(section.singular)
        rows.append(
            {
                "version": version,
                "section": section,
                "title": called,
                "changes": changed(before, after),
                "is_new": before is None,
                "stale": found is not None and found.in_force != version.based_on,
                "decide": may_decide(visit, section, _groups(visit, version, found)),
                "mine": version.author == visit.user.email,
            }
        )
    context = {"rows": rows, "decides": any(each["decide"] for each in rows), "zone": visit.settings.company.time_zone}
    return render(request, "authoring/pending.html", context)


def _decide(request: HttpRequest, visit: Visit) -> HttpResponse:
    wanted = [each for each in request.POST.getlist("version") if each.isdecimal() and len(each) < 18][:MOST_AT_ONCE]
    chosen = list(queries.pending(visit.company).filter(pk__in=wanted))
    note = request.POST.get("decision", "")
    back = _back(request, visit, chosen)
    if "\x00" in note:
        messages.error(request, _("Null characters are not allowed."))
        return back
    if not wanted:
        messages.error(request, _("Tick what you decide about."))
        return back
    if not chosen:
        gone = Version.objects.filter(item__company=visit.company, pk__in=wanted).exists()
        if not gone:
            raise Http404
        messages.warning(request, _("This was decided meanwhile."))
        return back
    for version in chosen:
        section = SECTIONS[version.item.section]
        found = entry(visit.company, standing(visit.company), section.name, version.item.key)
        withdrawn = "decline" in request.POST and version.author == visit.user.email
        if not withdrawn and not may_decide(visit, section, _groups(visit, version, found)):
            raise PermissionDenied
    if "decline" in request.POST:
        _declined(request, visit, chosen, note)
        return back
    return _approved(request, visit, chosen, note) or back


def _back(request: HttpRequest, visit: Visit, chosen: list[Version]) -> HttpResponse:
    if request.POST.get("back") == "item" and len(chosen) == 1:
        return redirect("authoring:item", visit.company.slug, chosen[0].item.section, chosen[0].item.key)
    return redirect("authoring:pending", visit.company.slug)


def _declined(request: HttpRequest, visit: Visit, chosen: list[Version], note: str) -> None:
    done = 0
    for version in chosen:
        try:
            close(version, visit.user.email, "rejected", note)
        except Decided:
            continue
        done += 1
        visit.record("items.decline", str(version.item), number=version.number)
    messages.success(request, ngettext("%(n)s change declined.", "%(n)s changes declined.", done) % {"n": done})


def _approved(request: HttpRequest, visit: Visit, chosen: list[Version], note: str) -> HttpResponse | None:
    """Approve all of them or none."""
    now = standing(visit.company)
    edits = [each for each in map(edit_of, chosen) if each is not None]
    dropped = [(each.item.section, each.item.key) for each in chosen if each.kind == "file"]
    faults = new_faults(now, edits, dropped)
    for fault in faults:
        messages.error(request, told(str(fault)))
    if faults:
        return None
    for version in chosen:
        found = entry(visit.company, now, version.item.section, version.item.key)
        moved = found is not None and found.in_force == 0 and version.based_on == 0 and found.file_values != version.file_values
        if moved and len(chosen) == 1:
            return _to_merge(visit, version)
    try:
        with transaction.atomic():
            for version in chosen:
                approve(version, visit.user.email, note)
                visit.record("items.approve", str(version.item), number=version.number)
    except Conflict:
        if len(chosen) == 1:
            return _to_merge(visit, chosen[0])
        messages.error(request, _("Some of them were begun from an older version. Decide those one by one; nothing was approved."))
    except Decided:
        messages.warning(request, _("One of them was decided meanwhile; nothing was approved."))
    else:
        count = len(chosen)
        said = ngettext("%(n)s change approved. The next run reads it.", "%(n)s changes approved. The next run reads them.", count)
        messages.success(request, said % {"n": count})
    return None


def _to_merge(visit: Visit, version: Version) -> HttpResponse:
    return redirect("authoring:merge", visit.company.slug, version.item.section, version.item.key, version.number)
