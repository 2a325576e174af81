"""A further delivery of an export: which of the sources there are could read it as they read the files they have.

A source could when the file has the source's own form (csv, xlsx and so on) and, opened with the source's own settings, every
column its mapping names. Nothing is guessed: what lacks is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vitalfew.listen.files import File, FileFault, found, opened
from vitalfew.listen.readers import Reader
from vitalfew.listen.rules import fields
from vitalfew.listen.sources import open_file
from vitalfew.settings import Source

FORM, UNREADABLE, OTHERWISE = "form", "unreadable", "otherwise"
"""Why a source cannot read a file: its form is another, it cannot be opened, or it was written with another delimiter."""


@dataclass(frozen=True)
class Fit:
    """How files fit the source of the entry `key`.

    `missing` are the columns the mapping names and a file lacks; `why` is '', FORM, UNREADABLE or OTHERWISE, with `detail`: the
    forms the source reads, what is wrong, or the delimiter the file has. `alike`, 0 to 1, is the share of columns in common with a
    file the source reads, `called` whether the file is called like one but for numbers; `encoding` is what the file is written in
    where the source's settings say another.
    """

    key: str
    missing: tuple[str, ...] = ()
    why: str = ""
    detail: str = ""
    alike: float = 0.0
    called: bool = False
    encoding: str = ""

    @property
    def fits(self) -> bool:
        """Whether the source can read the files as it is."""
        return not self.missing and not self.why


def fitting(files: Sequence[File], sources: Mapping[str, Source], workspace: Path, folder: Path) -> list[Fit]:
    """How `files`, all of one form, fit each of `sources` (by the key of its entry): those that fit first, the likest before.

    Likest is the one whose files have most columns in common, then the one whose files are called so.
    """
    readers = _Readers(folder)
    made = [_fit(key, files, source, workspace, readers) for key, source in sources.items()]
    return sorted(made, key=lambda each: (not each.fits, len(each.missing), -each.alike, not each.called, each.key))


def columns_named(source: Source) -> list[str]:
    """Every column of a file that a source's mapping and its control name, each once. Expressions that do not parse name none."""
    made: list[str] = []
    for each in fields(source, 0):
        try:
            made += each.columns()
        except ValueError:  # told by the settings, and by what a run would read
            continue
    if source.control is not None and source.control.column:
        made.append(source.control.column)
    return list(dict.fromkeys(made))


@dataclass
class _Readers:
    """Files opened as sources say, each once in each way: opening walks a text file to its end."""

    folder: Path
    _made: dict[tuple[Any, ...], Reader | FileFault] = field(default_factory=dict)

    def of(self, file: File, source: Source) -> Reader:
        """A file opened with a source's settings. Raises FileFault."""
        form = (source.format, source.encoding, source.delimiter, source.sheet, source.skip, source.header_rows)
        key = (file.path, *form)
        if key not in self._made:
            try:
                self._made[key] = open_file(file, source, self.folder)
            except FileFault as fault:
                self._made[key] = fault
        made = self._made[key]
        if isinstance(made, FileFault):
            raise made
        return made


def _fit(key: str, files: Sequence[File], source: Source, workspace: Path, readers: _Readers) -> Fit:
    own = _own_files(source, workspace)
    forms = {source.format or file.format for file in own}
    if any(file.format not in forms for file in files):
        return Fit(key, why=FORM, detail=", ".join(sorted(forms)))
    named = columns_named(source)
    fit = Fit(key, called=any(_stem(file.name) == _stem(other.name) for file in files for other in own))
    alike = 1.0
    for file in files:
        try:
            reader = readers.of(file, source)
        except FileFault as fault:
            return replace(fit, why=UNREADABLE, detail=fault.what)
        missing = _missing(named, reader)
        if missing:
            other = _other_delimiter(named, file, source, readers)
            return replace(fit, missing=missing, why=OTHERWISE if other else "", detail=other)
        fit = replace(fit, encoding=fit.encoding or _other_encoding(file, source, readers))
        alike = min(alike, _alike(reader, own, source, readers))
    return replace(fit, alike=alike)


def _own_files(source: Source, workspace: Path) -> list[File]:
    """The files a source reads; for patterns that find none (any more), what they are called themselves."""
    made: list[File] = []
    for pattern in source.path:
        try:
            made += found(workspace, [pattern])
        except FileFault:
            made.append(File(workspace / pattern, pattern))
    return made


def _missing(named: Iterable[str], reader: Reader) -> tuple[str, ...]:
    """Names of columns in expressions may be written in any case; what else differs in case is told by what would be read."""
    folded = {name.casefold() for name in reader.header.columns}
    return tuple(name for name in named if name.casefold() not in folded)


def _other_delimiter(named: Iterable[str], file: File, source: Source, readers: _Readers) -> str:
    """The delimiter with which nothing would be missing, where the source's settings say another; '' where there is none."""
    if source.delimiter is None:
        return ""
    try:
        reader = readers.of(file, source.model_copy(update={"delimiter": None}))
    except FileFault:
        return ""
    return "" if _missing(named, reader) else str(getattr(reader, "delimiter", ""))


def _other_encoding(file: File, source: Source, readers: _Readers) -> str:
    """What a file is written in where that is not what the source's settings say; '' where it may be the same."""
    if source.encoding is None:
        return ""
    try:
        made = [readers.of(file, each) for each in (source, source.model_copy(update={"encoding": None}))]
    except FileFault:
        return ""
    stated, seen = (getattr(getattr(each, "decoded", None), "encoding", "") for each in made)
    if not stated or not seen:
        return ""
    # Letters that both write alike tell nothing: plain ASCII is utf-8 as well as cp1252.
    head = _head(file)
    return "" if head.decode(stated, "replace") == head.decode(seen, "replace") else seen


def _head(file: File, most: int = 4 << 20) -> bytes:
    """How a file begins, unpacked, to the end of a line."""
    with opened(file) as raw:
        head = raw.read(most)
    return head[: head.rfind(b"\n") + 1] or head


def _alike(reader: Reader, own: Sequence[File], source: Source, readers: _Readers) -> float:
    """The share of columns that a file has in common with the last of the source's own that can be opened."""
    for file in reversed(own):
        try:
            other = set(readers.of(file, source).header.columns)
        except (FileFault, OSError):
            continue
        mine = set(reader.header.columns)
        return len(mine & other) / len(mine | other) if mine | other else 0.0
    return 0.0


def _stem(name: str) -> str:
    """What a file is called, without folder, ending and numbers.

    >>> _stem("exports/Orders_2026-06.csv.gz") == _stem("orders-2026-07.csv")
    True
    """
    last = re.sub(r"(\.[A-Za-z]+){1,2}$", "", name.rpartition("/")[2])
    return re.sub(r"[\W\d_]+", "", last).casefold()
