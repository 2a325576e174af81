"""Why an initiative is in the plan or out of it, in words a manager reads."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vitalfew.focus.choice import Choice, Forced
from vitalfew.focus.horizon import Horizon
from vitalfew.focus.instance import NOT_DONE, Instance, alone, plan_value


@dataclass(frozen=True)
class Speech:
    """How amounts and months are said: money in `currency`, or outcome points where there is no money."""

    currency: str
    objective: str
    horizon: Horizon

    def money(self, amount: float) -> str:
        """An amount of money, e.g. EUR 120,000."""
        return f"{self.currency} {amount:,.0f}"

    def amount(self, value: float) -> str:
        """A value of a plan in its objective."""
        return self.money(_significant(value)) if self.objective == "money" else f"{value:.3g} outcome points"

    def month(self, position: int) -> str:
        """A month by its position, e.g. 2026-07."""
        return f"{self.horizon.day(position):%Y-%m}"


def _significant(value: float) -> float:
    """Three significant digits, as the pages show values: more would claim to know them."""
    return float(f"{value:.3g}")


def reason(instance: Instance, choice: Choice, position: int, forced: Forced, speech: Speech) -> str:
    """Why candidate `position` is in or out; what it would displace, and what the plan would then lose."""
    if choice.plan[position] != NOT_DONE:
        return _inside(instance, choice, position, forced, speech)
    candidate = instance.candidates[position]
    return "out: " + (
        _alone(instance, position, speech) or _beside(instance, choice, position, forced, speech) or f"{candidate.name}"
    )


def _inside(instance: Instance, choice: Choice, position: int, forced: Forced, speech: Speech) -> str:
    candidate = instance.candidates[position]
    without = [NOT_DONE if i == position else start for i, start in enumerate(choice.plan)]
    gained = choice.value - plan_value(instance, without)
    needing = [c.name for c, s in zip(instance.candidates, choice.plan, strict=True) if s != NOT_DONE and position in c.needs]
    worth = f"adds {speech.amount(gained)} within the {instance.months} months"
    if needing:
        worth = f"{_listed(needing)} needs it" + (f"; {worth}" if gained > 0 else "")
    lost = f"; without it the best other plan is worth {speech.amount(forced.regret)} less" if forced.regret else ""
    return f"in: {worth}{lost}; done by the end of {speech.month(choice.plan[position] + candidate.months - 1)}"


def _alone(instance: Instance, position: int, speech: Speech) -> str:
    """What keeps it out whatever else is done; '' when nothing does."""
    candidate = instance.candidates[position]
    if not candidate.acts_on:
        return "names an issue that this run does not find"
    if math.fsum(instance.values[issue] for issue in candidate.acts_on) <= 0:
        return "the issues it removes are not shown to cost anything"
    last = instance.latest(position)
    if last < candidate.earliest:
        return f"is finished too late: it takes {candidate.months} months, and {instance.months} are planned"
    for group, effort in sorted(candidate.people.items()):
        room = instance.capacity.get(group, math.inf)
        if effort / candidate.months > room * (1 + 1e-9):
            return f"needs {effort / candidate.months:.1f} person-months of {group} a month; there are {room:.1f}"
    at_a_time = instance.company_limit if candidate.company_wide else instance.group_limit
    if at_a_time == 0:
        return "the limits allow no " + (
            "company-wide initiative" if candidate.company_wide else f"initiative of {candidate.group}"
        )
    if candidate.cost > instance.budget:
        return f"costs {speech.money(candidate.cost)}; the whole budget is {speech.money(instance.budget)}"
    return ""


def _beside(instance: Instance, choice: Choice, position: int, forced: Forced, speech: Speech) -> str:
    """What it would displace."""
    candidate = instance.candidates[position]
    if forced.regret is None:
        needs = [instance.candidates[need].name for need in candidate.needs]
        after = f" after {_listed(needs)}, which it needs" if needs else ""
        return f"cannot be finished{after} within the limits and the {instance.months} months"
    clash = [other for other, start in enumerate(choice.plan) if start != NOT_DONE and _exclude(instance, position, other)]
    less = (
        f"the plan would be worth {speech.amount(forced.regret)} less" if forced.regret > 0 else "the plan would be worth the same"
    )
    if clash:
        names = _listed([instance.candidates[other].name for other in clash])
        return f"excluded by {names}; if done instead, {less}"
    if forced.displaced:
        shown = [f"{instance.candidates[i].name} (worth {speech.amount(alone(instance, i))})" for i in forced.displaced[:3]]
        more = f" and {len(forced.displaced) - 3} more" if len(forced.displaced) > 3 else ""
        return f"would displace {_listed(shown)}{more}; {less}"
    if forced.later:
        return f"would delay {_listed([instance.candidates[i].name for i in forced.later[:3]])}; {less}"
    return f"adds nothing to the plan: {less}"


def _exclude(instance: Instance, one: int, other: int) -> bool:
    return other in instance.candidates[one].excludes or one in instance.candidates[other].excludes


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
