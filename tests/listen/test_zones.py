"""Wall-clock times become UTC as Python's own zoneinfo has it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from vitalfew.engine import DuckEngine
from vitalfew.listen.zones import offset_sql, transitions


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Paris", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"]
)
def test_the_engine_agrees_with_zoneinfo(zone: str, shared_engine: DuckEngine) -> None:
    drawn = random.Random(zone)
    times = [datetime(1900, 1, 1) + timedelta(seconds=drawn.randrange(200 * 365 * 86_400)) for _ in range(3_000)]
    # And around every change of the clocks, where it is easy to be an hour off.
    times += [begin + timedelta(minutes=minutes) for begin, _ in transitions(zone)[1:] for minutes in (-61, -1, 0, 1, 61)]
    table = shared_engine.table(pa.table({"local": pa.array(times, pa.timestamp("us"))}))
    made = shared_engine.collect(shared_engine.project(table, {"utc": f"local - to_seconds({offset_sql('local', zone)})"}))
    expected = [time.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None) for time in times]
    assert made.column("utc").to_pylist() == expected


def test_an_hour_that_is_skipped_or_comes_twice_keeps_the_offset_before_the_change() -> None:
    found = dict(transitions("Europe/Paris"))
    assert found[datetime(2026, 3, 29, 3, 0)] == 7200  # from 2:00 to 3:00 there is no time; 2:30 keeps winter's hour
    assert found[datetime(2026, 10, 25, 3, 0)] == 3600  # 2:00 to 3:00 comes twice; the first is meant
