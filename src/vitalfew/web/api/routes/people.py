"""Members and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router
from pydantic import BaseModel, Field

from vitalfew.web.api import cursors
from vitalfew.web.api.calls import Call
from vitalfew.web.api.cursors import Cursor
from vitalfew.web.api.operations import give, operation
from vitalfew.web.api.problems import Fault, Problem
from vitalfew.web.people.models import AuditEntry, Membership

router = Router()


class MemberShape(BaseModel):
    """A member of the company."""

    id: str
    email: str
    name: str
    role: str
    group: str = Field(description="work group, empty without one")
    employee: str = Field(description="employee number, empty without one")
    active: bool
    since: str


class Members(BaseModel):
    """Members."""

    data: list[MemberShape]


class EntryShape(BaseModel):
    """One thing somebody did."""

    at: str
    actor: str
    seen_as: str = Field(description="the role it was done as, when looking through other eyes")
    action: str
    target: str
    detail: dict[str, Any]


class Entries(BaseModel):
    """Entries of the audit log, the latest first."""

    data: list[EntryShape]
    next: str | None = Field(description="address of the next page; null on the last")


@operation(router, "GET", "/members", "people.manage", response=Members, tags=["People"], summary="Members")
def list_members(call: Call) -> HttpResponse:
    """Every member of the company."""
    found = Membership.objects.select_related("user").filter(company=call.company).order_by("user__email")
    return give({"data": [_member(each) for each in found]})


@operation(router, "GET", "/members/{uuid:member}", "people.manage", response=MemberShape, tags=["People"], summary="One member")
def get_member(call: Call, member: UUID) -> HttpResponse:
    """One member of the company."""
    return give(_member(get_object_or_404(Membership.objects.select_related("user"), company=call.company, pk=member)))


def _member(each: Membership) -> dict[str, Any]:
    return {
        "id": each.pk,
        "email": each.user.email,
        "name": each.user.name,
        "role": each.role,
        "group": each.group,
        "employee": each.employee,
        "active": each.user.is_active,
        "since": each.made_at,
    }


class AuditOptions(BaseModel):
    """What part of the log is asked for."""

    limit: int = Field(100, ge=1, le=500, description="entries in an answer")
    cursor: str = Field("", max_length=400, description="where the answer before stopped; `next` of that answer holds it")
    actor: str = Field("", max_length=300, description="e-mail address of who did it")
    action: str = Field("", max_length=100, description="what was done")
    since: datetime | None = Field(None, description="from this moment on")
    until: datetime | None = Field(None, description="before this moment")


@operation(router, "GET", "/audit", "audit.read", response=Entries, tags=["People"], summary="The audit log")
def list_audit(call: Call, options: Query[AuditOptions]) -> HttpResponse:
    """Who did what, the latest first."""
    faults = [
        Fault(f"query.{name}", "a moment without a time zone", "add Z for UTC")
        for name in ("since", "until")
        if (moment := getattr(options, name)) is not None and moment.tzinfo is None
    ]
    faults += [Fault(f"query.{name}", "holds a NUL") for name in ("actor", "action") if "\x00" in getattr(options, name)]
    question = cursors.question(call.company.pk, "audit", options.actor, options.action, options.since, options.until)
    cursor = cursors.read(options.cursor, faults) if options.cursor else None
    if cursor is not None and cursor.question != question:
        faults.append(Fault("query.cursor", "it belongs to another question", "keep filters while you page"))
    if faults:
        raise Problem(422, "The request is not valid.", faults)
    found = AuditEntry.objects.filter(company=call.company).order_by("-id")
    wanted = {"actor": options.actor, "action": options.action, "at__gte": options.since, "at__lt": options.until}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if cursor is not None:
        found = found.filter(id__lt=cursor.row)
    entries = list(found[: options.limit + 1])
    following = None
    if len(entries) > options.limit:
        entries = entries[: options.limit]
        query = call.request.GET.copy()
        query["cursor"] = Cursor("", question, entries[-1].pk).text()
        following = call.request.build_absolute_uri(f"{call.request.path}?{query.urlencode()}")
    return give({"data": [_entry(each) for each in entries], "next": following})


def _entry(each: AuditEntry) -> dict[str, Any]:
    return {name: getattr(each, name) for name in ("at", "actor", "seen_as", "action", "target", "detail")}
