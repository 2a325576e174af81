"""How good the chosen plan is beside the ranking rules teams use, on generated instances of 60 initiatives.

Each instance is solved once by `vitalfew.focus.choice.solve` and once by each rule; every plan is put to the independent checker.
"RICE cut at the line" is what a spreadsheet does: take from the top of the ranking until money or people of some group run out,
and stop there; it is then given its earliest feasible months, in rank order. The careful rules go on and skip what does not fit.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

from vitalfew.focus.checker import violations
from vitalfew.focus.choice import solve
from vitalfew.focus.instance import NOT_DONE, Candidate, Instance, Plan, plan_value
from vitalfew.focus.packing import Packer, ranked, rice, rule_plans

GROUPS = ("Logistics", "Product", "IT", "Support", "Billing", "Sales", "Marketing", "Quality")


def generated(seed: int, count: int = 60, months: int = 12) -> Instance:
    """An instance: issues worth around 150,000 a year, initiatives that overlap, need and exclude each other, scarce means."""
    random = np.random.default_rng(seed)
    issues = max(2, int(count * 0.4))
    values = np.exp(random.normal(math.log(150_000), 0.8, issues))
    candidates = []
    for position in range(count):
        group = str(random.choice(GROUPS))
        people = {group: float(np.round(random.uniform(1, 10), 1))}
        if random.random() < 0.5:
            people[str(random.choice([each for each in GROUPS if each != group]))] = float(np.round(random.uniform(0.5, 4), 1))
        acts_on = random.choice(issues, size=2 if random.random() < 0.2 else 1, replace=False)
        others = random.permutation(position)
        candidates.append(
            Candidate(
                key=f"initiative:i{position:03d}",
                name=f"I{position:03d}",
                group=group,
                acts_on=tuple(sorted(int(issue) for issue in acts_on)),
                share=float(np.round(random.uniform(0.1, 0.7), 2)),
                months=int(random.integers(1, 7)),
                cost=float(np.round(np.exp(random.normal(math.log(50_000), 0.7)), -3)),
                people=people,
                needs=tuple(int(each) for each in others[:1]) if random.random() < 0.2 else (),
                excludes=tuple(int(each) for each in others[1:2]) if random.random() < 0.1 else (),
                company_wide=bool(random.random() < 0.15),
                confidence=float(random.choice([0.5, 0.8, 1.0])),
            )
        )
    budget = sum(candidate.cost for candidate in candidates) * 0.35
    money = [budget * min(1.0, (month // 3 + 1) / math.ceil(months / 3)) if month % 3 == 2 else math.inf for month in range(months)]
    money[-1] = budget
    capacity = {
        group: max(2.0, 0.5 * sum(candidate.people.get(group, 0.0) for candidate in candidates) / months) for group in GROUPS
    }
    return Instance(tuple(candidates), tuple(float(value) for value in values), months, tuple(money), capacity, 3, 2)


def cut_at_the_line(instance: Instance) -> Plan:
    """What a spreadsheet gives: down the RICE ranking until the money, or the people of a group, run out; then nothing more."""
    order: list[int] = []
    money, people = 0.0, dict.fromkeys(GROUPS, 0.0)
    for position in ranked(instance, rice):
        candidate = instance.candidates[position]
        money += candidate.cost
        for group, effort in candidate.people.items():
            people[group] += effort
        if money > instance.budget or any(people[group] > instance.capacity[group] * instance.months for group in GROUPS):
            break
        order.append(position)
    return Packer(instance).pack(order, frozenset(range(len(instance.candidates))) - frozenset(order))


def main() -> None:
    """Solve the instances and write the table."""
    from table import write

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--instances", type=int, default=5)
    arguments.add_argument("--count", type=int, default=60)
    arguments.add_argument("--months", type=int, default=12)
    given = arguments.parse_args()
    rows, ratios = [], []
    for seed in range(given.instances):
        instance = generated(seed, given.count, given.months)
        begun = time.perf_counter()
        choice = solve(instance)
        seconds = time.perf_counter() - begun
        plans = {"RICE cut": cut_at_the_line(instance), **rule_plans(Packer(instance))}
        broken = [name for name, plan in {**plans, "ours": choice.plan}.items() if violations(instance, plan)]
        worth = {name: plan_value(instance, plan) for name, plan in plans.items()}
        ratio = {name: choice.value / value if value else math.inf for name, value in worth.items()}
        ratios.append([*ratio.values(), choice.value / max(worth.values())])
        chosen = sum(start != NOT_DONE for start in choice.plan)
        feasible = "all pass" if not broken else "broken: " + ", ".join(broken)
        rows.append(
            [seed, chosen, *(f"{value:.2f}" for value in ratios[-1]), f"{100 * choice.gap:.2f} %", f"{seconds:.1f}", feasible]
        )
    middle = np.exp(np.log(np.array(ratios)).mean(axis=0))
    gap = max(float(str(row[-3]).split(maxsplit=1)[0]) for row in rows)
    slowest = max(float(row[-2]) for row in rows)
    rows.append(["all", "", *(f"{value:.2f}" for value in middle), f"{gap:.2f} % at most", f"{slowest:.1f} at most", ""])
    names = [f"/ {name}" for name in (*plans, "best of them")]
    write(
        "portfolio",
        ["instance", "chosen", *names, "proven gap", "seconds", "checker"],
        rows,
        f"{given.count} initiatives, {given.months} months. Value of our plan as a multiple of that of each rule's plan on the "
        "same instance, by the same objective; the last row is the geometric mean. 'RICE cut' stops at the first initiative for "
        "which money or people run out; the others go on with what fits. The proven gap is (bound - value) / bound. Every plan is "
        "checked by code that shares nothing with the solver.",
    )


if __name__ == "__main__":
    main()
