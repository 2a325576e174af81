"""The choice itself: which initiatives, from which month, with a proven bound, and how sure each is. Pure: no tables here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitalfew.faults import RunFailed
from vitalfew.focus.checker import violations
from vitalfew.focus.instance import NOT_DONE, Instance, Plan, plan_value, with_money, with_values
from vitalfew.focus.model import Model, Relaxed
from vitalfew.focus.packing import Packer, improve, order_of, rule_plans

SMALL = 300
"""Candidates x months up to which the budgets of the frontier are solved by the programme too, not by the search alone."""
LARGE = 1000
"""Candidates x months from which on searches are cut short, so that 200 initiatives over 24 months are chosen in minutes."""
PROVEN = 1e-4
"""A plan within this share of its bound is called optimal."""
FRACTIONS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


@dataclass(frozen=True)
class Choice:
    """A plan, what it is worth, the bound no plan can pass, and the value of each ranking rule's plan on the same inputs."""

    plan: Plan
    value: float
    bound: float
    rules: dict[str, float]
    prices: dict[tuple[str, int], float]

    @property
    def gap(self) -> float:
        """(bound - value) / bound, 0 when there is nothing to win."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0

    @property
    def status(self) -> str:
        """'optimal' or 'feasible with a gap'."""
        return "optimal" if self.gap <= PROVEN else "feasible with a gap"


@dataclass(frozen=True)
class Forced:
    """One candidate forced the other way: the value the plan then loses (None when it cannot be done at all), and who leaves."""

    regret: float | None
    displaced: tuple[int, ...]
    later: tuple[int, ...]


@dataclass(frozen=True)
class Point:
    """One budget of the frontier."""

    budget: float
    plan: Plan
    value: float
    bound: float


def _effort(instance: Instance, usual: int, large: int) -> int:
    return usual if len(instance.candidates) * instance.months < LARGE else large


def solve(instance: Instance, nodes: int | None = None, tries: int = 1500) -> Choice:
    """The best plan of the solver, the ranking rules and a plan led by the linear relaxation, improved by a search over orders.

    It is never worth less than the plan of any rule, since each is a candidate; it passes the independent checker; and its bound is
    that of the same objective. `nodes` limits the solver's search (500; 1 for LARGE ones) and `tries` the search over orders.
    Raises RunFailed when no plan passes the checker, which would be a fault of this programme.
    """
    packer = Packer(instance)
    rules = rule_plans(packer)
    model = Model(instance)
    relaxed = model.relaxed()
    solved = model.solve(_effort(instance, 500, 1) if nodes is None else nodes)
    plans = [*rules.values(), *_led(packer, relaxed), tuple([NOT_DONE] * len(instance.candidates))]
    if solved.plan is not None:
        plans.append(solved.plan)
    best = _best(instance, plans)
    bound = min(relaxed.bound, solved.bound)
    if plan_value(instance, best) < bound * (1 - PROVEN):
        best = _best(instance, [best, improve(packer, best, tries)])
    value = plan_value(instance, best)
    prices = Model(instance, covers=False).relaxed().prices
    return Choice(best, value, max(bound, value), {name: plan_value(instance, plan) for name, plan in rules.items()}, prices)


def pruned(instance: Instance, plan: Plan) -> Plan:
    """A plan without what adds nothing to it: a limit that has room is no reason to start work."""
    kept, worth = list(plan), plan_value(instance, plan)
    changed = True
    while changed:
        changed = False
        needed = {need for c, start in zip(instance.candidates, kept, strict=True) if start != NOT_DONE for need in c.needs}
        for position, start in enumerate(kept):
            if start == NOT_DONE or position in needed:
                continue
            without = [*kept[:position], NOT_DONE, *kept[position + 1 :]]
            if plan_value(instance, without) >= worth * (1 - 1e-12):
                kept, changed = without, True
                break
    return tuple(kept)


def _best(instance: Instance, plans: Sequence[Plan]) -> Plan:
    """The plan worth most of those that pass the checker, without what adds nothing; of equals, the first."""
    passed = [plan for plan in plans if not violations(instance, plan)]
    if not passed:
        raise RunFailed("no plan passed the checker: " + "; ".join(violations(instance, plans[0])[:3]))
    return pruned(instance, max(passed, key=lambda plan: plan_value(instance, plan)))


def _led(packer: Packer, relaxed: Relaxed) -> list[Plan]:
    """Plans packed in the order the linear relaxation suggests: surest first, and earliest first among the likely."""
    everyone = range(len(relaxed.chosen))
    surest = sorted(everyone, key=lambda i: (-round(float(relaxed.chosen[i]), 6), round(float(relaxed.start[i]), 6), i))
    likely = [i for i in everyone if relaxed.chosen[i] >= 0.5]
    earliest = sorted(likely, key=lambda i: (round(float(relaxed.start[i]), 6), i))
    return [packer.pack(surest), packer.pack([*earliest, *(i for i in surest if i not in set(likely))])]


def force(instance: Instance, choice: Choice) -> tuple[Choice, list[Forced]]:
    """Each candidate forced the other way, by the search over orders: the regret is therefore an upper estimate.

    When a forced plan turns out better than the plan, it takes the plan's place, and everything is forced anew (twice at most).
    """
    packer, tries = Packer(instance), _effort(instance, 120, 12)
    for _ in range(3):
        plans = [_forced(packer, choice.plan, position, tries) for position in range(len(instance.candidates))]
        better = _best(instance, [choice.plan, *(plan for plan in plans if plan is not None)])
        if plan_value(instance, better) <= choice.value * (1 + 1e-9):
            break
        value = plan_value(instance, better)
        choice = Choice(better, value, max(choice.bound, value), choice.rules, choice.prices)
    found = []
    for position, plan in enumerate(plans):
        if plan is None:
            found.append(Forced(None, (), ()))
            continue
        out = [i for i, start in enumerate(choice.plan) if start != NOT_DONE and plan[i] == NOT_DONE and i != position]
        later = [i for i, start in enumerate(choice.plan) if start != NOT_DONE and plan[i] > start and i != position]
        found.append(Forced(max(0.0, choice.value - plan_value(instance, plan)), tuple(out), tuple(later)))
    return choice, found


def _forced(packer: Packer, plan: Plan, position: int, tries: int) -> Plan | None:
    order = order_of(packer, plan)
    if plan[position] != NOT_DONE:
        forbidden = frozenset([position])
        return improve(packer, packer.pack(order, forbidden), tries, forbidden=forbidden)
    first = [position]
    packed = packer.pack([*first, *order])
    if packed[position] == NOT_DONE:
        return None
    return improve(packer, packed, tries, first=first, kept=position)


def stability(instance: Instance, plan: Plan, worlds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of resampled worlds, shape (worlds, issues), in which each candidate is in the best plan found for that world.

    In each world the ranking rules' plans and the chosen plan's order are improved by the search over orders under that world's
    values; with no worlds the shares are NaN.
    """
    counts, tries = np.zeros(len(instance.candidates)), _effort(instance, 120, 12)
    for values in worlds:
        world = with_values(instance, values)
        packer = Packer(world)
        tried = [*rule_plans(packer).values(), packer.pack(order_of(packer, plan)), plan]
        best = pruned(world, improve(packer, max(tried, key=packer.value), tries))
        counts += np.asarray(best) != NOT_DONE
    return counts / len(worlds) if len(worlds) else np.full(len(counts), np.nan)


