"""Ids of persons that stay from run to run: which person of this run is which person of the run before.

Each record remembers whose it was in the run before, and its mark: the id its person was known by before it was joined with
others. A person keeps its id while its records stay together. The page docs/algorithms/identity.md says what happens otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vitalfew.engine import Context
from vitalfew.listen.accounts import short_hash
from vitalfew.vocabulary import TABLES, arrow_table

Codes = NDArray[np.int64]
NONE = -1


def award(cluster: Codes, before: Codes, mark: Codes) -> Codes:
    """The id each cluster keeps or gets back: codes of shape (clusters,), -1 where it needs a new one.

    `cluster`, `before` and `mark` have shape (records,), in the order that decides ties: the cluster of a record, the id of its
    person in the run before and its mark, codes of one list of ids, -1 when there is none. An id goes to one cluster, a cluster has
    one id. First those of the run before: to the cluster with most of the records that were the id's and bear it as mark, then with
    most that were the id's, then with the first of them. Clusters left without one get back the id most of their records bear as
    mark, when nobody has it.
    """
    size = int(cluster.max(initial=NONE)) + 1
    found = np.full(size, NONE, dtype=np.int64)
    ids = max(int(before.max(initial=NONE)), int(mark.max(initial=NONE))) + 1
    taken = np.zeros(ids, dtype=bool)
    _give(cluster, before, (before == mark).astype(np.int64), found, taken)
    _give(cluster, mark, np.zeros(len(mark), dtype=np.int64), found, taken)
    return found


def _give(cluster: Codes, wanted: Codes, weight: Codes, found: Codes, taken: NDArray[np.bool_]) -> None:
    """Give ids in `wanted` to clusters without: to pairs with the greatest weight, then most records, then the first of them."""
    rows = np.flatnonzero(wanted >= 0)
    rows = rows[(found[cluster[rows]] < 0) & ~taken[wanted[rows]]]
    if not rows.size:
        return
    order = rows[np.lexsort((rows, wanted[rows], cluster[rows]))]
    new = np.r_[True, (np.diff(cluster[order]) != 0) | (np.diff(wanted[order]) != 0)]
    starts = np.flatnonzero(new)
    owner, each = cluster[order[starts]], wanted[order[starts]]
    first, many = order[starts], np.diff(np.r_[starts, len(order)])
    heavy = np.add.reduceat(weight[order], starts)
    # Nearly all pairs have no rival: those need no order.
    alone = (np.bincount(owner, minlength=len(found))[owner] == 1) & (np.bincount(each, minlength=len(taken))[each] == 1)
    found[owner[alone]] = each[alone]
    taken[each[alone]] = True
    rest = np.flatnonzero(~alone)
    for place in rest[np.lexsort((first[rest], -many[rest], -heavy[rest]))].tolist():
        if found[owner[place]] < 0 and not taken[each[place]]:
            found[owner[place]] = each[place]
            taken[each[place]] = True


def marks(cluster: Codes, ids: Codes, mark: Codes, new: NDArray[np.bool_]) -> Codes:
    """The marks after a run: shape (records,).

    `ids` has the id of each cluster and `new` whether it was made in this run: then all records of the cluster bear it. Else a
    record keeps its mark; one without gets the id of its person when no record of it bears another's.
    """
    made = np.where(new[cluster], ids[cluster], mark)
    other = (made >= 0) & (made != ids[cluster])
    mixed = np.zeros(len(ids), dtype=bool)
    mixed[cluster[other]] = True
    result: Codes = np.where((made < 0) & ~mixed[cluster], ids[cluster], made)
    return result


@dataclass(frozen=True)
class Settled:
    """`identities` and `people` with the ids that stay, the tables person_ledger and person_changes, and the ids that changed."""

    identities: ir.Table
    people: pa.Table
    ledger: pa.Table
    changes: pa.Table
    renamed: Mapping[str, str]


def settle(identities: ir.Table, people: pa.Table, context: Context) -> Settled:
    """Give persons the ids they had in the run before, whose ledger is `context.known`.

    `identities` and `people` carry provisional ids: made from each person's first record, so that they depend on the records alone.
    They are what a person without a past is called.
    """
    engine = context.engine
    own = identities.filter(identities["person"].notnull())
    ranked = own.mutate(late=ibis.ifelse(own["table"] == "people", 0, 1)).select("source", "key", "person", "late")
    past = _past(context)
    joined = ranked.left_join(past, ["source", "key"]).select("late", "source", "key", "person", "before", "mark")
    rows = engine.collect(joined.order_by("late", "source", "key"))
    persons, cluster = _codes(rows.column("person"))
    known, (before, mark) = _shared_codes(rows.column("before"), rows.column("mark"))
    given = award(cluster, before, mark)
    ids, new = _named(persons, given, known, rows, cluster)
    told = pa.array(ids, pa.string())
    every, codes = _ids(known, ids)
    now = marks(cluster, codes, mark, new)
    ledger = pa.table(
        {
            "source": rows.column("source"),
            "key": rows.column("key"),
            "person": told.take(pa.array(cluster)),
            "mark": pa.array(every, pa.string()).take(pa.array(now, mask=now < 0)),
            "person_before": rows.column("before"),
            "mark_before": rows.column("mark"),
        }
    )
    changes = _changes(cluster, before, ids, known, np.unique(before[before >= 0]))
    renamed = {old: name for old, name in zip(persons, ids, strict=True) if old != name}
    if renamed:
        identities = _renamed(identities, renamed, context)
        person = [renamed.get(each, each) for each in people.column("person").to_pylist()]
        people = people.set_column(people.schema.get_field_index("person"), "person", pa.array(person, pa.string()))
    return Settled(
        identities,
        arrow_table("people", people),
        arrow_table("person_ledger", ledger),
        arrow_table("person_changes", changes),
        renamed,
    )


def _past(context: Context) -> ir.Table:
    if context.known is None:
        empty = pa.table({name: pa.array([], pa.string()) for name in ("source", "key", "before", "mark")})
        return context.engine.table(empty)
    read = context.engine.read(context.known)
    return read.select("source", "key", "mark", before="person")


def _codes(column: pa.ChunkedArray) -> tuple[list[str], Codes]:
    encoded = pc.dictionary_encode(column.combine_chunks())
    return encoded.dictionary.to_pylist(), np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def _shared_codes(*columns: pa.ChunkedArray) -> tuple[list[str], list[Codes]]:
    """Columns as codes of one sorted list; -1 for null."""
    listed = sorted({each for column in columns for each in pc.unique(column).to_pylist() if each is not None})
    values = pa.array(listed, pa.string())
    found = []
    for column in columns:
        codes = pc.fill_null(pc.index_in(column.combine_chunks(), value_set=values, skip_nulls=True).cast(pa.int64()), NONE)
        found.append(np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int64))
    return listed, found


def _named(
    persons: Sequence[str], given: Codes, known: Sequence[str], rows: pa.Table, cluster: Codes
) -> tuple[list[str], NDArray[np.bool_]]:
    """The id of each cluster, and whether it was made now: the provisional one, unless somebody has it or once had it."""
    reserved = set(known)
    new = given < 0
    ids = ["" if made else known[code] for made, code in zip(new.tolist(), given.tolist(), strict=True)]
    _, first = np.unique(cluster, return_index=True)
    for place in np.flatnonzero(new).tolist():
        name = persons[place]
        if name in reserved:
            source, key = (rows.column(column)[int(first[place])].as_py() for column in ("source", "key"))
            tries = (f"person:{short_hash(source, f'{key}#{number}')}" for number in count(2))
            name = next(each for each in tries if each not in reserved)
        reserved.add(name)
        ids[place] = name
    return ids, np.asarray(new, dtype=bool)


def _ids(known: Sequence[str], ids: Sequence[str]) -> tuple[list[str], Codes]:
    """`known` with the ids that are new behind it, and the place of each of `ids` there."""
    place = {each: code for code, each in enumerate(known)}
    every = [*known]
    for each in ids:
        if each not in place:
            place[each] = len(every)
            every.append(each)
    return every, np.array([place[each] for each in ids], dtype=np.int64)


def _changes(cluster: Codes, before: Codes, ids: Sequence[str], known: Sequence[str], were: Codes) -> list[dict[str, object]]:
    """Rows of person_changes: for each id of the run before whose records, or some of them, are another person's now."""
    moved = np.flatnonzero(before >= 0)
    names = np.array([*ids, ""], dtype=object)
    if not moved.size:
        return []
    pairs, many = np.unique(np.column_stack([before[moved], cluster[moved]]), axis=0, return_counts=True)
    existed = {known[code] for code in were.tolist()}
    now, former = set(ids), set(known)
    found: list[dict[str, object]] = []
    for (code, place), n in zip(pairs.tolist(), many.tolist(), strict=True):
        old, name = known[code], str(names[place])
        if old == name:
            continue
        records = f"{n} record{'' if n == 1 else 's'}"
        if old not in now:
            change, note = "joined", f"{records} of {old} joined into {name}, whose id goes on"
        elif name in existed:
            change, note = "moved", f"{records} went from {old} to {name}; both go on"
        else:
            had = "which has its former id again" if name in former else "which has a new id"
            change, note = "split", f"{records} of {old} are another person's, {had}"
        found.append({"person": name, "change": change, "of": old, "records": n, "note": note})
    return found


def _renamed(identities: ir.Table, renamed: dict[str, str], context: Context) -> ir.Table:
    engine = context.engine
    names = engine.table(pa.table({"provisional": list(renamed), "kept": list(renamed.values())}))
    joined = identities.left_join(names, identities["person"] == names["provisional"])
    made = joined.mutate(person=ibis.coalesce(joined["kept"], joined["person"]))
    path = context.folder / "identities_named.parquet"
    engine.write(made.select(*TABLES["identities"].names), path, ("source", "key"))
    return engine.read(path)
