"""What a reader sees when there is no page, it is not for them, or we failed: in the application's own form, and telling nothing."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from tests.web.conftest import Cast

from vitalfew.web.shell import urls


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def test_a_page_that_is_not_there_says_so_and_leads_on(cast: Cast) -> None:
    answer = cast.client("owner").get("/c/northlight/themes/theme:absent/")
    assert answer.status_code == 404
    assert "There is no such page" in text(answer)
    assert "Northlight Supply" in text(answer), "one stays in one's company"
    assert 'href="/c/northlight/"' in text(answer)


def test_another_company_looks_exactly_like_none(cast: Cast) -> None:
    client = cast.client("owner")
    other, absent = client.get("/c/other/metrics/"), client.get("/c/absent/metrics/")
    assert (other.status_code, text(other)) == (absent.status_code, text(absent)) == (404, text(other))
    assert "There is no such page" in text(other)


def test_a_page_for_other_roles_names_the_readers_own(cast: Cast) -> None:
    user = cast.members["employee"].user
    user.language = "de"
    user.save()
    answer = cast.client("employee").get("/c/northlight/audit/")
    assert answer.status_code == 403
    assert 'lang="de"' in text(answer)
    assert "Sie sind hier als: Mitarbeitende" in text(answer)


def test_a_form_sent_from_an_old_page_is_told_what_to_do(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.members["owner"].user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/account/logout/")
    assert answer.status_code == 403
    assert "the page you sent this from is too old" in text(answer)


def test_a_fault_of_ours_says_nothing_of_itself(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise RuntimeError("secret of the server")

    monkeypatch.setattr(urls.urlpatterns[0], "callback", broken)
    client = cast.client("owner")
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == 500
    assert "A fault of ours" in text(answer)
    assert "secret" not in text(answer)
