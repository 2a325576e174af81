"""The roadmap: each chosen initiative, month by month."""

from __future__ import annotations

from vitalfew.focus.horizon import Horizon
from vitalfew.focus.instance import NOT_DONE
from vitalfew.focus.portfolio import Decision
from vitalfew.outputs import Outputs
from vitalfew.vocabulary import arrow_table


def compute(decision: Decision, horizon: Horizon) -> Outputs:
    """Table `roadmap`: people and money are used evenly from the first to the last month of an initiative."""
    candidates = decision.instance.candidates
    rows = []
    for candidate, start in zip(candidates, decision.choice.plan, strict=True):
        if start == NOT_DONE:
            continue
        for month in range(start, start + candidate.months):
            rows.append(
                {
                    "initiative": candidate.key,
                    "name": candidate.name,
                    "group": candidate.group,
                    "month": horizon.day(month),
                    "start": horizon.day(start),
                    "end": horizon.last_day(start + candidate.months - 1),
                    "people": candidate.effort / candidate.months,
                    "money": candidate.cost / candidate.months,
                    "needs": "; ".join(candidates[need].name for need in candidate.needs),
                }
            )
    return Outputs({"roadmap": arrow_table("roadmap", rows)})
