"""The cuts of responses: which segments each response falls in, by its own record, the order it is about, or the person.

A cut is `segment=value`. A segment with more than 50 values is an identifier rather than a cut and is left out.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from vitalfew.engine import Context, Tables

MOST_VALUES = 50


def of_responses(tables: Tables, context: Context) -> ir.Table:
    """Columns response, segment, cut: each response once in each of its segments, materialised in `context.folder`.

    Where several records speak of one segment, the response's own comes first, then its order's, then the person's; within one of
    these the first value in alphabetical order.
    """
    path = context.folder / "response_cuts.parquet"
    if path.exists():
        return context.engine.read(path)
    segments = tables["segments"].filter(lambda t: t.segment.notnull() & t.value.notnull())
    responses = tables["responses"].select("source", "key", "response", "person", "order").distinct()
    own = segments.filter(segments.table == "responses")
    found = [_part(responses.join(own, ["source", "key"]), 1)]
    orders = segments.filter(segments.table == "orders")
    orders = orders.mutate(order=orders.source + ibis.literal("#") + orders.key).select("order", "segment", "value")
    found.append(_part(responses.filter(responses.order.notnull()).join(orders, "order"), 2))
    identities = tables["identities"].filter(lambda t: t.table.isin(["people", "accounts"]) & t.person.notnull())
    people = segments.filter(segments.table == "people").select("source", "key", "segment", "value")
    people = people.join(identities.select("source", "key", "person"), ["source", "key"]).select("person", "segment", "value")
    found.append(_part(responses.filter(responses.person.notnull()).join(people, "person"), 3))
    every = ibis.union(*found)
    best = every.group_by("response", "segment").aggregate(source_rank=every.source_rank.min())
    chosen = every.join(best, ["response", "segment", "source_rank"]).group_by("response", "segment")
    chosen = chosen.aggregate(value=lambda t: t.value.min())
    counted = chosen.group_by("segment").aggregate(values=chosen.value.nunique())
    kept = chosen.join(counted.filter(counted["values"] <= MOST_VALUES).select("segment"), "segment")
    cut = kept.select("response", "segment", cut=kept.segment + ibis.literal("=") + kept.value)
    context.engine.write(cut, path, ("response", "segment"))
    return context.engine.read(path)


def _part(joined: ir.Table, source_rank: int) -> ir.Table:
    return joined.select("response", "segment", "value", source_rank=ibis.literal(source_rank, "int64"))
