"""The way in, and help."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from vitalfew.web.people.models import Membership
from vitalfew.web.shell.access import public


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
    """Where to read more."""
    return render(request, "shell/help.html")
