"""Whom an issue touches: people, comments and revenue, counted in the engine since people and comments are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vitalfew.engine import Context, Tables, exact_sum
from vitalfew.focus.found import Found


@dataclass(frozen=True)
class Wanted:
    """One issue to count for, by its number."""

    number: int
    found: Found


@dataclass(frozen=True)
class Affected:
    """People known to be affected, comments about it, and the yearly revenue of those people (None when none is known)."""

    people: int = 0
    comments: int = 0
    revenue: float | None = None


def affected(tables: Tables, context: Context, wanted: Sequence[Wanted]) -> dict[int, Affected]:
    """Counts by number of issue. A record without a person counts as a person of its own."""
    comments = _comments(tables, context, wanted)
    parts = [part for part in (_by_theme(tables, context, wanted), _by_promise(tables, context, wanted)) if part is not None]
    low = _by_answer(tables, context, wanted)
    parts += [low] if low is not None else []
    people: dict[int, int] = {}
    revenue: dict[int, float] = {}
    if parts:
        path = context.folder / "affected.parquet"
        union = parts[0] if len(parts) == 1 else ibis.union(*parts)
        one = union.group_by(["issue", "unit"]).aggregate(person=union.person.min(), account=union.account.min())
        context.engine.write(one, path, ("issue", "unit"))
        units = context.engine.read(path)
        counted = units.group_by("issue").aggregate(people=units.count())
        people = {row["issue"]: int(row["people"]) for row in tables.rows(counted)}
        revenue = _revenue(tables, units)
    return {
        each.number: Affected(people.get(each.number, 0), comments.get(each.number, 0), revenue.get(each.number)) for each in wanted
    }


def _map(context: Context, rows: Sequence[tuple[int, str, float]]) -> ir.Table:
    columns: dict[str, Any] = {
        "issue": pa.array([row[0] for row in rows], pa.int64()),
        "claim": pa.array([row[1] for row in rows], pa.string()),
        "below": pa.array([row[2] for row in rows], pa.float64()),
    }
    return context.engine.table(pa.table(columns))


def _unit(table: ir.Table) -> ir.StringValue:
    return ibis.coalesce(table.person, ibis.literal("#") + table.source + "#" + table.key)


def _comments(tables: Tables, context: Context, wanted: Sequence[Wanted]) -> dict[int, int]:
    rows = [(each.number, each.found.theme, 0.0) for each in wanted if each.found.theme]
    if not rows:
        return {}
    mentions, named = tables["mentions"], _map(context, rows)
    kept = mentions.join(named, mentions.theme == named.claim).select("issue", "source", "key", "question").distinct()
    counted = kept.group_by("issue").aggregate(comments=kept.count())
    return {row["issue"]: int(row["comments"]) for row in tables.rows(counted)}


def _by_theme(tables: Tables, context: Context, wanted: Sequence[Wanted]) -> ir.Table | None:
    """Those who said it."""
    rows = [(each.number, each.found.theme, 0.0) for each in wanted if each.found.theme]
    if not rows:
        return None
    mentions, named = tables["mentions"], _map(context, rows)
    joined = mentions.join(named, mentions.theme == named.claim)
    return joined.select("issue", "person", account=ibis.literal(None, "string"), unit=_unit(joined))


def _by_promise(tables: Tables, context: Context, wanted: Sequence[Wanted]) -> ir.Table | None:
    """Those to whom the promise was broken."""
    rows = [(each.number, each.found.promise, 0.0) for each in wanted if each.found.promise]
    if not rows:
        return None
    checks, named = tables["promise_checks"].filter(~tables["promise_checks"].kept), _map(context, rows)
    joined = checks.join(named, checks.promise == named.claim)
    return joined.select("issue", "person", "account", unit=_unit(joined))


def _by_answer(tables: Tables, context: Context, wanted: Sequence[Wanted]) -> ir.Table | None:
    """Those who rated a weak driver below the middle of its scale, where nothing else shows who is affected."""
    rows = [(each.number, each.found.question, each.found.below) for each in wanted if each.found.shortfall and each.found.question]
    if not rows:
        return None
    responses, named = tables["responses"], _map(context, rows)
    joined = responses.join(named, [responses.question == named.claim, responses.value < named.below])
    return joined.select("issue", "person", "account", unit=_unit(joined))


def _revenue(tables: Tables, units: ir.Table) -> dict[int, float]:
    """Yearly revenue of the customers affected: the people, or the accounts they belong to, whichever are customers.

    A person of an account is no customer of its own (table customers), so nobody is counted twice.
    """
    customers = tables["customers"]
    paying = customers.filter(customers.revenue.notnull()).select("id", yearly=customers.revenue)
    people = tables["people"].select(whose="person", belongs="account")
    joined = units.left_join(people, units.person == people.whose)
    owned = joined.select("issue", "person", account=ibis.coalesce(joined.account, joined.belongs))
    owners = owned.select("issue", owner="person").union(owned.select("issue", owner="account")).distinct()
    known = owners.join(paying, owners.owner == paying.id)
    summed = known.group_by("issue").aggregate(revenue=exact_sum(known.yearly))
    return {row["issue"]: float(row["revenue"]) for row in tables.rows(summed) if row["revenue"] is not None}
