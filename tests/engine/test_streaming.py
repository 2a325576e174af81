"""While rows pass through, little is held; what does not fit gets more room, and the room is given back."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vitalfew.engine import DuckEngine, duck


def wide(rows: int, columns: int) -> pa.Table:
    draw = np.random.default_rng(1)
    return pa.table({f"c{place}": [f"{value:0>40}" for value in draw.integers(0, 10**9, rows)] for place in range(columns)})


def limit_of(engine: DuckEngine) -> int:
    found = engine.collect(engine.project(engine.table(pa.table({"one": [1]})), {"is": "current_setting('memory_limit')"}))
    number, unit = found.column("is")[0].as_py().split()
    return round(float(number) * {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit] / 1e6)


def test_what_is_held_while_streaming_is_little_and_all_is_given_back(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, memory_limit=1000, threads=1)

    def broken_off() -> None:
        with engine.streaming():
            assert limit_of(engine) == duck.STREAMING
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert limit_of(engine) == 1000
    engine.close()


def test_an_engine_that_has_less_is_not_given_more(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, memory_limit=200, threads=1)
    with engine.streaming():
        assert limit_of(engine) == 200
    engine.close()


def test_rows_too_wide_for_little_room_get_more_and_come_out_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duck, "STREAMING", 10)
    engine = DuckEngine(tmp_path, memory_limit=640, threads=1)
    table = wide(4000, 120)
    with engine.streaming():
        assert engine.write(engine.table(table), tmp_path / "wide.parquet", ()) == 4000
        assert 10 < limit_of(engine) <= 640, "it fitted into ten megabytes, so that nothing is shown"
    assert limit_of(engine) == 640
    assert pq.read_table(tmp_path / "wide.parquet").equals(table)
    engine.close()


def test_what_fits_nowhere_is_told(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, memory_limit=10, threads=1)
    with engine.streaming(), pytest.raises(duckdb.OutOfMemoryException):
        engine.write(engine.table(wide(4000, 120)), tmp_path / "wide.parquet", ())
    engine.close()


def test_groups_of_rows_hold_about_as_many_values_however_wide_they_are(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path, threads=1)
    for columns, rows in ((10, 32_768), (200, 6_144), (1000, 2_048)):
        path = tmp_path / f"{columns}.parquet"
        engine.write(engine.table(pa.table({f"c{place}": range(40_000) for place in range(columns)})), path, ())
        assert pq.read_metadata(path).row_group(0).num_rows == pytest.approx(rows, rel=0.35)
    engine.close()
