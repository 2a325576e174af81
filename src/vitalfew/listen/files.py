"""The bytes of foreign files: found by name or glob, unpacked when they end in .gz, digested; refused when damaged."""

from __future__ import annotations

import glob
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

CHUNK = 1 << 20
BOMB_RATIO = 200
BOMB_BYTES = 64 << 20
FORMATS = {".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
FORMATS |= {".parquet": "parquet", ".pq": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx"}

MAGIC = (
    (b"\x1f\x8b", "compressed with gzip", "let its name end in .gz, or unpack it"),
    (b"PK\3\4", "a workbook or another zip archive", "let the name of a workbook end in .xlsx; unpack an archive"),
    (b"PAR1", "a Parquet file", "let its name end in .parquet"),
    (b"PARE", "an encrypted Parquet file", "export it without encryption"),
    (b"\xd0\xcf\x11\xe0", "an old .xls or a workbook with a password", "save it as .xlsx without a password, or export it as csv"),
    (b"%PDF", "a PDF", "export the table itself as csv or xlsx"),
    (b"SQLite format 3", "an SQLite database", "read it with sql and database"),
    (b"ARROW1", "an Arrow file", "export it as Parquet"),
    (b"ORC", "an ORC file", "export it as Parquet"),
    (b"Obj\x01", "an Avro file", "export it as Parquet"),
    (b"BZh", "compressed with bzip2", "unpack it, or compress it with gzip"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it, or compress it with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstandard", "unpack it, or compress it with gzip"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it"),
)
"""How files of other kinds begin, what they are, and what to do."""


class FileFault(Exception):
    """A file that cannot be read at all: what is wrong, how to mend it, and the line when there is one."""

    def __init__(self, what: str, mend: str, line: int = 1) -> None:
        super().__init__(what)
        self.what, self.mend, self.line = what, mend, line


@dataclass(frozen=True)
class File:
    """One file of a source: `name` is its path relative to the workspace, with forward slashes."""

    path: Path
    name: str

    @property
    def packed(self) -> bool:
        """Whether it is gzip, by its ending."""
        return self.path.suffix.casefold() == ".gz"

    @property
    def format(self) -> str:
        """The format its ending says, '' when it says none."""
        inner = self.path.with_suffix("") if self.packed else self.path
        return FORMATS.get(inner.suffix.casefold(), "")


def found(workspace: Path, patterns: list[str]) -> list[File]:
    """The files of a source, each once, in the order of the patterns and by name within each.

    Raises FileFault for a pattern that finds nothing.
    """
    files: dict[str, File] = {}
    for pattern in patterns:
        literal = (workspace / pattern).is_file()
        names = [pattern] if literal else sorted(glob.glob(pattern, root_dir=workspace, recursive=True))  # noqa: PTH207  Path.glob takes no ..
        matched = [name for name in names if (workspace / name).is_file()]
        if not matched:
            isfolder = (workspace / pattern).is_dir()
            what = f"{pattern} is a folder" if isfolder else f"there is no file {pattern}"
            raise FileFault(what, f'write path = "{pattern}/*.csv"' if isfolder else "put it there, or correct path")
        for name in matched:
            files.setdefault(Path(name).as_posix(), File(workspace / name, Path(name).as_posix()))
    return list(files.values())


def opened(file: File) -> BinaryIO:
    """The file's bytes, unpacked."""
    if file.packed:
        return cast(BinaryIO, gzip.open(file.path, "rb"))
    return file.path.open("rb")


def chunks(file: File) -> Iterator[bytes]:
    """The file's bytes, unpacked, a megabyte at a time. Raises FileFault when it is damaged, cut short or a bomb."""
    out = 0
    with whole(), file.path.open("rb") as raw:
        stream = gzip.GzipFile(fileobj=raw) if file.packed else raw
        try:
            while chunk := stream.read(CHUNK):
                out += len(chunk)
                if file.packed and out > BOMB_BYTES and out > BOMB_RATIO * raw.tell():
                    raise FileFault(
                        f"it unpacks to more than {BOMB_RATIO} times its size",
                        "unpack it yourself if you trust it, and name that file",
                    )
                yield chunk
        except gzip.BadGzipFile as error:
            raw.seek(0)
            if raw.read(2) == MAGIC[0][0] and str(error).startswith("Not a gzipped file"):
                raise FileFault("something else follows what is compressed in it", "fetch or export it again") from None
            raise


@contextmanager
def whole() -> Iterator[None]:
    """What goes wrong while a file is read, as a FileFault: it is damaged, cut short, taken away or not ours to read."""
    try:
        yield
    except EOFError:
        raise FileFault("the file ends before its time: it was cut short", "fetch or export it again") from None
    except (gzip.BadGzipFile, zlib.error):
        raise FileFault("it ends in .gz but is no sound gzip file", "fetch or export it again, or drop .gz from its name") from None
    except FileNotFoundError:
        raise FileFault("it was taken away while it was read", "put it back, and run again") from None
    except OSError as error:
        raise FileFault(f"it cannot be read: {error.strerror or error}", "check its permissions and the disk it lies on") from None


def named_otherwise(head: bytes, wanted: str) -> None:
    """Raise FileFault when a file that should be `wanted` begins like a file of another kind. `head` is how it begins."""
    for magic, what, mend in MAGIC:
        if head.startswith(magic):
            raise FileFault(f"it is {what}, not {wanted}", mend)
    start = head[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise FileFault(f"it is a web page, not {wanted}", "fetch it again: what answers may have asked for a sign-in")


def digest(path: Path) -> str:
    """SHA-256 of the bytes as they lie on disk."""
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def digest_all(files: list[File]) -> str:
    """SHA-256 of one file, or of the names and digests of several."""
    if len(files) == 1:
        return digest(files[0].path)
    return hashlib.sha256("\n".join(f"{file.name} {digest(file.path)}" for file in files).encode()).hexdigest()


def unpacked(file: File, folder: Path) -> Path:
    """A path to the file's bytes, unpacked into `folder` when it is packed: for formats that need to jump about."""
    if not file.packed:
        return file.path
    target = folder / f"unpacked-{hashlib.sha256(file.name.encode()).hexdigest()[:16]}"
    with target.open("wb") as out:
        for chunk in chunks(file):
            out.write(chunk)
    return target


def size(path: Path) -> int:
    """Bytes on disk."""
    return path.stat().st_size


def text_stream(file: File, encoding: str, errors: str) -> io.TextIOWrapper:
    """The file's text, line endings as they stand."""
    return io.TextIOWrapper(opened(file), encoding=encoding, errors=errors, newline="")
