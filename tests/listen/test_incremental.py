"""Only what is new is read, with one effect however late, often or changed it comes; killed at any moment, what is kept is whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.listen.fetched import DATABASE, FOUR, NEW, ORDERS_TABLE, amounts, fetch, fetched, kept, parts, sqlite

from vitalfew.engine import DuckEngine

SOURCE = {**DATABASE, **NEW}
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(params=["sqlite:///shop.db", "sqlite+pysqlite:///shop.db"], ids=["adbc", "sqlalchemy"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """A database with four orders, the third with a date that is none."""
    sqlite(tmp_path / "shop.db", ORDERS_TABLE, rows=FOUR)
    return {"SHOP_URL": request.param}


def manifest(workspace: Path) -> dict[str, Any]:
    """The record of what was read."""
    found: dict[str, Any] = json.loads((workspace / ".vitalfew" / "sources" / "shop" / "kept.json").read_text(encoding="utf-8"))
    return found


def test_what_is_new_is_added_and_a_changed_row_takes_the_place_of_the_old(
    tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]
) -> None:
    assert amounts(fetched(shared_engine, tmp_path, SOURCE, shop)) == {"1": 10.5, "2": 20.0, "4": 40.25}
    assert manifest(tmp_path)["watermark"]["shown"] == "2026-01-08 10:00:00"
    changed = [(3, "2026-01-07", 31, "mended", "2026-01-09 10:00:00"), (5, "2026-01-09", 50, "new", "2026-01-09 11:00:00")]
    sqlite(tmp_path / "shop.db", rows=changed)
    found = fetched(shared_engine, tmp_path, SOURCE, shop)
    assert amounts(found) == {"1": 10.5, "2": 20.0, "3": 31.0, "4": 40.25, "5": 50.0}
    assert found.quarantine == []
    assert found.sources[0]["path"] == "env:SHOP_URL"
    assert found.sources[0]["rows_read"] == 5
    assert found.by_key("_path")["5"] == "env:SHOP_URL (delivery 2)"
    assert [row["remark"] for row in found.remarks] == [
        "1 earlier versions of rows were left out: a later one of the same key takes their place"
    ]
    assert [part["rows"] for part in manifest(tmp_path)["parts"]] == [4, 2]


def test_nothing_new_changes_nothing(tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]) -> None:
    fetched(shared_engine, tmp_path, SOURCE, shop)
    before = kept(tmp_path, SOURCE)
    for _ in range(2):
        fetched(shared_engine, tmp_path, SOURCE, shop)
        fetched(shared_engine, tmp_path, {**SOURCE, "overlap": 400}, shop)
    assert fetch(shared_engine, tmp_path, SOURCE, shop, full=True) == []
    assert kept(tmp_path, SOURCE) == before
    assert parts(tmp_path) == ["0001"]


def test_a_late_row_is_found_by_the_overlap_or_by_reading_in_full(
    tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]
) -> None:
    fetched(shared_engine, tmp_path, SOURCE, shop)
    late = (6, "2026-01-06", 60, "late", "2026-01-06 12:00:00")
    sqlite(tmp_path / "shop.db", rows=[late])
    assert "6" not in amounts(fetched(shared_engine, tmp_path, SOURCE, shop))
    assert amounts(fetched(shared_engine, tmp_path, {**SOURCE, "overlap": 3}, shop))["6"] == 60.0
    assert parts(tmp_path) == ["0001", "0002"]
    sqlite(tmp_path / "shop.db", rows=[(7, "2025-06-01", 70, "very late", "2025-06-01 12:00:00")])
    assert "7" not in amounts(fetched(shared_engine, tmp_path, {**SOURCE, "overlap": 3}, shop))
    assert amounts(fetched(shared_engine, tmp_path, SOURCE, shop, full=True))["7"] == 70.0
    assert parts(tmp_path) == ["0001"]


def test_a_row_that_shares_the_last_moment_is_not_missed(tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]) -> None:
    fetched(shared_engine, tmp_path, SOURCE, shop)
    sqlite(tmp_path / "shop.db", rows=[(8, "2026-01-08", 80, "same moment", FOUR[-1][4])])
    assert amounts(fetched(shared_engine, tmp_path, SOURCE, shop))["8"] == 80.0


def test_of_two_versions_the_later_watermark_wins_whichever_comes_last(
    tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]
) -> None:
    sqlite(tmp_path / "shop.db", "drop table orders", ORDERS_TABLE.replace(" primary key", ""))
    sqlite(
        tmp_path / "shop.db",
        rows=[(1, "2026-01-05", 2, "second", "2026-01-05 12:00:00"), (1, "2026-01-05", 1, "first", "2026-01-05 11:00:00")],
    )
    assert amounts(fetched(shared_engine, tmp_path, SOURCE, shop)) == {"1": 2.0}
    sqlite(tmp_path / "shop.db", "delete from orders", rows=[(1, "2026-01-05", 0.5, "earliest", "2026-01-05 10:00:00")])
    assert amounts(fetched(shared_engine, tmp_path, {**SOURCE, "overlap": 9}, shop)) == {"1": 2.0}
    sqlite(tmp_path / "shop.db", rows=[(1, "2026-01-05", 3, "third", "2026-01-05 12:00:00")])
    assert amounts(fetched(shared_engine, tmp_path, SOURCE, shop)) == {"1": 3.0}
    sqlite(tmp_path / "shop.db", "delete from orders", rows=[(1, "2026-01-05", 2, "second", "2026-01-05 12:00:00")])
    assert amounts(fetched(shared_engine, tmp_path, SOURCE, shop)) == {"1": 2.0}


def test_a_row_without_key_or_watermark_is_quarantined_once(
    tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]
) -> None:
    sqlite(tmp_path / "shop.db", "drop table orders", ORDERS_TABLE.replace("integer primary key", "text"))
    rows = [(None, "2026-01-05", 1, "x", "2026-01-05 12:00:00"), ("2", "2026-01-05", 2, "x", "2026-01-05 11:00:00")]
    sqlite(tmp_path / "shop.db", rows=[*rows, ("3", "2026-01-05", 2, "x", "soon"), ("4", "2026-01-05", 2, "x", "")])
    for overlap in (0, 5):
        found = fetched(shared_engine, tmp_path, {**SOURCE, "overlap": overlap}, shop)
        assert amounts(found) == {"2": 2.0}
        assert [(row["line"], row["reason"].partition(";")[0]) for row in found.quarantine] == [
            (1, "its key id is empty, so no later version could take its place"),
            (3, "its watermark updated is no time as the others are"),
            (4, "its watermark updated is empty, so it cannot be told whether it is new"),
        ]
    assert parts(tmp_path) == ["0001"]


@pytest.mark.parametrize("declared", ["integer", "text", ""])
def test_a_whole_number_may_be_a_watermark(tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str], declared: str) -> None:
    table = f"create table orders (id text, at text, amount real, note text, updated {declared})"
    sqlite(tmp_path / "shop.db", "drop table orders", table, rows=[("a", "2026-01-05", 1, "x", 9)])
    fetched(shared_engine, tmp_path, SOURCE, shop)
    sqlite(
        tmp_path / "shop.db", rows=[("b", "2026-01-05", 2, "x", 90 if declared == "text" else 10), ("c", "2026-01-05", 3, "x", 8)]
    )
    assert amounts(fetched(shared_engine, tmp_path, SOURCE, shop)) == {"a": 1.0, "b": 2.0}
    assert amounts(fetched(shared_engine, tmp_path, {**SOURCE, "overlap": 82 if declared == "text" else 2}, shop)) == {
        "a": 1.0,
        "b": 2.0,
        "c": 3.0,
    }


def test_a_fraction_is_refused_as_a_watermark(tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]) -> None:
    faults = fetch(
        shared_engine, tmp_path, {**SOURCE, "watermark": "amount", "sql": NEW["sql"].replace("where updated", "where amount")}, shop
    )
    assert "a number with a fraction" in faults[0].what


def test_another_question_or_another_database_is_read_anew(tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]) -> None:
    fetched(shared_engine, tmp_path, SOURCE, shop)
    narrower = {**SOURCE, "sql": NEW["sql"].replace("updated >=", "id < 3 and updated >=")}
    assert amounts(fetched(shared_engine, tmp_path, narrower, shop)) == {"1": 10.5, "2": 20.0}
    sqlite(tmp_path / "other.db", ORDERS_TABLE, rows=[(9, "2020-01-01", 9, "x", "2020-01-01 00:00:00")])
    other = {name: address.replace("shop.db", "other.db") for name, address in shop.items()}
    assert amounts(fetched(shared_engine, tmp_path, narrower, other)) == {}
    assert amounts(fetched(shared_engine, tmp_path, SOURCE, other)) == {"9": 9.0}
    assert parts(tmp_path) == ["0001"]


def test_a_source_at_fault_keeps_what_was_read(tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]) -> None:
    fetched(shared_engine, tmp_path, SOURCE, shop)
    before = kept(tmp_path, SOURCE)
    (tmp_path / "shop.db").rename(tmp_path / "away.db")
    assert fetch(shared_engine, tmp_path, SOURCE, shop)
    assert fetch(shared_engine, tmp_path, {**SOURCE, "sql": "select nope from orders where updated >= :since"}, shop)
    assert kept(tmp_path, SOURCE) == before
    (tmp_path / "away.db").rename(tmp_path / "shop.db")
    assert fetch(shared_engine, tmp_path, {**SOURCE, "sql": "select nope from orders where updated >= :since"}, shop)
    assert kept(tmp_path, SOURCE) == before
    assert amounts(fetched(shared_engine, tmp_path, SOURCE, shop)) == {"1": 10.5, "2": 20.0, "4": 40.25}


def test_a_part_that_was_changed_is_a_fault_until_everything_is_read_anew(
    tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]
) -> None:
    fetched(shared_engine, tmp_path, SOURCE, shop)
    folder = tmp_path / ".vitalfew" / "sources" / "shop"
    for spoil in (lambda: next(folder.glob("0001-*")).write_bytes(b"x"), lambda: (folder / "kept.json").write_text("{")):
        spoil()
        faults = fetch(shared_engine, tmp_path, SOURCE, shop)
        assert "`vitalfew run --full`" in faults[0].mend
        assert len(fetched(shared_engine, tmp_path, SOURCE, shop, full=True).records) == 3


def test_what_was_kept_of_a_source_that_is_gone_is_removed(tmp_path: Path, shared_engine: DuckEngine, shop: dict[str, str]) -> None:
    fetched(shared_engine, tmp_path, SOURCE, shop)
    fetched(shared_engine, tmp_path, {**SOURCE, "name": "store"}, shop)
    assert [path.name for path in (tmp_path / ".vitalfew" / "sources").iterdir()] == ["store"]


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from tests.listen.fetched import fetch
from tests.listen.test_incremental import SOURCE
from vitalfew.engine import DuckEngine

left = int(sys.argv[2])
def stopping(name):
    real = getattr(os, name)
    def call(*given, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)
    setattr(os, name, call)
for name in ("fsync", "rename", "replace", "unlink", "mkdir", "open"):
    stopping(name)
faults = fetch(DuckEngine(), Path(sys.argv[1]), SOURCE, {"SHOP_URL": "sqlite:///shop.db"}, full=sys.argv[3] == "full")
assert not faults, faults
"""


