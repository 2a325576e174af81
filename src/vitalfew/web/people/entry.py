"""Ways in without an account: first set-up, an invitation, the demo company's link."""

from __future__ import annotations

import ipaddress
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import user_logged_in as allauth_logged_in
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from vitalfew.web.people import audit, keys, members
from vitalfew.web.people.forms import FirstOwner, NewPerson
from vitalfew.web.people.models import Company, Invitation, Key, Membership, User
from vitalfew.web.shell.access import public

BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_in(request: HttpRequest, user: User, method: str) -> None:
    """Sign `user` in, into a new session, known to the list of sessions."""
    login(request, user, backend=BACKEND)
    record_authentication(request, user, method=method)
    allauth_logged_in.send(sender=User, request=request, user=user)


# --- first set-up ---


@public
@never_cache
def where(request: HttpRequest) -> HttpResponse:
    """Where the set-up link is found."""
    if Membership.objects.exists():
        return redirect("account_login")
    return render(request, "people/setup_where.html")


@public
@never_cache
@sensitive_post_parameters("password", "again")
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Make the company's owner: a new person, or whoever is signed in."""
    key = keys.find(token, Key.SETUP)
    if key is None or key.company.memberships.exists():
        return render(request, "people/setup_where.html", {"used": True}, status=404)
    signed_in = request.user if isinstance(request.user, User) else None
    form = None if signed_in else FirstOwner(request.POST or None)
    if request.method == "POST" and (form is None or form.is_valid()):
        owner = _made_owner(key, signed_in, form.cleaned_data if form else {})
        if owner is None:
            return render(request, "people/setup_where.html", {"used": True}, status=404)
        if signed_in is None:
            sign_in(request, owner, "password")
        messages.success(request, _("%(company)s is yours. Invite the others when you are ready.") % {"company": key.company.name})
        return redirect("home:home", key.company.slug)
    return render(request, "people/setup.html", {"form": form, "company": key.company})


def _made_owner(key: Key, signed_in: User | None, given: dict[str, Any]) -> User | None:
    """The first owner; None when somebody was faster."""
    try:
        with transaction.atomic():
            company = Company.objects.select_for_update().get(pk=key.company_id)
            if company.memberships.exists() or not keys.use(key):
                return None
            owner = signed_in or User.objects.create_user(given["email"], given["password"], given["name"])
            Membership.objects.create(company=company, user=owner, role="owner")
            audit.record(company, owner.email, "set up company", owner.email)
    except IntegrityError:
        return None
    return owner


# --- invitations ---


@public
@never_cache
@sensitive_post_parameters("password", "again")
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Accept an invitation: with a new account, or with the one at the invited address."""
    found = members.open_invitation(secret)
    if found is None:
        return render(request, "people/invitation_over.html", status=404)
    signed_in = request.user if isinstance(request.user, User) else None
    existing = User.objects.filter(email=found.email).first()
    state = _state(found, signed_in, existing)
    form = NewPerson(request.POST or None) if state == "new" else None
    if form is not None:
        form.address = found.email
    if request.method == "POST" and (state == "join" or (form is not None and form.is_valid())):
        person = signed_in if state == "join" else _new_person(found, form.cleaned_data if form else {})
        if person is None or members.accept(found, person) is None:
            return render(request, "people/invitation_over.html", status=404)
        if state == "new":
            sign_in(request, person, "password")
        return redirect("home:home", found.company.slug)
    return render(request, "people/invitation.html", {"invitation": found, "state": state, "form": form})


def _state(found: Invitation, signed_in: User | None, existing: User | None) -> str:
    """What the visitor must do: "join" as who is signed in, sign "out" of another account, sign "in" first, or become "new"."""
    if signed_in is not None:
        return "join" if signed_in.email == found.email else "out"
    return "new" if existing is None else "in"


def _new_person(found: Invitation, given: dict[str, Any]) -> User | None:
    try:
        with transaction.atomic():
            return User.objects.create_user(found.email, given["password"], given["name"])
    except IntegrityError:  # twice at once
        return None


# --- the demo company ---


@public
@never_cache
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in as the head of CX of the demo company: once, and from this machine only."""
    key = keys.find(token, Key.ENTRY)
    if key is None or not key.company.is_demo or not from_this_machine(request):
        return render(request, "people/entry_over.html", status=404)
    owner = Membership.objects.filter(company=key.company, role="owner").select_related("user").order_by("made_at").first()
    if owner is None or not keys.use(key):
        return render(request, "people/entry_over.html", status=404)
    audit.record(key.company, owner.user.email, "enter demo")
    sign_in(request, owner.user, "demo")
    return redirect("home:home", key.company.slug)


def from_this_machine(request: HttpRequest) -> bool:
    """Whether the request comes from this machine itself, not through a proxy on it."""
    if settings.SECURE_PROXY_SSL_HEADER or any(
        request.headers.get(each) for each in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
    ):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
