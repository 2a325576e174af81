"""Wall-clock times to UTC without a time zone extension in the engine: the zone's changes of offset as a tree of CASE."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1900, 2100


@lru_cache(maxsize=8)
def transitions(zone: str) -> tuple[tuple[datetime, int], ...]:
    """(first wall-clock time, seconds to subtract for UTC) of each period of constant offset between 1900 and 2100.

    A time that occurs twice when clocks go back is taken as the first; one skipped when clocks go forward keeps the offset before
    the change, as if clocks had not changed yet (`fold=0` of PEP 495).
    """
    info = ZoneInfo(zone)
    begin, end = datetime(FIRST_YEAR - 1, 12, 30, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 3, tzinfo=UTC)
    found = [(begin.replace(tzinfo=None), _offset(info, begin))]
    day, before = begin, found[0][1]
    while day < end:
        following = day + timedelta(days=1)
        after = _offset(info, following)
        if after != before:
            instant = _change(info, day, following, before)
            found.append((instant.replace(tzinfo=None) + timedelta(seconds=max(before, after)), after))
            before = after
        day = following
    return tuple(found)


def _offset(info: ZoneInfo, instant: datetime) -> int:
    offset = instant.astimezone(info).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _change(info: ZoneInfo, low: datetime, high: datetime, before: int) -> datetime:
    """The first instant in (low, high] whose offset is not `before`, to the second."""
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if _offset(info, middle) == before:
            low = middle
        else:
            high = middle
    return high


def offset_sql(local: str, zone: str) -> str:
    """SQL for the seconds by which the wall-clock time `local` is ahead of UTC in `zone`."""
    return _tree(local, transitions(zone))


def _tree(local: str, periods: tuple[tuple[datetime, int], ...]) -> str:
    if len(periods) == 1:
        return str(periods[0][1])
    middle = len(periods) // 2
    when = periods[middle][0].isoformat(" ")
    return f"CASE WHEN {local} < TIMESTAMP '{when}' THEN {_tree(local, periods[:middle])} ELSE {_tree(local, periods[middle:])} END"
