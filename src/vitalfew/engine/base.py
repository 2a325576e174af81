"""What an engine can do, whichever database it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from vitalfew.vocabulary import TABLES


class Engine(Protocol):
    """Reads, reduces and writes tables. Expressions stay lazy until `collect`, `write` or `batches`."""

    name: str

    def read(self, path: Path) -> ir.Table:
        """The Parquet file at `path`."""
        ...

    def table(self, data: pa.Table) -> ir.Table:
        """An Arrow table, without copying it."""
        ...

    def project(self, table: ir.Table, expressions: Mapping[str, str]) -> ir.Table:
        """One column per `name: SQL expression` (DuckDB's dialect, over the columns of `table`), rows as they are.

        Expressions must have been checked by `expressions.check`; `TRY` semantics are the caller's to write.
        """
        ...

    def collect(self, expression: ir.Table) -> pa.Table:
        """The rows of an expression, in memory: for what has been reduced."""
        ...

    def batches(self, expression: ir.Table, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """The rows of an expression, a batch at a time: for what is heavy and must be walked once."""
        ...

    def write(self, expression: ir.Table, path: Path, order: Sequence[str]) -> int:
        """Write the rows, sorted by `order`, as Parquet at `path`; returns how many. Same rows, same bytes."""
        ...

    def streaming(self) -> AbstractContextManager[None]:
        """Inside it, rows that only pass through are not gathered in memory: what is held does not grow with them."""
        ...

    def close(self) -> None:
        """Give back what the engine holds."""
        ...


def exact_sum(column: ir.NumericValue) -> ir.FloatingScalar:
    """A sum that does not depend on the order in which threads add: through decimals, to a millionth.

    Floating-point addition is not associative, so a parallel sum of floats differs in its last bits from run to run; tables would
    no longer be byte-identical.
    """
    total = column.cast("decimal(38, 6)").sum()
    return total.cast("float64")


class Tables(Mapping[str, ir.Table]):
    """The tables a stage may read, by name, as expressions. A table nobody wrote is there, empty, with its columns."""

    def __init__(self, engine: Engine, paths: Mapping[str, Path]) -> None:
        self._engine = engine
        self._paths = dict(paths)
        self._counts: dict[str, int] = {}
        # One expression per table: Ibis refuses to combine columns of two expressions, even of the same file.
        self._expressions: dict[str, ir.Table] = {}

    def __getitem__(self, name: str) -> ir.Table:
        if name not in self._expressions:
            path = self._paths.get(name)
            self._expressions[name] = self._engine.read(path) if path else self._engine.table(TABLES[name].schema.empty_table())
        return self._expressions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(TABLES)

    def __len__(self) -> int:
        return len(TABLES)

    def with_tables(self, made: Mapping[str, pa.Table | ir.Table], folder: Path) -> Tables:
        """These tables and those just made, which are written into `folder` and so read back like any other.

        What was read before stays the same expression, so that the two can be combined.
        """
        paths = dict(self._paths)
        for name, table in made.items():
            paths[name] = folder / f"{name}.parquet"
            expression = self._engine.table(table) if isinstance(table, pa.Table) else table
            self._engine.write(expression, paths[name], TABLES[name].order)
        extended = Tables(self._engine, paths)
        extended._expressions = {name: each for name, each in self._expressions.items() if name not in made}
        return extended

    def count(self, name: str) -> int:
        """Rows of a table."""
        if name not in self._counts:
            table = self[name]
            self._counts[name] = int(self.arrow(table.aggregate(rows=table.count())).column("rows")[0].as_py())
        return self._counts[name]

    def arrow(self, expression: ir.Table | str) -> pa.Table:
        """The rows of an expression or of a named table, in memory."""
        return self._engine.collect(self[expression] if isinstance(expression, str) else expression)

    def rows(self, expression: ir.Table | str) -> list[dict[str, Any]]:
        """The rows as dictionaries: for small tables."""
        listed: list[dict[str, Any]] = self.arrow(expression).to_pylist()
        return listed

    def numpy(self, expression: ir.Table | str) -> dict[str, np.ndarray]:
        """The columns as NumPy arrays; nulls are NaN in numbers and None in text."""
        table = self.arrow(expression)
        return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}
