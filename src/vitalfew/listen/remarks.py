"""Things worth knowing about the data that are no reason to refuse a record: each a sentence with its number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from vitalfew.engine import Context
from vitalfew.listen.names import within
from vitalfew.listen.normalise import plain, word_list

_LABELS = (
    ("interactions", ("stage", "touchpoint", "channel", "device", "step", "group", "outcome", "topic")),
    ("orders", ("status", "channel", "group", "product")),
    ("order_lines", ("product",)),
    ("deals", ("group", "product", "stage", "outcome")),
    ("contracts", ("status", "product")),
    ("responses", ("touchpoint", "channel", "group")),
    ("employees", ("group", "role")),
    ("competitors", ("competitor", "factor")),
)
_FEW = 200
"""A column of more distinct labels than this holds ids or free text: its labels are not compared."""

_AT = (
    ("interactions", "at"),
    ("orders", "at"),
    ("orders", "delivered_at"),
    ("deals", "at"),
    ("responses", "at"),
    ("relations", "at"),
)

Remark = dict[str, Any]


def find(
    sources: Set[str],
    tables: Mapping[str, ir.Table],
    identities: ir.Table,
    accounts: pa.Table | ir.Table,
    context: Context,
) -> list[Remark]:
    """Remarks on the attached tables, as rows of the vocabulary's `remarks`; `sources` names the tables that have any source."""
    context.progress("looking for what is odd")
    companies = accounts if isinstance(accounts, pa.Table) else context.engine.collect(accounts)
    found: list[Remark] = []
    found.extend(_of_time(sources, tables, context))
    found.extend(_of_orders(sources, tables, context))
    found.extend(_of_people(sources, tables, identities, context))
    found.extend(_of_sectors(companies))
    found.extend(_of_labels(sources, tables, companies, context))
    return found


def _remark(source: str, column: str, value: str, n: int, remark: str) -> Remark:
    return {"source": source, "column": column, "value": value, "n": n, "remark": remark}


def _counts(context: Context, table: ir.Table) -> dict[str, int]:
    """Rows by source."""
    counted = table.group_by("source").aggregate(n=lambda t: t.count())
    return {row["source"]: row["n"] for row in context.engine.collect(counted.order_by("source")).to_pylist()}


def _of_time(sources: Set[str], tables: Mapping[str, ir.Table], context: Context) -> Iterator[Remark]:
    end = datetime(context.today.year, context.today.month, context.today.day) + timedelta(days=1)
    for name, column in _AT:
        if name not in sources:
            continue
        table = tables[name]
        late = table.filter(table[column] >= ibis.literal(end))
        if name == "responses":
            late = late.select("source", "key").distinct()
        for source, n in _counts(context, late).items():
            text = f"{n} {_named(n, name)} lie after {context.today:%Y-%m-%d}, the day the strategy is made for"
            yield _remark(source, column, "", n, text)
    if "orders" not in sources:
        return
    orders = tables["orders"]
    for column, what in (("promised_at", "promised"), ("delivered_at", "delivered")):
        early = orders.filter(orders[column] + _slack(context, orders, column) <= orders["at"])
        early = early.filter(early[column] != early["at"])
        for source, n in _counts(context, early).items():
            yield _remark(source, column, "", n, f"{n} orders were {what} before they were placed: check which dates are mapped")


def _slack(context: Context, table: ir.Table, column: str) -> ir.IntervalValue:
    """A day for each row whose source gives days without a time there, else nothing.

    Days stand as midnight in the company's zone, so their time of day takes one value, or two with summer time.
    """
    known = table.filter(table[column].notnull())
    spread = known.group_by("source").aggregate(times=known[column].time().nunique(), days=known[column].date().nunique())
    days = sorted(row["source"] for row in context.engine.collect(spread).to_pylist() if row["times"] <= 2 < row["days"])
    none = ibis.interval(days=0)
    return ibis.ifelse(table["source"].isin(days), ibis.interval(days=1), none) if days else none


