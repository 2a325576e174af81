"""Tables of a run on the terminal, or as CSV, JSON or Parquet on standard output."""

from __future__ import annotations

import csv
import difflib
import json
import shutil
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table as RichTable

from vitalfew.faults import Fault, Refused
from vitalfew.vocabulary import TABLES

# A spreadsheet runs a cell that begins with one of these; full-width forms are folded to them by some.
FORMULA = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"


def inert(value: Any) -> Any:
    """A cell no spreadsheet runs as a formula: text that begins like one gets an apostrophe; numbers stay numbers.

    >>> inert("=1+1"), inert("  @sum"), inert(-3.5)
    ("'=1+1", "'  @sum", -3.5)
    """
    if isinstance(value, str) and value.lstrip(" \u00a0\n")[:1] and value.lstrip(" \u00a0\n")[0] in FORMULA:
        return "'" + value
    return value


def listing(paths: dict[str, Path]) -> None:
    """Every table: its rows and what a row is."""
    shown = RichTable(box=None, pad_edge=False)
    for head in ("table", "rows", "a row is"):
        shown.add_column(head, justify="right" if head == "rows" else "left")
    for name in TABLES:
        if name in paths:
            shown.add_row(name, f"{pq.read_metadata(paths[name]).num_rows:,}", TABLES[name].row)
    _console().print(shown)


def table(paths: dict[str, Path], name: str, form: str, rows: int) -> None:
    """One table on standard output. Raises Refused when the run has none of that name."""
    if name not in paths:
        near = difflib.get_close_matches(name, list(paths), 1)
        mend = f"did you mean {near[0]}?" if near else f"tables: {', '.join(sorted(paths))}"
        raise Refused([Fault(name, 1, f"the current run has no table {name!r}", mend)])
    if form == "parquet":
        with paths[name].open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        return
    file = pq.ParquetFile(paths[name])
    if form == "text":
        _text(file, rows)
    elif form == "csv":
        _csv(file)
    else:
        _json(file)


def _text(file: pq.ParquetFile, rows: int) -> None:
    total = file.metadata.num_rows
    read = file.read() if rows == 0 else next(file.iter_batches(batch_size=max(1, rows)), None)
    shown = RichTable(box=None, pad_edge=False)
    columns = [name for name in file.schema_arrow.names if read is not None and _filled(read, name)]
    for name in columns:
        kind = file.schema_arrow.field(name).type
        shown.add_column(
            name, justify="right" if pa.types.is_floating(kind) or pa.types.is_integer(kind) else "left", overflow="fold"
        )
    for row in read.to_pylist() if read is not None else []:
        shown.add_row(*(_cell(row[name]) for name in columns))
    _console().print(shown)
    if rows and total > rows:
        sys.stdout.write(f"({rows} of {total:,} rows; --rows 0 prints all)\n")


def _filled(read: pa.Table | pa.RecordBatch, name: str) -> bool:
    column = read.column(name)
    return bool(column.null_count < len(column)) or len(column) == 0


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = str(value)
    return text if len(text) <= 120 else text[:119] + "…"


def _csv(file: pq.ParquetFile) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([inert(name) for name in file.schema_arrow.names])
    for batch in file.iter_batches():
        for row in batch.to_pylist():
            writer.writerow(["" if value is None else inert(value) for value in row.values()])


def _json(file: pq.ParquetFile) -> None:
    for batch in file.iter_batches():
        for row in batch.to_pylist():
            sys.stdout.write(json.dumps(row, default=_plain, ensure_ascii=False) + "\n")


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _console() -> Console:
    # Not a terminal: as wide as the table needs, so that pipes get whole rows.
    return Console(width=None if sys.stdout.isatty() else 4000, highlight=False, markup=False, emoji=False)
