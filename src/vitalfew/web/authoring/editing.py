"""Writing: forms, deletion, older versions brought back, and two people's changes joined."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from vitalfew.edits import free, key_of
from vitalfew.web.authoring.changes import Change, Conflict, Decided, Entry, close, entries, entry, normal, save
from vitalfew.web.authoring.forms import Choices, ItemForm, check_address, form_class, initial_of
from vitalfew.web.authoring.merging import WHOLE, joined, three_way
from vitalfew.web.authoring.models import Version
from vitalfew.web.authoring.overlay import Standing, new_faults, standing
from vitalfew.web.authoring.sections import Section, effect, group_of, issue_groups, may_decide, may_enter
from vitalfew.web.authoring.views import entry_of, section_of
from vitalfew.web.shell.access import Visit, page
from vitalfew.web.shell.telling import told

SALT = "authoring"
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Begun:
    """What a writer began from; goes with the form, signed, and comes back with it.

    `began` is the number of the version in force then, `base` its values, `file` what company.toml said, `source` the number of the
    proposal or draft that is carried on (0: none).
    """

    began: int
    base: dict[str, Any] | None
    file: dict[str, Any] | None
    source: int = 0
    mine: dict[str, Any] | None = None
    kind: str = "values"
    note: str = ""

    def signed(self) -> str:
        """As text for a hidden field."""
        return signing.dumps(asdict(self), salt=SALT, compress=True)

    @classmethod
    def of(cls, text: str) -> Begun:
        """From a hidden field. Raises SuspiciousOperation when it is not ours."""
        try:
            return cls(**signing.loads(text, salt=SALT))
        except signing.BadSignature:
            raise SuspiciousOperation("the form is not one of ours") from None


def _begun(found: Entry | None) -> Begun:
    if found is None:
        return Begun(0, None, None)
    base = dict(found.values) if found.values is not None else None
    return Begun(found.in_force, base, dict(found.file_values) if found.file_values is not None else None)


def _form_class(visit: Visit, section: Section) -> type[ItemForm]:
    settings = visit.settings
    company_wide = visit.reach("items.write") == "company"
    groups = () if company_wide else tuple(each.name for each in settings.group if each.name in visit.own_groups)
    issues = [row for row in visit.reader.small("issues") if company_wide or row["group"] in visit.own_groups]
    themes = sorted({row["name"] for row in visit.reader.small("themes")})
    choices = Choices(settings, sorted({row["name"] for row in issues}), themes, groups)
    today = date.fromisoformat(visit.run.today) if visit.run else date.today()
    return form_class(section, choices, check_address(visit.company.slug), today)


@page("items.write")
def create(request: HttpRequest, visit: Visit, section: str) -> HttpResponse:
    """A new entry."""
    shape = section_of(section)
    if shape.single:
        raise Http404
    if not may_enter(visit, shape):
        raise PermissionDenied
    if shape.page:
        return redirect(shape.page, visit.company.slug)
    made = _form_class(visit, shape)
    if request.method != "POST":
        given = {name: value[:1000] for name, value in request.GET.items() if name in made.base_fields and "\x00" not in value}
        form = made(initial={**initial_of(shape.model, {}), **given})
        return _form(request, shape, None, form, Begun(0, None, None))
    form = made(request.POST)
    values = _typed(form)
    if values is None:
        return _form(request, shape, None, form, Begun(0, None, None))
    found = {each.key: each for each in entries(visit.company, standing(visit.company), section)}
    key = key_of(section, values)
    if key in found and found[key].values is not None:
        if "name" in values:
            form.add_error("name", _("There is one of this name already."))
            return _form(request, shape, None, form, Begun(0, None, None))
        if shape.one_a_key:
            taken = _("There is a rule for this already. Change that one.")
            form.add_error(None, taken if section == "mend" else _("There is a decision on these two already. Change that one."))
            return _form(request, shape, None, form, Begun(0, None, None))
        key = free(key, found)
    return _save(request, visit, shape, key, _begun(found.get(key)), values, form)


@page("items.write")
def edit(request: HttpRequest, visit: Visit, section: str, key: str) -> HttpResponse:
    """Change an entry; `?from=3` carries on the proposal or draft number 3."""
    shape = section_of(section)
    found, group = entry_of(visit, shape, key)
    visit.need("items.write", group)
    if shape.page:
        raise Http404  # it is taken away and made anew; its history stays
    made = _form_class(visit, shape)
    if request.method == "POST":
        begun = Begun.of(request.POST.get("begun", ""))
        form = made(request.POST)
        given = _typed(form)
        return _form(request, shape, found, form, begun) if given is None else _save(request, visit, shape, key, begun, given, form)
    begun = _begun(found)
    values: Values | None = found.values
    carried = _carried(visit, found, request.GET.get("from", ""))
    if carried is not None:
        base = found.item.versions.filter(number=carried.based_on).first() if found.item else None
        begun = Begun(carried.based_on, base.values if base else carried.file_values, carried.file_values, carried.number)
        values = carried.values
    return _form(request, shape, found, made(initial=initial_of(shape.model, values or {})), begun)


def _carried(visit: Visit, found: Entry, number: str) -> Version | None:
    """The proposal or draft to carry on; a draft only by its author. Raises Http404 for one that is not there."""
    if not number:
        return None
    version = found.item.versions.filter(number=number).first() if found.item and number.isdecimal() and len(number) < 9 else None
    if version is None or version.state not in ("proposed", "draft") or version.kind != "values":
        raise Http404
    if version.state == "draft" and version.author != visit.user.email:
        raise Http404
    return version


def _typed(form: ItemForm) -> dict[str, Any] | None:
    """The values of a form, or None with what is wrong shown in it."""
    if not form.is_valid():
        return None
    try:
        return normal(form.section.name, form.values())
    except ValidationError as error:
        form.refuse(error)
        return None


def _form(request: HttpRequest, section: Section, found: Entry | None, form: ItemForm, begun: Begun) -> HttpResponse:
    note = request.POST.get("note", "")[:1000]
    context = {"section": section, "entry": found, "form": form, "begun": begun.signed(), "note": note}
    return render(request, "authoring/form.html", context, status=422 if form.errors else 200)


def _save(
    request: HttpRequest, visit: Visit, section: Section, key: str, begun: Begun, values: dict[str, Any], form: ItemForm
) -> HttpResponse:
    """Save what a form holds, or show what stands against it."""
    now = standing(visit.company)
    found = entry(visit.company, now, section.name, key)
    draft = "draft" in request.POST
    note = request.POST.get("note", "")
    if "\x00" in note:
        form.add_error(None, _("Null characters are not allowed."))
        return _form(request, section, found, form, begun)
    if found is not None and found.values == values and not begun.source:
        messages.info(request, _("Nothing was changed."))
        return redirect("authoring:item", visit.company.slug, section.name, key)
    change = _change(visit, now, section, key, begun, "values", values, note)
    if change.edit is not None and not draft:
        faults = new_faults(now, [change.edit])
        if faults:
            form.refuse_faults(faults, f"{change.edit.label}: ")
            return _form(request, section, found, form, begun)
    if moved(found, begun):
        mine = Begun(begun.began, begun.base, begun.file, begun.source, values, "values", note)
        return side_by_side(request, visit, section, key, mine)
    try:
        return _done(request, visit, section, change, begun.source, draft)
    except Conflict:
        mine = Begun(begun.began, begun.base, begun.file, begun.source, values, "values", note)
        return side_by_side(request, visit, section, key, mine)


def moved(found: Entry | None, begun: Begun) -> bool:
    """Whether the entry is another one than its writer began from."""
    if found is None:
        return False
    return found.in_force != begun.began or (found.in_force == 0 and found.file_values != begun.file)


def _change(
    visit: Visit, now: Standing, section: Section, key: str, begun: Begun, kind: str, values: Values | None, note: str
) -> Change:
    """The change, checked against the visitor's rights: neither the entry as it is nor as it becomes is another group's."""
    found = entry(visit.company, now, section.name, key)
    groups = _groups(visit, section, found, values)
    visit.need("items.write")
    effect(visit, section, groups)
    file_values = found.file_values if found else None
    return Change(section.name, key, kind, values, begun.began, file_values, note, groups[-1] or "")


def _groups(visit: Visit, section: Section, found: Entry | None, values: Values | None) -> tuple[str | None, ...]:
    issues = issue_groups(visit)
    before = group_of(section.name, found.values, visit.settings, issues) if found else None
    exists = found is not None and found.values is not None
    after = group_of(section.name, values, visit.settings, issues) if values is not None else before
    return (before, after) if exists else (after,)


def _done(request: HttpRequest, visit: Visit, section: Section, change: Change, source: int, draft: bool = False) -> HttpResponse:
    """Save the change with the effect the visitor's rights give it. Raises Conflict."""
    found = entry(visit.company, standing(visit.company), section.name, change.key)
    state = "draft" if draft else effect(visit, section, _groups(visit, section, found, change.values))
    version = save(visit.company, visit.user.email, change, state)
    if source:
        old = version.item.versions.filter(number=source).first()
        if old is not None and (old.author == visit.user.email or may_decide(visit, section, (old.group or None,))):
            with suppress(Decided):  # somebody decided it meanwhile; the new version stands by itself
                close(old, visit.user.email, "merged" if state == "approved" else "rejected", _("carried on in a later version"))
    visit.record(f"items.{state}", f"{section.name}:{change.key}", number=version.number, kind=change.kind)
    said = {
        "approved": _("Saved. The next run reads it."),
        "proposed": _("Proposed. It takes effect when the head of CX approves it."),
        "draft": _("Kept as a draft that only you see."),
    }
    messages.success(request, said[state])
    return redirect("authoring:item", visit.company.slug, section.name, change.key)


