"""The choice as a mixed-integer programme, solved by HiGHS: a plan, and a bound no plan can pass.

Variables: x[i, t] = 1 when candidate i starts in month t (Pritsker, A., Watters, L. & Wolfe, P. 1969, "Multiproject scheduling with
limited resources", Management Science 16(1)). On instances of 60 candidates HiGHS proved plans of this form best in 1 to 7 s, where
the form with "has started by month t" stopped at gaps of 6 to 9 % after 15 s: HiGHS sees cliques and covers only among starts.

Candidates that act on one issue are joined by the cuts of Nemhauser, G. & Wolsey, L. 1978, "Best algorithms for approximating the
maximum of a submodular set function", Mathematics of Operations Research 3(3): the share of an issue removed by a set S of finished
initiatives, f(S) = 1 - product of (1 - share), is submodular, so for every S

    eta <= f(S) + sum over j not in S of (f(S + j) - f(S)) F_j - sum over j in S of (f(N) - f(N - j)) (1 - F_j)

with F_j = 1 when j is finished and N all that act on the issue. With all S the programme has exactly the objective of
`instance.plan_value`; with fewer it only has a higher one, so its bound always holds.
"""

from __future__ import annotations

import itertools
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from vitalfew.focus.instance import NOT_DONE, Instance, Plan

EXACT_OVERLAP = 5
"""Up to this many candidates against one issue every cut is written (2^5), so that the programme's objective is exact."""


