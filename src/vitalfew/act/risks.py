"""Risks: those people named, and those that can be read off the plan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from vitalfew.act.facts import Facts
from vitalfew.act.words import day, money, number, share
from vitalfew.evidence import Step, claim_id
from vitalfew.settings import slug

# A group planned above this has no room for what was not foreseen.
FULL = 0.8
# A prerequisite that ends less than this before its dependent starts leaves no slack.
SLACK_DAYS = 31


def compute(facts: Facts) -> tuple[list[dict[str, Any]], list[Step]]:
    """Rows of table risks, and what each proposed one rests on."""
    proposed = [*_capacity(facts), *_worthless(facts), *_late(facts)]
    rows = [*_authored(facts), *(row for row, _ in proposed)]
    unique = {row["risk"]: row for row in reversed(rows)}
    steps = [Step(row["risk"], support, "what shows it") for row, support in proposed]
    return [unique[name] for name in sorted(unique)], steps


def _authored(facts: Facts) -> list[dict[str, Any]]:
    rows = []
    for position, risk in enumerate(facts.company.risk, 1):
        initiative = next(
            (row["initiative"] for row in facts.initiatives if slug(row["name"]) == slug(risk.initiative or "-")), None
        )
        row = risk.model_dump(exclude={"initiative"})
        name = claim_id("risk", risk.initiative or "company", f"{position} {risk.may[:60]}")
        rows.append({**row, "risk": name, "initiative": initiative, "origin": "company.toml"})
    return rows


def _proposed(kind: str, initiative: dict[str, Any], owner: str, **said: Any) -> dict[str, Any]:
    own = {"risk": claim_id("risk", initiative["name"], kind), "initiative": initiative["initiative"], "owner": owner}
    return {**own, "origin": "proposed", "response": "mitigate", **said}


def _capacity(facts: Facts) -> list[tuple[dict[str, Any], str]]:
    found = []
    for group in sorted({row["group"] for row in facts.chosen() if row["group"]}):
        months = [row for row in facts.resources if row["resource"] == group and row["unit"] != "money" and (row["limit"] or 0) > 0]
        worst = max(months, key=lambda row: (row["used"] or 0.0) / row["limit"], default=None)
        if worst is None or (worst["used"] or 0.0) / worst["limit"] <= FULL:
            continue
        month = f"{worst['month']:%B %Y}"
        running = [row for row in facts.chosen(group) if row["start"] and row["start"] <= worst["month"] <= row["end"]]
        for initiative in running or facts.chosen(group)[:1]:
            row = _proposed(
                "capacity",
                initiative,
                facts.lead(group),
                because=f"the plan uses {share((worst['used'] or 0.0) / worst['limit'])} of the people of {group} in {month}",
                may=f"an absence or another task may delay {initiative['name']}",
                leading_to=f"{initiative['name']} ending after {day(initiative['end'])}",
                probability=4 if worst["used"] >= 0.95 * worst["limit"] else 3,
                impact=3,
                action=f"free or lend people to {group} in {month}, or start one month later",
                trigger=f"less than {number(worst['used'])} person-months of {group} available in {month}",
            )
            found.append((row, initiative["initiative"]))
    return found


def _worthless(facts: Facts) -> list[tuple[dict[str, Any], str]]:
    found = []
    for initiative in facts.chosen():
        value, low = initiative["value"], initiative["low"]
        if value is None or low is None or not low <= 0 < value:
            continue
        row = _proposed(
            "value",
            initiative,
            facts.owned(initiative),
            because=f"the interval of its value begins at {money(low, facts.company.company.currency)}",
            may=f"{initiative['name']} may bring nothing",
            leading_to="money and people spent that another initiative could have used",
            probability=3,
            impact=4,
            action="try it on a part of the customers first, with the rest to compare with",
            trigger="the leading indicator has not moved two months after the start",
        )
        found.append((row, initiative["initiative"]))
    return found


def _late(facts: Facts) -> list[tuple[dict[str, Any], str]]:
    """A prerequisite that finishes just before its dependent starts."""
    found = []
    chosen = {slug(row["name"]): row for row in facts.chosen()}
    for initiative in facts.chosen():
        authored = facts.authored(initiative["name"])
        for need in authored.needs if authored else []:
            before = chosen.get(slug(need))
            if before is None or not (before["end"] and initiative["start"]):
                continue
            if initiative["start"] - before["end"] >= timedelta(days=SLACK_DAYS):
                continue
            row = _proposed(
                f"waits for {need}",
                initiative,
                facts.owned(before),
                because=f"{need} ends on {day(before['end'])} and {initiative['name']} starts on {day(initiative['start'])}",
                may=f"{need} may finish late",
                leading_to=f"{initiative['name']} starting late",
                probability=3,
                impact=3,
                action=f"agree what {initiative['name']} needs first, and deliver that part early",
                trigger=f"{need} is less than three quarters done a month before {day(before['end'])}",
            )
            found.append((row, before["initiative"]))
    return found
