"""A workspace's people, opened to be asked: the index of its current run and what was remembered since."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vitalfew
from vitalfew import runs
from vitalfew.faults import Fault, Refused
from vitalfew.who import weights
from vitalfew.who.answers import Answer
from vitalfew.who.book import Book, Remembered
from vitalfew.who.comparing import FIELDS, Question, question
from vitalfew.who.deciding import decide, joined
from vitalfew.who.journal import Journal
from vitalfew.who.layout import Index

if TYPE_CHECKING:
    from vitalfew.engine import Engine

FOLDER = "who"
TABLES = ("contacts", "people", "accounts", "identities", "timeline", "interactions", "responses", "orders", "mentions", "themes")
"""What an index is made of."""
_SECTIONS = ("company", "source", "question")

Progress = Callable[[str], None]


def index_path(home: Path, files: Mapping[str, str], settings: Mapping[str, Any]) -> Path:
    """Where the index of a run stands: named by what it is made of, so that runs that do not differ in it share one.

    `files` has the digests of the run's files, `settings` those it was made from.
    """
    parts = [f"{name}={files.get(f'{name}.parquet', '')}" for name in TABLES]
    parts += [json.dumps(settings.get(name), sort_keys=True) for name in _SECTIONS]
    return home / FOLDER / f"{runs.digest(vitalfew.__version__, _code(), *parts)}.index"


@lru_cache(maxsize=1)
def _code() -> str:
    own = Path(__file__).parent
    files = [*own.glob("*.py"), own.parent / "listen" / "normalise.py", own.parent / "listen" / "names.py"]
    return runs.digest(*(f"{path.name}={runs.file_digest(path)}" for path in sorted(files)))


def build_index(
    engine: Engine, tables: Mapping[str, Path], settings: Mapping[str, Any], path: Path, progress: Progress = lambda _: None
) -> None:
    """Build the index at `path`, unless it is there."""
    if path.exists():
        return
    # What builds it takes a second to load; a lookup needs none of it.
    from vitalfew.listen.normalise import home_region  # noqa: PLC0415
    from vitalfew.settings import Company  # noqa: PLC0415
    from vitalfew.who.building import About, build  # noqa: PLC0415

    company = Company.model_validate(settings)
    own = company.company
    region = home_region(own.time_zone, own.currency, own.language)
    about = About(region, own.time_zone, own.currency, own.language, company.outcome or None)
    build(engine, tables, about, path, lambda text: progress(f"who is who: {text}"))


_LEFT_SECONDS = 15 * 60


def sweep(workspace: runs.Workspace) -> None:
    """Remove indexes that no finished run has, and what was left half written by a process that was killed."""
    folder = workspace.home / FOLDER
    wanted = {_path_of(workspace, run).name for run in workspace.finished()}
    for path in folder.glob("*.index"):
        if path.name not in wanted:
            path.unlink(missing_ok=True)
    for path in folder.glob(".*.index-*"):
        # Another process may be writing one at this moment: it does not rest for so long.
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _LEFT_SECONDS:
                path.unlink()


def _path_of(workspace: runs.Workspace, run: runs.Run) -> Path:
    return index_path(workspace.home, run.files(), (run.made_from() or {}).get("settings", {}))


class Directory:
    """The people of a workspace. One may be kept open and asked from several threads: it follows the workspace's current run.

    >>> directory = open("acme")                                                      # doctest: +SKIP
    >>> answer = directory.identify(email="anna.rossi@acme.it", name="Anna Rossi")    # doctest: +SKIP
    >>> answer.person, answer.confidence                                              # doctest: +SKIP
    ('person:3f0c9ad1b2e4', 0.998)
    """

    def __init__(
        self, folder: Path, progress: Progress = lambda _: None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Raises Refused when the workspace has no run. Builds the index when the current run has none yet.

        `clock` tells when something is remembered.
        """
        self._clock = clock
        self._workspace = runs.Workspace(folder)
        self._journal = Journal(self._workspace.home)
        self._progress = progress
        self._state: tuple[str, tuple[int, int]] | None = None
        self._open()

    def identify(self, *, key: str | None = None, **given: str | None) -> Answer:
        """Who it is, from what is known: `email`, `phone`, `name`, `handle`, `born` (as in the sources, e.g. 1980-05-02), `street`,
        `city`, `postcode`, `national_id`, `company`, and `key`, the source#key of a record or the id of a person.

        Raises Refused when nothing is given that could identify anybody, and TypeError for a field there is none of.
        """
        started = time.perf_counter()
        asked = self._asked(key, given)
        answer = decide(self._current(), self._weights, asked, key or "")
        object.__setattr__(answer, "took_ms", (time.perf_counter() - started) * 1000)
        return answer

    def register(self, record: str, **given: str | None) -> Answer:
        """Identify a new record (`source#key`) and remember it: lookups know it at once, until an export brings it.

        It joins a person from a confidence of .75 on, as a run joins records by an address; else it becomes a person of its own,
        under the id the next run would give it. Returns the answer as it was before the record was known.
        Raises Refused like `identify`, and when `record` is not source#key.
        """
        source, mark, own = record.partition("#")
        if not mark or not source.strip() or not own.strip() or len(record) > 400 or "\x00" in record:
            raise Refused([Fault("--remember", 0, f"{record[:80]!r} names no record", "give it as source#key, e.g. calls#4711")])
        asked = self._asked(None, given)
        book = self._current()
        answer = decide(book, self._weights, asked)
        person = joined(answer) or f"person:{hashlib.sha256(record.encode()).hexdigest()[:12]}"
        account = answer.account.account if answer.account else ""
        name = " ".join((given.get("name") or "").split())
        entry = Remembered(source, own, asked, person, account, name)
        self._journal.append(entry, self._clock(), lambda each: bool(book.index.found("records", "r", each, 1)[0]))
        return answer

    def _asked(self, key: str | None, given: Mapping[str, str | None]) -> Question:
        unknown = sorted(set(given) - set(FIELDS))
        if unknown:
            raise TypeError(f"there is no field {unknown[0]}; there is {', '.join(FIELDS)}")
        book = self._current()
        asked = question(book.index.meta["region"], **given)
        if asked.company and asked.phone == "" and given.get("phone"):
            # A number without a country code is one of the company's country.
            found = book.accounts("a", asked.company)
            region = book.account(found[0])["region"] if len(found) == 1 else ""
            asked = question(region or book.index.meta["region"], **given)
        if asked.empty and not key:
            what = f"{', '.join(asked.ignored)} could not be read" if asked.ignored else "nothing is given to identify anybody by"
            raise Refused([Fault("who", 0, what, f"give one of {', '.join(FIELDS)}, or key")])
        return asked

    def _current(self) -> Book:
        """The book, opened anew when another run became current, with what was remembered since it was looked at last."""
        state = (str((self._workspace.home / "current").readlink()), self._journal.state())
        if state != self._state:
            self._open()
        return self._book

    def _open(self) -> None:
        run = self._workspace.need_current()
        pointer = str((self._workspace.home / "current").readlink())
        journal = self._journal.state()
        if self._state is None or pointer != self._state[0]:
            path = _path_of(self._workspace, run)
            if not path.exists():
                self._build(run, path)
            self._index = Index(path)
            self._weights = weights.read(self._index.meta["weights"])
        # The book is replaced whole, so that a thread that has the old one is not disturbed.
        self._book = Book(self._index, self._journal.entries())
        self._state = (pointer, journal)

    def _build(self, run: runs.Run, path: Path) -> None:
        made_from = run.made_from()
        if made_from is None or "contacts" not in run.paths():
            folder = self._workspace.folder
            raise Refused([Fault(str(folder), 0, "the current run is of an older version", f"run `vitalfew run {folder}` again")])
        from vitalfew.engine import DuckEngine  # noqa: PLC0415

        engine = DuckEngine()
        try:
            build_index(engine, run.paths(), made_from["settings"], path, self._progress)
        finally:
            engine.close()
        sweep(self._workspace)
