"""One export looked at: which sheet, which header rows, and a bounded sample of its records.

At most a million rows of a source are looked at: the first 20,000 each, and every fiftieth after them.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vitalfew.listen.files import File, FileFault
from vitalfew.listen.proposing.columns import Column, counted
from vitalfew.listen.readers import LINE, Reader
from vitalfew.listen.sources import open_file
from vitalfew.listen.text_files import TextFile, detect_delimiter
from vitalfew.listen.workbooks import Workbook
from vitalfew.settings import Source

FIRST, STEP, MOST = 20_000, 50, 1_000_000
FEW = 60
STATED = ("sheet", "skip", "header_rows", "format", "encoding", "delimiter")
"""What a source may say of how its files are to be read."""
_PREAMBLE = 12


@dataclass(frozen=True)
class Form:
    """How a file is to be read: what company.toml would say beside its path, and why."""

    sheet: str | None = None
    skip: int = 0
    header_rows: int = 1
    reason: str = ""
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None

    def source(self, name: str) -> Source:
        """As settings of a source."""
        given = {each: getattr(self, each) for each in STATED}
        return Source.model_validate({"name": name, "table": "responses", "path": [name], **given})


@dataclass(frozen=True)
class Profile:
    """What one source's files hold: `rows` seen of all, `sampled` of them profiled; `refused` malformed, with the first reason.

    `headers` are the header rows of the first file as they stand. `rare` counts, for columns of few values, those that stand
    only in rows that were not sampled.
    """

    files: tuple[File, ...]
    form: Form
    headers: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]
    sample: pa.Table
    rows: int
    sampled: int
    whole: bool
    refused: int
    reason: str
    unusable: Mapping[str, str]
    encoding: str
    rare: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def column(self, name: str) -> Column | None:
        """A column by its name."""
        return next((each for each in self.columns if each.name == name), None)

    def cells(self, name: str) -> list[str | None]:
        """The sampled values of a column, in order."""
        made: list[str | None] = self.sample.column(name).to_pylist()
        return made

    @property
    def seen(self) -> str:
        """How much was looked at, in words."""
        if self.whole and self.sampled == self.rows:
            return f"{self.rows:,} rows"
        more = "" if self.whole else "the first "
        return f"{self.sampled:,} of {more}{self.rows:,} rows, spread"


def look(files: Sequence[File], folder: Path, form: Form | None = None) -> Profile:
    """Profile the files of one source, all of one header, read as `form` says or, without one, as they look.

    Raises FileFault when the first cannot be read, or holds no record.
    """
    first, form = _opened(files[0], folder) if form is None else (open_file(files[0], form.source(files[0].name), folder), form)
    headers = tuple(tuple(row) for row in getattr(first, "header_records", [list(first.header.columns)]))
    names = first.header.columns
    kept: list[pa.Table] = []
    reasons: list[str] = []
    rows, whole = 0, True
    others: dict[str, Counter[str]] = {name: Counter() for name in names}
    for batch in _batches(files, first, form, folder, reasons):
        table = batch.select([name for name in batch.column_names if name != LINE])
        kept.append(_spread(table, rows))
        if rows + table.num_rows > FIRST:
            _count(table, others)
        rows += table.num_rows
        if rows >= MOST:
            whole = False
            break
    if not rows:
        raise FileFault("it has a header but no record", "export it again with its records")
    sample = pa.concat_tables(kept)
    texts = _texts(headers, first, form)
    columns = tuple(counted(name, sample.column(name).to_pylist(), texts.get(name, "")) for name in names)
    reason = reasons[0] if reasons else ""
    unusable = dict(first.header.unusable)
    rare = {
        column.name: {value: count for value, count in others[column.name].items() if value not in column.values}
        for column in columns
        if others.get(column.name)
    }
    known = (rows, sample.num_rows, whole, len(reasons), reason, unusable, first.encoding)
    return Profile(tuple(files), form, headers, columns, sample, *known, {name: each for name, each in rare.items() if each})


def _count(table: pa.Table, others: dict[str, Counter[str]]) -> None:
    """Add a batch's values, column by column; a column with more than a few is not counted any further."""
    for name in list(others):
        found = pc.value_counts(table.column(name).combine_chunks())
        if len(found) > FEW:
            del others[name]
            continue
        for each in found.to_pylist():
            if each["values"] is not None and (plain := each["values"].strip()):
                others[name][plain] += each["counts"]
        if len(others[name]) > FEW:
            del others[name]


def _batches(files: Sequence[File], first: Reader, form: Form, folder: Path, reasons: list[str]) -> Iterator[pa.Table]:
    for number, file in enumerate(files):
        reader = first if not number else open_file(file, form.source(file.name), folder)
        yield from reader.batches(lambda _line, _column, _value, reason: reasons.append(reason))


