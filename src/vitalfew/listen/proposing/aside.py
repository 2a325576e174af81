"""Looking at files somebody sent, in a process of its own: `python -m vitalfew.listen.proposing.aside`.

A job comes as one JSON object on standard input and is answered by one on standard output. The process may use so much memory and
so much time and no more, so that a file made to break a reader breaks this process, and nobody else's page.

    {"do": "sketch", "folder": ..., "workspace": ..., "settings": {...}, "tables": {...}}  ->  {"sources": [...], "left_out": [...]}
    {"do": "read", "workspace": ..., "settings": {...}, "source": {...}}  ->  {"read": 200, "loaded": 198, "refused": [...], ...}
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis

from vitalfew.engine import Context, DuckEngine
from vitalfew.faults import Refused
from vitalfew.listen.files import FileFault, found
from vitalfew.listen.mapped import SEGMENT_PREFIX, Mapped
from vitalfew.listen.masking import mask
from vitalfew.listen.proposing.keys import Keys, keys_of
from vitalfew.listen.proposing.profile import look
from vitalfew.listen.proposing.sketch import sketch
from vitalfew.listen.reading import read
from vitalfew.listen.rules import key_rule
from vitalfew.listen.sources import FileFaults
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
        json.dump({"sketch": sketched, "read": tried}[job["do"]](job), answer, ensure_ascii=False)


def sketched(job: Mapping[str, Any]) -> dict[str, Any]:
    """What the files of a folder would be, with the keys of the sources that are there already."""
    company = Company.model_validate(job["settings"])
    known = known_keys(company, Path(job["workspace"]))
    sources, left = sketch(Path(job["folder"]), [each.name for each in company.source], known, job.get("tables"))
    return {"sources": [asdict(each) for each in sources], "left_out": [asdict(each) for each in left]}


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
    company = Company.model_validate(job["settings"]).model_copy(update={"source": [source], "link": []})
    engine = DuckEngine()
    try:
        with TemporaryDirectory() as working:
            today = datetime.now(UTC).date()
            context = Context(engine, today, company.company.seed, Path(working), Path(job["workspace"]))
            try:
                mapped, tables, remarks = read(company, context)
            except Refused as refused:
                return {"faults": [{"what": each.what, "mend": each.mend} for each in refused.faults]}
            told = tables["sources"].to_pylist()[0]
            return {
                "faults": [],
                "read": told["rows_read"],
                "loaded": told["rows_loaded"],
                "left": told["rows_quarantined"],
                "encoding": told["encoding"],
                "refused": _refused(tables["quarantine"]),
                "remarks": [{"column": each["column"], "remark": each["remark"]} for each in remarks],
                "columns": _filled(mapped[0], source, engine),
                "questions": _answers(mapped[0], engine) if source.table == "responses" else [],
            }
    finally:
        engine.close()


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


def _filled(mapped: Mapped, source: Source, engine: DuckEngine) -> list[dict[str, Any]]:
    """How many of the records loaded have each column that is read."""
    records = mapped.records
    names = {name: (f"_{name}" if f"_{name}" in records.columns else name) for name in source.columns}
    names = {name: column for name, column in names.items() if column in records.columns}
    names |= {name: f"{SEGMENT_PREFIX}{name}" for name in source.segments}
    if not names:
        return []
    counted = engine.collect(records.aggregate(**{f"n{place}": records[each].count() for place, each in enumerate(names.values())}))
    row = counted.to_pylist()[0]
    return [{"column": name, "n": row[f"n{place}"]} for place, name in enumerate(names)]


def _answers(mapped: Mapped, engine: DuckEngine) -> list[dict[str, Any]]:
    """How many answers each question has, and their mean where they are numbers."""
    records = mapped.records
    grouped = records.group_by("question").aggregate(n=records.count(), mean=records["value"].mean())
    table = engine.collect(grouped)
    made: list[dict[str, Any]] = table.sort_by([("n", "descending"), ("question", "ascending")]).to_pylist()
    return made


if __name__ == "__main__":
    main()
