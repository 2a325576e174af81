"""Who is this? as programs ask it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.web.api.conftest import Programs
from tests.web.conftest import Cast

from vitalfew.runs import Workspace
from vitalfew.web.people.models import Company
from vitalfew.web.shell.access import READERS


@pytest.fixture
def person(cast: Cast) -> dict[str, Any]:
    """Somebody of the demo company with a name, an address and an account."""
    run = Workspace(Path(cast.company.folder)).need_current()
    sql = """SELECT p.* FROM {people} p JOIN {timeline} t ON t.person = p.person WHERE p.email IS NOT NULL AND t."group" = 'Logistics'
      AND t.kind = 'interaction' AND p.name LIKE '% %' ORDER BY p.person LIMIT 1"""
    return READERS.of(run.folder, run.paths()).select(sql, ("people", "timeline"))[0]


def test_the_api_answers_tokens_that_may_only_read(cast: Cast, program: Programs, person: dict[str, Any]) -> None:
    caller = program("owner", "read")
    answer = caller.send("POST", "/who", {"email": person["email"], "name": person["name"]})
    told = answer.json()
    assert (answer.status_code, told["outcome"], told["person"]) == (200, "found", person["person"])
    assert told["confidence"] >= 0.9
    assert len(told["candidates"][0]["history"]) == 5
    assert {each["field"] for each in told["candidates"][0]["evidence"]} >= {"email", "name"}
    assert caller.send("POST", "/who/records", {"record": "calls#1", "name": "Zed"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({}, "body"),
        ({"email": "no address"}, "body"),
        ({"nothing": "x"}, "body.nothing"),
        ({"name": "x" * 201}, "body.name"),
    ],
)
def test_the_api_refuses_what_identifies_nobody(cast: Cast, program: Programs, body: dict[str, str], at: str) -> None:
    answer = program("owner").send("POST", "/who", body)
    assert answer.status_code == 422
    assert [each["at"] for each in answer.json()["errors"]] == [at]


def test_a_record_is_remembered_by_the_api_and_known_to_the_page(
    cast: Cast,
    program: Programs,
    tmp_path: Path,
) -> None:
    # A copy: what is remembered would stay for other tests.
    folder = tmp_path / "copy"
    shutil.copytree(cast.other.folder, folder, symlinks=True)
    Company.objects.filter(pk=cast.other.pk).update(folder=str(folder))
    caller = program("stranger", root="/api/v1/companies/other")
    answer = caller.send("POST", "/who/records", {"record": "calls#1", "email": "zoe@gamma.fr", "name": "Zoe Blanc"})
    assert answer.status_code == 201
    assert answer.json()["outcome"] == "nobody"
    person = answer.json()["remembered_as"]
    found = caller.send("POST", "/who", {"email": "zoe@gamma.fr", "name": "Zoe Blanc"}).json()
    assert (found["person"], found["candidates"][0]["remembered"]) == (person, True)
    assert caller.send("POST", "/who/records", {"record": "calls", "name": "Zoe Blanc"}).json()["errors"][0]["at"] == "body.record"
    page = cast.client("stranger").post("/c/other/who/", {"email": "zoe@gamma.fr"}).content.decode()
    assert "Zoe Blanc" in page
    assert "remembered since the last run" in page
