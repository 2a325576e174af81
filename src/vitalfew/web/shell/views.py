"""The way in, and help."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from vitalfew.web.people.models import Membership
from vitalfew.web.shell.access import public
from vitalfew.web.shell.helping import TOPICS


@public
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """To the one company of the visitor, or a list to choose from."""
    found = list(
        Membership.objects.select_related("company").filter(user__email=request.user.get_username()).order_by("company__name")
    )
    if len(found) == 1:
        return redirect("home:home", found[0].company.slug)
    return render(request, "shell/companies.html", {"memberships": found})


@public
def help_page(request: HttpRequest) -> HttpResponse:
    """What each page shows, how to read it and what to do; and the guided first hour for those who have put it away."""
    away: list[Membership] = []
    if request.user.is_authenticated:
        mine = Membership.objects.select_related("company").filter(user_id=request.user.pk, role="owner", company__is_demo=True)
        away = list(mine.filter(first_hour__dismissed=True).order_by("company__name"))
    return render(request, "shell/help.html", {"topics": TOPICS, "away": away})