@contextmanager
def _silent() -> Iterator[None]:
    """Keep HiGHS from writing on standard output, which belongs to results: it prints a trace line past its own setting."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


@dataclass
class _Rows:
    """Rows `sum of coefficient x variable <= limit`, being collected."""

    columns: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)

    def add(self, terms: dict[int, float], limit: float) -> int | None:
        """Write a row; None, and nothing written, when it has no variable."""
        if not terms:
            return None
        row = len(self.limits)
        for column in sorted(terms):
            self.rows.append(row)
            self.columns.append(column)
            self.values.append(terms[column])
        self.limits.append(limit)
        return row


@dataclass(frozen=True)
class Relaxed:
    """The linear relaxation: its bound, how far each candidate is chosen (0 to 1), its mean start, and prices.

    `prices[(resource, month)]` is the value of one more unit of that resource in that month (for money: from that month on).
    """

    bound: float
    chosen: NDArray[np.float64]
    start: NDArray[np.float64]
    prices: dict[tuple[str, int], float]


@dataclass(frozen=True)
class Solved:
    """What the solver came to: a plan (None when it found none within its limit of nodes) and its proven bound."""

    plan: Plan | None
    bound: float


class Model:
    """The programme of one instance. With `covers`, rows that follow from the limits tighten the relaxation (prices want none)."""

    def __init__(self, instance: Instance, covers: bool = True) -> None:
        self.instance = instance
        self._rows = _Rows()
        self._first: list[int] = []
        self._span: list[tuple[int, int]] = []
        self._named: dict[tuple[str, int], int] = {}
        self._cost: list[float] = []
        self._variables()
        self._started = len(self._cost)
        self._upper = [1.0] * self._started
        self._limits(covers)
        self._money()
        self._relations()
        self._worth()
        self._scale = max([abs(cost) for cost in self._cost] or [1.0]) or 1.0

    def _variables(self) -> None:
        for position, candidate in enumerate(self.instance.candidates):
            low, high = candidate.earliest, self.instance.latest(position)
            self._first.append(len(self._cost))
            self._span.append((low, high))
            self._cost += [0.0] * max(0, high - low + 1)
            self._rows.add(dict.fromkeys(self._starts(position, low, high), 1.0), 1.0)

    def _starts(self, position: int, low: int, high: int) -> range:
        """The variables 'starts in month low, ..., high'."""
        first, last = self._span[position]
        low, high = max(low, first), min(high, last)
        return range(self._first[position] + low - first, self._first[position] + high - first + 1) if high >= low else range(0)

    def _by(self, position: int, month: int) -> range:
        """The variables that say the candidate has started by the end of `month`."""
        return self._starts(position, 0, month)

    def _running(self, position: int, month: int) -> range:
        """The variables that say the candidate is being worked on in `month`."""
        return self._starts(position, month - self._months(position) + 1, month)

    def _months(self, position: int) -> int:
        return self.instance.candidates[position].months

    def _limits(self, covers: bool) -> None:
        instance = self.instance
        listed = list(enumerate(instance.candidates))
        kinds: list[tuple[str, float, list[tuple[int, float]]]] = [
            (group, capacity, [(i, c.people.get(group, 0.0) / c.months) for i, c in listed if c.people.get(group, 0.0) > 0])
            for group, capacity in sorted(instance.capacity.items())
        ]
        kinds.append(("company-wide initiatives", instance.company_limit, [(i, 1.0) for i, c in listed if c.company_wide]))
        for group in sorted({c.group for _, c in listed if not c.company_wide}):
            own = [(i, 1.0) for i, c in listed if not c.company_wide and c.group == group]
            kinds.append((f"initiatives of {group}", instance.group_limit, own))
        for name, amount, users in kinds:
            for month in range(instance.months):
                terms = {variable: used for position, used in users for variable in self._running(position, month)}
                self._name(name, month, self._rows.add(terms, amount))
            if covers:
                self._covers(amount, users)

    def _covers(self, amount: float, users: list[tuple[int, float]]) -> None:
        """Of those that use more than a (k + 1)th of a limit, at most k can be worked on in one month."""
        for most in range(4):
            large = [position for position, used in users if used > amount / (most + 1) * (1 + 1e-9)]
            if len(large) > most:
                for month in range(self.instance.months):
                    terms = {variable: 1.0 for position in large for variable in self._running(position, month)}
                    self._rows.add(terms, float(most))

    def _money(self) -> None:
        instance = self.instance
        for month, allowed in enumerate(instance.money):
            if math.isinf(allowed):
                continue
            terms: dict[int, float] = {}
            for position, candidate in enumerate(instance.candidates):
                low = candidate.earliest
                for variable in self._by(position, month) if candidate.cost > 0 else ():
                    start = variable - self._first[position] + low
                    terms[variable] = candidate.cost * min(month + 1 - start, candidate.months) / candidate.months
            self._name("money", month, self._rows.add(terms, allowed))

    def _name(self, resource: str, month: int, row: int | None) -> None:
        if row is not None:
            self._named[resource, month] = row

    def _relations(self) -> None:
        last = self.instance.months - 1
        for position, candidate in enumerate(self.instance.candidates):
            low, high = self._span[position]
            for need in candidate.needs:
                for month in range(low, high + 1):
                    terms = dict.fromkeys(self._by(position, month), 1.0)
                    terms.update(dict.fromkeys(self._by(need, month - self._months(need)), -1.0))
                    self._rows.add(terms, 0.0)
            for other in candidate.excludes:
                self._rows.add(dict.fromkeys([*self._by(position, last), *self._by(other, last)], 1.0), 1.0)

    def _worth(self) -> None:
        instance = self.instance
        for issue, yearly in enumerate(instance.values):
            acting = [i for i, candidate in enumerate(instance.candidates) if issue in candidate.acts_on]
            if yearly <= 0 or not acting:
                continue
            for month in range(instance.months):
                finished = [(self._by(i, month - self._months(i)), instance.candidates[i].share) for i in acting]
                finished = [(variables, share) for variables, share in finished if variables]
                if len(finished) == 1:
                    for variable in finished[0][0]:
                        self._cost[variable] -= yearly / 12.0 * finished[0][1]
                elif finished:
                    self._joined(finished, yearly / 12.0)

    def _joined(self, finished: list[tuple[range, float]], worth: float) -> None:
        """One variable for the share of an issue removed in one month by several initiatives, and its cuts."""
        eta = len(self._cost)
        self._cost.append(-worth)
        everyone = range(len(finished))
        shares = [share for _, share in finished]
        self._upper.append(_removed(shares, everyone))
        whole = [_removed(shares, everyone) - _removed(shares, [k for k in everyone if k != j]) for j in everyone]
        for subset in _subsets(shares):
            inside = set(subset)
            base = _removed(shares, subset)
            terms, limit = {eta: 1.0}, base
            for j in everyone:
                if j in inside:
                    more = whole[j]
                    limit -= more
                else:
                    more = _removed(shares, [*subset, j]) - base
                terms.update(dict.fromkeys(finished[j][0], -more))
            self._rows.add(terms, limit)

    def _matrix(self) -> csr_array:
        rows = self._rows
        return csr_array((rows.values, (rows.rows, rows.columns)), shape=(len(rows.limits), len(self._cost)))

    def relaxed(self) -> Relaxed:
        """The linear relaxation, by HiGHS. Raises RuntimeError when HiGHS does not solve it."""
        count = len(self.instance.candidates)
        if not self._started:
            return Relaxed(0.0, np.zeros(count), np.zeros(count), {})
        costs = np.asarray(self._cost) / self._scale
        bounds = [(0.0, upper) for upper in self._upper]
        matrix: Any = self._matrix()  # the stubs do not know that linprog takes sparse arrays
        found: Any = linprog(costs, A_ub=matrix, b_ub=self._rows.limits, bounds=bounds, method="highs")
        if found.status != 0:
            raise RuntimeError(f"the linear relaxation was not solved: {found.message}")
        chosen, start = np.zeros(count), np.full(count, float(self.instance.months))
        for position, (low, high) in enumerate(self._span):
            if high >= low:
                starts = found.x[self._first[position] : self._first[position] + high - low + 1]
                chosen[position] = starts.sum()
                if chosen[position] > 1e-6:
                    start[position] = float(starts @ np.arange(low, high + 1)) / chosen[position]
        marginals = -found.ineqlin.marginals * self._scale
        prices = {name: max(0.0, float(marginals[row])) for name, row in self._named.items()}
        return Relaxed(0.0 - float(found.fun) * self._scale, chosen, start, prices)

    def solve(self, nodes: int, gap: float = 1e-6) -> Solved:
        """The best plan HiGHS finds within `nodes` nodes of its search, and its proven bound.

        A limit of nodes rather than of seconds, so that the same input gives the same plan on a busy machine too.
        """
        count = len(self.instance.candidates)
        if not self._started:
            return Solved(tuple([NOT_DONE] * count), 0.0)
        integrality = np.zeros(len(self._cost), dtype=np.int64)
        integrality[: self._started] = 1
        with _silent():
            found = milp(
                np.asarray(self._cost) / self._scale,
                integrality=integrality,
                bounds=Bounds(0.0, np.asarray(self._upper)),
                constraints=LinearConstraint(self._matrix(), -np.inf, np.asarray(self._rows.limits)),
                options={"node_limit": nodes, "mip_rel_gap": gap, "presolve": True},
            )
        proven = found.mip_dual_bound
        bound = 0.0 - float(proven) * self._scale if proven is not None and np.isfinite(proven) else math.inf
        return Solved(None if found.x is None else self._plan(found.x), bound)

    def _plan(self, x: NDArray[np.float64]) -> Plan:
        plan = []
        for position, (low, high) in enumerate(self._span):
            starts = x[self._first[position] : self._first[position] + max(0, high - low + 1)]
            started = np.flatnonzero(starts > 0.5)
            plan.append(low + int(started[0]) if started.size else NOT_DONE)
        return tuple(plan)


def _removed(shares: Sequence[float], members: Sequence[int] | range) -> float:
    return 1.0 - math.prod(1.0 - shares[member] for member in members)


def _subsets(shares: Sequence[float]) -> Iterator[tuple[int, ...]]:
    """The sets to write a cut for: all of them while there are few, else the small ones and the strongest first k."""
    count = len(shares)
    largest = count if count <= EXACT_OVERLAP else 2
    for size in range(largest + 1):
        yield from itertools.combinations(range(count), size)
    strongest = sorted(range(count), key=lambda member: (-shares[member], member))
    for size in range(largest + 1, count + 1):
        yield tuple(sorted(strongest[:size]))
