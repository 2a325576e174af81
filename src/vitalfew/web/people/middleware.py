"""Where a visitor comes from, the reader's language, and the sign-in pages' way out to single sign-on."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from vitalfew.web.shell.middleware import POLICY


class Behind:
    """Behind a proxy (VITALFEW_HTTPS) the visitor's address is what the proxy wrote last into X-Forwarded-For.

    Else everybody would come from the proxy, and whoever fails to sign in as somebody eight times would lock them out everywhere.
    What stands before the last entry was sent by the visitor and proves nothing.
    """

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SECURE_PROXY_SSL_HEADER:
            last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
            with suppress(ValueError):
                request.META["REMOTE_ADDR"] = str(ipaddress.ip_address(last))
        return self.answer(request)


class OwnLanguage:
    """Who is signed in and chose a language reads in it, on every device; others by cookie or browser (LocaleMiddleware)."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer
        self.known = frozenset(code for code, _ in settings.LANGUAGES)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "language", "")
        if chosen in self.known and chosen != translation.get_language():
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        return self.answer(request)


class SignInPolicy:
    """Pages with a button to a single sign-on provider may send their form there: browsers hold redirects to the policy, too."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        origins: tuple[str, ...] = settings.SIGN_IN_ORIGINS
        if origins and request.path.startswith("/account/"):
            allowed = " ".join(origins)
            response.headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", f"form-action 'self' {allowed}")
        return response
