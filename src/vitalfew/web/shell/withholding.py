"""Which figures are withheld, so that neither a figure nor the difference of two figures tells what a few people said.

A figure is about the records of a filter. It is shown when

1. at least `least` people stand behind it;
2. for every coarser figure somebody could ask for, the people of the coarser one that are outside this one are none, or at least
   `least`: else subtracting the two would tell what those few said. Coarser is every filter that all records of this figure meet,
   whether it was chosen (period, segment, ...) or only happens to hold for all of them (an account lies in one country);
3. in a list of figures by the values of one column (segments, periods, ...), the people of what is hidden are none, or at least
   `least`: else total minus shown would tell what those few said, so the next smallest value is hidden as well.

Everything here is a pure function of counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

LEAST = 3


class Reason(Enum):
    """Why a figure is withheld."""

    FEW = "few"
    DIFFERENCE = "difference"
    REST = "rest"


@dataclass(frozen=True)
class Outside:
    """People with records outside a figure that share some of its constant values.

    `shared` is a bit for each dimension on which the records have the figure's value; `n` counts the people and `some` names them
    all when they are fewer than the least number, else any of them.
    """

    shared: int
    n: int
    some: Sequence[str] = ()


def least_of(minimum_group: int) -> int:
    """The least number of people behind a shown score: the company's, never below three."""
    return max(LEAST, minimum_group)


def few(people: int, least: int) -> bool:
    """Rule 1: too few people stand behind a figure."""
    return people < least


def differs_by_few(outside: Iterable[Outside], least: int, one_of: int = 0) -> bool:
    """Rule 2: whether some coarser figure has a few people more than this one, at least one and fewer than `least`.

    `one_of` marks dimensions of which a filter holds at most one at a time (the segments).

    >>> differs_by_few([Outside(0b01, 2, ["a", "b"]), Outside(0b00, 40)], 5)
    True
    >>> differs_by_few([Outside(0b01, 2, ["a", "b"]), Outside(0b01, 9)], 5)
    False
    """
    rows = [each for each in outside if each.n]
    large = [each.shared for each in rows if each.n >= least]
    small = [each for each in rows if each.n < least]
    judged: set[int] = set()
    for row in small:
        for wanted in _subsets(row.shared):
            if wanted in judged or (wanted & one_of).bit_count() > 1:
                continue
            judged.add(wanted)
            if any(each & wanted == wanted for each in large):
                continue
            people = {person for each in small if each.shared & wanted == wanted for person in each.some}
            if 0 < len(people) < least:
                return True
    return False


def following(gone: int, least: int, next_smallest: str | None) -> str | None:
    """Rule 3: the value hidden as well, when `gone` people are hidden in a list; None when nothing more need be hidden."""
    return next_smallest if 0 < gone < least else None


def hidden_of(people: Mapping[str, int], unknown: int, least: int) -> dict[str, Reason]:
    """Rules 1 and 3 for a list whose people are all different; `unknown` people have no value in it.

    >>> hidden_of({"a": 40, "b": 9, "c": 3}, 0, 5)
    {'c': <Reason.FEW: 'few'>, 'b': <Reason.REST: 'rest'>}
    """
    hidden = {value: Reason.FEW for value, n in people.items() if few(n, least)}
    gone = unknown + sum(people[value] for value in hidden)
    rest = sorted((n, value) for value, n in people.items() if value not in hidden)
    more = following(gone, least, rest[0][1] if rest else None)
    return hidden | ({more: Reason.REST} if more is not None else {})


def _subsets(bits: int) -> Iterator[int]:
    part = bits
    while True:
        yield part
        if not part:
            return
        part = (part - 1) & bits
