"""What a run read beside what the run before had read, so that nothing refused or missing is overlooked.

The rooms know nothing of the run before: the table `deliveries` is made outside of them, and told after `vitalfew run`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vitalfew.runs import Run, file_digest
from vitalfew.vocabulary import TABLES, arrow_table

TABLE = "deliveries"
_FEW = 6
"""A sentence names this many columns at most."""


def compared(sources: Path, before: Run | None) -> pa.Table:
    """The vocabulary's `deliveries`: what the sources of the Parquet file `sources` gave less of than in `before`."""
    now, then = _rows(sources), _rows(_intact(before, "sources")) if before is not None else {}
    found: list[dict[str, Any]] = []
    for name, row in now.items():
        was = then.get(name)
        if was is None:
            continue
        if row["rows_read"] < was["rows_read"]:
            told = f"{row['rows_read']:,} records, {was['rows_read']:,} before; if nobody took any away, fetch it again"
            found.append(_row(name, "records", was["rows_read"], row["rows_read"], [], f"shorter than last time: {told}"))
        gone = missing(row, was)
        if gone:
            listed = ", ".join(gone[:_FEW]) + (" ..." if len(gone) > _FEW else "")
            remark = f"columns that were there last time are gone: {listed}"
            found.append(_row(name, "columns", len(columns(was)), len(columns(row)), gone, remark))
    return arrow_table(TABLE, found)


def missing(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """The columns a source's row of `sources` had in `before` and has no more; none when one of the runs did not keep them."""
    known = columns(now)
    return [each for each in columns(before) if each not in known] if known else []


def columns(row: Mapping[str, Any]) -> list[str]:
    """The columns of a source, from its row of `sources`; none of a run that did not keep them."""
    return list(json.loads(row.get("columns") or "[]"))


def of(run: Run) -> pa.Table:
    """The vocabulary's `deliveries` as `run` has it; empty for a run that has none, or lost it."""
    path = _intact(run, TABLE)
    return pq.read_table(path) if path is not None else TABLES[TABLE].schema.empty_table()


def told(now: Run, folder: Path) -> Iterator[str]:
    """Sentences on what `now` read, for people: what gave less than in the run before, what was refused and mended.

    `folder` is the workspace, named in what to do next.
    """
    for row in of(now).to_pylist():
        yield f"{row['source']} is {row['remark']}." if row["what"] == "records" else f"{row['source']}: {row['remark']}."
    sources = _rows(now.paths().get("sources"))
    refused = {name: row["rows_quarantined"] for name, row in sources.items() if row["rows_quarantined"]}
    if refused:
        read = sum(row["rows_read"] for row in sources.values())
        where = ", ".join(f"{count:,} in {name}" for name, count in refused.items())
        yield f"{sum(refused.values()):,} of {read:,} records were refused: {where}."
        yield f"See vitalfew table {folder} quarantine; mend them in the files, or with [[mend]] in company.toml, and run again."
    mended = now.paths().get("mended")
    count = pq.read_metadata(mended).num_rows if mended else 0
    if count:
        yield f"{count:,} values were mended by rules: vitalfew table {folder} mended."


def _row(source: str, what: str, before: int, now: int, gone: list[str], remark: str) -> dict[str, Any]:
    listed = json.dumps(gone, ensure_ascii=False) if gone else ""
    return {"source": source, "what": what, "before": before, "now": now, "missing": listed, "remark": remark}


def _intact(run: Run, table: str) -> Path | None:
    """The file of a table of `run`; None when it has none, or it is not as it was written."""
    path, known = run.paths().get(table), run.files().get(f"{table}.parquet")
    return path if path is not None and path.is_file() and file_digest(path) == known else None


def _rows(path: Path | None) -> dict[str, dict[str, Any]]:
    """The rows of a table `sources`, by source."""
    rows = pq.read_table(path).to_pylist() if path is not None else []
    whole = ("rows_read", "rows_quarantined")
    return {row["source"]: {**row, **{name: row[name] or 0 for name in whole}} for row in rows}
