"""Webhooks: what is told, signed, tried again and given up; and the addresses and pages to manage them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from tests.web.api.conftest import Programs, faults
from tests.web.api.test_door import OK, Peer, peer, says  # noqa: F401 - a fixture
from tests.web.conftest import Cast

from vitalfew.web.api import events, sending
from vitalfew.web.api.door import Answer, Door, Failed
from vitalfew.web.api.models import Delivery, Endpoint
from vitalfew.web.people.models import AuditEntry, Company
from vitalfew.web.runs import claiming
from vitalfew.web.runs.models import Job

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "webhooks.md"


@dataclass(frozen=True)
class Answering(Door):
    """A door with a system behind it that answers as told."""

    answers: list[int | BaseException] = field(default_factory=list)
    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: Any) -> Answer:
        self.sent.append((url, body, dict(headers)))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, BaseException):
            raise answer
        return Answer(answer, b"")


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.create(slug="acme", name="Acme", folder="/nowhere")


@pytest.fixture
def endpoint(company: Company) -> Endpoint:
    return Endpoint.objects.create(company=company, url="https://hooks.example/in", events=["run.finished"])


def due(company: Company, **data: Any) -> Delivery:
    assert events.emit(company, "run.finished", data or {"run": "r1"}) == 1
    delivery = Delivery.objects.latest("id")
    Delivery.objects.filter(pk=delivery.pk).update(next_at=NOW)
    return delivery


def verify() -> Callable[..., bool]:
    """The function that the how-to page shows."""
    found = re.search(r"^```python\n(.*?)^```$", HOW_TO.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    space: dict[str, Any] = {}
    exec(found.group(1), space)  # noqa: S102 - our own page
    made: Callable[..., bool] = space["verify"]
    return made


def test_an_event_is_told_to_the_endpoints_that_want_it(company: Company, endpoint: Endpoint) -> None:
    other = Company.objects.create(slug="other", name="Other", folder="/elsewhere")
    Endpoint.objects.create(company=other, url="https://hooks.example/other", events=["run.finished"])
    Endpoint.objects.create(company=company, url="https://hooks.example/off", events=["run.finished"], active=False)
    second = Endpoint.objects.create(company=company, url="https://hooks.example/2", events=["run.failed", "run.finished"])
    assert events.emit(company, "run.finished", {"run": "r1"}) == 2
    assert {each.endpoint_id for each in Delivery.objects.all()} == {endpoint.pk, second.pk}
    assert len({each.event for each in Delivery.objects.all()}) == 1, "one event, several deliveries"
    assert events.emit(company, "item.approved", {}) == 0
    with pytest.raises(KeyError):
        events.emit(company, "run.exploded", {})


def test_what_is_sent_is_signed_as_the_page_says(company: Company, endpoint: Endpoint) -> None:
    delivery = due(company, run="é✓")
    door = Answering()
    assert sending.deliver_due(NOW, door=door) == 1
    url, body, headers = door.sent[0]
    assert url == endpoint.url
    told = json.loads(body)
    assert (told["kind"], told["company"], told["data"], told["id"]) == ("run.finished", "acme", {"run": "é✓"}, str(delivery.event))
    assert headers["Vital-Few-Event-Id"] == str(delivery.event)
    assert headers["Vital-Few-Delivery"] == str(delivery.key)
    header = headers["Vital-Few-Signature"]
    assert re.fullmatch(r"t=\d+,v1=[0-9a-f]{64}", header)
    check, moment = verify(), NOW.timestamp()
    assert check(endpoint.secret, header, body, moment)
    assert check(endpoint.secret, header, body, moment + 299)
    assert not check(endpoint.secret, header, body, moment + 400)
    assert not check(endpoint.secret, header, body + b" ", moment)
    assert not check("whsec_other", header, body, moment)
    for broken in ("", "t=,v1=", "v1=abc", header.replace("t=", "t=1"), f"t=1,v1={'0' * 64}", "t=²,v1=0"):
        assert not check(endpoint.secret, broken, body, moment)


def test_the_page_names_every_event_and_every_pause() -> None:
    page = HOW_TO.read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z.]+)`", page, re.MULTILINE)) == {*events.EVENTS, events.TEST}
    minutes = [round(each.total_seconds() / 60, 2) for each in sending.PAUSES]
    assert minutes == [0.17, 1, 5, 30, 120, 360, 720, 1440]
    assert "10 seconds, 1 minute,\n5 and 30 minutes, 2, 6, 12 and 24 hours" in page


def test_a_failed_delivery_is_tried_again_with_growing_pauses_and_given_up_in_the_end(company: Company, endpoint: Endpoint) -> None:
    delivery = due(company)
    door = Answering(answers=[500, 302, Failed("no answer in time"), 404, 500, 500, 500, 500, 500])
    now = NOW
    for number, pause in enumerate(sending.PAUSES, 1):
        assert sending.deliver_due(now, door=door) == 1
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == ("waiting", number)
        assert timedelta(0) <= delivery.next_at - (now + pause) < timedelta(seconds=5)
        assert sending.deliver_due(delivery.next_at - timedelta(seconds=1), door=door) == 0
        now = delivery.next_at
    assert sending.deliver_due(now, door=door) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.code, delivery.error) == ("dead", 9, 500, "answered 500")
    assert [each["code"] for each in delivery.log] == [500, 302, None, 404, 500, 500, 500, 500, 500]
    assert delivery.log[1]["error"] == "answered 302; redirects are not followed"
    assert delivery.log[2]["error"] == "no answer in time"
    assert sending.deliver_due(now + timedelta(days=30), door=door) == 0
    # Each attempt is signed anew, over the same body.
    assert len({body for _, body, _ in door.sent}) == 1
    assert len({headers["Vital-Few-Signature"] for _, _, headers in door.sent}) == 9
    sending.again(delivery, now)
    assert sending.deliver_due(now, door=door) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.error) == ("delivered", 1, "")
    assert len(delivery.log) == 10


def test_a_worker_that_died_while_sending_leaves_the_delivery_due_again(company: Company, endpoint: Endpoint) -> None:
    delivery = due(company)

    class Killed(BaseException):
        pass

    with pytest.raises(Killed):
        sending.deliver_due(NOW, door=Answering(answers=[Killed()]))
    delivery.refresh_from_db()
    assert delivery.state == "sending"
    door = Answering()
    assert sending.deliver_due(NOW + timedelta(seconds=30), door=door) == 0
    assert sending.deliver_due(NOW + sending.LEASE + timedelta(seconds=5), door=door) == 1
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


def test_an_endpoint_that_is_switched_off_hears_nothing_until_it_is_on_again(company: Company, endpoint: Endpoint) -> None:
    due(company)
    Endpoint.objects.update(active=False)
    assert sending.deliver_due(NOW, door=Answering()) == 0
    Endpoint.objects.update(active=True)
    assert sending.deliver_due(NOW, door=Answering()) == 1


def test_the_real_door_delivers_to_this_machine_only_when_the_tests_say_so(
    company: Company,
    settings: Settings,
    peer: Callable[..., Peer],  # noqa: F811
) -> None:
    server = peer(says(OK))
    Endpoint.objects.create(company=company, url=f"http://127.0.0.1:{server.port}/", events=["run.finished"])
    delivery = due(company)
    sending.deliver_due(NOW)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.code, server.count) == ("waiting", None, 0)
    settings.WEBHOOKS_TO_LOOPBACK = True
    sending.deliver_due(NOW + timedelta(minutes=1))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.code, server.count) == ("delivered", 200, 1)


def test_the_loop_sends_until_it_is_stopped(company: Company, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped, rounds = threading.Event(), []

    def round_(now: datetime) -> int:
        rounds.append(now)
        if len(rounds) == 3:
            stopped.set()
        return 1

    monkeypatch.setattr(sending, "deliver_due", round_)
    monkeypatch.setattr(sending, "close_old_connections", lambda: None)
    monkeypatch.setattr(sending.connection, "close", lambda: None)
    sending.keep_sending(stopped)
    assert len(rounds) == 3


def test_runs_that_end_are_told(company: Company) -> None:
    Endpoint.objects.create(company=company, url="https://hooks.example/in", events=["run.finished", "run.failed"])

    def told() -> list[tuple[str, dict[str, Any]]]:
        return [(each.kind, json.loads(each.body)["data"]) for each in Delivery.objects.order_by("id")]

    first = Job.objects.create(company=company, not_before=NOW)
    claimed = claiming.claim("a", NOW)
    assert claimed is not None
    assert claiming.finish(claimed, "done", NOW, run_id="abc")
    assert told() == [("run.finished", {"job": str(first.pk), "run": "abc"})]
    assert not claiming.finish(claimed, "done", NOW, run_id="abc")
    Job.objects.create(company=company, not_before=NOW)
    claimed = claiming.claim("a", NOW)
    assert claimed is not None
    claiming.finish(claimed, "cancelled", NOW)
    assert len(told()) == 1
    lost = Job.objects.create(company=company, not_before=NOW, attempt=claiming.MOST_ATTEMPTS - 1)
    claiming.claim("a", NOW)
    claiming.reclaim(NOW + timedelta(hours=1))
    assert told()[1:] == [("run.failed", {"job": str(lost.pk), "run": ""})]


# --- the API ---

NEW = {"url": "https://hooks.example/in", "events": ["run.finished"]}


def test_an_endpoint_is_made_changed_and_removed(cast: Cast, program: Programs) -> None:
    integrator = program("integrator")
    made = integrator.send("POST", "/webhooks", NEW)
    assert made.status_code == 201
    told = made.json()
    assert told["secret"].startswith("whsec_")
    place = made["Location"].removeprefix("http://testserver")
    read = integrator.ask(place)
    assert read["ETag"] == made["ETag"]
    assert "secret" not in read.json()
    changed = integrator.send("PATCH", place, {"active": False}, If_Match=read["ETag"])
    assert (changed.status_code, changed.json()["active"], changed.json()["url"]) == (200, False, NEW["url"])
    renewed = integrator.send("POST", f"{place}/secret")
    assert renewed.json()["secret"] not in (told["secret"], "")
    assert integrator.send("DELETE", place, If_Match=integrator.ask(place)["ETag"]).status_code == 204
    assert integrator.ask(place).status_code == 404
    actions = list(AuditEntry.objects.filter(company=cast.company).order_by("id").values_list("action", flat=True))
    assert actions == ["add webhook", "change webhook", "renew webhook secret", "remove webhook"]
    written = str(list(AuditEntry.objects.values_list("detail", flat=True)))
    assert told["secret"] not in written
    assert "program of the integrator" in written


def test_a_change_by_somebody_else_in_between_is_not_overwritten(program: Programs) -> None:
    owner = program("owner")
    place = owner.send("POST", "/webhooks", NEW)["Location"].removeprefix("http://testserver")
    tag = owner.ask(place)["ETag"]
    assert owner.send("PATCH", place, {"active": False}).status_code == 428
    assert owner.send("PATCH", place, {"active": False}, If_Match=tag).status_code == 200
    assert owner.send("PATCH", place, {"active": True}, If_Match=tag).status_code == 412
    assert owner.send("DELETE", place, If_Match=tag).status_code == 412
    assert owner.ask(place).json()["active"] is False


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, {"body.url", "body.events"}),
        ({**NEW, "url": "https://10.0.0.1/"}, {"body.url"}),
        ({**NEW, "url": "https://localhost:8080/", "events": ["nothing"]}, {"body.url", "body.events"}),
        ({**NEW, "events": []}, {"body.events"}),
        ({**NEW, "secret": "mine"}, {"body.secret"}),
        ({**NEW, "url": 3, "active": "perhaps"}, {"body.url", "body.active"}),
        ([], {"body"}),
    ],
)
def test_every_fault_of_a_body_is_told(program: Programs, body: Any, places: set[str]) -> None:
    answer = program("owner").send("POST", "/webhooks", body)
    assert answer.status_code == 422
    assert set(faults(answer)) == places
    assert Endpoint.objects.count() == 0


def test_a_body_that_is_no_json_is_refused(program: Programs) -> None:
    owner = program("owner")
    address = f"{owner.root}/webhooks"
    for body in (b"{", b"\xff\xfe", b"null", b"NaN", b'{"url": 1e999}', b"[" * 5000):
        answer = owner.client.post(address, body, content_type="application/json", headers=owner.headers)
        assert answer.status_code in (400, 422), body[:20]
        assert answer["Content-Type"] == "application/problem+json"


def test_the_number_of_endpoints_is_bounded(program: Programs, cast: Cast) -> None:
    Endpoint.objects.bulk_create(Endpoint(company=cast.company, url=f"https://hooks.example/{n}") for n in range(20))
    assert set(faults(program("owner").send("POST", "/webhooks", NEW))) == {"body.url"}


def test_the_log_of_deliveries_comes_in_pages(program: Programs, cast: Cast) -> None:
    endpoint = Endpoint.objects.create(company=cast.company, url="https://hooks.example/in", events=["run.finished"])
    for _ in range(5):
        events.test(endpoint)
    owner = program("owner")
    seen: list[str] = []
    following = f"/webhooks/{endpoint.pk}/deliveries?limit=2"
    while following:
        told = owner.ask(following.removeprefix("http://testserver")).json()
        seen += [each["id"] for each in told["data"]]
        events.test(endpoint)  # what comes in between shifts no page
        following = told["next"] or ""
    assert len(seen) == len(set(seen)) == 5
    assert owner.ask(f"/webhooks/{endpoint.pk}/deliveries?state=dead").json()["data"] == []
    assert owner.ask(f"/webhooks/{endpoint.pk}/deliveries?state=odd").status_code == 422


# --- the pages ---


def test_a_webhook_is_added_tried_and_removed_on_its_pages(cast: Cast) -> None:
    owner = cast.client("owner")
    assert "no webhook yet" in owner.get("/c/northlight/webhooks/").content.decode()
    refused = owner.post("/c/northlight/webhooks/", {"url": "https://10.0.0.1/", "events": ["run.finished"]})
    assert "not an address of the public internet" in refused.content.decode()
    added = owner.post("/c/northlight/webhooks/", {"url": "https://hooks.example/in", "events": ["run.finished"], "active": "on"})
    endpoint = Endpoint.objects.get()
    place = f"/c/northlight/webhooks/{endpoint.pk}/"
    assert (added.status_code, added["Location"]) == (302, place)
    assert endpoint.secret in owner.get(place).content.decode()
    assert endpoint.secret not in owner.get(place).content.decode(), "it is shown once"
    owner.post(f"{place}test/")
    delivery = Delivery.objects.get()
    assert delivery.kind == "webhook.test"
    sending.deliver_due(delivery.next_at, door=Answering(answers=[503]))
    page = owner.get(place).content.decode()
    assert "answered 503" in page
    Delivery.objects.update(state="dead")
    assert "given up" in owner.get(place + "?state=dead").content.decode()
    owner.post(f"{place}deliveries/{delivery.key}/")
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    version = Endpoint.objects.get().version
    owner.post(place, {"url": endpoint.url, "events": ["run.failed"], "version": version})
    assert Endpoint.objects.get().events == ["run.failed"]
    owner.post(place, {"url": endpoint.url, "events": ["run.finished"], "version": version})
    assert Endpoint.objects.get().events == ["run.failed"], "an older page overwrites nothing"
    owner.post(f"{place}secret/")
    assert Endpoint.objects.get().secret != endpoint.secret
    owner.post(f"{place}remove/")
    assert Endpoint.objects.count() == 0


@pytest.mark.parametrize("address", ["", "test/", "secret/", "remove/", "deliveries/{delivery}/"])
def test_pages_of_a_webhook_open_for_those_who_may_and_for_nobody_else(cast: Cast, address: str) -> None:
    for role in ("owner", "administrator", "analyst", "executive", "lead", "employee", "integrator", "stranger", "nobody"):
        endpoint = Endpoint.objects.create(company=cast.company, url="https://hooks.example/in", events=["run.finished"])
        path = f"/c/northlight/webhooks/{endpoint.pk}/" + address.format(delivery=events.test(endpoint).key)
        before = (Endpoint.objects.count(), Delivery.objects.count(), endpoint.secret)
        may = role in ("owner", "administrator", "integrator")
        expected = {"stranger": 404, "nobody": 302}.get(role, 200 if may and not address else 302 if may else 403)
        client = cast.client(role)
        assert client.get(path).status_code == expected, role
        answer = client.post(path)
        assert answer.status_code == (302 if may else expected), role
        if not may:
            assert before == (Endpoint.objects.count(), Delivery.objects.count(), Endpoint.objects.get(pk=endpoint.pk).secret)


def test_webhooks_of_another_company_are_not_found_through_ones_own(cast: Cast) -> None:
    foreign = Endpoint.objects.create(company=cast.other, url="https://hooks.example/other", events=["run.finished"])
    own = Endpoint.objects.create(company=cast.company, url="https://hooks.example/own", events=["run.finished"])
    delivery = events.test(foreign)
    owner = cast.client("owner")
    for path in (
        f"{foreign.pk}/",
        f"{foreign.pk}/test/",
        f"{foreign.pk}/remove/",
        f"{own.pk}/deliveries/{delivery.key}/",
        f"{own.pk}/explode/",
    ):
        assert owner.post(f"/c/northlight/webhooks/{path}").status_code == 404, path
    assert Delivery.objects.count() == 1
    assert Endpoint.objects.count() == 2


def test_what_people_type_is_shown_inert(cast: Cast) -> None:
    owner = cast.client("owner")
    for typed in ('"><script>alert(1)</script>', "{{ 7 * 7 }}", "javascript:alert(1)"):
        page = owner.post("/c/northlight/webhooks/", {"url": typed, "events": [typed]}).content.decode()
        assert "<script>alert" not in page
        assert Endpoint.objects.count() == 0
