"""What every template may use."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from vitalfew.web.shell.navigation import entries


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """The visit, and the pages the visitor may open."""
    visit = getattr(request, "visit", None)
    theme = request.COOKIES.get("theme", "")
    always = {"theme": theme if theme in ("light", "dark") else ""}
    if visit is None:
        return {**always, "visit": None, "navigation": []}
    return {**always, "visit": visit, "navigation": entries(visit)}
