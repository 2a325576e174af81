"""Addresses of Focus and Act with more than the company in them: role x own group, other group, other company, absent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.web.conftest import Cast

ROLES = ("owner", "administrator", "analyst", "executive", "integrator", "lead", "employee")
EVERYBODY_BUT = {"lead", "employee"}
# (address, whose it is): the lead and the employee of the cast belong to Logistics.
OBJECTS = [
    ("issues/logistics/no-tracking/", "own"),
    ("issues/billing/invoice-differs-from-quote/", "other group"),
    ("issues/logistics/there-is-none/", "absent"),
    ("issues/?group=Logistics", "own"),
    ("issues/?group=Billing", "other group"),
    ("issues/?group=Nobody", "absent"),
    ("groups/logistics/", "own"),
    ("groups/billing/", "other group"),
    ("groups/there-is-none/", "absent"),
    ("documents/one-pages/logistics.pdf", "own"),
    ("documents/one-pages/billing.pdf", "other group"),
    ("documents/one-pages/../../run.json", "absent"),
    ("documents/one-pages/there-is-none.pdf", "absent"),
]


@pytest.mark.parametrize(("address", "whose"), OBJECTS)
def test_a_group_is_read_by_its_own_and_by_those_who_read_every_group(cast: Cast, address: str, whose: str) -> None:
    for role in ROLES:
        status = cast.client(role).get(f"/c/northlight/{address}").status_code
        wanted = {"own": 200, "absent": 404, "other group": 403 if role in EVERYBODY_BUT else 200}[whose]
        assert status == wanted, role


@pytest.mark.parametrize(("address", "whose"), OBJECTS)
def test_another_company_is_absent(cast: Cast, address: str, whose: str) -> None:
    stranger = cast.client("stranger")
    theirs = stranger.get(f"/c/northlight/{address}")
    assert theirs.status_code == 404
    assert theirs.content == stranger.get(f"/c/absent/{address}").content
    assert cast.client("nobody").get(f"/c/northlight/{address}").status_code == 302


def test_a_lead_reads_the_groups_below_and_an_employee_does_not(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from vitalfew.web.authoring import overlay

    now = overlay.standing(cast.company)
    real = now.settings
    groups = [each.model_copy(update={"parent": "Logistics"}) if each.name == "Billing" else each for each in real.group]
    changed = real.model_copy(update={"group": groups})
    monkeypatch.setattr(overlay, "standing", lambda company: replace(now, settings=changed))
    assert cast.client("lead").get("/c/northlight/groups/billing/").status_code == 200
    assert cast.client("lead").get("/c/northlight/groups/product/").status_code == 403
    assert cast.client("employee").get("/c/northlight/groups/billing/").status_code == 403


def test_an_issue_without_a_group_is_read_by_those_who_read_every_group(cast: Cast) -> None:
    address = "/c/northlight/issues/"
    assert 'id="unowned"' in cast.client("owner").get(address).content.decode()
    assert 'id="unowned"' not in cast.client("lead").get(address).content.decode()


def test_a_lead_sees_issues_of_the_own_group_only(cast: Cast) -> None:
    text = cast.client("lead").get("/c/northlight/issues/").content.decode()
    assert "No tracking" in text
    assert "Invoice differs from quote" not in text
