"""What people write: entries as they stand, changes to them, and decisions about changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vitalfew.edits import SINGLES, free, key_of
from vitalfew.web.api import conditions
from vitalfew.web.api.calls import Call
from vitalfew.web.api.operations import give, operation
from vitalfew.web.api.problems import Fault, Problem, unknown
from vitalfew.web.authoring import queries
from vitalfew.web.authoring.changes import Change, Conflict, Decided, Entry, Values, approve, close, entries, entry, normal, save
from vitalfew.web.authoring.deciding import edit_of
from vitalfew.web.authoring.models import STATES, Version
from vitalfew.web.authoring.overlay import new_faults, standing
from vitalfew.web.authoring.sections import SECTIONS, effect, group_of, issue_groups, may_decide, may_enter, may_read
from vitalfew.web.authoring.views import entry_of, may_see, owner_group, section_of

router = Router()
TAGS: dict[str, Any] = {"tags": ["Items"]}


class ItemShape(BaseModel):
    """One entry as it stands."""

    section: str = Field(description="the section of company.toml")
    key: str
    title: str
    group: str | None = Field(description="the work group it belongs to; null for the whole company's")
    values: dict[str, Any] | None = Field(description="what it says; null when it is deleted, or only proposed so far")
    in_force: int = Field(description="number of the version in force; 0 while company.toml alone speaks")
    waiting: int = Field(description="changes that wait for a decision")


class VersionShape(BaseModel):
    """One state of an entry."""

    section: str
    key: str
    number: int
    kind: str = Field(description="values, deleted, or file (as in company.toml)")
    state: str = Field(description=", ".join(STATES))
    values: dict[str, Any] | None
    based_on: int = Field(description="number of the version its author began from")
    author: str
    at: str
    note: str
    group: str
    decided_by: str
    decided_at: str | None
    decision: str


class ItemDetail(ItemShape):
    """One entry and its history."""

    versions: list[VersionShape] = Field(description="the latest first")


class Items(BaseModel):
    """Entries."""

    data: list[ItemShape]


class Versions(BaseModel):
    """Versions."""

    data: list[VersionShape]


class NewValues(BaseModel):
    """What an entry shall say, as company.toml would say it."""

    model_config = ConfigDict(extra="forbid")
    values: dict[str, Any]
    note: str = Field("", max_length=1000, description="why")


class Decision(BaseModel):
    """What is said about a decision."""

    model_config = ConfigDict(extra="forbid")
    note: str = Field("", max_length=1000)


class ItemOptions(BaseModel):
    """Which entries are asked for."""

    section: str = Field("", max_length=20, description="a section of company.toml; all when left out")


@operation(router, "GET", "/items", "explore.read", response=Items, summary="Entries", **TAGS)
def list_items(call: Call, options: Query[ItemOptions]) -> HttpResponse:
    """What people wrote, in company.toml or in the application: promises, groups, initiatives, whys and the rest. Entries of other
    groups' own reports, and confidential ones, are left out for those who may not read them."""
    if options.section and options.section not in SECTIONS:
        raise Problem(422, "The request is not valid.", [unknown("query.section", options.section, SECTIONS)])
    now, issues, found = standing(call.company), issue_groups(call), []
    for name in [options.section] if options.section else SECTIONS:
        for each in entries(call.company, now, name):
            group = group_of(name, each.values or each.file_values, call.settings, issues)
            # One that is only proposed so far belongs to whom its first version says, so it is read alone.
            if (each.values is not None or each.file_values is not None) and may_read(call, SECTIONS[name], group):
                found.append(_item(each, group))
    return give({"data": found})


@operation(router, "GET", "/items/{str:section}/{str:key}", "explore.read", response=ItemDetail, summary="One entry", **TAGS)
def get_item(call: Call, section: str, key: str) -> HttpResponse:
    """One entry and its history. Its ETag is asked for by changes."""
    found, group = entry_of(call, section_of(section), key)
    versions = found.item.versions.select_related("item").order_by("-number") if found.item else []
    shown = [_version(each) for each in versions if each.state != "draft" or each.author == call.user.email]
    return give({**_item(found, group), "versions": shown}, ETag=_tag(found))


