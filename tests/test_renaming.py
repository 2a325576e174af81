"""A changed name is carried to what calls the entry by a former one."""

from __future__ import annotations

from typing import Any

from vitalfew.edits import Edit, lay
from vitalfew.renaming import NAMINGS
from vitalfew.settings import Company

FILE: dict[str, Any] = {
    "initiative": [
        {"name": "Tracking", "people": {"Logistics": 1}},
        {"name": "Bills", "needs": ["Tracking"], "excludes": ["Tracking"]},
    ],
    "group": [{"name": "Logistics"}, {"name": "Vans", "parent": "Logistics"}],
    "risk": [{"initiative": "tracking", "may": "fail"}],
    "raci": [{"work": "Tracking"}],
    "benefit": [{"initiative": "Tracking", "issue": "Late", "group": "Logistics"}],
    "barrier": [{"name": "Silo", "blocks": ["Bills", "Tracking"]}],
    "promise": [{"name": "On time", "issue": "Late", "group": "Logistics"}],
    "cause": [{"issue": "Late", "group": "Logistics", "depth": 1, "text": "why"}],
    "limits": {"capacity": {"Logistics": 2}},
    "source": [{"questions": {"Q1": {"group": "Logistics", "driver": "Punctual"}}}],
}


def laid(*edits: Edit) -> dict[str, Any]:
    return lay(FILE, edits).values


def test_a_renamed_initiative_is_followed_by_everything_that_names_it() -> None:
    found = laid(Edit("initiative", "tracking", {"name": "Tracking by text"}))
    assert found["initiative"][1] == {"name": "Bills", "needs": ["Tracking by text"], "excludes": ["Tracking by text"]}
    assert [found[name][0][key] for name, key in (("risk", "initiative"), ("raci", "work"), ("benefit", "initiative"))] == [
        "Tracking by text"
    ] * 3
    assert found["barrier"][0]["blocks"] == ["Bills", "Tracking by text"]
    assert FILE["risk"][0]["initiative"] == "tracking", "what the file says is not touched"


def test_a_renamed_group_is_followed_in_tables_lists_and_questions() -> None:
    found = laid(Edit("group", "logistics", {"name": "Delivery"}))
    assert found["group"][1]["parent"] == "Delivery"
    assert found["initiative"][0]["people"] == {"Delivery": 1}
    assert found["limits"]["capacity"] == {"Delivery": 2}
    assert found["source"][0]["questions"]["Q1"] == {"group": "Delivery", "driver": "Punctual"}
    assert {found[name][0]["group"] for name in ("promise", "benefit", "cause")} == {"Delivery"}


def test_a_renamed_issue_is_followed_by_its_whys_and_the_ledger() -> None:
    found = laid(Edit("promise", "on-time", {"name": "On time", "issue": "Too late"}))
    assert (found["cause"][0]["issue"], found["benefit"][0]["issue"]) == ("Too late", "Too late")


def test_names_an_edit_had_in_between_are_followed_too() -> None:
    edit = Edit("initiative", "tracking", {"name": "Third"}, former=({"name": "Second"}, {"name": "Third"}))
    risk = Edit("risk", "x", {"initiative": "Second", "may": "break"})
    assert [each["initiative"] for each in laid(edit, risk)["risk"]] == ["Third", "Third"]


def test_a_name_somebody_bears_today_is_theirs() -> None:
    renamed = Edit("initiative", "tracking", {"name": "Tracking by text"})
    heir = Edit("initiative", "new", {"name": "Tracking"})
    assert laid(renamed, heir)["raci"][0]["work"] == "Tracking"


def test_a_name_two_gave_up_is_nobodys() -> None:
    both = (
        Edit("initiative", "tracking", {"name": "One"}),
        Edit("initiative", "bills", {"name": "Two", "needs": ["Tracking"]}, former=({"name": "Tracking"},)),
    )
    assert laid(*both)["raci"][0]["work"] == "Tracking"


def test_two_rows_of_one_group_are_not_made_one() -> None:
    both = laid(
        Edit("group", "logistics", {"name": "Delivery"}), Edit("limits", "limits", {"capacity": {"Logistics": 1, "Delivery": 3}})
    )
    assert both["limits"]["capacity"] == {"Logistics": 1, "Delivery": 3}


def test_every_path_is_one_of_the_settings() -> None:
    shape = Company.model_json_schema()

    def inner(node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node or "items" in node:
            node = shape["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node["items"]
        return node

    for naming in NAMINGS:
        for path in (*naming.given, *naming.called):
            node = shape
            for part in path:
                node = inner(node)
                known = node if part in ("*", "{}") else node.get("properties", {})
                held = "additionalProperties" if part in ("*", "{}") else part
                assert held in known, (path, part)
                node = known[held]
