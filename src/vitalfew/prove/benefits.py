"""The benefits ledger: what fixing an issue brings each year, in hours and money, and how well it is known.

Grades: forecast (the plan says so), claimed (counted or stated, nothing to compare with), tested (counted against a comparison
group).
"""

from __future__ import annotations

from typing import Any

from vitalfew.engine import Context, Tables
from vitalfew.evidence import Gap, Step, claim_id, selection
from vitalfew.prove import counting
from vitalfew.settings import Benefit, Company, slug


def compute(
    tables: Tables, company: Company, context: Context, issues: list[dict[str, Any]], initiatives: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[Step], list[Gap]]:
    """Rows of table benefits: each [[benefit]], then a forecast for each chosen initiative; their evidence and gaps."""
    rows: list[dict[str, Any]] = []
    steps: list[Step] = []
    gaps: list[Gap] = []
    for position, benefit in enumerate(company.benefit, 1):
        row, gap = _authored(benefit, position, tables, company, context, issues, initiatives)
        rows.append(row)
        gaps += [gap] if gap else []
        for support, role in ((row["issue"], "the issue it is about"), (row["initiative"], "the initiative that brought it")):
            if support:
                steps.append(Step(row["benefit"], support, role))
        if benefit.occurs_when and row["before"] is not None:
            steps.append(Step(row["benefit"], selection(benefit.table), f"counted where {benefit.occurs_when}"))
    for initiative in sorted((each for each in initiatives if each["chosen"]), key=lambda each: str(each["initiative"])):
        row = _forecast(initiative)
        rows.append(row)
        steps.append(Step(row["benefit"], initiative["initiative"], "the initiative that shall bring it"))
    return rows, steps, gaps


def _authored(
    benefit: Benefit,
    position: int,
    tables: Tables,
    company: Company,
    context: Context,
    issues: list[dict[str, Any]],
    initiatives: list[dict[str, Any]],
) -> tuple[dict[str, Any], Gap | None]:
    issue = _issue(benefit, issues)
    group = benefit.group or (issue["group"] if issue else "")
    initiative = next((row for row in initiatives if slug(row["name"] or "-") == slug(benefit.initiative or "--")), None)
    name = claim_id("benefit", benefit.issue, f"{position}")
    row: dict[str, Any] = {
        **{"benefit": name, "issue": issue["issue"] if issue else benefit.issue, "whose": benefit.whose},
        **{"initiative": initiative["initiative"] if initiative else None, "hours_each": benefit.hours_each},
        **{"money_each": benefit.money_each, "verified_by": benefit.verified_by or None, "verified_on": benefit.verified_on},
        **{"recurring": benefit.recurring, "grade": "claimed", "before": benefit.before, "after": benefit.after},
    }
    # What an hour of the customers' costs is theirs to say: their hours are counted, and only money_each is priced.
    ours = benefit.whose == "ours"
    each = benefit.money_each + (benefit.hours_each * company.hour_cost(group) if ours else 0.0)
    counted = counting.count(benefit, tables, context) if benefit.occurs_when else None
    if counted is not None:
        found = counting.avoided(counted, context.seed, name)
        ends = sorted((found.low * each, found.high * each))
        row |= {"before": found.before, "after": found.after, "hours": found.avoided * benefit.hours_each}
        row |= {"money": found.avoided * each, "low": ends[0], "high": ends[1], "note": counting.described(counted, found)}
        row["grade"] = "claimed" if counted.compared is None else "tested"
        return row, None
    if benefit.before is not None and benefit.after is not None:
        fewer = benefit.before - benefit.after
        row |= {"hours": fewer * benefit.hours_each, "money": fewer * each}
        row["note"] = "stated in company.toml, not counted: no interval"
        return row, None
    row["grade"], row["note"] = "forecast", _unmeasured(benefit)
    gap = Gap(f"benefit of solving {benefit.issue}", f"{row['note']}.".capitalize(), _wanted(benefit))
    return row, gap


def _unmeasured(benefit: Benefit) -> str:
    if not benefit.occurs_when:
        return "not measured: nothing says how often it occurs"
    if benefit.changed_on is None:
        return "not measured: changed_on is not set"
    return "not measured: fewer than 30 days of records before or after the change"


def _wanted(benefit: Benefit) -> str:
    if benefit.occurs_when and benefit.changed_on is not None:
        return f"Records of {benefit.table} for 30 days on both sides of {benefit.changed_on.isoformat()}, best a year."
    return "occurs_when and changed_on of the benefit, or before and after; compared_when to test it."


def _issue(benefit: Benefit, issues: list[dict[str, Any]]) -> dict[str, Any] | None:
    wanted = slug(benefit.issue)
    named = [row for row in issues if wanted in (slug(row["name"] or "-"), slug(row["issue"])) or benefit.issue == row["issue"]]
    named.sort(key=lambda row: (bool(benefit.group) and row["group"] != benefit.group, row["issue"]))
    return named[0] if named else None


def _forecast(initiative: dict[str, Any]) -> dict[str, Any]:
    return {
        **{"benefit": claim_id("benefit", initiative["name"], "forecast"), "issue": initiative["acts_on"]},
        **{"initiative": initiative["initiative"], "whose": "ours", "grade": "forecast", "recurring": True},
        **{"money": initiative["value"], "low": initiative["low"], "high": initiative["high"]},
        "note": "value expected within the horizon, from the choice; nothing measured yet",
    }