def _spread(table: pa.Table, before: int) -> pa.Table:
    """The rows of a batch that are kept, given how many stood before it."""
    keep = [place for place in range(table.num_rows) if before + place < FIRST or (before + place) % STEP == 0]
    return table if len(keep) == table.num_rows else table.take(pa.array(keep, pa.int64()))


def _opened(file: File, folder: Path) -> tuple[Reader, Form]:
    """A reader for a file, and the form it is to be read in."""
    form = Form()
    reader = open_file(file, form.source(file.name), folder)
    if isinstance(reader, Workbook):
        form = _sheet(file, reader, folder)
        reader = open_file(file, form.source(file.name), folder)
    elif isinstance(reader, TextFile) and (skip := preamble(reader.decoded.sample)):
        form = Form(skip=skip, reason=f"the first {skip} line{'s' if skip > 1 else ''} are no table; the names of columns follow")
        reader = open_file(file, form.source(file.name), folder)
    records: list[list[str]] = list(getattr(reader, "header_records", []))
    rows, why = header_rows(records + _next_rows(reader)) if records else (1, "")
    if rows > 1:
        form = replace(form, header_rows=rows, reason="; ".join(filter(None, (form.reason, why))))
    # A workbook's rows can be walked once, and they were; a text file is not walked again for its encoding without need.
    again = isinstance(reader, Workbook) or rows > 1
    return (open_file(file, form.source(file.name), folder) if again else reader), form


def _next_rows(reader: Reader) -> list[list[str]]:
    """The first two records as cells, in the places their columns have in the file."""
    for batch in reader.batches(lambda *_: None):
        rows: list[list[str]] = []
        for record in batch.slice(0, 2).to_pylist():
            cells = [""] * reader.header.width
            for position, name in zip(reader.header.positions, reader.header.columns, strict=True):
                cells[position] = record[name] or ""
            rows.append(cells)
        return rows
    return []


def header_rows(rows: Sequence[Sequence[str]]) -> tuple[int, str]:
    """How many of the first rows name the columns, and how that is told.

    Qualtrics writes names, wordings and, in braces, its own ids of the import; SurveyMonkey writes questions and, below them,
    what was asked to be filled in.
    """
    if len(rows) > 2:
        third = [cell for cell in rows[2] if cell]
        if third and sum(re.sub(r"\s", "", cell).startswith('{"ImportId":') for cell in third) >= 0.8 * len(third):
            return 3, "the third row holds ImportIds, as Qualtrics writes them below names and wordings"
    if len(rows) > 1:
        first, second = rows[0], rows[1]
        below = {cell.strip().casefold() for cell in second}
        asked = {"response", "open-ended response"} & below
        monkey = {"respondent id", "collector id"} <= {cell.strip().casefold() for cell in first}
        if monkey and (asked or (second and not any(second[:2]))):
            return 2, "the second row holds what was to be filled in, as SurveyMonkey writes it below the questions"
    return 1, ""


def _texts(headers: Sequence[Sequence[str]], reader: Reader, form: Form) -> dict[str, str]:
    """What a second header row says of each column, where the rows are Qualtrics's."""
    if form.header_rows != 3:
        return {}
    below = list(headers[1])
    pairs = zip(reader.header.positions, reader.header.columns, strict=True)
    return {name: " ".join(below[position].split()) for position, name in pairs if position < len(below)}


def _sheet(file: File, first: Workbook, folder: Path) -> Form:
    """The sheet with most cells; the first where two are as large."""
    if len(first.sheets) == 1:
        return Form()
    sizes: dict[str, int] = {}
    for name in first.sheets:
        try:
            reader: Any = open_file(file, Form(sheet=name).source(file.name), folder)
            rows = sum(batch.num_rows for batch in reader.batches(lambda *_: None))
        except FileFault:
            continue
        sizes[name] = rows * len(reader.header.columns)
    best = max(sizes, key=lambda name: sizes[name]) if sizes else first.sheets[0]
    return Form(sheet=best, reason=f"of {len(first.sheets)} sheets it holds most")


def preamble(sample: str) -> int:
    """How many lines stand before the header: the fewest after which nearly all lines have as many cells as the first.

    >>> preamble("Report of June\\n\\nid;score\\n1;9\\n2;8\\n3;7\\n")
    2
    """
    lines = sample.splitlines(keepends=True)[:200]
    evenness = [_even(lines[skip:]) for skip in range(min(_PREAMBLE, max(1, len(lines) - 2)))]
    if not evenness or evenness[0] >= 0.5 or max(evenness) < 0.8:
        return 0
    return next(skip for skip, even in enumerate(evenness) if even >= 0.8)


def _even(lines: Sequence[str]) -> float:
    if not lines or not lines[0].strip():
        return 0.0
    delimiter = detect_delimiter("".join(lines))
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0.0
    width = len(rows[0])
    return sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0.0
