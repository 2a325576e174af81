"""The exports of a workspace: files in it and in its exports folder, those of one form together as one source."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from vitalfew.faults import Fault, Refused
from vitalfew.listen.files import File, FileFault
from vitalfew.listen.proposing.profile import Form
from vitalfew.listen.sources import open_file

# What a folder of exports may hold besides exports, in which nobody expects data.
_OTHER = frozenset((".md", ".toml", ".pdf", ".html", ".png", ".py", ".sh", ".lock"))


@dataclass(frozen=True)
class LeftOut:
    """A file that is not read, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Together:
    """Files of one source: `paths` is what company.toml says."""

    files: tuple[File, ...]
    paths: tuple[str, ...]

    @property
    def stem(self) -> str:
        """What they are called, without what tells them apart."""
        first = self.files[0].name
        if len(self.files) > 1 and first.count("/") > 1:
            return first.split("/")[-2]
        stem = re.sub(r"(\.[A-Za-z]+){1,2}$", "", first.rpartition("/")[2])
        return re.sub(r"[-_. ]*\d[\dQq\-_. ]*$", "", stem) if len(self.files) > 1 else stem


def exports(folder: Path) -> tuple[list[Together], list[LeftOut]]:
    """The sources of a workspace and the files left out. Raises Refused when there is no such folder."""
    if not folder.is_dir():
        raise Refused([Fault(str(folder), 1, "there is no such folder", "give the folder that holds your exports")])
    inside = folder / "exports"
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    if inside.is_dir():
        paths += sorted(path for path in inside.rglob("*") if path.is_file())
    readable: list[File] = []
    left: list[LeftOut] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        file = File(path, name)
        if any(part.startswith(".") for part in name.split("/")) or name.startswith("company.toml"):
            continue
        if file.format:
            readable.append(file)
        elif path.suffix.casefold() not in _OTHER and not (path.parent == folder and path.name == "truth.json"):
            left.append(LeftOut(name, f"its ending {path.suffix or 'is missing, which'} is none of csv, tsv, jsonl, parquet, xlsx"))
    made: dict[tuple[str, ...], list[File]] = {}
    with TemporaryDirectory() as working:
        for file in readable:
            try:
                columns = open_file(file, Form().source(file.name), Path(working)).header.columns
            except FileFault as fault:
                left.append(LeftOut(file.name, f"{fault.what}; {fault.mend}"))
                continue
            made.setdefault((_pattern(file.name), *columns), []).append(file)
    return [Together(tuple(files), _paths(folder, files)) for files in made.values()], left


def _pattern(name: str) -> str:
    """A file's name with numbers taken out, by which files of one source differ; in a folder of its own, all but the ending."""
    folder, _, last = name.rpartition("/")
    return f"{folder}/*{_ending(last)}" if "/" in folder else re.sub(r"\d+", "0", name)


def _ending(name: str) -> str:
    return "".join(Path(name).suffixes[-2:]) if name.casefold().endswith(".gz") else Path(name).suffix


def _paths(folder: Path, files: Sequence[File]) -> tuple[str, ...]:
    """The files' names, or one pattern that finds exactly them."""
    names = [file.name for file in files]
    if len(names) == 1:
        return (names[0],)
    parent, _, first = names[0].rpartition("/")
    stem = "" if "/" in parent else re.split(r"\d", first, maxsplit=1)[0]
    pattern = f"{parent}/{stem}*{_ending(first)}".lstrip("/")
    exact = "[" not in pattern and sorted(glob.glob(pattern, root_dir=folder)) == sorted(names)  # noqa: PTH207  as files.found does
    return (pattern,) if exact and (stem or "/" in parent) else tuple(names)
