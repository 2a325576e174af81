"""Sign-in through OpenID Connect, against a provider that can be made to lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from tests.web.conftest import Cast
from tests.web.people.issuer import CLIENT, SECRET, Issuer, running

from vitalfew.web import sign_in
from vitalfew.web.people import members
from vitalfew.web.people.models import AuditEntry, Invitation, Membership, User

LOGIN, CALLBACK = "/account/oidc/oidc/login/", "/account/oidc/oidc/login/callback/"
NORA = "nora@northlight.example"


@pytest.fixture
def issuer(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Issuer]:
    """The provider, configured by the environment."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    cache.clear()
    with running() as made:
        given = {
            "VITALFEW_OIDC_ISSUER": made.address,
            "VITALFEW_OIDC_CLIENT_ID": CLIENT,
            "VITALFEW_OIDC_SECRET": SECRET,
            "VITALFEW_OIDC_NAME": "Northlight sign-on",
            "VITALFEW_OIDC_DOMAINS": "northlight.example, partner.example",
        }
        configured = sign_in.read(tmp_path, given)
        settings.SOCIALACCOUNT_PROVIDERS, settings.SIGN_IN_ORIGINS = configured.providers, configured.origins
        made.userinfo = {"email": NORA, "email_verified": True, "name": "Nora New"}
        yield made


def _sign_in(issuer: Issuer, browser: Client, **changed: str) -> HttpResponse:
    """Go to the provider and come back with its code."""
    away = browser.post(LOGIN, {"process": "login"})
    assert away.status_code == 302, away.content
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away["Location"]).query).items()}
    assert away["Location"].startswith(issuer.address + "/authorize?")
    assert asked["code_challenge_method"] == "S256"
    issuer.challenge = asked["code_challenge"]
    found = browser.get(CALLBACK, {"code": "good", "state": asked["state"], **changed})
    assert isinstance(found, HttpResponse)
    return found


def _invite(cast: Cast, email: str = NORA) -> Invitation:
    return members.invite(cast.company, "owner@northlight.example", "owner", email, "lead", "Billing")[0]


def test_an_invited_address_becomes_a_member_and_comes_again(cast: Cast, issuer: Issuer) -> None:
    _invite(cast)
    browser = Client()
    assert _sign_in(issuer, browser).status_code == 302
    made = Membership.objects.get(user__email=NORA)
    assert (made.company, made.role, made.group, made.user.name) == (cast.company, "lead", "Billing", "Nora New")
    assert not made.user.has_usable_password()
    assert browser.get("/c/northlight/").status_code == 200
    assert Invitation.objects.get().ended_at is not None
    recorded = set(AuditEntry.objects.values_list("actor", "action"))
    assert {(NORA, "accept invitation"), (NORA, "connect single sign-on"), (NORA, "sign in")} <= recorded
    again = Client()
    assert _sign_in(issuer, again).status_code == 302
    assert again.get("/c/northlight/").status_code == 200
    assert SocialAccount.objects.count() == 1


def test_a_member_is_connected_by_the_verified_address(cast: Cast, issuer: Issuer) -> None:
    issuer.userinfo["email"] = "Analyst@Northlight.example"
    browser = Client()
    _sign_in(issuer, browser)
    assert browser.get("/c/northlight/").status_code == 200
    assert SocialAccount.objects.get().user == cast.members["analyst"].user


def test_an_unknown_address_gets_no_account(cast: Cast, issuer: Issuer) -> None:
    count = User.objects.count()
    browser = Client()
    answer = _sign_in(issuer, browser)
    assert "invitation" in answer.content.decode()
    assert User.objects.count() == count
    assert browser.get("/c/northlight/").status_code == 302
    assert not SocialAccount.objects.exists()


def test_an_ended_invitation_opens_nothing(cast: Cast, issuer: Issuer) -> None:
    _invite(cast)
    Invitation.objects.update(expires_at=timezone.now())
    _sign_in(issuer, Client())
    assert not User.objects.filter(email=NORA).exists()


