"""Text tables (csv, tsv): records with the line they begin on, and a verdict for each that is malformed.

Python's `csv` in strict mode decides what a record is. After a quote that is never closed it reads on to the end of the file; here
such a record is refused alone, and reading goes on with the next physical line.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from functools import partial

import pyarrow as pa

from vitalfew.listen.encodings import ERRORS, UNREADABLE, Decoded, decode
from vitalfew.listen.files import File, FileFault, text_stream
from vitalfew.listen.readers import CELL, COLUMNS, OPEN_END, Header, Refuse, batch_rows, composed, header_of, short, table_of

LONGEST_LINE = 8_000_000
DELIMITERS = (",", ";", "\t", "|")


class TextFile:
    """A csv or tsv file. Raises FileFault when it has no header or cannot be read at all.

    `skip` physical lines stand before the header, which takes `header_rows` records that are not blank.
    """

    def __init__(self, file: File, encoding: str | None, delimiter: str | None, skip: int = 0, header_rows: int = 1) -> None:
        self._file = file
        self._skip, self._header_rows = skip, header_rows
        self.decoded: Decoded = decode(file, encoding)
        if self.decoded.empty:
            raise FileFault("the file is empty", "export it again; it needs a line with the names of its columns")
        self._announced = _announced(self.decoded.sample)
        self.delimiter = delimiter or self._announced or detect_delimiter(_after(self.decoded.sample, skip))
        self.encoding = self.decoded.said
        end = self.decoded.open_end
        self.header: Header = self._read_header().remarked(OPEN_END.format(end) if end else "")

    def _read_header(self) -> Header:
        rows: list[list[str]] = []
        for _, lines, row in self._records():
            if isinstance(row, str):
                raise FileFault(f"the line with the names of the columns is malformed: {row}", "correct it", lines)
            if len(row) > COLUMNS:
                raise FileFault(
                    f"it has more than {COLUMNS} columns", "this is no table; state delimiter if another one is meant", lines
                )
            rows.append(row)
            if len(rows) == self._header_rows:
                self.header_records = rows
                return header_of(composed(rows))
        if rows or self._skip:
            what = f"it ends before the {self._header_rows} header rows after line {self._skip} do"
            raise FileFault(what, "correct header_rows and skip")
        raise FileFault("the file is empty", "export it again; it needs a line with the names of its columns")

    def batches(self, refuse: Refuse) -> Iterator[pa.Table]:
        """The records after the header as text. What repeats the header, as files put together do, is no record."""
        width = self.header.width
        suspicious = self.decoded.nul or self.decoded.unreadable
        full = batch_rows(width)
        rows: list[list[str]] = []
        lines: list[int] = []
        for text, line, row in self._records(self._header_rows):
            reason = row if isinstance(row, str) else ""
            if not reason and len(row) != width:
                reason = _ragged(row, width)
            if not reason and suspicious:
                reason = self._unsound(row, line, refuse)
                if reason == "told":
                    continue
            if not reason and row in self.header_records:
                reason = "the names of the columns again; take this line out"
            if reason:
                refuse(line, "", short(text.rstrip("\r\n")), reason)
                continue
            rows.append(row)  # type: ignore[arg-type]
            lines.append(line)
            if len(rows) == full:
                yield self._table(rows, lines)
                rows, lines = [], []
        if rows:
            yield self._table(rows, lines)

    def _table(self, rows: list[list[str]], lines: list[int]) -> pa.Table:
        width = self.header.width
        return table_of(self.header, lines, dict(enumerate(zip(*(row[:width] for row in rows), strict=True))))

    def _unsound(self, row: list[str] | str, line: int, refuse: Refuse) -> str:
        """Refuse a record with a zero or undecodable byte, naming its column; 'told' when it was."""
        for position, cell in enumerate(row):
            if UNREADABLE in cell or "\0" in cell:
                what = (
                    f"bytes that are not {self.decoded.encoding}; correct them, or state the file's encoding"
                    if UNREADABLE in cell
                    else "a NUL character; remove it"
                )
                names = dict(zip(self.header.positions, self.header.columns, strict=True))
                refuse(line, names.get(position, ""), short(cell.replace(UNREADABLE, "\ufffd")), f"it holds {what}")
                return "told"
        return ""

    def _records(self, header: int = 0) -> Iterator[tuple[str, int, list[str] | str]]:
        """(first physical line, its number, cells or what is wrong with it) of each record that is not blank.

        The first `header` records are left out, and the width of the header is known.
        """
        csv.field_size_limit(CELL)  # one limit for the whole process; nothing else in it reads csv
        with text_stream(self._file, self.decoded.encoding, ERRORS) as stream:
            feeder = _Feeder(iter(partial(stream.readline, LONGEST_LINE), ""))
            number = 1
            for _ in range(max(self._skip, 1 if self._announced is not None else 0)):
                if next(feeder, None) is None:
                    return
                number += 1
            width = self.header.width if header else 0
            feeder.taken.clear()
            reader: _Csv = csv.reader(feeder, delimiter=self.delimiter, strict=True)
            while True:
                row, reader = self._next(reader, feeder, width)
                if row is None:
                    return
                taken = feeder.taken
                first, count = taken[0], len(taken)
                if len(first) >= LONGEST_LINE:
                    raise FileFault(f"line {number} is longer than {LONGEST_LINE} characters", "this is no table of text", number)
                taken.clear()
                if isinstance(row, str) or any(row):
                    if header:
                        header -= 1
                    else:
                        yield first, number, row
                number += count

    def _next(self, reader: _Csv, feeder: _Feeder, width: int) -> tuple[list[str] | str | None, _Csv]:
        """The next record, or why its first line is refused; None at the end. Gives the lines after a refused one back."""
        try:
            row: list[str] | str = next(reader)
            if not width or len(feeder.taken) == 1 or len(row) == width or not any(row):
                return row, reader
            # Several lines and the wrong number of cells: a stray quote joined lines that were none.
            row = "a quote is not closed; close it, or double quotes within a cell"
        except StopIteration:
            return None, reader
        except csv.Error as error:
            row = _malformed(str(error), len(feeder.taken))
        feeder.give_back()
        return row, csv.reader(feeder, delimiter=self.delimiter, strict=True)


_Csv = Iterator[list[str]]


class _Feeder:
    """Physical lines, of which those of the current record can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Feeder:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Put back all but the first line of the current record."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def _malformed(said: str, lines: int) -> str:
    if "field limit" in said and lines == 1:
        return f"a cell is longer than {CELL} characters; shorten it"
    if "expected after" in said and lines == 1:
        return "a quote stands within a cell in quotes; double it"
    return "a quote is not closed; close it, or double quotes within a cell"


