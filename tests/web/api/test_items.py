"""What people write, through the API: by rights, with history, and nobody's change overwritten."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.api.conftest import Program, Programs, faults
from tests.web.conftest import Cast

from vitalfew.web.api.models import Delivery, Endpoint
from vitalfew.web.authoring.models import Item, Version

NEW = {"name": "In one piece", "group": "Logistics", "table": "orders", "kept_when": "status = 'delivered'"}


def change(asking: Program, path: str, **changed: Any) -> Any:
    read = asking.ask(path)
    return asking.send("PUT", path, {"values": {**read.json()["values"], **changed}}, If_Match=read["ETag"])


def test_entries_stand_as_company_toml_says_until_somebody_changes_them(program: Programs) -> None:
    owner = program("owner")
    listed = {each["key"]: each for each in owner.ask("/items?section=promise").json()["data"]}
    assert listed["on-time"]["group"] == "Logistics"
    assert listed["on-time"]["in_force"] == 0
    answer = change(owner, "/items/promise/on-time", standard=0.9)
    assert (answer.status_code, answer.json()["state"], answer.json()["number"]) == (200, "approved", 1)
    read = owner.ask("/items/promise/on-time").json()
    assert (read["values"]["standard"], read["in_force"], len(read["versions"])) == (0.9, 1, 1)
    assert owner.send("DELETE", "/items/promise/on-time", If_Match=owner.ask("/items/promise/on-time")["ETag"]).status_code == 200
    assert owner.ask("/items/promise/on-time").json()["values"] is None
    assert owner.ask("/items?section=nothing").status_code == 422


def test_a_proposal_waits_for_who_may_decide(cast: Cast, program: Programs, django_capture_on_commit_callbacks: Any) -> None:
    Endpoint.objects.create(
        company=cast.company, url="https://hooks.example/", events=["item.proposed", "item.approved", "item.declined"]
    )
    owner, analyst, lead = program("owner"), program("analyst"), program("lead")
    with django_capture_on_commit_callbacks(execute=True):
        made = analyst.send("POST", "/items/promise", {"values": NEW, "note": "asked by customers"})
    assert (made.status_code, made.json()["state"]) == (201, "proposed")
    key = made.json()["key"]
    assert [each["key"] for each in owner.ask("/pending").json()["data"]] == [key]
    place = f"/items/promise/{key}/versions/1"
    for asking in (analyst, lead):
        assert asking.send("POST", f"{place}/approve", {}).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        assert owner.send("POST", f"{place}/approve", {"note": "yes"}).json()["state"] == "approved"
    assert owner.send("POST", f"{place}/approve", {}).status_code == 409
    assert owner.send("POST", f"{place}/decline", {}).status_code == 409
    assert owner.ask(f"/items/promise/{key}").json()["values"]["name"] == "In one piece"
    again = analyst.send("POST", "/items/promise", {"values": NEW})
    assert again.status_code == 409
    with django_capture_on_commit_callbacks(execute=True):
        changed = change(analyst, f"/items/promise/{key}", standard=0.8)
        assert (
            analyst.send("POST", f"/items/promise/{key}/versions/{changed.json()['number']}/decline", {}).json()["state"]
            == "rejected"
        )
    assert list(Delivery.objects.order_by("id").values_list("kind", flat=True)) == [
        "item.proposed",
        "item.approved",
        "item.proposed",
        "item.declined",
    ]


def test_two_who_change_one_entry_at_once_lose_nothing(program: Programs) -> None:
    owner, administrator, analyst = program("owner"), program("administrator"), program("analyst")
    place = "/items/promise/on-time"
    read = owner.ask(place)
    values = read.json()["values"]
    assert owner.send("PUT", place, {"values": values}).status_code == 428
    first = owner.send("PUT", place, {"values": {**values, "standard": 0.9}}, If_Match=read["ETag"])
    assert first.status_code == 200
    second = administrator.send("PUT", place, {"values": {**values, "standard": 0.5}}, If_Match=read["ETag"])
    assert second.status_code == 412
    # A proposal begun before another change took effect is not approved over it.
    begun = change(analyst, place, standard=0.7).json()["number"]
    assert change(owner, place, standard=0.6).status_code == 200
    assert owner.send("POST", f"{place}/versions/{begun}/approve", {}).status_code == 409
    assert owner.ask(place).json()["values"]["standard"] == 0.6


def test_what_would_not_stand_is_refused_with_every_fault(program: Programs) -> None:
    owner = program("owner")
    answer = owner.send("POST", "/items/promise", {"values": {"name": "", "standard": 3, "odd": 1}})
    assert set(faults(answer)) == {"body.values.name", "body.values.standard", "body.values.odd", "body.values.kept_when"}
    answer = owner.send("POST", "/items/promise", {"values": {**NEW, "kept_when": "(select 1 from people)"}})
    assert answer.status_code == 422
    assert Item.objects.count() == 0
    for hostile in ("a\x00b", "\ud800"):
        body = {"values": {**NEW, "text": hostile}, "note": ""}
        assert owner.send("POST", "/items/promise", body).status_code == 400
        assert owner.send("POST", "/items/promise", {"values": NEW, "note": hostile}).status_code == 400
    assert Version.objects.count() == 0


@pytest.mark.parametrize(
    ("role", "group", "expected"),
    [
        ("lead", "Logistics", 201),
        ("lead", "Product", 403),
        ("lead", "", 201),
        ("analyst", "Product", 201),
        ("executive", "Logistics", 403),
    ],
)
def test_a_lead_writes_for_the_own_group_and_proposes_for_the_company(
    program: Programs, role: str, group: str, expected: int
) -> None:
    assert program(role).send("POST", "/items/promise", {"values": {**NEW, "group": group}}).status_code == expected


def test_confidential_entries_and_other_groups_whys_are_not_read(program: Programs) -> None:
    owner = program("owner")
    sponsor = owner.send("POST", "/items/sponsor", {"values": {"name": "Ada King"}})
    assert sponsor.status_code == 201, sponsor.content
    key = sponsor.json()["key"]
    for role, sees in (("administrator", True), ("analyst", True), ("executive", False), ("lead", False)):
        asking = program(role)
        assert asking.ask(f"/items/sponsor/{key}").status_code == (200 if sees else 403), role
        assert bool(asking.ask("/items?section=sponsor").json()["data"]) is sees, role
    causes = {each["group"] for each in program("lead").ask("/items?section=cause").json()["data"]}
    assert causes <= {"Logistics", None}
    others = [each for each in owner.ask("/items?section=cause").json()["data"] if each["group"] not in ("Logistics", None)]
    assert program("lead").ask(f"/items/cause/{others[0]['key']}").status_code == 403
    drafted = Version.objects.get(item__section="sponsor")
    Version.objects.filter(pk=drafted.pk).update(state="draft")
    assert program("administrator").send("POST", f"/items/sponsor/{key}/versions/1/approve", {}).status_code == 404


def test_who_is_who_is_decided_by_programs_of_those_who_may(cast: Cast, program: Programs) -> None:
    owner, integrator = program("owner"), program("integrator")
    values = {"left": "webshop_users#U101368", "right": "helpdesk#T0002157", "decision": "different"}
    made = owner.send("POST", "/items/link", {"values": values, "note": "told on the phone"})
    assert (made.status_code, made.json()["state"]) == (201, "approved")
    path = f"/items/link/{made.json()['key']}"
    read = owner.ask(path)
    assert read.json()["values"] == {"left": "helpdesk#T0002157", "right": "webshop_users#U101368", "decision": "different"}
    # The same pair the other way round is the same entry.
    again = owner.send("POST", "/items/link", {"values": {**read.json()["values"], "decision": "same"}})
    assert again.status_code == 409
    assert made.json()["key"] in again.json()["detail"]
    assert owner.send("DELETE", path, If_Match='"old"').status_code == 412
    assert integrator.ask(path).status_code == 403
    assert integrator.ask("/items?section=link").json()["data"] == []
    assert integrator.send("POST", "/items/link", {"values": values}).status_code == 403
    wrong = owner.send("POST", "/items/link", {"values": {**values, "left": "nowhere#1"}})
    assert wrong.status_code == 422
    assert "there is no source 'nowhere'" in faults(wrong)["body.values"]
    assert owner.send("DELETE", path, If_Match=owner.ask(path)["ETag"]).status_code == 200
    assert owner.ask(path).json()["values"] is None


def test_rules_that_mend_are_written_by_programs_of_those_who_may(cast: Cast, program: Programs) -> None:
    owner, integrator = program("owner"), program("integrator")
    values = {"source": "helpdesk", "column": "handling_minutes", "value": "n/k", "blank": True, "reason": "agreed"}
    made = owner.send("POST", "/items/mend", {"values": values})
    assert (made.status_code, made.json()["state"]) == (201, "approved")
    path = f"/items/mend/{made.json()['key']}"
    assert "n/k" not in path
    assert owner.ask(path).json()["values"] == values
    assert owner.send("POST", "/items/mend", {"values": {**values, "reason": "twice"}}).status_code == 409
    assert integrator.ask(path).status_code == 403
    assert integrator.ask("/items?section=mend").json()["data"] == []
    assert integrator.send("POST", "/items/mend", {"values": values}).status_code == 403
    wrong = owner.send("POST", "/items/mend", {"values": {**values, "value": None, "pattern": "("}})
    assert wrong.status_code == 422
    assert "the pattern cannot be used" in faults(wrong)["body.values"]
    assert owner.send("DELETE", path, If_Match=owner.ask(path)["ETag"]).status_code == 200
    assert owner.ask(path).json()["values"] is None
