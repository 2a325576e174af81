"""Sources that are no files, made for tests: a way to fetch and read them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from tests.listen.exports import Read, company, read

from vitalfew.engine import Context, DuckEngine
from vitalfew.faults import Fault
from vitalfew.listen import checks, fetching

MAPPED: dict[str, Any] = {"order": "id", "at": "at", "amount": "amount", "status": "note"}
DATABASE: dict[str, Any] = {
    "name": "shop",
    "table": "orders",
    "database": "env:SHOP_URL",
    "sql": "select id, at, amount, note, updated from orders order by id",
    "columns": MAPPED,
}
NEW = {
    "sql": "select id, at, amount, note, updated from orders where updated >= :since",
    "watermark": "updated",
    "key": "id",
}


def fetch(
    engine: DuckEngine, workspace: Path, source: Mapping[str, Any], environment: Mapping[str, str], full: bool = False
) -> list[Fault]:
    """Read a source into the workspace; returns what went wrong."""
    folder = workspace / "working"
    folder.mkdir(exist_ok=True)
    context = Context(engine, date(2026, 6, 30), 7, folder, workspace)
    settings = company(source)
    faults = fetching.fetch(settings, context, environment, line_of, full)
    return faults or checks.faults_of_kept(settings, context, line_of)


def line_of(place: tuple[str | int, ...]) -> int:
    """A line of company.toml for each key of a source."""
    keys = ("name", "table", "path", "sql", "database", "columns", "watermark", "key", "overlap", "url", "rows", "pages", "token")
    return 1 + keys.index(str(place[2])) if len(place) > 2 and place[2] in keys else 1


def fetched(
    engine: DuckEngine, workspace: Path, source: Mapping[str, Any], environment: Mapping[str, str], full: bool = False
) -> Read:
    """Read a source into the workspace and then as a run does. Asserts that nothing went wrong and that the counts are right."""
    faults = fetch(engine, workspace, source, environment, full)
    assert faults == [], [str(fault) for fault in faults]
    found = read(engine, workspace, company(source))
    told = found.sources[0]
    assert told["rows_read"] == told["rows_loaded"] + told["rows_quarantined"]
    return found


def kept(workspace: Path, source: Mapping[str, Any]) -> str:
    """What identifies everything kept of a source: the same kept data gives the same run."""
    return dict(checks.inputs(company(source), workspace))[f"source {source['name']}"]


def parts(workspace: Path) -> list[str]:
    """The files kept of the source `shop`."""
    return sorted(path.name[:4] for path in (workspace / ".vitalfew" / "sources" / "shop").glob("*.parquet"))


def amounts(found: Read) -> dict[str, Any]:
    """Amount by key of what was read."""
    return found.by_key("amount")


def sqlite(path: Path, *statements: str, rows: Iterable[Sequence[Any]] = (), table: str = "orders") -> Path:
    """A SQLite database made or changed by statements, with rows put into `orders`."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
        for row in rows:
            connection.execute(f"insert or replace into {table} values ({', '.join('?' * len(row))})", tuple(row))
    return path


ORDERS_TABLE = "create table orders (id integer primary key, at text, amount real, note text, updated text)"
FOUR = [
    (1, "2026-01-05", 10.5, "new", "2026-01-05 10:00:00"),
    (2, "2026-01-06", 20, "new", "2026-01-06 10:00:00"),
    (3, "not a date", 30, "new", "2026-01-07 10:00:00"),
    (4, "2026-01-08", 40.25, None, "2026-01-08 10:00:00"),
]
