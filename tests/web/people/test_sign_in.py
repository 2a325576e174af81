"""Signing in: limits, second factor, sessions, what the pages give away; and one's own account."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from tests.web.conftest import PASSWORD, Cast

from vitalfew.web.people.models import AuditEntry, User

LOGIN = "/account/login/"


@pytest.fixture(autouse=True)
def _no_old_counts() -> None:
    cache.clear()


def _try(email: str, password: str, client: Client | None = None, address: str = "127.0.0.1") -> HttpResponse:
    found = (client or Client()).post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=address)
    assert isinstance(found, HttpResponse)
    return found


def test_address_and_password_open(cast: Cast) -> None:
    browser = Client()
    assert _try(" Analyst@northlight.example", PASSWORD, browser).status_code == 302
    assert browser.get("/c/northlight/").status_code == 200


def test_after_eight_failures_even_the_right_password_is_refused_for_that_address_from_there(cast: Cast) -> None:
    for number in range(7):
        assert _try("analyst@northlight.example", f"wrong {number}").status_code == 200
    assert _try("ANALYST@northlight.example", "wrong").status_code == 429
    locked = _try("analyst@northlight.example", PASSWORD)
    assert locked.status_code == 429
    assert "quarter of an hour" in locked.content.decode()
    assert _try("owner@northlight.example", PASSWORD).status_code == 302, "others are not locked out"
    assert _try("analyst@northlight.example", PASSWORD, address="192.0.2.9").status_code == 302, "nor is the person elsewhere"
    assert "sign-in locked" in AuditEntry.objects.filter(company=cast.company).values_list("action", flat=True)


@pytest.mark.parametrize("claimed", ["198.51.100.5", "{}, 198.51.100.5", "127.0.0.1,  198.51.100.5"])
def test_behind_a_proxy_a_stranger_locks_nobody_out_elsewhere(cast: Cast, settings: Settings, claimed: str) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    given = {"login": "analyst@northlight.example", "password": "wrong"}
    for number in range(9):
        # What the stranger claims before the proxy's own word gives no new tries.
        Client().post(LOGIN, given, HTTP_X_FORWARDED_FOR=claimed.format(f"192.0.2.{number}"))
    right = {**given, "password": PASSWORD}
    assert Client().post(LOGIN, right, HTTP_X_FORWARDED_FOR=claimed.format("192.0.2.99")).status_code == 429
    assert Client().post(LOGIN, right, HTTP_X_FORWARDED_FOR="203.0.113.7").status_code == 302
    places = {each.detail.get("address") for each in AuditEntry.objects.filter(company=cast.company)}
    assert places == {"198.51.100.5", "203.0.113.7"}


def test_without_a_proxy_nobody_chooses_where_they_come_from(cast: Cast) -> None:
    for number in range(9):
        given = {"login": "analyst@northlight.example", "password": "wrong"}
        Client().post(LOGIN, given, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert _try("analyst@northlight.example", PASSWORD).status_code == 429


def test_the_lock_opens_after_its_time(cast: Cast) -> None:
    from axes.models import AccessAttempt

    for number in range(9):
        _try("analyst@northlight.example", f"wrong {number}")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert _try("analyst@northlight.example", PASSWORD).status_code == 302


def _told(answer: HttpResponse, *private: str) -> str:
    """A page without what differs at each request anyway."""
    text = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", answer.content.decode())
    for each in private:
        text = text.replace(each, "ADDRESS")
    return text


def test_the_sign_in_page_does_not_tell_whether_an_address_exists(cast: Cast) -> None:
    closed = User.objects.create_user("closed@northlight.example", PASSWORD)
    closed.is_active = False
    closed.save()
    known = _told(_try("analyst@northlight.example", "wrong"), "analyst@northlight.example")
    unknown = _told(_try("nobody@northlight.example", "wrong"), "nobody@northlight.example")
    inactive = _told(_try("closed@northlight.example", "wrong"), "closed@northlight.example")
    assert "errorlist" in known
    assert known == unknown == inactive


def test_the_password_page_does_not_tell_whether_an_address_exists(cast: Cast, settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.example"
    answers = [Client().post("/account/password/reset/", {"email": f"{who}@northlight.example"}) for who in ("analyst", "nobody")]
    assert [each.status_code for each in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert len(mail.outbox) == 2


def test_a_reset_link_sets_a_password_once(cast: Cast, settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.example"
    Client().post("/account/password/reset/", {"email": "analyst@northlight.example"})
    found = re.search(r"http://testserver(/account/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert found is not None
    browser = Client()
    form = browser.get(found[1], follow=True)
    new = "another quite long passphrase"
    assert browser.post(form.redirect_chain[-1][0], {"password1": new, "password2": new}).status_code == 302
    assert _try("analyst@northlight.example", new).status_code == 302
    again = Client().get(found[1], follow=True).content.decode()
    assert 'name="password1"' not in again


def test_without_e_mail_the_password_page_says_what_to_do(cast: Cast) -> None:
    text = Client().get("/account/password/reset/").content.decode()
    assert "vitalfew password" in text
    assert 'name="email"' not in text


def test_nobody_signs_up_or_changes_the_address(cast: Cast) -> None:
    new = {"email": "eve@evil.example", "password1": "a fine long passphrase", "password2": "a fine long passphrase"}
    Client().post("/account/signup/", new)
    Client().post("/account/3rdparty/signup/", new)
    assert not User.objects.filter(email="eve@evil.example").exists()
    analyst = cast.client("analyst")
    assert analyst.get("/account/email/").status_code == 404
    assert analyst.post("/account/email/", {"action_add": "", "email": "owner@other.example"}).status_code == 404


def test_a_session_ends(cast: Cast, settings: Settings) -> None:
    browser = Client()
    _try("analyst@northlight.example", PASSWORD, browser)
    assert browser.session.get_expiry_age() <= 12 * 60 * 60
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert browser.get("/c/northlight/")["Location"].startswith(LOGIN)


def test_signing_in_starts_a_new_session(cast: Cast) -> None:
    browser = Client()
    session = browser.session
    session["x"] = 1
    session.save()
    before = session.session_key
    _try("analyst@northlight.example", PASSWORD, browser)
    assert browser.session.session_key != before


def test_sessions_are_listed_and_others_can_be_ended(cast: Cast) -> None:
    here, there = Client(HTTP_USER_AGENT="Here/1"), Client(HTTP_USER_AGENT="There/1")
    for browser in (here, there):
        _try("analyst@northlight.example", PASSWORD, browser)
    text = here.get("/account/sessions/").content.decode()
    assert "Here/1" in text
    assert "There/1" in text
    assert here.post("/account/sessions/").status_code == 302
    assert there.get("/c/northlight/").status_code == 302
    assert here.get("/c/northlight/").status_code == 200
    assert UserSession.objects.count() == 1


def test_a_changed_password_ends_other_sessions(cast: Cast) -> None:
    here, there = Client(), Client()
    for browser in (here, there):
        _try("analyst@northlight.example", PASSWORD, browser)
    new = "another quite long passphrase"
    here.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert there.get("/c/northlight/").status_code == 302


def _code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def test_a_second_factor_is_asked_for_once_it_is_on(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    browser = Client()
    _try("analyst@northlight.example", PASSWORD, browser)
    # Changing factors asks for the password again.
    asked = browser.get("/account/2fa/totp/activate/")
    assert asked.status_code == 302
    browser.post(asked["Location"], {"password": PASSWORD})
    page = browser.get("/account/2fa/totp/activate/").content.decode()
    assert 'src="data:image/svg+xml' in page, "the QR code"
    secret = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)
    assert secret is not None
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/account/2fa/totp/activate/", {"code": _code(secret[1])})
    cache.clear()
    codes = re.findall(r"\b\d{8}\b", browser.get("/account/2fa/recovery-codes/").content.decode())
    assert len(codes) >= 8
    assert "add second factor" in AuditEntry.objects.values_list("action", flat=True)
    # From now on the password alone opens nothing.
    new = Client()
    first = _try("analyst@northlight.example", PASSWORD, new)
    assert first["Location"] == "/account/2fa/authenticate/"
    assert new.get("/c/northlight/").status_code == 302
    assert new.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert new.get("/c/northlight/").status_code == 302
    assert new.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    assert new.get("/c/northlight/").status_code == 200
    assert "second factor refused" in AuditEntry.objects.values_list("action", flat=True)


PAGES = [
    "/account/password/change/",
    "/account/2fa/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
    "/account/2fa/totp/activate/",
    "/account/sessions/",
    "/account/3rdparty/",
    "/account/logout/",
    "/account/reauthenticate/",
    "/me/",
]


@pytest.mark.parametrize(
    "address", ["/account/login/", "/account/password/reset/", "/account/password/reset/done/", "/account/signup/", *PAGES]
)
def test_sign_in_pages_look_like_ours_and_hold_to_the_policy(cast: Cast, address: str) -> None:
    browser = Client()
    if address in PAGES:
        _try("analyst@northlight.example", PASSWORD, browser)
        browser.post("/account/reauthenticate/", {"password": PASSWORD})
    answer = browser.get(address)
    assert answer.status_code == 200, answer.get("Location")
    text = answer.content.decode()
    assert "shell/app.css" in text
    assert text.count("<main") == 1
    assert text.count("<h1") == 1
    assert not re.search(r"<[^>]+\sstyle=", text)
    assert not re.search(r"<[^>]+\son[a-z]+=", text)
    scripts = re.findall(r"<script([^>]*)>", text)
    assert all("src=" in each or 'type="application/json"' in each for each in scripts), "no script within the page"
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    for label in re.findall(r'<input(?![^>]*type="(?:hidden|radio|checkbox)")[^>]*id="([^"]+)"', text):
        assert f'for="{label}"' in text, f"{label} has no label"


def test_the_scripts_of_security_keys_are_files_of_ours(cast: Cast) -> None:
    browser = Client()
    _try("analyst@northlight.example", PASSWORD, browser)
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    text = browser.get("/account/2fa/webauthn/add/").content.decode()
    sources = re.findall(r'<script src="(/static/mfa/[^"]+)"', text)
    assert sources
    for source in sources:
        answer = browser.get(source)
        assert answer.status_code == 200
        answer.close()


@pytest.mark.parametrize("language", [code for code, _ in django_settings.LANGUAGES if code != "en"])
def test_name_language_and_colours_are_ones_own(cast: Cast, language: str) -> None:
    browser = cast.client("analyst")
    answer = browser.post("/me/", {"name": "Ana Lyst", "language": language, "theme": "dark"})
    assert answer.status_code == 302
    user = User.objects.get(email="analyst@northlight.example")
    assert (user.name, user.language) == ("Ana Lyst", language)
    text = browser.get("/me/").content.decode()
    assert f'<html lang="{language}" data-theme="dark">' in text
    # The language goes with the person to another browser, whatever that one asks for; the colours stay with the browser.
    other = Client(HTTP_ACCEPT_LANGUAGE="de")
    other.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert f'<html lang="{language}">' in other.get("/me/").content.decode()
    browser.post("/me/", {"name": "Ana Lyst", "language": "", "theme": ""})
    assert '<html lang="de">' in other.get("/me/").content.decode()
    assert "data-theme" not in browser.get("/me/").content.decode()


@pytest.mark.parametrize("given", [{"name": ""}, {"language": "xx"}, {"theme": "pink"}, {"name": "x" * 201}, {"name": "a\x00b"}])
def test_an_account_takes_no_nonsense(cast: Cast, given: dict[str, str]) -> None:
    answer = cast.client("analyst").post("/me/", {"name": "Ana", "language": "fr", "theme": "dark", **given})
    assert answer.status_code == 200
    assert User.objects.get(email="analyst@northlight.example").language == ""


def test_a_theme_from_elsewhere_is_not_believed(cast: Cast) -> None:
    browser = cast.client("analyst")
    browser.cookies["theme"] = '"><script>'
    assert "<script>" not in browser.get("/me/").content.decode()


def test_no_template_of_ours_holds_script_or_style() -> None:
    folder = Path(__file__).parents[3] / "src" / "vitalfew" / "web" / "people" / "templates"
    files = list(folder.rglob("*.html"))
    assert len(files) > 20
    for each in files:
        text = each.read_text(encoding="utf-8")
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=\"", text), each
