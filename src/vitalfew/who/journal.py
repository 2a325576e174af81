"""What was remembered at the moment of touch: an append-only file, consulted at once, forgotten once the record comes in an export.

The decision record docs/decisions/0007-what-is-remembered.md says why a run does not read it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from vitalfew.who.book import Remembered
from vitalfew.who.comparing import Question

NAME = "touches.jsonl"
MOST = 20_000
"""Entries kept; beyond them the oldest give way."""


class Journal:
    """The journal of a workspace, in its folder `.vitalfew`. Two processes may write at the same time."""

    def __init__(self, home: Path) -> None:
        self.path = home / NAME
        self._lock = home / "touches.lock"

    def state(self) -> tuple[int, int]:
        """What changes when the file does: its inode and its size; (0, 0) when there is none."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_ino, found.st_size

    def entries(self) -> list[Remembered]:
        """Every entry, oldest first. A line half written when the power went is passed over."""
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return [entry for line in lines if (entry := _read(line)) is not None]

    def append(self, entry: Remembered, at: datetime, arrived: Callable[[str], bool]) -> None:
        """Add an entry, on disk when this returns.

        When the journal is full, entries whose record (source#key) has `arrived` in a run are dropped, and then the oldest.
        """
        line = json.dumps({"at": at.isoformat(timespec="seconds"), **asdict(entry)}, ensure_ascii=False, separators=(",", ":"))
        with self._locked():
            torn = self.path.exists() and self.path.stat().st_size > 0 and not self.path.read_bytes().endswith(b"\n")
            with open(self.path, "ab", opener=_private) as file:
                file.write(b"\n" * torn + line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if file_lines(self.path) > MOST:
                self._compact(arrived)

    def drop(self, gone: Callable[[Remembered], bool]) -> int:
        """Remove entries for which `gone` holds; returns how many."""
        with self._locked():
            before = self.entries()
            kept = [entry for entry in before if not gone(entry)]
            if len(kept) < len(before):
                self._rewrite({f"{entry.source}#{entry.key}:{entry.person}" for entry in kept})
            return len(before) - len(kept)

    def _compact(self, arrived: Callable[[str], bool]) -> None:
        kept = [entry for entry in self.entries() if not arrived(f"{entry.source}#{entry.key}")]
        # A tenth is freed at once, so that the file is not written anew with every entry.
        kept = kept[-(MOST - MOST // 10) :]
        self._rewrite({f"{entry.source}#{entry.key}:{entry.person}" for entry in kept})

    def _rewrite(self, kept: set[str]) -> None:
        """Keep the lines of these entries, written aside and named by one rename."""
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        wanted = [line for line in lines if (each := _read(line)) is not None and f"{each.source}#{each.key}:{each.person}" in kept]
        aside = self.path.with_name(f".{self.path.name}-{os.getpid()}")
        with open(aside, "w", encoding="utf-8", opener=_private) as file:
            file.writelines(f"{line}\n" for line in wanted[-MOST:])
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def file_lines(path: Path) -> int:
    """How many lines a file has."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _private(path: str, flags: int) -> int:
    # Names and addresses: for nobody but the one who runs the application.
    return os.open(path, flags, 0o600)


def _read(line: str) -> Remembered | None:
    try:
        kept: dict[str, Any] = json.loads(line)
        said = dict(kept["asked"])
        asked = Question(**said | {"name": tuple(said["name"]), "ignored": tuple(said["ignored"])})
        return Remembered(
            str(kept["source"]), str(kept["key"]), asked, str(kept["person"]), str(kept["account"]), str(kept["name"])
        )
    except (ValueError, KeyError, TypeError):
        return None