@pytest.mark.parametrize("how", ["new", pytest.param("full", marks=pytest.mark.slow)])
def test_killed_between_any_two_writes_what_is_kept_is_whole(tmp_path: Path, shared_engine: DuckEngine, how: str) -> None:
    shop = {"SHOP_URL": "sqlite:///shop.db"}
    sqlite(tmp_path / "shop.db", ORDERS_TABLE, rows=FOUR)
    first = amounts(fetched(shared_engine, tmp_path, SOURCE, shop))
    sqlite(
        tmp_path / "shop.db",
        rows=[(1, "2026-01-05", 11, "x", "2026-02-01 10:00:00"), (5, "2026-02-01", 50, "x", "2026-02-01 10:00:00")],
    )
    after = {**first, "1": 11.0, "5": 50.0}
    killed = 0
    for number in range(1, 60):
        command = [sys.executable, "-c", KILLED, str(tmp_path), str(number), how]
        ended = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
        )
        told = manifest(tmp_path)
        found = amounts(_kept_only(tmp_path, shared_engine))
        whole = found == after
        assert whole or found == first, (number, found)
        assert told["watermark"]["shown"] == ("2026-02-01 10:00:00" if whole else FOUR[-1][4])
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        killed += 1
    assert killed >= 8
    assert amounts(fetched(shared_engine, tmp_path, SOURCE, shop)) == after
    names = {path.name for path in (tmp_path / ".vitalfew" / "sources" / "shop").iterdir()}
    assert names == {"kept.json", *(part["file"] for part in manifest(tmp_path)["parts"])}


def _kept_only(workspace: Path, engine: DuckEngine) -> Any:
    """What a run reads of what is kept, without asking the database."""
    from tests.listen.exports import company, read

    return read(engine, workspace, company(SOURCE))
