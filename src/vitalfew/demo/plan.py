"""What a seed decides first: what moves loyalty, what goes wrong how often, what a point is worth, what was mended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from vitalfew.demo.catalogue import Catalogue, catalogue

Floats = NDArray[np.float64]

EFFECTS = (0.64, 0.37, 0.33, 0.30, 0.28, 0.26, 0.24, 0.22, 0.20, 0.18)
"""What one point of each driver does to likelihood to recommend, before a seed shuffles and varies them."""
COSTS = (1.0, 0.8, 0.28, 0.2)
"""Yearly cost of a group's issues beside its worst one's."""
MOST, FEWEST = 0.072, 0.012
"""Highest and lowest share of customers with one trouble."""
MEAN_REVENUE = 52_000.0
"""Expected yearly revenue of an account."""


@dataclass(frozen=True)
class Change:
    """A past change that cut an issue's tickets by `cut` (a share) from a day on."""

    issue: int
    on: date
    cut: float


@dataclass(frozen=True)
class Plan:
    """The planted mechanism. Arrays of drivers have shape (10,), of issues (28,).

    `effects`: outcome points for one rating point; `prevalence`: share of customers; `severity`: rating points lost by those
    affected; `rates`, `minutes`, `direct`: tickets a year of somebody affected, minutes and money of one; `worth`: change of
    the log of yearly revenue for one outcome point; `ranks`: 0 for a group's worst issue by planned cost.
    """

    effects: Floats
    prevalence: Floats
    severity: Floats
    rates: Floats
    minutes: Floats
    direct: Floats
    worth: float
    ranks: NDArray[np.int64]
    changes: tuple[Change, ...]
    top: int

    def stronger(self, factor: float) -> Plan:
        """The same plan with the top driver's effect multiplied by `factor`."""
        effects = self.effects.copy()
        effects[self.top] *= factor
        return replace(self, effects=effects)

    def rarer(self, issues: list[int]) -> Plan:
        """The same plan with some issues a fifth rarer."""
        prevalence = self.prevalence.copy()
        prevalence[issues] *= 0.8
        return replace(self, prevalence=prevalence)

    def handling(self) -> Floats:
        """Money a year that somebody affected costs in tickets, before any change; shape (issues,)."""
        known = catalogue()
        hour = np.array([known.groups[known.group_of(issue)].hour_cost for issue in range(len(known.issues))])
        return np.asarray(self.rates * (self.minutes * hour / 60 + self.direct))


def make(seed: int, tickets: float = 1.0) -> Plan:
    """The plan of a seed; `tickets` multiplies how often those affected write."""
    known = catalogue()
    rng = np.random.default_rng([seed, 1])
    drivers, issues = len(known.drivers), len(known.issues)
    order = rng.permutation(drivers)
    effects = np.empty(drivers)
    effects[order] = np.array(EFFECTS) * np.concatenate([rng.uniform(1.0, 1.1, 1), rng.uniform(0.92, 1.08, drivers - 1)])
    worth = float(rng.uniform(0.04, 0.06))
    ranks = _ranks(known, effects, rng)
    severity = np.where(ranks < 2, rng.uniform(1.5, 2.0, issues), rng.uniform(0.8, 1.1, issues))
    rates = tickets * np.array([each.rate for each in known.issues]) * rng.uniform(0.85, 1.15, issues)
    minutes = np.array([each.minutes for each in known.issues]) * rng.uniform(0.85, 1.2, issues)
    direct = np.array([each.direct for each in known.issues]) * rng.uniform(0.8, 1.2, issues)
    changes = _changes(known, ranks, rng)
    for change in changes:
        rates[change.issue] *= 1.6
    plan = Plan(effects, np.zeros(issues), severity, rates, minutes, direct, worth, ranks, changes, int(order[0]))
    return with_prevalence(plan)


def with_prevalence(plan: Plan) -> Plan:
    """The plan with the share of customers that makes each issue cost what its rank says, for its effects as they are."""
    known = catalogue()
    unit = _unit_costs(known, plan)
    prevalence = np.zeros(len(known.issues))
    for group in range(len(known.groups)):
        own = sorted(known.issues_of(group), key=lambda issue: int(plan.ranks[issue]))
        shares = np.array(COSTS[: len(own)])
        highest = np.where(np.arange(len(own)) < 2, MOST, MOST / 2)
        scale = float(np.min(highest * unit[own] / shares))
        prevalence[own] = np.maximum(FEWEST, scale * shares / unit[own])
    return replace(plan, prevalence=prevalence)


def _unit_costs(known: Catalogue, plan: Plan) -> Floats:
    """Yearly cost of an issue, per customer of the company, if all had it."""
    driver = [known.driver_of(issue) for issue in range(len(known.issues))]
    revenue = plan.effects[driver] * plan.severity * plan.worth * MEAN_REVENUE / 4
    kept = np.ones(len(known.issues))
    for change in plan.changes:
        kept[change.issue] = 1 - change.cut * 7 / 12
    return np.asarray(revenue + kept * plan.handling())


def _ranks(known: Catalogue, effects: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """The order of each group's issues. A group's stronger driver has its worst issue, else a weak driver's would be everywhere."""
    ranks = np.zeros(len(known.issues), dtype=np.int64)
    for group in range(len(known.groups)):
        own = [int(issue) for issue in rng.permutation(known.issues_of(group))]
        first = max(own, key=lambda issue: float(effects[known.driver_of(issue)]))
        strong = [issue for issue in own if known.driver_of(issue) == known.driver_of(first)]
        ordered = [strong[0], *(issue for issue in own if issue != strong[0])]
        ranks[ordered] = np.arange(len(ordered))
    return ranks


def _changes(known: Catalogue, ranks: NDArray[np.int64], rng: np.random.Generator) -> tuple[Change, ...]:
    """Two past fixes of lesser issues that have a topic of their own, at two groups."""
    able = [issue for issue, each in enumerate(known.issues) if each.own_topic and ranks[issue] >= 2]
    if len({known.group_of(issue) for issue in able}) < 2:
        able = [issue for issue, each in enumerate(known.issues) if each.own_topic]
    chosen: list[int] = []
    for issue in (int(each) for each in rng.permutation(able)):
        if known.group_of(issue) not in {known.group_of(each) for each in chosen}:
            chosen.append(issue)
    days = (date(2025, 12, 1), date(2025, 10, 1))
    cuts = rng.uniform(0.5, 0.7, 2)
    return tuple(Change(issue, day, float(cut)) for issue, day, cut in zip(chosen[:2], days, cuts, strict=True))
