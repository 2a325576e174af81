"""Edits on top of company.toml: by key, with the right line or the edit named in each fault."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from pathlib import Path

import pytest

from vitalfew import edits, settings
from vitalfew.company import examine, load, read
from vitalfew.edits import Edit
from vitalfew.faults import Refused

FILE = """
[company]
name = "A"
[[source]]
name = "survey"
table = "responses"
path = "exports/survey.csv"
[source.columns]
response = "id"
[source.questions]
q = { column = "Q1", kind = "nps" }
[[group]]
name = "One"
[[group]]
name = "Two"
[[promise]]
name = "P"
group = "Two"
kept_when = "true"
[[cause]]
issue = "x"
depth = 1
text = "first"
[[cause]]
issue = "x"
depth = 1
text = "second"
"""


@pytest.fixture
def workspace(write_company: Callable[[str], Path]) -> Path:
    return write_company(FILE)


def test_doctests() -> None:
    assert doctest.testmod(edits).failed == 0
    assert doctest.testmod(settings).failed == 0


def test_an_edit_replaces_adds_and_takes_away_by_key(workspace: Path) -> None:
    company = load(
        workspace,
        edits=[
            Edit("group", "one", {"name": "First"}),
            Edit("group", "three", {"name": "Three"}),
            Edit("promise", "p", None),
            Edit("cause", "x-1-1-2", {"issue": "x", "depth": 2, "text": "second, deeper"}),
            Edit("limits", "limits", {"months": 3}),
        ],
    ).company
    assert [each.name for each in company.group] == ["First", "Two", "Three"]
    assert company.promise == []
    assert [(each.depth, each.text) for each in company.cause] == [(1, "first"), (2, "second, deeper")]
    assert company.limits.months == 3


def test_faults_name_the_edit_or_the_line_of_the_file(workspace: Path) -> None:
    with pytest.raises(Refused) as refused:
        load(
            workspace,
            edits=[
                Edit("group", "one", None),
                Edit("group", "two", None),
                Edit("theme", "t", {"name": "T", "words": ["x"], "group": "Six"}),
            ],
        )
    said = [str(fault) for fault in refused.value.faults]
    assert said[0].startswith("application: theme \"T\": nobody defined the group 'Six'; ")
    assert said[1].startswith("company.toml:18: nobody defined the group 'Two'; ")
    assert len(said) == 2


def test_shapes_of_edits_are_faults_too(workspace: Path) -> None:
    company, faults = examine(read(workspace), [Edit("group", "one", {"nmae": "x"})])
    assert company is None
    assert {fault.file for fault in faults} == {"application"}
    assert any("did you mean 'name'" in str(fault) for fault in faults)


def test_only_what_people_write_can_be_edited(workspace: Path) -> None:
    with pytest.raises(ValueError, match="no section 'question'"):
        load(workspace, edits=[Edit("question", "survey", None)])