def frontier(instance: Instance, choice: Choice, nodes: int = 1, tries: int = 200) -> list[Point]:
    """Value against budget, at 0 to 150 % of the budget stated (of the money the plan uses, when none is).

    A plan for less money is a plan for more, so values never fall; the stated budget shows the plan itself.
    """
    stated = not math.isinf(instance.budget)
    total = instance.budget if stated else used_money(instance, choice.plan)
    if total <= 0:
        return [Point(0.0, choice.plan, choice.value, choice.bound)]
    points: list[Point] = []
    for fraction in FRACTIONS:
        money = [limit * fraction for limit in instance.money] if stated else [fraction * total] * instance.months
        money = [limit if not math.isnan(limit) else math.inf for limit in money]
        scaled = with_money(instance, money)
        if fraction == 1.0 and stated:
            found = Point(total, choice.plan, choice.value, choice.bound)
        else:
            found = _point(scaled, fraction * total, choice.plan, points, nodes, tries)
        points.append(found)
    return _monotone(points)


def _point(instance: Instance, budget: float, plan: Plan, before: Sequence[Point], nodes: int, tries: int) -> Point:
    packer = Packer(instance)
    model = Model(instance)
    relaxed = model.relaxed()
    plans = [*rule_plans(packer).values(), *_led(packer, relaxed), packer.pack(order_of(packer, plan))]
    plans += [point.plan for point in before]
    bound = relaxed.bound
    if len(instance.candidates) * instance.months <= SMALL:
        solved = model.solve(nodes, gap=5e-3)
        bound = min(bound, solved.bound)
        plans += [] if solved.plan is None else [solved.plan]
    best = _best(instance, plans)
    if plan_value(instance, best) < bound * (1 - PROVEN):
        best = _best(instance, [best, improve(packer, best, tries)])
    value = plan_value(instance, best)
    return Point(budget, best, value, max(bound, value))


def _monotone(points: list[Point]) -> list[Point]:
    best = points[0]
    shown = []
    for point in points:
        if point.value >= best.value:
            best = point
        shown.append(Point(point.budget, best.plan, best.value, max(point.bound, best.value)))
    return shown


def used_money(instance: Instance, plan: Sequence[int]) -> float:
    """Money a plan needs within the months planned."""
    return math.fsum(c.cost for c, start in zip(instance.candidates, plan, strict=True) if start != NOT_DONE)
