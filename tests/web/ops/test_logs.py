"""Logs tell what happened and nothing about anybody: markers put into every place of a request never get there."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from axes.models import AccessLog
from django.test import Client
from tests.web.conftest import PASSWORD, Cast

from vitalfew.web.ops.logs import Lines

MARKERS = ("marker.person@secret.example", "Zebedee Markerson", "+49 170 5550199", "hunter2-the-passphrase")


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Every line that would be written, from the root logger and those that do not hand on."""
    found: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    handler = Kept()
    handler.setFormatter(Lines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield found
    root.removeHandler(handler)
    root.setLevel(level)


def no_marker(lines: list[str]) -> None:
    for line in lines:
        json.loads(line)
        for marker in MARKERS:
            for form in (marker, marker.replace(" ", "+"), marker.replace("@", "%40"), marker.replace("+", "%2B")):
                assert form not in line


def test_a_request_is_one_line_of_route_status_and_time(cast: Cast, lines: list[str]) -> None:
    client = cast.client("owner")
    answer = client.get("/c/northlight/runs/", {"q": MARKERS[0]})
    line = json.loads(next(line for line in lines if '"runs:index"' in line))
    assert line["status"] == 200
    assert line["method"] == "GET"
    assert line["user"] == cast.members["owner"].user.pk
    assert line["milliseconds"] > 0
    assert line["request"] == answer["X-Request-ID"]
    no_marker(lines)


def test_markers_in_every_place_of_a_request_stay_out(cast: Cast, lines: list[str]) -> None:
    client = cast.client("owner")
    email, name, phone, secret = MARKERS
    headers = {"X-Request-ID": email, "User-Agent": name, "Referer": f"https://x.example/{email}", "Cookie": f"a={phone}"}
    for address in ("/c/northlight/runs/", f"/c/northlight/{name}/", f"/c/{email}/", f"/{phone}", "/c/northlight/runs/compare/"):
        client.get(address, {"q": name, "person": email, "phone": phone}, headers=headers)
        client.post(address, {"email": email, "password": secret, "text": phone}, headers=headers)
    client.post("/c/northlight/runs/start/", {"as_of": name})
    client.post("/account/login/", {"login": email, "password": secret})
    Client(enforce_csrf_checks=True).post("/account/login/", {"login": email, "password": secret})
    client.get("/", headers={"Host": f"{secret}.example"})
    assert len(lines) >= 12
    no_marker(lines)


def test_signing_in_leaves_no_address_behind(cast: Cast, lines: list[str]) -> None:
    client = Client()
    address = cast.members["owner"].user.email
    client.post("/account/login/", {"login": address, "password": "wrong"})
    client.post("/account/login/", {"login": address, "password": PASSWORD})
    assert lines
    assert not [line for line in lines if address in line or PASSWORD in line]


def test_failed_locked_and_good_sign_ins_name_nobody_in_any_log(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever formatter somebody puts in front of it: the record itself says neither address nor machine."""
    caplog.set_level(logging.DEBUG)
    who = {"REMOTE_ADDR": "192.0.2.77", "HTTP_USER_AGENT": "Marker/1"}
    for password in ("wrong",) * 9:
        Client().post("/account/login/", {"login": "lead@northlight.example", "password": password}, **who)
    browser = Client()
    browser.post("/account/login/", {"login": "analyst@northlight.example", "password": PASSWORD}, **who)
    browser.post("/account/logout/", **who)
    told = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records if record.name.startswith("axes")]
    assert any("Locking out" in each for each in told)
    for each in [*told, *(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO)]:
        for marker in ("lead@", "analyst@", "192.0.2.77", "Marker/1"):
            assert marker not in each
    assert not AccessLog.objects.exists(), "the audit log is the only list of who signed in"


def test_an_exception_is_told_by_kind_and_place_without_its_text(
    cast: Cast, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        try:
            raise KeyError(MARKERS[0])
        except KeyError as error:
            raise ValueError(f"cannot read {MARKERS[1]}") from error

    monkeypatch.setattr("vitalfew.web.runs.views.claiming.workers_alive", broken)
    client = cast.client("owner")
    client.raise_request_exception = False
    assert client.get("/c/northlight/runs/", {"q": MARKERS[2]}).status_code == 500
    line = json.loads(next(line for line in lines if '"exception"' in line))
    assert line["exception"][0].startswith("ValueError at ")
    assert line["exception"][1].startswith("KeyError at ")
    assert "runs/views.py:" in line["exception"][0]
    assert json.loads(next(line for line in lines if '"runs:index"' in line))["status"] == 500
    no_marker(lines)


def test_other_libraries_words_are_kept_only_as_templates(lines: list[str]) -> None:
    foreign = logging.getLogger("some.library")
    foreign.warning("failed for %s", MARKERS[0])
    foreign.warning(f"failed for {MARKERS[1]}")
    first, second = map(json.loads, lines)
    assert first["message"] == "failed for %s"
    assert "message" not in second
    assert second["place"].startswith("test_logs:")
    no_marker(lines)


def test_the_servers_own_log_goes_the_same_way() -> None:
    for name in ("django", "django.request", "gunicorn.error"):
        logger = logging.getLogger(name)
        assert logger.handlers == []
        assert logger.propagate


def test_a_proxys_id_is_kept_when_it_can_be_nothing_else(client: Client) -> None:
    name = "0b9d6e3a-5c1f-4a6e-9b8e-2f0c1d2e3f40"
    assert client.get("/health/live", headers={"X-Request-ID": name})["X-Request-ID"] == name
    assert client.get("/health/live", headers={"X-Request-ID": "Zebedee"})["X-Request-ID"] != "Zebedee"
