"""Sponsors with the health of each sponsorship, and barriers with what they hold up."""

from __future__ import annotations

from datetime import date
from typing import Any

from vitalfew.act.facts import Facts
from vitalfew.act.words import number
from vitalfew.evidence import claim_id
from vitalfew.settings import Company, Sponsor, slug

COMMITMENT = ("opposed", "unaware", "neutral", "supportive", "leading")
GOOD, FAIR = 0.75, 0.5


def sponsors(company: Company, today: date) -> list[dict[str, Any]]:
    """Rows of table sponsors on the day `today`."""
    rows = []
    for sponsor in company.sponsor:
        parts, reasons = _parts(sponsor, today)
        score = sum(parts) / len(parts)
        health = "good" if score >= GOOD else "fair" if score >= FAIR else "poor"
        late = _overdue(sponsor, today)
        row = sponsor.model_dump()
        row |= {name: row[name] or None for name in ("group", "account")}
        rows.append(
            {
                **row,
                "sponsor": claim_id("sponsor", sponsor.name),
                "overdue_days": late,
                "health": health,
                "score": score,
                "reason": "; ".join(reasons),
            }
        )
    return rows


def _parts(sponsor: Sponsor, today: date) -> tuple[list[float], list[str]]:
    """Each known part of the health, 0 to 1, and what lowers it.

    Commitment: 1 when it is what is wanted, a quarter less for each step below. Contact: 1 in time, 0 when one whole cadence late.
    Granted: the smaller share of money and people asked that was granted.
    """
    parts: list[float] = []
    reasons: list[str] = []
    below = max(0, COMMITMENT.index(sponsor.wanted) - COMMITMENT.index(sponsor.commitment))
    parts.append(1 - below / 4)
    if below:
        reasons.append(f"{sponsor.commitment}, wanted {sponsor.wanted}")
    late = _overdue(sponsor, today)
    if late is not None:
        parts.append(max(0.0, 1 - late / (sponsor.cadence_days or 30)))
        if late:
            reasons.append(f"contact {late} days late")
    granted = [
        min(1.0, given / asked)
        for asked, given in (
            (sponsor.money_asked, sponsor.money_granted),
            (sponsor.people_asked, sponsor.people_granted),
        )
        if asked > 0
    ]
    if granted:
        parts.append(min(granted))
        if min(granted) < 1:
            reasons.append(f"{number(100 * min(granted))} % of what was asked is granted")
    return parts, reasons


def _overdue(sponsor: Sponsor, today: date) -> int | None:
    """Days the contact is late; None when neither a next contact nor a last one with a cadence is given."""
    if sponsor.next_contact is not None and (sponsor.last_contact is None or sponsor.last_contact < sponsor.next_contact):
        return max(0, (today - sponsor.next_contact).days)
    if sponsor.last_contact is not None and sponsor.cadence_days is not None:
        return max(0, (today - sponsor.last_contact).days - sponsor.cadence_days)
    return None


def barriers(facts: Facts, today: date) -> list[dict[str, Any]]:
    """Rows of table barriers on the day `today`."""
    chosen = {slug(row["name"]): row for row in facts.chosen()}
    rows = []
    for barrier in facts.company.barrier:
        held = [chosen[slug(name)] for name in dict.fromkeys(barrier.blocks) if slug(name) in chosen]
        values = [row["value"] for row in held if row["value"] is not None]
        rows.append(
            {
                **barrier.model_dump(),
                "barrier": claim_id("barrier", barrier.name),
                "group": barrier.group or None,
                "blocks": "; ".join(barrier.blocks),
                "chosen_blocked": len(held),
                "value": sum(values) if values else None,
                "late": barrier.status != "removed" and barrier.due is not None and barrier.due < today,
            }
        )
    return rows
