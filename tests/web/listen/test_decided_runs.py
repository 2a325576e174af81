"""A decision in the application through real runs: what follows, what pages tell, and that undo gives everything back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import Client
from pytest_django import Settings
from tests.test_continuity import SETTINGS, answers, person_of, tables
from tests.web.conftest import PASSWORD

from vitalfew import pipeline, runs
from vitalfew.company import load
from vitalfew.web.authoring.overlay import in_force
from vitalfew.web.people.models import Company, Membership, User


@pytest.fixture
def acme(db: None, settings: Settings, tmp_path: Path) -> Company:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    (tmp_path / "company.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "survey.csv").write_text(answers(), encoding="utf-8")
    pipeline.run(load(tmp_path), tmp_path)
    return Company.objects.create(slug="acme", name="Acme", folder=str(tmp_path))


@pytest.fixture
def owner(acme: Company) -> Client:
    user = User.objects.create_user("owner@acme.example", PASSWORD, "Owner")
    Membership.objects.create(company=acme, user=user, role="owner")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def again(company: Company) -> runs.Run:
    folder = Path(company.folder)
    return pipeline.run(load(folder, edits=in_force(company)), folder)


def decide(client: Client, left: str, right: str, decision: str) -> Any:
    return client.post("/c/acme/links/decide/", {"left": left, "right": right, "decision": decision})


def test_a_decision_takes_effect_with_the_next_run_is_told_and_its_undo_gives_everything_back(acme: Company, owner: Client) -> None:
    first = runs.Workspace(Path(acme.folder)).need_current()
    before = person_of(first)
    decide(owner, "survey#5", "survey#6", "same")
    page = owner.get("/c/acme/review/").content.decode()
    assert "counts from the next run" in page
    second = again(acme)
    one = person_of(second)
    assert one["5"] == one["6"]
    page = owner.get("/c/acme/review/").content.decode()
    assert "survey#5" in page
    assert "counts from the next run" not in page
    # The comparison of the two says who was joined, and which decision did it; an executive is told how many.
    compared = owner.get("/c/acme/runs/compare/").content.decode()
    assert "1 id was joined into another" in compared
    assert f"/customers/{one['5']}/" in compared
    assert "survey#5, survey#6" in compared
    user = User.objects.create_user("executive@acme.example", PASSWORD, "Executive")
    Membership.objects.create(company=acme, user=user, role="executive")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    aggregated = client.get("/c/acme/runs/compare/").content.decode()
    assert "1 id was joined into another" in aggregated
    assert "decisions on who is who" in aggregated.lower()
    assert not any(each in aggregated for each in ("survey#5", one["5"], before["6"]))
    links = owner.get("/c/acme/links/?rule=decided").content.decode()
    assert "by a person" in links
    assert "Decided: same person, owner@acme.example" in links
    # The page of the id that ended leads to the one that goes on, which says so.
    ended = before["6"] if one["5"] == before["5"] else before["5"]
    led = owner.get(f"/c/acme/customers/{ended}/")
    assert led.status_code == 302
    assert led["Location"] == f"/c/acme/customers/{one['5']}/"
    told = owner.get(led["Location"]).content.decode()
    assert f"of {ended} are joined here; that id ended" in told
    assert "Decided: same person" in told
    assert owner.get("/c/acme/customers/person:nobody/").status_code == 404
    # Taken back: told until the next run, and then nothing is left of it.
    decide(owner, "survey#5", "survey#6", "undo")
    links = owner.get("/c/acme/links/?rule=decided").content.decode()
    assert "Taken back; counts from the next run" in links
    third = again(acme)
    assert person_of(third) == before
    assert tables(third) == tables(first)
    changes = pq.read_table(third.folder / "person_changes.parquet").to_pylist()
    assert [(row["change"], row["person"], row["of"]) for row in changes] == [("split", ended, one["5"])]
    assert "this person’s" in owner.get(f"/c/acme/customers/{ended}/").content.decode()


def test_what_stands_in_company_toml_is_undone_there_and_back(acme: Company, owner: Client) -> None:
    link = '[[link]]\nleft = "survey#6"\nright = "survey#5"\ndecision = "same"\n'
    (Path(acme.folder) / "company.toml").write_text(SETTINGS + link, encoding="utf-8")
    page = owner.get("/c/acme/review/").content.decode()
    assert "company.toml" in page.partition("Decided")[2]
    decide(owner, "survey#5", "survey#6", "undo")
    assert [each.values for each in in_force(acme)] == [None]
    decide(owner, "survey#5", "survey#6", "different")
    assert [each.values and each.values["decision"] for each in in_force(acme)] == ["different"]
    # What was said here is taken back, and the file speaks again.
    decide(owner, "survey#5", "survey#6", "undo")
    assert in_force(acme) == []


FIRMS = """
[[source]]
name = "firms"
table = "accounts"
path = "firms.csv"
[source.columns]
account = "id"
name = "name"
phone = "tel"
"""


@pytest.fixture
def firms(acme: Company) -> Company:
    folder = Path(acme.folder)
    (folder / "company.toml").write_text(SETTINGS + FIRMS, encoding="utf-8")
    rows = "id,name,tel\n1,Blue Foods,+33 1 42 68 53 00\n2,Blue Foods SAS,\n3,Azure,\n4,Twin,+33 1 42 68 53 11\n5,Twin,+39 06 6982 3456\n"
    (folder / "firms.csv").write_text(rows, encoding="utf-8")
    pipeline.run(load(folder), folder)
    return acme


def accounts_of(run: runs.Run) -> dict[str, str]:
    rows = pq.read_table(run.folder / "identities.parquet").to_pylist()
    return {row["key"]: row["account"] for row in rows if row["table"] == "accounts"}


def test_companies_are_said_to_be_one_or_two_on_the_account_page_and_undo_gives_everything_back(
    firms: Company, owner: Client
) -> None:
    first = runs.Workspace(Path(firms.folder)).need_current()
    before = accounts_of(first)
    assert before["1"] == before["2"] != before["3"]
    where = f"/c/acme/accounts/{before['1']}/"
    page = owner.get(where).content.decode()
    assert "firms#1: Blue Foods" in page
    assert "Undo this join" in page
    # One that the rules joined is taken out, and one that they do not know is put in, by its name.
    owner.post("/c/acme/links/decide/", {"left": "firms#1", "right": "firms#2", "decision": "different", "next": where})
    told = owner.post(
        "/c/acme/links/decide/",
        {"left": "firms#1", "right": "Azure", "decision": "same", "reason": "bought in May", "next": where},
        follow=True,
    ).content.decode()
    assert "Same company. It counts from the next run." in told
    assert "Decided: different companies" in told
    assert "Decided: same company" in told
    review = owner.get("/c/acme/review/").content.decode()
    assert "bought in May" in review
    assert "Different companies" in review
    second = again(firms)
    of = accounts_of(second)
    assert of["1"] == of["3"] != of["2"]
    links = owner.get("/c/acme/links/?rule=account%3A+decided").content.decode()
    assert "Decided: same company, owner@acme.example" in links
    # Taken back, on the page of the account and on the list.
    owner.post("/c/acme/links/decide/", {"left": "firms#1", "right": "firms#3", "decision": "undo", "next": where})
    owner.post("/c/acme/links/decide/", {"left": "firms#2", "right": "firms#1", "decision": "undo"})
    assert [each.values for each in in_force(firms)] == [None, None]
    third = again(firms)
    assert accounts_of(third) == before
    assert tables(third) == tables(first)


def test_what_names_no_company_or_several_is_not_kept(firms: Company, owner: Client) -> None:
    for right in ("Twin", "Nobody", "account:nobody", "survey#1", "firms#1", "", "Azure\x00"):
        page = owner.post(
            "/c/acme/links/decide/", {"left": "firms#1", "right": right, "decision": "same"}, follow=True
        ).content.decode()
        assert 'class="message error"' in page, right
    assert in_force(firms) == []
    # By id, and by record.
    twin = accounts_of(runs.Workspace(Path(firms.folder)).need_current())["4"]
    owner.post("/c/acme/links/decide/", {"left": "firms#1", "right": twin, "decision": "same"})
    owner.post("/c/acme/links/decide/", {"left": "firms#1", "right": "firms#5", "decision": "different"})
    assert {(each.values or {})["left"] + (each.values or {})["right"] for each in in_force(firms)} == {
        "firms#1firms#4",
        "firms#1firms#5",
    }


def test_companies_are_decided_by_the_api_too(firms: Company, owner: Client) -> None:
    body = {"left": "firms#3", "right": "firms#1", "decision": "same"}
    made = owner.post("/api/v1/companies/acme/items/link", {"values": body}, content_type="application/json")
    assert made.status_code == 201, made.content
    of = accounts_of(again(firms))
    assert of["1"] == of["3"]
    mixed = owner.post(
        "/api/v1/companies/acme/items/link", {"values": {**body, "left": "survey#1"}}, content_type="application/json"
    )
    assert mixed.status_code == 422
    assert "is a company, the other a person" in mixed.content.decode()
