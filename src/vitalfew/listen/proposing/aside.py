"""Looking at files somebody sent, in a process of its own: `python -m vitalfew.listen.proposing.aside`.

A job comes as one JSON object on standard input and is answered by one on standard output. The process may use so much memory and
so much time and no more, so that a file made to break a reader breaks this process, and nobody else's page.

    {"do": "sketch", "folder": ..., "workspace": ..., "settings": {...}, "tables": {...}, "receivers": {KEY: {...}}}
        ->  {"sources": [...], "left_out": [...], "fits": [[...], ...]}
    {"do": "read", "workspace": ..., "settings": {...}, "source": {...}}  ->  {"read": 200, "loaded": 198, "refused": [...], ...}
    {"do": "deliver", "workspace": ..., "settings": {...}, "source": {...}, "files": [...]}  ->  the same of `files` beside what the
        source has already, with "already": {"same": 12, "other": 0}
    {"do": "stand", "workspace": ..., "settings": {...}, "source": {...}, "table": "orders"}  ->  as of sketch, of the files that a
        source has already
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from vitalfew.engine import Context, DuckEngine, Engine
from vitalfew.faults import Refused
from vitalfew.listen.files import File, FileFault, found
from vitalfew.listen.mapped import SEGMENT_PREFIX
from vitalfew.listen.mapping import REPEATED, REPEATED_OTHERWISE
from vitalfew.listen.masking import mask
from vitalfew.listen.proposing.delivery import fitting
from vitalfew.listen.proposing.finding import LeftOut
from vitalfew.listen.proposing.keys import Keys, keys_of
from vitalfew.listen.proposing.profile import look
from vitalfew.listen.proposing.sketch import sketch
from vitalfew.listen.proposing.standing import standing
from vitalfew.listen.quarantine import Quarantine
from vitalfew.listen.readers import PATH
from vitalfew.listen.reading import read
from vitalfew.listen.rules import key_rule
from vitalfew.listen.sources import FileFaults, open_source, stage_source
from vitalfew.runs import Workspace
from vitalfew.settings import Company, Source
from vitalfew.telling import leave_with_parent

MEMORY = 6 << 30
"""Bytes of address space: the engine reserves far more than it uses."""
SECONDS = 110
"""Of processor time."""
REASONS, LINES = 40, 3
KEYS_OF = ("people", "accounts", "orders")


def main() -> None:
    """Do the job on standard input and answer on standard output."""
    leave_with_parent()
    for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS)):
        _, hard = resource.getrlimit(limit)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (least, least))
    # What libraries print must not come between the lines of the answer.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.load(sys.stdin)
    with answer:
        json.dump(JOBS[job["do"]](job), answer, ensure_ascii=False)


def sketched(job: Mapping[str, Any]) -> dict[str, Any]:
    """What the files of a folder would be, with the keys of the sources that are there already."""
    company = Company.model_validate(job["settings"])
    known = known_keys(company, Path(job["workspace"]))
    folder, workspace = Path(job["folder"]), Path(job["workspace"])
    sources, left = sketch(folder, [each.name for each in company.source], known, job.get("tables"))
    receivers = {key: Source.model_validate(values) for key, values in job.get("receivers", {}).items()}
    with TemporaryDirectory() as working:
        fits = [
            [
                {**asdict(fit), "fits": fit.fits}
                for fit in fitting([File(folder / name, name) for name in each.files], receivers, workspace, Path(working))
            ]
            for each in sources
        ]
    return {"sources": [asdict(each) for each in sources], "left_out": [asdict(each) for each in left], "fits": fits}


def stood(job: Mapping[str, Any]) -> dict[str, Any]:
    """The files of a source that is there as `table`; keys are looked for in the other sources where that is not its own."""
    source, company, workspace = (
        Source.model_validate(job["source"]),
        Company.model_validate(job["settings"]),
        Path(job["workspace"]),
    )
    others = company.model_copy(update={"source": [each for each in company.source if each.name != source.name]})
    known = known_keys(others, workspace) if job["table"] != source.table else {}
    try:
        made = standing(source, workspace, job["table"], known)
    except FileFault as fault:
        return {"sources": [], "left_out": [asdict(LeftOut(", ".join(source.path), f"{fault.what}; {fault.mend}"))]}
    except FileFaults as several:
        return {"sources": [], "left_out": [asdict(LeftOut(name, f"{each.what}; {each.mend}")) for name, each in several.faults]}
    return {"sources": [asdict(made)], "left_out": []}


def known_keys(company: Company, workspace: Path) -> dict[str, list[Keys]]:
    """The keys of the company's sources of people, accounts and orders: from the last run, and from the files where it has none."""
    made: dict[str, list[Keys]] = {table: [] for table in KEYS_OF}
    of_run = _keys_of_run(workspace)
    for source in company.source:
        if source.table not in KEYS_OF:
            continue
        rule = source.columns.get(key_rule(source))
        column = rule.column if rule is not None and rule.column is not None else source.name
        values = of_run.get((source.table, source.name))
        keys = Keys(source.name, column, values, 1.0) if values else _keys_of_files(source, workspace)
        if keys is not None:
            made[source.table].append(keys)
    return made


