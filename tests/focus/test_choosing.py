"""The choice: against every plan there is, against the ranking rules, and against an independent checker."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from vitalfew.focus.checker import violations
from vitalfew.focus.choice import force, frontier, solve, stability
from vitalfew.focus.instance import NOT_DONE, Candidate, Instance, plan_value, years_removed
from vitalfew.focus.model import Model
from vitalfew.focus.packing import Packer, improve, rule_plans

UNLIMITED = math.inf


def candidate(name: str, **given: object) -> Candidate:
    settings: dict[str, object] = {"group": "A", "acts_on": (0,), "share": 0.5, "months": 2, "cost": 10.0}
    return Candidate(key=f"initiative:{name}", name=name, **{**settings, **given})  # type: ignore[arg-type]


def instance(candidates: list[Candidate], values: tuple[float, ...] = (1200.0, 600.0), **given: object) -> Instance:
    settings: dict[str, object] = {"months": 6, "money": (UNLIMITED,) * 5 + (100.0,), "capacity": {}, "company_limit": 5}
    return Instance(tuple(candidates), values, group_limit=int(given.pop("group_limit", 5)), **{**settings, **given})  # type: ignore


def random_instance(seed: int, count: int = 4, months: int = 4) -> Instance:
    random = np.random.default_rng(seed)
    candidates = []
    for position in range(count):
        earlier = list(range(position))
        candidates.append(
            candidate(
                f"i{position}",
                group=str(random.choice(["A", "B"])),
                acts_on=tuple(sorted({int(issue) for issue in random.integers(0, 3, size=random.integers(1, 3))})),
                share=float(random.choice([0.2, 0.5, 0.9, 1.0])),
                months=int(random.integers(1, 3)),
                cost=float(random.integers(0, 60)),
                people={str(random.choice(["A", "B"])): float(random.integers(1, 4))},
                needs=tuple(int(i) for i in random.choice(earlier, 1)) if earlier and random.random() < 0.3 else (),
                excludes=tuple(int(i) for i in random.choice(earlier, 1)) if earlier and random.random() < 0.2 else (),
                earliest=int(random.integers(0, 2)),
                company_wide=bool(random.random() < 0.3),
            )
        )
    money = (UNLIMITED, float(random.integers(10, 60)), UNLIMITED, float(random.integers(60, 120)))
    capacity = {"A": float(random.integers(1, 5))}
    values = tuple(float(value) for value in random.uniform(0, 1000, 3))
    return instance(candidates, values, months=months, money=money, capacity=capacity, company_limit=1, group_limit=2)


def best_of_all(given: Instance) -> float:
    """The worth of the best plan, by trying every plan."""
    starts = range(NOT_DONE, given.months)
    plans = itertools.product(starts, repeat=len(given.candidates))
    return max(plan_value(given, plan) for plan in plans if not violations(given, plan))


@pytest.mark.parametrize("seed", range(12))
def test_the_plan_is_worth_as_much_as_the_best_of_all_plans(seed: int) -> None:
    given = random_instance(seed)
    choice = solve(given)
    best = best_of_all(given)
    assert choice.value == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert choice.bound == pytest.approx(best, rel=2e-6, abs=1e-6)
    assert choice.status == "optimal"
    assert violations(given, choice.plan) == []


def test_the_bound_of_the_relaxation_is_never_below_the_best_plan() -> None:
    for seed in range(12, 20):
        given = random_instance(seed)
        assert Model(given).relaxed().bound >= best_of_all(given) - 1e-6


@pytest.mark.parametrize("seed", range(30))
def test_the_plan_is_never_below_a_ranking_rule_and_passes_the_checker(seed: int) -> None:
    given = random_instance(100 + seed, count=9)
    choice = solve(given, nodes=1, tries=20)
    assert choice.value >= max(choice.rules.values()) - 1e-9
    assert choice.bound >= choice.value
    assert violations(given, choice.plan) == []
    for plan in rule_plans(Packer(given)).values():
        assert violations(given, plan) == []


def test_the_quick_value_of_a_plan_is_the_value_by_definition() -> None:
    for seed in range(10):
        given = random_instance(seed, count=7)
        packer = Packer(given)
        for plan in rule_plans(packer).values():
            assert packer.value(plan) == pytest.approx(plan_value(given, plan))


def test_two_fixes_of_one_issue_are_not_counted_twice() -> None:
    given = instance([candidate("one"), candidate("two", share=0.4)])
    # Both finish after month 1: 4 months are left of 6, of an issue worth 1,200 a year.
    assert plan_value(given, (0, 0)) == pytest.approx(1200 * (1 - 0.5 * 0.6) * 4 / 12)
    assert solve(given).value == pytest.approx(1200 * 0.7 * 4 / 12)


def test_more_than_five_fixes_of_one_issue_still_have_a_bound_that_holds() -> None:
    given = instance(
        [candidate(f"c{i}", share=0.1 * (i + 1), months=1 + i % 3) for i in range(7)], money=(UNLIMITED,) * 5 + (40.0,)
    )
    choice = solve(given)
    plans = itertools.product((NOT_DONE, 0), repeat=7)
    best = max(plan_value(given, plan) for plan in plans if not violations(given, plan))
    assert choice.value == pytest.approx(best)
    assert choice.bound >= best - 1e-6


def test_what_is_needed_is_finished_first_even_when_it_is_worth_nothing_itself() -> None:
    given = instance([candidate("base", acts_on=(), months=1), candidate("top", needs=(0,))])
    choice = solve(given)
    assert choice.plan == (0, 1)


def test_of_two_that_exclude_each_other_the_better_one_is_done() -> None:
    given = instance([candidate("weak", share=0.3, acts_on=(1,)), candidate("strong", excludes=(0,))])
    assert solve(given).plan == (NOT_DONE, 0)


def test_money_is_limited_by_quarter_and_what_is_left_is_carried_forward() -> None:
    spender = candidate("spender", cost=60.0, months=2)
    # 20 by month 2 and 60 by month 5: it must wait until at most 20 fall into the first three months.
    given = instance([spender], money=(UNLIMITED, UNLIMITED, 20.0, UNLIMITED, UNLIMITED, 60.0))
    assert solve(given).plan == (3,)
    assert solve(instance([spender], money=(UNLIMITED, UNLIMITED, 30.0, UNLIMITED, UNLIMITED, 60.0))).plan == (2,)


def test_without_money_only_what_is_free_is_done() -> None:
    given = instance([candidate("dear"), candidate("free", cost=0.0, acts_on=(1,))], money=(0.0,) * 6)
    assert solve(given).plan == (NOT_DONE, 0)
    nothing = instance([candidate("dear")], money=(0.0,) * 6)
    choice = solve(nothing)
    assert (choice.plan, choice.value, choice.gap) == ((NOT_DONE,), 0.0, 0.0)


def test_no_candidates_give_an_empty_plan() -> None:
    choice = solve(instance([]))
    assert (choice.plan, choice.value, choice.bound) == ((), 0.0, 0.0)


def test_an_initiative_that_ends_with_the_last_month_is_worth_nothing() -> None:
    given = instance([candidate("long", months=6)])
    assert solve(given).plan == (NOT_DONE,)


BROKEN = {
    "before month 2": (instance([candidate("x", earliest=2)]), (0,)),
    "ends after": (instance([candidate("x", months=3)]), (5,)),
    "is not in the plan": (instance([candidate("x"), candidate("y", needs=(0,))]), (NOT_DONE, 0)),
    "is finished": (instance([candidate("x"), candidate("y", needs=(0,))]), (0, 1)),
    "exclude each other": (instance([candidate("x"), candidate("y", excludes=(0,))]), (0, 0)),
    "has spent": (instance([candidate("x", cost=101.0)]), (0,)),
    "person-months of A": (instance([candidate("x", people={"A": 3.0})], capacity={"A": 1.0}), (0,)),
    "company-wide initiatives": (instance([candidate(n, company_wide=True) for n in "xy"], company_limit=1), (0, 1)),
    "initiatives of A; at most 1": (instance([candidate(n) for n in "xy"], group_limit=1), (0, 1)),
    "entries for": (instance([candidate("x")]), (0, 0)),
}


@pytest.mark.parametrize("words", sorted(BROKEN))
def test_the_checker_catches_each_kind_of_violation(words: str) -> None:
    given, plan = BROKEN[words]
    found = violations(given, plan)
    assert len(found) >= 1
    assert words in " ".join(found)


def test_the_checker_passes_the_same_plans_when_the_limit_is_wide_enough() -> None:
    assert violations(instance([candidate("x", cost=100.0)]), (0,)) == []
    assert violations(instance([candidate("x", people={"A": 2.0})], capacity={"A": 1.0}), (0,)) == []
    assert violations(instance([candidate(n) for n in "xy"], group_limit=1), (0, 2)) == []


def test_the_same_input_gives_the_same_plan() -> None:
    given = random_instance(7, count=9)
    first, second = solve(given), solve(given)
    assert first == second
    assert frontier(given, first) == frontier(given, second)


def test_forcing_tells_what_a_plan_would_lose() -> None:
    given = instance([candidate("small", acts_on=(1,)), candidate("large")], group_limit=5, money=(10.0,) * 6)
    choice, forced = force(given, solve(given))
    assert choice.plan == (NOT_DONE, 0)
    # Only one of the two can be paid for: 1,200 against 600 a year, half of it, for four months.
    assert forced[0].regret == pytest.approx((1200 - 600) * 0.5 * 4 / 12)
    assert forced[0].displaced == (1,)
    assert forced[1].regret == pytest.approx((1200 - 600) * 0.5 * 4 / 12)


def test_what_cannot_be_done_at_all_has_no_regret() -> None:
    given = instance([candidate("dear", cost=500.0)])
    _, forced = force(given, solve(given))
    assert forced[0].regret is None


def test_stability_is_the_share_of_worlds_in_which_an_initiative_is_chosen() -> None:
    given = instance([candidate("one"), candidate("two", acts_on=(1,))], money=(10.0,) * 6)
    worlds = np.array([[1200.0, 600.0]] * 30 + [[500.0, 600.0]] * 10)
    shares = stability(given, solve(given).plan, worlds)
    np.testing.assert_allclose(shares, [0.75, 0.25])


def test_value_never_falls_with_more_money_and_stays_below_its_bound() -> None:
    given = random_instance(3, count=8)
    choice = solve(given)
    points = frontier(given, choice)
    values = [point.value for point in points]
    assert values == sorted(values)
    assert all(point.bound >= point.value for point in points)
    assert points[4].value == pytest.approx(choice.value)
    # Two thirds more money really is solved anew, not copied.
    assert points[-1].budget == pytest.approx(1.5 * given.budget)


def test_the_search_never_makes_a_plan_worse_and_keeps_what_is_forced() -> None:
    for seed in range(10):
        given = random_instance(200 + seed, count=10)
        packer = Packer(given)
        for plan in rule_plans(packer).values():
            better = improve(packer, plan, 60)
            assert packer.value(better) >= packer.value(plan)
            assert violations(given, better) == []


def test_years_removed_are_those_after_finishing() -> None:
    given = instance([candidate("x", acts_on=(1,), share=0.25)])
    np.testing.assert_allclose(years_removed(given, (1,)), [0.0, 0.25 * 3 / 12])


def test_what_adds_nothing_is_not_started_even_where_there_is_room() -> None:
    given = instance(
        [candidate("idle", acts_on=(), cost=0.0), candidate("whole", share=1.0), candidate("late", cost=1.0, earliest=1)]
    )
    # The second takes the whole issue away before the third is finished.
    assert solve(given).plan == (NOT_DONE, 0, NOT_DONE)
