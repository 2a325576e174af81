"""What people decide about who is who holds, whatever rules and scores say, and goes without a trace when it is taken back."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from identity_world import World, company, mapped

from vitalfew.engine import Context
from vitalfew.listen import identity
from vitalfew.listen.decided import Growing
from vitalfew.listen.mapped import Mapped
from vitalfew.settings import Company

Row = dict[str, Any]
TABLES = ("links", "people", "accounts", "review", "person_ledger", "person_changes")


def deciding(names: Sequence[str], *decisions: tuple[str, str, str]) -> Company:
    """Settings with sources of these names, and decisions (left, right, decision)."""
    sources = [{"name": name, "table": "people", "path": f"{name}.csv"} for name in names]
    links = [{"left": left, "right": right, "decision": how, "reason": "she told us"} for left, right, how in decisions]
    base = company().model_dump(mode="json")
    return Company.model_validate({**base, "source": sources, "link": links})


def resolve(
    sources: Sequence[Mapped], context: Context, *decisions: tuple[str, str, str], remarks: list[Row] | None = None
) -> tuple[dict[str, str | None], dict[str, list[Row]]]:
    """Person by source#key, and the other tables as rows."""
    settings = deciding([each.source.name for each in sources], *decisions)
    tables = identity.resolve(sources, settings, context, remarks).tables
    rows = context.engine.collect(tables["identities"]).to_pylist()
    rest = {name: tables[name].to_pylist() for name in TABLES}
    return {f"{row['source']}#{row['key']}": row["person"] for row in rows}, rest | {"identities": rows}


def crm(context: Context, *rows: Mapping[str, Any]) -> list[Mapped]:
    return [mapped(context.engine, 0, "crm", "people", [{"person": str(n), **row} for n, row in enumerate(rows, 1)])]


ANNA = {"_name": "Anna Rossi", "_email": "anna@x.it"}


def test_two_that_nothing_joins_are_one_when_people_say_so(context: Context) -> None:
    sources = crm(context, ANNA, {"_name": "Peter Weber", "_email": "p@y.de"}, {"_name": "Peter Weber", "_email": "p@y.de"})
    person, rest = resolve(sources, context, ("crm#1", "crm#2", "same"))
    # The third says what the second says, and goes with it.
    assert person["crm#1"] == person["crm#2"] == person["crm#3"]
    told = [row for row in rest["links"] if row["by"] == "person"]
    assert [(row["left"], row["right"], row["decision"], row["rule"], row["value"]) for row in told] == [
        ("crm#1", "crm#2", "joined", "decided", "she told us")
    ]
    assert {row["rule"] for row in rest["identities"] if row["key"] == "2"} == {"decided"}


def test_two_with_one_e_mail_are_two_when_people_say_so(context: Context) -> None:
    person, rest = resolve(crm(context, ANNA, ANNA), context, ("crm#2", "crm#1", "different"))
    assert person["crm#1"] != person["crm#2"]
    told = {(row["rule"], row["decision"], row["value"]) for row in rest["links"] if row["by"] == "person"}
    assert told == {
        ("decided", "kept apart", "she told us"),
        ("e-mail, but decided: different people", "kept apart", "anna@x.it"),
    }
    assert sum(row["records"] for row in rest["people"]) == 2


def test_a_decision_overrides_a_shared_value_that_joins_nobody(context: Context) -> None:
    switchboard = [
        {"_name": name, "_phone": "0145678901"} for name in ("Anna Rossi", "Marco Bianchi", "Julie Martin", "Paul Simon")
    ]
    person, _ = resolve(crm(context, *switchboard), context, ("crm#1", "crm#4", "same"))
    assert person["crm#1"] == person["crm#4"]
    assert len(set(person.values())) == 3


def test_a_record_without_anything_of_its_own_is_joined_alone(context: Context) -> None:
    named = [{"_name": "Anna Rossi"}] * 3
    person, rest = resolve(crm(context, *named, ANNA), context, ("crm#2", "crm#4", "same"))
    assert person["crm#2"] == person["crm#4"]
    assert len({person["crm#1"], person["crm#3"], person["crm#4"]}) == 3
    assert sum(row["records"] for row in rest["people"]) == 4


