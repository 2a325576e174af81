"""Work groups as a tree, responsibilities with their faults, risks as a matrix."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from tests.web.conftest import Cast

from vitalfew.settings import Group
from vitalfew.web.act import sheet
from vitalfew.web.act.views import faults_of, tree


def book_of(groups: list[Group], **tables: Any) -> Any:
    company = SimpleNamespace(group=groups)
    names = {each.name: each.name.lower() for each in groups}

    class Book(dict[str, Any]):
        def top_issues(self) -> list[Any]:
            return tables.get("top", [])

    made = Book({"raci": [], "one_pages": [], **tables})
    made.company, made.groups = company, names  # type: ignore[attr-defined]
    return made


def test_groups_stand_below_their_parents_and_a_circle_of_parents_at_the_top() -> None:
    groups = [Group(name="B", parent="A"), Group(name="A"), Group(name="C", parent="B"), Group(name="X", parent="Y"),
              Group(name="Y", parent="X"), Group(name="Z", parent="gone")]  # fmt: skip
    found = tree(book_of(groups))
    assert found == [("A", 0), ("B", 1), ("C", 2), ("X", 0), ("Y", 0), ("Z", 0)]


def test_faults_are_those_of_the_rows_and_groups_without_a_part() -> None:
    raci = [
        {"work": "W", "role": "Ann", "letter": "R", "note": "proposed; nobody accountable: exactly one must be"},
        {"work": "W", "role": "A", "letter": "C", "note": ""},
    ]
    groups = [Group(name="A"), Group(name="B", lead="Ann"), Group(name="C", lead="Carl")]
    found = faults_of(book_of(groups, raci=raci, top=[{"group": "A"}, {"group": "B"}, {"group": "C"}, {"group": "C"}]))
    assert found == ["W: nobody accountable: exactly one must be", "C causes a top issue and has no part in any work"]


def test_lines_of_a_sheet_are_cut_until_they_fit() -> None:
    rows = [{"group": "A", "section": "whys", "label": "Why", "text": "word " * 300, "claim": None} for _ in range(6)]
    rows += [{"group": "A", "section": "stop", "label": "Stop", "text": "word " * 300, "claim": None} for _ in range(5)]
    found = sheet.sheet_of(book_of([Group(name="A")], one_pages=rows), "A")
    assert [(part["name"], len(part["lines"]), part["more"]) for part in found] == [("whys", 6, 0), ("stop", 3, 2)]
    assert sum(len(line["short"]) for part in found for line in part["lines"]) <= sheet.LETTERS


def test_the_matrix_links_each_risk_to_its_row(cast: Cast) -> None:
    text = cast.client("owner").get("/c/northlight/risks/").content.decode()
    for number in range(1, 8):
        assert text.count(f'href="#risk-{number}"') == 1
        assert text.count(f'id="risk-{number}"') == 1
    own = cast.client("lead").get("/c/northlight/risks/").content.decode()
    assert "carriers" in own
    assert "bank changes its file format" not in own


@pytest.mark.parametrize(
    ("role", "may"), [("owner", True), ("analyst", True), ("lead", True), ("executive", False), ("employee", False)]
)
def test_an_action_is_changed_where_its_why_is_by_those_who_may(cast: Cast, role: str, may: bool) -> None:
    client = cast.client(role)
    text = client.get("/c/northlight/groups/logistics/").content.decode()
    addresses = re.findall(r'class="change" href="([^"]+)"', text)
    assert bool(addresses) == may
    assert ("Answer a why" in text) == may
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.context["form"].initial["action"]
