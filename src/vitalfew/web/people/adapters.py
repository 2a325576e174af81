"""How people get an account: by invitation, never by signing up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by first-run set-up, invitation or single sign-on."""
        return False


class Connections(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Single sign-on connects to an account that was invited."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """An unknown address gets no account."""
        return False
