"""Ids that stay from run to run: the vectorised answer beside plain loops, and what must hold for any history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from vitalfew.engine import Context
from vitalfew.listen import ledger

NONE = -1
Past = dict[int, tuple[int, int]]
"""For each record that was there before: the id of its person, and its mark."""


def plain_award(cluster: list[int], before: list[int], mark: list[int]) -> list[int]:
    """What `ledger.award` says, in loops: all pairs of cluster and id, best first."""
    found = [NONE] * (max(cluster, default=NONE) + 1)
    for wanted, weighs in ((before, True), (mark, False)):
        pairs = {}
        for row, (owner, each) in enumerate(zip(cluster, wanted, strict=True)):
            if each >= 0 and found[owner] < 0 and each not in [*found]:
                heavy, many, first = pairs.get((owner, each), (0, 0, row))
                pairs[owner, each] = (heavy + (weighs and before[row] == mark[row]), many + 1, first)
        for owner, each in sorted(pairs, key=lambda pair: (-pairs[pair][0], -pairs[pair][1], pairs[pair][2])):
            if found[owner] < 0 and each not in found:
                found[owner] = each
    return found


def step(cluster: list[int], past: list[tuple[int, int]], fresh: int) -> tuple[list[tuple[int, int]], list[int]]:
    """One run: records with (id, mark) from the run before, and the ids of clusters; new ids are counted from `fresh`."""
    codes = np.unique(np.array(cluster, dtype=np.int64), return_inverse=True)[1].astype(np.int64)
    before, mark = (np.array([each[part] for each in past], dtype=np.int64) for part in (0, 1))
    given = ledger.award(codes, before, mark)
    assert given.tolist() == plain_award(codes.tolist(), before.tolist(), mark.tolist())
    new = given < 0
    ids = given.copy()
    ids[new] = fresh + np.arange(int(new.sum()))
    after = ledger.marks(codes, ids, mark, new)
    return list(zip(ids[codes].tolist(), after.tolist(), strict=True)), ids.tolist()


partitions = st.lists(st.lists(st.integers(0, 4), min_size=9, max_size=9), min_size=2, max_size=6)


@settings(max_examples=300, deadline=None)
@given(partitions, st.lists(st.booleans(), min_size=9, max_size=9))
def test_ids_go_one_to_one_to_clusters_through_any_history_as_plain_loops_say(history: list[list[int]], late: list[bool]) -> None:
    past = [(NONE, NONE)] * 9
    for number, cluster in enumerate(history):
        # Some records come only with the second run.
        there = [row for row in range(9) if number or not late[row]]
        seen, ids = step([cluster[row] for row in there], [past[row] for row in there], 100 * (number + 1))
        assert len(set(ids)) == len(ids)
        again, same = step([cluster[row] for row in there], seen, 9999)
        assert [each[0] for each in again] == [each[0] for each in seen], "the same people have the same ids again"
        assert sorted(same) == sorted(ids)
        for row, told in zip(there, seen, strict=True):
            past[row] = told


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=8, max_size=8), st.lists(st.integers(0, 4), min_size=4, max_size=4), st.data())
def test_new_records_and_a_join_that_is_undone_change_no_id(first: list[int], more: list[int], data: st.DataObject) -> None:
    one, _ = step(first, [(NONE, NONE)] * 8, 100)
    a, b = data.draw(st.sampled_from(first)), data.draw(st.sampled_from(first))
    joined = [a if each == b else each for each in first]
    two, _ = step(joined, one, 200)
    survivors = {whose for whose, _ in two}
    assert survivors <= {whose for whose, _ in one}, "a join makes no new id"
    # New records come while the two are joined; then the join is undone.
    three, _ = step([*joined, *(a if each == b else each for each in more)], [*two, *[(NONE, NONE)] * 4], 300)
    four, _ = step([*first, *more], three, 400)
    assert [whose for whose, _ in four[:8]] == [whose for whose, _ in one]


def test_the_larger_part_keeps_the_id_and_the_larger_person_gives_it() -> None:
    one, _ = step([0, 0, 0, 1, 1], [(NONE, NONE)] * 5, 100)
    assert [whose for whose, _ in one] == [100, 100, 100, 101, 101]
    joined, _ = step([0] * 5, one, 200)
    assert {whose for whose, _ in joined} == {100}
    split, _ = step([0, 0, 1, 2, 2], joined, 300)
    assert [whose for whose, _ in split] == [100, 100, 300, 101, 101]
    again, _ = step([0, 0, 0, 2, 2], split, 400)
    assert [whose for whose, _ in again] == [100, 100, 100, 101, 101]
    # Of two equal parts the one with the first record keeps it.
    half, _ = step([0, 0, 1, 1], [(5, 5)] * 4, 500)
    assert [whose for whose, _ in half] == [5, 5, 500, 500]


def tables(context: Context, people: dict[str, list[str]]) -> tuple[object, pa.Table]:
    """identities and people for keys by provisional id, all in one source of people."""
    rows = [(key, person) for person, keys in people.items() for key in keys]
    found = {
        "source": ["crm"] * len(rows),
        "key": [key for key, _ in rows],
        "table": ["people"] * len(rows),
        "person": [person for _, person in rows],
        **{name: [None] * len(rows) for name in ("account", "name", "email", "phone", "score", "rule")},
    }
    return context.engine.table(pa.table(found)), pa.table(
        {"person": list(people), "records": [len(each) for each in people.values()]}
    )


def settled(context: Context, people: dict[str, list[str]], before: ledger.Settled | None, folder: Path) -> ledger.Settled:
    known = None
    if before is not None:
        known = folder / "known.parquet"
        pq.write_table(before.ledger.select(["source", "key", "person", "mark"]), known)
    identities, table = tables(context, people)
    return ledger.settle(identities, table, replace(context, known=known))  # type: ignore[arg-type]


def ids(context: Context, found: ledger.Settled) -> dict[str, str]:
    return {row["key"]: row["person"] for row in context.engine.collect(found.identities).to_pylist()}


def test_what_became_of_ids_is_told_and_a_new_id_is_never_one_that_was(context: Context, tmp_path: Path) -> None:
    first = settled(context, {"person:a": ["1", "2", "3"], "person:d": ["4", "5"]}, None, tmp_path)
    assert first.changes.num_rows == 0
    assert ids(context, first) == {"1": "person:a", "2": "person:a", "3": "person:a", "4": "person:d", "5": "person:d"}
    # The first record leaves: the id stays with the two others, and the provisional id of the one that left is taken.
    second = settled(context, {"person:a": ["1"], "person:b": ["2", "3"], "person:d": ["4", "5"]}, first, tmp_path)
    found = ids(context, second)
    assert found["2"] == found["3"] == "person:a"
    assert found["1"] not in ("person:a", "person:b", "person:d")
    told = second.changes.to_pylist()
    assert [(row["person"], row["change"], row["of"], row["records"]) for row in told] == [(found["1"], "split", "person:a", 1)]
    assert "new id" in told[0]["note"]
    assert sorted(second.people.column("person").to_pylist()) == sorted(set(found.values()))
    # A new record that comes first changes nothing; a join is told.
    third = settled(context, {"person:0": ["0", "2", "3", "4", "5"], "person:a": ["1"]}, second, tmp_path)
    assert ids(context, third) == {**dict.fromkeys(["0", "2", "3", "4", "5"], "person:a"), "1": found["1"]}
    told = third.changes.to_pylist()
    assert [(row["person"], row["change"], row["of"], row["records"]) for row in told] == [("person:a", "joined", "person:d", 2)]
    # Undone, the id that ended is back; a record that goes from one to another is told.
    fourth = settled(context, {"person:0": ["0", "2", "3"], "person:1": ["1", "4"], "person:5": ["5"]}, third, tmp_path)
    after = ids(context, fourth)
    assert after["0"] == after["2"] == after["3"] == "person:a"
    assert after["1"] == after["4"] == found["1"]
    assert after["5"] == "person:d"
    told = fourth.changes.to_pylist()
    assert {(row["person"], row["change"], row["of"]) for row in told} == {
        (found["1"], "moved", "person:a"),
        ("person:d", "split", "person:a"),
    }
    assert any("former id" in row["note"] for row in told)