def _ragged(row: list[str] | str, width: int) -> str:
    """Why a record of another width is refused; '' when all that is too much is empty."""
    if len(row) > width and not any(row[width:]):
        return ""
    return f"it has {len(row)} cells where the header has {width}; put cells that hold the delimiter in quotes"


def _announced(sample: str) -> str | None:
    """The delimiter of a first line 'sep=;', which spreadsheets write."""
    first = sample.lstrip("\ufeff")[:7].splitlines()
    found = first[0] if first else ""
    return found[4] if len(found) == 5 and found.casefold().startswith("sep=") else None


def _after(sample: str, lines: int) -> str:
    """A sample without its first lines."""
    return "".join(sample.splitlines(keepends=True)[lines:]) if lines else sample


def detect_delimiter(sample: str) -> str:
    """The delimiter that cuts the sample most evenly: the largest share of records as wide as the first, then the widest.

    Quotes are regarded. Falls back to a comma, which reads a file of one column.
    """
    records = sample.splitlines(keepends=True)
    if len(records) > 1:
        records = records[:-1] if not sample.endswith(("\n", "\r")) and len(records) > 2 else records
    best, best_score = ",", (0.0, 1)
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in csv.reader(records[:500], delimiter=delimiter) if row]
        except csv.Error:
            continue
        width = len(rows[0]) if rows else 1
        if width < 2:
            continue
        share = sum(len(row) == width for row in rows) / len(rows)
        if (share, width) > best_score:
            best, best_score = delimiter, (share, width)
    return best
