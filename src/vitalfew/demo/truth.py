"""truth.json: what was planted, and what each issue costs, so that what a run finds can be judged."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from vitalfew.demo.catalogue import AS_OF, YEAR_FROM, catalogue
from vitalfew.demo.company_toml import top_two
from vitalfew.demo.events import Orders, Tickets, handling_costs, revenue_of
from vitalfew.demo.exports import Ledger
from vitalfew.demo.files import Spoilt
from vitalfew.demo.plan import Floats
from vitalfew.demo.world import World

YEAR = f"{YEAR_FROM.isoformat()} to {AS_OF.isoformat()}"
DEFINITIONS = {
    "cost": f"Yearly cost of an issue = revenue_cost + handling_cost, both of {YEAR}.",
    "revenue_cost": (
        "Revenue of all customers of the company had the issue met nobody, minus their revenue as it was. Counterfactual: same "
        "people, same random numbers, the issue's severity not taken from the ratings; the outcome follows from the ratings, and "
        "revenue from the mean outcome of each account's key contacts."
    ),
    "handling_cost": "Tickets the issue caused x (minutes x hour_cost of the group / 60 + direct cost).",
    "points": "Outcome points lost because of the issue, averaged over all people of the company's customers.",
    "affected": "People of the company's customers who meet the issue, whether they answered or not.",
    "effect": (
        "Least-squares slope of likelihood to recommend on all driver ratings over everybody's complete answers in both "
        "waves, as if all had answered everything. `planted` is the coefficient the answers were made with, before rounding."
    ),
    "share": "Exact LMG share of the explained variance over the same complete answers; sums to 1.",
    "value_of_point": (
        "g in: revenue in the year after an account is asked = revenue in the year before x exp(g x (mean outcome of its key "
        "contacts - 7)) x noise of mean 1."
    ),
    "people": (
        "True person of each record of people, tickets, orders and responses. Left out: those nobody could assign (no address, or "
        "only a shared mailbox, and no name). Where sampled, all records of every n-th person are kept."
    ),
    "themes": "The issue a comment or ticket is (mainly) about, or praise, or other.",
    "groups": "The two issues of each work group that cost most, the worst first.",
    "bad_rows": "Records put into each export that must be refused, or whose answer must be (off the scale); bad_kinds says why.",
    "promises": "Share of the records with a verdict in which the promise was kept, over all records.",
    "benefits": (
        "Past changes: `cut` is the planted share of tickets that no longer occur; `before` and `after` are the expected tickets "
        "a year with the issue's own topic; hours and money are what the cut saves a year."
    ),
}


def costs(world: World, made: Orders, tickets: Tickets) -> tuple[Floats, Floats]:
    """Yearly revenue lost and handling cost of each issue."""
    revenue = revenue_of(made, world.scale.accounts, YEAR_FROM, AS_OF + timedelta(days=1))
    handling, _ = handling_costs(world, tickets)
    return revenue @ world.lost, handling


def write(path: Path, size: str, world: World, made: Orders, tickets: Tickets, ledger: Ledger, spoilt: Spoilt) -> None:
    """Write the file."""
    known, plan = catalogue(), world.plan
    revenue, handling = costs(world, made, tickets)
    total = revenue + handling
    truth: dict[str, Any] = {
        "seed": world.seed,
        "size": size,
        "company": world.seller.name,
        "definitions": DEFINITIONS,
        "sampled_every": ledger.every,
        "customers": {"people": len(world.people.account), "accounts": world.scale.accounts},
        "records": {"helpdesk": len(tickets.person), "orders": len(made.at), **ledger.responses},
        "top_driver": known.drivers[plan.top].name,
        "drivers": {
            each.name: {
                **{"question": each.question, "group": each.group, "effect": _round(world.ols[place], 5)},
                **{"planted": _round(plan.effects[place], 5), "share": _round(world.lmg[place], 5)},
            }
            for place, each in enumerate(known.drivers)
        },
        "value_of_point": _round(plan.worth, 6),
        "revenue": _round(float(revenue_of(made, world.scale.accounts, YEAR_FROM, AS_OF + timedelta(days=1)).sum()), 2),
        "groups": {
            each.name: [known.issues[issue].name for issue in top_two(place, total)] for place, each in enumerate(known.groups)
        },
        "issues": [
            {
                **{
                    "name": issue.name,
                    "group": known.groups[known.group_of(place)].name,
                    "driver": issue.driver,
                    "topic": issue.topic,
                },
                **{"prevalence": _round(world.traits[:, place].mean(), 5), "affected": int(world.traits[:, place].sum())},
                **{"severity": _round(plan.severity[place], 4), "points": _round(world.points[place], 5)},
                **{"cost": _round(total[place], 2), "revenue_cost": _round(revenue[place], 2)},
                "handling_cost": _round(handling[place], 2),
            }
            for place, issue in enumerate(known.issues)
        ],
        "promises": _promises(made, tickets),
        "benefits": _benefits(world),
        "bad_rows": spoilt.rows(),
        "bad_kinds": dict(sorted(spoilt.counts.items())),
        "themes": ledger.themes,
        "people": ledger.people,
    }
    # A key a line, so that a person can read it; whole values at once, since the encoder is ten times slower with an indent.
    lines = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in truth.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def _round(value: Any, digits: int) -> float:
    return round(float(value), digits)


def _promises(made: Orders, tickets: Tickets) -> dict[str, Any]:
    arrived = ~np.isnan(made.delivered)
    written = tickets.channel != 1
    return {
        "On time": {"n": int(arrived.sum()), "kept": _round((made.delivered[arrived] <= made.promised[arrived]).mean(), 6)},
        "Complete": {"n": int(arrived.sum()), "kept": _round((made.status[arrived] == 0).mean(), 6)},
        "Answer within a working day": {"n": int(written.sum()), "kept": _round((tickets.reply_hours[written] <= 8).mean(), 6)},
    }


def _benefits(world: World) -> list[dict[str, Any]]:
    known, plan = catalogue(), world.plan
    made = []
    for change in plan.changes:
        affected = int(world.traits[:, change.issue].sum())
        before = affected * plan.rates[change.issue] * 0.94
        saved = before * change.cut
        hour_cost = known.groups[known.group_of(change.issue)].hour_cost
        hours = saved * plan.minutes[change.issue] / 60
        made.append(
            {
                **{"issue": known.issues[change.issue].name, "topic": known.issues[change.issue].topic},
                **{"changed_on": change.on.isoformat(), "cut": _round(change.cut, 4), "before": _round(before, 1)},
                **{"after": _round(before - saved, 1), "hours": _round(hours, 1)},
                "money": _round(hours * hour_cost + saved * plan.direct[change.issue], 2),
            }
        )
    return made
