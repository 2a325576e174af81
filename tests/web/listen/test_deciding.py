"""Who is who as people decide it: the review, decisions and undo wherever a join stands, and who may."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.web.conftest import Cast

from vitalfew.engine.reader import Reader
from vitalfew.runs import Workspace
from vitalfew.web.authoring.models import Item, Version
from vitalfew.web.authoring.overlay import in_force
from vitalfew.web.people.models import AuditEntry
from vitalfew.web.people.rights import ROLES, reach

WHERE = "/c/northlight/review/"


def reader(cast: Cast) -> Reader:
    return Reader(Workspace(Path(cast.company.folder)).need_current().paths())


def pairs(cast: Cast) -> list[dict[str, Any]]:
    return reader(cast).rows("review", (), ("rank",))


def decide(client: Client, left: str, right: str, decision: str, **more: str) -> Any:
    return client.post(reverse("listen:decide", args=["northlight"]), {"left": left, "right": right, "decision": decision, **more})


def said(client: Client, address: str = WHERE) -> str:
    return client.get(address).content.decode()


def test_a_decision_is_kept_with_who_and_when_told_on_the_spot_and_undone(cast: Cast) -> None:
    owner, first = cast.client("owner"), pairs(cast)[0]
    page = said(owner)
    assert first["left"] in page
    assert 'data-key="s"' in page
    answer = decide(owner, first["right"], first["left"], "different", reason="two sisters", next=f"{WHERE}?at=2")
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{WHERE}?at=2&decided=")
    page = said(owner, answer["Location"])
    assert "You said: different people" in page
    assert "counts from the next run" in page
    assert "two sisters" in page
    assert "owner@northlight.example" in page
    assert pairs(cast)[1]["left"] in page, "the next pair stands there"
    edits = in_force(cast.company)
    assert [(each.section, dict(each.values or {}), each.who) for each in edits] == [
        (
            "link",
            {"left": first["left"], "right": first["right"], "decision": "different", "reason": "two sisters"},
            "owner@northlight.example",
        )
    ]
    assert f"#{first['left'].partition('#')[2]}" not in said(owner, f"{WHERE}?at=1").partition("Decided")[0], (
        "it is not asked again"
    )
    # Reversed, then taken back: nothing is left but the history.
    assert decide(owner, first["left"], first["right"], "same").status_code == 302
    assert in_force(cast.company)[0].values["decision"] == "same"  # type: ignore[index]
    assert decide(owner, first["left"], first["right"], "undo").status_code == 302
    assert [each.values for each in in_force(cast.company)] == [None]
    assert Version.objects.filter(item__section="link").count() == 3
    assert first["left"] in said(owner)
    told = list(AuditEntry.objects.filter(action="items.approved").values_list("target", flat=True))
    assert len(told) == 3
    assert not any(first["left"] in each for each in told), "the log does not name records"


@pytest.mark.parametrize("role", list(ROLES))
def test_only_roles_that_read_what_identifies_people_decide(cast: Cast, role: str) -> None:
    first, client = pairs(cast)[0], cast.client(role)
    allowed = reach(role, "identity.decide") == "company"
    assert not allowed or reach(role, "records.read") == "company"
    assert decide(client, first["left"], first["right"], "same").status_code == (302 if allowed else 403)
    assert Item.objects.filter(section="link").exists() == allowed
    # The general forms and lists are no way round it.
    assert client.get("/c/northlight/write/link/new/").status_code == (200 if allowed else 403)
    assert client.get("/c/northlight/write/link/").status_code == (200 if allowed else 403)
    overview = client.get("/c/northlight/write/")
    assert overview.status_code == 403 or ("/write/link/" in overview.content.decode()) == allowed


def test_those_who_may_not_read_names_see_forms_of_values_and_no_button(cast: Cast) -> None:
    values = {
        text for row in pairs(cast)[:1] for each in (row["left_says"], row["right_says"]) for text in json.loads(each).values()
    }
    named = {each for each in values if sum(letter.isalpha() for letter in each) > 5}
    assert named
    page = said(cast.client("analyst"))
    assert not any(each in page for each in named if not each.startswith("account:"))
    assert "/links/decide/" not in page
    assert "Letters and digits of values are replaced" in page
    assert any(each in said(cast.client("owner")) for each in named)
    assert "/links/decide/" not in said(cast.client("analyst"), "/c/northlight/links/")
    rows = cast.client("analyst").get(f"{WHERE}?format=csv")
    listed = list(csv.DictReader(io.StringIO(b"".join(rows.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert len(listed) == len(pairs(cast))
    assert not any("@" in row["left"] + row["right"] for row in listed)


def test_an_entry_whose_records_were_changed_in_its_form_is_undone_all_the_same(cast: Cast) -> None:
    owner, rows = cast.client("owner"), pairs(cast)
    decide(owner, rows[0]["left"], rows[0]["right"], "same")
    key = Item.objects.get(section="link").key
    opened = owner.get(f"/c/northlight/write/link/entry/{key}/edit/")
    changed = {"left": rows[1]["left"], "right": rows[1]["right"], "decision": "same", "begun": opened.context["begun"]}
    assert owner.post(f"/c/northlight/write/link/entry/{key}/edit/", changed).status_code == 302
    assert "You said" not in said(owner)
    assert rows[0]["left"] in said(owner)
    decide(owner, rows[1]["right"], rows[1]["left"], "undo")
    assert [each.values for each in in_force(cast.company)] == [None]


def test_skipping_goes_through_all_and_begins_again(cast: Cast) -> None:
    owner, listed = cast.client("owner"), pairs(cast)
    page = said(owner, f"{WHERE}?at=2")
    assert listed[1]["left"] in page
    assert f"{WHERE}?at=3" in page
    assert "You have seen all of them" in said(owner, f"{WHERE}?at={len(listed) + 1}")
    assert owner.get(f"{WHERE}?at=²&decided=x").status_code == 200


def test_contradictions_and_nonsense_are_refused_and_told(cast: Cast) -> None:
    owner, listed = cast.client("owner"), reader(cast)
    people = [row["key"] for row in listed.rows("identities", limit=9000) if row["source"] == "crm_contacts"][:3]
    a, b, c = (f"crm_contacts#{key}" for key in people)
    decide(owner, a, b, "same")
    decide(owner, b, c, "same")
    page = owner.post(
        reverse("listen:decide", args=["northlight"]), {"left": a, "right": c, "decision": "different"}, follow=True
    ).content.decode()
    assert "are said to be different people, and one" in page
    assert Item.objects.filter(section="link").count() == 2
    for left, right, what in (
        (a, a, "same"),
        (a, "nowhere#1", "same"),
        (a, "no record", "same"),
        (a, c, "both"),
        (a, c, "undo"),
        (a, c + "\x00", "same"),
        ("crm_accounts#1", c, "same"),
    ):
        page = owner.post(
            reverse("listen:decide", args=["northlight"]), {"left": left, "right": right, "decision": what}, follow=True
        ).content.decode()
        assert 'class="message error"' in page, (left, right, what)
    assert Item.objects.filter(section="link").count() == 2
    for elsewhere in ("https://evil.example/", "//evil.example/c/northlight/", "/c/other/review/", "javascript:alert(1)"):
        assert decide(owner, a, c, "both", next=elsewhere)["Location"] == WHERE


def test_joins_are_undone_and_refusals_joined_where_they_are_listed(cast: Cast) -> None:
    owner, where = cast.client("owner"), "/c/northlight/links/"
    joined = reader(cast).rows("links", (), ("left", "right"), 1)[0]
    page = said(owner, where)
    assert "Undo this join" in page
    decide(owner, joined["left"], joined["right"], "different", next=where)
    page = said(owner, where)
    assert "Decided: different people, owner@northlight.example" in page
    assert "counts from the next run" in page
    refused = said(owner, f"{where}?decision=kept+apart")
    assert 'value="same">Join' in refused
    assert "Undo this join" not in refused
    # Accounts are joined by rules alone.
    tables = {row["source"] for row in reader(cast).rows("identities", limit=60000) if row["table"] == "accounts"}
    assert tables


def test_a_customers_page_says_which_records_are_joined_and_why(cast: Cast) -> None:
    owner = cast.client("owner")
    row = next(each for each in pairs(cast) if each["decision"] == "joined")
    source, _mark, key = row["left"].partition("#")
    person = next(
        each["person"] for each in reader(cast).rows("identities", limit=60000) if (each["source"], each["key"]) == (source, key)
    )
    where = f"/c/northlight/customers/{person}/"
    page = said(owner, where)
    assert "Which records are joined here" in page
    assert row["left"] in page
    assert row["right"] in page
    answer = decide(owner, row["left"], row["right"], "different", next=where)
    assert answer["Location"].startswith(where)
    assert "Decided: different people" in said(owner, where)
    # A group lead reads customers of the own group, and does not decide.
    lead = cast.client("lead").get(where)
    assert lead.status_code == 403 or "Which records are joined here" not in lead.content.decode()
