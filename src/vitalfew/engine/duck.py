"""The engine on DuckDB, in this process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

Result = TypeVar("Result")
GROUP_ROWS = (2_048, 32_768)
"""Fewest and most rows of a row group of a working file."""
GROUP_CELLS = 1_000_000
"""About so many values a row group of a working file holds."""
STREAMING = 400
"""What DuckDB may hold while rows pass through, in MB, unless their width needs more."""


class DuckEngine:
    """DuckDB through Ibis. Downloads nothing: extensions are never installed or loaded by themselves."""

    name = "duckdb"

    def __init__(self, folder: Path | None = None, memory_limit: int = 3000, threads: int | None = None) -> None:
        config: dict[str, str | int] = {
            "memory_limit": f"{memory_limit}MB",
            "threads": threads or max(1, os.cpu_count() or 1),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "true",
            # DuckDB 2.0 lifts what two TRY(...) have in common out of both, and it then fails unguarded.
            "disabled_optimizers": "common_subexpressions",
        }
        if folder is not None:
            config["temp_directory"] = str(folder)
        self._folder, self._most = folder, memory_limit
        self._backend = ibis.duckdb.connect(**config)
        self._limit = memory_limit
        self._names = 0

    def read(self, path: Path) -> ir.Table:
        return self._backend.read_parquet(str(path), table_name=self._name())

    def table(self, data: pa.Table) -> ir.Table:
        name = self._name()
        self._backend.con.register(name, data)
        return self._backend.table(name)

    def project(self, table: ir.Table, expressions: Mapping[str, str]) -> ir.Table:
        quoted = ", ".join(f"({sql}) AS {quote(alias)}" for alias, sql in expressions.items())
        return self._view(f"SELECT {quoted} FROM ({self._backend.compile(table)})")

    def collect(self, expression: ir.Table) -> pa.Table:
        return self._in_bounds(lambda: self._backend.to_pyarrow(expression))

    def batches(self, expression: ir.Table, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        # Through a file: an unfinished statement blocks its connection, so nothing else could run between two batches.
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "batches.parquet"
            self.write(expression, path, ())
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(batch_size=rows)

    def write(self, expression: ir.Table, path: Path, order: Sequence[str]) -> int:
        sql = self._backend.compile(expression.order_by(list(order)) if order else expression)
        target = str(path).replace("'", "''")
        # What has no order is a working file, read once or twice: small groups of rows hold a third less memory on the way.
        groups = "" if order else f", ROW_GROUP_SIZE {_group_rows(len(expression.columns))}"
        # Views are private to their connection, so the copy runs on the backend's own; fetchall ends the statement.
        copy = f"COPY ({sql}) TO '{target}' (FORMAT parquet, COMPRESSION zstd{groups})"
        counted = self._in_bounds(lambda: self._backend.con.execute(copy).fetchall())
        return int(counted[0][0])

    @contextmanager
    def streaming(self) -> Iterator[None]:
        # A copy that keeps the order gathers what its threads are ahead of each other, up to a share of what DuckDB may hold.
        self._hold(min(STREAMING, self._most))
        try:
            yield
        finally:
            self._hold(self._most)

    def close(self) -> None:
        self._backend.disconnect()

    def _hold(self, limit: int) -> None:
        self._backend.con.execute(f"SET memory_limit = '{limit}MB'")
        self._limit = limit

    def _in_bounds(self, act: Callable[[], Result]) -> Result:
        """What `act` gives; where it does not fit into what may be held while streaming, with twice as much, up to all."""
        while True:
            try:
                return act()
            except duckdb.OutOfMemoryException:
                if self._limit >= self._most:
                    raise
                self._hold(min(2 * self._limit, self._most))

    def _view(self, query: str) -> ir.Table:
        # A view rather than Ibis' own `.sql()`: Ibis 12 calls a method there that DuckDB 2 no longer has.
        name = self._name()
        self._backend.con.execute(f'CREATE TEMP VIEW "{name}" AS {query}').fetchall()
        return self._backend.table(name)

    def _name(self) -> str:
        self._names += 1
        return f"vf_{self._names}"


def _group_rows(columns: int) -> int:
    least, most = GROUP_ROWS
    return min(most, max(least, GROUP_CELLS // max(1, columns)))


def quote(name: str) -> str:
    """An identifier, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'
