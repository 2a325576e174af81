"""What pages and the API tell of consent: the state, each statement, and no history of those who are not analysed."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings
from tests.test_consent_of_a_run import write
from tests.web.conftest import PASSWORD

from vitalfew import pipeline
from vitalfew.company import load
from vitalfew.engine.reader import Reader
from vitalfew.runs import Workspace
from vitalfew.web.people.models import Company, Membership, User


@pytest.fixture
def owner(db: None, settings: Settings, tmp_path: Path) -> Client:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    write(
        tmp_path,
        "ann@acme.it,analysis,given,2026-01-01",
        "ann@acme.it,analysis,withdrawn,2026-06-01",
        "ann@acme.it,contact,no,2026-06-01",
        "ann@acme.it,<b>raffle</b>,yes,2026-06-01",
        "bob@acme.it,analysis,given,2026-01-01",
    )
    pipeline.run(load(tmp_path), tmp_path)
    company = Company.objects.create(slug="shop", name="Shop", folder=str(tmp_path))
    user = User.objects.create_user("owner@shop.example", PASSWORD, "Owner")
    Membership.objects.create(company=company, user=user, role="owner")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def person(mail: str, folder: Path) -> str:
    reader = Reader(Workspace(folder).need_current().paths())
    try:
        return next(str(row["person"]) for row in reader.rows("people") if row["email"] == mail)
    finally:
        reader.close()


def test_the_customer_page_tells_the_state_and_each_statement_and_no_history(owner: Client, tmp_path: Path) -> None:
    page = owner.get(f"/c/shop/customers/{person('ann@acme.it', tmp_path)}/").content.decode()
    assert "Consent: Analysis" in page
    assert '<span class="state bad">withdrawn</span>' in page
    assert '<span class="state bad">refused</span>' in page
    assert "4 statements of consent" in page
    assert page.count("this one counts") == 3
    assert "did not consent to analysis" in page
    assert "&lt;b&gt;raffle&lt;/b&gt;" in page
    assert "marker-ann" not in page
    bob = owner.get(f"/c/shop/customers/{person('bob@acme.it', tmp_path)}/").content.decode()
    assert '<span class="state good">given</span>' in bob
    assert "marker-bob" in bob
    cy = owner.get(f"/c/shop/customers/{person('cy@acme.it', tmp_path)}/").content.decode()
    assert "consent" not in cy.lower()


def test_the_lookup_says_what_must_be_kept_to_and_shows_no_history(owner: Client) -> None:
    page = owner.post("/c/shop/who/", {"email": "ann@acme.it"}).content.decode()
    assert "No analysis: what they said and did is not shown." in page
    assert "withdrawn" in page
    assert "Last answer" not in page
    assert "Everything that happened" not in page
    bob = owner.post("/c/shop/who/", {"email": "bob@acme.it"}).content.decode()
    assert "Last answer" in bob
    assert "No analysis" not in bob


def test_the_api_tells_it_too(owner: Client) -> None:
    asked = owner.post("/api/v1/companies/shop/who", {"email": "ann@acme.it"}, content_type="application/json")
    told = asked.json()["candidates"][0]
    assert told["consent"] == {"analysis": "withdrawn", "contact": "refused", "left_out": True}
    assert (told["history"], told["facts"]) == ([], {})
    rows = owner.get("/api/v1/companies/shop/tables/left_out/rows").json()["data"]
    assert {row["source"]: row["records"] for row in rows} == {"survey": 1, "shop": 2}
