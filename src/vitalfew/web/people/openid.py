"""OpenID Connect, stricter than the library: a sign-in needs an identity token whose signature has been checked.

The library trusts a token that came over its own connection to the provider. A provider (or who sits between) could then hand us
anybody's; and userinfo must be about the person the token is about (OpenID Connect Core 5.3.2).
"""

from __future__ import annotations

from typing import Any

import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from vitalfew.web.shell.access import public

# What a provider signs with; a token "signed" with none or with a secret that is our public key is no token.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


class CheckedOpenID(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Takes a sign-in only with a token that is signed, ours, unexpired, and about the person userinfo is about."""

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """The sign-in a provider's answer stands for. Raises OAuth2Error."""
        raw = kwargs["response"].get("id_token")
        if not raw or not isinstance(raw, str):
            raise OAuth2Error("no id_token")
        claims = self._checked(app, raw)
        data: dict[str, Any] = {"id_token": claims}
        if "userinfo_endpoint" in self.openid_config:
            userinfo = self._fetch_user_info(token.token)
            if userinfo.get("sub") != claims.get("sub") or not claims.get("sub"):
                raise OAuth2Error("userinfo is about somebody else")
            data["userinfo"] = userinfo
        return self.get_provider().sociallogin_from_response(request, data)

    def _checked(self, app: Any, raw: str) -> dict[str, Any]:
        config = self.openid_config
        if config.get("issuer", "").rstrip("/") != app.settings["server_url"].rstrip("/"):
            raise OAuth2Error("the provider calls itself something else than configured")
        try:
            algorithm = jwtkit.jwt.get_unverified_header(raw).get("alg")
            if algorithm not in ALGORITHMS:
                raise OAuth2Error("not a signature")
            claims: dict[str, Any] = jwtkit.verify_and_decode(
                credential=raw,
                keys_url=config["jwks_uri"],
                issuer=config["issuer"],
                audience=app.client_id,
                lookup_kid=jwtkit.lookup_kid_jwk,
            )
        except (KeyError, ValueError, jwtkit.jwt.PyJWTError) as error:
            raise OAuth2Error("Invalid id_token") from error
        if "exp" not in claims or claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("Invalid id_token")
        return claims


def _answered(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        made: HttpResponse = view.adapter_view(CheckedOpenID(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (requests.RequestException, PermissionDenied):  # no answer, or one to a request that this browser did not make
        from allauth.socialaccount.helpers import render_authentication_error  # noqa: PLC0415 - needs the apps loaded

        failed: HttpResponse = render_authentication_error(request, get_adapter().get_provider(request, provider_id))
        return failed
    return made


@public
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the visitor to the provider."""
    return _answered(OAuth2LoginView, request, provider_id)


@public
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The visitor comes back from the provider."""
    return _answered(OAuth2CallbackView, request, provider_id)
