"""The two writers of files: nothing a person typed runs in a spreadsheet, and numbers stay numbers."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from vitalfew.web.shell.exporting import BOM, Column, chunks, csv_lines, inert, write_xlsx

SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
BEFORE = ("", " ", "   ", "\u00a0", "\u3000", "\u200b", "\ufeff", " \n")


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("sign", SIGNS)
def test_what_a_spreadsheet_would_run_is_made_inert(before: str, sign: str) -> None:
    text = f"{before}{sign}cmd|' /C calc'!A0"
    assert inert(text) == "'" + text
    assert _read_csv([text], [[text]]) == [["'" + text], ["'" + text]]


@given(st.text())
def test_no_cell_of_a_file_begins_with_a_sign(text: str) -> None:
    made = inert(text)
    assert isinstance(made, str)
    assert not made.lstrip(" \u00a0\u3000\u200b\ufeff\n").startswith(SIGNS)
    assert made in (text, "'" + text)


@given(
    st.lists(st.one_of(st.none(), st.booleans(), st.integers(-(10**12), 10**12), st.floats(allow_nan=False, allow_infinity=False)))
)
def test_numbers_stay_numbers(values: list[Any]) -> None:
    assert [inert(each) for each in values] == values
    lines = _read_csv(["n"], [[each] for each in values])[1:]
    assert [line[0] if line else "" for line in lines] == ["" if each is None else str(each) for each in values]


def test_what_is_no_number_is_left_empty() -> None:
    assert inert(float("nan")) is None
    assert inert(float("inf")) is None
    assert inert(date(2026, 1, 2)) == "2026-01-02"
    assert inert(datetime(2026, 1, 2, 3, 4, 5)) == "2026-01-02 03:04:05"


CELL = st.one_of(st.none(), st.integers(-(10**9), 10**9), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=6))
def test_csv_gives_back_what_went_in(rows: list[list[Any]]) -> None:
    found = _read_csv(["a", "=b"], rows)
    assert found[0] == ["a", "'=b"]
    wanted = [["" if each is None else str(inert(each)) for each in row] for row in rows]
    assert found[1:] == wanted


def test_csv_begins_with_a_byte_order_mark() -> None:
    assert "".join(csv_lines(["ä"], [])).startswith(BOM + "ä")


def test_a_worksheet_holds_texts_as_texts_and_numbers_as_numbers() -> None:
    rows = [
        ["=1+1", -5, -2.5, None, True],
        [" ＝1", 0, 1e9, "a\x00b", "http://x.example"],
        ["@x", 1, float("nan"), "x" * 40_000, "12"],
    ]
    target = io.BytesIO()
    assert write_xlsx(target, ["=a", "b", "c", "d", "e"], rows) == 3
    target.seek(0)
    sheet = CalamineWorkbook.from_filelike(target).get_sheet_by_index(0).to_python()
    assert sheet[0][0] == "'=a"
    assert sheet[1] == ["'=1+1", -5.0, -2.5, "", True]
    assert sheet[2][:3] == ["' ＝1", 0.0, 1e9]
    assert sheet[2][4] == "http://x.example"
    assert sheet[3][2] == ""
    assert len(sheet[3][3]) == 32_767
    assert sheet[3][4] == "12"


def test_no_formula_and_no_link_is_in_a_worksheet() -> None:
    import zipfile

    target = io.BytesIO()
    write_xlsx(target, ["a"], [["=HYPERLINK(1)"], ["https://x.example"], ["＝1"]])
    with zipfile.ZipFile(target) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.lower().replace("=hyperlink", "")


def test_a_long_table_is_read_in_parts() -> None:
    asked: list[tuple[int, int]] = []

    def read(limit: int, offset: int) -> list[int]:
        asked.append((limit, offset))
        return list(range(25))[offset : offset + limit]

    assert list(chunks(read, 10)) == list(range(25))
    assert asked == [(10, 0), (10, 10), (10, 20)]
    assert Column("A", lambda row: row * 2).of(4) == 8
    assert Column("A", "x").of({"x": 1}) == 1


def _read_csv(headings: list[str], rows: list[list[Any]]) -> list[list[str]]:
    text = "".join(csv_lines(headings, rows)).removeprefix(BOM)
    return list(csv.reader(io.StringIO(text, newline="")))
