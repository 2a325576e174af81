"""Whose failed sign-ins are counted together, and what is said of them in the log: nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from vitalfew.web.people.models import normalise_email


def counted_address(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The address somebody tries to sign in with, as it is compared: capitals and spaces give no new tries."""
    given = (credentials or {}).get("email") or (credentials or {}).get("username") or request.POST.get("login", "")
    return normalise_email(str(given)).lower()[:255]


def nobody_in_the_log(*_: object) -> str:
    """What the log of failed sign-ins calls a client: neither address nor machine. The audit log says who."""
    return "a client"
