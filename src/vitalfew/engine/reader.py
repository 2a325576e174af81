"""Reading the tables of a finished run for a page: few rows, bound values, named columns only.

A page asks for tens of rows of tables that may have millions; it is answered by DuckDB straight from Parquet. Column names are
checked against the vocabulary and values are bound, so nothing a visitor types becomes SQL.
"""

from __future__ import annotations

import logging
import math
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from vitalfew.engine.duck import quote
from vitalfew.engine.spill import Spill
from vitalfew.vocabulary import TABLES

log = logging.getLogger(__name__)
Row = dict[str, Any]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains", "is known", "is not known"]
SMALL_ROWS = 5000


@dataclass(frozen=True)
class Where:
    """One condition: a column, how it is compared, and with what. `contains` ignores case; `in` takes a sequence."""

    column: str
    operator: Operator = "="
    value: Any = None


class Reader:
    """The tables of one run. Safe to use from several threads: each has its own cursor."""

    def __init__(self, paths: Mapping[str, Path], threads: int = 2) -> None:
        self._paths = dict(paths)
        self._spill = Spill()
        self._database = duckdb.connect(
            config={
                "threads": threads,
                "memory_limit": "1GB",
                "temp_directory": str(self._spill.path),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        )
        self._local = threading.local()
        self._kept: dict[str, tuple[Row, ...]] = {}
        self._worked_out: dict[str, str] = {}
        self._working_out = threading.Lock()

    def has(self, table: str) -> bool:
        """Whether the run wrote this table."""
        return table in self._paths

    def rows(
        self,
        table: str,
        where: Sequence[Where] = (),
        order: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
        columns: Sequence[str] = (),
    ) -> list[Row]:
        """Rows of `table` that meet every condition. `order` names columns, `-column` for descending; the table's own order
        follows, so that pages of rows never overlap. Raises KeyError for a table or column that does not exist."""
        wanted = ", ".join(_column(table, each) for each in columns) or "*"
        sql, values = self._conditions(table, where)
        ordered = _order(table, order)
        text = f"SELECT {wanted} FROM {self._from(table)}{sql} ORDER BY {ordered}"
        if limit is not None:
            text += " LIMIT ? OFFSET ?"
            values = [*values, int(limit), int(offset)]
        return self._asked(text, values)

    def page(
        self,
        table: str,
        where: Sequence[Where] = (),
        order: Sequence[str] = (),
        after: int | None = None,
        limit: int = 100,
        columns: Sequence[str] = (),
    ) -> list[tuple[int, Row]]:
        """At most `limit` rows that follow row number `after`, each with its number in the table.

        A table of a run never changes, so a row's number says where a reader stopped: no page repeats or skips a row, and a late
        page costs no more than the first. Raises LookupError when the table has no row number `after`.
        """
        named = [(_column(table, each.removeprefix("-")), each.startswith("-")) for each in order]
        sql, values = self._conditions(table, where)
        if after is not None:
            follows, more = self._follows(table, named, after)
            sql, values = f"{sql or ' WHERE true'} AND ({follows})", [*values, *more]
        wanted = ", ".join(_column(table, each) for each in columns) or ", ".join(quote(each) for each in TABLES[table].names)
        by = "".join(f"{column} {'DESC' if down else 'ASC'} NULLS LAST, " for column, down in named) + _NUMBER
        text = f"SELECT {_NUMBER}, {wanted} FROM {self._numbered(table)}{sql} ORDER BY {by} LIMIT ?"
        return [(int(row.pop(_NUMBER)), row) for row in self._asked(text, [*values, int(limit)])]

    def _follows(self, table: str, named: Sequence[tuple[str, bool]], after: int) -> tuple[str, list[Any]]:
        """The condition that a row comes after row number `after` in this order, missing values last."""
        if not named:
            return f"{_NUMBER} > ?", [after]
        columns = ", ".join(column for column, _ in named)
        found = self._raw(f"SELECT {columns} FROM {self._numbered(table)} WHERE {_NUMBER} = ?", [after])
        if not found:
            raise LookupError(f"table {table} has no row {after}")
        parts: list[str] = []
        values: list[Any] = []
        same: list[str] = []
        before: list[Any] = []
        for (column, down), value in zip(named, found[0], strict=True):
            if value is not None:
                parts.append(" AND ".join([*same, f"({column} {'<' if down else '>'} ? OR {column} IS NULL)"]))
                values += [*before, value]
            same.append(f"{column} IS NOT DISTINCT FROM ?")
            before.append(value)
        parts.append(" AND ".join([*same, f"{_NUMBER} > ?"]))
        return " OR ".join(f"({each})" for each in parts), [*values, *before, after]

    def count(self, table: str, where: Sequence[Where] = ()) -> int:
        """How many rows of `table` meet every condition."""
        sql, values = self._conditions(table, where)
        return int(self._asked(f"SELECT count(*) AS n FROM {self._from(table)}{sql}", values)[0]["n"])

    def counts(self, table: str, by: Sequence[str], where: Sequence[Where] = (), distinct: str = "") -> list[Row]:
        """Rows by the values of `by`: `n`, and `n_distinct` of the column `distinct` where one is named; most first."""
        names = ", ".join(_column(table, each) for each in by)
        sql, values = self._conditions(table, where)
        extra = f", count(DISTINCT {_column(table, distinct)}) AS n_distinct" if distinct else ""
        text = f"SELECT {names}, count(*) AS n{extra} FROM {self._from(table)}{sql} GROUP BY {names} ORDER BY n DESC, {names}"
        return self._asked(text, values)

    def small(self, table: str) -> tuple[Row, ...]:
        """Every row of a small table, kept in memory as long as this reader lives. Raises ValueError for one that is not small."""
        if table not in self._kept:
            if self.has(table) and self.count(table) > SMALL_ROWS:
                raise ValueError(f"table {table} is too large to be kept in memory; ask for rows of it")
            self._kept[table] = tuple(self.rows(table)) if self.has(table) else ()
        return self._kept[table]

    def select(
        self, sql: str, tables: Sequence[str], values: Sequence[Any] = (), others: Mapping[str, Path] | None = None
    ) -> list[Row]:
        """Rows of a SELECT of our own writing over `{table}` places, with bound values: for joins and sums that pages need.

        `sql` must be a constant of the calling module; everything from outside goes into `values`. `others` are tables of another
        run, by the names of their places.
        """
        places = {name: self._from(name) for name in tables}
        places |= {name: f"read_parquet({_quoted(path)})" for name, path in (others or {}).items()}
        return self._asked(sql.format(**places), list(values))

    def keep(self, name: str, path: Path, sql: str, tables: Sequence[str], values: Sequence[Any] = ()) -> None:
        """Work the rows of a SELECT of our own out once, into the file `path`; `select` then reads them as table `name`.

        The file is written aside and renamed, and used by every reader that comes later. Where it cannot be written, this reader
        keeps the rows itself.
        """
        with self._working_out:
            if name in self._worked_out:
                return
            if not path.exists():
                text = sql.format(**{each: self._from(each) for each in tables})
                aside = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.parquet")
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    self._raw(f"COPY ({text}) TO {_quoted(aside)} (FORMAT parquet)", values)
                    aside.replace(path)
                except (OSError, duckdb.IOException):
                    log.warning("what pages work out once cannot be kept on disk", exc_info=True)
                    with suppress(OSError):
                        aside.unlink()
                    self._raw(f"CREATE TABLE {quote(name)} AS {text}", values)
                    self._worked_out[name] = quote(name)
                    return
            self._worked_out[name] = f"read_parquet({_quoted(path)})"

    def close(self) -> None:
        """Give back what DuckDB holds."""
        self._database.close()
        self._spill.close()

    def _from(self, table: str) -> str:
        if table in self._worked_out:
            return self._worked_out[table]
        if table not in TABLES:
            raise KeyError(f"there is no table {table!r}")
        if table not in self._paths:
            nothing = ", ".join(f"NULL::{_SQL[column.kind]} AS {quote(column.name)}" for column in TABLES[table].columns)
            return f"(SELECT {nothing} WHERE false)"
        return f"read_parquet({_quoted(self._paths[table])})"

    def _numbered(self, table: str) -> str:
        """The table with the number of each row in its file."""
        source = self._from(table)
        if source.startswith("read_parquet("):
            return f"{source[:-1]}, file_row_number = true)"
        return f"(SELECT *, 0::BIGINT AS {_NUMBER} FROM {source})"

    def _conditions(self, table: str, where: Sequence[Where]) -> tuple[str, list[Any]]:
        parts: list[str] = []
        values: list[Any] = []
        for each in where:
            column = _column(table, each.column)
            if each.operator == "in":
                listed = list(each.value)
                parts.append(f"{column} IN ({', '.join('?' * len(listed))})" if listed else "false")
                values += listed
            elif each.operator == "contains":
                parts.append(f"contains(lower({column}), lower(?))")
                values.append(str(each.value))
            elif each.operator in ("is known", "is not known"):
                parts.append(f"{column} IS {'NOT ' if each.operator == 'is known' else ''}NULL")
            elif each.operator in ("=", "!=", "<", "<=", ">", ">="):
                parts.append(f"{column} {each.operator} ?")
                values.append(each.value)
            else:
                raise ValueError(f"there is no comparison {each.operator!r}")
        return (" WHERE " + " AND ".join(parts) if parts else ""), values

    def _asked(self, sql: str, values: Sequence[Any]) -> list[Row]:
        rows = self._raw(sql, values)
        names = [each[0] for each in self._local.cursor.description]
        return [_clean(dict(zip(names, row, strict=True))) for row in rows]

    def _raw(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._database.cursor()
        return list(cursor.execute(sql, list(values)).fetchall())


_NUMBER = "file_row_number"
_SQL = {"text": "VARCHAR", "whole": "BIGINT", "number": "DOUBLE", "yes_no": "BOOLEAN", "time": "TIMESTAMP", "date": "DATE"}


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _column(table: str, name: str) -> str:
    return quote(TABLES[table].column(name).name)


def _order(table: str, order: Sequence[str]) -> str:
    named = [(each.removeprefix("-"), each.startswith("-")) for each in order]
    given = {name for name, _ in named}
    named += [(each, False) for each in TABLES[table].order if each not in given]
    return ", ".join(f"{_column(table, name)} {'DESC' if down else 'ASC'} NULLS LAST" for name, down in named)


def _clean(row: Row) -> Row:
    """A row in which numbers that are no numbers are missing."""
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()}


class Readers:
    """The readers of the runs asked for last, by folder; a run never changes, so a reader serves it as long as it is kept."""

    def __init__(self, most: int = 6) -> None:
        self._most = most
        self._kept: OrderedDict[Path, Reader] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, folder: Path, paths: Mapping[str, Path]) -> Reader:
        """The reader of the run in `folder`."""
        with self._lock:
            if folder not in self._kept:
                self._kept[folder] = Reader(paths)
                while len(self._kept) > self._most:
                    # Not closed here: another thread may be reading; it goes when the last one lets go.
                    self._kept.popitem(last=False)
            self._kept.move_to_end(folder)
            return self._kept[folder]
