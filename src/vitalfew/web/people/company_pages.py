"""A company's own pages: members and work groups, API tokens, the audit log."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from vitalfew.web.people import audit, members, tokens
from vitalfew.web.people.forms import AuditFilter, Invite, NewToken, Place, in_order
from vitalfew.web.people.models import AuditEntry, Invitation, Membership, Token
from vitalfew.web.people.rights import ROLES, covers
from vitalfew.web.shell.access import Visit, page

PAGE = 50
OF_FORM = ("role", "group", "employee")


# --- members ---


@page("people.manage")
@never_cache
def people(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Members, open invitations, work groups; and a form to invite."""
    form = Invite(request.POST or None, **_choices(visit))
    link = ""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made, secret = members.invite(
                visit.company, visit.user.email, visit.role, given["email"], *(given[each] for each in OF_FORM)
            )
        except members.NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            visit.record("invite", made.email, role=made.role, group=made.group, employee=made.employee)
            link = request.build_absolute_uri(reverse("people:invitation", args=[secret]))
            if _sent(visit, made, link):
                messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": made.email})
                return redirect("people:people", visit.company.slug)
            form = Invite(**_choices(visit))
    return render(request, "people/people.html", {**_people(visit), "form": form, "link": link}, status=200)


@page("people.manage")
def member(request: HttpRequest, visit: Visit, member: uuid.UUID) -> HttpResponse:
    """One member: change role, work group, employee number."""
    found = get_object_or_404(Membership.objects.select_related("user"), company=visit.company, pk=member)
    allowed = covers(visit.role, found.role)
    initial = {each: getattr(found, each) for each in OF_FORM}
    form = Place(request.POST or None, initial=initial, **_choices(visit)) if allowed else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied
        if form.is_valid():
            before = found.role
            try:
                members.change(found, visit.role, *(form.cleaned_data[each] for each in OF_FORM))
            except members.NotAllowed as refused:
                form.add_error(None, str(refused))
            else:
                visit.record("change member", found.user.email, before=before, **{each: getattr(found, each) for each in OF_FORM})
                messages.success(request, _("%(name)s is changed.") % {"name": found.user})
                return redirect("people:people", visit.company.slug)
    return render(request, "people/member.html", {"member": found, "form": form, "label": ROLES[found.role]})


@page("people.manage")
@require_POST
def remove(request: HttpRequest, visit: Visit, member: uuid.UUID) -> HttpResponse:
    """End a membership."""
    found = get_object_or_404(Membership.objects.select_related("user"), company=visit.company, pk=member)
    if not covers(visit.role, found.role):
        raise PermissionDenied
    try:
        members.remove(found, visit.role)
    except members.NotAllowed as refused:
        messages.error(request, str(refused))
        return redirect("people:member", visit.company.slug, found.pk)
    visit.record("remove member", found.user.email, role=found.role)
    messages.success(request, _("%(name)s is no member any more.") % {"name": found.user})
    if found.pk == visit.membership.pk:
        return redirect("shell:start")
    return redirect("people:people", visit.company.slug)


@page("people.manage")
@require_POST
def withdraw(request: HttpRequest, visit: Visit, invitation: uuid.UUID) -> HttpResponse:
    """End an open invitation."""
    found = get_object_or_404(Invitation, company=visit.company, pk=invitation)
    try:
        ended = members.withdraw(found, visit.role)
    except members.NotAllowed:
        raise PermissionDenied from None
    if ended:
        visit.record("withdraw invitation", found.email)
        messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": found.email})
    return redirect("people:people", visit.company.slug)


def _choices(visit: Visit) -> dict[str, Any]:
    known = None
    if visit.reader.has("employees"):
        known = frozenset(row["employee"] for row in visit.reader.rows("employees", columns=["employee"]))
    return {"roles": members.grantable(visit.role), "groups": visit.settings.group, "known_employees": known}


