"""What one run hands to the next: whose each record was, so that ids of persons stay (`listen.ledger`).

The ledger is a table of the run, so a killed run leaves ledger and run as they were, and going back to a run goes back to its ids.
It is an input of the next run, except where an earlier run had the same inputs and nobody's id has changed since: then the next run
goes on from what that one went on from, so that it is the same run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vitalfew import runs
from vitalfew.faults import RunFailed

FILE = "person_ledger.parquet"
_NOW = ("person", "mark")
_BEFORE = ("person_before", "mark_before")


@dataclass(frozen=True)
class Past:
    """The key of the stage, and a file with source, key, person and mark of the run it goes on from; None without one."""

    key: str
    known: Path | None


def past(workspace: runs.Workspace, stage: str, base: str, working: Path) -> Past:
    """What `stage`, whose key is `base` but for the run before, goes on from: the current run's ledger, or the one that run had.

    Without a current run it is the ledger a backup left. One that is lost or spoilt only loses continuity.
    """
    try:
        current = workspace.current()
    except RunFailed:
        current = None
    record = current.stages.get(stage) if current is not None else None
    if current is None or record is None:
        kept = workspace.home / FILE
        return _going_on(base, kept, working, _NOW) if kept.is_file() else Past(base, None)
    kept = current.folder / FILE
    known = record.files.get(FILE)
    whole = known is not None and kept.is_file() and runs.file_digest(kept) == known
    if not whole:
        return Past(base, None)
    if record.base == base:
        return Past(record.key, _going_on(base, kept, working, _BEFORE).known)
    for run in workspace.finished():
        earlier = run.stages.get(stage)
        if earlier is not None and earlier.base == base and _same(run.folder / FILE, kept):
            return Past(earlier.key, _going_on(base, run.folder / FILE, working, _BEFORE).known)
    return _going_on(base, kept, working, _NOW)


def _same(one: Path, other: Path) -> bool:
    """Whether two ledgers say the same of whose each record is."""
    columns = ["source", "key", *_NOW]
    try:
        return bool(pq.read_table(one, columns=columns).equals(pq.read_table(other, columns=columns)))
    except (OSError, pa.ArrowException):
        return False


def _going_on(base: str, ledger: Path, working: Path, columns: tuple[str, str]) -> Past:
    try:
        table = pq.read_table(ledger, columns=["source", "key", *columns])
    except (OSError, pa.ArrowException):
        return Past(base, None)
    table = table.filter(pc.is_valid(table.column(columns[0]))).rename_columns(["source", "key", *_NOW])
    if not table.num_rows:
        return Past(base, None)
    working.mkdir(parents=True, exist_ok=True)
    path = working / "known.parquet"
    pq.write_table(table, path)
    return Past(runs.digest(base, runs.file_digest(ledger)), path)
