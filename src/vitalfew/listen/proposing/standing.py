"""The files of a source that is there, column by column: for a page on which people change how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from vitalfew.listen.files import File
from vitalfew.listen.proposing.finding import Together
from vitalfew.listen.proposing.keys import Keys
from vitalfew.listen.proposing.profile import STATED, Form, look
from vitalfew.listen.proposing.proposals import drafted_as, understand
from vitalfew.listen.proposing.sketch import SourceSketch, source_sketch
from vitalfew.listen.sources import open_file, open_source
from vitalfew.settings import Source


def standing(source: Source, workspace: Path, table: str, known: Mapping[str, Sequence[Keys]]) -> SourceSketch:
    """What the files of `source` would be as `table`, opened as the source says and with the columns of all of them.

    `known` are, by table, the keys of the other sources. Raises FileFault where there is no file, the first cannot be read or holds
    no record, and FileFaults.
    """
    form = Form(**{name: getattr(source, name) for name in STATED})
    with TemporaryDirectory() as working:
        groups: dict[tuple[str, ...], list[File]] = {}
        for file in open_source(source, 0, workspace, Path(working)).files:
            groups.setdefault(tuple(open_file(file, source, Path(working)).header.columns), []).append(file)
        made = [_drawn(source, files, table, known, form, Path(working)) for files in groups.values()]
    first = made[0]
    columns = {column.name: column for each in reversed(made) for column in each.columns}
    ordered = list(dict.fromkeys(column.name for each in made for column in each.columns))
    return replace(
        first,
        files=tuple(name for each in made for name in each.files),
        rows=sum(each.rows for each in made),
        refused=sum(each.refused for each in made),
        refused_reason=next((each.refused_reason for each in made if each.refused), ""),
        columns=tuple(columns[name] for name in ordered),
        notes=tuple(dict.fromkeys(note for each in made for note in each.notes)),
    )


def _drawn(
    source: Source, files: Sequence[File], table: str, known: Mapping[str, Sequence[Keys]], form: Form, folder: Path
) -> SourceSketch:
    """Files of one header."""
    names = tuple(file.name for file in files)
    draft = drafted_as(source.name, Together(tuple(files), names), look(files, folder, form), table)
    understand([draft], known)
    return source_sketch(draft)
