"""What a run read, and what the run before had read: told after `vitalfew run`, so that nothing refused or missing is overlooked.

A run itself knows nothing of the one before, as it must come out the same whatever was there: the comparison is made outside of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from vitalfew.runs import Run


def told(now: Run, before: Run | None, folder: Path) -> Iterator[str]:
    """Sentences on what `now` read, for people: sources with fewer records than in `before`, what was refused and mended.

    `folder` is the workspace, named in what to do next.
    """
    sources = _sources(now)
    last = _sources(before) if before is not None and before.id != now.id else {}
    for name, (rows, _) in sources.items():
        was = last.get(name, (0, 0))[0]
        if rows < was:
            yield f"{name} is shorter than last time: {rows:,} records, {was:,} before. If nobody took any away, fetch it again."
    refused = {name: count for name, (_, count) in sources.items() if count}
    if refused:
        read = sum(rows for rows, _ in sources.values())
        where = ", ".join(f"{count:,} in {name}" for name, count in refused.items())
        yield f"{sum(refused.values()):,} of {read:,} records were refused: {where}."
        yield f"See vitalfew table {folder} quarantine; mend them in the files, or with [[mend]] in company.toml, and run again."
    mended = now.paths().get("mended")
    count = pq.read_metadata(mended).num_rows if mended else 0
    if count:
        yield f"{count:,} values were mended by rules: vitalfew table {folder} mended."


def _sources(run: Run) -> dict[str, tuple[int, int]]:
    """Records read and refused, by source."""
    path = run.paths().get("sources")
    if path is None:
        return {}
    rows = pq.read_table(path, columns=["source", "rows_read", "rows_quarantined"]).to_pylist()
    return {row["source"]: (row["rows_read"] or 0, row["rows_quarantined"] or 0) for row in rows}
