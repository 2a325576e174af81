"""Each source's files, or what is kept of a database or web address, read into one working Parquet file of text columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from vitalfew.engine import Context, Engine
from vitalfew.listen.files import File, FileFault, digest, digest_all, found, whole
from vitalfew.listen.keeping import readers_of
from vitalfew.listen.other_files import JsonLines, ParquetFile
from vitalfew.listen.quarantine import Quarantine
from vitalfew.listen.readers import FILE, LINE, PATH, Reader
from vitalfew.listen.text_files import TextFile
from vitalfew.listen.workbooks import Workbook
from vitalfew.settings import Source


@dataclass(frozen=True)
class Opened:
    """A source whose files have been found and their columns read, but not their records.

    `columns` are those all files can be asked for; `unusable` says, by folded name, why another cannot be. `label` names what is no
    file; `remarks` are (path, remark) worth telling of the source as a whole; `read_to` is the latest value of its watermark.
    """

    source: Source
    index: int
    files: tuple[File, ...]
    readers: tuple[Reader, ...]
    label: str = ""
    remarks: tuple[tuple[str, str], ...] = ()
    read_to: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of any of its files, in order of appearance."""
        return tuple(dict.fromkeys(name for reader in self.readers for name in reader.header.columns))

    @property
    def unusable(self) -> Mapping[str, str]:
        """Columns that cannot be used, by their name in folded case, and why."""
        return {name: why for reader in self.readers for name, why in reader.header.unusable.items()}

    def lacking(self, column: str) -> list[str]:
        """The files that do not have a column that others have."""
        return [file.name for file, reader in zip(self.files, self.readers, strict=True) if column not in reader.header.columns]


@dataclass(frozen=True)
class Staged:
    """A source's records as text: `table` has `columns`, `_line`, `_path` and `_file` (place of the file among the source's)."""

    opened: Opened
    table: ir.Table
    columns: tuple[str, ...]
    rows_read: int
    rows_refused: int
    encoding: str
    sha256: str

    @property
    def path(self) -> str:
        """The files, as the vocabulary's `sources` names them."""
        return self.opened.label or "; ".join(file.name for file in self.opened.files)


def open_file(file: File, source: Source, folder: Path) -> Reader:
    """A reader for one file, by the stated format or the ending. Raises FileFault."""
    kind = source.format or file.format
    if kind in ("csv", "tsv"):
        delimiter = source.delimiter or ("\t" if kind == "tsv" else None)
        return TextFile(file, source.encoding, delimiter, source.skip, source.header_rows)
    if kind == "xlsx":
        return Workbook(file, source.sheet, folder, source.skip, source.header_rows)
    if kind in ("jsonl", "parquet") and (source.skip or source.header_rows > 1):
        raise FileFault(f"skip and header_rows are not for {kind}: its columns are named otherwise", "take them out")
    if kind == "jsonl":
        return JsonLines(file, source.encoding)
    if kind == "parquet":
        return ParquetFile(file, folder)
    if file.path.suffix.casefold() in (".zip", ".7z", ".tar", ".tgz", ".bz2", ".xz", ".zst", ".rar"):
        raise FileFault("it is an archive", "unpack it and name what is in it; .gz alone is read as it is")
    raise FileFault("its ending does not say its format", 'add format = "csv", "tsv", "jsonl", "parquet" or "xlsx" to the source')


def open_source(source: Source, index: int, workspace: Path, folder: Path) -> Opened:
    """Find a source's files and read their columns. Raises FileFaults with every fault of its files."""
    files, repeated = once(found(workspace, list(source.path)))
    readers: list[Reader] = []
    faults: list[tuple[str, FileFault]] = []
    for file in files:
        try:
            readers.append(open_file(file, source, folder))
        except FileFault as fault:
            faults.append((file.name, fault))
    if faults:
        raise FileFaults(faults)
    return Opened(source, index, tuple(files), tuple(readers), remarks=repeated)


