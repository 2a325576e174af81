"""How people get an account: by invitation, never by signing up; single sign-on connects to what was invited."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render

from vitalfew.web.people import members
from vitalfew.web.people.models import User, normalise_email


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

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """Providers come from the installation's settings only: nobody adds one through the database."""
        return [each for each in super().list_apps(request, provider, client_id) if each.pk is None]

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Connect a provider's word about an address to the account or the invitation at that address.

        Only addresses the provider has checked and, by its `domains`, may vouch for count: else whoever may name an address at some
        provider would open its owner's account. Accepts what was invited.
        """
        if sociallogin.state.get("process") not in (None, AuthProcess.LOGIN):
            return
        address = vouched(sociallogin)
        if sociallogin.is_existing:
            if address == sociallogin.user.email:
                _accept_invitations(sociallogin.user)
            return
        if not address:
            return
        user = User.objects.filter(email=address).first()
        if user is None:
            if not members.open_invitations_of(address):
                return
            user = User.objects.create_user(address, None, str(sociallogin.user.name or ""))
        if not user.is_active:
            raise ImmediateHttpResponse(render(request, "account/account_inactive.html", status=403))
        _accept_invitations(user)
        sociallogin.connect(request, user)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        """The name as the provider has it."""
        user = super().populate_user(request, sociallogin, data)
        whole = " ".join(str(data[each]) for each in ("first_name", "last_name") if data.get(each))
        user.name = str(data.get("name") or whole)[:200]
        return user

    def on_authentication_error(self, request: HttpRequest, provider: Any, **more: Any) -> None:
        """Errors of providers are told on allauth's page, without the provider's words."""


def vouched(sociallogin: Any) -> str:
    """The address that the provider may vouch for and says it has checked, or ''."""
    configured = sociallogin.provider.app.settings
    domains = configured.get("domains", [])
    is_saml = sociallogin.provider.id == "saml"
    for each in sociallogin.email_addresses:
        # Providers send the text "false" as well as the value.
        checked = is_saml or configured.get("addresses_are_verified") is True or each.verified is True
        address = normalise_email(each.email or "")
        if checked and address.count("@") == 1 and address.isascii() and address.rpartition("@")[2] in domains:
            return address
    return ""


def _accept_invitations(user: User) -> None:
    for invitation in members.open_invitations_of(user.email):
        members.accept(invitation, user)


def single_sign_on() -> bool:
    """Whether any provider is configured."""
    return any(each.get("APPS") for each in settings.SOCIALACCOUNT_PROVIDERS.values())
