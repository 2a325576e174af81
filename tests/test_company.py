"""company.toml: what is right is read, what is wrong is listed, all of it, with line and fix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vitalfew.company import load
from vitalfew.faults import Refused
from vitalfew.toml_lines import Lines

GOOD = """[company]
name = "Acme"

[[source]]
name = "survey"
table = "responses"
path = "exports/survey.csv"
[source.columns]
response = "id"
[source.questions]
recommend = { column = "Q1", kind = "nps", outcome = true }
delivery = { column = "Q2", kind = "rating", scale = [1, 5], driver = "Delivery", group = "Logistics" }

[[group]]
name = "Logistics"

[[promise]]
name = "On time"
group = "Logistics"
kept_when = "delivered_at <= promised_at"

[[initiative]]
name = "Tracking"
group = "Logistics"
driver = "Delivery"
cost = 100
people = { Logistics = 2 }

[limits]
budget = { "2026-Q3" = 100 }
"""

Write = Callable[[str], Path]


def test_a_good_file_is_read_typed(write_company: Write) -> None:
    company = load(write_company(GOOD)).company
    assert company.outcome == "recommend"
    assert company.questions["delivery"].bounds == (1, 5)
    assert company.source[0].path == ["exports/survey.csv"]
    assert company.initiative[0].people == {"Logistics": 2}


def _faults(workspace: Path) -> list[tuple[int, str]]:
    with pytest.raises(Refused) as refused:
        load(workspace)
    return [(fault.line, str(fault)) for fault in refused.value.faults]


CASES = [
    ("an unknown key", 'name = "Acme"\n', 'name = "Acme"\ncurency = "EUR"\n', 3, "did you mean 'currency'"),
    ("an unknown section", "[limits]", "[limit]", 29, "unknown key 'limit'"),
    ("a missing key", 'kept_when = "delivered_at <= promised_at"\n', "", 17, "promise.kept_when is missing"),
    (
        "a group nobody defined",
        '[[group]]\nname = "Logistics"',
        '[[group]]\nname = "Logistic"',
        12,
        "nobody defined the group 'Logistics'",
    ),
    ("a promise that does not parse", "delivered_at <= promised_at", "delivered_at <=", 20, "kept_when"),
    ("a promise over a column that is not there", "delivered_at <= promised_at", "delivered <= promised_at", 20, "delivered"),
    ("a subquery in a promise", "delivered_at <= promised_at", "(select true)", 20, "kept_when"),
    ("a budget of zero", '"2026-Q3" = 100', '"2026-Q3" = 0', 30, "the budget is 0 in every quarter"),
    ("a quarter that is none", '"2026-Q3" = 100', '"2026-07" = 100', 30, "a quarter is written like 2026-Q3"),
    ("a negative cost", "cost = 100", "cost = -1", 26, "greater than or equal to 0"),
    ("an unknown table", 'table = "responses"', 'table = "respones"', 6, "did you mean 'responses'"),
    ("an unknown column", 'response = "id"', 'respons = "id"', 9, "did you mean 'response'"),
    ("a rating without a scale", "scale = [1, 5], ", "", 12, "a rating needs its scale"),
    ("a driver nobody measures", 'driver = "Delivery"\ncost', 'driver = "Deliveries"\ncost', 25, "did you mean 'Delivery'"),
    ("an initiative that needs a stranger", "cost = 100", 'cost = 100\nneeds = ["Robots"]', 27, "'Robots'"),
    ("an initiative that needs itself", "cost = 100", 'cost = 100\nneeds = ["Tracking"]', 27, "not another one"),
    ("a key space of nobody", 'response = "id"', 'response = "id"\nperson = { column = "id", of = "crm" }', 10, "'crm'"),
    ("a time zone that is none", 'name = "Acme"\n', 'name = "Acme"\ntime_zone = "Mars/Base"\n', 3, "no time zone"),
    ("a rule with two origins", 'response = "id"', 'response = { column = "id", value = 3 }', 9, "exactly one of"),
    ("an unclosed string", 'name = "Acme"', 'name = "Acme', 2, "this is not TOML"),
    ("a key twice", 'name = "Acme"', 'name = "Acme"\nname = "B"', 3, "this is not TOML"),
    ("as_of that is no date", 'name = "Acme"\n', 'name = "Acme"\nas_of = "soon"\n', 3, "company.as_of"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_fault_names_its_line_and_what_is_wrong(write_company: Write, old: str, new: str, line: int, words: str) -> None:
    assert GOOD.count(old) >= 1
    found = _faults(write_company(GOOD.replace(old, new, 1)))
    assert any(where == line and words in text for where, text in found), found


def test_all_faults_are_listed_at_once(write_company: Write) -> None:
    text = GOOD.replace('name = "Acme"', 'name = "Acme"\ntime_zone = "Mars"').replace(
        'group = "Logistics"\ndriver', 'group = "Robots"\ndriver'
    )
    text = text.replace("delivered_at <= promised_at", "1 +").replace('"2026-Q3" = 100', '"2026-Q3" = 0')
    assert len(_faults(write_company(text))) == 4


def test_a_circle_among_prerequisites_is_told_whole(write_company: Write) -> None:
    more = '[[initiative]]\nname = "{0}"\ndriver = "Delivery"\nneeds = ["{1}"]\n'
    text = GOOD.replace("[limits]", more.format("A", "B") + more.format("B", "C") + more.format("C", "A") + "[limits]")
    assert any("A > B > C > A" in text for _, text in _faults(write_company(text)))


def test_two_waves_must_agree_on_the_scale_of_a_question(write_company: Write) -> None:
    wave = GOOD[GOOD.index("[[source]]") : GOOD.index("[[group]]")].replace('"survey"', '"survey_2"').replace("[1, 5]", "[1, 7]")
    found = _faults(write_company(GOOD.replace("[[group]]", wave + "[[group]]", 1)))
    assert len(found) == 1
    assert "bring both to one scale" in found[0][1]


def test_a_missing_file_and_a_wrong_encoding_are_faults(tmp_path: Path) -> None:
    assert "there is no company.toml" in _faults(tmp_path)[0][1]
    (tmp_path / "company.toml").write_bytes(b'[company]\nname = "Caf\xe9"\n')
    assert _faults(tmp_path)[0][0] == 2


def test_lines_are_found_in_nested_tables_arrays_and_strings() -> None:
    text = '[a]\nx = """\n[b]\ny = 1\n"""\nz = [\n  1,\n  2,\n]\nw = { p = 1, "q r" = 2 }\n[[c]]\n[c.d]\nk = 1\n[[c]]\n[c.d]\nk = 2\nl.m = 3\n'
    lines = Lines(text)
    assert lines(("a", "z")) == 6
    assert lines(("a", "w", "q r")) == 10
    assert lines(("c", 0, "d", "k")) == 13
    assert lines(("c", 1, "d", "k")) == 16
    assert lines(("c", 1, "d", "l", "m")) == 17
    assert lines(("b", "y")) == 1
    assert lines(("c", 1, "nothing", "here")) == 14