def _of_orders(sources: Set[str], tables: Mapping[str, ir.Table], context: Context) -> Iterator[Remark]:
    orders, lines, answers = tables["orders"], tables["order_lines"], tables["responses"]
    if "orders" not in sources:
        return
    held = _counts(context, lines)
    if held:
        bare = orders.anti_join(
            lines.select(order="order").distinct(), orders["key"] == lines.select(order="order").distinct()["order"]
        )
        for source, n in _counts(context, bare).items():
            text = f"{n} orders have no line in {' or '.join(held)}: their products and sellers are not known"
            yield _remark(source, "key", "", n, text)
    if "responses" not in sources:
        return
    about = answers.filter(answers["order"].notnull()).select("source", "key", "order", "at").distinct()
    placed = orders.select(_of=orders["source"] + "#" + orders["key"], placed="at")
    joined = about.join(placed, about["order"] == placed["_of"])
    early = joined.filter((joined["at"] + _slack(context, joined, "at") <= joined["placed"]) & (joined["at"] != joined["placed"]))
    for source, n in _counts(context, early.select("source", "key").distinct()).items():
        yield _remark(source, "at", "", n, f"{n} answers are dated before the order they are about was placed")
    several = about.select("source", "key", "order").distinct().group_by(["source", "order"]).aggregate(n=lambda t: t.count())
    several = several.filter(several["n"] > 1)
    surplus = several.group_by("source").aggregate(orders=lambda t: t.count(), more=lambda t: t["n"].sum() - t.count())
    for row in context.engine.collect(surplus.order_by("source")).to_pylist():
        text = f"{row['orders']} orders have more than one answer ({row['more']} surplus): each answer counts"
        yield _remark(row["source"], "order", "", row["more"], text)
    missing = about.anti_join(placed, about["order"] == placed["_of"]).select("source", "key").distinct()
    for source, n in _counts(context, missing).items():
        yield _remark(source, "order", "", n, f"{n} answers name an order that is in no source of orders")


def _of_people(sources: Set[str], tables: Mapping[str, ir.Table], identities: ir.Table, context: Context) -> Iterator[Remark]:
    for name in sorted(sources & {"interactions", "orders", "deals", "contracts", "responses"}):
        table = tables[name]
        records = table.select("source", "key", "person", "account").distinct() if name == "responses" else table
        for column in ("person", "account"):
            without = _counts(context, records.filter(records[column].isnull()))
            having = _counts(context, records.filter(records[column].notnull()))
            for source, n in without.items():
                # A source in which nobody is named is anonymous, which is no oddity.
                if having.get(source):
                    total = n + having[source]
                    text = f"{n} of {total} {_named(total, name)} name no {column}: they count in totals, not for any {column}"
                    yield _remark(source, column, "", n, text)
    if "people" in sources:
        known = identities.filter(identities["table"] == "people").select(_known="person").distinct()
        keyed = identities.filter((identities["rule"] == "key") & identities["person"].notnull())
        strange = keyed.anti_join(known, keyed["person"] == known["_known"])
        for source, n in _counts(context, strange).items():
            yield _remark(source, "person", "", n, f"{n} records name a person who is in no source of people")


def _named(n: int, table: str) -> str:
    names = {"responses": "answers", "order_lines": "lines"}
    name = names.get(table, table)
    return name.removesuffix("s") if n == 1 else name


def _of_sectors(accounts: pa.Table) -> Iterator[Remark]:
    usual = sorted(word_list("sectors"))
    counted: dict[tuple[str, str], int] = {}
    for source, sector in zip(accounts.column("source").to_pylist(), accounts.column("sector").to_pylist(), strict=True):
        if sector:
            counted[source or "", sector] = counted.get((source or "", sector), 0) + 1
    for (source, sector), n in sorted(counted.items()):
        word = plain(sector).strip()
        near = [each for each in usual if each != word and len(word) > 5 and within(word, each, 1)]
        if word not in usual and near:
            text = f"sector {sector!r} of {n} accounts looks misspelt: {near[0]!r} is usual"
            yield _remark(source, "sector", sector, n, text)


