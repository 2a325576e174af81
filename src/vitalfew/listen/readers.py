"""What every reader of a foreign format gives: its columns, and its records as text, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import pyarrow as pa

FEWEST, MOST = 1_000, 50_000
CELLS = 1_000_000
CELL = 1_000_000
COLUMNS = 20_000
OPEN_END = (
    "the last line has {}: if the file was cut, records are missing and the last one may be shortened; compare it with where it "
    "comes from, or state control"
)
LINE, PATH, FILE = "_line", "_path", "_file"
SHORT = 200

Refuse = Callable[[int, str, str, str], None]
"""Called with line, column ('' for the whole record), value and reason for each record that is not loaded."""


@dataclass(frozen=True)
class Header:
    """The columns of one file: `columns` can be used; `unusable` says why others cannot; `remarks` are worth telling."""

    columns: tuple[str, ...]
    positions: tuple[int, ...]
    width: int
    unusable: Mapping[str, str] = field(default_factory=dict)
    remarks: Sequence[tuple[str, str]] = ()

    def remarked(self, remark: str) -> Header:
        """The header with a remark on the whole file besides; itself when there is nothing to say."""
        return replace(self, remarks=[*self.remarks, ("", remark)]) if remark else self


def batch_rows(columns: int) -> int:
    """Records of a batch: as many as hold about CELLS values, so that a wide file takes no more memory than a narrow one."""
    return min(MOST, max(FEWEST, CELLS // max(1, columns)))


class Reader(Protocol):
    """One opened file. `batches` yields tables of text: its columns, `_line` (whole) and nothing else."""

    header: Header
    encoding: str

    def batches(self, refuse: Refuse) -> Iterator[pa.Table]:
        """The records, in order. Calls `refuse` once for each record that is not yielded."""
        ...


def composed(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of columns that several header rows spell: those of the first row, told apart by the second where it is blank.

    A tool that puts a question once over all its answers leaves the cells after the first blank: each of them, the first included,
    is then called by the question and the words below it.

    >>> composed([["id", "How good was", "", "Remarks"], ["", "Price", "Advice", "Open-ended"]])
    ['id', 'How good was / Price', 'How good was / Advice', 'Remarks']
    """
    if len(rows) == 1:
        return list(rows[0])
    width = max(len(row) for row in rows[:2])
    first, second = ([cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows[:2])
    names: list[str] = []
    over = ""
    for position, (above, below) in enumerate(zip(first, second, strict=True)):
        over = above or over
        leads = bool(above) and position + 1 < width and not first[position + 1] and bool(second[position + 1])
        joined = f"{over} / {below}" if over and below else over or below
        names.append(joined if leads or not above else above)
    return names


def header_of(names: Iterable[str]) -> Header:
    """Clean the names of columns, and set aside those that cannot be told apart (SQL does not regard case).

    >>> header_of(["id", " Name ", "name", ""]).columns
    ('id', 'column 4')
    """
    cleaned = [name.lstrip("\ufeff").strip() for name in names]
    remarks: list[tuple[str, str]] = []
    while cleaned and not cleaned[-1]:
        cleaned.pop()
        remarks.append(("", "a column at the end has no name; it was not read"))
    width = len(cleaned) + len(remarks)
    for position, name in enumerate(cleaned):
        if not name:
            cleaned[position] = f"column {position + 1}"
            remarks.append((cleaned[position], "this column has no name; it can be mapped by this one"))
    folded: dict[str, list[str]] = {}
    for name in cleaned:
        folded.setdefault(name.casefold(), []).append(name)
    unusable = dict.fromkeys((LINE, PATH, FILE), "the name is kept for where a record stands")
    for key, same in folded.items():
        if len(same) > 1:
            unusable[key] = f"{len(same)} columns are called {' and '.join(dict.fromkeys(same))}"
            remarks.append((same[0], f"{unusable[key]}; none of them can be used until they are renamed"))
    kept = [(position, name) for position, name in enumerate(cleaned) if name.casefold() not in unusable]
    used = {key: why for key, why in unusable.items() if key in folded}
    return Header(
        tuple(name for _, name in kept), tuple(position for position, _ in kept), width, used, list(dict.fromkeys(remarks))
    )


def table_of(header: Header, lines: Sequence[int], columns: Mapping[int, Sequence[str | None]]) -> pa.Table:
    """A batch as Arrow: `columns` by position in the file; empty text becomes null."""
    arrays = [pa.array(lines, pa.int64())]
    for position in header.positions:
        arrays.append(pa.array([cell or None for cell in columns[position]], pa.string()))
    return pa.table(arrays, names=[LINE, *header.columns])


def short(value: str) -> str:
    """A value as it is shown: at most 200 characters, and no character that tables cannot hold."""
    return value[:SHORT].encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def first_line(error: Exception) -> str:
    """What a library says went wrong, in a line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
