"""Every table that passes between rooms: its columns, types, units and meaning.

A room reads and writes only tables named here. The reference pages of the documentation are generated from this module, and
`arrow_table` refuses a table that does not keep to it, so what stands here is what lies on disk.

Units, everywhere: shares, rates and probabilities are fractions 0 to 1; NPS is in points -100 to 100; money is in the company's
currency; durations are in days; effort is in minutes or person-months as the column says; times are UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

import pyarrow as pa

Kind = Literal["text", "whole", "number", "yes_no", "time", "date"]

# The group of an issue that no work group owns: a word, not a group.
NOT_ASSIGNED = "Not assigned"

ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "yes_no": pa.bool_(),
    "time": pa.timestamp("us"),
    "date": pa.date32(),
}


@dataclass(frozen=True)
class Column:
    """One column: name, kind, what it means, and its unit where it has one."""

    name: str
    kind: Kind
    meaning: str
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """One table of the vocabulary.

    `room` is the room that writes it; tables of the room `listen` can also be named by a `[[source]]`, when `readable`.
    `order` names the columns whose ascending order is the table's order on disk; it must be total for byte-identical runs.
    """

    name: str
    room: str
    row: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]
    readable: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema every stored version of this table has."""
        return pa.schema([pa.field(column.name, ARROW[column.kind]) for column in self.columns])

    def column(self, name: str) -> Column:
        """The column called `name`. Raises KeyError when the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name!r}")


def _column(line: str) -> Column:
    head, _, meaning = line.partition(": ")
    name, kind, *unit = head.split(" ", 2)
    if kind not in ARROW:
        raise ValueError(f"vocabulary.txt: {kind!r} is no kind of column, in {line!r}")
    return Column(name, kind, meaning, unit[0].strip("[]") if unit else "")


def _read(text: str) -> dict[str, Table]:
    """The tables of vocabulary.txt: a table is easier to read, and to review, as lines than as calls."""
    tables: dict[str, Table] = {}
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.splitlines() if line.strip() and not line.startswith("#")]
        if not lines:
            continue
        found = re.fullmatch(r"\[(\w+)\] (\w+): (.+); ordered by ([\w ]+?)(; may be read from a source)?", lines[0])
        if found is None:
            raise ValueError(f"vocabulary.txt: no table begins with {lines[0]!r}")
        name, room, row, order, readable = found.groups()
        table = Table(name, room, row, tuple(_column(line) for line in lines[1:]), tuple(order.split()), readable is not None)
        missing = set(table.order) - set(table.names)
        if missing:
            raise ValueError(f"vocabulary.txt: table {name} is ordered by columns it does not have: {sorted(missing)}")
        tables[name] = table
    return tables


TABLES: dict[str, Table] = _read((resources.files("vitalfew") / "vocabulary.txt").read_text(encoding="utf-8"))


IDENTITY_COLUMNS: tuple[str, ...] = (
    "name",
    "email",
    "phone",
    "handle",
    "born",
    "street",
    "city",
    "postcode",
    "national_id",
    "company",
    "domain",
)
"""Columns that say who a record is about; any table may map them. In `Mapped.records` they carry a leading underscore."""


ABOUT_PEOPLE: tuple[str, ...] = (
    *("people", "interactions", "orders", "deals", "contracts", "responses", "relations"),
    "consents",
)
"""Tables whose records are about a person or an account. Employees are not customers, and an account is not a person."""


def arrow_table(name: str, rows: Iterable[Mapping[str, Any]] | pa.Table | Mapping[str, Sequence[Any]]) -> pa.Table:
    """Rows as the vocabulary's table `name`: its columns in its order, cast to its types, sorted.

    Columns left out become null. Raises KeyError for an unknown table and ValueError for a column the table does not have.
    """
    table = TABLES[name]
    if isinstance(rows, pa.Table):
        columns: dict[str, Any] = {column: rows.column(column) for column in rows.column_names}
        count = rows.num_rows
    elif isinstance(rows, Mapping):
        columns = dict(rows)
        count = len(next(iter(columns.values()), ()))
    else:
        listed = list(rows)
        given = sorted({column for row in listed for column in row})
        columns = {column: [row.get(column) for row in listed] for column in given}
        count = len(listed)
    unknown = sorted(set(columns) - set(table.names))
    if unknown:
        raise ValueError(f"table {name} has no column {', '.join(unknown)}; it has {', '.join(table.names)}")
    arrays = [
        _array(columns[field.name], field.type) if field.name in columns else pa.nulls(count, field.type) for field in table.schema
    ]
    made = pa.table(arrays, schema=table.schema)
    return made.sort_by([(column, "ascending") for column in table.order]) if count else made


def _array(values: Any, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(kind)
    return pa.array(values, type=kind, from_pandas=True)


def readable() -> tuple[str, ...]:
    """The tables a `[[source]]` may name."""
    return tuple(name for name, table in TABLES.items() if table.readable)
