"""Sponsors and barriers as the last run judged them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from vitalfew.edits import title
from vitalfew.web.authoring.changes import entries
from vitalfew.web.authoring.overlay import standing
from vitalfew.web.authoring.sections import SECTIONS, may_read
from vitalfew.web.shell.access import Visit, page


@page("items.write")
def sponsors(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Sponsors and the health of each sponsorship; those in need of care first."""
    order = {"poor": 0, "fair": 1, "good": 2}
    keys = _keys(visit, "sponsor")
    rows = [
        {**row, "key": keys.get(row["name"], "")}
        for row in visit.reader.small("sponsors")
        if may_read(visit, SECTIONS["sponsor"], row["group"])
    ]
    rows.sort(key=lambda row: (order[row["health"]], -(row["influence"] or 0), row["name"]))
    context = {"rows": rows, "currency": visit.settings.company.currency}
    return render(request, "authoring/sponsors.html", context)


@page("explore.read")
def barriers(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Barriers and what they hold up; the dearest first."""
    keys = _keys(visit, "barrier")
    rows = [{**row, "key": keys.get(row["name"], "")} for row in visit.reader.small("barriers")]
    rows.sort(key=lambda row: (row["status"] == "removed", -(row["value"] or 0.0), row["name"]))
    context = {"rows": rows, "currency": visit.settings.company.currency, "may_write": visit.may("items.write")}
    return render(request, "authoring/barriers.html", context)


def _keys(visit: Visit, section: str) -> dict[str, str]:
    """The key of each entry by its name now: it may have been renamed, or taken away, since the run."""
    return {
        title(section, each.values): each.key for each in entries(visit.company, standing(visit.company), section) if each.values
    }
