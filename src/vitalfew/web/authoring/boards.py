"""Sponsors and barriers as the last run judged them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from vitalfew.edits import key_of
from vitalfew.web.authoring.sections import SECTIONS, may_read
from vitalfew.web.shell.access import Visit, page


@page("items.write")
def sponsors(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Sponsors and the health of each sponsorship; those in need of care first."""
    order = {"poor": 0, "fair": 1, "good": 2}
    rows = [
        {**row, "key": key_of("sponsor", row)}
        for row in visit.reader.small("sponsors")
        if may_read(visit, SECTIONS["sponsor"], row["group"])
    ]
    rows.sort(key=lambda row: (order[row["health"]], -(row["influence"] or 0), row["name"]))
    context = {"rows": rows, "currency": visit.settings.company.currency}
    return render(request, "authoring/sponsors.html", context)


@page("explore.read")
def barriers(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Barriers and what they hold up; the dearest first."""
    rows = [{**row, "key": key_of("barrier", row)} for row in visit.reader.small("barriers")]
    rows.sort(key=lambda row: (row["status"] == "removed", -(row["value"] or 0.0), row["name"]))
    context = {"rows": rows, "currency": visit.settings.company.currency, "may_write": visit.may("items.write")}
    return render(request, "authoring/barriers.html", context)
