"""How long an import takes and what it holds: a CSV of a million rows and thirty columns, and ten million interactions.

Import means: every record read and judged, dates, numbers and scales checked, refused records told by line, the rest typed and
written. Beside it, in the same run, what a user would read the file with: pyarrow and DuckDB to Parquet, which judge nothing; they
get the file as text, as an export with any bad cell must be read. The same of a survey of 600 open questions. Then listening as a
whole (who is who and the timeline too) on ten million interactions of 50,000 people in ten files. Each measurement is a process of
its own.
`python benchmarks/importing.py [ROWS ...]`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from table import peak_memory, write
from vitalfew.company import load
from vitalfew.engine import Context, DuckEngine
from vitalfew.listen import reading
from vitalfew.listen import stage as listen

WIDE = (250_000, 1_000_000, 4_000_000)
ANSWERED, ASKED = 10_000, 600
INTERACTIONS = 10_000_000
FILES = 10
COLUMNS = ("id", "at", "who", "mail", "case", "step", "channel", "device", "outcome", "minutes", "cost", "text")
SETTINGS = """[company]
name = "Import"
as_of = 2026-06-30
seed = 1

[[source]]
name = "log"
table = "interactions"
path = "exports/*.csv"
[source.columns]
id = "id"
at = { column = "at", format = "%d/%m/%Y %H:%M:%S" }
person = "who"
email = "mail"
case = "case"
step = "step"
channel = "channel"
device = "device"
outcome = "outcome"
minutes = "minutes"
cost = "cost"
text = "text"
"""
SURVEY = """[company]
name = "Import"
as_of = 2026-06-30
seed = 1

[[source]]
name = "survey"
table = "responses"
path = "exports/*.csv"
[source.columns]
response = "id"
person = "person"
at = "at"
[source.questions]
"""
WIDE_COLUMNS = "".join(f'c{number:02d} = "c{number:02d}"\n' for number in range(8))


def chunk(draw: np.random.Generator, begin: int, rows: int, people: int, more: int) -> pa.Table:
    """Rows of the log: `more` further columns c00, c01 ... of short texts."""
    who = draw.integers(people, size=rows)
    seconds = draw.integers(0, 86_400 * 540, size=rows)
    at = (np.datetime64("2025-01-01T00:00:00") + seconds).astype("datetime64[s]")
    columns = {
        "id": np.char.add("i", np.arange(begin, begin + rows).astype(str)),
        "at": pa.compute.strftime(pa.array(at), format="%d/%m/%Y %H:%M:%S"),
        "who": np.char.add("p", who.astype(str)),
        "mail": np.char.add(np.char.add("someone", who.astype(str)), "@example.org"),
        "case": np.char.add("c", (np.arange(begin, begin + rows) // 4).astype(str)),
        "step": np.array(["opened", "in progress", "waiting", "closed"])[draw.integers(4, size=rows)],
        "channel": np.array(["phone", "e-mail", "web", "chat"])[draw.integers(4, size=rows)],
        "device": np.array(["", "mobile", "desktop"])[draw.integers(3, size=rows)],
        "outcome": np.array(["", "solved", "passed on"])[draw.integers(3, size=rows)],
        "minutes": np.round(draw.gamma(2.0, 6.0, size=rows), 1).astype(str),
        "cost": np.round(draw.gamma(2.0, 4.0, size=rows), 2).astype(str),
        "text": np.array(["The parcel came late", "Nobody called me back", "", "All well and thank you"])[
            draw.integers(4, size=rows)
        ],
    }
    values = np.char.add("v", np.arange(50).astype(str))
    columns |= {f"c{number:02d}": values[draw.integers(50, size=rows)] for number in range(more)}
    return pa.table({name: pa.array(column) for name, column in columns.items()})


def made(folder: Path, rows: int, more: int, files: int = 1, people: int = 50_000) -> None:
    """A workspace with its export; one row in 10,000 has a date that does not exist."""
    (folder / "exports").mkdir(parents=True)
    cuts = SETTINGS + ("[source.segments]\n" + WIDE_COLUMNS if more else "")
    (folder / "company.toml").write_text(cuts, encoding="utf-8")
    draw = np.random.default_rng(1)
    each, size = rows // files, 250_000
    for file in range(files):
        path = folder / "exports" / f"log-{file:02d}.csv"
        with path.open("wb") as out:
            for begin in range(0, each, size):
                part = chunk(draw, file * each + begin, min(size, each - begin), people, more)
                bad = pa.array(np.where(draw.random(part.num_rows) < 1e-4, "31/02/2026 10:00:00", part["at"].to_numpy(False)))
                part = part.set_column(1, "at", bad)
                pa.csv.write_csv(part, out, pa.csv.WriteOptions(include_header=begin == 0, quoting_style="none"))


def surveyed(folder: Path) -> None:
    """A workspace with a survey of many questions, each answered by everybody in a line of its own words."""
    (folder / "exports").mkdir(parents=True)
    asked = [f"q{number:03d}" for number in range(ASKED)]
    questions = "".join(f'{name} = {{ column = "{name}", kind = "text" }}\n' for name in asked)
    (folder / "company.toml").write_text(SURVEY + questions, encoding="utf-8")
    draw = np.random.default_rng(2)
    letters = np.array(list("abcdefghij klmno"))
    said = ["".join(line) for line in letters[draw.integers(len(letters), size=(5_000, 60))]]
    with (folder / "exports" / "survey.csv").open("w", encoding="utf-8") as out:
        out.write(",".join(["id", "person", "at", *asked]) + "\n")
        for number in range(ANSWERED):
            answers = [said[place] for place in draw.integers(len(said), size=ASKED)]
            out.write(",".join([f"r{number}", f"p{number % 7_000}", "2026-03-01", *answers]) + "\n")


def measured(kind: str, folder: Path) -> str:
    """Seconds, peak memory and records of one way of reading, in this process."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as working:
        rows = {"import": imported, "listen": listened, "pyarrow": by_pyarrow, "duckdb": by_duckdb}[kind](folder, Path(working))
    seconds = time.perf_counter() - began
    return f"{seconds:.1f}|{peak_memory():,.0f}|{rows}"


