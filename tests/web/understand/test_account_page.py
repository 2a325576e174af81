"""An account's page: whose company it is, which belong to it, and which of its people never answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings
from tests.test_consent_of_a_run import TOML, write
from tests.web.conftest import PASSWORD

from vitalfew import pipeline
from vitalfew.company import load
from vitalfew.web.people.models import Company, Membership, User

FIRMS = """
[[source]]
name = "firms"
table = "accounts"
path = "firms.csv"
[source.columns]
account = "id"
name = "name"
parent = "mother"
domain = "site"
[[source]]
name = "crm"
table = "people"
path = "crm.csv"
[source.columns]
person = "id"
email = "mail"
name = "name"
role = "role"
account = "firm"
"""


@pytest.fixture
def owner(db: None, settings: Settings, tmp_path: Path) -> Client:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    write(tmp_path, "bob@acme.it,analysis,refused,2026-01-01")
    (tmp_path / "company.toml").write_text(TOML + FIRMS, encoding="utf-8")
    (tmp_path / "firms.csv").write_text("id,name,mother,site\n1,Acme,,acme.it\n2,Acme France,1,\n3,<i>Acme</i> Leasing,Acme,\n")
    people = "id,mail,name,role,firm\np1,ann@acme.it,Ann Bell0,Buyer,1\np2,bob@acme.it,Bob Bell1,Lab,1\np3,zoe@acme.it,Zoe Blanc,Director,1\n"
    (tmp_path / "crm.csv").write_text(people, encoding="utf-8")
    pipeline.run(load(tmp_path), tmp_path)
    company = Company.objects.create(slug="shop", name="Shop", folder=str(tmp_path))
    user = User.objects.create_user("owner@shop.example", PASSWORD, "Owner")
    Membership.objects.create(company=company, user=user, role="owner")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_it_names_mother_daughters_roles_and_who_never_answered(owner: Client) -> None:
    page = owner.get("/c/shop/accounts/account:acme/").content.decode()
    assert "2 companies belong to it" in page
    assert "Acme France</a>" in page
    assert "&lt;i&gt;Acme&lt;/i&gt; Leasing" in page
    assert "1 who never answered" in page
    line = next(each for each in page.split("<li>") if "Zoe Blanc" in each)
    assert "Director" in line
    assert "never answered" in line
    # Ann did, and of Bob, who refused analysis, it is not known.
    for name in ("Ann Bell0", "Bob Bell1"):
        assert "never answered" not in next(each for each in page.split("<li>") if name in each).partition("</li>")[0]
    daughter = owner.get("/c/shop/accounts/account:acme-france/").content.decode()
    assert "Belongs to" in daughter
    assert 'href="/c/shop/accounts/account:acme/"' in daughter