def _keys_of_run(workspace: Path) -> dict[tuple[str, str], dict[str, int]]:
    """Keys by table and source, as the last run read them."""
    run = Workspace(workspace).current()
    paths = run.paths() if run is not None else {}
    made: dict[tuple[str, str], dict[str, int]] = {}
    engine = DuckEngine()
    try:
        for name in ("identities", "accounts"):
            if name not in paths:
                continue
            table = engine.read(paths[name])
            if name == "identities":
                table = table.filter(table["table"].isin(["people", "orders"])).select("table", "source", "key")
            else:
                table = table.mutate(table=ibis.literal("accounts")).select("table", "source", "key")
            for row in engine.collect(table).to_pylist():
                if row["source"] and row["key"]:
                    made.setdefault((row["table"], row["source"]), {})[row["key"]] = 1
    finally:
        engine.close()
    return made


def _keys_of_files(source: Source, workspace: Path) -> Keys | None:
    """The keys a source's files hold; None for one that has no such column, or cannot be read (`check` says why)."""
    rule = source.columns.get(key_rule(source))
    if source.fetched or rule is None or rule.column is None:
        return None
    with TemporaryDirectory() as working:
        try:
            profile = look(found(workspace, list(source.path)), Path(working))
        except (FileFault, FileFaults):
            return None
    return keys_of(source.name, profile, rule.column)


def tried(job: Mapping[str, Any]) -> dict[str, Any]:
    """What a run would read of one source: records loaded and refused, with the reasons, and how many have each column."""
    source = Source.model_validate(job["source"])
    with _read_alone(job, source) as (context, company):
        try:
            mapped, tables, remarks = read(company, context)
        except Refused as refused:
            return _faults(refused)
        told = tables["sources"].to_pylist()[0]
        return {
            "faults": [],
            "read": told["rows_read"],
            "loaded": told["rows_loaded"],
            "left": told["rows_quarantined"],
            "encoding": told["encoding"],
            "refused": _refused(tables["quarantine"]),
            "remarks": [{"column": each["column"], "remark": each["remark"]} for each in remarks],
            "columns": _filled(mapped[0].records, source, context.engine),
            "questions": _answers(mapped[0].records, context.engine) if source.table == "responses" else [],
        }


