"""Who is this? One customer identified at the moment of touch, with the evidence and the history in five lines.

>>> from vitalfew import who
>>> directory = who.open("acme")                                         # doctest: +SKIP
>>> answer = directory.identify(phone="+33 6 12 34 56 78", name="Anna Rossi")  # doctest: +SKIP
>>> answer.outcome, answer.person, answer.confidence                     # doctest: +SKIP
('found', 'person:3f0c9ad1b2e4', 0.998)
>>> answer.candidates[0].history.lines()                                 # doctest: +SKIP
['Last contact 2026-06-16: phone, Where is my order', 'No open case', ...]

Opening takes a tenth of a second and a lookup less than a millisecond, whatever the number of people: an index is read in place.
"""

from __future__ import annotations

from pathlib import Path

from vitalfew.who.answers import Account, Answer, Candidate, Evidence, History
from vitalfew.who.directory import Directory

__all__ = ["Account", "Answer", "Candidate", "Directory", "Evidence", "History", "open"]


def open(folder: str | Path) -> Directory:
    """The people of the workspace `folder`, ready to be asked.

    Raises `faults.Refused` when the workspace has no run yet. A run builds its index; where one has none it is built here, once.
    """
    return Directory(Path(folder))