def test_kept_apart_through_any_chain_and_the_weakest_evidence_gives(context: Context) -> None:
    # 1 and 2 share a national id, 3 and 4 as well; 2 and 3 share a phone: the phone gives.
    sources = crm(
        context,
        {"_name": "Anna Rossi", "_national_id": "AB12345"},
        {"_name": "Anna Rossi", "_national_id": "AB12345", "_phone": "0145678901"},
        {"_name": "Anna Rossi", "_national_id": None, "_phone": "0145678901", "_email": "a@x.it"},
        {"_name": "Anna Rossi", "_email": "a@x.it"},
    )
    assert len(set(resolve(sources, context)[0].values())) == 1
    person, rest = resolve(sources, context, ("crm#1", "crm#4", "different"))
    assert person["crm#1"] == person["crm#2"] != person["crm#3"] == person["crm#4"]
    cut = [row for row in rest["links"] if row["rule"].startswith("phone, but decided")]
    assert [(row["left"], row["right"], row["by"], row["value"]) for row in cut] == [("crm#2", "crm#3", "person", "+33145678901")]
    assert not [row for row in rest["links"] if row["decision"] == "joined" and {row["left"], row["right"]} == {"crm#2", "crm#3"}]


def test_what_is_joined_to_both_by_hand_does_not_bring_two_together(context: Context) -> None:
    sources = crm(context, ANNA, ANNA, ANNA, {"_name": "Anna R"})
    decisions = (("crm#1", "crm#2", "different"), ("crm#1", "crm#3", "same"), ("crm#2", "crm#4", "same"))
    person, _ = resolve(sources, context, *decisions)
    assert person["crm#1"] == person["crm#3"] != person["crm#2"] == person["crm#4"]


def test_later_records_with_the_shared_value_go_to_one_and_the_two_stay_two(context: Context) -> None:
    rows: list[Row] = [ANNA, {**ANNA, "_name": "Anna Rossi-Weber"}]
    for more in range(1, 5):
        later = [*rows, *({**ANNA, "_phone": f"014567890{n}"} for n in range(more))]
        for order in (later, later[:2] + later[:1:-1]):
            person, _ = resolve(crm(context, *order), context, ("crm#1", "crm#2", "different"))
            assert person["crm#1"] != person["crm#2"]
            # Their name is that of the first.
            assert {person[f"crm#{n}"] for n in range(3, len(order) + 1)} == {person["crm#1"]}


@pytest.mark.parametrize("seed", range(3))
def test_decisions_over_a_whole_world_hold_and_change_nobody_they_do_not_name(context: Context, seed: int) -> None:
    world = World(seed, people=250, accounts=40)
    sources = world.sources(context.engine)
    free, _ = resolve(sources, context)
    draw = random.Random(seed)
    groups: dict[str, list[str]] = {}
    for record, person in sorted(free.items()):
        if person:
            groups.setdefault(person, []).append(record)
    several = [each for each in groups.values() if len(each) > 1]
    split = [tuple(draw.sample(each, 2)) for each in draw.sample(several, 12)]
    touched = {free[record] for pair in split for record in pair}
    alone = [each for person, each in sorted(groups.items()) if person not in touched]
    drawn = draw.sample(alone, 24)
    joined = [(one[0], other[0]) for one, other in zip(drawn[::2], drawn[1::2], strict=True)]
    decisions = [(*pair, "different") for pair in split] + [(*pair, "same") for pair in joined]
    found, rest = resolve(sources, context, *decisions)  # type: ignore[arg-type]
    assert all(found[a] != found[b] for a, b in split)
    assert all(found[a] == found[b] for a, b in joined)
    touched |= {free[record] for pair in joined for record in pair}
    same = {record for record, person in free.items() if person not in touched}
    assert {record: found[record] for record in same} == {record: free[record] for record in same}
    assert sum(row["records"] for row in rest["people"]) == sum(person is not None for person in found.values())
    assert len([row for row in rest["links"] if row["rule"] == "decided"]) == 24


