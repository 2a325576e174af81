"""Two to four overall expectations that emerge from what customers say, each in their own words.

See docs/algorithms/expectations.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vitalfew.engine import Context, Tables, exact_sum
from vitalfew.evidence import Gap, Step, claim_id
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.understand.words import STOP_WORDS, folded, words_of
from vitalfew.vocabulary import arrow_table

MOST = 4
LEAST_SHARE = 0.05
ALIKE = 0.1
"""Praise stands beside a complaint only when they share this part of their telling words (Jaccard)."""
_OTHER = "theme:other"


@dataclass(frozen=True)
class _Family:
    """Themes of the finer level that ask for one thing; `top` are the themes they are shown as."""

    key: str
    top: tuple[dict[str, Any], ...]
    fine: tuple[dict[str, Any], ...]

    @property
    def size(self) -> int:
        return sum(int(row["n_comments"]) for row in self.fine)


def compute(tables: Tables, company: Company, context: Context) -> Outputs:
    """The table `expectations`: themes, mentions, customers and people must have been computed before.

    Fewer than two themes apart from 'other', or fewer people than the minimum group, make no expectation and a gap instead.
    """
    rows = [row for row in tables.rows(tables["themes"].order_by("theme")) if row["theme"] != _OTHER]
    families = _families([row for row in rows if _asks(row, company)], {row["theme"]: row for row in rows})
    if len(families) < 2:
        return Outputs(
            {"expectations": arrow_table("expectations", [])},
            gaps=[
                Gap("what customers expect", "Comments show fewer than two themes.", "More answers in words, from more customers.")
            ],
        )
    counted = _counted(tables, context, families)
    large = [
        (family, *counted[number])
        for number, family in enumerate(families)
        if counted[number][0] >= company.company.minimum_group and (counted[number][1] >= LEAST_SHARE or number < 2)
    ]
    large.sort(key=lambda each: (-each[1], each[0].key))
    made, steps = [], []
    for family, people, share, revenue in large[:MOST]:
        claim = claim_id("expectation", family.key)
        made.append(
            {
                "expectation": claim,
                "statement": _statement(family),
                "share_people": share,
                "share_revenue": revenue,
                "themes": ";".join(row["theme"] for row in family.top),
                "n_people": people,
            }
        )
        steps += [
            Step(claim, row["theme"], "what customers say", float(row["share"]), int(row["n_comments"])) for row in family.top
        ]
    gaps = []
    if len(made) < 2:
        gaps = [
            Gap(
                "what customers expect", "Too few customers speak of the same thing.", "More answers in words, from more customers."
            )
        ]
    return Outputs({"expectations": arrow_table("expectations", made)}, steps, gaps)


def _asks(row: dict[str, Any], company: Company) -> bool:
    """Whether a theme says what customers expect: a complaint; praise, where there is an outcome, only with scores that show it.

    A plain request ("please send the agenda") reads friendly and asks for nothing the company should be known for.
    """
    if row["sentiment"] == "unknown":
        return False
    return row["sentiment"] != "positive" or not company.outcome or row["impact"] is not None


def _families(rows: Sequence[dict[str, Any]], above: dict[str, dict[str, Any]]) -> list[_Family]:
    """Themes that ask for one thing: complaints of one driver, else of one group, else of one theme above; praise goes with the
    complaints it shares most telling words with, else stands alone. Largest first.

    What has neither driver nor group is called by its largest theme.
    """
    parents = {row["parent"] for row in above.values() if row["parent"]}
    fine = [row for row in rows if row["theme"] not in parents]
    grouped: dict[str, list[dict[str, Any]]] = {}
    praise = []
    for row in fine:
        if row["sentiment"] == "positive":
            praise.append(row)
            continue
        key = row["driver"] or row["group"] or row["parent"] or row["theme"]
        grouped.setdefault(key, []).append(row)
    spoken = {key: _words(members) for key, members in grouped.items()}
    for row in sorted(praise, key=lambda each: each["theme"]):
        own = _words([row])
        shared = {key: len(own & words) / max(len(own | words), 1) for key, words in sorted(spoken.items())}
        best = max(shared, key=lambda key: shared[key], default="")
        key = best if best and shared[best] >= ALIKE else row["parent"] or row["theme"]
        grouped.setdefault(key, []).append(row)
    families = []
    for key, members in sorted(grouped.items()):
        tops = {row["parent"] or row["theme"] for row in members}
        top = tuple(above[theme] for theme in sorted(tops) if theme in above)
        largest = max(members, key=lambda row: (row["n_comments"], row["theme"]))
        families.append(_Family(largest["name"] if key in above else key, top, tuple(members)))
    return sorted(families, key=lambda family: (-family.size, family.key))


def _words(rows: Sequence[dict[str, Any]]) -> set[str]:
    return {word[:6] for row in rows for word in words_of(folded(f"{row['name']} {row['words']}")) if word not in STOP_WORDS}


def _counted(tables: Tables, context: Context, families: Sequence[_Family]) -> dict[int, tuple[int, float, float | None]]:
    """By family: people who speak of it, their share of all who comment, and their share of those people's revenue."""
    mentions = tables["mentions"]
    named = context.engine.table(
        pa.table(
            {
                "family": pa.array([number for number, family in enumerate(families) for _ in family.fine], pa.int64()),
                "claim": pa.array([row["theme"] for family in families for row in family.fine], pa.string()),
            }
        )
    )
    unit = ibis.coalesce(mentions.person, ibis.literal("#") + mentions.source + "#" + mentions.key)
    speaking = mentions.select("person", "theme", unit=unit)
    joined = speaking.left_join(named, speaking.theme == named.claim)
    path = context.folder / "speaking.parquet"
    context.engine.write(joined.select("unit", "person", "family").distinct(), path, ("unit", "person", "family"))
    once = context.engine.read(path)
    everyone = int(tables.rows(once.aggregate(people=once.unit.nunique()))[0]["people"])
    of_family = once.filter(once.family.notnull())
    people = {
        row["family"]: int(row["people"])
        for row in tables.rows(of_family.group_by("family").aggregate(people=of_family.unit.nunique()))
    }
    revenue = _revenue(tables, once)
    total = revenue.get(None)
    return {
        number: (
            people.get(number, 0),
            people.get(number, 0) / max(everyone, 1),
            revenue.get(number, 0.0) / total if total else None,
        )
        for number in range(len(families))
    }


