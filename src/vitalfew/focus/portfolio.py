"""The choice as tables: the candidates with reasons, the plan as a whole, value against budget, and what each resource is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitalfew.engine import Context
from vitalfew.evidence import Gap, Step, claim_id
from vitalfew.focus.choice import Choice, Forced, Point, force, frontier, solve, stability, used_money
from vitalfew.focus.horizon import Horizon
from vitalfew.focus.initiatives import Charter, loss, paying, value_alone, worth_of
from vitalfew.focus.instance import NOT_DONE, Candidate, Instance, years_removed
from vitalfew.focus.issues import Findings
from vitalfew.focus.packing import RULES, ranked
from vitalfew.focus.reasons import Speech, reason
from vitalfew.focus.worlds import ends
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.vocabulary import arrow_table

PLAN = claim_id("portfolio", "plan")
WORLDS = 40
"""Resampled worlds the plan is made anew in, for how sure each initiative is."""
CORE, OUT = 0.8, 0.2
NOTHING = "nothing to choose"


@dataclass(frozen=True)
class Decision:
    """What was chosen: the instance of those that can be chosen, their charters in its order, and all that was found about them."""

    instance: Instance
    charters: tuple[Charter, ...]
    choice: Choice
    forced: tuple[Forced, ...]
    stability: NDArray[np.float64]
    frontier: tuple[Point, ...]
    why_nothing: str = ""

    @property
    def starts(self) -> dict[str, int]:
        """Month of start by id of each chosen initiative."""
        return {c.candidate.key: s for c, s in zip(self.charters, self.choice.plan, strict=True) if s != NOT_DONE}


def decide(charters: Sequence[Charter], worth: NDArray[np.float64], company: Company, horizon: Horizon) -> Decision:
    """Choose, under the limits of company.toml, among the charters that can be chosen."""
    open_ones = [position for position, charter in enumerate(charters) if not charter.refused]
    renumbered = {old: new for new, old in enumerate(open_ones)}

    def related(positions: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(renumbered[position] for position in positions if position in renumbered)

    kept = tuple(charters[position] for position in open_ones)
    candidates = tuple(
        replace(each.candidate, needs=related(each.candidate.needs), excludes=related(each.candidate.excludes)) for each in kept
    )
    limits = company.limits
    instance = Instance(
        candidates,
        tuple(max(0.0, float(value)) for value in worth.mean(axis=0)),
        horizon.months,
        horizon.money(limits.budget),
        dict(limits.capacity),
        limits.company_initiatives,
        limits.group_initiatives,
    )
    choice = solve(instance)
    points = frontier(instance, choice)
    better = [point for point in points if point.budget <= instance.budget and point.value > choice.value * (1 + 1e-9)]
    if better:
        choice = Choice(better[-1].plan, better[-1].value, max(choice.bound, better[-1].value), choice.rules, choice.prices)
    choice, forced = force(instance, choice)
    points = [
        Point(each.budget, choice.plan, choice.value, max(each.bound, choice.value))
        if each.budget >= instance.budget and each.value < choice.value
        else each
        for each in points
    ]
    sure = stability(instance, choice.plan, worth[:WORLDS] if len(worth) > 1 else worth[:0])
    return Decision(instance, kept, choice, tuple(forced), sure, tuple(points), _why_nothing(instance, choice))


def _why_nothing(instance: Instance, choice: Choice) -> str:
    """The sentence for a plan of nothing; '' when something was chosen."""
    if any(start != NOT_DONE for start in choice.plan):
        return ""
    if not instance.candidates:
        return "No initiative with an estimate of cost and people is named in company.toml."
    if not any(instance.values[issue] > 0 for candidate in instance.candidates for issue in candidate.acts_on):
        return "No initiative named in company.toml acts on an issue that is shown to cost anything."
    if instance.budget == 0 and all(candidate.cost > 0 for candidate in instance.candidates):
        return "The budget is zero and no initiative is free of cost."
    return "No initiative can be finished, within the limits, before the last month planned."


def compute(
    findings: Findings, charters: Sequence[Charter], company: Company, context: Context, horizon: Horizon
) -> tuple[Decision, Outputs]:
    """Tables `initiatives`, `portfolio`, `frontier` and `resources`, and the decision for the roadmap."""
    context.progress("choosing initiatives")
    worth = worth_of(findings)
    speech = Speech(company.company.currency, findings.objective, horizon)
    if findings.objective == "money":
        charters = paying(charters, worth, horizon.months, speech.money)
    decision = decide(charters, worth, company, horizon)
    gaps = []
    if not charters:
        gaps.append(
            Gap(
                "the choice of initiatives",
                "There is no initiative to choose from.",
                "At least one [[initiative]] in company.toml, with what it removes, its cost and its people.",
            )
        )
    tables = {
        "initiatives": arrow_table("initiatives", _initiatives(findings, charters, worth, decision, speech)),
        "portfolio": arrow_table("portfolio", [_portfolio(charters, worth, decision, findings, speech)]),
        "frontier": arrow_table("frontier", _frontier(decision)),
        "resources": arrow_table("resources", _resources(decision, company, horizon)),
    }
    return decision, Outputs(tables, _evidence(findings, charters, worth, decision, speech), gaps)


def _initiatives(
    findings: Findings, charters: Sequence[Charter], worth: NDArray[np.float64], decision: Decision, speech: Speech
) -> list[dict[str, Any]]:
    place = {charter.candidate.key: position for position, charter in enumerate(decision.charters)}
    ranks = {
        name: {decision.instance.candidates[i].key: r + 1 for r, i in enumerate(ranked(decision.instance, rule))}
        for name, rule in RULES.items()
    }
    rows = []
    for charter in charters:
        candidate, position = charter.candidate, place.get(charter.candidate.key)
        start = NOT_DONE if position is None else decision.choice.plan[position]
        value, low, high = value_alone(candidate, worth, decision.instance.months)
        known = any(findings.issues[issue].worth is not None for issue in candidate.acts_on)
        rows.append(
            {
                "initiative": candidate.key,
                "name": candidate.name,
                "group": candidate.group,
                "kind": charter.kind,
                "origin": charter.origin,
                "acts_on": ";".join(findings.issues[issue].key for issue in candidate.acts_on),
                "share": candidate.share,
                "cost": candidate.cost if charter.stated else None,
                "effort": candidate.effort if charter.stated else None,
                "months": candidate.months,
                "value": value if known else None,
                "low": low if known else None,
                "high": high if known else None,
                "chosen": start != NOT_DONE,
                "start": speech.horizon.day(start) if start != NOT_DONE else None,
                "end": speech.horizon.last_day(start + candidate.months - 1) if start != NOT_DONE else None,
                "reason": _reason(charter, position, decision, speech) + _warned(candidate, start, worth, decision, speech),
                **_sureness(position, decision),
                "rank_rice": ranks["RICE"].get(candidate.key),
                "rank_wsjf": ranks["WSJF"].get(candidate.key),
                "rank_value_cost": ranks["value / cost"].get(candidate.key),
            }
        )
    return rows


def _reason(charter: Charter, position: int | None, decision: Decision, speech: Speech) -> str:
    if position is None:
        return f"out: {charter.refused}"
    return reason(decision.instance, decision.choice, position, decision.forced[position], speech)


def _warned(candidate: Candidate, start: int, worth: NDArray[np.float64], decision: Decision, speech: Speech) -> str:
    """The warning of what is in the plan though it costs more than it brings; '' for all else, and where worth is no money."""
    months = decision.instance.months
    brings = loss(candidate, worth, months) if start != NOT_DONE and speech.objective == "money" else None
    if brings is None:
        return ""
    return f"; warning: brings {speech.money(brings)} within {months} months, costs {speech.money(candidate.cost)}"


def _sureness(position: int | None, decision: Decision) -> dict[str, Any]:
    if position is None:
        return {"stability": None, "verdict": "out", "regret": None}
    share = float(decision.stability[position])
    if math.isnan(share):
        return {"stability": None, "verdict": None, "regret": decision.forced[position].regret}
    verdict = "core" if share >= CORE else "out" if share <= OUT else "borderline"
    return {"stability": share, "verdict": verdict, "regret": decision.forced[position].regret}


def _portfolio(
    charters: Sequence[Charter], worth: NDArray[np.float64], decision: Decision, findings: Findings, speech: Speech
) -> dict[str, Any]:
    choice, instance = decision.choice, decision.instance
    worlds = worth @ years_removed(instance, choice.plan)
    low, high = ends(worlds) if len(worlds) > 1 else (None, None)
    best = max(choice.rules, key=lambda name: choice.rules[name])
    budget = None if math.isinf(instance.budget) else instance.budget
    return {
        "status": NOTHING if decision.why_nothing else choice.status,
        "value": choice.value,
        "low": low,
        "high": high,
        "bound": choice.bound,
        "gap": choice.gap,
        "baseline_rule": best,
        "baseline_value": choice.rules[best],
        "rules": "; ".join(f"{name} {speech.amount(value)}" for name, value in choice.rules.items()),
        "budget": budget,
        "used": used_money(instance, choice.plan),
        "chosen": sum(start != NOT_DONE for start in choice.plan),
        "candidates": len(charters),
        "objective": findings.objective or "none",
        "note": " ".join(_notes(decision, len(charters))),
    }


def _notes(decision: Decision, everyone: int) -> list[str]:
    instance, notes = decision.instance, []
    if decision.why_nothing:
        notes.append(decision.why_nothing)
    if math.isinf(instance.budget):
        notes.append("No budget is stated, so money does not limit the plan.")
    free = sorted({group for each in instance.candidates for group in each.people if group not in instance.capacity})
    if free:
        notes.append(f"No capacity is stated for {', '.join(free)}, so their people do not limit the plan.")
    closed = everyone - len(instance.candidates)
    if closed:
        notes.append(f"{closed} of {everyone} candidates cannot be chosen yet: see their reasons.")
    return notes


def _frontier(decision: Decision) -> list[dict[str, Any]]:
    keys = [candidate.key for candidate in decision.instance.candidates]
    return [
        {
            "budget": point.budget,
            "value": point.value,
            "bound": point.bound,
            "chosen": ";".join(key for key, start in zip(keys, point.plan, strict=True) if start != NOT_DONE),
        }
        for point in decision.frontier
    ]


def _running(candidate: Candidate, start: int, month: int) -> bool:
    return start != NOT_DONE and start <= month < start + candidate.months


def _resources(decision: Decision, company: Company, horizon: Horizon) -> list[dict[str, Any]]:
    """Money by quarter and people by month. `worth` is the price in the linear relaxation: what a little more would be worth."""
    instance, prices = decision.instance, decision.choice.prices
    pairs = list(zip(instance.candidates, decision.choice.plan, strict=True))
    rows, before, carried = [], 0.0, 0.0
    for quarter, months in horizon.quarters().items():
        used = math.fsum(c.cost / c.months for month in months for c, start in pairs if _running(c, start, month))
        carried += company.limits.budget.get(quarter, 0.0)
        known = bool(company.limits.budget)
        worth = math.fsum(price for (name, month), price in sorted(prices.items()) if name == "money" and month >= months[0])
        rows.append(
            {
                "resource": "money",
                "month": horizon.day(months[0]),
                "limit": carried - before if known else None,
                "used": used,
                "unit": "money",
                "worth": worth if known else None,
            }
        )
        before += used
    groups = sorted({group for candidate in instance.candidates for group in candidate.people} | set(instance.capacity))
    for group in groups:
        for month in range(horizon.months):
            used = math.fsum(c.people.get(group, 0.0) / c.months for c, start in pairs if _running(c, start, month))
            limit = instance.capacity.get(group)
            rows.append(
                {
                    "resource": group,
                    "month": horizon.day(month),
                    "limit": limit,
                    "used": used,
                    "unit": "person-months",
                    "worth": prices.get((group, month), 0.0) if limit is not None else None,
                }
            )
    return rows


def _evidence(
    findings: Findings, charters: Sequence[Charter], worth: NDArray[np.float64], decision: Decision, speech: Speech
) -> list[Step]:
    steps = []
    yearly = worth.mean(axis=0)
    for charter in charters:
        candidate = charter.candidate
        for issue in candidate.acts_on:
            found = findings.issues[issue]
            removed = float(yearly[issue]) * candidate.share
            worth_said = f", worth {speech.amount(removed)} a year" if findings.objective else ""
            said = f"removes {100 * candidate.share:.0f} % of it{worth_said}"
            steps.append(Step(candidate.key, found.key, said, removed if findings.objective else None, found.affected.people))
        if charter.stated and charter.origin == "company.toml":
            setting = claim_id("setting", "initiative", candidate.name)
            said = f"costs {speech.money(candidate.cost)} and {candidate.effort:.1f} person-months over {candidate.months} months"
            steps.append(Step(candidate.key, setting, said, candidate.cost))
    for charter in decision.charters:
        candidate = charter.candidate
        if candidate.key in decision.starts:
            value = value_alone(candidate, worth, decision.instance.months)[0]
            said = f"in the plan from {speech.month(decision.starts[candidate.key])}"
            steps.append(Step(PLAN, candidate.key, said, value))
    return steps
