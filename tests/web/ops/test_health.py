"""Health: for machines, without a secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client
from tests.web.conftest import Cast

from vitalfew.web.people.models import Company
from vitalfew.web.runs import claiming


def test_it_is_alive_without_asking_the_database(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}  # the test has no access to the database


def test_it_is_ready_with_a_worker_and_degraded_without(cast: Cast) -> None:
    answer = Client().get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "database": "ok", "migrations": "ok", "workspace": "ok", "worker": "none"}
    claiming.seen("w", datetime.now(UTC))
    assert Client().get("/health/ready").json()["status"] == "ok"


def test_a_workspace_that_cannot_be_read_is_not_ready_and_its_name_is_not_told(cast: Cast) -> None:
    Company.objects.filter(pk=cast.company.pk).update(folder="/nowhere/secret-name")
    answer = Client().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["workspace"] == "failed"
    assert b"secret-name" not in answer.content


def test_a_database_that_does_not_answer_is_not_ready(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    def away(*_: object) -> None:
        raise OperationalError("password=secret")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", away)
        answer = Client().get("/health/ready")
    assert answer.status_code == 503
    assert json.loads(answer.content)["database"] == "failed"
    assert b"secret" not in answer.content


def test_a_database_that_is_behind_is_not_ready(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitalfew.web.ops.database.state", lambda: "behind")
    assert Client().get("/health/ready").status_code == 503


def test_it_names_no_company_and_no_path(cast: Cast, demo_workspace: Path) -> None:
    text = Client().get("/health/ready").content.decode()
    assert "northlight" not in text.lower()
    assert str(demo_workspace) not in text
