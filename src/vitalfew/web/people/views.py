"""My account, and other eyes to look through."""

from __future__ import annotations

from typing import cast

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from vitalfew.web.people.adapters import single_sign_on
from vitalfew.web.people.forms import Profile
from vitalfew.web.people.models import Membership, User
from vitalfew.web.people.rights import ROLES, reach
from vitalfew.web.shell.access import EYES, Visit, membership_of, page, public

YEAR = 365 * 24 * 60 * 60


@public
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """My account: name, language, colours, and how I sign in."""
    user = cast(User, request.user)  # login_required
    theme = request.COOKIES.get("theme", "")
    form = Profile(request.POST or None, initial={"name": user.name, "language": user.language, "theme": theme})
    if request.method == "POST" and form.is_valid():
        return _kept_profile(request, user, form.cleaned_data)
    memberships = Membership.objects.select_related("company").filter(user=user).order_by("company__name")
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).count()
    shown = {
        "form": form,
        "memberships": memberships,
        "factors": factors,
        "sessions": len(UserSession.objects.purge_and_list(user)),
        "single_sign_on": single_sign_on(),
    }
    return render(request, "people/profile.html", shown)


def _kept_profile(request: HttpRequest, user: User, given: dict[str, str]) -> HttpResponse:
    user.name, user.language = given["name"], given["language"]
    user.save(update_fields=["name", "language", "email"])
    if user.language:
        translation.activate(user.language)
    messages.success(request, _("Your account is changed."))
    answer = redirect("people:profile")
    for name, value in ((settings.LANGUAGE_COOKIE_NAME, user.language), ("theme", given["theme"])):
        if value:
            answer.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True)
        else:
            answer.delete_cookie(name, samesite="Lax")
    return answer


@public
def no_address(request: HttpRequest) -> HttpResponse:
    """The library's page for changing one's address is not there: rights hang on the address that was invited."""
    raise Http404


def eyes(request: HttpRequest, company: str) -> HttpResponseBase:
    """Choose another role to look through, or go back to one's own eyes.

    Judged by the visitor's true role: through the eyes of an employee nobody could switch back.
    """
    if request.method == "POST" and request.user.is_authenticated:
        membership = membership_of(request.user, company)
        if reach(membership.role, "eyes.switch") is not None:
            return _switch(request, company)
    return _choose(request, company)


@page("eyes.switch")
def _choose(request: HttpRequest, visit: Visit) -> HttpResponse:
    employees = visit.reader.rows("employees", limit=500) if visit.reader.has("employees") else []
    return render(request, "people/eyes.html", {"roles": ROLES.items(), "groups": visit.settings.group, "employees": employees})


def _switch(request: HttpRequest, company: str) -> HttpResponse:
    chosen = {name: str(request.POST.get(name, ""))[:200] for name in ("role", "group", "employee")}
    kept = dict(request.session.get(EYES, {}))
    kept.pop(company, None)
    if chosen["role"]:
        if chosen["role"] not in ROLES:
            messages.error(request, _("There is no such role."))
            return redirect("people:eyes", company)
        if any("\x00" in each for each in chosen.values()):
            messages.error(request, _("Null characters are not allowed."))
            return redirect("people:eyes", company)
        kept[company] = chosen
    request.session[EYES] = kept
    visit = Visit(request, membership_of(request.user, company))
    visit.record("look through other eyes" if chosen["role"] else "back to own eyes", chosen["role"], group=chosen["group"])
    return redirect("home:home", company)


eyes.capability = "eyes.switch"  # type: ignore[attr-defined]