def _people(visit: Visit) -> dict[str, Any]:
    listed = list(visit.company.memberships.select_related("user").order_by("user__name", "user__email"))
    labelled = [{"member": each, "label": ROLES[each.role], "may": covers(visit.role, each.role)} for each in listed]
    invited = Invitation.objects.filter(company=visit.company, ended_at=None)
    in_group = {row["group"]: row["n"] for row in visit.company.memberships.values("group").annotate(n=Count("pk"))}
    by_name = {each.name: each for each in visit.settings.group}
    groups = [
        {"group": by_name[name], "depth": depth, "members": in_group.get(name, 0)}
        for name, _label, depth in in_order(visit.settings.group)
    ]
    return {
        "members": labelled,
        "invitations": [{"invitation": each, "label": ROLES[each.role], "may": covers(visit.role, each.role)} for each in invited],
        "groups": groups,
    }


def _sent(visit: Visit, made: Invitation, link: str) -> bool:
    """Send the link where e-mail is set up; False when it must be handed over by hand."""
    if not settings.EMAIL_HOST:
        return False
    words = {"company": visit.company.name, "by": str(visit.user), "link": link, "ends": made.expires_at}
    # A company's name goes into a header.
    subject = " ".join(render_to_string("people/invitation_subject.txt", words).split())
    try:
        send_mail(subject, render_to_string("people/invitation_mail.txt", words), None, [made.email])
    except OSError:
        messages.warning(visit.request, _("The e-mail could not be sent. Hand the link over yourself."))
        return False
    return True


# --- API tokens ---


@page("tokens.manage")
@never_cache
def token_list(request: HttpRequest, visit: Visit) -> HttpResponse:
    """One's tokens, or the company's; and a form for a new one."""
    form = NewToken(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made, secret = tokens.make(visit.membership, given["name"], given["scope"], given["days"])
        visit.record("make token", made.prefix, scope=made.scope, days=given["days"])
        form = NewToken()
    listed = _tokens(visit).select_related("membership__user")
    return render(request, "people/tokens.html", {"form": form, "tokens": listed, "secret": secret})


@page("tokens.manage")
@require_POST
def token_revoke(request: HttpRequest, visit: Visit, token: uuid.UUID) -> HttpResponse:
    """End a token now."""
    found = get_object_or_404(Token, pk=token, membership__company=visit.company)
    if visit.reach("tokens.manage") != "company" and found.membership_id != visit.membership.pk:
        raise PermissionDenied
    if tokens.revoke(found):
        visit.record("revoke token", found.prefix)
        messages.success(request, _("The token %(name)s is revoked.") % {"name": found.name})
    return redirect("people:tokens", visit.company.slug)


def _tokens(visit: Visit) -> QuerySet[Token]:
    found = Token.objects.filter(membership__company=visit.company)
    return found if visit.reach("tokens.manage") == "company" else found.filter(membership=visit.membership)


# --- audit log ---


@page("audit.read")
def audit_log(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Who did what, latest first."""
    log = AuditEntry.objects.filter(company=visit.company)
    since = timezone.now() - timedelta(days=400)
    names = {
        name: sorted(log.filter(at__gte=since).order_by().values_list(name, flat=True).distinct()) for name in ("actor", "action")
    }
    form = AuditFilter(request.GET or None, actors=names["actor"], actions=names["action"])
    zone = ZoneInfo(visit.settings.company.time_zone)
    if form.is_valid():
        log = _narrowed(log, form.cleaned_data, zone)
    shown = Paginator(log, PAGE).get_page(request.GET.get("page"))
    kept = request.GET.copy()
    kept.pop("page", None)
    entries = [{"entry": each, "label": audit.label(each.action), "role": ROLES.get(each.seen_as, each.seen_as)} for each in shown]
    return render(
        request,
        "people/audit.html",
        {"form": form, "entries": entries, "shown": shown, "kept": kept.urlencode(), "zone": str(zone)},
    )


def _narrowed(log: QuerySet[AuditEntry], given: dict[str, Any], zone: ZoneInfo) -> QuerySet[AuditEntry]:
    """Entries of one actor, one action, and of whole days in the company's time zone."""
    for name in ("actor", "action"):
        if given[name]:
            log = log.filter(**{name: given[name]})
    if given["start"]:
        log = log.filter(at__gte=datetime.combine(given["start"], time.min, zone))
    if given["end"]:
        log = log.filter(at__lt=datetime.combine(given["end"] + timedelta(days=1), time.min, zone))
    return log
