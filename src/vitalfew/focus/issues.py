"""Issues: what goes wrong for customers, at the work group that causes it, and what it costs.

One interval runs from the comment to the money: in each resampled world the share of customers who meet the issue, the points it
takes from the outcome, the worth of a point and the cost of handling it are multiplied, so what varies together stays together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vitalfew.engine import Context, Tables
from vitalfew.evidence import Gap, Step, claim_id, selection
from vitalfew.focus.affected import Affected, Wanted, affected
from vitalfew.focus.found import Found, find
from vitalfew.focus.worlds import Draws, Worlds, ends, mean
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.vocabulary import arrow_table

TOP = 2
"""Each work group resolves the root causes of the top two issues it causes."""


@dataclass(frozen=True)
class Issue:
    """An issue with what is known of it; `worth` are the draws it is ranked by (money, else points lost), None without any."""

    found: Found
    share: Worlds | None = None
    points: Worlds | None = None
    handling: Worlds | None = None
    hours: Worlds | None = None
    value: Worlds | None = None
    worth: Worlds | None = None
    affected: Affected = field(default_factory=Affected)
    notes: tuple[str, ...] = ()
    rank: int = 0
    top: bool = False
    first_probability: float | None = None

    @property
    def key(self) -> str:
        """Its id."""
        return claim_id("issue", self.found.group, self.found.name)


@dataclass(frozen=True)
class Point:
    """What one point of the outcome is worth: the draws of its share of revenue, or the one share there is; yearly revenue."""

    claim: str
    label: str
    share: Worlds | None
    revenue: float
    note: str


@dataclass(frozen=True)
class Findings:
    """The issues of a run, by group and rank, and whether they are valued in money, outcome points, or not at all ('')."""

    issues: tuple[Issue, ...]
    objective: str


def compute(tables: Tables, company: Company, context: Context) -> tuple[Findings, Outputs]:
    """Find, value and rank the issues. Returns them for the rest of the room, and the table `issues` with its evidence."""
    found, gaps = find(tables, company)
    if not found:
        gaps.append(
            Gap(
                "issues",
                "No complaint, broken promise or weak driver was found.",
                "Comments, ratings of drivers, or promises that can be checked on orders or contacts.",
            )
        )
        return Findings((), ""), Outputs({"issues": arrow_table("issues", [])}, [], gaps)
    context.progress("valuing issues")
    draws = Draws(tables, company.company.draws)
    point = _point(tables, company, draws)
    counted = affected(tables, context, [Wanted(i, each) for i, each in enumerate(found)])
    issues = [_valued(each, draws, point, company, counted[i]) for i, each in enumerate(found)]
    issues, objective = _objective(issues, point)
    ranked = _ranked(issues)
    if objective != "money":
        gaps.append(_no_money(point))
    rows = [_row(issue, objective) for issue in ranked]
    steps = [step for issue in ranked for step in _evidence(issue, point)]
    return Findings(tuple(ranked), objective), Outputs({"issues": arrow_table("issues", rows)}, steps, gaps)


def _point(tables: Tables, company: Company, draws: Draws) -> Point:
    """The worth of a point of the company's outcome."""
    rows = sorted(tables.rows("point_value"), key=lambda row: (row["outcome"] != company.outcome, row["outcome"]))
    if not rows:
        return Point("", "", None, 0.0, "")
    row = rows[0]
    claim = claim_id("point_value", row["outcome"])
    share = draws.get(claim, "revenue_share")
    plain = row["revenue_share"]
    if share is None and plain is not None:
        share = np.full(draws.count, float(plain))
    basis = row["basis"] or "none"
    known = basis != "none" and share is not None and bool(row["revenue"])
    question = company.questions.get(row["outcome"])
    label = (question.label if question else "") or row["outcome"]
    return Point(claim, label, share if known else None, float(row["revenue"] or 0.0), row["note"] or "")


def _valued(found: Found, draws: Draws, point: Point, company: Company, counted: Affected) -> Issue:
    """Points lost, and money where a point has a price, in every world."""
    share, points, notes = _points(found, draws)
    theme = found.theme
    handling, hours = draws.get(theme, "handling"), draws.get(theme, "hours")
    if 0 < counted.people < company.company.minimum_group:
        notes = [f"withheld: fewer than {company.company.minimum_group} people"]
        return Issue(found, affected=counted, notes=tuple(notes))
    value = None
    if points is not None and point.share is not None:
        value = points * point.share * point.revenue * company.company.margin
        value = value + (np.nan_to_num(handling) if handling is not None else 0.0)
    low, _ = ends(points)
    if low is not None and low <= 0:
        notes.append("not shown to hurt: the interval of the points lost reaches 0")
    return Issue(found, share, points, handling, hours, value, None, counted, tuple(notes))


def _points(found: Found, draws: Draws) -> tuple[Worlds | None, Worlds | None, list[str]]:
    """Draws of the share of customers affected and of the points lost per customer, and what they rest on."""
    share, each = draws.get(found.theme, "share_people"), draws.get(found.theme, "points")
    by_theme = share * each if share is not None and each is not None else None
    broken, gap = draws.get(found.promise, "broken_share"), draws.get(found.promise, "gap")
    by_promise = broken * gap if broken is not None and gap is not None else None
    effect = draws.get(found.driver_id, "effect") if found.shortfall else None
    if by_promise is not None and (by_theme is None or found.n_promise >= found.n_theme):
        rather = f", more than the {found.n_theme:,} comments" if by_theme is not None else ""
        return broken, by_promise, [f"points lost rest on {found.n_promise:,} scores of kept and broken promises{rather}"]
    if by_theme is not None:
        rather = f", more than the {found.n_promise:,} scores of kept and broken promises" if by_promise is not None else ""
        return share, by_theme, [f"points lost rest on {found.n_theme:,} comments{rather}"]
    if effect is not None:
        rests = f"points lost are the effect of a point of {found.driver} x the {found.shortfall:.2f} it lies below the mean driver"
        return None, effect * found.shortfall, [rests]
    shown = share if share is not None else broken
    return shown, None, ["no outcome score is linked to it, so the points it costs are not known"]


