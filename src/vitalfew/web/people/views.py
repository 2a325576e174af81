"""My account, and other eyes to look through."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from vitalfew.web.people.rights import ROLES, reach
from vitalfew.web.shell.access import EYES, Visit, membership_of, page, public


@public
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """My account."""
    return render(request, "people/profile.html")


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
        kept[company] = chosen
    request.session[EYES] = kept
    visit = Visit(request, membership_of(request.user, company))
    visit.record("look through other eyes" if chosen["role"] else "back to own eyes", chosen["role"], group=chosen["group"])
    return redirect("home:home", company)


eyes.capability = "eyes.switch"  # type: ignore[attr-defined]
