"""What every template may use."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from vitalfew.web.shell.navigation import entries


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """The visit, and the pages the visitor may open."""
    visit = getattr(request, "visit", None)
    if visit is None:
        return {"visit": None, "navigation": []}
    return {"visit": visit, "navigation": entries(visit)}
