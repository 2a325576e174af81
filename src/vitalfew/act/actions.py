"""Actions: what each group does about its issues, who does it and by when, with the indicator that shows it first."""

from __future__ import annotations

from typing import Any

from vitalfew.act.facts import Facts
from vitalfew.evidence import Step, claim_id
from vitalfew.vocabulary import NOT_ASSIGNED

# A one-page strategy holds five actions; the table holds them all.
MOST_ON_PAGE = 5


def compute(facts: Facts) -> tuple[list[dict[str, Any]], list[Step]]:
    """Rows of table actions, and what each answers: the chosen initiatives of a group first, then the answers to its whys."""
    rows: list[dict[str, Any]] = []
    names = sorted({*facts.groups(), *(row["group"] for row in facts.chosen() if row["group"] not in (None, "", NOT_ASSIGNED))})
    for name in names:
        made = [*_of_initiatives(facts, name), *_of_causes(facts, name)]
        unique: dict[str, dict[str, Any]] = {}
        for row in made:
            unique.setdefault(row["action"], row)
        rows += [{**row, "position": position} for position, row in enumerate(unique.values(), 1)]
    steps = [
        Step(row["action"], row[support], role)
        for row in rows
        for support, role in (("issue", "the issue it answers"), ("initiative", "the initiative it belongs to"))
        if row[support]
    ]
    return rows, steps


def _of_initiatives(facts: Facts, group: str) -> list[dict[str, Any]]:
    rows = []
    for initiative in facts.chosen(group):
        acts_on = [each for each in (initiative["acts_on"] or "").split(";") if each]
        issues = [found for found in (facts.issue(each.strip()) for each in acts_on) if found is not None]
        issue = next((each for each in issues if each["group"] == group), issues[0] if issues else None)
        whys = facts.whys(issue["issue"]) if issue else []
        row = _row(facts, group, initiative["name"], issue, initiative["share"])
        row |= {"owner": facts.owned(initiative), "start": initiative["start"], "due": initiative["end"]}
        row |= {"effort": initiative["effort"], "initiative": initiative["initiative"], "cause": whys[-1]["text"] if whys else None}
        rows.append(row)
    return rows


def _of_causes(facts: Facts, group: str) -> list[dict[str, Any]]:
    """The actions company.toml names for whys that were not refuted; in order of issue, branch and depth."""
    found = []
    for cause in facts.company.cause:
        issue = facts.issue(cause.issue, cause.group)
        if not cause.action or cause.status == "refuted" or issue is None or issue["group"] != group:
            continue
        row = _row(facts, group, cause.action, issue, None)
        row |= {"owner": cause.owner or facts.lead(group), "cause": cause.text}
        found.append(((issue["rank"] or 0, issue["issue"], cause.branch, cause.depth), row))
    return [row for _, row in sorted(found, key=lambda each: each[0])]


def _row(facts: Facts, group: str, what: str, issue: dict[str, Any] | None, removed: float | None) -> dict[str, Any]:
    indicator = facts.indicator(issue, removed) if issue else None
    return {
        **{"action": claim_id("action", group, what), "group": group, "what": what, "status": "proposed"},
        **{"issue": issue["issue"] if issue else None, "cause": None, "initiative": None},
        **{"owner": None, "start": None, "due": None, "effort": None},
        "indicator": f"{indicator.definition} ({indicator.lag})" if indicator else None,
        "baseline": indicator.baseline if indicator else None,
        "target": indicator.target if indicator else None,
    }
