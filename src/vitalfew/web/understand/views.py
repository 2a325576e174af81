"""What customers tell us: figures, drivers, themes, promises, journeys, and the walk from any of them to the records."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from vitalfew.web.shell.access import Visit, page
from vitalfew.web.understand import walking


@page("strategy.read")
def why(request: HttpRequest, visit: Visit, claim: str) -> HttpResponse:
    """What a claim rests on, two steps down; each claim below leads on."""
    walks = walking.walks_of(visit)
    if not walks.chain.knows(claim):
        raise Http404
    if not walking.may_read(visit, walks, claim):
        raise PermissionDenied
    found = walking.steps(visit, walks, claim)
    more = len(walks.chain.supports.get(claim, ())) - len(found)
    return render(
        request,
        "understand/why.html",
        {"id": claim, "claim": walks.chain.claim(claim), "steps": found, "more": more, "names": visit.reach("records.read")},
    )
