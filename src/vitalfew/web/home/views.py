"""The first page after signing in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from vitalfew.web.shell.access import Visit, page


@page("strategy.read")
def home(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The strategy on one page."""
    chosen = [row for row in visit.reader.small("initiatives") if row["chosen"]]
    return render(request, "home/strategy.html", {"chosen": chosen, "currency": visit.settings.company.currency})
