"""A run of a million customers, for measuring pages: the tables of the medium demo company's run, twenty times over.

Each copy has customers, records and cases of its own; small tables (drivers, themes, issues, initiatives) stay as they are, as they
would in a run of that size. It is no run of the chain: what a run of that size costs is measured elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

COPIES = 20
MANY = 5_000  # a table with more rows grows with the number of customers
IDS = {
    "person", "account", "key", "case", "response", "order", "id", "left", "right", "contract", "deal", "parent", "from", "to",
    "support", "record",
}  # fmt: skip


def grow(medium: Path, large: Path) -> int:
    """Write the workspace `large` from `medium`; returns the number of people."""
    run = (medium / ".vitalfew" / "current").resolve()
    written = large / ".vitalfew" / "runs" / run.name
    written.mkdir(parents=True)
    shutil.copy(medium / "company.toml", large)
    shutil.copytree(medium / "exports", large / "exports")
    (large / ".vitalfew" / "current").symlink_to(Path("runs") / run.name)
    engine = duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(large / "spill")})
    people = 0
    for source in sorted(run.rglob("*")):
        target = written / source.relative_to(run)
        if source.is_dir():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix != ".parquet" or source.stem == "evidence" or "@" in source.stem:
            shutil.copy(source, target)
            continue
        read = f"read_parquet('{source}')"
        rows = engine.execute(f"SELECT count(*) FROM {read}").fetchone()[0]
        if rows <= MANY:
            shutil.copy(source, target)
            continue
        names = [row[0] for row in engine.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()]
        own = ", ".join(f'"{name}" || \'~\' || copy AS "{name}"' if name in IDS else f'"{name}"' for name in names)
        copies = f"(SELECT CAST(range AS VARCHAR) AS copy FROM range({COPIES}))"
        engine.execute(f"COPY (SELECT {own} FROM {read}, {copies}) TO '{target}' (FORMAT parquet)")
        if source.stem == "people":
            people = rows * COPIES
    engine.close()
    shutil.rmtree(large / "spill", ignore_errors=True)
    return people


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        medium = Path(os.environ.get("VITALFEW_BENCH_MEDIUM", Path(made) / "medium"))
        if not medium.exists():
            program = Path(sys.executable).parent / "vitalfew"
            subprocess.run([program, "demo", medium, "--size", "medium", "--no-serve", "-q"], check=True)
        large = Path(made) / "million"
        print(f"{grow(medium, large):,} people", file=sys.stderr)
        here = {**os.environ, "VITALFEW_BENCH_WORKSPACE": str(large), "VITALFEW_BENCH_SECTION": "pages-million"}
        subprocess.run([sys.executable, Path(__file__).parent / "pages.py"], check=True, env=here)
