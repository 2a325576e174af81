"""Faults in what people gave us: collected, listed all at once, never a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong: where it stands, what is wrong, how to mend it."""

    file: str
    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}; {self.mend}"


class Refused(Exception):
    """Settings or input refused, with every fault found. The command line prints them and exits with 2."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class RunFailed(Exception):
    """A run that could not go on; the last good run is untouched. The command line prints it and exits with 1."""
