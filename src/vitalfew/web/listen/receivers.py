"""The sources that may take a further file: those that read files of the folder exports, by name or by pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitalfew.company import EXPORTS, OWN_PATH
from vitalfew.web.authoring.changes import Entry, entries
from vitalfew.web.authoring.overlay import standing
from vitalfew.web.shell.access import Visit


@dataclass(frozen=True)
class Receiver:
    """A source that may take a further file: one of its `patterns` finds it; where there are none, its entry must name the file."""

    entry: Entry
    values: Mapping[str, Any]
    patterns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The source's name."""
        return str(self.values["name"])

    @property
    def added(self) -> bool:
        """Whether it was added in the application: then how its columns are read is changed there too."""
        return self.entry.file_values is None

    def decides(self, visit: Visit) -> bool:
        """Whether the visitor may keep a file for it: what a pattern finds is read at once, so that is for those who approve."""
        return not self.patterns or visit.reach("items.approve") == "company"


def receivers(visit: Visit) -> dict[str, Receiver]:
    """The sources in force that may take a further file, by the key of their entries."""
    made: dict[str, Receiver] = {}
    for each in entries(visit.company, standing(visit.company), "source"):
        paths = list((each.values or {}).get("path", ()))
        if each.values is None or not paths or not all(_within(path) for path in paths):
            continue
        patterns = tuple(path for path in paths if not OWN_PATH.fullmatch(path))
        made[each.key] = Receiver(each, each.values, patterns)
    return made


def _within(path: str) -> bool:
    return path.startswith(f"{EXPORTS}/") and ".." not in path.split("/")
