"""Refused records counted in the engine, however many they are, and what became of them in the run after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from vitalfew.engine.reader import Reader, Row, Where
from vitalfew.listen.masking import mask
from vitalfew.listen.readers import SHORT
from vitalfew.runs import Run
from vitalfew.web.listen.masked import sees_names
from vitalfew.web.shell.access import READERS, Visit

MOST_KINDS, MOST_VALUES = 60, 40
_CHOSEN = """(?::VARCHAR IS NULL OR source = ?) AND (?::VARCHAR IS NULL OR "column" = ?) AND (?::VARCHAR IS NULL OR reason = ?)"""
# Reasons that differ in their numbers alone (a place in a line, say) are one kind.
_KINDS = f"""SELECT source, "column", min(reason) AS reason, min(reason) = max(reason) AS alone, count(*) AS n,
    count(*) OVER () AS kinds
  FROM {{quarantine}} WHERE {_CHOSEN} GROUP BY source, "column", translate(reason, '0123456789', '')
  ORDER BY n DESC, source, "column", reason LIMIT {MOST_KINDS}"""
_VALUES = f"""SELECT value, count(*) AS n, count(*) OVER () AS kinds FROM {{quarantine}} WHERE {_CHOSEN}
  GROUP BY value ORDER BY n DESC, value LIMIT {MOST_VALUES}"""
_BECAME = """WITH once AS (SELECT DISTINCT source, path, line FROM {before}),
    now AS (SELECT DISTINCT source, path, line FROM {quarantine}),
    ruled AS (SELECT DISTINCT source, path, line FROM {mended})
  SELECT source, count(*) AS once, count(*) FILTER (now.line IS NOT NULL) AS still,
    count(*) FILTER (now.line IS NULL AND ruled.line IS NOT NULL) AS ruled
  FROM once LEFT JOIN now USING (source, path, line) LEFT JOIN ruled USING (source, path, line)
  GROUP BY source ORDER BY source"""

_REFUSED = """SELECT source, count(DISTINCT (path, line)) AS n FROM {quarantine} GROUP BY source"""


@dataclass(frozen=True)
class Became:
    """What became of the records of one source that were refused in the run before.

    `once` were refused then, `now` are. Of the same file, `read` of them are read now, `ruled` of those by a rule of `[[mend]]`; of
    a file that has changed it cannot be told which record is which, and both are None.
    """

    source: str
    once: int
    now: int
    read: int | None
    ruled: int | None


def chosen(visit: Visit) -> dict[str, str]:
    """What the page is narrowed to: source, column ('' for whole records) and reason, those that were named."""
    given = visit.request.GET
    return {name: given[name][:500] for name in ("source", "column", "reason") if name in given and "\x00" not in given[name]}


def conditions(kept: Mapping[str, str]) -> list[Where]:
    """The rows of `quarantine` the page is narrowed to. An empty source or reason narrows nothing."""
    return [Where(name, "=", value) for name, value in kept.items() if value or name == "column"]


def _values(kept: Mapping[str, str]) -> list[str | None]:
    wanted = {each.column: str(each.value) for each in conditions(kept)}
    return [each for name in ("source", "column", "reason") for each in (wanted.get(name), wanted.get(name))]


def kinds(visit: Visit, kept: Mapping[str, str]) -> list[Row]:
    """The commonest kinds of what was refused, most first.

    Each has source, column, `n` and a reason, `alone` when it is the only one of its kind; `kinds` says how many there are in all.
    """
    found = visit.reader.select(_KINDS, ("quarantine",), _values(kept))
    # A reason may repeat a part of the value.
    return found if sees_names(visit) else [{**row, "reason": mask(row["reason"] or "")} for row in found]


def values(visit: Visit, kept: Mapping[str, str]) -> list[Row]:
    """The commonest values of the column chosen: `value`, `n`, `kinds`, and `whole`: whether the table holds all of it."""
    found = visit.reader.select(_VALUES, ("quarantine",), _values(kept))
    return [{**row, "whole": len(row["value"] or "") < SHORT} for row in found]


def became(before: Run, after: Run) -> list[Became]:
    """What became in `after` of the records refused in `before`, by source; a source in which nothing changed is left out.

    Kept, since runs never change.
    """
    key = f"refused-{before.id}-{after.id}"
    kept: list[Became] | None = cache.get(key)
    if kept is None:
        kept = _became(before, READERS.of(before.folder, before.paths()), after, READERS.of(after.folder, after.paths()))
        cache.set(key, kept, 3600)
    return kept


def _became(before: Run, old: Reader, after: Run, new: Reader) -> list[Became]:
    path = before.paths().get("quarantine")
    if path is None or "quarantine" not in after.paths():
        return []
    rows = new.select(_BECAME, ("quarantine", "mended"), others={"before": path})
    then, now = ({row["source"]: row for row in reader.small("sources")} for reader in (old, new))
    counted = {row["source"]: row["n"] for row in new.select(_REFUSED, ("quarantine",))}
    found = []
    for row in rows:
        source = row["source"]
        if source not in now or source not in then:
            continue
        same = then[source]["sha256"] == now[source]["sha256"]
        found.append(_told(row, counted.get(source, 0), same))
    return [each for each in found if each.read or (each.read is None and each.now != each.once)]


def _told(row: Mapping[str, Any], now: int, same: bool) -> Became:
    if same:
        return Became(row["source"], row["once"], row["still"], row["once"] - row["still"], row["ruled"])
    return Became(row["source"], row["once"], now, None, None)
