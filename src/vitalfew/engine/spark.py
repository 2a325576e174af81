"""The engine on Apache Spark: the same Ibis expressions, reduced by a cluster or by this machine's cores.

What Spark and DuckDB would read differently (casts of text, regular expressions, how times are written) never reaches Spark as SQL:
expressions handed to `project` go through `native.translated`, and those that mean something else there are evaluated by DuckDB
inside Spark's own Python workers, a batch of rows at a time. See docs/decisions/0010-spark.md.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.dataset import dataset

from vitalfew.engine import dialect, native
from vitalfew.engine.duck import quote
from vitalfew.engine.spark_session import Session, failures
from vitalfew.engine.spark_sql import Compiler

ROWS = 122_880
"""Rows of a row group: what one task reads at least."""


@dataclass(frozen=True)
class _Projected:
    """Expressions over the columns of `source`, by name, as DuckDB's SQL over a table `given`."""

    source: ir.Table
    sql: str


class SparkEngine:
    """Spark through Ibis. Working files lie in `folder`, which every worker must see at the same path."""

    name = "spark"

    def __init__(self, folder: Path | None = None) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="vitalfew-spark-", dir=folder)
        self._folder = Path(self._own.name).absolute()
        try:
            self._started = Session(self._folder)
        except BaseException:
            self._own.cleanup()
            raise
        self._spark = self._started.spark
        self._backend = ibis.pyspark.connect(self._spark)
        self._backend.compiler = Compiler()
        # On this machine: it lays the tables of a run down, and says what an expression makes.
        self._duck = duckdb.connect(":memory:", config=dialect.KEEPER | {"temp_directory": str(self._folder / "duckdb")})
        self._names = 0
        self._projected: dict[str, _Projected] = {}
        self._pending: dict[str, Callable[[], Any]] = {}

    def read(self, path: Path) -> ir.Table:
        # Spark would start a job to find the schema that stands in the footer.
        schema = _sparkable(_schema_of(path))
        return self._later(lambda: self._spark.read.schema(_struct(schema)).parquet(_address(path)), schema)

    def table(self, data: pa.Table) -> ir.Table:
        path = self._folder / f"{self._name()}.parquet"
        pq.write_table(data.cast(_sparkable(data.schema)), path, row_group_size=ROWS)
        return self.read(path)

    def project(self, table: ir.Table, expressions: Mapping[str, str]) -> ir.Table:
        own = native.translated(expressions, table.schema().to_pyarrow())
        if own is not None:
            return self._translated(table, expressions, own)
        below = self._projected.get(table.op().name) if isinstance(table.op(), ops.DatabaseTable) else None
        selected = ", ".join(f"({sql}) AS {quote(alias)}" for alias, sql in expressions.items())
        if below is None:
            wanted = dialect.columns(expressions.values(), table.columns)
            source = table.select(*wanted) if wanted else table.select(_=ibis.literal(0, "int64"))
            inner = "given"
        else:
            source, inner = below.source, f"({below.sql})"
        return self._project(_Projected(source, f"SELECT {selected} FROM {inner}"))

    def collect(self, expression: ir.Table) -> pa.Table:
        with failures():
            return self._frame(expression).toArrow().cast(expression.schema().to_pyarrow())

    def batches(self, expression: ir.Table, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        with self._parts(expression) as parts:
            for part in _files(parts):
                with pq.ParquetFile(part) as file:
                    yield from file.iter_batches(batch_size=rows)

    def write(self, expression: ir.Table, path: Path, order: Sequence[str]) -> int:
        """As every engine; without an order `path` is a folder of Parquet files, as Spark's tasks wrote them."""
        with self._parts(expression) as parts:
            if order:
                return self._lay_down(parts, path, order)
            shutil.rmtree(path, ignore_errors=True)
            parts.rename(path)
            return sum(pq.read_metadata(part).num_rows for part in _files(path))

    def streaming(self) -> AbstractContextManager[None]:
        # Spark writes partition by partition.
        return nullcontext()

    def close(self) -> None:
        self._duck.close()
        self._started.close()
        self._own.cleanup()

    @contextmanager
    def _parts(self, expression: ir.Table) -> Iterator[Path]:
        """A folder with the rows as Spark's tasks wrote them, gone afterwards unless it was moved."""
        parts = self._folder / self._name()
        try:
            with failures():
                self._frame(expression).write.parquet(f"file://{parts}")
            yield parts
        finally:
            shutil.rmtree(parts, ignore_errors=True)

    def _lay_down(self, parts: Path, path: Path, order: Sequence[str]) -> int:
        """The rows as one sorted file, by DuckDB: a table of a run is one file, and the same rows are the same bytes."""
        target = str(path).replace("'", "''")
        sorted_by = ", ".join(quote(name) for name in order)
        self._duck.register("parts", dataset(_files(parts), format="parquet"))
        try:
            sql = f"COPY (SELECT * FROM parts ORDER BY {sorted_by}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
            return int(self._duck.execute(sql).fetchall()[0][0])
        finally:
            self._duck.unregister("parts")

    def _frame(self, expression: ir.Table) -> Any:
        for node in expression.op().find(ops.DatabaseTable):
            make = self._pending.pop(node.name, None)
            if make is not None:
                make().createOrReplaceTempView(node.name)
        return self._spark.sql(self._backend.compile(expression))

    def _later(self, make: Callable[[], Any], schema: pa.Schema) -> ir.Table:
        """A table of this schema that Spark hears of when it is first used: most layers of expressions only carry another one.

        Its types are those DuckDB gives it: Ibis reads Spark's times without their precision.
        """
        name = self._name()
        self._pending[name] = make
        return ops.DatabaseTable(name, ibis.Schema.from_pyarrow(schema), self._backend, ops.Namespace()).to_expr()

    def _project(self, projected: _Projected) -> ir.Table:
        given = projected.source.schema().to_pyarrow()
        made = _sparkable(dialect.made_by(self._duck, projected.sql, given))
        evaluate = _evaluator(projected.sql, given, made)
        table = self._later(lambda: self._frame(projected.source).mapInArrow(evaluate, _struct(made)), made)
        self._projected[table.op().name] = projected
        return table

    def _translated(self, table: ir.Table, expressions: Mapping[str, str], own: Mapping[str, str]) -> ir.Table:
        selected = ", ".join(f"({sql}) AS {quote(alias)}" for alias, sql in expressions.items())
        made = _sparkable(dialect.made_by(self._duck, f"SELECT {selected} FROM given", table.schema().to_pyarrow()))

        def frame() -> Any:
            from pyspark.sql import functions  # noqa: PLC0415

            # The types are DuckDB's: a literal 1 is of another size there.
            columns = [functions.expr(own[each.name]).cast(each.dataType).alias(each.name) for each in _struct(made)]
            return self._frame(table).select(*columns)

        return self._later(frame, made)

    def _name(self) -> str:
        self._names += 1
        return f"vf_{self._names}"


def _evaluator(sql: str, given: pa.Schema, made: pa.Schema) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What a worker does with the batches of one task.

    A closure, which Spark sends whole: workers need DuckDB and PyArrow, not this package.
    """
    settings = dict(dialect.WORKER)

    def evaluate(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import duckdb  # noqa: PLC0415
        import pyarrow  # noqa: PLC0415

        connection = duckdb.connect(":memory:", config=settings)
        try:
            for batch in batches:
                connection.register("given", pyarrow.Table.from_batches([batch]).cast(given))
                yield from connection.sql(sql).to_arrow_table().cast(made).to_batches()
                connection.unregister("given")
        finally:
            connection.close()

    return evaluate


def _struct(schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415

    return from_arrow_schema(schema, prefer_timestamp_ntz=True)


def _files(folder: Path) -> list[Path]:
    """The Parquet files of a folder that Spark wrote, in their order."""
    return sorted(folder.glob("part-*.parquet"))


def _address(path: Path) -> str:
    """A path for Spark to read: of the machine's file system, whatever a cluster's own is, with nothing it would expand."""
    return "file://" + re.sub(r"([\[\]{}*?\\])", r"\\\1", str(path.absolute()))


def _schema_of(path: Path) -> pa.Schema:
    return pq.read_schema(_files(path)[0] if path.is_dir() else path)


_WIDER = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.null(): pa.string(),
}


def _sparkable(schema: pa.Schema) -> pa.Schema:
    """The schema in types that Spark has: no unsigned numbers, times to the microsecond without a zone (they are UTC)."""
    return pa.schema([pa.field(field.name, _sparkable_type(field.type)) for field in schema])


def _sparkable_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us")
    if pa.types.is_dictionary(kind):
        return _sparkable_type(kind.value_type)
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(each.name, _sparkable_type(each.type)) for each in kind])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_sparkable_type(kind.value_type))
    return _WIDER.get(kind, kind)
