"""Whose failed sign-ins are counted together."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from vitalfew.web.people.models import normalise_email


def counted_address(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The address somebody tries to sign in with, as it is compared: capitals and spaces give no new tries."""
    given = (credentials or {}).get("email") or (credentials or {}).get("username") or request.POST.get("login", "")
    return normalise_email(str(given)).lower()[:255]
