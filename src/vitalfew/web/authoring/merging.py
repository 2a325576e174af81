"""Three versions of one entry side by side: what both began from, what another made of it, what I made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Values = Mapping[str, Any]
State = Literal["same", "theirs", "mine", "both", "conflict"]
WHOLE = ""
GROWING = ("path",)
"""Fields that hold a list which grows at its end, as the files of a source: what both add there stands together."""


@dataclass(frozen=True)
class Part:
    """One field (or one row of a field with rows, `row`), and which side changed it.

    `state`: `same` on both sides, `theirs` or `mine` when only that side changed it, `conflict` when both did, differently; `both`
    when each only added to the end of a list that grows (GROWING).
    """

    field: str
    row: str
    base: Any
    theirs: Any
    mine: Any
    state: State

    @property
    def together(self) -> list[Any]:
        """Of a list to which both added: what is in force, then what I added that is not there."""
        return [*self.theirs, *(each for each in self.mine if each not in self.theirs)]

    @property
    def name(self) -> str:
        """The part's name in a form."""
        return f"{self.field}.{self.row}" if self.row else self.field


def three_way(base: Values | None, theirs: Values | None, mine: Values | None) -> list[Part]:
    """Every field of the three, field by field and row by row; None stands for an entry that is not there.

    >>> [part.state for part in three_way({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 3})]
    ['theirs', 'mine']
    >>> [(part.state, part.together) for part in three_way({"path": ["a"]}, {"path": ["a", "b"]}, {"path": ["a", "c"]})]
    [('both', ['a', 'b', 'c'])]
    """
    if theirs is None or mine is None:
        return [Part(WHOLE, "", base, theirs, mine, _state(base, theirs, mine))]
    before, left, right = _flat(base or {}), _flat(theirs), _flat(mine)
    parts = []
    for name in dict.fromkeys([*before, *left, *right]):
        sides = before.get(name), left.get(name), right.get(name)
        state = _state(*sides)
        grown = state == "conflict" and name[0] in GROWING and _grown(*sides)
        parts.append(Part(*name, *sides, "both" if grown else state))
    return parts


def joined(parts: list[Part], choices: Mapping[str, str]) -> Values | None:
    """The entry the parts make, `choices` ("theirs" or "mine" by name) deciding conflicts. Raises KeyError for one undecided."""
    made: dict[str, Any] = {}
    for part in parts:
        if part.state == "both":
            value = part.together
        else:
            side = part.state if part.state in ("theirs", "mine") else "mine" if part.state == "same" else choices[part.name]
            value = part.mine if side == "mine" else part.theirs
        if part.field == WHOLE:
            return dict(value) if value is not None else None
        if value is None:
            continue
        if part.row:
            made.setdefault(part.field, {})[part.row] = value
        else:
            made[part.field] = value
    return made


def changed(before: Values | None, after: Values | None) -> list[tuple[str, str, Any, Any]]:
    """(field, row, before, after) of everything that differs."""
    left, right = _flat(before or {}), _flat(after or {})
    names = list(dict.fromkeys([*left, *right]))
    return [(*name, left.get(name), right.get(name)) for name in names if left.get(name) != right.get(name)]


def _flat(values: Values) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= {(name, str(row)): each for row, each in value.items()}
        else:
            found[name, ""] = value
    return found


def _grown(base: Any, theirs: Any, mine: Any) -> bool:
    """Whether both sides are the list both began from, with more behind it: nothing taken away, changed or put elsewhere."""
    return isinstance(base, list) and all(isinstance(each, list) and each[: len(base)] == base for each in (theirs, mine))


def _state(base: Any, theirs: Any, mine: Any) -> State:
    if theirs == mine:
        return "same"
    if base == theirs:
        return "mine"
    return "theirs" if base == mine else "conflict"