@pytest.mark.parametrize(
    "userinfo",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "false"},
        {"email_verified": "true"},
        {"email": "owner@other.example"},
        {"email": "analyst@northlight.example@evil.example"},
        {"email": "analyst@evil.example@northlight.example"},
        {"email": "analyst@northlıght.example"},
        {"email": None},
        {"email": ""},
    ],
    ids=str,
)
def test_an_address_the_provider_has_not_checked_or_may_not_vouch_for_opens_nothing(
    cast: Cast, issuer: Issuer, userinfo: dict[str, Any]
) -> None:
    issuer.userinfo = {"email": "analyst@northlight.example", "email_verified": True, **userinfo}
    browser = Client()
    _sign_in(issuer, browser)
    assert browser.get("/c/northlight/").status_code == 302
    assert browser.get("/me/").status_code == 302
    assert not SocialAccount.objects.exists()


def _other_key(issuer: Issuer) -> None:
    issuer.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _unsigned(issuer: Issuer) -> None:
    issuer.algorithm = "none"


def _shared_secret(issuer: Issuer) -> None:
    issuer.algorithm, issuer.signing_key = "HS256", SECRET.ljust(40, "x")


LIES: dict[str, Any] = {
    "signed by another key": _other_key,
    "not signed": _unsigned,
    "signed with a shared secret": _shared_secret,
    "for another client": lambda issuer: issuer.claims.update(aud="somebody-else"),
    "for several, used by another": lambda issuer: issuer.claims.update(aud=[CLIENT, "b"], azp="b"),
    "of another issuer": lambda issuer: issuer.claims.update(iss="https://evil.example"),
    "expired": lambda issuer: issuer.claims.update(exp=1),
    "without an end": lambda issuer: issuer.claims.update(exp=None),
    "about somebody else than userinfo": lambda issuer: issuer.claims.update(sub="person-2"),
    "about nobody": lambda issuer: issuer.claims.update(sub=None),
    "missing": lambda issuer: setattr(issuer, "id_token", False),
    "of a provider that calls itself another": lambda issuer: setattr(issuer, "named", "https://evil.example"),
}


@pytest.mark.parametrize("lie", list(LIES))
def test_a_token_that_cannot_be_believed_is_refused(cast: Cast, issuer: Issuer, lie: str) -> None:
    _invite(cast)
    LIES[lie](issuer)
    browser = Client()
    answer = _sign_in(issuer, browser)
    assert "could not be believed" in answer.content.decode()
    assert not User.objects.filter(email=NORA).exists()
    assert browser.get("/me/").status_code == 302


def test_a_code_or_state_of_somebody_else_is_refused(cast: Cast, issuer: Issuer) -> None:
    _invite(cast)
    for changed in ({"code": "stolen"}, {"state": "guessed"}, {"error": "access_denied"}):
        assert _sign_in(issuer, Client(), **changed).status_code < 500
        assert not User.objects.filter(email=NORA).exists()
    # The answer to one browser's request is no use in another.
    browser, other = Client(), Client()
    away = browser.post(LOGIN, {"process": "login"})
    asked = parse_qs(urlsplit(away["Location"]).query)
    issuer.challenge = asked["code_challenge"][0]
    answer = other.get(CALLBACK, {"code": "good", "state": asked["state"][0]})
    assert "could not be believed" in answer.content.decode()
    assert other.get("/me/").status_code == 302


def test_a_closed_account_stays_closed(cast: Cast, issuer: Issuer) -> None:
    user = cast.members["analyst"].user
    issuer.userinfo["email"] = user.email
    user.is_active = False
    user.save()
    browser = Client()
    _sign_in(issuer, browser)
    assert browser.get("/me/").status_code == 302


def test_the_button_is_there_only_when_a_provider_is_configured(cast: Cast, issuer: Issuer, settings: Settings) -> None:
    answer = Client().get("/account/login/")
    assert "Northlight sign-on" in answer.content.decode()
    assert f"form-action 'self' {issuer.address};" in answer["Content-Security-Policy"]
    assert issuer.address not in Client().get("/help/")["Content-Security-Policy"]
    assert Client().get(LOGIN).status_code == 200, "a link alone signs nobody in: it asks first"
    settings.SOCIALACCOUNT_PROVIDERS, settings.SIGN_IN_ORIGINS = {}, ()
    answer = Client().get("/account/login/")
    assert "Northlight sign-on" not in answer.content.decode()
    assert "form-action 'self';" in answer["Content-Security-Policy"]
    assert Client().get(LOGIN).status_code == 404


def test_a_provider_that_does_not_answer_is_told_calmly(cast: Cast, issuer: Issuer, settings: Settings) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = Client().post(LOGIN, {"process": "login"})
    assert answer.status_code in (200, 401)
    assert "did not answer" in answer.content.decode()
