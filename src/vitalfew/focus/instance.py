"""What there is to choose from, and what a plan is worth: the one objective by which every plan of this room is judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Plan = tuple[int, ...]
"""The month each candidate starts in, counted from 0; NOT_DONE when it is left out."""

NOT_DONE = -1
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Candidate:
    """One initiative to choose from.

    `acts_on` are positions in `Instance.values`; `share` of each (0 to 1] is removed once it is finished, `months` after its start.
    `cost` (money) and `people` (person-months by group) are used evenly over those months. `needs` must be finished
    before it starts; `excludes` cannot be in the same plan; `earliest` is the first month (from 0) it can start in. A
    `company_wide` one counts against the company's limit of initiatives at a time, another against its group's.
    """

    key: str
    name: str
    group: str
    acts_on: tuple[int, ...]
    share: float
    months: int
    cost: float
    people: Mapping[str, float] = field(default_factory=dict)
    needs: tuple[int, ...] = ()
    excludes: tuple[int, ...] = ()
    earliest: int = 0
    company_wide: bool = False
    confidence: float = 0.8

    @property
    def effort(self) -> float:
        """Person-months of all groups."""
        return math.fsum(self.people.values())


@dataclass(frozen=True)
class Instance:
    """The candidates, the yearly value of each issue (>= 0) and the limits.

    `money[m]` is the money that may have been spent by the end of month m, from month 0 on; infinite where only a later month
    limits it. `capacity` is person-months a month by group; a group it does not name is not limited.
    """

    candidates: tuple[Candidate, ...]
    values: tuple[float, ...]
    months: int
    money: tuple[float, ...]
    capacity: Mapping[str, float]
    company_limit: int
    group_limit: int

    def latest(self, position: int) -> int:
        """The last month in which candidate `position` may start and still be worth something within the months planned."""
        return self.months - self.candidates[position].months - 1

    @property
    def budget(self) -> float:
        """All money there is; infinite when none is stated."""
        return self.money[-1] if self.money else math.inf


def years_removed(instance: Instance, plan: Sequence[int]) -> NDArray[np.float64]:
    """Years of each issue that a plan takes away within the months planned; shape (issues,), each 0 to months / 12.

    In a month, the share of an issue that remains is the product of (1 - share) over the initiatives finished before the month
    begins: two initiatives against one issue are not counted twice.
    """
    remaining = np.ones((len(instance.values), instance.months))
    for candidate, start in zip(instance.candidates, plan, strict=True):
        if start != NOT_DONE:
            for issue in candidate.acts_on:
                remaining[issue, start + candidate.months :] *= 1.0 - candidate.share
    return np.asarray((1.0 - remaining).sum(axis=1) / 12.0)


def plan_value(instance: Instance, plan: Sequence[int]) -> float:
    """Expected value of a plan within the months planned: sum over issues of yearly value x years removed."""
    return math.fsum(years_removed(instance, plan) * np.asarray(instance.values, dtype=np.float64))


def alone(instance: Instance, position: int) -> float:
    """Value of one candidate done first and alone: yearly value x share x months left after finishing / 12."""
    candidate = instance.candidates[position]
    left = max(0, instance.months - candidate.earliest - candidate.months)
    return math.fsum(instance.values[issue] for issue in candidate.acts_on) * candidate.share * left / 12.0


def with_values(instance: Instance, values: Sequence[float]) -> Instance:
    """The same candidates and limits with other yearly values; negative ones count as nothing."""
    return _replaced(instance, values=tuple(max(0.0, float(value)) for value in values))


def with_money(instance: Instance, money: Sequence[float]) -> Instance:
    """The same candidates with other money."""
    return _replaced(instance, money=tuple(money))


def _replaced(instance: Instance, **changes: tuple[float, ...]) -> Instance:
    return Instance(
        instance.candidates,
        changes.get("values", instance.values),
        instance.months,
        changes.get("money", instance.money),
        instance.capacity,
        instance.company_limit,
        instance.group_limit,
    )
