"""What was read from a database or over HTTP, as it lies on disk: immutable Parquet parts and one manifest that names them.

    .vitalfew/sources/<source>/0001-<digest>.parquet    one delivery: the rows as text, each with its number
    .vitalfew/sources/<source>/kept.json                the parts that count, and the watermark

A part is written among the run's working files, flushed and renamed; then the manifest is, by one rename. Killed at any moment, the
manifest names parts that are whole and the watermark that belongs to them; what it does not name is swept by the next run.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vitalfew.engine import Engine
from vitalfew.listen.files import File, FileFault, digest
from vitalfew.listen.origins import REFUSED, VALUE
from vitalfew.listen.readers import LINE, Header, Refuse, batch_rows, header_of
from vitalfew.listen.watermarks import Watermark
from vitalfew.settings import Source, slug

HOME = Path(".vitalfew") / "sources"
MANIFEST = "kept.json"
NUMBER, KEY, MARK, CONTENT = " line", " key", " mark", " content"
"""Columns of a part besides `REFUSED`, `VALUE` and those of the source: the row's number, its key and watermark, a digest of it."""


@dataclass(frozen=True)
class Part:
    """One delivery: its file, the digest of its bytes, its place among the deliveries, the columns as the source names them."""

    file: str
    sha256: str
    number: int
    rows: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """The manifest: what was asked (a digest), how the origin is called and its format, the parts, and how far it has been read."""

    asked: str
    label: str
    encoding: str
    parts: tuple[Part, ...]
    watermark: Watermark | None

    @property
    def sha256(self) -> str:
        """What identifies everything kept of the source."""
        return hashlib.sha256("\n".join([self.asked, *(part.sha256 for part in self.parts)]).encode()).hexdigest()


def folder_of(source: Source, workspace: Path) -> Path:
    """Where what is read of a source is kept."""
    return workspace / HOME / slug(source.name)


def kept_of(folder: Path) -> Kept | None:
    """What is kept in a source's folder; None when nothing is. Raises FileFault when the manifest cannot be read."""
    try:
        made = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        parts = tuple(Part(**{**part, "names": tuple(part["names"])}) for part in made["parts"])
        watermark = Watermark(**made["watermark"]) if made["watermark"] else None
        return Kept(made["asked"], made["label"], made["encoding"], parts, watermark)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise FileFault(
            "the record of what was read of it cannot be read", "read everything anew with `vitalfew run --full`"
        ) from None


def check_intact(kept: Kept, folder: Path) -> None:
    """Raise FileFault when a part is lost or was changed."""
    for part in kept.parts:
        if not (folder / part.file).is_file() or digest(folder / part.file) != part.sha256:
            what = f"what was read of it, {part.file}, is lost or was changed"
            raise FileFault(what, "read everything anew with `vitalfew run --full`")


def publish(folder: Path, kept: Kept, written: Path, part: Part) -> Kept:
    """Take a part written aside among those kept, and make `kept` with it the manifest. Each step is one rename."""
    sha256 = digest(written)
    part = replace(part, file=f"{part.number:04d}-{sha256[:20]}.parquet", sha256=sha256)
    kept = replace(kept, parts=(*kept.parts, part))
    _flush(written)
    written.rename(folder / part.file)
    _flush(folder)
    write_manifest(folder, kept)
    return kept


def write_manifest(folder: Path, kept: Kept) -> None:
    """Make `kept` the manifest, by one rename, and sweep what it does not name."""
    fresh = folder / f".{MANIFEST}"
    fresh.write_text(json.dumps(asdict(kept), indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    _flush(fresh)
    fresh.replace(folder / MANIFEST)
    _flush(folder)
    sweep(folder)


def sweep(folder: Path) -> None:
    """Remove what a killed run left, and parts that no longer count. Without a readable manifest no part is touched."""
    try:
        kept = kept_of(folder)
    except FileFault:
        return
    named = {part.file for part in kept.parts} if kept else set()
    for path in folder.glob("*.parquet"):
        if path.name not in named:
            path.unlink()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def ranked(engine: Engine, folder: Path, parts: tuple[Part, ...]) -> ir.Table | None:
    """Each row kept, with the number of its part and `nth`: 0 for the last version of its key, by watermark and then by delivery.

    A row without a key (every row of a source without a watermark; refused ones) is a version of its own.
    """
    tables = [
        engine.read(folder / part.file).select(NUMBER, KEY, MARK, CONTENT).mutate(part=ibis.literal(part.number, "int64"))
        for part in parts
    ]
    if not tables:
        return None
    rows = ibis.union(*tables, distinct=False) if len(tables) > 1 else tables[0]
    latest_first = [rows[MARK].desc(), rows["part"].desc(), rows[NUMBER].desc()]
    nth = ibis.row_number().over(ibis.window(group_by=[rows[KEY]], order_by=latest_first))
    return rows.mutate(nth=ibis.cases((rows[KEY].isnull(), 0), else_=nth))


@dataclass
class KeptPart:
    """A reader of one delivery, without the versions that later ones replaced. `_line` is the number of the row in it."""

    path: Path
    header: Header
    encoding: str
    replaced: pa.Array

    def batches(self, refuse: Refuse) -> Iterator[pa.Table]:
        """The rows as text."""
        with pq.ParquetFile(self.path) as opened:
            have = set(opened.schema_arrow.names)
            for batch in opened.iter_batches(batch_size=batch_rows(opened.metadata.num_columns)):
                table = pa.Table.from_batches([batch])
                if len(self.replaced):
                    table = table.filter(pc.invert(pc.is_in(table.column(NUMBER), value_set=self.replaced)))
                refused = table.filter(pc.is_valid(table.column(REFUSED))).select([NUMBER, VALUE, REFUSED])
                for row in refused.to_pylist():
                    refuse(row[NUMBER], "", row[VALUE] or "", row[REFUSED])
                sound = table.filter(pc.is_null(table.column(REFUSED)))
                arrays = [sound.column(name) if name in have else pa.nulls(len(sound), pa.string()) for name in self.header.columns]
                yield pa.table([sound.column(NUMBER), *arrays], names=[LINE, *self.header.columns])


def readers_of(source: Source, workspace: Path, engine: Engine) -> tuple[Kept, list[File], list[KeptPart]]:
    """The deliveries kept of a source, and a reader of each. Raises FileFault when there are none or one is damaged."""
    folder = folder_of(source, workspace)
    kept = kept_of(folder)
    if kept is None:
        raise FileFault("nothing has been read of it yet", "run `vitalfew run` in this workspace")
    check_intact(kept, folder)
    header = header_of(
        dict.fromkeys(name for part in kept.parts for name in part.names) if len(kept.parts) > 1 else kept.parts[0].names
    )
    rows = ranked(engine, folder, kept.parts) if source.watermark else None
    replaced = engine.collect(rows.filter(rows["nth"] > 0).select("part", NUMBER)) if rows is not None else None
    if replaced is not None and len(replaced):
        said = f"{len(replaced)} earlier versions of rows were left out: a later one of the same key takes their place"
        header = replace(header, remarks=[*header.remarks, ("", said)])
    files, readers = [], []
    for part in kept.parts:
        name = kept.label if len(kept.parts) == 1 else f"{kept.label} (delivery {part.number})"
        files.append(File(folder / part.file, name))
        mine = (
            pa.array([], pa.int64())
            if replaced is None
            else replaced.filter(pc.equal(replaced.column("part"), part.number)).column(NUMBER).combine_chunks()
        )
        readers.append(KeptPart(folder / part.file, header, kept.encoding, mine))
        header = replace(header, remarks=())
    return kept, files, readers
