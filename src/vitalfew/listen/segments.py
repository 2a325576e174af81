"""The cuts of each record: its own, and those it inherits from its order, its person, its account and its employee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from vitalfew.engine import Context
from vitalfew.listen.consent import LEFT_OUT
from vitalfew.listen.mapped import SEGMENT_PREFIX, Mapped
from vitalfew.listen.profiles import column, record_key
from vitalfew.vocabulary import TABLES

_HEIRS = ("responses", "orders", "interactions", "deals", "contracts")
_FROM = (("order", "orders"), ("person", "people"), ("account", "accounts"), ("employee", "employees"))
"""What a record inherits from, nearest first: its own cut stands before any other of the same name."""


def attach(
    mapped: Sequence[Mapped],
    made: Mapping[str, ir.Table],
    identities: ir.Table,
    context: Context,
    gone: ir.Table | None = None,
) -> ir.Table:
    """The table `segments`, written to `context.folder` and read back.

    `gone` has the persons (person) who are not analysed: nothing says what they are, and their records left out have no cuts.

    Where two records of one person differ in a cut, the one of the earlier source in company.toml counts, then the smaller key.
    """
    engine = context.engine
    owned: dict[str, list[ir.Table]] = {}
    for each in mapped:
        names = [name for name in each.records.columns if name.startswith(SEGMENT_PREFIX)]
        for name in names:
            own = _own(each, name)
            if gone is not None:
                own = _left(own, each.source.table, made, identities, gone)
            owned.setdefault(each.source.table, []).append(own)
    parts = [part.mutate(near=ibis.literal(0, "int64")) for listed in owned.values() for part in listed]
    path = context.folder / "segments.parquet"
    if not parts:
        engine.write(engine.table(TABLES["segments"].schema.empty_table()), path, TABLES["segments"].order)
        return engine.read(path)
    for near, (link, table) in enumerate(_FROM, start=1):
        if table in owned:
            givers = _givers(table, owned[table], identities, made)
            parts.extend(_inherited(made[heir], heir, link, givers, near) for heir in _HEIRS if link in TABLES[heir].names)
    columns = (*TABLES["segments"].names, "near", "first")
    together = ibis.union(*(part.select(*columns) for part in parts)) if len(parts) > 1 else parts[0].select(*columns)
    best = ibis.row_number().over(ibis.window(group_by=["table", "source", "key", "segment"], order_by=["near", "first", "value"]))
    ranked = together.mutate(place=best)
    engine.write(ranked.filter(ranked["place"] == 0).select(*TABLES["segments"].names), path, TABLES["segments"].order)
    return engine.read(path)


def _left(own: ir.Table, table: str, made: Mapping[str, ir.Table], identities: ir.Table, gone: ir.Table) -> ir.Table:
    """Of a source's own cuts those of records that are analysed."""
    if table == "people":
        theirs = identities.filter(identities["person"].isin(gone["person"])).select(_source="source", _key="key")
        return own.anti_join(theirs, (own["source"] == theirs["_source"]) & (own["key"] == theirs["_key"]))
    if table in LEFT_OUT:
        kept = made[table].select(_source="source", _key="key").distinct()
        return own.semi_join(kept, (own["source"] == kept["_source"]) & (own["key"] == kept["_key"]))
    return own


def _own(mapped: Mapped, name: str) -> ir.Table:
    """A source's own cut: table, source, key, segment, value, and `first`, the place of the source."""
    own = mapped.records.select(
        table=ibis.literal(mapped.source.table),
        source=ibis.literal(mapped.source.name),
        key=record_key(mapped),
        segment=ibis.literal(name.removeprefix(SEGMENT_PREFIX)),
        value=column(mapped.records, name),
        first=ibis.literal(f"{mapped.index:06d}"),
    )
    own = own.filter(own["value"].notnull())
    return own.distinct() if mapped.source.table == "responses" else own


def _givers(table: str, parts: Sequence[ir.Table], identities: ir.Table, made: Mapping[str, ir.Table]) -> ir.Table:
    """The cuts of each order, person, account or employee: giver, segment, value; one value each."""
    own = ibis.union(*parts) if len(parts) > 1 else parts[0]
    if table == "orders":
        return own.select(giver=own["source"] + "#" + own["key"], segment="segment", value="value")
    if table == "employees":
        named = own.mutate(giver=own["key"])
    else:
        of = identities.filter(identities["table"] == table)
        of = of.select(_source="source", _key="key", giver="person" if table == "people" else "account")
        named = own.join(of, (own["source"] == of["_source"]) & (own["key"] == of["_key"]))
        named = named.filter(named["giver"].notnull())
    place = ibis.row_number().over(ibis.window(group_by=["giver", "segment"], order_by=["first", "source", "key", "value"]))
    ranked = named.mutate(place=place)
    return ranked.filter(ranked["place"] == 0).select("giver", "segment", "value")


def _inherited(heirs: ir.Table, table: str, link: str, givers: ir.Table, near: int) -> ir.Table:
    chosen = heirs.filter(heirs[link].notnull()).select("source", "key", link=link)
    # An answer stands on several rows.
    chosen = chosen.distinct() if table == "responses" else chosen
    joined = chosen.join(givers, chosen["link"] == givers["giver"])
    return joined.select(
        table=ibis.literal(table),
        source="source",
        key="key",
        segment="segment",
        value="value",
        near=ibis.literal(near, "int64"),
        first=ibis.literal(""),
    )
