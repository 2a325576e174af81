"""The candidates: initiatives of company.toml matched to the issues they remove, and proposals for top issues nobody acts on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vitalfew.evidence import Gap, claim_id
from vitalfew.focus.horizon import Horizon
from vitalfew.focus.instance import Candidate
from vitalfew.focus.issues import Findings
from vitalfew.focus.matching import best_match
from vitalfew.focus.worlds import ends, mean
from vitalfew.settings import Company, Initiative, slug
from vitalfew.vocabulary import NOT_ASSIGNED

PROPOSED_SHARE = 0.3
"""Share of an issue a proposal is taken to remove, until its group says better: conservative."""
PROPOSED_MONTHS = 3
PROPOSED = "proposed"
NEEDS_ESTIMATE = "needs an estimate of cost and people"


@dataclass(frozen=True)
class Charter:
    """One candidate as readers see it. `refused` says why it cannot be chosen at all; '' when it can.

    `candidate.acts_on` are positions in the findings' issues; `candidate.needs` and `excludes` are positions in the list of
    charters.
    """

    candidate: Candidate
    kind: str
    origin: str
    refused: str = ""

    @property
    def stated(self) -> bool:
        """Whether cost or people are known."""
        return self.refused != NEEDS_ESTIMATE


def compute(findings: Findings, company: Company, horizon: Horizon) -> tuple[list[Charter], list[Gap]]:
    """All candidates, by id, with a gap for each authored one that names nothing this run finds."""
    gaps: list[Gap] = []
    authored: list[Charter] = []
    acted: set[int] = set()
    for initiative in company.initiative:
        acts_on, missing = _acts_on(findings, initiative)
        acted.update(acts_on)
        authored.append(_authored(findings, initiative, acts_on, horizon))
        if missing:
            gaps.append(
                Gap(
                    f"the value of '{initiative.name}'",
                    f"It names {' and '.join(repr(name) for name in missing)}, an issue that this run does not find.",
                    "The name of an issue in the table issues, or of the driver it belongs to.",
                )
            )
    charters = authored + _proposed(findings, acted, {charter.candidate.key for charter in authored})
    order = sorted(range(len(charters)), key=lambda position: charters[position].candidate.key)
    return _related([charters[position] for position in order], company), gaps


def _acts_on(findings: Findings, initiative: Initiative) -> tuple[tuple[int, ...], list[str]]:
    """Positions of the issues an initiative removes, and the names that fit none."""
    positions, missing = [], []
    names = {str(i): (issue.key, *issue.found.names) for i, issue in enumerate(findings.issues)}
    important = sorted(names, key=lambda i: -(mean(findings.issues[int(i)].worth) or 0.0))
    if initiative.driver:
        own = [i for i, each in enumerate(findings.issues) if slug(initiative.driver) in {slug(d) for d in each.found.drivers}]
        positions += own
        missing += [] if own else [initiative.driver]
    for name in initiative.removes:
        same = [int(i) for i in names if slug(name) in {slug(each) for each in names[i]}]
        best = None if same else best_match(name, {i: names[i] for i in important})
        positions += same or ([] if best is None else [int(best)])
        missing += [] if same or best is not None else [name]
    return tuple(sorted(set(positions))), missing


def _authored(findings: Findings, initiative: Initiative, acts_on: tuple[int, ...], horizon: Horizon) -> Charter:
    people = {group: effort for group, effort in initiative.people.items() if effort > 0}
    group = initiative.group or max(sorted(people), key=lambda each: people[each], default="")
    if not group:
        group = findings.issues[acts_on[0]].found.group if acts_on else NOT_ASSIGNED
    candidate = Candidate(
        claim_id("initiative", initiative.name),
        initiative.name,
        group,
        acts_on,
        initiative.share,
        initiative.months,
        initiative.cost,
        people,
        earliest=horizon.position(initiative.earliest),
        company_wide=initiative.company_wide,
        confidence=initiative.confidence,
    )
    known = bool({"cost", "people"} & initiative.model_fields_set)
    origin = PROPOSED if initiative.proposed else "company.toml"
    return Charter(candidate, initiative.kind, origin, "" if known else NEEDS_ESTIMATE)


def _proposed(findings: Findings, acted: set[int], taken: set[str]) -> list[Charter]:
    """One proposal for each top issue nobody acts on; without an estimate of cost and people it cannot be chosen."""
    proposals = []
    for position, issue in enumerate(findings.issues):
        if not issue.top or position in acted:
            continue
        name = f"Remove: {issue.found.name}"
        if claim_id("initiative", name) in taken:
            name = f"{name} ({issue.found.group})"
        taken.add(claim_id("initiative", name))
        candidate = Candidate(
            claim_id("initiative", name), name, issue.found.group, (position,), PROPOSED_SHARE, PROPOSED_MONTHS, math.nan
        )
        proposals.append(Charter(candidate, "cost conversion", PROPOSED, NEEDS_ESTIMATE))
    return proposals


def _related(charters: list[Charter], company: Company) -> list[Charter]:
    """Charters with what they need and exclude, as positions; what needs something that cannot be chosen cannot be either."""
    positions = {slug(charter.candidate.name): position for position, charter in enumerate(charters)}
    authored = {claim_id("initiative", initiative.name): initiative for initiative in company.initiative}
    related = []
    for charter in charters:
        initiative = authored.get(charter.candidate.key)
        needs = _positions(initiative.needs if initiative else (), positions)
        excludes = _positions(initiative.excludes if initiative else (), positions)
        related.append(replace(charter, candidate=replace(charter.candidate, needs=needs, excludes=excludes)))
    return _without_what_they_need(related)


def _without_what_they_need(charters: Sequence[Charter]) -> list[Charter]:
    """Charters of which those that need one that cannot be chosen cannot be chosen either."""
    related = list(charters)
    changed = True
    while changed:
        changed = False
        for position, charter in enumerate(related):
            blocked = [related[need] for need in charter.candidate.needs if related[need].refused]
            if not charter.refused and blocked:
                reason = f"needs {blocked[0].candidate.name}, which cannot be chosen"
                related[position] = replace(charter, refused=reason)
                changed = True
    return related


def _positions(names: Sequence[str], positions: dict[str, int]) -> tuple[int, ...]:
    return tuple(sorted({positions[slug(name)] for name in names if slug(name) in positions}))


def paying(charters: Sequence[Charter], worth: NDArray[np.float64], months: int, money: Callable[[float], str]) -> list[Charter]:
    """Charters of which a proposal that brings less money within the months planned than it costs cannot be chosen.

    The budget is a limit and no part of the objective, so a plan would take whatever adds value and still fits. That is right for
    what the company has decided to consider at that cost, and wrong for an idea nobody has agreed to. What another one needs stays
    open: it pays through the other. `worth` is in money, shape (draws, issues); `money` says an amount.
    """
    needed = {need for charter in charters if not charter.refused for need in charter.candidate.needs}
    judged = []
    for position, charter in enumerate(charters):
        brings = loss(charter.candidate, worth, months)
        idea = charter.origin == PROPOSED and not charter.refused and position not in needed
        if idea and brings is not None:
            why = f"brings {money(brings)} within {months} months, costs {money(charter.candidate.cost)}"
            judged.append(replace(charter, refused=why))
        else:
            judged.append(charter)
    return _without_what_they_need(judged)


def loss(candidate: Candidate, worth: NDArray[np.float64], months: int) -> float | None:
    """What a candidate brings within the months planned, started first, when that is less than its cost; else None."""
    brings, _, _ = value_alone(candidate, worth, months)
    return brings if candidate.cost > brings else None


def worth_of(findings: Findings) -> NDArray[np.float64]:
    """Yearly worth of each issue in each world, shape (draws, issues); 0 for issues that cost nothing in the mean."""
    columns = []
    for issue in findings.issues:
        middle = mean(issue.worth)
        if issue.worth is not None and middle is not None and middle > 0:
            columns.append(np.where(np.isfinite(issue.worth), issue.worth, middle))
        else:
            columns.append(np.zeros(1))
    count = max((len(column) for column in columns), default=1)
    if not columns:
        return np.zeros((1, 0))
    return np.stack([np.broadcast_to(column, (count,)) for column in columns], axis=1)


def value_alone(candidate: Candidate, worth: NDArray[np.float64], months: int) -> tuple[float, float | None, float | None]:
    """Value of a candidate within the months planned when it is started first: mean and 95 % interval.

    Yearly worth of its issues x share x months left after finishing / 12.
    """
    left = max(0, months - candidate.earliest - candidate.months)
    worlds = worth[:, list(candidate.acts_on)].sum(axis=1) * candidate.share * left / 12.0
    low, high = ends(worlds) if len(worlds) > 1 else (None, None)
    return float(worlds.mean()), low, high
