"""Plans by rank order: the ranking rules people use, each scheduled with care, and a local search over orders.

A plan is built by taking candidates in an order and starting each in the first month in which every limit still holds. Since an
earlier start is never worth less, some order gives a best plan (an "active schedule"; Kolisch, R. 1996, "Serial and parallel
resource-constrained project scheduling methods revisited", European Journal of Operational Research 90(2)).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from vitalfew.focus.instance import NOT_DONE, TOLERANCE, Candidate, Instance, Plan, alone

Order = Sequence[int]


class Packer:
    """Turns orders into plans that keep every limit, and says what they are worth. Holds what does not change between orders."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._limits: list[float] = []
        self._uses = self._demands(instance)
        count = len(instance.candidates)
        self._against: list[set[int]] = [set(candidate.excludes) for candidate in instance.candidates]
        for position in range(count):
            for other in instance.candidates[position].excludes:
                self._against[other].add(position)
        self._checked = [(month, limit) for month, limit in enumerate(instance.money) if not math.isinf(limit)]

    def _demands(self, instance: Instance) -> list[list[tuple[int, float]]]:
        """Per candidate: (limit, what it uses of it each month). Initiatives at a time are a limit of which each uses one."""
        known: dict[str, int] = {}

        def limit(name: str, amount: float) -> int:
            if name not in known:
                known[name] = len(self._limits)
                self._limits.append(amount + TOLERANCE * max(1.0, amount))
            return known[name]

        uses: list[list[tuple[int, float]]] = []
        for each in instance.candidates:
            at_a_time = instance.company_limit if each.company_wide else instance.group_limit
            used = [(limit("company" if each.company_wide else f"group {each.group}", at_a_time), 1.0)]
            for group, effort in sorted(each.people.items()):
                if effort > 0 and group in instance.capacity:
                    used.append((limit(f"people {group}", instance.capacity[group]), effort / each.months))
            uses.append(used)
        return uses

    def pack(self, order: Order, forbidden: frozenset[int] = frozenset()) -> Plan:
        """The plan of an order: each candidate, after what it needs, in its first possible month; what does not fit is skipped."""
        state = _State(self, forbidden)
        for position in order:
            state.place(position, ())
        return tuple(state.starts)

    def value(self, plan: Sequence[int]) -> float:
        """`instance.plan_value`, faster for the many small plans of a search."""
        instance = self.instance
        finishes: dict[int, list[tuple[int, float]]] = {}
        for each, start in zip(instance.candidates, plan, strict=True):
            if start != NOT_DONE:
                for issue in each.acts_on:
                    finishes.setdefault(issue, []).append((start + each.months, each.share))
        worth = 0.0
        for issue in sorted(finishes):
            remaining, years = 1.0, 0.0
            for finish, share in sorted(finishes[issue]):
                years += remaining * share * (instance.months - finish)
                remaining *= 1.0 - share
            worth += instance.values[issue] * years / 12.0
        return worth


class _State:
    """A plan being built: what is used of each limit in each month."""

    def __init__(self, packer: Packer, forbidden: frozenset[int]) -> None:
        self._packer = packer
        months = packer.instance.months
        self._used = [[0.0] * months for _ in packer._limits]
        self._spent = [0.0] * months
        self._blocked = set(forbidden)
        self.starts = [NOT_DONE] * len(packer.instance.candidates)

    def place(self, position: int, above: tuple[int, ...]) -> bool:
        """Put a candidate, with what it needs, into the plan; False, and nothing changed, when it does not fit."""
        if self.starts[position] != NOT_DONE:
            return True
        if position in self._blocked or position in above:
            return False
        candidate = self._packer.instance.candidates[position]
        placed: list[int] = []
        ready = candidate.earliest
        for need in candidate.needs:
            fresh = self.starts[need] == NOT_DONE
            before = list(self.starts)
            if not self.place(need, (*above, position)):
                self._undo(placed)
                return False
            if fresh:
                placed += [each for each, start in enumerate(self.starts) if start != NOT_DONE and before[each] == NOT_DONE]
            ready = max(ready, self.starts[need] + self._packer.instance.candidates[need].months)
        start = NOT_DONE if self._excluded(position) else self._first(position, candidate, ready)
        if start == NOT_DONE:
            self._undo(placed)
            return False
        self._book(position, start, 1.0)
        self.starts[position] = start
        return True

    def _excluded(self, position: int) -> bool:
        return any(self.starts[other] != NOT_DONE for other in self._packer._against[position])

    def _undo(self, placed: list[int]) -> None:
        for position in placed:
            self._book(position, self.starts[position], -1.0)
            self.starts[position] = NOT_DONE

    def _first(self, position: int, candidate: Candidate, ready: int) -> int:
        start = ready
        last = self._packer.instance.latest(position)
        while start <= last:
            clash = self._clash(position, start, candidate.months)
            if clash < 0:
                if self._affordable(candidate, start):
                    return start
                start += 1
            else:
                start = clash + 1
        return NOT_DONE

    def _clash(self, position: int, start: int, months: int) -> int:
        """The last month from `start` on in which a limit would be passed, or -1."""
        latest = -1
        for limit, amount in self._packer._uses[position]:
            used, room = self._used[limit], self._packer._limits[limit] - amount
            for month in range(start + months - 1, max(start, latest + 1) - 1, -1):
                if used[month] > room:
                    latest = month
                    break
        return latest

    def _affordable(self, candidate: Candidate, start: int) -> bool:
        if candidate.cost <= 0:
            return True
        spent, last = 0.0, -1
        for month, limit in self._packer._checked:
            spent += math.fsum(self._spent[last + 1 : month + 1])
            last = month
            own = candidate.cost * min(max(month + 1 - start, 0), candidate.months) / candidate.months
            if own > 0 and spent + own > limit + TOLERANCE * max(1.0, limit):
                return False
        return True

    def _book(self, position: int, start: int, sign: float) -> None:
        candidate = self._packer.instance.candidates[position]
        for month in range(start, start + candidate.months):
            self._spent[month] += sign * candidate.cost / candidate.months
            for limit, amount in self._packer._uses[position]:
                self._used[limit][month] += sign * amount


