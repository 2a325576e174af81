"""Checks a plan against what company.toml says, month by month, sharing no code with what made the plan."""

from __future__ import annotations

from collections.abc import Sequence

from vitalfew.focus.instance import Candidate, Instance

_SLACK = 1e-6


def violations(instance: Instance, plan: Sequence[int]) -> list[str]:
    """Every limit a plan breaks, in words; empty when it can be carried out.

    `plan[i]` is the month candidate i starts in, from 0, or -1 when it is left out.
    """
    if len(plan) != len(instance.candidates):
        return [f"the plan has {len(plan)} entries for {len(instance.candidates)} initiatives"]
    done = [(candidate, start) for candidate, start in zip(instance.candidates, plan, strict=True) if start != -1]
    return [
        *_dates(instance, done),
        *_relations(instance, plan),
        *_money(instance, done),
        *_people(instance, done),
        *_at_a_time(instance, done),
    ]


def _running(candidate: Candidate, start: int, month: int) -> bool:
    return start <= month < start + candidate.months


def _dates(instance: Instance, done: list[tuple[Candidate, int]]) -> list[str]:
    found = []
    for candidate, start in done:
        if start < candidate.earliest:
            found.append(f"{candidate.name} starts in month {start}, before month {candidate.earliest}")
        if start + candidate.months > instance.months:
            found.append(f"{candidate.name} ends after the {instance.months} months planned")
    return found


def _relations(instance: Instance, plan: Sequence[int]) -> list[str]:
    found = []
    for candidate, start in zip(instance.candidates, plan, strict=True):
        if start == -1:
            continue
        for need in candidate.needs:
            needed = instance.candidates[need]
            if plan[need] == -1:
                found.append(f"{candidate.name} needs {needed.name}, which is not in the plan")
            elif plan[need] + needed.months > start:
                found.append(f"{candidate.name} starts before {needed.name}, which it needs, is finished")
        for other in candidate.excludes:
            if plan[other] != -1:
                found.append(f"{candidate.name} and {instance.candidates[other].name} exclude each other")
    return found


def _money(instance: Instance, done: list[tuple[Candidate, int]]) -> list[str]:
    found, spent = [], 0.0
    for month, allowed in enumerate(instance.money):
        spent += sum(candidate.cost / candidate.months for candidate, start in done if _running(candidate, start, month))
        if spent > allowed + _SLACK * max(1.0, abs(allowed)):
            found.append(f"by month {month} the plan has spent {spent:,.2f} of {allowed:,.2f}")
    return found


def _people(instance: Instance, done: list[tuple[Candidate, int]]) -> list[str]:
    found = []
    for group, capacity in sorted(instance.capacity.items()):
        for month in range(instance.months):
            used = sum(c.people.get(group, 0.0) / c.months for c, start in done if _running(c, start, month))
            if used > capacity + _SLACK * max(1.0, capacity):
                found.append(f"month {month} takes {used:.2f} person-months of {group}; there are {capacity:.2f}")
    return found


def _at_a_time(instance: Instance, done: list[tuple[Candidate, int]]) -> list[str]:
    found = []
    for month in range(instance.months):
        running = [candidate for candidate, start in done if _running(candidate, start, month)]
        wide = sum(candidate.company_wide for candidate in running)
        if wide > instance.company_limit:
            found.append(f"month {month} has {wide} company-wide initiatives; at most {instance.company_limit} at a time")
        for group in sorted({candidate.group for candidate in running if not candidate.company_wide}):
            own = sum(candidate.group == group and not candidate.company_wide for candidate in running)
            if own > instance.group_limit:
                found.append(f"month {month} has {own} initiatives of {group}; at most {instance.group_limit} at a time")
    return found
