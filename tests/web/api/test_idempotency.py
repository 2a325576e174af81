"""A POST with an Idempotency-Key is done once, whoever sends it how often and at the same time."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from tests.web.api.conftest import Program, Programs
from tests.web.runs.conftest import Database, new_postgresql, postgresql  # noqa: F401 - fixtures
from tests.web.runs.conftest import database as database  # noqa: PLC0414 - a fixture

from vitalfew.web.api import endpoints
from vitalfew.web.api.models import Endpoint, KeptAnswer

BODY = {"url": "https://hooks.example/in", "events": ["run.finished"]}


def post(asking: Program, key: str, body: Any = None) -> Any:
    return asking.send("POST", "/webhooks", BODY if body is None else body, Idempotency_Key=key)


def test_the_same_request_again_gets_the_first_answer(program: Programs) -> None:
    owner = program("owner")
    first, second = post(owner, "one"), post(owner, "one")
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert (first["ETag"], first["Location"]) == (second["ETag"], second["Location"])
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert Endpoint.objects.count() == 1
    assert post(owner, "two").status_code == 201
    assert Endpoint.objects.count() == 2
    # Without a key each request counts.
    owner.send("POST", "/webhooks", BODY)
    assert Endpoint.objects.count() == 3


def test_another_request_with_the_same_key_is_refused(program: Programs) -> None:
    owner = program("owner")
    post(owner, "one")
    assert post(owner, "one", {**BODY, "active": False}).status_code == 422
    made = Endpoint.objects.get()
    assert owner.send("POST", f"/webhooks/{made.pk}/test", Idempotency_Key="one").status_code == 422
    assert Endpoint.objects.count() == 1


def test_keys_belong_to_their_token(program: Programs) -> None:
    assert post(program("owner"), "one").status_code == 201
    assert "Idempotency-Replayed" not in post(program("owner"), "one")
    assert "Idempotency-Replayed" not in post(program("administrator"), "one")
    assert Endpoint.objects.count() == 3


def test_a_refused_request_leaves_its_key_free(program: Programs) -> None:
    owner = program("owner")
    assert post(owner, "one", {**BODY, "url": "https://10.0.0.1/"}).status_code == 422
    assert KeptAnswer.objects.count() == 0
    assert post(owner, "one").status_code == 201
    reading = program("owner", "read")
    assert post(reading, "two").status_code == 403
    assert KeptAnswer.objects.count() == 1


def test_a_failure_leaves_nothing_done_and_the_key_free(program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = program("owner")
    owner.client.raise_request_exception = False
    real = endpoints.add

    def failing(*given: Any, **more: Any) -> Endpoint:
        real(*given, **more)
        raise RuntimeError("in the middle")

    monkeypatch.setattr(endpoints, "add", failing)
    assert post(owner, "one").status_code == 500
    assert (Endpoint.objects.count(), KeptAnswer.objects.count()) == (0, 0)
    monkeypatch.setattr(endpoints, "add", real)
    assert post(owner, "one").status_code == 201


def test_an_answer_is_kept_for_a_day_and_an_abandoned_request_for_minutes(program: Programs) -> None:
    owner = program("owner")
    post(owner, "one")
    KeptAnswer.objects.update(made_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert post(owner, "one")["Idempotency-Replayed"] == "true"
    KeptAnswer.objects.update(made_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert "Idempotency-Replayed" not in post(owner, "one")
    # A process died while it worked: its transaction left nothing, and the key is free after a while.
    KeptAnswer.objects.update(status=None, made_at=timezone.now() - timedelta(seconds=100))
    assert post(owner, "one").status_code == 409
    KeptAnswer.objects.update(made_at=timezone.now() - timedelta(seconds=121))
    assert post(owner, "one").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel"])
def test_keys_that_are_none_are_refused(program: Programs, key: str) -> None:
    assert post(program("owner"), key).status_code == 422


def test_a_request_while_the_first_is_under_way_is_told_to_wait(
    transactional_db: None, program: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = program("owner")
    owner.ask("")  # the first use of a token is noted
    begun, go_on = threading.Event(), threading.Event()
    real = endpoints.add

    def slow(*given: Any, **more: Any) -> Endpoint:
        begun.set()
        assert go_on.wait(30)
        return real(*given, **more)

    monkeypatch.setattr(endpoints, "add", slow)

    def first() -> Any:
        try:
            return post(owner, "one")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(first)
        try:
            assert begun.wait(30)
            second = post(owner, "one")
            other = post(owner, "one", {**BODY, "active": False})
        finally:
            go_on.set()
        answered = under_way.result(60)
    assert (second.status_code, second["Retry-After"]) == (409, "1")
    assert other.status_code == 422
    assert answered.status_code == 201
    third = post(owner, "one")
    assert third.content == answered.content
    assert Endpoint.objects.count() == 1


AT_ONCE = """
import json, threading
from concurrent.futures import ThreadPoolExecutor
from django.db import connections
from django.test import Client
from django.conf import settings
from vitalfew.web.api.models import Endpoint
from vitalfew.web.people.models import Company, Membership, User
from vitalfew.web.people.tokens import make
settings.ALLOWED_HOSTS.append("testserver")
company = Company.objects.create(slug="acme", name="Acme", folder="/nowhere")
user = User.objects.create_user("owner@acme.example", None, "Owner")
secret = make(Membership.objects.create(company=company, user=user, role="owner"), "t", "read-write", 5)[1]
together = threading.Barrier(8)

def send(number):
    try:
        together.wait()
        answer = Client().post(
            "/api/v1/companies/acme/webhooks",
            {"url": "https://hooks.example/", "events": ["run.finished"]},
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "the same"},
        )
        return answer.status_code, answer.json().get("id")
    finally:
        connections.close_all()

with ThreadPoolExecutor(8) as pool:
    answers = list(pool.map(send, range(8)))
print(json.dumps([answers, Endpoint.objects.count()]))
"""


def test_eight_at_once_do_it_once(database: Database) -> None:
    answers, made = json.loads(database.run(AT_ONCE).splitlines()[-1])
    assert made == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert 201 in {status for status, _ in answers}
    assert len({made for status, made in answers if status == 201}) == 1
