"""What the records of all sources say about whom they are, reduced in the engine to distinct contents.

A million interactions of fifty thousand customers hold fifty thousand distinct contents: only those are carried on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vitalfew.engine import Context
from vitalfew.listen.mapped import Mapped
from vitalfew.vocabulary import ABOUT_PEOPLE, IDENTITY_COLUMNS

FIELDS: tuple[str, ...] = ("person", "account", *IDENTITY_COLUMNS, "role")
"""What a content is made of."""

_TIMES = {"people": ("first_seen", "last_seen"), "contracts": ("start_at", "start_at")}

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Working:
    """One source's records with their content: `records` (source, key, content, first, last), a row per key, read from `path`."""

    mapped: Mapped
    records: ir.Table
    path: Path


@dataclass(frozen=True)
class Profiles:
    """The distinct contents, sorted by (source, key, content), and the records they came from.

    `table` has source, table, index, person_of, account_of, content, key (the smallest), n, first, last, amount (money of
    orders) and FIELDS. A record that a decision names is a content of its own; `twin` is the content it would be without.
    """

    table: pa.Table
    working: tuple[Working, ...]

    def text(self, column: str) -> list[str | None]:
        """A column as Python values."""
        listed: list[str | None] = self.table.column(column).to_pylist()
        return listed


def factor(column: pa.ChunkedArray | pa.Array) -> tuple[Codes, list[str]]:
    """Codes (-1 for null) and the distinct values they stand for, in order of first appearance."""
    encoded = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = pc.dictionary_encode(encoded.cast(pa.string()))
    codes = pc.fill_null(encoded.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return np.array(codes, dtype=np.int64), encoded.dictionary.to_pylist()


def gather(mapped: Sequence[Mapped], context: Context, named: Mapping[str, Set[str]] | None = None) -> Profiles:
    """Reduce every source about people or accounts to its distinct contents. Contents that say nothing are left out.

    `named` holds by source the keys of records that are told apart from others of the same content.
    """
    working: list[Working] = []
    found: list[pa.Table] = []
    for each in mapped:
        if each.source.table in ABOUT_PEOPLE:
            context.progress(f"who is in {each.source.name}")
            written, contents = _contents(each, context, sorted((named or {}).get(each.source.name, ())))
            working.append(written)
            found.append(contents)
    if not found:
        return Profiles(_SCHEMA.empty_table(), ())
    table = pa.concat_tables(found).select(_SCHEMA.names).cast(_SCHEMA)
    table = table.sort_by([("source", "ascending"), ("key", "ascending"), ("content", "ascending")])
    return Profiles(table, tuple(working))


_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("source", "table", "person_of", "account_of", "content", "twin", "key")]
    + [("index", pa.int64()), ("n", pa.int64()), ("first", pa.timestamp("us")), ("last", pa.timestamp("us"))]
    + [("amount", pa.float64())]
    + [(name, pa.string()) for name in FIELDS]
)


def _contents(mapped: Mapped, context: Context, named: Sequence[str]) -> tuple[Working, pa.Table]:
    engine, table = context.engine, mapped.source.table
    wide = ibis.union(_fields(mapped, "from"), _fields(mapped, "to")) if table == "relations" else _fields(mapped, "")
    path = context.folder / f"identity_{mapped.index}.parquet"
    # A response is several rows of one key; the other tables have one row a key, and grouping them costs little.
    if table == "responses":
        aggregates = {name: wide[name].max() for name in (*FIELDS, "person_of", "account_of", "amount")}
        wide = wide.group_by("key").aggregate(first=wide["first"].min(), last=wide["last"].max(), **aggregates)
    said = [wide[name].fill_null("\x1e") for name in FIELDS]
    joined = said[0]
    for part in said[1:]:
        joined = joined + "\x1f" + part
    wide = wide.mutate(twin=joined.hexdigest("md5"), source=ibis.literal(mapped.source.name))
    own = wide["twin"] + "-" + wide["key"].hexdigest("md5")
    wide = wide.mutate(content=ibis.ifelse(wide["key"].isin(named), own, wide["twin"]) if named else wide["twin"])
    engine.write(wide, path, ("key",))
    records = engine.read(path)
    something = ibis.or_(*(records[name].notnull() for name in FIELDS if name != "role"))
    grouped = (
        records.filter(something)
        .group_by("content")
        .aggregate(
            key=lambda t: t["key"].min(),
            n=lambda t: t.count(),
            first=lambda t: t["first"].min(),
            last=lambda t: t["last"].max(),
            twin=lambda t: t["twin"].max(),
            amount=lambda t: t["amount"].sum().cast("float64"),
            person_of=lambda t: t["person_of"].max(),
            account_of=lambda t: t["account_of"].max(),
            **{name: _maximum(name) for name in FIELDS},
        )
    )
    contents = engine.collect(grouped)
    rows = contents.num_rows
    contents = contents.append_column("source", pa.array([mapped.source.name] * rows, pa.string()))
    contents = contents.append_column("table", pa.array([table] * rows, pa.string()))
    contents = contents.append_column("index", pa.array([mapped.index] * rows, pa.int64()))
    return Working(mapped, records, path), contents


def _maximum(name: str):  # type: ignore[no-untyped-def]
    return lambda t: t[name].max()


def column(table: ir.Table, name: str, kind: str = "string") -> ir.Value:
    """A column of a table, null when it has none; text is stripped, and null when nothing is left."""
    if name not in table.columns:
        return ibis.literal(None, kind)
    if kind != "string":
        return table[name].cast(kind)
    return table[name].cast("string").strip().nullif("")


def record_key(mapped: Mapped) -> ir.Value:
    """The record's own id: `key`, else the column that is the key in its table, else where it stands in the file."""
    records = mapped.records
    own = {"people": "person", "accounts": "account", "employees": "employee", "responses": "response"}.get(mapped.source.table, "")
    line = column(records, "_path").fill_null("") + ":" + column(records, "_line").fill_null("")
    return ibis.coalesce(column(records, "key"), column(records, own), line)


def _fields(mapped: Mapped, end: str) -> ir.Table:
    """The columns FIELDS, key, person_of, account_of, first, last of a source; `end` is 'from' or 'to' for a relation."""
    records, table = mapped.records, mapped.source.table
    made: dict[str, ir.Value] = {name: column(records, f"_{name}") for name in IDENTITY_COLUMNS}
    if table == "people":
        made |= {name: ibis.coalesce(made[name], column(records, name)) for name in ("name", "email", "phone")}
    if end:
        made = {name: ibis.literal(None, "string") for name in IDENTITY_COLUMNS}
    made["role"] = column(records, "role") if table == "people" else ibis.literal(None, "string")
    # A person of a people source is found by the record's own key.
    made["person"] = column(records, end or "person")
    made["account"] = column(records, "account")
    made["key"] = record_key(mapped) + (f"/{end}" if end else "")
    # A sum of decimals does not depend on the order of rows.
    made["amount"] = column(records, "amount" if table == "orders" else "", "decimal(18, 2)")
    for name in ("person_of", "account_of"):
        made[name] = column(records, f"_{name}").fill_null("")
    first, last = _TIMES.get(table, ("at", "at"))
    made["first"], made["last"] = column(records, first, "timestamp(6)"), column(records, last, "timestamp(6)")
    # Columns have one order, so that the two ends of a relation can be put under each other.
    return records.select(**{name: made[name] for name in sorted(made)})
