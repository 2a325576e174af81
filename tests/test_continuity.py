"""Decisions and ids through whole runs: they hold when records are added, and go without a trace when they are taken back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from vitalfew import continuity, pipeline, runs
from vitalfew.company import load
from vitalfew.faults import Refused

SETTINGS = """
[company]
name = "Acme"
minimum_group = 3
draws = 50
[[source]]
name = "survey"
table = "responses"
path = "survey.csv"
[source.columns]
response = "id"
name = "name"
email = "email"
at = "at"
[source.questions]
recommend = { column = "Q1", kind = "nps", outcome = true }
speed = { column = "Q2", kind = "rating", scale = [1, 5], driver = "Speed" }
"""
SPLIT = """
[[link]]
left = "survey#3"
right = "survey#43"
decision = "different"
"""
JOIN = """
[[link]]
left = "survey#5"
right = "survey#6"
decision = "same"
reason = "told on the phone"
"""
IDENTITY = ("identities", "people", "links")


def answers(more: int = 0) -> str:
    """Sixty people with two answers each under one address, and `more` later ones of the first of them."""
    rows = [f"{n},P{n % 40} Nobody{n % 40},p{n % 40}@x.example,2026-0{1 + n % 6}-10,{n % 11},{1 + n % 5}" for n in range(80)]
    rows += [f"z{n},P{n % 40} Nobody{n % 40},p{n % 40}@x.example,2026-06-11,{n % 11},{1 + n % 5}" for n in range(more)]
    return "\n".join(["id,name,email,at,Q1,Q2", *rows]) + "\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "survey.csv").write_text(answers(), encoding="utf-8")
    return tmp_path


def ran(folder: Path, decisions: str = "", more: int = 0) -> runs.Run:
    (folder / "company.toml").write_text(SETTINGS + decisions, encoding="utf-8")
    (folder / "survey.csv").write_text(answers(more), encoding="utf-8")
    return pipeline.run(load(folder), folder)


def person_of(run: runs.Run) -> dict[str, str]:
    table = pq.read_table(run.folder / "identities.parquet").to_pydict()
    return dict(zip(table["key"], table["person"], strict=True))


def tables(run: runs.Run) -> dict[str, bytes]:
    """Every table but those that tell of the run before."""
    return {
        path.name: path.read_bytes()
        for path in sorted(run.folder.glob("*.parquet"))
        if not path.stem.startswith(("person_changes", "person_ledger", "deliveries"))
    }


def test_a_split_and_a_join_by_hand_hold_when_records_come_and_go_when_they_are_taken_back(workspace: Path) -> None:
    first = ran(workspace)
    before = person_of(first)
    assert before["3"] == before["43"]
    assert before["5"] != before["6"]
    second = ran(workspace, SPLIT + JOIN)
    decided = person_of(second)
    assert decided["3"] != decided["43"]
    assert decided["5"] == decided["6"] == decided["45"] == decided["46"]
    told = pq.read_table(second.folder / "person_changes.parquet").to_pylist()
    assert {(row["change"], row["of"]) for row in told} == {
        ("split", before["3"]),
        ("joined", before["6"] if decided["5"] == before["5"] else before["5"]),
    }
    # Later records with the same address: the two stay two, the one stays one, and nobody gets another id.
    third = ran(workspace, SPLIT + JOIN, more=10)
    later = person_of(third)
    assert later["3"] != later["43"]
    assert later["5"] == later["6"] == later["z5"] == later["z6"]
    assert {key: later[key] for key in decided} == decided
    fourth = ran(workspace)
    assert tables(fourth) == tables(first), "taken back, records and figures are byte for byte what they were"
    assert person_of(fourth) == before


def test_one_decision_taken_back_leaves_the_other(workspace: Path) -> None:
    before = person_of(ran(workspace))
    ran(workspace, SPLIT + JOIN)
    found = person_of(ran(workspace, JOIN))
    assert found["3"] == found["43"] == before["3"]
    assert found["5"] == found["6"]


def test_a_rerun_on_the_same_workspace_is_the_same_run_even_when_its_files_are_lost(workspace: Path) -> None:
    ran(workspace)
    second = ran(workspace, SPLIT)
    kept = {name: (second.folder / name).read_bytes() for name in second.files()}
    assert ran(workspace, SPLIT).id == second.id
    for name in ("identities.parquet", "people.parquet", "person_changes.parquet"):
        (second.folder / name).write_bytes(b"spoilt")
    again = ran(workspace, SPLIT)
    assert again.id == second.id
    assert {name: (again.folder / name).read_bytes() for name in again.files()} == kept


def test_inputs_that_change_and_change_back_are_the_same_run_when_nobody_was_joined_or_split(workspace: Path) -> None:
    first = ran(workspace)
    question = '[source.questions.again]\ncolumn = "Q2"\nkind = "number"\n'
    other = ran(workspace, question)
    assert other.stages["listen"].key != first.stages["listen"].key
    assert person_of(other) == person_of(first)
    assert ran(workspace).id == first.id
    third = ran(workspace, JOIN)
    assert ran(workspace, JOIN + question).id != third.id
    assert ran(workspace, JOIN).id == third.id


def test_an_id_outlives_the_record_it_was_made_from(workspace: Path) -> None:
    before = person_of(ran(workspace))
    rows = answers().splitlines()
    (workspace / "survey.csv").write_text("\n".join([rows[0], *rows[5:], "00,P7 Nobody7,p7@x.example,2026-06-12,9,5"]) + "\n")
    after = person_of(pipeline.run(load(workspace), workspace))
    assert {key: after[key] for key in after if key in before} == {key: before[key] for key in after if key in before}
    assert after["00"] == before["7"]
    # Without the run before, the same records have the ids their first records make.
    shutil.rmtree(workspace / runs.HOME)
    fresh = person_of(pipeline.run(load(workspace), workspace))
    assert fresh["7"] != before["7"]


def test_the_lookup_knows_people_by_the_ids_that_stayed(workspace: Path) -> None:
    before = person_of(ran(workspace))
    rows = answers().splitlines()
    (workspace / "survey.csv").write_text("\n".join([rows[0], *rows[5:], "00,P7 Nobody7,p7@x.example,2026-06-12,9,5"]) + "\n")
    later = pipeline.run(load(workspace), workspace)
    assert person_of(later)["00"] == before["7"], "somebody is called as before"
    people = set(pq.read_table(later.paths()["people"]).column("person").to_pylist())
    found = pq.read_table(later.paths()["contacts"])
    called = found.column("person").to_pylist()
    assert {each for each in called if each} <= people
    assert called == sorted(called, key=lambda each: (each is None, each)), "the lookup searches them in order"


def test_going_back_to_a_run_goes_back_to_its_ids(workspace: Path) -> None:
    first = ran(workspace)
    second = ran(workspace, JOIN)
    runs.Workspace(workspace).go_back(first.id)
    third = ran(workspace, JOIN)
    assert third.id == second.id
    assert person_of(third) == person_of(second)


def test_a_lost_or_spoilt_ledger_only_loses_continuity(workspace: Path) -> None:
    first = ran(workspace)
    (first.folder / continuity.FILE).write_bytes(b"spoilt")
    second = ran(workspace, JOIN)
    found = person_of(second)
    assert found["5"] == found["6"]
    assert pq.read_table(second.folder / "person_changes.parquet").num_rows == 0


def test_every_fault_of_decisions_is_told_at_once_with_its_line(workspace: Path) -> None:
    wrong = """
