"""Files whose columns are named by several rows, or whose table begins further down: lines stay those of the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from exports import company, read

from vitalfew.engine import DuckEngine
from vitalfew.faults import Refused
from vitalfew.listen.readers import composed

SURVEY: dict[str, Any] = {
    "name": "survey",
    "table": "responses",
    "path": "survey.csv",
    "columns": {"response": "id"},
    "questions": {"score": {"column": "Q1", "kind": "rating", "scale": [1, 5]}},
}


def test_three_header_rows_are_no_records_and_lines_are_those_of_the_file(shared_engine: DuckEngine, tmp_path: Path) -> None:
    """A wording may break a line within its quotes: records then begin further down than their number says."""
    lines = [
        "id,Q1",
        'Response ID,"How satisfied',
        'are you?"',
        '"{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}"',
        "a,4",
        "b,9",
        "c,5,surplus",
        "d,3",
    ]
    (tmp_path / "survey.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = read(shared_engine, tmp_path, company({**SURVEY, "header_rows": 3}))
    assert [(row["key"], row["value"], row["_line"]) for row in found.records] == [("a", 4.0, 5), ("d", 3.0, 8)]
    assert [(line, column) for line, column, _ in found.refused] == [(6, "Q1"), (7, "")]
    assert found.sources[0]["rows_read"] == 4


def test_lines_before_the_table_are_skipped_and_counted(shared_engine: DuckEngine, tmp_path: Path) -> None:
    """Delimiters in what is skipped do not mislead the search for the file's own."""
    text = "Report, made on 2026-06-30, by hand\n\nid;Q1\na;4\nb;seven\n"
    (tmp_path / "survey.csv").write_text(text, encoding="utf-8")
    found = read(shared_engine, tmp_path, company({**SURVEY, "skip": 2}))
    assert [(row["key"], row["value"], row["_line"]) for row in found.records] == [("a", 4.0, 4)]
    assert [(line, column) for line, column, _ in found.refused] == [(5, "Q1")]


def test_a_question_over_several_columns_names_each_by_what_stands_below(shared_engine: DuckEngine, tmp_path: Path) -> None:
    text = "id,How good was,,Remarks\n,Price,Advice,Open-Ended Response\na,4,2,fine\n"
    (tmp_path / "survey.csv").write_text(text, encoding="utf-8")
    questions = {
        "price": {"column": "How good was / Price", "kind": "rating", "scale": [1, 5]},
        "advice": {"column": "How good was / Advice", "kind": "rating", "scale": [1, 5]},
        "remarks": {"column": "Remarks", "kind": "text"},
    }
    found = read(shared_engine, tmp_path, company({**SURVEY, "header_rows": 2, "questions": questions}))
    assert {row["question"]: row["value"] or row["text"] for row in found.records} == {
        "price": 4.0,
        "advice": 2.0,
        "remarks": "fine",
    }


def test_a_sheet_has_header_rows_and_rows_before_them_too(shared_engine: DuckEngine, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "survey.xlsx"))
    sheet = book.add_worksheet()
    for number, row in enumerate([["Report"], [], ["id", "Q1"], ["Response", "How satisfied?"], ["a", 4], ["b", 8]]):
        sheet.write_row(number, 0, row)
    book.close()
    found = read(shared_engine, tmp_path, company({**SURVEY, "path": "survey.xlsx", "skip": 1, "header_rows": 2}))
    assert [(row["key"], row["value"], row["_line"]) for row in found.records] == [("a", 4.0, 5)]
    assert [(line, column) for line, column, _ in found.refused] == [(6, "Q1")]


@pytest.mark.parametrize(
    ("name", "text", "settings", "what"),
    [
        ("survey.jsonl", json.dumps({"id": 1, "Q1": 3}), {"header_rows": 2}, "skip and header_rows are not for jsonl"),
        ("survey.csv", "id,Q1\n", {"header_rows": 2}, "it ends before the 2 header rows after line 0 do"),
        ("survey.csv", "id,Q1\na,4\n", {"skip": 9}, "it ends before the 1 header rows after line 9 do"),
    ],
)
def test_header_rows_that_cannot_be_are_a_fault(
    shared_engine: DuckEngine, tmp_path: Path, name: str, text: str, settings: dict[str, int], what: str
) -> None:
    (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    with pytest.raises(Refused, match=what):
        read(shared_engine, tmp_path, company({**SURVEY, "path": name, **settings}))


def test_a_name_of_the_first_row_is_kept_where_it_stands_alone() -> None:
    assert composed([["id", "Q1", "Q2"], ["Response ID", "How satisfied?", "Why?"], ["x"]]) == ["id", "Q1", "Q2"]
    assert composed([["id", "Over", ""], ["", "a", "b"]]) == ["id", "Over / a", "Over / b"]
    assert composed([["id", "Over"], ["", "a", "b"]]) == ["id", "Over / a", "Over / b"]
