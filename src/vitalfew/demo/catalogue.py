"""What every world of the demo company has in common, read from catalogue.toml, and the word lists of names.txt."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

Size = Literal["small", "medium", "large"]

FIRST_DAY = date(2024, 5, 1)
"""First day with orders: a full year lies before the first answer of the first survey."""
TICKETS_FROM = date(2024, 7, 1)
AS_OF = date(2026, 6, 30)
YEAR_FROM = date(2025, 7, 1)
"""First of the last twelve months, which yearly costs are told for."""


@dataclass(frozen=True)
class Scale:
    """How much of everything a size has. Rates are per account, or per contact, and year; `tickets` multiplies those of issues."""

    accounts: int
    contacts: float
    orders: float
    sessions: float
    questions: float
    tickets: float
    taking_part: float
    sampled: int | None


SCALES: dict[Size, Scale] = {
    "small": Scale(600, 4.0, 16.0, 1.0, 0.22, 1.0, 0.72, None),
    "medium": Scale(12_500, 4.0, 12.0, 2.4, 0.22, 1.0, 0.5, None),
    "large": Scale(250_000, 4.0, 4.0, 0.25, 0.1, 0.4, 0.12, 200_000),
}


@dataclass(frozen=True)
class Group:
    """A work group: `hour_cost` in money an hour, `stage` of the journey its contacts belong to."""

    name: str
    kind: str
    people: int
    hour_cost: float
    serves: str
    stage: str
    sponsor: str


@dataclass(frozen=True)
class Driver:
    """A rated driver: its question's name, and its column in the survey of 2025 (`old`) and of 2026 (`new`)."""

    name: str
    question: str
    group: str
    old: str
    new: str
    trouble: str


@dataclass(frozen=True)
class Issue:
    """Something that can go wrong. `rate` is tickets a year of somebody affected; `minutes` and `direct` are of one ticket."""

    key: str
    name: str
    driver: str
    topic: str
    rate: float
    minutes: float
    direct: float
    words: tuple[str, ...]
    initiative: str
    months: int
    own_topic: bool
    whys: tuple[str, ...]
    action: str


@dataclass(frozen=True)
class Catalogue:
    """Groups, drivers and issues, in the order of catalogue.toml."""

    groups: tuple[Group, ...]
    drivers: tuple[Driver, ...]
    issues: tuple[Issue, ...]

    def driver_of(self, issue: int) -> int:
        """Position of the driver an issue lowers."""
        return next(i for i, each in enumerate(self.drivers) if each.name == self.issues[issue].driver)

    def group_of(self, issue: int) -> int:
        """Position of the group that causes an issue."""
        owner = self.drivers[self.driver_of(issue)].group
        return next(i for i, each in enumerate(self.groups) if each.name == owner)

    def issues_of(self, group: int) -> list[int]:
        """Positions of the issues a group causes."""
        return [issue for issue in range(len(self.issues)) if self.group_of(issue) == group]


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once."""
    read = tomllib.loads(_text("catalogue.toml"))
    issues = []
    for each in read["issue"]:
        whys = {"whys": tuple(each.get("whys", ())), "words": tuple(each["words"]), "action": each.get("action", "")}
        issues.append(Issue(**{"own_topic": False, **each, **whys}))
    return Catalogue(
        tuple(Group(**each) for each in read["group"]), tuple(Driver(**each) for each in read["driver"]), tuple(issues)
    )


@cache
def sections(file: str) -> dict[str, list[str]]:
    """The lines of a word file by section; lines that begin with # are comments."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in _text(file).splitlines():
        heading = re.fullmatch(r"\[([\w &]+)\]", line)
        if heading:
            lines = found.setdefault(heading.group(1), [])
        elif line.strip() and not line.startswith("#"):
            lines.append(line)
    return found


@cache
def words(section: str) -> list[str]:
    """The words of a section of names.txt; family names written together with their particle are parted (deJong: de Jong)."""
    parted = {"de": "de ", "van": "van ", "vander": "van der ", "vanden": "van den "}
    return [
        re.sub(r"^(vander|vanden|van|de)(?=[A-Z])", lambda found: parted[found.group(1)], word)
        for line in sections("names.txt")[section]
        for word in line.split()
    ]


def _text(file: str) -> str:
    return (resources.files("vitalfew.demo") / file).read_text(encoding="utf-8")
