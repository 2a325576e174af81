"""Wide and long surveys become one row per answer, and what is no answer is refused without losing the response."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from exports import Read, company, read

from vitalfew.engine import DuckEngine
from vitalfew.faults import Refused

WIDE: dict[str, Any] = {"name": "survey", "table": "responses", "path": "survey.csv", "columns": {"response": "id"}}


def answers(found: Read, question: str) -> dict[str, Any]:
    """value, else choice, else text of one question by response."""
    made = {}
    for row in found.records:
        if row["question"] == question:
            made[row["key"]] = next((row[name] for name in ("value", "choice", "text") if row[name] is not None), None)
    return made


def wide(tmp_path: Path, engine: DuckEngine, csv: str, questions: dict[str, Any], **more: Any) -> Read:
    (tmp_path / "survey.csv").write_text(csv, encoding="utf-8")
    return read(engine, tmp_path, company({**WIDE, "questions": questions, **more}))


def test_each_kind_of_question_becomes_answers(tmp_path: Path, shared_engine: DuckEngine) -> None:
    csv = "id,Q1,Q2,Q3,Q4,Q5,Q6\n1,9,4.5,Blue,yes,good,12\n2,10,2,Red,No,,7\n"
    questions = {
        "recommend": {"column": "Q1", "kind": "nps"},
        "overall": {"column": "Q2", "kind": "rating", "scale": [1, 5]},
        "colour": {"column": "Q3", "kind": "choice"},
        "again": {"column": "Q4", "kind": "yes_no"},
        "why": {"column": "Q5", "kind": "text"},
        "visits": {"column": "Q6", "kind": "number"},
    }
    found = wide(tmp_path, shared_engine, csv, questions)
    assert answers(found, "recommend") == {"1": 9.0, "2": 10.0}
    assert answers(found, "overall") == {"1": 4.5, "2": 2.0}
    assert answers(found, "colour") == {"1": "Blue", "2": "Red"}
    assert answers(found, "again") == {"1": 1.0, "2": 0.0}
    assert answers(found, "why") == {"1": "good"}
    assert answers(found, "visits") == {"1": 12.0, "2": 7.0}
    assert {row["kind"] for row in found.records if row["question"] == "again"} == {"yes_no"}
    assert {row["response"] for row in found.records} == {"survey#1", "survey#2"}
    assert all(row["weight"] is None for row in found.records)


def test_an_answer_off_the_scale_is_refused_and_the_rest_of_the_response_loaded(tmp_path: Path, shared_engine: DuckEngine) -> None:
    csv = "id,Q1,Q2\n1,11,4\n2,7.5,3\n3,8,6\n4,-1,2\n5,abc,1\n6,10,0\n"
    questions = {
        "recommend": {"column": "Q1", "kind": "nps"},
        "overall": {"column": "Q2", "kind": "rating", "scale": [1, 5], "blank": [0]},
    }
    found = wide(tmp_path, shared_engine, csv, questions)
    assert answers(found, "recommend") == {"3": 8.0, "6": 10.0}
    assert answers(found, "overall") == {"1": 4.0, "2": 3.0, "4": 2.0, "5": 1.0}
    told = {(row["line"], row["column"], row["value"]): row["reason"] for row in found.quarantine}
    assert set(told) == {(2, "Q1", "11"), (3, "Q1", "7.5"), (4, "Q2", "6"), (5, "Q1", "-1"), (6, "Q1", "abc")}
    assert "off the scale 0 to 10, in whole numbers" in told[(3, "Q1", "7.5")]
    assert "off the scale 1 to 5" in told[(4, "Q2", "6")]
    assert "not a number" in told[(6, "Q1", "abc")]
    assert found.sources[0]["rows_read"] == found.sources[0]["rows_loaded"] == 6
    assert found.sources[0]["rows_quarantined"] == 0


def test_blank_codes_and_labels_are_no_answers_and_numbers(tmp_path: Path, shared_engine: DuckEngine) -> None:
    csv = "id,Q1,Q2\n1,99,Very good\n2,99.0,poor\n3,5,N/A\n4,3,excellent\n"
    questions = {
        "visits": {"column": "Q1", "kind": "number", "blank": [99]},
        "taste": {"column": "Q2", "kind": "rating", "scale": [1, 3], "labels": {"poor": 1, "very good": 3}, "blank": ["n/a"]},
    }
    found = wide(tmp_path, shared_engine, csv, questions)
    assert answers(found, "visits") == {"3": 5.0, "4": 3.0}
    assert answers(found, "taste") == {"1": 3.0, "2": 1.0}
    assert [(row["line"], row["value"]) for row in found.quarantine] == [(5, "excellent")]


def test_the_answers_that_mean_yes_can_be_named(tmp_path: Path, shared_engine: DuckEngine) -> None:
    csv = "id,Q1,Q2\n1,Satisfied,maybe\n2,Neutral or Dissatisfied,sim\n3,,não\n"
    questions = {"content": {"column": "Q1", "kind": "yes_no", "yes": ["satisfied"]}, "again": {"column": "Q2", "kind": "yes_no"}}
    found = wide(tmp_path, shared_engine, csv, questions)
    assert answers(found, "content") == {"1": 1.0, "2": 0.0}
    assert answers(found, "again") == {"2": 1.0, "3": 0.0}
    assert [(row["line"], row["column"]) for row in found.quarantine] == [(2, "Q2")]


def test_codes_get_their_labels_from_the_codebook_one_row_each(tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / "codes.csv").write_text("code,label\n1,Late\n2,Rude\n3,Broken\n", encoding="utf-8")
    csv = "id,Q1,Q2,Q3\n1,1,2,\n2,3,3,0\n3,9,1.0,\n"
    questions = {"why": {"columns": ["Q1", "Q2", "Q3"], "kind": "codes", "codebook": "codes.csv", "blank": [0]}}
    found = wide(tmp_path, shared_engine, csv, questions)
    assert [(row["key"], row["choice"]) for row in found.records] == [("1", "Late"), ("1", "Rude"), ("2", "Broken"), ("3", "Late")]
    assert [(row["line"], row["column"], row["value"]) for row in found.quarantine] == [(4, "Q1", "9")]
    assert "no code of codes.csv" in found.quarantine[0]["reason"]


@pytest.mark.parametrize(
    ("book", "said"),
    [("code,label\n1,a\n1,b\n", "stands twice"), ("code\n1\n", "two columns"), ("", "empty"), (None, "there is no codebook")],
)
def test_a_faulty_codebook_is_a_fault(tmp_path: Path, shared_engine: DuckEngine, book: str | None, said: str) -> None:
    if book is not None:
        (tmp_path / "codes.csv").write_text(book, encoding="utf-8")
    with pytest.raises(Refused, match=said):
        wide(tmp_path, shared_engine, "id,Q1\n1,1\n", {"why": {"column": "Q1", "kind": "codes", "codebook": "codes.csv"}})


def test_several_picks_in_one_cell_are_a_row_each(tmp_path: Path, shared_engine: DuckEngine) -> None:
    found = wide(
        tmp_path, shared_engine, "id,Q1\n1,Price; Speed ;Price\n2,Care|Speed\n", {"matters": {"column": "Q1", "kind": "top_picks"}}
    )
    assert [(row["key"], row["choice"]) for row in found.records] == [("1", "Price"), ("1", "Speed"), ("2", "Care"), ("2", "Speed")]


def test_a_question_may_be_an_expression(tmp_path: Path, shared_engine: DuckEngine) -> None:
    questions = {"late": {"sql": "CAST(days AS INTEGER) > 3", "kind": "yes_no"}}
    found = wide(tmp_path, shared_engine, "id,days\n1,5\n2,2\n3,x\n4,\n", questions)
    assert answers(found, "late") == {"1": 1.0, "2": 0.0}
    assert [(row["line"], row["value"]) for row in found.quarantine] == [(4, "days=x")]
    assert "expression failed" in found.quarantine[0]["reason"]


def test_group_and_touchpoint_come_from_the_question_unless_the_record_says(tmp_path: Path, shared_engine: DuckEngine) -> None:
    questions = {"care": {"column": "Q1", "kind": "nps", "group": "Care", "touchpoint": "phone"}}
    found = wide(tmp_path, shared_engine, "id,Q1,team\n1,9,Night\n2,8,\n", questions, columns={"response": "id", "group": "team"})
    assert found.by_key("group") == {"1": "Night", "2": "Care"}
    assert found.by_key("touchpoint") == {"1": "phone", "2": "phone"}


LONG: dict[str, Any] = {
    "name": "survey",
    "table": "responses",
    "path": "survey.csv",
    "columns": {"response": "id", "question": "q", "value": "v", "text": "t"},
}
QUESTIONS = [
    {"name": "recommend", "kind": "nps"},
    {"name": "overall", "kind": "rating", "scale": [1, 5], "blank": [0]},
    {"name": "why", "kind": "text"},
    {"name": "reason", "kind": "codes"},
]


def test_long_surveys_have_an_answer_a_record(tmp_path: Path, shared_engine: DuckEngine) -> None:
    rows = ["1,recommend,9,", "1,overall,4,", "1,why,,too late", "1,reason,a,", "1,reason,b,", "2,overall,0,"]
    (tmp_path / "survey.csv").write_text("id,q,v,t\n" + "\n".join(rows) + "\n", encoding="utf-8")
    found = read(shared_engine, tmp_path, company(LONG, question=QUESTIONS))
    assert answers(found, "recommend") == {"1": 9.0}
    assert answers(found, "why") == {"1": "too late"}
    assert [row["choice"] for row in found.records if row["question"] == "reason"] == ["a", "b"]
    assert answers(found, "overall") == {"1": 4.0}
    assert found.quarantine == []
    assert found.sources[0]["rows_loaded"] == 6


def test_in_a_long_survey_a_refused_answer_is_a_refused_record(tmp_path: Path, shared_engine: DuckEngine) -> None:
    rows = ["1,recommend,11,", "1,recommnd,9,", "1,overall,4,", "1,overall,4,", "1,overall,5,", "2,,5,"]
    (tmp_path / "survey.csv").write_text("id,q,v,t\n" + "\n".join(rows) + "\n", encoding="utf-8")
    found = read(shared_engine, tmp_path, company(LONG, question=QUESTIONS))
    assert answers(found, "overall") == {"1": 4.0}
    reasons = {line: reason for line, _, reason in found.refused}
    assert sorted(reasons) == [2, 3, 5, 6, 7]
    assert "off the scale 0 to 10" in reasons[2]
    assert "no [[question]] describes" in reasons[3]
    assert reasons[5] == "repeated: same record as line 4"
    assert "other content" in reasons[6]
    assert (found.sources[0]["rows_read"], found.sources[0]["rows_loaded"], found.sources[0]["rows_quarantined"]) == (6, 1, 5)


def test_words_are_masked_before_anyone_sees_them(tmp_path: Path, shared_engine: DuckEngine) -> None:
    csv = 'id,Q1\n1,"write to ann@example.org"\n2,"write to ann@example.org"\n3,nothing here\n'
    found = wide(tmp_path, shared_engine, csv, {"why": {"column": "Q1", "kind": "text"}})
    assert answers(found, "why") == {"1": "write to [email]", "2": "write to [email]", "3": "nothing here"}


def test_a_response_without_any_answer_is_told_of(tmp_path: Path, shared_engine: DuckEngine) -> None:
    found = wide(tmp_path, shared_engine, "id,Q1\n1,9\n2,\n", {"recommend": {"column": "Q1", "kind": "nps"}})
    assert [(row["n"], row["remark"]) for row in found.remarks] == [(1, "responses without any answer; they count nowhere")]
    assert found.sources[0]["rows_loaded"] == 2
