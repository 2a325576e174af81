"""The audit log: the database refuses changes, sign-ins are recorded, and one can read it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from tests.web.conftest import PASSWORD, Cast

from vitalfew.web.people import audit
from vitalfew.web.people.models import AuditEntry, User

# PostgreSQL does not look at a table for TRUNCATE while deferred checks of the same transaction wait.
TRUNCATE = {
    "postgresql": "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE people_auditentry CASCADE",
    "sqlite": "DELETE FROM people_auditentry WHERE 1",
}


@pytest.mark.parametrize(
    "change",
    [
        lambda: AuditEntry.objects.update(actor="nobody"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.get().delete(),
        lambda: AuditEntry.objects.get().save(),
        lambda: _raw("UPDATE people_auditentry SET detail = '{}'"),
        lambda: _raw("DELETE FROM people_auditentry"),
        lambda: _raw(TRUNCATE[connection.vendor]),
    ],
    ids=["update", "delete", "delete one", "save", "raw update", "raw delete", "truncate"],
)
def test_the_database_refuses_to_change_or_remove_an_entry(cast: Cast, change: Callable[[], object]) -> None:
    audit.record(cast.company, "owner@northlight.example", "invite", "a@b.example")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change()
    assert AuditEntry.objects.get().actor == "owner@northlight.example"


def _raw(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_sign_in_failure_and_sign_out_are_recorded(cast: Cast) -> None:
    client = Client()
    client.post("/account/login/", {"login": "lead@northlight.example", "password": "wrong"})
    client.post("/account/login/", {"login": "lead@northlight.example", "password": PASSWORD})
    client.post("/account/logout/")
    assert _actions() == ["sign-in failed", "sign in", "sign out"]
    first = AuditEntry.objects.order_by("id")[0]
    assert (first.company, first.actor, first.detail) == (cast.company, "lead@northlight.example", {"address": "127.0.0.1"})


def test_what_is_typed_into_the_address_field_is_kept_only_when_it_is_an_address_here(cast: Cast) -> None:
    Client().post("/account/login/", {"login": "my-secret-passphrase@typed.example", "password": "wrong"})
    entry = AuditEntry.objects.get()
    assert (entry.company, entry.actor, entry.target) == (None, "unknown", "")
    assert "secret" not in str(entry.detail)


def test_a_changed_password_is_recorded(cast: Cast) -> None:
    client = cast.client("analyst")
    new = "another quite long passphrase"
    answer = client.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert answer.status_code == 302
    assert "change password" in _actions()
    assert User.objects.get(email="analyst@northlight.example").check_password(new)


def test_the_page_shows_the_companys_own_entries_only(cast: Cast) -> None:
    audit.record(cast.company, "owner@northlight.example", "invite", "here@b.example")
    audit.record(cast.other, "owner@other.example", "invite", "elsewhere@b.example")
    audit.record(None, "unknown", "sign-in failed", "nowhere@b.example")
    text = cast.client("administrator").get("/c/northlight/audit/").content.decode()
    assert "here@b.example" in text
    assert "elsewhere@b.example" not in text
    assert "nowhere@b.example" not in text


def test_the_page_is_narrowed_by_who_what_and_when(cast: Cast) -> None:
    audit.record(cast.company, "a@northlight.example", "invite", "first@b.example")
    audit.record(cast.company, "b@northlight.example", "make token", "vf_abc")
    client = cast.client("owner")
    by_actor = client.get("/c/northlight/audit/", {"actor": "a@northlight.example"}).content.decode()
    assert "first@b.example" in by_actor
    assert "vf_abc" not in by_actor
    by_action = client.get("/c/northlight/audit/", {"action": "make token"}).content.decode()
    assert "first@b.example" not in by_action
    assert "vf_abc" in by_action
    today = timezone.now().date()
    assert (
        "vf_abc"
        in client.get("/c/northlight/audit/", {"start": today - timedelta(1), "end": today + timedelta(1)}).content.decode()
    )
    assert "vf_abc" not in client.get("/c/northlight/audit/", {"end": today - timedelta(2)}).content.decode()
    assert "vf_abc" not in client.get("/c/northlight/audit/", {"start": today + timedelta(2)}).content.decode()
    assert client.get("/c/northlight/audit/", {"start": "no day", "actor": "x'--", "page": "9e9"}).status_code == 200


def test_the_page_is_divided_and_keeps_its_filter(cast: Cast) -> None:
    for number in range(60):
        audit.record(cast.company, "a@northlight.example", "invite", f"person{number}@b.example")
    client = cast.client("owner")
    first = client.get("/c/northlight/audit/", {"actor": "a@northlight.example"}).content.decode()
    assert "person59@b.example" in first
    assert "person9@b.example" not in first
    assert "actor=a%40northlight.example&amp;page=2" in first
    second = client.get("/c/northlight/audit/", {"actor": "a@northlight.example", "page": "2"}).content.decode()
    assert "person9@b.example" in second


def test_what_people_typed_is_shown_inert(cast: Cast) -> None:
    audit.record(cast.company, "<script>alert(1)</script>", "<b>x", "{{ 7|add:7 }}", detail={"<i>": "<img src=x onerror=alert(1)>"})
    text = cast.client("owner").get("/c/northlight/audit/").content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "<b>x" not in text
    assert "{{ 7|add:7 }}" in text


def test_the_number_of_queries_does_not_grow_with_the_log(cast: Cast, django_assert_max_num_queries: Callable[..., object]) -> None:
    for number in range(120):
        audit.record(cast.company, f"{number}@northlight.example", "invite", f"person{number}@b.example")
    client = cast.client("owner")
    with django_assert_max_num_queries(10):  # type: ignore[attr-defined]
        assert client.get("/c/northlight/audit/").status_code == 200
