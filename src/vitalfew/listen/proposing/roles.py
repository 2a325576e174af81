"""Which table of the vocabulary a file is, and which of its columns fill it: the words of the headers weighed against the values.

The words stand in lexicon.txt. A column's confidence is how well its header is one of them, lowered where its values are not of the
kind wanted; a table's is by how much it is ahead of the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from vitalfew.listen.proposing.columns import Column, words_of
from vitalfew.listen.proposing.profile import Profile

LEAST = 0.45
"""Below this confidence a column is not proposed for a role."""
ENOUGH = 2.4
"""Weight of the evidence below which a file is no table of the vocabulary."""
FILE_WORD = 1.6
ELSEWHERE = 0.6
"""What the weight of a table is multiplied by when the file's name is that of another table, or of a thing without one."""
THINGS = frozenset(
    (
        *("product", "products", "supplier", "suppliers", "shipper", "shippers", "seller", "sellers", "vendor", "vendors"),
        *("payment", "payments", "category", "categories", "region", "regions", "territory", "territories", "geolocation"),
        *("translation", "dictionary", "lookup", "warehouse", "warehouses", "population"),
    )
)
"""Things that exports are of and the vocabulary has no table for."""
_UNIQUE = 0.98


@dataclass(frozen=True)
class Role:
    """One vocabulary column as exports call it."""

    name: str
    weight: float
    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Tables:
    """What the lexicon says of one table."""

    table: str
    file_words: frozenset[str]
    needs: tuple[str, ...]
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class Filled:
    """A vocabulary column filled by a column of the file, how sure, why; `other` is the next best column, '' when there is none."""

    role: str
    column: str
    confidence: float
    reason: str
    other: str = ""


@dataclass(frozen=True)
class Fit:
    """A file as one table: the weight of the evidence, the columns that give it."""

    table: str
    weight: float
    filled: tuple[Filled, ...]

    def of(self, role: str) -> Filled | None:
        """What fills a role."""
        return next((each for each in self.filled if each.role == role), None)


@lru_cache(maxsize=1)
def lexicon() -> tuple[Tables, ...]:
    """lexicon.txt, parsed."""
    text = resources.files("vitalfew.listen.proposing").joinpath("lexicon.txt").read_text(encoding="utf-8")
    made: list[Tables] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            name, _, rest = line[1:].partition("]")
            words, _, needs = rest.partition("|")
            made.append(Tables(name, frozenset(words.split()), tuple(needs.split()), ()))
            continue
        head, _, names = line.partition(":")
        role, weight, kind = head.split()
        found = Role(role, float(weight), kind, tuple(each.strip() for each in names.split(",")))
        last = made[-1]
        made[-1] = Tables(last.table, last.file_words, last.needs, (*last.roles, found))
    return tuple(made)


def file_words(profile: Profile) -> list[str]:
    """The words of a file's name and folder, without its endings and numbers."""
    name = profile.files[0].name
    stem = re.sub(r"(\.[A-Za-z]+){1,2}$", "", name)
    return [word for word in re.split(r"[^a-z]+", words_of(stem)) if word and word not in ("exports", "export", "dataset", "data")]


def fit(profile: Profile, table: Tables, columns: Sequence[Column], taken: Mapping[str, str] | None = None) -> Fit:
    """How well a file is a table. `taken` gives columns of roles already known, as from a recognised layout."""
    known = dict(taken or {})
    stripped = _stripped(columns, file_words(profile))
    candidates: dict[str, list[tuple[float, str, str]]] = {}
    for role in table.roles:
        found = []
        for place, column in enumerate(columns):
            sure, why = _likeness(column, role, stripped[column.name])
            if sure >= LEAST:
                found.append((sure - place * 1e-4, column.name, why))
        candidates[role.name] = sorted(found, reverse=True)
    filled: list[Filled] = []
    used = set(known.values())
    order = sorted(table.roles, key=lambda role: (-candidates[role.name][0][0] if candidates[role.name] else 0.0, -role.weight))
    for role in order:
        if role.name in known:
            continue
        # A ticket's own number is also the case it belongs to; accounts and employees known by name are called by it too.
        free = [each for each in candidates[role.name] if each[1] not in used or _shared(table.table, role.name, each[1], filled)]
        if not free:
            continue
        best = free[0]
        other = next((each[1] for each in free[1:] if each[0] >= best[0] - 0.12), "")
        filled.append(Filled(role.name, best[1], round(min(best[0] + 1e-3, 0.98), 2), best[2], other))
        used.add(best[1])
    filled.sort(key=lambda each: [role.name for role in table.roles].index(each.role))
    weight = sum(role.weight * each.confidence for role in table.roles for each in filled if each.role == role.name)
    words = set(file_words(profile))
    named = bool(table.file_words & words)
    elsewhere = words & THINGS or any(words & other.file_words for other in lexicon())
    have = {each.role for each in filled}
    if not all(set(need.split("/")) & have for need in table.needs):
        weight = min(weight, ENOUGH / 2)
    elif named:
        weight += FILE_WORD
    elif elsewhere:
        weight *= ELSEWHERE
    return Fit(table.table, weight, tuple(filled))