def _revenue(tables: Tables, once: ir.Table) -> dict[int | None, float]:
    """Yearly revenue of the customers, people or the accounts they belong to, by family; None is everyone who comments."""
    customers, people = tables["customers"], tables["people"]
    paying = customers.filter(customers.revenue.notnull()).select("id", yearly=customers.revenue)
    belongs = people.select(whose="person", belongs="account")
    joined = once.left_join(belongs, once.person == belongs.whose)
    owned = joined.select("family", owner="person").union(joined.select("family", owner="belongs")).distinct()
    known = owned.join(paying, owned.owner == paying.id)
    by_family = known.group_by("family").aggregate(revenue=exact_sum(known.yearly))
    every = known.select("owner", "yearly").distinct()
    whole = every.aggregate(revenue=exact_sum(every.yearly))
    found: dict[int | None, float] = {
        row["family"]: float(row["revenue"]) for row in tables.rows(by_family) if row["family"] is not None and row["revenue"]
    }
    total = tables.rows(whole)[0]["revenue"]
    return found | ({None: float(total)} if total else {})


def _said(family: _Family, sentiments: tuple[str, ...]) -> dict[str, Any] | None:
    """The largest theme of the family with one of these sentiments and a quote."""
    fitting = [row for row in family.fine if row["sentiment"] in sentiments and row["quote"]]
    return max(fitting, key=lambda row: (row["n_comments"], row["theme"]), default=None)


def _statement(family: _Family) -> str:
    """What is asked for, in customers' words: praise shows it met, a complaint shows it missed."""
    met, missed = _said(family, ("positive",)), _said(family, ("negative", "mixed", "unknown"))
    parts = [f"{family.key}:"]
    if met:
        parts.append(f"met, customers say “{_plain(met['quote'])}”" + ("; " if missed else ""))
    if missed:
        parts.append(f"missed, “{_plain(missed['quote'])}”")
    return parts[0] + " " + "".join(parts[1:])


def _plain(quote: str) -> str:
    return " ".join(quote.split())