def delivered(job: Mapping[str, Any]) -> dict[str, Any]:
    """What a run would read of further `files` of a source: they are read beside those it has, behind them, as a run would.

    What is told is told of the further files alone. `already` counts their records that the source has under the same id: with the
    same content, and with another; the first delivery stands. Control totals hold for all files together.
    """
    source, files = Source.model_validate(job["source"]), list(job["files"])
    source = source.model_copy(update={"path": [*source.path, *files]})
    with _read_alone(job, source) as (context, company):
        try:
            mapped, tables, remarks = read(company, context)
            rows, encoding = _rows_of(source, files, context)
        except Refused as refused:
            return _faults(refused)
        except FileFaults as several:
            return {"faults": [{"what": f"{name}: {fault.what}", "mend": fault.mend} for name, fault in several.faults]}
        engine, records = context.engine, mapped[0].records
        records = records.filter(records[PATH].isin(files))
        # A response without any answer has no row among the answers; before they are taken apart each record has one.
        wide = context.folder / "wide-0.parquet"
        each = engine.read(wide) if wide.is_file() else mapped[0].records
        each = each.filter(each[PATH].isin(files))
        loaded = int(engine.collect(each.aggregate(n=each.count())).column("n")[0].as_py())
        quarantine = tables["quarantine"]
        quarantine = quarantine.filter(pc.is_in(quarantine.column("path"), pa.array(files, pa.string())))
        same, other = (pc.starts_with(quarantine.column("reason"), pattern=begin) for begin in (REPEATED, REPEATED_OTHERWISE))
        within = pc.match_substring_regex(quarantine.column("reason"), " of (" + "|".join(map(re.escape, files)) + ")(;|$)")
        before = [pc.and_(each, pc.invert(within)) for each in (same, other)]
        rest = quarantine.filter(pc.invert(pc.or_(*before)))
        return {
            "faults": [],
            "read": rows,
            "loaded": loaded,
            "left": rows - loaded,
            "already": {name: int(pc.sum(each).as_py() or 0) for name, each in zip(("same", "other"), before, strict=True)},
            "keyed": bool(key_rule(source)),
            "encoding": encoding,
            "refused": _refused(rest),
            "remarks": [{"column": one["column"], "remark": one["remark"]} for one in remarks if one["value"] in files],
            "columns": _filled(records, source, engine),
            "questions": _answers(records, engine) if source.table == "responses" else [],
        }


def _rows_of(source: Source, files: Sequence[str], context: Context) -> tuple[int, str]:
    """How many records `files` hold, malformed ones included, and how they are encoded. Raises FileFaults."""
    apart = context.folder / "apart"
    apart.mkdir()
    alone = replace(context, folder=apart)
    staged = stage_source(
        open_source(source.model_copy(update={"path": list(files)}), 0, context.workspace, apart), alone, Quarantine()
    )
    return staged.rows_read, staged.encoding


@contextmanager
def _read_alone(job: Mapping[str, Any], source: Source) -> Iterator[tuple[Context, Company]]:
    """The company with `source` alone, and where to read it."""
    company = Company.model_validate(job["settings"]).model_copy(update={"source": [source], "link": []})
    engine = DuckEngine()
    try:
        with TemporaryDirectory() as working:
            today = datetime.now(UTC).date()
            yield Context(engine, today, company.company.seed, Path(working), Path(job["workspace"])), company
    finally:
        engine.close()


def _faults(refused: Refused) -> dict[str, Any]:
    return {"faults": [{"what": each.what, "mend": each.mend} for each in refused.faults]}


def _refused(quarantine: Any) -> list[dict[str, Any]]:
    """Refused records and values by column and reason, most first, with the first lines and values."""
    made: dict[tuple[str, str], dict[str, Any]] = {}
    for row in quarantine.to_pylist():
        key = (row["column"] or "", mask(row["reason"] or ""))
        one = made.setdefault(key, {"column": key[0], "reason": key[1], "n": 0, "lines": [], "values": []})
        one["n"] += 1
        if len(one["lines"]) < LINES:
            one["lines"].append(row["line"])
            one["values"].append(mask(row["value"] or ""))
    return sorted(made.values(), key=lambda each: (-each["n"], each["column"], each["reason"]))[:REASONS]


def _filled(records: ir.Table, source: Source, engine: Engine) -> list[dict[str, Any]]:
    """How many of the records loaded have each column that is read."""
    names = {name: (f"_{name}" if f"_{name}" in records.columns else name) for name in source.columns}
    names = {name: column for name, column in names.items() if column in records.columns}
    names |= {name: f"{SEGMENT_PREFIX}{name}" for name in source.segments}
    if not names:
        return []
    counted = engine.collect(records.aggregate(**{f"n{place}": records[each].count() for place, each in enumerate(names.values())}))
    row = counted.to_pylist()[0]
    return [{"column": name, "n": row[f"n{place}"]} for place, name in enumerate(names)]


def _answers(records: ir.Table, engine: Engine) -> list[dict[str, Any]]:
    """How many answers each question has, and their mean where they are numbers."""
    grouped = records.group_by("question").aggregate(n=records.count(), mean=records["value"].mean())
    table = engine.collect(grouped)
    made: list[dict[str, Any]] = table.sort_by([("n", "descending"), ("question", "ascending")]).to_pylist()
    return made


JOBS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "sketch": sketched,
    "read": tried,
    "deliver": delivered,
    "stand": stood,
}


if __name__ == "__main__":
    main()