def test_a_record_that_is_not_there_is_a_remark_and_its_decision_waits(context: Context) -> None:
    remarks: list[Row] = []
    resolve(crm(context, ANNA), context, ("crm#1", "crm#77", "same"), remarks=remarks)
    assert [(row["source"], row["value"], row["column"]) for row in remarks] == [("crm", "77", "key")]
    assert "not in the data" in remarks[0]["remark"]


def test_without_decisions_every_table_is_as_before(context: Context) -> None:
    world = World(2, people=200, accounts=30)
    sources = world.sources(context.engine)
    settings = deciding([each.source.name for each in sources])
    one = identity.resolve(sources, settings, context).tables
    first = context.engine.collect(one["identities"])
    decided = deciding([each.source.name for each in sources], ("crm#nobody", "tickets#nobody", "same"))
    other = identity.resolve(sources, decided, context).tables
    assert context.engine.collect(other["identities"]).equals(first)
    assert all(one[name].equals(other[name]) for name in TABLES)


def test_growing_never_joins_what_is_forbidden_and_joins_all_else_as_plain_loops_do() -> None:
    for seed in range(200):
        draw = random.Random(seed)
        edges = [(draw.randrange(14), draw.randrange(14)) for _ in range(30)]
        forbidden = [(a, b) for a, b in ((draw.randrange(14), draw.randrange(14)) for _ in range(5)) if a != b]
        grown = Growing(forbidden)
        group = {node: {node} for node in range(14)}
        for a, b in edges:
            joined = grown.join(a, b)
            both = group[a] | group[b]
            allowed = group[a] is not group[b] and not any(x in both and y in both for x, y in forbidden)
            assert joined == allowed
            if allowed:
                for node in both:
                    group[node] = both
        assert all(grown.root(a) == grown.root(b) for nodes in group.values() for a, b in itertools.pairwise(sorted(nodes)))


@pytest.mark.parametrize("seed", range(2))
def test_two_and_one_by_hand_stay_so_through_later_runs_with_more_records_and_sources(
    context: Context, tmp_path: Path, seed: int
) -> None:
    """Records come in four deliveries; what is decided after the first holds after each, and ids of those decided on stay."""
    world = World(seed, people=200, accounts=30)
    draw = random.Random(seed)
    late = {(name, number): draw.random() for name, rows in world.rows.items() for number in range(len(rows))}

    def delivered(share: float) -> list[Mapped]:
        kept = {name: [row for number, row in enumerate(rows) if late[name, number] < share] for name, rows in world.rows.items()}
        everything, world.rows = world.rows, kept
        try:
            return world.sources(context.engine)
        finally:
            world.rows = everything

    first, _ = resolve(delivered(0.4), context)
    groups: dict[str, list[str]] = {}
    for record, person in sorted(first.items()):
        if person:
            groups.setdefault(person, []).append(record)
    split = [tuple(draw.sample(each, 2)) for each in [each for each in groups.values() if len(each) > 1][:15]]
    alone = [each[0] for each in groups.values() if not {*each} & {record for pair in split for record in pair}]
    joined = list(zip(alone[:10], alone[10:20], strict=True))
    decisions = [(*pair, "different") for pair in split] + [(*pair, "same") for pair in joined]
    ids: dict[str, str | None] = {}
    known: Path | None = None
    for number, share in enumerate((0.4, 0.6, 0.8, 1.0)):
        now = replace(context, known=known)
        found, rest = resolve(delivered(share), now, *decisions)  # type: ignore[arg-type]
        assert all(found[a] != found[b] for a, b in split)
        assert all(found[a] == found[b] for a, b in joined)
        stay = {record: found[record] for pair in (*split, *joined) for record in pair}
        moved = {row["of"] for row in rest["person_changes"]}
        # An id changes only where the ledger says that people were joined or split.
        assert all(found[record] == whose for record, whose in ids.items() if whose not in moved)
        ids = stay
        known = tmp_path / f"known-{number}.parquet"
        pq.write_table(pa.Table.from_pylist(rest["person_ledger"]).select(["source", "key", "person", "mark"]), known)