def _gain(instance: Instance, position: int) -> float:
    candidate = instance.candidates[position]
    return math.fsum(instance.values[issue] for issue in candidate.acts_on) * candidate.share


def rice(instance: Instance, position: int) -> float:
    """RICE (McBride, S. 2016, Intercom): reach x impact x confidence / effort; reach x impact is the yearly value removed.

    Effort is person-months, at least a tenth of one.
    """
    candidate = instance.candidates[position]
    return _gain(instance, position) * candidate.confidence / max(candidate.effort, 0.1)


def wsjf(instance: Instance, position: int) -> float:
    """Weighted shortest job first (Reinertsen, D. G. 2009): cost of delay a month / months it takes."""
    return _gain(instance, position) / 12.0 / instance.candidates[position].months


def value_cost(instance: Instance, position: int) -> float:
    """Yearly value removed / money it costs; what costs nothing comes first."""
    cost = instance.candidates[position].cost
    return _gain(instance, position) / cost if cost > 0 else (math.inf if _gain(instance, position) > 0 else 0.0)


def plain_value(instance: Instance, position: int) -> float:
    """Value within the months planned when done first."""
    return alone(instance, position)


RULES: dict[str, Callable[[Instance, int], float]] = {
    "RICE": rice,
    "WSJF": wsjf,
    "value / cost": value_cost,
    "value": plain_value,
}


def ranked(instance: Instance, rule: Callable[[Instance, int], float]) -> list[int]:
    """Positions by a rule, best first; equals by key."""
    scores = [rule(instance, position) for position in range(len(instance.candidates))]
    return sorted(range(len(scores)), key=lambda position: (-scores[position], instance.candidates[position].key))


def rule_plans(packer: Packer) -> dict[str, Plan]:
    """The plan of each ranking rule: in rank order, each as early as every limit allows, skipping what does not fit."""
    return {name: packer.pack(ranked(packer.instance, rule)) for name, rule in RULES.items()}


def order_of(packer: Packer, plan: Sequence[int]) -> list[int]:
    """An order that packs to `plan` or better: the chosen by start, then the others by value per month."""
    rest = ranked(packer.instance, wsjf)
    chosen = sorted((position for position in rest if plan[position] != NOT_DONE), key=lambda position: plan[position])
    return chosen + [position for position in rest if plan[position] == NOT_DONE]


def improve(
    packer: Packer, plan: Plan, tries: int, *, forbidden: frozenset[int] = frozenset(), first: Order = (), kept: int | None = None
) -> Plan:
    """A plan at least as good: moves one candidate to the front or to the end of the order while that helps, up to `tries` packs.

    `forbidden` candidates stay out; those of `first` stay ahead of all others; `kept` must be in every plan accepted.
    """
    held = set(first)
    best, worth = plan, packer.value(plan)
    order = [*first, *(position for position in order_of(packer, plan) if position not in held)]
    left, moved = tries, True
    while moved and left > 0:
        moved = False
        for position in list(order):
            if position in held or position in forbidden:
                continue
            others = [each for each in order if each != position and each not in held]
            moves = [[*first, position, *others], [*first, *others, position]]
            for move in moves:
                left -= 1
                tried = packer.pack(move, forbidden)
                gained = packer.value(tried)
                if gained > worth * (1 + TOLERANCE) + TOLERANCE and (kept is None or tried[kept] != NOT_DONE):
                    best, worth, order, moved = tried, gained, move, True
                    break
            if left <= 0:
                break
    return best