@operation(router, "POST", "/items/{str:section}", "items.write", response={201: VersionShape}, summary="A new entry", **TAGS)
def add_item(call: Call, section: str, body: NewValues) -> HttpResponse:
    """A new entry. It takes effect at once for those who may decide about it (state `approved`), else it waits for a decision
    (`proposed`)."""
    if section in SINGLES:
        raise Problem(409, "There is one such entry only. Change it with PUT.")
    if not may_enter(call, section_of(section)):
        raise PermissionDenied
    values = _normal(section, body.values)
    found = {each.key: each for each in entries(call.company, standing(call.company), section)}
    key = key_of(section, values)
    if key in found and found[key].values is not None:
        if "name" in values:
            raise Problem(409, f"There is one of this name already: {key}.")
        if SECTIONS[section].one_a_key:
            raise Problem(409, f"There is one already: {key}. Change it with PUT.")
        key = free(key, found)
    made = _save(call, section, key, found.get(key), "values", values, body.note)
    place = f"{call.request.build_absolute_uri(call.request.path)}/{key}"
    return give(_version(made), 201, Location=place)


@operation(router, "PUT", "/items/{str:section}/{str:key}", "items.write", response=VersionShape, summary="Change an entry", **TAGS)
def change_item(call: Call, section: str, key: str, body: NewValues) -> HttpResponse:
    """What the entry shall say from now on, as a whole; what is left out falls back to its default."""
    found, group = _to_change(call, section, key)
    call.need("items.write", group)
    return give(_version(_save(call, section, key, found, "values", _normal(section, body.values), body.note)))


@operation(router, "DELETE", "/items/{str:section}/{str:key}", "items.write", response=VersionShape, summary="Delete it", **TAGS)
def delete_item(call: Call, section: str, key: str) -> HttpResponse:
    """Take an entry away. Its history stays, and it can be brought back."""
    found, group = _to_change(call, section, key)
    call.need("items.write", group)
    if section in SINGLES:
        raise Problem(409, "This entry cannot be deleted.")
    return give(_version(_save(call, section, key, found, "deleted", None, "")))


@operation(router, "GET", "/pending", "items.write", response=Versions, summary="Changes that wait", **TAGS)
def list_pending(call: Call) -> HttpResponse:
    """Changes that wait for a decision, the oldest first."""
    return give({"data": [_version(each) for each in queries.pending(call.company) if may_see(call, each)]})


_DECIDE = "/items/{str:section}/{str:key}/versions/{int:number}"


@operation(router, "POST", f"{_DECIDE}/approve", "items.write", response=VersionShape, summary="Approve a change", **TAGS)
def approve_version(call: Call, section: str, key: str, number: int, body: Decision) -> HttpResponse:
    """Let a change take effect. In conflict (409) when it was decided before, or when another took effect since it was begun."""
    version, found = _waiting(call, section, key, number)
    if not may_decide(call, SECTIONS[section], _groups_of(call, version, found)):
        raise PermissionDenied
    now, edit = standing(call.company), edit_of(version)
    _refuse(new_faults(now, [edit] if edit else [], [] if edit else [(section, key)]))
    if found is not None and found.in_force == version.based_on == 0 and found.file_values != version.file_values:
        raise Problem(409, "company.toml has changed since this change was begun. Join the two on the page of the entry.")
    try:
        approve(version, call.user.email, body.note)
    except Conflict:
        raise Problem(409, "Another change took effect since this one was begun. Join the two on the page of the entry.") from None
    except Decided:
        raise Problem(409, "It was decided before.") from None
    call.record("items.approve", str(version.item), number=version.number)
    return give(_version(version))


