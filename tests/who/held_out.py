"""Records of the demo company held out: what they say, an index of the rest, and what a full run makes of all."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from vitalfew import demo
from vitalfew.company import load
from vitalfew.engine import Context, DuckEngine, Tables
from vitalfew.listen import stage as listen
from vitalfew.who.building import About, build
from vitalfew.who.layout import Index

Said = dict[str, str]
SHARE = 0.06
"""How many of the records of the helpdesk, the web shop and a survey are held out."""
FIELDS = {
    "helpdesk": {"name": "requester", "email": "requester_email", "phone": "requester_phone", "company": "company"},
    "survey_2025": {"name": "name", "email": "email", "company": "company"},
    "webshop_users": {"name": "full_name", "email": "email", "phone": "phone", "company": "company"},
}
_KEYS = {"helpdesk": "ticket", "survey_2025": "response_id", "webshop_users": "user_id"}


@dataclass(frozen=True)
class World:
    """`index` is of all records but those held out; `held` says what these say. `full` and `rest` give each record's person in a run
    of all records and in one without them; `whole` is, for each person of the rest, the person of the full run that has most of its
    records, and `true` the true one."""

    index: Index
    held: dict[str, Said]
    full: dict[str, str | None]
    rest: dict[str, str | None]
    whole: dict[str, str]
    true: dict[str, str]
    truth: dict[str, str]

    def as_full_run(self, record: str, person: str | None) -> bool:
        """Whether `person` of the rest, or nobody, is what the full run made of the record."""
        wanted = self.full[record]
        if person is None:
            return wanted is None or wanted not in set(self.whole.values())
        return self.whole.get(person) == wanted


def make(folder: Path, seed: int = 1) -> World:
    """The demo company written into `folder` twice, whole and without the records held out, and read."""
    whole, less = folder / "whole", folder / "less"
    for each in (whole, less):
        demo.write(each, seed=seed, size="small")
    truth = json.loads((whole / "truth.json").read_text())["people"]
    held = _hold_out(less, random.Random(seed))
    full, _ = _people(whole, folder / "working-whole")
    rest, index = _people(less, folder / "working-less")
    whole_of = _most((person, full.get(record)) for record, person in rest.items())
    true = _most((person, truth.get(record)) for record, person in rest.items())
    # Records that are refused (planted bad rows) are nobody's in either run.
    held = {record: said for record, said in held.items() if record in full}
    return World(index, held, full, rest, whole_of, true, truth)


def _most(pairs) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """For each first of the pairs the second it stands with most often."""
    votes: dict[str, Counter[str]] = {}
    for one, other in pairs:
        if one and other:
            votes.setdefault(one, Counter())[other] += 1
    return {one: min(count, key=lambda each: (-count[each], each)) for one, count in votes.items()}


def _hold_out(folder: Path, chance: random.Random) -> dict[str, Said]:
    held: dict[str, Said] = {}

    def kept(source: str, row: dict[str, str]) -> bool:
        if chance.random() >= SHARE or not row.get(_KEYS[source]):
            return True
        said = {name: row.get(column) or "" for name, column in FIELDS[source].items()}
        held[f"{source}#{row[_KEYS[source]].strip()}"] = said
        return False

    path = folder / "exports" / "helpdesk_tickets.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names, rows = reader.fieldnames or [], list(reader)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(row for row in rows if kept("helpdesk", row))
    path = folder / "exports" / "survey_2025.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        names, rows = reader.fieldnames or [], list(reader)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(row for row in rows if kept("survey_2025", row))
    path = folder / "exports" / "webshop_users.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if _shop_kept(line, kept)), encoding="utf-8")
    return held


def _shop_kept(line: str, kept) -> bool:  # type: ignore[no-untyped-def]
    try:
        row = json.loads(line)
    except ValueError:
        return True
    return kept("webshop_users", {name: value if isinstance(value, str) else "" for name, value in row.items()})


def _people(folder: Path, working: Path) -> tuple[dict[str, str | None], Index]:
    """The person of each record after the room listen, and the index of what it wrote."""
    working.mkdir()
    engine = DuckEngine(working)
    try:
        context = Context(engine, date(2026, 6, 30), 1, working, folder)
        made = listen.run(Tables(engine, {}), load(folder).company, context).tables
        paths = {}
        for name in ("contacts", "people", "accounts", "identities", "interactions", "orders", "responses", "timeline"):
            table = made[name]
            expression = engine.table(table) if hasattr(table, "to_pylist") else table
            paths[name] = working / f"made-{name}.parquet"
            engine.write(expression, paths[name], ())
        path = working / "all.index"
        build(engine, paths, About("NL", "Europe/Amsterdam", "EUR", "en", "recommend"), path)
        rows = pq.read_table(paths["identities"], columns=["source", "key", "person"]).to_pylist()
    finally:
        engine.close()
    return {f"{row['source']}#{row['key']}": row["person"] for row in rows}, Index(path)
