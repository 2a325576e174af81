"""What every origin of rows that is no file gives: its columns, and its rows as text, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from vitalfew.listen.readers import CELL

REFUSED, VALUE = " refused", " value"
"""Columns of a batch besides those of the source, which never begin with a space: why a row is refused, and what it holds."""

Since = str | int | date | datetime


class OriginFault(Exception):
    """An origin that cannot be read: the key of company.toml that is at fault, what is wrong, how to mend it."""

    def __init__(self, key: str, what: str, mend: str) -> None:
        super().__init__(what)
        self.key, self.what, self.mend = key, what, mend


@dataclass
class Delivery:
    """Rows on their way: `names` of the columns as the source gives them, and batches with a column of text for each.

    A batch's columns are called `0`, `1`, ... by place, so that names may repeat, and then `REFUSED` and `VALUE`. `types` says, by
    name and once the batches have been walked, what a column's values were to the driver: aware, naive, date, int or text.
    """

    names: tuple[str, ...]
    batches: Iterator[pa.Table]
    types: dict[str, str] = field(default_factory=dict)


class Origin(Protocol):
    """One database with its query, or one address with its pages."""

    label: str
    encoding: str

    def columns(self) -> tuple[str, ...] | None:
        """The names of the columns, asked without reading the rows; None where only the rows tell. Raises OriginFault."""
        ...

    def read(self, since: Since | None, folder: Path) -> AbstractContextManager[Delivery]:
        """Every row, or those since a moment. `folder` is for working files. Raises OriginFault, also midway through the rows."""
        ...

    def identity(self) -> str:
        """What tells this origin from another, without any secret: rows of two are never mixed."""
        ...


def secret(name: str, key: str, environment: Mapping[str, str]) -> str:
    """The value of `env:NAME`. Raises OriginFault when the variable is not set."""
    variable = name.removeprefix("env:")
    value = environment.get(variable, "")
    if not value.strip():
        raise OriginFault(
            key, f"the variable {variable} of the environment is not set", f"set it before the command: {variable}=..."
        )
    return value.strip()


def hidden(text: str, secrets: Mapping[str, str]) -> str:
    """A message without secrets: each value of `secrets` is replaced by its key."""
    for shown, each in sorted(secrets.items(), key=lambda pair: -len(pair[1])):
        if each:
            text = text.replace(each, shown)
    return text


def batch_of(columns: list[pa.Array], refused: pa.Array | None = None, value: pa.Array | None = None) -> pa.Table:
    """A batch of a delivery: text columns by place; rows whose text no table can hold are refused, the others stand as they are."""
    rows = len(columns[0])
    why = refused if refused is not None else pa.nulls(rows, pa.string())
    shown = value if value is not None else pa.nulls(rows, pa.string())
    for column in columns:
        unsound = pc.or_(pc.match_substring(column, "\0"), pc.greater(pc.utf8_length(column), CELL))
        if pc.any(unsound).as_py():
            told = f"a value holds a NUL character or is longer than {CELL} characters; correct it where it comes from"
            mask = pc.and_(pc.fill_null(unsound, False), pc.is_null(why))
            why = pc.if_else(mask, told, why)
            shown = pc.if_else(mask, pc.utf8_slice_codeunits(pc.replace_substring(column, "\0", "\ufffd"), 0, 200), shown)
    names = [*map(str, range(len(columns))), REFUSED, VALUE]
    return pa.table([*columns, why, shown], names=names)


Progress = Callable[[str], None]
