"""Databases and web addresses read before a run: everything, or what is new since the watermark, into what is kept of the source.

A delivery that brings nothing new leaves what is kept as it is, so that the same data gives the same run: rows are compared by
their content, not by the order a database happens to give them in.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vitalfew.engine import Context, Engine
from vitalfew.faults import Fault
from vitalfew.listen.databases import database
from vitalfew.listen.files import FileFault
from vitalfew.listen.http_pages import HttpSource
from vitalfew.listen.keeping import (
    CONTENT,
    HOME,
    KEY,
    MARK,
    NUMBER,
    Kept,
    Part,
    check_intact,
    folder_of,
    kept_of,
    publish,
    ranked,
    sweep,
)
from vitalfew.listen.origins import REFUSED, VALUE, Delivery, Origin, OriginFault, Since
from vitalfew.listen.readers import Header, header_of, short
from vitalfew.listen.rules import Place
from vitalfew.listen.typed import literal, quote
from vitalfew.listen.watermarks import Watermark, kind_of, since, sortable
from vitalfew.settings import Company, Source, slug

SETTINGS = "company.toml"
Lines = Callable[[Place], int]


def origin_of(source: Source, workspace: Path, environment: Mapping[str, str]) -> Origin:
    """Where a source's rows come from. Raises OriginFault when its settings or the environment do not say enough."""
    return HttpSource(source, environment) if source.url else database(source, workspace, environment)


def fault_of(source: Source, index: int, fault: OriginFault, lines: Lines) -> Fault:
    """A fault of an origin, at its line of company.toml."""
    return Fault(SETTINGS, lines(("source", index, fault.key)), f"source {source.name!r}: {fault.what}", fault.mend)


def probe(source: Source, workspace: Path, environment: Mapping[str, str]) -> Header | None:
    """The columns a source would give, asked without reading its rows; None where only the rows tell. Raises OriginFault."""
    names = origin_of(source, workspace, environment).columns()
    if names is None:
        return None
    header = header_of(names)
    _check_columns(source, header)
    return header


def fetch(company: Company, context: Context, environment: Mapping[str, str], lines: Lines, full: bool) -> list[Fault]:
    """Read every source that is no file into what is kept of it, and return what went wrong; a source at fault is left as it was.

    `full` reads everything anew; otherwise a source with a watermark gives what is new since then.
    """
    faults: list[Fault] = []
    for index, source in enumerate(company.source):
        if not source.fetched:
            continue
        context.progress(f"asking {source.name}")
        try:
            origin = origin_of(source, context.workspace, environment)
            aside = context.folder / f"fetching-{index}"
            _Fetching(source, origin, folder_of(source, context.workspace), aside, context.engine, full).all()
        except OriginFault as fault:
            faults.append(fault_of(source, index, fault, lines))
        except FileFault as fault:
            faults.append(Fault(SETTINGS, lines(("source", index)), f"source {source.name!r}: {fault.what}", fault.mend))
    _forget_others(company, context.workspace)
    return faults


def _forget_others(company: Company, workspace: Path) -> None:
    """Remove what was kept of sources that are no longer there: it is about people, and nothing asks for it any more."""
    named = {slug(source.name) for source in company.source if source.fetched}
    home = workspace / HOME
    for folder in sorted(home.iterdir()) if home.is_dir() else []:
        if folder.name not in named:
            shutil.rmtree(folder, ignore_errors=True)


def _check_columns(source: Source, header: Header) -> None:
    """Raise OriginFault when the key or the watermark is no column of the source."""
    for setting, name in [("watermark", source.watermark), *(("key", each) for each in source.key)]:
        if name and name not in header.columns:
            why = header.unusable.get(name.casefold())
            what = f"its {setting} {name!r} cannot be used: {why}" if why else f"there is no column {name!r} for its {setting}"
            held = ", ".join(header.columns[:12]) + (" ..." if len(header.columns) > 12 else "")
            raise OriginFault(setting, what, f"name one of {held or 'its columns'}")


