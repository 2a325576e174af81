"""A million contact records from their files to a finished run: reading, judging, who is who, timeline, tables and pages.

Three systems' exports of the made-up contacts of `contacts.py`, as CSV, nothing set but which column is which; `vitalfew run` in a
process of its own. Seconds by step are those between the lines of its progress. `python benchmarks/contacts_run.py [RECORDS ...]`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from contacts import made
from table import peak_memory, write

SIZES = (100_000, 1_000_000)
PROGRAM = Path(sys.executable).parent / "vitalfew"
SETTINGS = """[company]
name = "Contacts"
as_of = 2026-06-30
time_zone = "Europe/Paris"
seed = 1
"""
SOURCE = """
[[source]]
name = "{name}"
table = "{table}"
path = "exports/{name}.csv"
[source.columns]
name = "name"
email = "email"
phone = "phone"
{own}
"""
OWN = {
    "crm": ("people", 'person = "key"\naccount = "account"'),
    "billing": ("people", 'person = "key"\naccount = "account"'),
    "tickets": ("interactions", 'id = "key"\nat = "at"'),
}


def workspace(folder: Path, records: int) -> None:
    """Three exports and a company.toml that says which column is which."""
    table = made(records, 2).table
    (folder / "exports").mkdir(parents=True)
    text = SETTINGS
    draw = np.random.default_rng(2)
    for name, (kind, own) in OWN.items():
        part = table.filter(pc.equal(table["source"], name)).drop_columns(["source"])
        if kind == "interactions":
            days = np.datetime64("2026-01-01") + draw.integers(0, 180, part.num_rows)
            part = part.drop_columns(["account"]).append_column("at", pa.array(days.astype(str)))
        pa.csv.write_csv(part, folder / "exports" / f"{name}.csv")
        text += SOURCE.format(name=name, table=kind, own=own)
    (folder / "company.toml").write_text(text, encoding="utf-8")


def timed(folder: Path) -> Iterator[tuple[str, float, float]]:
    """The steps of a run as its progress names them, each with its seconds, last the whole; and the peak memory so far, in MB."""
    begun = last = time.perf_counter()
    with subprocess.Popen([PROGRAM, "run", folder], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        step = "starting"
        peak = 0.0
        for line in process.stderr:
            now = time.perf_counter()
            peak = max(peak, peak_memory(process.pid))
            yield step, now - last, peak
            step, last = line.strip(), now
        code = process.wait()
    now = time.perf_counter()
    yield step, now - last, peak
    if code:
        raise SystemExit(f"the run ended with {code}: {step}")
    yield "the whole run", now - begun, peak


def main(sizes: list[int]) -> None:
    """Measure and write the table."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="vitalfew-contacts-") as home:
            folder = Path(home) / "company"
            workspace(folder, size)
            for step, seconds, peak in timed(folder):
                print(f"{size:,} {seconds:6.1f} s {peak:6,.0f} MB {step}", file=sys.stderr, flush=True)
                if seconds >= 1 or step == "the whole run":
                    rows.append((f"{size:,}", step, f"{seconds:.1f}", f"{peak:,.0f}"))
    write(
        "contacts from files to a run",
        ("records", "step", "s", "peak MB until its end"),
        rows,
        "`vitalfew run` on three CSV exports, nothing set but which column is which. Steps under a second are left out. Aims: a "
        "million contact records end to end in 120 s and 4 GB.",
    )


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or list(SIZES))
