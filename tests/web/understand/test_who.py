"""Who is this? The page and the API: whom they answer, what they say, and what the audit log says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.web.conftest import Cast

from vitalfew.runs import Workspace
from vitalfew.web.people.models import AuditEntry
from vitalfew.web.shell.access import READERS

PAGE = "/c/northlight/who/"


@pytest.fixture
def person(cast: Cast) -> dict[str, Any]:
    """Somebody of the demo company with a name, an address and an account."""
    run = Workspace(Path(cast.company.folder)).need_current()
    sql = """SELECT p.* FROM {people} p JOIN {timeline} t ON t.person = p.person WHERE p.email IS NOT NULL AND t."group" = 'Logistics'
      AND t.kind = 'interaction' AND p.name LIKE '% %' ORDER BY p.person LIMIT 1"""
    return READERS.of(run.folder, run.paths()).select(sql, ("people", "timeline"))[0]


@pytest.fixture
def outsider(cast: Cast) -> dict[str, Any]:
    """Somebody the work group of the lead never had to do with."""
    run = Workspace(Path(cast.company.folder)).need_current()
    sql = """SELECT p.* FROM {people} p WHERE p.email IS NOT NULL AND p.name LIKE '% %' AND p.person NOT IN
      (SELECT person FROM {timeline} WHERE "group" = 'Logistics' AND person IS NOT NULL) ORDER BY p.person LIMIT 1"""
    return READERS.of(run.folder, run.paths()).select(sql, ("people", "timeline"))[0]


def test_the_page_says_who_it_is_why_and_what_happened(cast: Cast, person: dict[str, Any]) -> None:
    answer = cast.client("owner").post(PAGE, {"email": person["email"].upper(), "name": person["name"]})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "It is" in text
    assert reverse("understand:customer", args=["northlight", person["person"]]) in text
    assert "Why we think so" in text
    assert text.count('<dl class="five">') == 1
    assert text.count("<dt>Last contact</dt>") == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Write what you know of them"),
        ({"email": "no address"}, "None of this can be read"),
        ({"name": "Zed Nobody"}, "Nobody known"),
        ({"email": "info@mont-chemicals.nl"}, "Nobody in particular, but the account is known"),
        ({"name": "Zed Nobody", "phone": "12"}, "Phone could not be read and was left out."),
        ({"name": "\x00<script>alert(1)</script>", "email": "x" * 5000}, "Nobody known"),
    ],
)
def test_what_the_page_says_when_it_is_nobody(cast: Cast, given: dict[str, str], said: str) -> None:
    answer = cast.client("owner").post(PAGE, given)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert b"<script>alert" not in answer.content


def test_the_audit_log_says_that_and_never_whom_by_what(cast: Cast, person: dict[str, Any]) -> None:
    cast.client("owner").post(PAGE, {"email": person["email"], "name": person["name"]})
    entry = AuditEntry.objects.filter(company=cast.company, action="look up customer").latest("id")
    assert entry.target == person["person"]
    assert entry.detail == {"outcome": "found", "fields": ["email", "name"]}
    cast.client("owner").post(PAGE, {"email": "zed@nowhere.example"})
    entry = AuditEntry.objects.filter(company=cast.company, action="look up customer").latest("id")
    assert (entry.target, entry.detail) == ("", {"outcome": "nobody", "fields": ["email"]})
    kept = json.dumps(list(AuditEntry.objects.filter(company=cast.company).values_list("target", "detail")))
    assert person["email"] not in kept
    assert "zed@" not in kept


def test_a_lead_is_told_only_of_customers_of_the_own_group(cast: Cast, person: dict[str, Any], outsider: dict[str, Any]) -> None:
    lead = cast.client("lead")
    theirs = lead.post(PAGE, {"email": person["email"], "name": person["name"]}).content.decode()
    assert person["person"] in theirs
    assert '<dl class="five">' not in theirs
    other = lead.post(PAGE, {"email": outsider["email"], "name": outsider["name"]}).content.decode()
    assert "Nobody known" in other
    assert outsider["person"] not in other


@pytest.mark.parametrize("role", ["analyst", "executive", "employee", "integrator"])
def test_who_may_not_read_records_is_told_nothing(cast: Cast, role: str) -> None:
    assert cast.client(role).post(PAGE, {"name": "Bas Prins"}).status_code == 403


def test_a_form_from_elsewhere_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.members["owner"].user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(PAGE, {"name": "Bas Prins"}).status_code == 403


def test_the_timeline_is_narrowed_to_a_kind_and_tells_device_and_touchpoint(cast: Cast) -> None:
    client = cast.client("owner")
    run = Workspace(Path(cast.company.folder)).need_current()
    sql = 'SELECT account, device FROM {timeline} WHERE device IS NOT NULL AND account IS NOT NULL ORDER BY "at" DESC LIMIT 1'
    seen = READERS.of(run.folder, run.paths()).select(sql, ("timeline",))[0]
    where = reverse("understand:account", args=["northlight", seen["account"]])
    assert '<li class="interaction"' in client.get(where).content.decode()
    orders = client.get(where + "?kind=order").content.decode()
    assert '<li class="order"' in orders
    assert '<li class="interaction"' not in orders
    assert client.get(where + "?kind=nonsense").status_code == 200
    assert f"Web shop · web · {seen['device']}" in client.get(where + "?kind=interaction").content.decode()
