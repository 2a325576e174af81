"""The queue of doubtful pairs: what moves is what plain loops find, the formula is that of the docs, the most valuable come first."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from identity_world import World, company, mapped

from vitalfew.engine import Context
from vitalfew.listen import identity, review
from vitalfew.listen.review import Pairs


@pytest.mark.parametrize("seed", range(20))
def test_what_lies_beyond_an_edge_is_what_a_walk_from_its_end_finds(seed: int) -> None:
    draw = random.Random(seed)
    # A forest: each node but the first of a tree hangs on an earlier one.
    edges = [(draw.randrange(node), node) for node in range(1, 60) if draw.random() < 0.8]
    draw.shuffle(edges)
    forest = np.array([(*draw.sample(edge, 2), 0) for edge in edges], dtype=np.int64)
    weights = np.array([[draw.randrange(9), draw.randrange(5), draw.random()] for _ in range(60)])
    right, left = review.beyond(forest, weights)
    for row, (a, b, _) in enumerate(forest.tolist()):
        near: dict[int, set[int]] = {}
        for one, other, _ in np.delete(forest, row, axis=0).tolist():
            near.setdefault(one, set()).add(other)
            near.setdefault(other, set()).add(one)
        sides = []
        for end in (a, b):
            seen, waiting = {end}, [end]
            while waiting:
                more = near.get(waiting.pop(), set()) - seen
                seen |= more
                waiting += more
            sides.append(weights[sorted(seen)].sum(axis=0))
        found = sorted([right[row].round(9).tolist(), left[row].round(9).tolist()])
        assert found == sorted(each.round(9).tolist() for each in sides)


def queued(pairs: Pairs, all_of: list[float], decided: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    return review.queue(pairs, all_of, lambda node: f"crm#{node}", lambda _: {}, lambda *_: "", decided)


THREE = Pairs(
    nodes=np.array([[0, 1], [2, 3], [5, 4]]),
    joined=np.array([True, False, False]),
    rules=["like name in account", "score, but below the threshold", "shared phone: 2 names"],
    likely=np.array([0.85, 0.7, 0.1]),
    moves=np.array([[8.0, 1, 500], [2, 0, 0], [20, 2, 400]]),
)


def test_the_worked_numbers_of_the_docs() -> None:
    rows = queued(THREE, [1000, 100, 20000])
    assert [(row["rank"], row["left"], row["right"], row["doubt"], row["worth"]) for row in rows] == [
        (1, "crm#0", "crm#1", 0.3, 0.0129),
        (2, "crm#4", "crm#5", 0.2, 0.012),
        (3, "crm#2", "crm#3", 1.0, 0.002),
    ]
    assert [row["decision"] for row in rows] == ["joined", "kept apart", "kept apart"]
    # Without answers or orders anywhere, their share is nothing.
    assert queued(THREE, [1000, 0, 0])[0]["worth"] == pytest.approx(0.2 * 0.02)


def test_what_people_decided_is_not_asked_again_and_nothing_certain_is() -> None:
    left = [row["left"] for row in queued(THREE, [1000, 100, 20000], frozenset({review.pair_of("crm#1", "crm#0")}))]
    assert left == ["crm#4", "crm#2"]
    sure = Pairs(THREE.nodes, THREE.joined, THREE.rules, np.array([0.98, 0.02, 0.0]), THREE.moves)
    assert queued(sure, [1000, 100, 20000]) == []


def test_no_more_than_people_decide_are_listed_and_ties_go_by_name() -> None:
    count = review.MOST + 50
    many = Pairs(
        nodes=np.column_stack([np.arange(count)[::-1], np.arange(count, 2 * count)]),
        joined=np.zeros(count, dtype=bool),
        rules=["fits several people"] * count,
        likely=np.full(count, 0.5),
        moves=np.ones((count, 3)),
    )
    rows = queued(many, [float(count)] * 3)
    assert len(rows) == review.MOST
    assert [row["left"] for row in rows] == sorted(row["left"] for row in rows)
    ends = sorted(tuple(sorted((f"crm#{a}", f"crm#{b}"))) for a, b in many.nodes.tolist())
    assert [(row["left"], row["right"]) for row in rows] == ends[: review.MOST]


def test_names_that_cannot_be_one_persons_weigh_more_than_the_score() -> None:
    rule = "score, but different names or another mailbox"
    assert review.chance(rule, "different", 0.99) == 0.02
    assert review.chance(rule, "same", 0.99) == 0.5
    assert review.chance("name in account, but another birthday", "same", None) == 0.15


def test_a_whole_world_is_reviewed_in_one_order_whatever_the_order_of_rows(context: Context) -> None:
    world = World(4, people=250, accounts=40)
    one = identity.resolve(world.sources(context.engine), company(), context).tables["review"]
    other = identity.resolve(world.sources(context.engine, lambda rows: rows[::-1]), company(), context).tables["review"]
    assert one.equals(other)
    assert one.num_rows > 20
    rows = one.to_pylist()
    assert [row["worth"] for row in rows] == sorted((row["worth"] for row in rows), reverse=True)
    assert {row["decision"] for row in rows} == {"joined", "kept apart"}


def test_revenue_and_answers_of_the_side_that_would_move_are_counted(context: Context) -> None:
    people = [
        {"person": "1", "_name": "Anna Rossi", "_email": "anna@x.it", "_phone": "0145678901", "account": "A"},
        {"person": "2", "_name": "Anna Weber", "_email": "weber@x.it", "_phone": "0145678901", "account": "A"},
    ]
    orders = [{"key": f"o{n}", "person": "1", "amount": 10.25} for n in range(4)] + [{"key": "o9", "person": "2", "amount": 100.0}]
    answers = [{"response": f"r{n}", "key": f"r{n}", "person": "2"} for n in range(2)]
    sources = [
        mapped(context.engine, 0, "crm", "people", people),
        mapped(context.engine, 1, "shop", "orders", orders),
        mapped(context.engine, 2, "survey", "responses", answers),
    ]
    rows = identity.resolve(sources, company(), context).tables["review"].to_pylist()
    assert [(row["left"], row["right"], row["records"], row["answers"], row["revenue"]) for row in rows] == [
        ("crm#1", "crm#2", 4, 2, 100.0)
    ]
    assert rows[0]["fields"] == "same: phone, account; other: name, email"
    assert '"email": "weber@x.it"' in rows[0]["right_says"]