def _of_labels(sources: Set[str], tables: Mapping[str, ir.Table], accounts: pa.Table, context: Context) -> Iterator[Remark]:
    """Near-twins among the labels of one column, over all sources and tables that have it."""
    labels: dict[str, dict[str, dict[str, int]]] = {}
    for name, columns in _LABELS:
        if name not in sources:
            continue
        table = tables[name]
        for column in columns:
            values = table.filter(table[column].notnull())
            # One row beyond few is enough to know that they are many.
            grouped = values.group_by(["source", column]).aggregate(n=lambda t: t.count()).limit(10 * _FEW + 1)
            _add(labels, column, context.engine.collect(grouped), column)
    cuts = tables["segments"]
    sizes = (
        cuts.group_by("segment").aggregate(k=lambda t: t["value"].nunique()).filter(lambda t: t["k"] <= _FEW).rename(_cut="segment")
    )
    some = cuts.join(sizes, cuts["segment"] == sizes["_cut"])
    grouped = some.group_by(["source", "segment", "value"]).aggregate(n=lambda t: t.count())
    counted = context.engine.collect(grouped)
    for segment in sorted(set(counted.column("segment").to_pylist())):
        rows = counted.filter(pc.equal(counted.column("segment"), segment))
        _add(labels, segment, rows, "value")
    for column in ("sector", "country"):
        held = accounts.filter(pc.is_valid(accounts.column(column))).group_by(["source", column]).aggregate([([], "count_all")])
        _add(labels, column, held.rename_columns(["source", column, "n"]), column)
    for column, values in sorted(labels.items()):
        if 1 < len(values) <= _FEW:
            yield from _twins(column, values)


def _add(labels: dict[str, dict[str, dict[str, int]]], column: str, counted: pa.Table, name: str) -> None:
    for row in counted.to_pylist():
        by_source = labels.setdefault(column, {}).setdefault(row[name], {})
        source = row["source"] or ""
        by_source[source] = by_source.get(source, 0) + row["n"]


def _twins(column: str, values: Mapping[str, Mapping[str, int]]) -> Iterator[Remark]:
    total = {value: sum(by_source.values()) for value, by_source in values.items()}
    ordered = sorted(values, key=lambda value: (-total[value], value))
    apart = {word for value in ordered for word in _words(value) if len(_words(value)) > 1}
    for place, value in enumerate(ordered):
        usual = next((other for other in ordered[:place] if _twin(value, other, total[other] / total[value])), None)
        if usual is not None:
            for source, n in sorted(values[value].items()):
                yield _remark(
                    source, column, value, n, f"{column} {value!r} ({n} records) looks like {usual!r}: counted as another"
                )
            continue
        split = _split(value, apart)
        if split:
            for source, n in sorted(values[value].items()):
                text = f"{column} {value!r} ({n} records) may be {split!r}: other labels write these words apart"
                yield _remark(source, column, value, n, text)


def _words(label: str) -> list[str]:
    return re.findall(r"\w+", plain(label))


def _twin(a: str, b: str, ratio: float) -> bool:
    """Whether label `a` is likely a slip for `b`, `ratio` times as frequent.

    Equal without case, spaces and punctuation; or one slip apart in a word of five letters, no digit changed, and ten times
    rarer. `North` and `South`, `Q1` and `Q2`, `Region A` and `Region B` are no twins.
    """
    x, y = _words(a), _words(b)
    if "".join(x) == "".join(y) and x:
        return True
    if len(x) != len(y) or ratio < 10 or re.findall(r"\d", a) != re.findall(r"\d", b):
        return False
    differing = [(one, two) for one, two in zip(x, y, strict=True) if one != two]
    return len(differing) == 1 and min(map(len, differing[0])) >= 5 and within(*differing[0], 1)


def _split(label: str, apart: set[str]) -> str:
    """The label in two words, when both stand as words of their own in other labels of the column; '' when not."""
    words = _words(label)
    if len(words) != 1:
        return ""
    whole = words[0]
    for cut in range(2, len(whole) - 1):
        if whole[:cut] in apart and whole[cut:] in apart and whole not in apart:
            return f"{label[:cut]} {label[cut:]}"
    return ""
