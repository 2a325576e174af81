"""The engine on DuckDB, in this process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

WORKING_ROWS = 32_768
"""Rows of a row group of a working file."""


class DuckEngine:
    """DuckDB through Ibis. Downloads nothing: extensions are never installed or loaded by themselves."""

    name = "duckdb"

    def __init__(self, folder: Path | None = None, memory_limit: str = "3GB", threads: int | None = None) -> None:
        config: dict[str, str | int] = {
            "memory_limit": memory_limit,
            "threads": threads or max(1, os.cpu_count() or 1),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "true",
            # DuckDB 2.0 lifts what two TRY(...) have in common out of both, and it then fails unguarded.
            "disabled_optimizers": "common_subexpressions",
        }
        if folder is not None:
            config["temp_directory"] = str(folder)
        self._folder = folder
        self._backend = ibis.duckdb.connect(**config)
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
        return self._backend.to_pyarrow(expression)

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
        groups = "" if order else f", ROW_GROUP_SIZE {WORKING_ROWS}"
        # Views are private to their connection, so the copy runs on the backend's own; fetchall ends the statement.
        counted = self._backend.con.execute(f"COPY ({sql}) TO '{target}' (FORMAT parquet, COMPRESSION zstd{groups})").fetchall()
        return int(counted[0][0])

    def close(self) -> None:
        self._backend.disconnect()

    def _view(self, query: str) -> ir.Table:
        # A view rather than Ibis' own `.sql()`: Ibis 12 calls a method there that DuckDB 2 no longer has.
        name = self._name()
        self._backend.con.execute(f'CREATE TEMP VIEW "{name}" AS {query}').fetchall()
        return self._backend.table(name)

    def _name(self) -> str:
        self._names += 1
        return f"vf_{self._names}"


def quote(name: str) -> str:
    """An identifier, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'
