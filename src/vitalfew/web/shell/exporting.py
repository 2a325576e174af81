"""Tables as CSV and as XLSX: one safe writer each.

A cell or header that a spreadsheet would read as a formula is made inert by an apostrophe in front: those that begin with = + - @,
their full-width forms, tab or carriage return, also after spaces. Numbers stay numbers. What was exported, by whom and under which
filters, stands in the audit log.
"""

from __future__ import annotations

import csv
import io
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from vitalfew.web.shell.access import Visit

FORMATS = ("csv", "xlsx")
BOM = "\ufeff"
# A worksheet holds 1,048,576 rows, the header being one; a cell holds 32,767 characters.
MOST_SHEET_ROWS = 1_048_575
MOST_CELL = 32_767
# Spaces of any kind, and what is no character to look at, may stand before the sign.
_FORMULA = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\x00-\x1f]*[=+\-@＝＋－＠﹦﹢﹣﹫−]|[ \u00a0]*[\t\r\n]")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

Cell = str | int | float | bool | date | datetime | None


@dataclass(frozen=True)
class Column:
    """One column of a table: its heading, and how its value is had from a row (a name, or a function)."""

    heading: str
    value: str | Callable[[Any], Cell]

    def of(self, row: Any) -> Cell:
        """The value of this column in `row`."""
        return row.get(self.value) if isinstance(self.value, str) else self.value(row)


def inert(value: Cell) -> Cell:
    """A cell no spreadsheet runs: text that looks like a formula gets an apostrophe in front, numbers stay numbers.

    >>> inert("=1+1"), inert(" ＝cmd"), inert(-5.5), inert("fine")
    ("'=1+1", "' ＝cmd", -5.5, 'fine')
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return "'" + text if _FORMULA.match(text) else text


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The lines of a CSV file: UTF-8 with a byte order mark, so that spreadsheets read accents; commas, CRLF."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow([inert(each) for each in headings])
    for row in rows:
        writer.writerow(["" if each is None else each for each in map(inert, row)])
        if buffer.tell() > 64_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_xlsx(target: Any, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write one worksheet into `target` (a binary file); returns its rows. Raises ValueError beyond what a worksheet holds."""
    import xlsxwriter  # noqa: PLC0415 - only for those who want a spreadsheet

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target, options)
    book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - same rows, same bytes
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    count = 0
    try:
        for at, heading in enumerate(headings):
            sheet.write_string(0, at, _text(inert(heading)), bold)
        sheet.freeze_panes(1, 0)
        for count, row in enumerate(rows, 1):
            if count > MOST_SHEET_ROWS:
                raise ValueError(f"a worksheet holds {MOST_SHEET_ROWS} rows")
            for at, value in enumerate(map(inert, row)):
                if isinstance(value, bool):
                    sheet.write_boolean(count, at, value)
                elif isinstance(value, int | float):
                    sheet.write_number(count, at, value)
                elif value is not None:
                    sheet.write_string(count, at, _text(value))
    finally:
        book.close()
    return count


def _text(value: Cell) -> str:
    return _NO_XML.sub("\ufffd", str(value))[:MOST_CELL]


def wanted(visit: Visit) -> str:
    """The format asked for in the address, '' for a page."""
    asked = visit.request.GET.get("format", "")
    return asked if asked in FORMATS else ""


def answer(visit: Visit, name: str, columns: Sequence[Column], rows: Iterable[Any], **told: Any) -> HttpResponseBase:
    """The file asked for; `name` is the file's name, `rows` are already narrowed by filters, rights and withholding.

    `told` goes into the audit log beside the format and the filters.
    """
    from vitalfew.web.shell.filters import Filters  # noqa: PLC0415 - a circle otherwise

    form = wanted(visit)
    visit.record("export", name, format=form, filters=Filters.of(visit.request.GET).query().lstrip("?"), **told)
    headings = [each.heading for each in columns]
    cells = ([column.of(row) for column in columns] for row in rows)
    file = f"{visit.company.slug}-{name}.{form}"
    if form == "csv":
        lines = (each.encode("utf-8", "replace") for each in csv_lines(headings, cells))
        made: HttpResponseBase = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    else:
        # Closed by the answer when it has been sent.
        spool = tempfile.SpooledTemporaryFile(max_size=8_000_000)  # noqa: SIM115
        try:
            write_xlsx(spool, headings, cells)
        except ValueError:
            spool.close()
            return HttpResponse(_("Too many rows for a worksheet; take the CSV file."), status=413, content_type="text/plain")
        spool.seek(0)
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        made = FileResponse(spool, content_type=kind)
    made.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return made


def chunks(read: Callable[[int, int], Sequence[Any]], size: int = 20_000) -> Iterator[Any]:
    """Every row of `read(limit, offset)`, a part at a time, so that a long table is never in memory whole."""
    at = 0
    while True:
        rows = read(size, at)
        yield from rows
        if len(rows) < size:
            return
        at += size