def open_kept(source: Source, index: int, workspace: Path, engine: Engine) -> Opened:
    """What is kept of a database or web address, its columns read. Raises FileFault when nothing is, or it is damaged."""
    kept, files, readers = readers_of(source, workspace, engine)
    read_to = kept.watermark.shown if kept.watermark is not None else ""
    return Opened(source, index, tuple(files), tuple(readers), kept.label, read_to=read_to)


def once(files: list[File]) -> tuple[list[File], tuple[tuple[str, str], ...]]:
    """The files whose content no earlier one has, and a remark on each of the others: a file delivered twice has one effect."""
    sizes: dict[int, list[File]] = {}
    for file in files:
        sizes.setdefault(file.path.stat().st_size, []).append(file)
    alike = {file.name: digest(file.path) for same in sizes.values() if len(same) > 1 for file in same}
    first: dict[str, str] = {}
    kept: list[File] = []
    remarks: list[tuple[str, str]] = []
    for file in files:
        content = alike.get(file.name, file.name)
        if first.setdefault(content, file.name) == file.name:
            kept.append(file)
        else:
            remarks.append((file.name, f"its content is that of {first[content]}; it was read once"))
    return kept, tuple(remarks)


class FileFaults(Exception):
    """Faults of several files of one source, by name."""

    def __init__(self, faults: Iterable[tuple[str, FileFault]]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(f"{name}: {fault.what}" for name, fault in self.faults))


def stage_source(opened: Opened, context: Context, quarantine: Quarantine) -> Staged:
    """Read every record of a source into a working file. Raises FileFaults when a file turns out damaged midway."""
    source, columns = opened.source, opened.columns
    schema = pa.schema([(LINE, pa.int64()), (PATH, pa.string()), (FILE, pa.int64()), *((name, pa.string()) for name in columns)])
    target = context.folder / f"source-{opened.index}.parquet"
    read = refused = 0
    with pq.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
        for place, (file, reader) in enumerate(zip(opened.files, opened.readers, strict=True)):

            def refuse(line: int, column: str, value: str, reason: str, name: str = file.name) -> None:
                nonlocal refused
                refused += 1
                quarantine.add(source.name, name, line, column, value, reason)

            before = read + refused
            try:
                for batch in _whole(reader.batches(refuse)):
                    read += batch.num_rows
                    writer.write_table(_aligned(batch, schema, file.name, place))
            except FileFault as fault:
                raise FileFaults([(file.name, fault)]) from None
            if read + refused == before:
                quarantine.remark(source.name, "", file.name, 0, "it holds no records; if there should be some, fetch it again")
            for column, remark in reader.header.remarks:
                quarantine.remark(source.name, column, file.name, 0, remark)
    for column in columns:
        lacking = opened.lacking(column)
        if lacking:
            quarantine.remark(source.name, column, "; ".join(lacking), 0, "some of the source's files do not have this column")
    for name, remark in opened.remarks:
        quarantine.remark(source.name, "", name, 0, remark)
    encodings = ", ".join(dict.fromkeys(reader.encoding for reader in opened.readers))
    _remark_encodings(opened, quarantine)
    table = context.engine.read(target)
    return Staged(opened, table, columns, read + refused, refused, encodings, digest_all(list(opened.files)))


def _whole(batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The batches; a file that is taken away or cut while they are read is a FileFault, trouble with writing them is not."""
    while True:
        with whole():
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def _aligned(batch: pa.Table, schema: pa.Schema, name: str, place: int) -> pa.Table:
    """A batch with the source's columns in their order; those its file lacks are null."""
    rows = batch.num_rows
    have = set(batch.column_names)
    fixed = {PATH: pa.repeat(name, rows), FILE: pa.repeat(pa.scalar(place, pa.int64()), rows)}
    arrays = [
        fixed[field.name] if field.name in fixed else batch.column(field.name) if field.name in have else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def _remark_encodings(opened: Opened, quarantine: Quarantine) -> None:
    for file, reader in zip(opened.files, opened.readers, strict=True):
        if "(detected)" in reader.encoding and not reader.encoding.startswith("utf"):
            remark = f"it is not UTF-8 and was read as {reader.encoding.split()[0]}; if letters look wrong, state encoding"
            quarantine.remark(opened.source.name, "", file.name, 0, remark)
