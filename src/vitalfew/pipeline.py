"""One run, read top to bottom: listen, understand, focus, act, prove, and the documents people read."""

from __future__ import annotations

import gc
import importlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, cast

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import vitalfew
from vitalfew import continuity, deliveries, runs
from vitalfew.company import Loaded
from vitalfew.continuity import Past
from vitalfew.engine import Context, DuckEngine, Engine, Tables, opened
from vitalfew.evidence import gaps_table, steps_table
from vitalfew.faults import Fault, Refused, RunFailed
from vitalfew.listen import stage as listen
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.vocabulary import TABLES, arrow_table
from vitalfew.who import directory as who

Report = Callable[[str, int, int], None]


class Face(Protocol):
    """What the `stage` module of each room shows."""

    READS: tuple[str, ...]
    WRITES: tuple[str, ...]

    def run(self, tables: Tables, company: Company, context: Context) -> Outputs: ...


@dataclass(frozen=True)
class Stage:
    """One room in the row: its face, and the sections of company.toml it depends on (a change elsewhere does not rerun it)."""

    name: str
    sections: tuple[str, ...]
    saying: str

    @property
    def face(self) -> Face:
        """The room's `stage` module."""
        return cast(Face, importlib.import_module(f"vitalfew.{self.name}.stage"))


STAGES = (
    Stage(
        "listen",
        ("company", "source", "question", "mend", "group", "link", "consent"),
        "reading sources and finding out who is who",
    ),
    Stage(
        "understand", ("company", "source", "question", "group", "promise", "theme"), "metrics, drivers, comments, promises, value"
    ),
    Stage(
        "focus",
        ("company", "source", "question", "group", "promise", "theme", "initiative", "cause", "limits"),
        "issues and the choice",
    ),
    Stage("act", tuple(Company.model_fields), "one-page strategies, responsibilities, risks"),
    Stage("prove", tuple(Company.model_fields), "the benefits ledger"),
)
# Changes anywhere here change what every stage may write.
GROUND = (
    "vocabulary.py",
    "vocabulary.txt",
    "settings.py",
    "slogans.py",
    "evidence.py",
    "outputs.py",
    "pipeline.py",
    "continuity.py",
    "deliveries.py",
    "engine/*.py",
    "numerics/*.py",
)
SWEEP_AFTER = 500_000
"""New objects after which Python looks for cycles during a run."""
# "Not known yet": later than any date that passes as one, so that nothing is in the future.
UNKNOWN_DAY = date(2999, 12, 31)
# Tables whose latest time tells the day the data ends, when company.toml does not say as_of.
DATED = (("responses", "at"), ("orders", "at"), ("interactions", "at"), ("deals", "at"), ("deals", "closed_at"))


def run(
    loaded: Loaded,
    folder: Path,
    as_of: date | None = None,
    report: Report = lambda *_: None,
    full: bool = False,
    engine: str = "duckdb",
) -> runs.Run:
    """Run the chain on the workspace `folder`, make the result the current run, and return it.

    `full` reads sources with a watermark anew from their beginning; `engine` is one of `engine.NAMES`. `report` is told (what is
    being done, steps done, steps in all). Raises Refused for input and for an engine that is not installed, RunFailed for anything
    else that stops a run; in both cases the last good run is untouched.
    """
    workspace = runs.Workspace(folder)
    workspace.check_strategy()
    with workspace.locked(), TemporaryDirectory(prefix="working-", dir=workspace.home) as working, _seldom_swept():
        opened_engine = opened(engine, Path(working))
        written = workspace.aside()
        try:
            running = _Running(loaded.company, loaded, workspace, written, Path(working), opened_engine, as_of, report, full)
            finished = running.all()
            published = workspace.publish(written, finished)
            who.sweep(workspace)
            return published
        except OSError as error:
            raise RunFailed(f"the run stopped: {error.strerror or error} ({error.filename or written.name})") from error
        finally:
            opened_engine.close()
            if written.exists():
                shutil.rmtree(written, ignore_errors=True)


