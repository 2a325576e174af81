"""Records of xlsx workbooks, as text, with the number of the row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineWorkbook

from vitalfew.listen.files import File, FileFault, unpacked
from vitalfew.listen.readers import CELL, Header, Refuse, batch_rows, composed, first_line, header_of, table_of
from vitalfew.listen.workbook_parts import check_workbook

CELLS = 50_000_000
MERGED = "{} groups of cells are merged: only the first cell of each has its value, the others are read as empty"


class Workbook:
    """One sheet of an xlsx workbook. `_line` is the number of the row; the first rows that are not blank name the columns.

    `skip` rows stand before the header, which takes `header_rows` rows that are not blank.
    """

    encoding = "xlsx"

    def __init__(self, file: File, sheet: str | None, folder: Path, skip: int = 0, header_rows: int = 1) -> None:
        path = unpacked(file, folder)
        # Before anything else opens the workbook its parts must be known to be harmless.
        self._without = check_workbook(path, sheet).without
        try:
            book = CalamineWorkbook.from_path(str(path))
            names = book.sheet_names
            if sheet is not None and sheet not in names:
                raise FileFault(f"there is no sheet {sheet!r}", f"name one of {', '.join(names)}")
            opened = book.get_sheet_by_name(sheet) if sheet is not None else book.get_sheet_by_index(0)
            if opened.total_height * opened.total_width > CELLS:
                raise FileFault(f"the sheet spans more than {CELLS} cells", "export it as csv")
            self._rows = opened.iter_rows()
            merged = len(opened.merged_cell_ranges or ())
        except FileFault:
            raise
        except Exception as error:  # the workbook reader raises several unrelated kinds
            raise FileFault(f"it is no sound workbook: {first_line(error)}", "save it again as xlsx, or export it as csv") from None
        self._next = 1
        self.sheets: list[str] = list(names)
        self.header: Header = self._read_header(skip, header_rows).remarked(MERGED.format(merged) if merged else "")

    def _read_header(self, skip: int, wanted: int) -> Header:
        rows: list[list[str]] = []
        for number, row in enumerate(self._rows, 1):
            if number > skip and any(cell != "" for cell in row):
                rows.append([_cell(cell) or "" for cell in row])
                if len(rows) == wanted:
                    self._next = number + 1
                    self.header_records = rows
                    return header_of(composed(rows))
        if rows or skip:
            raise FileFault(f"it ends before the {wanted} header rows after row {skip} do", "correct header_rows and skip")
        raise FileFault("the sheet is empty", "name another with sheet, or export it again")

    def batches(self, refuse: Refuse) -> Iterator[pa.Table]:
        """The rows as text; can be walked once."""
        full = batch_rows(self.header.width)
        lines: list[int] = []
        rows: list[list[str | None]] = []
        for number, row in enumerate(self._rows, self._next):
            cells = [_cell(cell) for cell in row]
            wrong = self._valueless(number, len(row))
            if wrong is not None:
                refuse(number, *wrong)
                continue
            if not any(cells):
                continue
            if cells in self.header_records:
                refuse(number, "", "", "the names of the columns again; take this row out")
                continue
            if any(cell is not None and len(cell) > CELL for cell in cells):
                refuse(number, "", "", f"a cell is longer than {CELL} characters; shorten it")
                continue
            lines.append(number)
            rows.append(cells)
            if len(rows) == full:
                yield table_of(self.header, lines, dict(enumerate(zip(*rows, strict=True))))
                lines, rows = [], []
        if rows:
            yield table_of(self.header, lines, dict(enumerate(zip(*rows, strict=True))))

    def _valueless(self, number: int, width: int) -> tuple[str, str, str] | None:
        """Column, value and reason of the first cell of a row that should have a value and has none."""
        names = dict(zip(self.header.positions, self.header.columns, strict=True))
        for place in range(width):
            why = self._without.get((number, place + 1))
            if why is not None:
                return names.get(place, ""), "", why
        return None


def _cell(value: Any) -> str | None:
    """A cell as text: whole numbers without a point, dates in ISO form."""
    if value == "" or value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return str(value).strip() or None