def _shared(table: str, role: str, column: str, filled: Iterable[Filled]) -> bool:
    held = {each.role for each in filled if each.column == column}
    pairs = {"interactions": {"id", "case"}, "accounts": {"account", "name"}, "employees": {"employee", "name"}}
    pair = pairs.get(table, set())
    return role in pair and held < pair and bool(held)


def _stripped(columns: Sequence[Column], names: Sequence[str]) -> dict[str, str]:
    """Each header's words without those that only say which thing the file is of."""
    words = {column.name: words_of(column.name).split() for column in columns}
    singular = {name.rstrip("s") for name in names} | set(names)
    made: dict[str, str] = {}
    leading = {each[0] for each in words.values() if each}
    same = next(iter(leading)) if len(leading) == 1 and len(columns) > 2 else ""
    for name, each in words.items():
        rest = each[1:] if len(each) > 1 and (each[0] == same or each[0] in singular) else each
        made[name] = " ".join(rest)
    return made


def _likeness(column: Column, role: Role, stripped: str) -> tuple[float, str]:
    """How sure a column fills a role, 0 to 1, and why."""
    words = words_of(column.name)
    sure, why = 0.0, ""
    for place, name in enumerate(role.names):
        ahead = 0.02 * min(place, 8)
        if words == name:
            score, said = 0.97 - ahead / 2, f"called {column.name!r}"
        elif stripped == name:
            score, said = 0.92 - ahead, f"called {column.name!r}"
        elif len(name) > 2 and name != "id" and re.search(rf"\b{re.escape(name)}\b", words):
            tail = 0.08 if words.endswith(name) else 0.0
            score, said = 0.62 + tail - ahead + 0.04 * name.count(" "), f"{name!r} stands in {column.name!r}"
        else:
            continue
        if score > sure:
            sure, why = score, said
    factor, values = _kind_fits(column, role.kind)
    if not sure and role.kind in ("email", "phone") and factor == 1.0:
        return 0.7, values
    return (sure * factor, f"{why}, {values}" if values else why) if sure else (0.0, "")


def _kind_fits(column: Column, kind: str) -> tuple[float, str]:
    """A factor for how far a column's values are of a kind, and what they are."""
    held = column.kind
    if held == "blank":
        return (0.0, "") if kind in ("unique", "email", "phone") else (0.5, "no value yet")
    if kind == "unique":
        if column.unique >= 0.9999 and column.blank < 0.01:
            return (1.0, "a value of its own in every row") if held not in ("text", "time", "number") else (0.3, "")
        if column.unique >= _UNIQUE and column.blank < 0.05 and held not in ("text", "time", "number"):
            return 0.85, f"nearly a value of its own in every row ({column.filled - column.distinct:,} repeated)"
        return 0.0, ""
    if kind == "id":
        if held == "whole" and column.distinct <= 16 and column.filled > 40:
            return 0.3, ""
        return (1.0, f"{column.distinct:,} different") if held in ("word", "whole", "phone", "email") else (0.3, "")
    if kind == "number":
        return (1.0, "numbers") if held in ("whole", "number", "money") else (0.0, "")
    if kind == "time":
        return (1.0, "dates") if held == "time" else (0.7, "day numbers") if excel(column) else (0.0, "")
    if kind == "word":
        return (1.0, "") if held in ("word", "yes_no", "text", "url") else (0.75, "") if column.identifying else (0.2, "")
    if kind == "text":
        return (1.0, "free text") if held == "text" else (0.7, "short text") if held == "word" else (0.0, "")
    if kind in ("email", "phone", "url"):
        if held == kind or (kind == "url" and held == "word"):
            return 1.0, {"email": "e-mail addresses", "phone": "phone numbers", "url": ""}[kind]
        return (0.85, "digits") if kind == "phone" and held == "whole" else (0.0, "")
    return 1.0, ""


def excel(column: Column) -> bool:
    """Whether a column of numbers called a date holds a spreadsheet's day numbers."""
    if column.kind not in ("whole", "number") or not re.search(r"date|day|at$|on$", words_of(column.name)):
        return False
    numbers = column.numbers
    return bool(numbers) and min(numbers) >= 20_000 and max(numbers) <= 60_000