# --- deletion, and older versions brought back ------------------------------------------------------------------------------------


@page("items.write")
@require_POST
def delete(request: HttpRequest, visit: Visit, section: str, key: str) -> HttpResponse:
    """Take an entry away. Its history stays, and it can be brought back."""
    shape = section_of(section)
    if shape.single:
        raise Http404
    found, group = entry_of(visit, shape, key)
    visit.need("items.write", group)
    return _without_form(request, visit, shape, found, "deleted", None)


@page("items.write")
@require_POST
def restore(request: HttpRequest, visit: Visit, section: str, key: str, number: int) -> HttpResponse:
    """Bring an older version back; number 0 is what company.toml says."""
    shape = section_of(section)
    found, group = entry_of(visit, shape, key)
    visit.need("items.write", group)
    if number == 0:
        if found.file_values is None:
            raise Http404
        return _without_form(request, visit, shape, found, "file", found.file_values)
    if found.item is None:
        raise Http404
    version = get_object_or_404(Version, item=found.item, number=number)
    if version.state == "draft" and version.author != visit.user.email:
        raise Http404
    return _without_form(request, visit, shape, found, version.kind, version.values)


def _without_form(
    request: HttpRequest, visit: Visit, section: Section, found: Entry, kind: str, values: Values | None
) -> HttpResponse:
    began = request.POST.get("began", "")
    begun = Begun(int(began) if began.isdecimal() and len(began) < 9 else -1, None, None)
    now = standing(visit.company)
    note = request.POST.get("note", "")
    if "\x00" in note:
        messages.error(request, _("Null characters are not allowed."))
        return redirect("authoring:item", visit.company.slug, section.name, found.key)
    change = _change(visit, now, section, found.key, begun, kind, values, note)
    dropped = [(section.name, found.key)] if kind == "file" else []
    faults = new_faults(now, [change.edit] if change.edit else [], dropped)
    if faults:
        for fault in faults:
            messages.error(request, told(str(fault)))
    elif found.in_force != begun.began:
        messages.error(request, _("Somebody changed this since you opened the page. Look at it again first."))
    else:
        stored = Change(change.section, change.key, kind, None if kind == "file" else values, *_rest(change))
        try:
            return _done(request, visit, section, stored, 0)
        except Conflict:
            messages.error(request, _("Somebody changed this since you opened the page. Look at it again first."))
    return redirect("authoring:item", visit.company.slug, section.name, found.key)