@dataclass
class _Fetching:
    """One source being read."""

    source: Source
    origin: Origin
    folder: Path
    aside: Path
    engine: Engine
    full: bool

    def all(self) -> None:
        """Read it, compare with what is kept, and keep what is new. Raises OriginFault or FileFault; what was kept then stands."""
        self.folder.mkdir(parents=True, exist_ok=True)
        before = self._before()
        sweep(self.folder)
        begun = before if before is not None and self.source.watermark and before.watermark and not self.full else None
        shutil.rmtree(self.aside, ignore_errors=True)
        self.aside.mkdir()
        try:
            self._take(before, begun)
        finally:
            shutil.rmtree(self.aside, ignore_errors=True)

    def _before(self) -> Kept | None:
        """What is kept of the very thing that is asked now. A source asked otherwise than before is read anew."""
        try:
            found = kept_of(self.folder)
            if found is None or found.asked != self._asked():
                return None
            check_intact(found, self.folder)
        except FileFault:
            # What is read anew needs nothing of what was kept.
            if self.full or not self.source.watermark:
                return None
            raise
        return found

    def _asked(self) -> str:
        """What identifies the question: settings that change the rows, and which database or address."""
        settings = self.source.model_dump(
            mode="json", include={"sql", "url", "rows", "parameters", "pages", "key", "watermark", "since"}
        )
        told = json.dumps([settings, self.origin.identity()], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def _take(self, before: Kept | None, begun: Kept | None) -> None:
        raw = self.aside / "raw.parquet"
        with self.origin.read(self._since(begun), self.aside) as delivery:
            header = header_of(delivery.names)
            if delivery.names:
                _check_columns(self.source, header)
            stream = _Stream(self.source, header, begun.watermark if begun else None)
            stream.write(delivery, raw)
        if begun is None and not stream.rows and not delivery.names:
            raise OriginFault("url", "it answers without any row, so its columns are unknown", "check the address and rows")
        new = self._with_content(raw, header)
        old = self._live(before.parts) if before else None
        if begun is not None and old is not None:
            joined = [(new["_key"] == old["_key"]), (new[CONTENT] == old[CONTENT])]
            new = new.anti_join(old, joined)
            if not self._count(new):
                return
        written = self.aside / "part.parquet"
        rows = self.engine.write(new.drop("_key"), written, (NUMBER,))
        number = 1 + max((part.number for part in begun.parts), default=0) if begun else 1
        part = Part("", "", number, rows, tuple(delivery.names))
        if begun is None and before is not None and tuple(before.parts[-1].names) == part.names and old is not None:
            alone = replace(part, file=str(written.resolve()))
            if self._same(self._live((alone,)), old):
                return
        kept = begun or Kept(self._asked(), self.origin.label, self.origin.encoding, (), None)
        publish(self.folder, replace(kept, watermark=stream.latest(delivery.types)), written, part)

    def _since(self, begun: Kept | None) -> Since | None:
        if begun is None or begun.watermark is None:
            return None
        try:
            return since(begun.watermark, self.source.overlap)
        except ValueError as error:
            raise OriginFault("overlap", str(error), "leave overlap out") from None

    def _with_content(self, raw: Path, header: Header) -> ir.Table:
        """The rows of a delivery with a digest of each, made of its columns that hold something, by name."""
        parts = [
            f"CASE WHEN {quote(name)} IS NOT NULL THEN {literal(name)} || '=' || length({quote(name)}) || ':' || {quote(name)} END"
            for name in sorted(header.columns)
        ]
        parts += [quote(REFUSED), quote(VALUE)]
        columns = {name: quote(name) for name in (NUMBER, REFUSED, VALUE, KEY, MARK, *header.columns)}
        columns[CONTENT] = f"md5(concat_ws(chr(31), {', '.join(parts)}))"
        columns["_key"] = f"coalesce({quote(KEY)}, '')"
        return self.engine.project(self.engine.read(raw), columns)

    def _live(self, parts: tuple[Part, ...]) -> ir.Table | None:
        """Key and content of each row that counts."""
        rows = ranked(self.engine, self.folder, parts)
        if rows is None:
            return None
        return rows.filter(rows["nth"] == 0).select(CONTENT, _key=rows[KEY].fill_null(""))

    def _same(self, left: ir.Table | None, right: ir.Table) -> bool:
        """Whether two sets of rows are the same, each row as often."""
        assert left is not None  # noqa: S101 - for the type checker: one part is never none
        counted = [table.group_by(["_key", CONTENT]).aggregate(n=table.count()) for table in (left, right)]
        on = ["_key", CONTENT, "n"]
        return not any(self._count(one.anti_join(other, on)) for one, other in ((counted[0], counted[1]), (counted[1], counted[0])))

    def _count(self, table: ir.Table) -> int:
        return int(self.engine.collect(table.aggregate(rows=table.count())).column("rows")[0].as_py())


class _Stream:
    """A delivery on its way into a file: its rows numbered, each with key and watermark; those without are refused."""

    def __init__(self, source: Source, header: Header, before: Watermark | None) -> None:
        self._source, self._header, self._before = source, header, before
        self._kind = before.kind if before else None
        self._latest, self._shown = (before.mark, before.shown) if before else ("", "")
        self._wanted = {name: str(place) for name, place in zip(header.columns, header.positions, strict=True)}
        self.rows = 0

    def write(self, delivery: Delivery, target: Path) -> None:
        """Walk the batches. Raises OriginFault when the origin fails midway: nothing of the delivery is then kept."""
        fixed = [(NUMBER, pa.int64()), *((name, pa.string()) for name in (REFUSED, VALUE, KEY, MARK))]
        schema = pa.schema([*fixed, *((name, pa.string()) for name in self._header.columns)])
        with pq.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
            for batch in delivery.batches:
                columns = {name: _filled(batch.column(place)) for name, place in self._wanted.items()}
                numbers = pa.array(range(self.rows + 1, self.rows + 1 + len(batch)), pa.int64())
                self.rows += len(batch)
                refused, value, keys, marks = self._judged(batch, columns)
                # What a refused row holds is told in VALUE; its columns are kept empty, as no table may hold them.
                columns = {name: pc.if_else(pc.is_null(refused), column, None) for name, column in columns.items()}
                writer.write_table(pa.table([numbers, refused, value, keys, marks, *columns.values()], schema=schema))

    def _judged(self, batch: pa.Table, columns: Mapping[str, pa.Array]) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
        refused, value = batch.column(REFUSED).combine_chunks(), batch.column(VALUE).combine_chunks()
        nothing = pa.nulls(len(batch), pa.string())
        if not self._source.watermark:
            return refused, value, nothing, nothing
        keys: list[str | None] = []
        marks: list[str | None] = []
        why, shown = refused.to_pylist(), value.to_pylist()
        of_key = list(zip(*(columns.get(name, nothing).to_pylist() for name in self._source.key), strict=True))
        for place, text in enumerate(columns.get(self._source.watermark, nothing).to_pylist()):
            mark = self._mark(text) if why[place] is None else None
            if why[place] is None and (mark is None or None in of_key[place]):
                why[place], shown[place] = self._reason(text, of_key[place]), short(text or "")
            keys.append(json.dumps(of_key[place], ensure_ascii=False) if why[place] is None else None)
            marks.append(mark if why[place] is None else None)
            if keys[-1] is not None and mark is not None and mark > self._latest:
                self._latest, self._shown = mark, text
        return pa.array(why, pa.string()), pa.array(shown, pa.string()), pa.array(keys, pa.string()), pa.array(marks, pa.string())

    def _mark(self, text: str | None) -> str | None:
        if text is None:
            return None
        if self._kind is None:
            try:
                self._kind = kind_of(text)
            except ValueError as error:
                raise OriginFault(
                    "watermark", f"its watermark {self._source.watermark!r}: {error}", "name another column"
                ) from None
        return sortable(text, self._kind)

    def _reason(self, text: str | None, key: tuple[str | None, ...]) -> str:
        empty = [name for name, each in zip(self._source.key, key, strict=True) if each is None]
        if empty:
            return f"its key {', '.join(empty)} is empty, so no later version could take its place; fill it"
        if text is None:
            return f"its watermark {self._source.watermark} is empty, so it cannot be told whether it is new; fill it"
        kinds = {"time": "time", "number": "whole number", "text": "text"}
        return f"its watermark {self._source.watermark} is no {kinds[self._kind or 'text']} as the others are; correct it"

    def latest(self, types: Mapping[str, str]) -> Watermark | None:
        """How far the source has been read now; None when no row had a watermark."""
        if self._kind is None or not self._latest:
            return self._before
        known = types.get(self._source.watermark) or (self._before.type if self._before else "text")
        return Watermark(self._kind, self._latest, self._shown, known)


def _filled(column: pa.ChunkedArray) -> pa.Array:
    """A column of text where what is empty is null."""
    whole = column.combine_chunks()
    return pc.if_else(pc.equal(whole, ""), None, whole)
