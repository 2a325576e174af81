"""One cast for all tests of the application: the demo company with a member of each role, and a stranger of another company."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import Client, TransactionTestCase
from django.test import client as test_client
from pytest_django import Settings

from vitalfew import pipeline
from vitalfew.company import load
from vitalfew.web.people.models import Company, Membership, User

PASSWORD = "a long enough passphrase"
SURVEY = """
[company]
name = "Other"
currency = "EUR"
[[source]]
name = "survey"
table = "responses"
path = "survey.csv"
[source.columns]
response = "id"
email = "email"
at = "at"
[source.questions]
recommend = { column = "Q1", kind = "nps", outcome = true }
better = { column = "Q2", kind = "text" }
[[group]]
name = "Desk"
"""


@pytest.fixture(autouse=True, scope="session")
def _the_connection_of_a_test_stays_open() -> Iterator[None]:
    """Nothing closes the connection in which a test's transaction lives when a request ends.

    Django's test client lets go of the signal that does for the length of a request; but a streamed answer nobody read to its end is
    closed whenever memory is swept, and that puts the signal back in the middle of another request.
    """
    patch = pytest.MonkeyPatch()
    for each in (request_started, request_finished):
        each.disconnect(close_old_connections)
    patch.setattr(test_client, "close_old_connections", lambda **_: None)
    yield
    patch.undo()
    for each in (request_started, request_finished):
        each.connect(close_old_connections)


@pytest.fixture(scope="session")
def other_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another company: a small survey, run."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "company.toml").write_text(SURVEY, encoding="utf-8")
    lines = [
        f"{n},person{n}@other.example,2026-0{1 + n % 6}-10,{n % 11},{'slow delivery again' if n % 3 else 'all fine'}"
        for n in range(60)
    ]
    (folder / "survey.csv").write_text("\n".join(["id,email,at,Q1,Q2", *lines]) + "\n", encoding="utf-8")
    pipeline.run(load(folder), folder)
    return folder


@dataclass
class Cast:
    """Who plays: `company` with its members by role, `other` with its owner."""

    company: Company
    other: Company
    members: dict[str, Membership]
    stranger: Membership

    def client(self, role: str) -> Client:
        """A browser in which the member with `role` ("stranger", "nobody") is signed in."""
        client = Client()
        if role != "nobody":
            member = self.stranger if role == "stranger" else self.members[role]
            client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        return client


@pytest.fixture(autouse=True, scope="session")
def _audit_log_can_be_flushed() -> Iterator[None]:
    """Tests with real transactions empty all tables behind them, which the audit log's triggers refuse: lifted for that moment."""
    triggers = import_module("vitalfew.web.people.migrations.0004_audit_is_append_only")
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def lifted(case: TransactionTestCase) -> None:
        for step in (triggers.REMOVE, None, triggers.INSTALL):
            if step is None:
                flush(case)
                continue
            with connection.cursor() as cursor:
                for statement in step[connection.vendor]:
                    cursor.execute(statement)

    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", lifted)
    yield
    patch.undo()


@pytest.fixture
def cast(db: None, settings: Settings, demo_workspace: Path, other_workspace: Path) -> Cast:
    """The cast, in a fresh database."""
    # Slow hashing is for real passwords.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    company = Company.objects.create(slug="northlight", name="Northlight Supply", folder=str(demo_workspace), is_demo=True)
    other = Company.objects.create(slug="other", name="Other", folder=str(other_workspace))
    places = {"lead": ("Logistics", ""), "employee": ("Logistics", "E001")}
    members = {}
    for role in ("owner", "administrator", "analyst", "executive", "lead", "employee", "integrator"):
        user = User.objects.create_user(f"{role}@northlight.example", PASSWORD, role.capitalize())
        group, employee = places.get(role, ("", ""))
        members[role] = Membership.objects.create(company=company, user=user, role=role, group=group, employee=employee)
    stranger = User.objects.create_user("owner@other.example", PASSWORD, "Stranger")
    return Cast(company, other, members, Membership.objects.create(company=other, user=stranger, role="owner"))


@pytest.fixture
def as_role(cast: Cast) -> Callable[[str], Client]:
    """`as_role("lead")` is a browser signed in as the group lead."""
    return cast.client