[[link]]
left = "surve#1"
right = "survey#2"
decision = "same"
[[link]]
left = "survey#4"
right = "survey#5"
decision = "same"
[[link]]
left = "survey#6"
right = "survey#5"
decision = "same"
[[link]]
left = "survey#6"
right = "survey#4"
decision = "different"
[[link]]
left = "survey#8"
right = "survey#9"
decision = "same"
[[link]]
left = "survey#9"
right = "survey#8"
decision = "different"
"""
    (workspace / "company.toml").write_text(SETTINGS + wrong, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        load(workspace)
    base = SETTINGS.count("\n")
    told = [(each.line - base, each.what) for each in refused.value.faults]
    assert told == [
        (3, "[[link]]: there is no source 'surve'"),
        (17, "[[link]]: 'survey#4' and 'survey#6' are said to be different people, and one: survey#4 = survey#5 = survey#6"),
        (25, "[[link]]: 'survey#8' and 'survey#9' are said to be different people, and one: survey#8 = survey#9"),
    ]


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [("survey1", "survey#2", "source#key"), ("survey#1", "survey#1", "two records"), ("#", "survey#2", "source#key")],
)
def test_what_names_no_two_records_is_a_fault(workspace: Path, left: str, right: str, said: str) -> None:
    text = f'[[link]]\nleft = "{left}"\nright = "{right}"\ndecision = "same"\n'
    (workspace / "company.toml").write_text(SETTINGS + text, encoding="utf-8")
    with pytest.raises(Refused, match=said):
        load(workspace)


def test_a_decision_about_a_company_and_a_person_is_a_fault(workspace: Path) -> None:
    firms = '[[source]]\nname = "firms"\ntable = "accounts"\npath = "firms.csv"\n[source.columns]\naccount = "id"\n'
    link = '[[link]]\nleft = "firms#1"\nright = "survey#2"\ndecision = "same"\n'
    (workspace / "company.toml").write_text(SETTINGS + firms + link, encoding="utf-8")
    with pytest.raises(Refused, match="is a company, the other a person's record"):
        load(workspace)
