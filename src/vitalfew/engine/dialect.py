"""What Spark needs to know of an expression in DuckDB's SQL: which columns it reads and what it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from vitalfew.engine.duck import quote

Settings = dict[str, str | bool | int | float | list[str]]

WORKER: Settings = {
    "threads": 1,
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    # As in the engine on DuckDB: what two TRY(...) have in common must not be lifted out of both.
    "disabled_optimizers": "common_subexpressions",
}
"""Settings of the DuckDB that evaluates expressions inside Spark's workers."""
KEEPER: Settings = {name: value for name, value in WORKER.items() if name not in ("threads", "enable_external_access")} | {
    "memory_limit": "2GB"
}
"""Settings of the DuckDB beside Spark that sorts the tables of a run into their files."""


def columns(expressions: Iterable[str], known: Sequence[str]) -> list[str]:
    """The columns of `known` that some expression may read, in their order."""
    named: set[str] = set()
    for sql in expressions:
        for node in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Identifier):
            named.add(node.name.casefold())
    return [name for name in known if name.casefold() in named]


def made_by(connection: duckdb.DuckDBPyConnection, sql: str, given: pa.Schema) -> pa.Schema:
    """The columns a SELECT over a table `given` of this schema makes, and their types."""
    connection.register("given", given.empty_table())
    try:
        return connection.sql(sql).to_arrow_table().schema
    finally:
        connection.unregister("given")


def try_out(expressions: Mapping[str, str], given: pa.Table) -> None:
    """Evaluate expressions by name over the rows of `given`. Raises DuckDB's error where one cannot be bound or computed."""
    selected = ", ".join(f"({sql}) AS {quote(alias)}" for alias, sql in expressions.items())
    with duckdb.connect(":memory:", config=WORKER) as connection:
        connection.register("given", given)
        connection.execute(f"SELECT {selected} FROM given").fetchall()
