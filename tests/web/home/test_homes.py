"""Each role's first page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.test import RequestFactory
from tests.web.conftest import Cast

from vitalfew.engine.reader import Reader, Where
from vitalfew.runs import Workspace
from vitalfew.web.authoring.models import Item, Version
from vitalfew.web.home import decisions, feedback
from vitalfew.web.people.models import AuditEntry
from vitalfew.web.shell.access import Visit

HOME = "/c/northlight/"
SAYS = {
    "owner": ("What needs a decision", "The few things to do", "What we do not do now", "Your first hour"),
    "administrator": ("What needs a decision", "The few things to do"),
    "analyst": ("Refused, by reason", "Who is who", "What could not be computed"),
    "executive": ("Quarterly brief", "More or less money", "What came back"),
    "lead": ("No tracking", "5 whys", "Our strategy on one page", "Actions, and how we will know"),
    "employee": ("How my work reaches the customer", "Delivery on time"),
    "integrator": ("What was read",),
}


def visit_of(cast: Cast, role: str) -> Visit:
    request = RequestFactory().get(HOME)
    request.session = {}  # type: ignore[assignment]
    return Visit(request, cast.members[role])


def reader_of(cast: Cast) -> Reader:
    return Reader(Workspace(Path(cast.company.folder)).need_current().paths())


@pytest.mark.parametrize("role", SAYS)
def test_each_role_finds_what_concerns_it(cast: Cast, role: str) -> None:
    text = cast.client(role).get(HOME).content.decode()
    for said in SAYS[role]:
        assert said in text


def test_an_employee_with_ten_comments_sees_those_about_the_own_work_a_good_one_first(cast: Cast) -> None:
    member = cast.members["employee"]
    member.employee, member.group = "E051", "Technical Support"
    found = feedback.feedback_of(visit_of(cast, "employee"))
    assert found["about"] == "employee"
    assert found["comments"] >= feedback.LEAST_COMMENTS
    assert [each["sentiment"] for each in found["quotes"]] == ["positive", "negative", "negative"]
    listed = {(row["source"], row["key"]) for row in reader_of(cast).rows("interactions", [Where("employee", "=", "E051")])}
    assert {(each["source"], each["key"]) for each in found["quotes"]} <= listed


def test_too_few_comments_about_an_employee_are_withheld_and_the_group_is_shown(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert feedback.LEAST_COMMENTS == 10
    member = cast.members["employee"]
    member.employee, member.group = "E051", "Logistics"
    many = feedback.feedback_of(visit_of(cast, "employee"))["comments"]
    monkeypatch.setattr(feedback, "LEAST_COMMENTS", many)
    assert feedback.feedback_of(visit_of(cast, "employee"))["about"] == "employee"
    monkeypatch.setattr(feedback, "LEAST_COMMENTS", many + 1)
    found = feedback.feedback_of(visit_of(cast, "employee"))
    assert (found["about"], found["withheld"]) == ("group", True)
    member.group = ""
    alone = feedback.feedback_of(visit_of(cast, "employee"))
    assert (alone["about"], alone["comments"], alone["quotes"]) == ("", 0, [])
    member.employee = "nobody"
    assert feedback.feedback_of(visit_of(cast, "employee"))["quotes"] == []


def test_addresses_in_quotes_are_masked() -> None:
    row = {"theme": "t", "quote": "write to ann@example.org or +44 20 7946 0958", "sentiment": "negative"}
    shown = feedback._different([row], {}, 1)[0]["quote"]
    assert shown == "write to [email] or [phone]"


def test_line_of_sight_gives_the_effect_of_one_point_as_the_drivers_table_has_it(cast: Cast) -> None:
    sight = feedback.sight_of(visit_of(cast, "employee"))
    assert sight is not None
    wanted = reader_of(cast).rows(
        "drivers", [Where("group", "=", "Logistics"), Where("outcome", "=", "recommend"), Where("segment", "=", "all")]
    )
    assert {row["driver_id"]: row["effect"] for row in sight["drivers"]} == {row["driver_id"]: row["effect"] for row in wanted}


def test_risks_need_a_decision_from_the_day_after_their_review(cast: Cast) -> None:
    visit = visit_of(cast, "owner")
    on = [each for each in decisions.decisions_of(visit, date(2026, 9, 30)) if "risk" in each.what]
    after = [each for each in decisions.decisions_of(visit, date(2026, 10, 1)) if "risk" in each.what]
    assert on == []
    assert len(after[0].names) == 5


def test_issues_without_a_group_need_a_decision(cast: Cast) -> None:
    found = decisions.decisions_of(visit_of(cast, "owner"), date(2026, 7, 1))
    names = next(each.names for each in found if "no work group" in each.what)
    wanted = [row["name"] for row in reader_of(cast).rows("issues", [Where("group", "in", ["Not assigned", ""])])]
    assert sorted(names) == sorted(wanted)


@pytest.mark.parametrize(("name", "roles"), [
    ("strategy.pdf", {"owner", "administrator", "analyst", "executive", "integrator"}),
    ("pages.zip", {"owner", "administrator"}),
])  # fmt: skip
def test_whole_documents_are_given_by_right_and_taking_them_is_recorded(cast: Cast, name: str, roles: set[str]) -> None:
    for role in cast.members:
        answer = cast.client(role).get(f"{HOME}documents/{name}")
        assert answer.status_code == (200 if role in roles else 403), role
    assert AuditEntry.objects.filter(action="download document", target=name).count() == len(roles)
    listed = cast.client("lead").get(f"{HOME}documents/").content.decode()
    assert name not in listed
    assert "one-pages/logistics.pdf" in listed
    assert "one-pages/billing.pdf" not in listed


def test_a_proposal_waits_for_those_who_may_approve_it(cast: Cast) -> None:
    item = Item.objects.create(company=cast.company, section="initiative", key="lockers")
    Version.objects.create(
        item=item, number=1, values={"name": "Parcel lockers"}, state="proposed", author="lead@northlight.example"
    )
    other = Item.objects.create(company=cast.other, section="initiative", key="secret")
    Version.objects.create(item=other, number=1, values={"name": "Their secret"}, state="proposed", author="owner@other.example")
    text = cast.client("owner").get(HOME).content.decode()
    assert "1 proposal waits for your approval." in text
    assert "Parcel lockers" in text
    assert "Their secret" not in text