def _rest(change: Change) -> tuple[int, Values | None, str, str]:
    return change.began, change.file_values, change.note, change.group


# --- two people's changes joined --------------------------------------------------------------------------------------------------


def side_by_side(
    request: HttpRequest, visit: Visit, section: Section, key: str, mine: Begun, faults: tuple[str, ...] = ()
) -> HttpResponse:
    """What both began from, what is in force now, and what I wrote, field by field. Nothing is saved yet."""
    found = entry(visit.company, standing(visit.company), section.name, key)
    theirs = found.values if found else None
    parts = three_way(mine.base, theirs, mine.mine)
    context = {
        "section": section,
        "entry": found,
        "key": key,
        "parts": [each for each in parts if each.state != "same"],
        "conflicts": sum(each.state == "conflict" for each in parts),
        "grown": any(each.state == "both" for each in parts),
        "whole": any(each.field == WHOLE for each in parts),
        "begun": mine.signed(),
        "theirs_number": found.in_force if found else 0,
        "faults": faults,
        "note": mine.note,
        "zone": visit.settings.company.time_zone,
    }
    return render(request, "authoring/merge.html", context, status=409)


@page("items.write")
def merge(request: HttpRequest, visit: Visit, section: str, key: str, number: int) -> HttpResponse:
    """Join a proposal (or, for number 0, what comes with the form) with what is in force now."""
    shape = section_of(section)
    found, group = entry_of(visit, shape, key)
    visit.need("items.write", group)
    if request.method != "POST":
        if found.item is None or number == 0:
            raise Http404
        version = get_object_or_404(Version, item=found.item, number=number, state="proposed")
        base = found.item.versions.filter(number=version.based_on).first()
        before = version.file_values if base is None or base.kind == "file" else base.values
        mine = version.file_values if version.kind == "file" else version.values
        begun = Begun(version.based_on, before, version.file_values, version.number, mine, "values", version.note)
        return side_by_side(request, visit, shape, key, begun)
    mine_begun = Begun.of(request.POST.get("begun", ""))
    if str(found.in_force) != request.POST.get("theirs", ""):
        messages.warning(request, _("It was changed once more while you were choosing."))
        return side_by_side(request, visit, shape, key, mine_begun)
    parts = three_way(mine_begun.base, found.values, mine_begun.mine)
    choices = {each.name: request.POST.get(f"choice:{each.name}", "") for each in parts if each.state == "conflict"}
    if any(each not in ("theirs", "mine") for each in choices.values()):
        return side_by_side(request, visit, shape, key, mine_begun, (_("Choose a side wherever both changed the same."),))
    return _joined(request, visit, shape, found, mine_begun, joined(parts, choices))


def _joined(request: HttpRequest, visit: Visit, section: Section, found: Entry, mine: Begun, values: Values | None) -> HttpResponse:
    """Save what two people's changes make together."""
    now = standing(visit.company)
    if values is not None:
        try:
            values = normal(section.name, values)
        except ValidationError as error:
            said = tuple(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            return side_by_side(request, visit, section, found.key, mine, said)
    begun = _begun(found)
    note = mine.note
    change = _change(visit, now, section, found.key, begun, "values" if values is not None else "deleted", values, note)
    faults = new_faults(now, [change.edit] if change.edit else [])
    if faults:
        return side_by_side(request, visit, section, found.key, mine, tuple(told(str(each)) for each in faults))
    try:
        return _done(request, visit, section, change, mine.source)
    except Conflict:
        return side_by_side(request, visit, section, found.key, mine)
