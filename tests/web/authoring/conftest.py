"""A small company of our own, so that nothing shared is changed: two groups, a promise, two initiatives and what refers to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from tests.web.conftest import PASSWORD, Cast

from vitalfew import pipeline
from vitalfew.company import load
from vitalfew.web.people.models import Company, Membership, User

SMALL = """
[company]
name = "Small"
as_of = 2026-06-30
draws = 50
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
punctual = { column = "Q3", kind = "rating", scale = [1, 5], driver = "Delivery on time", group = "Logistics" }
better = { column = "Q2", kind = "text" }
[[source]]
name = "orders"
table = "orders"
path = "orders.csv"
[source.columns]
order = "id"
email = "email"
at = "at"
promised_at = "promised"
delivered_at = "delivered"
[[group]]
name = "Logistics"
[[group]]
name = "Billing"
[[promise]]
name = "On time"
text = "Delivered by the day we gave"
group = "Logistics"
kept_when = "delivered_at <= promised_at"
[[initiative]]
name = "Parcel tracking"
group = "Logistics"
driver = "Delivery on time"
cost = 1000
[[initiative]]
name = "Clear bills"
group = "Billing"
removes = ["unclear bill"]
[[cause]]
issue = "Late delivery"
group = "Logistics"
depth = 1
text = "Parcels wait for the van"
[[cause]]
issue = "Unclear bill"
group = "Billing"
depth = 1
text = "The bill names no service"
[[risk]]
because = "one person knows the scanner"
may = "be ill"
leading_to = "parcels not scanned"
initiative = "Parcel tracking"
[[sponsor]]
name = "Sam"
group = "Billing"
wanted = "leading"
money_asked = 1000
[[barrier]]
name = "Two systems"
kind = "technology"
group = "Logistics"
blocks = ["Parcel tracking"]
due = 2026-01-31
[limits]
months = 6
budget = { "2026-Q3" = 5000 }
"""


def write_small(folder: Path) -> Path:
    """The small company's files in `folder`."""
    (folder / "company.toml").write_text(SMALL, encoding="utf-8")
    answers = [
        f"{n},person{n}@small.example,2026-0{1 + n % 6}-10,{n % 11},{1 + n % 5},{'slow delivery again' if n % 3 else 'all fine'}"
        for n in range(60)
    ]
    (folder / "survey.csv").write_text("\n".join(["id,email,at,Q1,Q3,Q2", *answers]) + "\n", encoding="utf-8")
    orders = [f"{n},person{n}@small.example,2026-05-01,2026-05-0{2 + n % 3},2026-05-03" for n in range(60)]
    (folder / "orders.csv").write_text("\n".join(["id,email,at,promised,delivered", *orders]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company, run once."""
    folder = write_small(tmp_path_factory.mktemp("small"))
    pipeline.run(load(folder), folder)
    return folder


@pytest.fixture
def small(db: None, settings: Settings, small_run: Path, other_workspace: Path) -> Cast:
    """The cast at the small company; the lead and the employee belong to Logistics."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    company = Company.objects.create(slug="small", name="Small", folder=str(small_run))
    other = Company.objects.create(slug="other", name="Other", folder=str(other_workspace))
    members = {}
    for role in ("owner", "administrator", "analyst", "executive", "lead", "employee", "integrator"):
        user = User.objects.create_user(f"{role}@small.example", PASSWORD, role.capitalize())
        group = "Logistics" if role in ("lead", "employee") else ""
        members[role] = Membership.objects.create(company=company, user=user, role=role, group=group)
    stranger = User.objects.create_user("owner@other.example", PASSWORD, "Stranger")
    return Cast(company, other, members, Membership.objects.create(company=other, user=stranger, role="owner"))


Write = Callable[..., Any]


@pytest.fixture
def write(small: Cast) -> Write:
    """`write("lead", "cause", "late-delivery-logistics-1-1", text="...")` opens the form, changes fields and sends it."""

    def act(role: str | Client, section: str, key: str = "", **changed: Any) -> Any:
        client = small.client(role) if isinstance(role, str) else role
        address = f"/c/small/write/{section}/entry/{key}/edit/" if key else f"/c/small/write/{section}/new/"
        opened = client.get(address)
        assert opened.status_code == 200, opened.status_code
        return client.post(address, filled(opened, **changed))

    return act


def filled(opened: Any, **changed: Any) -> dict[str, Any]:
    """What a browser would send of an opened form, with some fields changed; rows by `budget={"2026-Q3": 1}`."""
    form = opened.context["form"]
    data: dict[str, Any] = {"begun": opened.context["begun"]}
    for bound in form:
        value = changed.get(bound.name, bound.value())
        if bound.widget_type == "rows":
            rows = dict(value or {})
            data[f"{bound.name}.key"], data[f"{bound.name}.value"] = list(rows), [str(each) for each in rows.values()]
        elif bound.widget_type == "checkbox":
            data |= {bound.name: "on"} if value else {}
        elif value is not None:
            data[bound.name] = value
    return {**data, **{name: value for name, value in changed.items() if name not in form.fields}}