@operation(router, "POST", f"{_DECIDE}/decline", "items.write", response=VersionShape, summary="Decline a change", **TAGS)
def decline_version(call: Call, section: str, key: str, number: int, body: Decision) -> HttpResponse:
    """Decline a change, or withdraw one's own."""
    version, found = _waiting(call, section, key, number)
    if version.author != call.user.email and not may_decide(call, SECTIONS[section], _groups_of(call, version, found)):
        raise PermissionDenied
    try:
        close(version, call.user.email, "rejected", body.note)
    except Decided:
        raise Problem(409, "It was decided before.") from None
    call.record("items.decline", str(version.item), number=version.number)
    return give(_version(version))


def _to_change(call: Call, section: str, key: str) -> tuple[Entry, str | None]:
    """The entry a change is about, in the state its caller read."""
    found, group = entry_of(call, section_of(section), key)
    conditions.need_match(call.request, _tag(found))
    return found, group


def _save(call: Call, section: str, key: str, found: Entry | None, kind: str, values: Values | None, note: str) -> Version:
    """Save a change with the effect the caller's rights give it, once it is without faults."""
    issues = issue_groups(call)
    before = group_of(section, found.values, call.settings, issues) if found else None
    after = group_of(section, values, call.settings, issues) if values is not None else before
    state = effect(call, SECTIONS[section], (before, after) if found is not None and found.values is not None else (after,))
    began, file_values = (found.in_force, found.file_values) if found else (0, None)
    change = Change(section, key, kind, values, began, file_values, note, after or "")
    _refuse(new_faults(standing(call.company), [change.edit] if change.edit else []))
    try:
        made = save(call.company, call.user.email, change, state)
    except Conflict:
        raise Problem(412, "It has been changed since you read it. Read it again.") from None
    call.record(f"items.{state}", f"{section}:{key}", number=made.number, kind=kind)
    return made


def _normal(section: str, values: Values) -> dict[str, Any]:
    try:
        return normal(section, values)
    except ValidationError as error:
        faults = [Fault(".".join(["body.values", *map(str, each["loc"])]), str(each["msg"])) for each in error.errors()]
        raise Problem(422, "The request is not valid.", faults) from None


def _refuse(found: list[Any]) -> None:
    if found:
        raise Problem(422, "The settings would not stand.", [Fault("body.values", each.what, each.mend) for each in found])


def _waiting(call: Call, section: str, key: str, number: int) -> tuple[Version, Entry | None]:
    """A version that waits, or waited, for a decision. Raises Http404 for a draft or an absent one, PermissionDenied for one the
    caller may not read."""
    section_of(section)
    versions = Version.objects.select_related("item__company").exclude(state="draft")
    wanted = {"item__company": call.company, "item__section": section, "item__key": key}
    version = versions.filter(**wanted, number=number).first() if number < 2**31 else None
    if version is None:
        raise Http404
    if not may_see(call, version):
        raise PermissionDenied
    return version, entry(call.company, standing(call.company), section, key)


def _groups_of(call: Call, version: Version, found: Entry | None) -> tuple[str | None, ...]:
    """The groups the entry belongs to, before the change and after it."""
    before = owner_group(call, found) if found is not None and found.values is not None else None
    return tuple(dict.fromkeys(each for each in (before, version.group or None) if each)) or (None,)


def _tag(found: Entry) -> str:
    latest = found.item.latest if found.item else 0
    return conditions.tag(
        "item", found.section, found.key, found.in_force, latest, found.waiting, sorted((found.file_values or {}).items())
    )


def _item(found: Entry, group: str | None) -> dict[str, Any]:
    told: Mapping[str, Any] = {"section": found.section, "key": found.key, "title": found.title, "group": group}
    return {**told, "values": found.values, "in_force": found.in_force, "waiting": found.waiting}


def _version(each: Version) -> dict[str, Any]:
    names = (
        "number",
        "kind",
        "state",
        "values",
        "based_on",
        "author",
        "at",
        "note",
        "group",
        "decided_by",
        "decided_at",
        "decision",
    )
    return {"section": each.item.section, "key": each.item.key} | {name: getattr(each, name) for name in names}
