"""Immutable runs on disk.

A run is written aside, flushed to disk, and only then named; `current` is a symbolic link moved by one rename. Killed at any point,
the last good run still stands. What a stage wrote is reused when its key (its inputs, settings and code) is the same; the pages are
reused when the whole run would be the same. Digests are checked before anything is reused.

    .vitalfew/runs/<id>/<table>.parquet    every table of the run
    .vitalfew/runs/<id>/run.json           stages and their keys, and the digest of every other file
    .vitalfew/runs/<id>/settings.json      the settings, inputs and code it was made from, to be compared with another run's
    .vitalfew/runs/<id>/strategy/          what people read
    .vitalfew/current -> runs/<id>
    .vitalfew/person_ledger.parquet        of a workspace restored without its run: the ids of persons that go on
    .vitalfew/history.jsonl                which run became current when: a run itself holds no clock, so that it is reproducible
    strategy -> .vitalfew/current/strategy
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vitalfew.faults import Fault, Refused, RunFailed

HOME = ".vitalfew"
PAGES = "strategy"
SETTINGS = "settings.json"


class Busy(Refused):
    """Another run is under way in the workspace."""


@dataclass(frozen=True)
class StageRecord:
    """What one stage of a run did: its key, and the digest of each file it wrote.

    `base` is the key it would have without the run before it, whose ids of persons go on (`continuity`); '' for other stages.
    """

    key: str
    files: dict[str, str]
    base: str = ""


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

    def made_from(self) -> dict[str, Any] | None:
        """`settings`, `inputs` (digest by path) and `code` of the run; None for a run of a version that did not keep them."""
        try:
            kept = json.loads((self.folder / SETTINGS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return kept if isinstance(kept, dict) else None


@dataclass(frozen=True)
class Moment:
    """A run became the current one: when, and whether it was made then ("made") or gone back to ("back")."""

    at: datetime
    run: str
    how: str


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
                raise Busy(
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

    def publish(self, written: Path, run: Run, at: datetime | None = None) -> Run:
        """Name the finished run, make it the current one, and point `strategy` at it. Each step is one rename.

        `at` is the moment the history tells; now when left out.
        """
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
        return self._become_current(run.id, "made", at)

    # --- the runs there are ---

    def finished(self) -> list[Run]:
        """Every run that can be read, the one made last first."""
        found = []
        for record in self.runs.glob("*/run.json"):
            try:
                found.append(read(record.parent))
            except RunFailed:
                continue
        last = {moment.run: number for number, moment in enumerate(self.history()) if moment.how == "made"}
        return sorted(found, key=lambda run: (last.get(run.id, -1), run.id), reverse=True)

    def run(self, run: str) -> Run | None:
        """The finished run with this id, or None."""
        # An id is a digest: nothing that comes from an address becomes a path.
        if not re.fullmatch(r"[0-9a-f]{20}", run) or not (self.runs / run / "run.json").is_file():
            return None
        return read(self.runs / run)

    def history(self) -> list[Moment]:
        """Which run became current when, oldest first. A line half written when the power went is passed over."""
        try:
            lines = (self.home / "history.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                kept = json.loads(line)
                found.append(Moment(datetime.fromisoformat(kept["at"]), str(kept["run"]), str(kept["how"])))
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def made_at(self) -> dict[str, datetime]:
        """When each run was made last; for a run older than the history, when its record was written."""
        found = {path.parent.name: datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in self.runs.glob("*/run.json")}
        return found | {moment.run: moment.at for moment in self.history() if moment.how == "made" and moment.run in found}

    def previous(self, run: Run | None = None) -> Run | None:
        """The run that was current before `run` (the current one when left out) became so, or None."""
        after = run or self.current()
        if after is None:
            return None
        order = [moment.run for moment in self.history()]
        until = len(order) - 1 - order[::-1].index(after.id) if after.id in order else len(order)
        for name in reversed(order[:until]):
            found = self.run(name) if name != after.id else None
            if found is not None:
                return found
        # Runs made before there was a history: by the time of their records.
        made = self.made_at()
        older = [name for name, at in made.items() if name not in order and name != after.id and at <= made[after.id]]
        return self.run(max(older, key=lambda name: (made[name], name))) if older else None

    def go_back(self, run: str, at: datetime | None = None) -> Run:
        """Make a finished run the current one again. Raises Refused when there is none with this id or it is spoilt."""
        with self.locked():
            found = self.run(run)
            if found is None:
                raise Refused([Fault(str(self.folder), 1, f"there is no run {run!r}", "choose one of the list")])
            if not all(_intact(found.folder / name, known) for name, known in found.files().items()):
                raise Refused([Fault(str(self.folder), 1, f"files of the run {run} were changed or are lost", "make it again")])
            return self._become_current(run, "back", at)

    def delete(self, run: str) -> None:
        """Delete a finished run. Raises Refused for the current one and for one that does not exist."""
        with self.locked():
            found, current = self.run(run), self.current()
            if found is None:
                raise Refused([Fault(str(self.folder), 1, f"there is no run {run!r}", "choose one of the list")])
            if current is not None and current.id == run:
                raise Refused([Fault(str(self.folder), 1, "this is the current run", "make another one current first")])
            # One rename takes it away; what a power cut leaves of it is swept by the next run.
            gone = self.home / f"writing-gone-{run}"
            found.folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _become_current(self, run: str, how: str, at: datetime | None) -> Run:
        _point(self.home / "current", Path("runs") / run)
        _point(self.folder / PAGES, Path(HOME) / "current" / PAGES)
        line = json.dumps({"at": (at or datetime.now(UTC)).isoformat(timespec="seconds"), "run": run, "how": how})
        with (self.home / "history.jsonl").open("a", encoding="utf-8") as file:
            # Begins a line of its own even after a torn one.
            file.write(f"{line}\n" if file.tell() == 0 or _ends_a_line(Path(file.name)) else f"\n{line}\n")
            file.flush()
            os.fsync(file.fileno())
        return read(self.runs / run)

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


def size(folder: Path) -> int:
    """Bytes a run takes on disk; a file that several runs share counts for its share in each."""
    found = (path.stat() for path in folder.rglob("*") if path.is_file())
    return sum(each.st_size // max(1, each.st_nlink) for each in found)


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


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
