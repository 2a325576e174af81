"""How long it takes to give persons the ids they had in the run before: `listen/ledger.py` alone, on made-up clusters.

`python benchmarks/ledger.py [RECORDS ...]`; each size in about half a minute a million records.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from table import write
from vitalfew.engine import Context, DuckEngine
from vitalfew.listen import ledger

SIZES = (100_000, 1_000_000)
MOVED = 0.02


def provisional(who: NDArray[np.int64]) -> tuple[pa.Table, pa.Table]:
    """identities and people of records whose person is `who`, with ids made from the first record of each."""
    size = len(who)
    _, first, label = np.unique(who, return_index=True, return_inverse=True)
    person = pa.array([f"person:{place:012x}" for place in first]).take(pa.array(label))
    columns = {
        "source": pa.array(np.where(np.arange(size) % 2, "crm", "web").astype(object), pa.string()),
        "key": pa.array([f"k{number:07d}" for number in range(size)], pa.string()),
        "table": pa.array(["people"] * size, pa.string()),
        "person": person,
        **{name: pa.nulls(size, pa.string()) for name in ("account", "name", "email", "phone", "rule")},
        "score": pa.nulls(size, pa.float64()),
    }
    return pa.table(columns), pa.table({"person": person.unique()})


def measure(size: int) -> list[list[str]]:
    """Rows (records, people, what, seconds, changes): a first run, the same again, and one after people were joined or split."""
    draw = np.random.default_rng(1)
    people = size * 2 // 5
    who = np.sort(draw.integers(people, size=size))
    moved = np.where(draw.random(size) < MOVED, draw.integers(people, size=size), who)
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as made:
        engine = DuckEngine(Path(made))
        known: Path | None = None
        for number, (what, mine) in enumerate(
            (("the first run", who), ("the same again", who), ("one in fifty records moved", moved))
        ):
            folder = Path(made) / str(number)
            folder.mkdir()
            identities, table = provisional(mine)
            read = engine.table(identities)
            begun = time.perf_counter()
            found = ledger.settle(read, table, Context(engine, date(2026, 6, 30), 1, folder, folder, known=known))
            seconds = time.perf_counter() - begun
            rows.append([f"{size:,}", f"{table.num_rows:,}", what, f"{seconds:.1f}", f"{found.changes.num_rows:,}"])
            known = folder / "known.parquet"
            pq.write_table(found.ledger.select(["source", "key", "person", "mark"]), known)
        engine.close()
    return rows


if __name__ == "__main__":
    sizes = [int(each) for each in sys.argv[1:]] or list(SIZES)
    write(
        "ids from run to run",
        ["records", "people", "what", "s", "rows of person_changes"],
        [row for size in sizes for row in measure(size)],
        "Ids given by `listen/ledger.py`, reading and writing the ledger included.",
    )