def _context(folder: Path, working: Path) -> Context:
    return Context(DuckEngine(working), date(2026, 6, 30), 1, working, folder)


def imported(folder: Path, working: Path) -> str:
    """Read, judged, typed and written; no who is who."""
    company = load(folder).company
    context = _context(folder, working)
    mapped, tables, _ = reading.read(company, context)
    with context.engine.streaming():
        context.engine.write(mapped[0].records, working / "records.parquet", ())
    told = tables["sources"].to_pylist()[0]
    context.engine.close()
    return f"{told['rows_loaded']:,} loaded, {told['rows_quarantined']:,} refused"


def listened(folder: Path, working: Path) -> str:
    """The whole room: who is who and the timeline too, heavy tables written as a run writes them."""
    company = load(folder).company
    context = _context(folder, working)
    tables = listen.run({}, company, context).tables
    for name in ("identities", "interactions", "timeline"):
        context.engine.write(tables[name], working / f"{name}.out.parquet", ())
    told = tables["sources"].to_pylist()[0]
    context.engine.close()
    return f"{told['rows_loaded']:,} loaded, {told['rows_quarantined']:,} refused"


def by_pyarrow(folder: Path, working: Path) -> str:
    """Streamed to Parquet as text."""
    rows = 0
    for path in sorted((folder / "exports").glob("*.csv")):
        names = path.open(encoding="utf-8").readline().strip().replace('"', "").split(",")
        options = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
        with (
            pa.csv.open_csv(path, convert_options=options) as reader,
            pa.parquet.ParquetWriter(working / f"{path.stem}.parquet", reader.schema) as out,
        ):
            for batch in reader:
                out.write_batch(batch)
                rows += batch.num_rows
    return f"{rows:,} as text"


def by_duckdb(folder: Path, working: Path) -> str:
    """COPY to Parquet as text."""
    import duckdb

    made_of = f"read_csv('{folder}/exports/*.csv', all_varchar = true)"
    copied = duckdb.connect().execute(f"COPY (SELECT * FROM {made_of}) TO '{working}/all.parquet' (FORMAT parquet)").fetchall()
    return f"{copied[0][0]:,} as text"


def main(wide: list[int]) -> None:
    """Measure and write the table."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="vitalfew-import-") as home:
        for size in wide:
            folder = Path(home) / str(size)
            made(folder, size, 18)
            for kind in ("import", "pyarrow", "duckdb"):
                rows.append((f"{size:,} rows x 30 columns", kind, *_alone(kind, folder)))
        folder = Path(home) / "survey"
        surveyed(folder)
        for kind in ("import", "pyarrow", "duckdb"):
            rows.append((f"{ANSWERED:,} answers to {ASKED} open questions", kind, *_alone(kind, folder)))
        folder = Path(home) / "long"
        made(folder, INTERACTIONS, 0, FILES)
        rows.append((f"{INTERACTIONS:,} interactions", "listen, whole", *_alone("listen", folder)))
    write(
        "importing",
        ("what", "by", "s", "MB", "records"),
        rows,
        "Aims: a million rows of 30 columns in 60 s and 1 GB, memory near constant in rows; ten million interactions in 300 s.",
    )


def _alone(kind: str, folder: Path) -> list[str]:
    command = [sys.executable, "-W", "ignore", __file__, "--one", kind, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1500)
    if done.returncode:
        raise SystemExit(done.stderr)
    print(kind, done.stdout.strip(), file=sys.stderr, flush=True)
    return done.stdout.strip().splitlines()[-1].split("|")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        import pyarrow.parquet

        print(measured(sys.argv[2], Path(sys.argv[3])))
    else:
        main([int(each) for each in sys.argv[1:]] or list(WIDE))