@contextmanager
def _seldom_swept() -> Iterator[None]:
    """Python looks for cycles among all that lives after every 700 new objects; a run makes millions that stay and hardly a cycle.

    With a million customers a fifth of the time went into that.
    """
    before = gc.get_threshold()
    gc.set_threshold(SWEEP_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@dataclass
class _Running:
    company: Company
    loaded: Loaded
    workspace: runs.Workspace
    written: Path
    working: Path
    engine: Engine
    as_of: date | None
    report: Report
    full: bool

    def all(self) -> runs.Run:
        """Every stage in order, then the chain of evidence and the documents."""
        records: dict[str, runs.StageRecord] = {}
        paths: dict[str, Path] = {}
        today = self.as_of or self.company.company.as_of
        if any(source.fetched for source in self.company.source):
            listen.fetch(self.company, self._context("listen", today or UNKNOWN_DAY, 0), self.loaded.lines, self.full)
        for position, stage in enumerate(STAGES):
            self.report(f"{stage.name}: {stage.saying}", position, len(STAGES) + 1)
            record = self._stage(stage, position, today or UNKNOWN_DAY, records, paths)
            records[stage.name] = record
            paths.update({Path(name).stem: self.written / name for name in record.files if "@" not in name})
            if today is None:
                today = self._latest(paths)
        self._join_parts()
        less = self._compare_deliveries(records["listen"].key)
        today = today or UNKNOWN_DAY
        self._keep_settings()
        self._write_edits()
        named = [f"{name}={record.key}" for name, record in records.items()]
        identity = runs.digest(*named, self._code(("documents/**/*",)), *less)
        run = runs.Run(self.workspace.runs / identity, today.isoformat(), self.engine.name, vitalfew.__version__, records)
        self.report("documents: pages and PDF", len(STAGES), len(STAGES) + 1)
        if not self.workspace.reuse_pages(run, self.written):
            self._draw(today)
        self._index(run)
        self.report("done", len(STAGES) + 1, len(STAGES) + 1)
        return run

    def _index(self, run: runs.Run) -> None:
        """The index for lookups at the moment of touch: it lies beside the runs, being no part of what one says."""
        settings = self.company.model_dump(mode="json")
        paths = {path.stem: path for path in self.written.glob("*.parquet") if "@" not in path.stem}
        # One file for one machine, made from what the run has reduced already: DuckDB's work whichever engine ran.
        engine = self.engine if self.engine.name == "duckdb" else DuckEngine(self.working)
        say = "" if engine is self.engine else " (by DuckDB on this machine)"
        try:
            who.build_index(
                engine,
                paths,
                settings,
                who.index_path(self.workspace.home, run.files(), settings),
                lambda text: self.report(text + say, len(STAGES), len(STAGES) + 1),
            )
        finally:
            if engine is not self.engine:
                engine.close()

    def _draw(self, today: date) -> None:
        # Imported when there is something to draw: charts and PDF take a second to load.
        from vitalfew.documents import stage as documents  # noqa: PLC0415

        paths = {path.stem: path for path in self.written.glob("*.parquet") if "@" not in path.stem}
        context = self._context("documents", today, len(STAGES))
        documents.write(Tables(self.engine, paths), self.company, context, self.written / runs.PAGES)

    def _stage(
        self, stage: Stage, position: int, today: date, records: dict[str, runs.StageRecord], paths: dict[str, Path]
    ) -> runs.StageRecord:
        base = self._key(stage, today, records)
        first = stage.name == "listen"
        gone_on = continuity.past(self.workspace, stage.name, base, self.working / stage.name) if first else Past(base, None)
        key = gone_on.key
        found = self.workspace.reusable(stage.name, key)
        if found is not None:
            for name in found[1].files:
                runs.link(found[0] / name, self.written / name)
            return found[1]
        context = replace(self._context(stage.name, today, position), known=gone_on.known)
        outputs = stage.face.run(Tables(self.engine, paths), self.company, context)
        if stage.name == "listen":
            self._refuse_changed()
        unknown = sorted(set(outputs.tables) - set(stage.face.WRITES))
        if unknown:
            raise RunFailed(f"the room {stage.name} wrote {', '.join(unknown)}, which its face does not name")
        parts: dict[str, pa.Table | ir.Table] = dict(outputs.tables)
        parts[f"evidence@{stage.name}"] = steps_table(outputs.steps)
        parts[f"not_computed@{stage.name}"] = gaps_table(stage.name, outputs.gaps)
        for name, table in parts.items():
            context.progress(f"writing {name.partition('@')[0]}")
            self._write(name, table)
        return runs.StageRecord(
            key,
            {f"{name}.parquet": runs.file_digest(self.written / f"{name}.parquet") for name in sorted(parts)},
            base if first else "",
        )

    def _write(self, name: str, table: pa.Table | ir.Table) -> None:
        vocabulary = TABLES[name.partition("@")[0]]
        expression = self.engine.table(arrow_table(vocabulary.name, table)) if isinstance(table, pa.Table) else table
        missing = sorted(set(vocabulary.names) - set(expression.columns))
        if missing:
            raise RunFailed(f"table {name} was written without {', '.join(missing)}")
        columns = [expression[column.name].cast(_IBIS[column.kind]).name(column.name) for column in vocabulary.columns]
        self.engine.write(expression.select(columns), self.written / f"{name}.parquet", vocabulary.order)

    def _write_edits(self) -> None:
        """Whose edits lay on top of company.toml in this run: kept beside the tables, and no part of what identifies the run."""
        found = [
            {"id": f"{each.section}:{each.key}", "who": each.who, "when": each.when, "deleted": each.values is None}
            for each in self.loaded.edits
        ]
        text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False)
        (self.written / "edits.json").write_text(text + "\n", encoding="utf-8")

    def _join_parts(self) -> None:
        """The evidence and the gaps of all rooms, as one table each."""
        for name in ("evidence", "not_computed"):
            # Whether a column may be empty is in the file as its writer found it, and differs from part to part.
            parts = [pq.read_table(path).cast(TABLES[name].schema) for path in sorted(self.written.glob(f"{name}@*.parquet"))]
            pq.write_table(arrow_table(name, pa.concat_tables(parts)), self.written / f"{name}.parquet", compression="zstd")

    def _compare_deliveries(self, key: str) -> list[str]:
        """Write what gave less than in the run before, and return what identifies that: nothing when nothing did.

        A run that reads what the current one read says what that one says, so that a run made again is the same run.
        """
        try:
            current = self.workspace.current()
        except RunFailed:
            current = None
        path = self.written / f"{deliveries.TABLE}.parquet"
        if current is not None and "listen" in current.stages and current.stages["listen"].key == key:
            found = deliveries.of(current)
        else:
            found = deliveries.compared(self.written / "sources.parquet", current)
        pq.write_table(arrow_table(deliveries.TABLE, found), path, compression="zstd")
        return [runs.file_digest(path)] if found.num_rows else []

    def _key(self, stage: Stage, today: date, records: dict[str, runs.StageRecord]) -> str:
        dumped = self.company.model_dump(mode="json")
        sections = json.dumps({name: dumped[name] for name in stage.sections}, sort_keys=True)
        inputs: Sequence[tuple[str, str]] = self._inputs if stage.name == "listen" else ()
        read = set(stage.face.READS)
        files = [(name, known) for record in records.values() for name, known in record.files.items() if Path(name).stem in read]
        code = self._code((*GROUND, f"{stage.name}/*.py"))
        day = "" if stage.name == "listen" and today == UNKNOWN_DAY else today.isoformat()
        return runs.digest(stage.name, self.engine.name, day, sections, json.dumps(sorted([*inputs, *files])), code)

    def _refuse_changed(self) -> None:
        """Raise Refused when a source is not the file any more that the run is known by: it was changed while it was read."""
        before, after = dict(self._inputs), dict(listen.inputs(self.company, self.workspace.folder))
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        if changed:
            mend = "run again when whoever writes it has ended"
            what = "it was changed or taken away while it was read"
            raise Refused([Fault(name, 1, what, mend) for name in changed])

    @cached_property
    def _inputs(self) -> list[tuple[str, str]]:
        return listen.inputs(self.company, self.workspace.folder)

    def _keep_settings(self) -> None:
        """What the run was made from, so that two runs can be compared and the difference explained."""
        code = self._code((*GROUND, *(f"{stage.name}/*.py" for stage in STAGES)))
        made_from = {"settings": self.company.model_dump(mode="json"), "inputs": dict(self._inputs), "code": code}
        text = json.dumps(made_from, indent=1, sort_keys=True, ensure_ascii=False)
        (self.written / runs.SETTINGS).write_text(text + "\n", encoding="utf-8")

    @staticmethod
    def _code(patterns: Sequence[str]) -> str:
        root = Path(vitalfew.__file__).parent
        files = sorted(
            {path for pattern in patterns for path in root.glob(pattern) if path.is_file() and "__pycache__" not in path.parts}
        )
        return runs.digest(
            vitalfew.__version__, *(f"{path.relative_to(root).as_posix()}={runs.file_digest(path)}" for path in files)
        )

    def _context(self, name: str, today: date, position: int) -> Context:
        folder = self.working / name
        folder.mkdir(parents=True, exist_ok=True)

        def progress(text: str) -> None:
            self.report(f"{name}: {text}", position, len(STAGES) + 1)

        return Context(self.engine, today, self.company.company.seed, folder, self.workspace.folder, progress)

    def _latest(self, paths: dict[str, Path]) -> date:
        """The latest day in the data. Raises Refused when no table has any date."""
        found: list[datetime] = []
        for table, column in DATED:
            latest = pc.max(pq.read_table(paths[table], columns=[column]).column(column)).as_py() if table in paths else None
            if latest is not None:
                found.append(latest)
        if found:
            return max(found).date()
        if self.company.company.as_of is None:
            line = self.loaded.lines(("company",))
            raise Refused(
                [
                    Fault(
                        "company.toml",
                        line,
                        "no source has a date, so the day of the strategy is unknown",
                        "add as_of to [company]",
                    )
                ]
            )
        return self.company.company.as_of


_IBIS = {"text": "string", "whole": "int64", "number": "float64", "yes_no": "boolean", "time": "timestamp(6)", "date": "date"}
