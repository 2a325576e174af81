"""Faults in what people gave us: collected, listed all at once, never a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong: where it stands, what is wrong, how to mend it.

    `line` is 0 for what has no lines, such as what was written in the application. `place` is the way to the value within the
    settings, for those who show a fault beside its field.
    """

    file: str
    line: int
    what: str
    mend: str
    place: tuple[str | int, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        # One fault is one line, and what stands in a file must not command a terminal.
        told = f"{where}: {self.what}; {self.mend}"
        return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in told)


class Refused(Exception):
    """Settings or input refused, with every fault found. The command line prints them and exits with 2."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class RunFailed(Exception):
    """A run that could not go on; the last good run is untouched. The command line prints it and exits with 1."""