def _objective(issues: Sequence[Issue], point: Point) -> tuple[list[Issue], str]:
    """What issues are ranked by: money; else points lost; else the cost of handling them, which is money too; else nothing."""
    if any(issue.value is not None for issue in issues):
        return [_handled(issue, issue.value, "") for issue in issues], "money"
    if any(issue.points is not None for issue in issues):
        why = point.note or "no revenue is known over two years"
        note = f"no money: {why}"
        return [replace(issue, worth=issue.points, notes=(*issue.notes, note)) for issue in issues], "outcome points"
    if any(issue.handling is not None for issue in issues):
        return [_handled(issue, None, "") for issue in issues], "money"
    return list(issues), ""


def _handled(issue: Issue, value: Worlds | None, note: str) -> Issue:
    """An issue valued in money; one without points is worth at least the handling it costs."""
    if value is None and issue.handling is not None:
        value, note = issue.handling, "value is the cost of handling it alone"
    return replace(issue, value=value, worth=value, notes=(*issue.notes, note) if note else issue.notes)


def _ranked(issues: Sequence[Issue]) -> list[Issue]:
    """Issues by group and rank: worth first, then comments, people and name; the first two of a group that hurt are its top."""
    groups: dict[str, list[Issue]] = {}
    for issue in issues:
        groups.setdefault(issue.found.group, []).append(issue)
    ranked: list[Issue] = []
    for group in sorted(groups):
        own = sorted(groups[group], key=_standing)
        chances = _chances(own)
        for position, issue in enumerate(own):
            worth = mean(issue.worth)
            top = position < TOP and (worth is None or worth > 0)
            ranked.append(replace(issue, rank=position + 1, top=top, first_probability=chances[position]))
    return ranked


def _standing(issue: Issue) -> tuple[float, float, int, int, str]:
    worth = mean(issue.worth)
    counted = issue.affected
    return (0.0 if worth is not None else 1.0, -(worth or 0.0), -counted.comments, -counted.people, issue.found.name)


def _chances(own: Sequence[Issue]) -> list[float | None]:
    """Share of worlds in which each issue is among the top two of its group."""
    known = [position for position, issue in enumerate(own) if issue.worth is not None]
    chances: list[float | None] = [None] * len(own)
    if known:
        worth = np.stack([np.nan_to_num(np.asarray(own[position].worth), nan=-np.inf) for position in known])
        places = np.argsort(np.argsort(-worth, axis=0, kind="stable"), axis=0, kind="stable")
        for row, position in enumerate(known):
            chances[position] = float((places[row] < TOP).mean())
    return chances


def _row(issue: Issue, objective: str) -> dict[str, Any]:
    found, counted = issue.found, issue.affected
    points_low, points_high = ends(issue.points)
    low, high = ends(issue.value)
    return {
        "issue": issue.key,
        "name": found.name,
        "group": found.group,
        "driver": found.driver,
        "theme": found.theme,
        "outcome": found.outcome,
        "n_people": counted.people,
        "n_comments": counted.comments,
        "share_people": mean(issue.share),
        "points": mean(issue.points),
        "points_low": points_low,
        "points_high": points_high,
        "revenue": counted.revenue,
        "hours": mean(issue.hours),
        "handling": mean(issue.handling),
        "value": mean(issue.value),
        "low": low,
        "high": high,
        "rank": issue.rank,
        "top": issue.top,
        "first_probability": issue.first_probability,
        "quote": found.quote,
        "note": "; ".join(issue.notes),
    }


def _no_money(point: Point) -> Gap:
    return Gap(
        "value at stake in money",
        f"What one point of the outcome is worth is not known{': ' + point.note.rstrip('.') if point.note else ''}.",
        "Orders or contracts with amounts and dates over two years, of people who answered; or company.value_of_point.",
    )


def _evidence(issue: Issue, point: Point) -> list[Step]:
    found, counted, steps = issue.found, issue.affected, []
    share = mean(issue.share)
    if found.theme:
        said = f"{_percent(share)} of customers say it" if share is not None and not found.promise else "customers say it"
        steps.append(Step(issue.key, found.theme, said, None if found.promise else share, found.n_theme))
        if not found.promise:
            steps.append(Step(issue.key, selection("mentions", theme=found.theme), "the comments", None, counted.comments))
    if found.promise:
        broken = (
            f"the promise behind it, broken for {_percent(share)} of those who have a score" if share else "the promise behind it"
        )
        steps.append(Step(issue.key, found.promise, broken, share, found.n_promise))
    if found.driver_id:
        steps.append(
            Step(issue.key, found.driver_id, f"it hurts {found.driver}, which moves {point.label or found.outcome}", None, None)
        )
    if point.claim and issue.points is not None and issue.value is not None:
        worth = mean(point.share) or 0.0
        steps.append(Step(issue.key, point.claim, f"one point of {point.label} is worth {_percent(worth)} of revenue", worth, None))
    return steps


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
