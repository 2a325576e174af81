"""Immutable runs on disk.

A run is written aside, flushed to disk, and only then named; `current` is a symbolic link moved by one rename. Killed at any point,
the last good run still stands. What a stage wrote is reused when its key (its inputs, settings and code) is the same; the pages are
reused when the whole run would be the same. Digests are checked before anything is reused.

    .vitalfew/runs/<id>/<table>.parquet    every table of the run
    .vitalfew/runs/<id>/run.json           stages and their keys, and the digest of every other file
    .vitalfew/runs/<id>/strategy/          what people read
    .vitalfew/current -> runs/<id>
    strategy -> .vitalfew/current/strategy
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vitalfew.faults import Fault, Refused, RunFailed

HOME = ".vitalfew"
PAGES = "strategy"


@dataclass(frozen=True)
class StageRecord:
    """What one stage of a run did: its key, and the digest of each file it wrote."""

    key: str
    files: dict[str, str]


@dataclass(frozen=True)
class Run:
    """One finished run."""

    folder: Path
    today: str
    engine: str
    version: str
    stages: dict[str, StageRecord] = field(default_factory=dict)
    # Digest of each file that no stage wrote: evidence and gaps joined, and the pages. Records of older versions have none.
    others: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The run's id: the digest of its stages' keys and of what draws its pages."""
        return self.folder.name

    def files(self) -> dict[str, str]:
        """Digest of every file of the run, by its path in the run's folder."""
        return {name: known for stage in self.stages.values() for name, known in stage.files.items()} | self.others

    def paths(self) -> dict[str, Path]:
        """Every table of the run and where it lies."""
        return {path.stem: path for path in sorted(self.folder.glob("*.parquet")) if "@" not in path.stem}


def digest(*parts: str) -> str:
    """A short, stable digest of texts."""
    joined = hashlib.sha256()
    for part in parts:
        joined.update(len(part).to_bytes(8, "little"))
        joined.update(part.encode())
    return joined.hexdigest()[:20]


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(folder: Path) -> Run:
    """The run in `folder`. Raises RunFailed when its record cannot be read."""
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        stages = {name: StageRecord(**stage) for name, stage in record["stages"].items()}
        others = dict(record.get("others", {}))
        return Run(folder.resolve(), record["today"], record["engine"], record["version"], stages, others)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFailed(f"the record of the run in {folder.name} cannot be read ({error}); run `vitalfew run` again") from error


class Workspace:
    """A folder with company.toml, and its runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / HOME
        self.runs = self.home / "runs"

    def current(self) -> Run | None:
        """The last good run, or None when there is none."""
        pointer = self.home / "current"
        return read(pointer.resolve()) if pointer.is_symlink() and pointer.exists() else None

    def need_current(self) -> Run:
        """The last good run. Raises Refused when there is none."""
        run = self.current()
        if run is None:
            raise Refused([Fault(str(self.folder), 1, "there is no run yet", f"run `vitalfew run {self.folder}` first")])
        return run

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One run at a time. Raises Refused when another one is under way. What a killed run left behind is swept here."""
        self.runs.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused(
                    [Fault(str(self.folder), 1, "another run is under way in this workspace", "wait until it has ended")]
                ) from None
            for left in [*self.home.glob("writing-*"), *self.home.glob("working-*")]:
                shutil.rmtree(left, ignore_errors=True)
            yield

    def aside(self) -> Path:
        """A fresh folder to write a run into; nobody reads it until `publish`."""
        return Path(tempfile.mkdtemp(prefix="writing-", dir=self.home))

    def reusable(self, stage: str, key: str) -> tuple[Path, StageRecord] | None:
        """A finished run that holds this stage with this key, and its record; every file's digest is checked."""
        for folder in sorted(self.runs.glob("*/run.json")):
            run = read(folder.parent)
            record = run.stages.get(stage)
            if (
                record is not None
                and record.key == key
                and all(_intact(run.folder / name, known) for name, known in record.files.items())
            ):
                return run.folder, record
        return None

    def reuse_pages(self, run: Run, written: Path) -> bool:
        """Link the pages of the finished run with the id of `run` into `written`; False when they must be drawn.

        They must when there is no such run, when any of its stages was other than in `run`, when it kept no digests of its pages,
        or when one of them is missing or has changed since.
        """
        folder = self.runs / run.id
        if not (folder / "run.json").is_file():
            return False
        found = read(folder)
        pages = {name: known for name, known in found.others.items() if name.startswith(f"{PAGES}/")}
        same = (found.today, found.engine, found.version, found.stages) == (run.today, run.engine, run.version, run.stages)
        if not pages or not same or not all(_intact(folder / name, known) for name, known in pages.items()):
            return False
        for name in pages:
            (written / name).parent.mkdir(parents=True, exist_ok=True)
            link(folder / name, written / name)
        return True

    def publish(self, written: Path, run: Run) -> Run:
        """Name the finished run, make it the current one, and point `strategy` at it. Each step is one rename."""
        own = {name for stage in run.stages.values() for name in stage.files}
        run = replace(run, others={name: known for name, known in _digests(written).items() if name not in own})
        (written / "run.json").write_text(json.dumps(_record(run), indent=1, sort_keys=True) + "\n", encoding="utf-8")
        _flush(written)
        target = self.runs / run.id
        if target.exists() and self._same(target, written):
            shutil.rmtree(written)
        else:
            # A spoilt run gives way by a rename: removing it file by file would leave a killed run without any for longer.
            spoilt = self.aside()
            if target.exists():
                target.rename(spoilt / run.id)
            written.rename(target)
            shutil.rmtree(spoilt, ignore_errors=True)
        _flush_folder(self.runs)
        _point(self.home / "current", Path("runs") / run.id)
        _point(self.folder / PAGES, Path(HOME) / "current" / PAGES)
        return read(target)

    def check_strategy(self) -> None:
        """Refuse, before any work, when `strategy` is something of the user's own."""
        path = self.folder / PAGES
        if path.exists() and not path.is_symlink():
            raise Refused(
                [Fault(str(path), 1, "this is a folder or file of yours where the strategy would be written", "move it away")]
            )

    @staticmethod
    def _same(target: Path, written: Path) -> bool:
        try:
            return (target / "run.json").read_bytes() == (written / "run.json").read_bytes() and all(
                _intact(target / name, known) for name, known in read(target).files().items()
            )
        except (OSError, RunFailed):
            return False


def link(source: Path, target: Path) -> None:
    """The same file under another name: a hard link, or a copy where the disk has none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _digests(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _intact(path: Path, known: str) -> bool:
    return path.is_file() and file_digest(path) == known


def _record(run: Run) -> dict[str, Any]:
    stages = {name: asdict(stage) for name, stage in run.stages.items()}
    return {"today": run.today, "engine": run.engine, "version": run.version, "stages": stages, "others": run.others}


def _flush(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    for path in [*sorted(each for each in folder.rglob("*") if each.is_dir()), folder]:
        _flush_folder(path)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _point(pointer: Path, target: Path) -> None:
    if pointer.is_symlink() and pointer.readlink() == target:
        return
    fresh = pointer.with_name(f".{pointer.name}-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(pointer)
    _flush_folder(pointer.parent)
