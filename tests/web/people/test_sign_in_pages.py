"""Signing in, and what my account keeps."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from tests.web.conftest import PASSWORD, Cast

from vitalfew.web.people.models import AuditEntry

OWNER = "owner@northlight.example"


def tried(client: Client, login: str, password: str) -> tuple[int, str]:
    answer = client.post("/account/login/", {"login": login, "password": password})
    return answer.status_code, answer.content.decode().replace(login, "ADDRESS")


def without_tokens(page: str) -> str:
    """The page without what differs at each request: tokens against forged forms."""
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "TOKEN", page)


def test_password_and_address_in_any_case_sign_in(cast: Cast) -> None:
    client = Client()
    assert tried(client, OWNER.upper(), PASSWORD)[0] == 302
    assert client.get("/c/northlight/").status_code == 200
    assert AuditEntry.objects.filter(company=cast.company, action="sign in", actor=OWNER).exists()


def test_after_eight_failures_even_the_right_password_waits(cast: Cast) -> None:
    client = Client()
    for n in range(8):
        # Capitals give no new tries.
        tried(client, OWNER if n % 2 else OWNER.upper(), "wrong")
    assert tried(client, OWNER, PASSWORD)[0] == 429
    assert "_auth_user_id" not in client.session
    assert AuditEntry.objects.filter(action="sign-in locked", actor=OWNER).exists()
    assert tried(Client(), "analyst@northlight.example", PASSWORD)[0] == 302, "others are not locked out"


def test_seven_failures_do_not_lock(cast: Cast) -> None:
    client = Client()
    for _ in range(7):
        tried(client, OWNER, "wrong")
    assert tried(client, OWNER, PASSWORD)[0] == 302


@pytest.mark.parametrize("path", ["login", "password/reset"])
def test_pages_do_not_tell_whether_an_address_exists(cast: Cast, path: str) -> None:
    answers = []
    for address in (OWNER, "nobody@northlight.example"):
        fields = {"login": address, "password": "wrong"} if path == "login" else {"email": address}
        answer = Client().post(f"/account/{path}/", fields, follow=True)
        page = answer.content.decode().replace(address, "ADDRESS")
        answers.append((answer.status_code, answer.redirect_chain, without_tokens(page)))
    assert answers[0] == answers[1]


def test_what_was_typed_by_nobody_is_not_kept(cast: Cast) -> None:
    tried(Client(), "my secret password", "x")
    tried(Client(), "nobody@northlight.example", "x")
    assert not any("secret" in str(each) or "nobody@" in str(each) for each in AuditEntry.objects.values_list())


def test_nobody_signs_up(cast: Cast) -> None:
    answer = Client().post("/account/signup/", {"email": "eve@evil.example", "password1": PASSWORD, "password2": PASSWORD})
    assert "_auth_user_id" not in answer.client.session
    assert Client().get("/account/email/").status_code == 404


@pytest.mark.parametrize("language", ["fr", "pt-br"])
def test_language_and_colours_are_kept(cast: Cast, language: str) -> None:
    client = cast.client("owner")
    client.post("/me/", {"name": "Ann", "language": language, "theme": "dark"})
    user = cast.members["owner"].user
    user.refresh_from_db()
    assert (user.name, user.language, client.cookies["theme"].value) == ("Ann", language, "dark")
    page = client.get("/me/").content.decode()
    assert f'<html lang="{language}"' in page
    assert 'data-theme="dark"' in page
    # On another device, too.
    assert f'<html lang="{language}"' in cast.client("owner").get("/c/northlight/").content.decode()


def test_a_page_of_every_kind_has_no_inline_script_or_style(cast: Cast) -> None:
    client = cast.client("owner")
    for path in ("/me/", "/account/2fa/", "/account/sessions/", "/account/password/change/", "/c/northlight/people/"):
        answer = client.get(path, follow=True)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert " style=" not in page
        assert "<script>" not in page
