"""What keys leave apart is joined by score: without labels, the same on every run, and never against what the records say."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from identity_world import FAMILY, GIVEN, company, mapped, pairwise_quality

from vitalfew.engine import Context
from vitalfew.engine.linkage import matched_share
from vitalfew.listen import identity
from vitalfew.listen.acceptance import accept
from vitalfew.listen.scoring import chosen
from vitalfew.outputs import Outputs

Row = dict[str, Any]


def patients(seed: int, people: int = 300) -> tuple[list[Row], dict[tuple[str, str], str]]:
    """Two records a person with slips in name, birthday and city, and no key they share; whose each is."""
    draw = random.Random(seed)
    rows, truth = [], {}
    for number in range(people):
        name = f"{draw.choice(GIVEN)} {draw.choice(FAMILY)}"
        born = f"{draw.randrange(1940, 2005)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"
        city, postcode = f"{draw.choice(FAMILY)}stadt", f"{draw.randrange(10000, 99999)}"
        for copy in range(2):
            chance = draw.random
            row = {"_name": name, "_born": born, "_city": city, "_postcode": postcode}
            if copy and chance() < 0.5:
                cut = draw.randrange(1, len(name) - 1)
                row["_name"] = name[:cut] + name[cut + 1 :]
            if copy and chance() < 0.3:
                row["_born"] = born[:-1] + str((int(born[-1]) + 1) % 10)
            if copy and chance() < 0.2:
                row["_city"] = None
            key = f"{number:04d}{'ab'[copy]}"
            rows.append({"person": key, **row})
            truth["crm", key] = str(number)
    draw.shuffle(rows)
    return rows, truth


def resolved(context: Context, rows: list[Row]) -> tuple[Outputs, dict[tuple[str, str], Row]]:
    found = identity.resolve([mapped(context.engine, 0, "crm", "people", rows)], company(), context)
    listed = context.engine.collect(found.tables["identities"]).to_pylist()
    return found, {(row["source"], row["key"]): row for row in listed}


def test_records_that_share_no_key_are_joined_by_score_and_say_so(context: Context) -> None:
    rows, truth = patients(1)
    found, by_key = resolved(context, rows)
    precision, recall = pairwise_quality({key: row["person"] for key, row in by_key.items()}, truth)
    assert precision >= 0.98
    assert recall >= 0.95
    scored = [row for row in found.tables["links"].to_pylist() if row["rule"] == "score"]
    assert len(scored) > 50
    assert all(row["decision"] == "joined" and 0.5 <= row["score"] <= 1 and row["fields"] for row in scored)
    assert {row["fields"] for row in found.tables["links"].to_pylist() if not row["rule"].startswith("score")} == {None}
    assert any(row["rule"] == "score" and 0.5 <= row["score"] <= 1 for row in by_key.values())


def test_a_rerun_and_another_order_of_rows_give_the_same_tables(context: Context) -> None:
    rows, _ = patients(2)
    first, by_key = resolved(context, rows)
    second, again = resolved(context, rows[::-1])
    assert by_key == again
    for name in ("links", "people"):
        assert first.tables[name].equals(second.tables[name])


def test_few_records_are_left_to_keys(context: Context) -> None:
    rows, _ = patients(3, people=90)
    found, _ = resolved(context, rows)
    assert not [row for row in found.tables["links"].to_pylist() if row["rule"].startswith("score")]


def test_two_sources_that_hold_nobody_twice_are_matched_one_to_one() -> None:
    left, right = np.array([0, 0]), np.array([1, 2])
    odds, size = np.array([9.0, 8.0]), np.ones(3, dtype=np.int64)
    inside = np.array([1, 2, 2])
    free = accept(left, right, odds, size, inside)
    bound = accept(left, right, odds, size, inside, single=2)
    assert free.joined.tolist() == [0, 1]
    assert (bound.joined.tolist(), bound.refused.tolist(), bound.why) == ([0], [1], ("one to one",))


def test_a_join_that_the_other_pairs_contradict_is_refused() -> None:
    left, right = np.array([0, 2, 1]), np.array([1, 3, 2])
    size, inside = np.ones(4, dtype=np.int64), np.zeros(4, dtype=np.int64)
    found = accept(left, right, np.array([9.0, 8.0, 2.0]), size, inside)
    assert found.guarded
    assert found.joined.tolist() == [0, 1]
    assert (found.refused.tolist(), found.why) == ([2], ("contradicted",))
    found = accept(left, right, np.array([9.0, 8.0, 6.0]), size, inside)
    assert found.joined.tolist() == [0, 1, 2]


def test_the_threshold_rises_until_the_expected_share_of_right_pairs_is_met() -> None:
    pairs = 40
    left, right = np.arange(pairs) * 2, np.arange(pairs) * 2 + 1
    odds = np.where(np.arange(pairs) < 30, 12.0, 1.0)
    found = accept(left, right, odds, np.ones(2 * pairs, dtype=np.int64), np.zeros(2 * pairs, dtype=np.int64))
    assert len(found.joined) == 31
    assert found.expected >= 0.98
    assert found.threshold == 1.0
    assert set(found.why) == {"too low"}


def test_the_guard_answers_as_a_slow_average_linkage_does() -> None:
    for seed in range(20):
        draw = np.random.default_rng(seed)
        count = 14
        a, b = np.triu_indices(count, 1)
        kept = draw.random(len(a)) < 0.5
        a, b = a[kept], b[kept]
        odds = np.round(draw.normal(1, 6, len(a)), 3)
        found = accept(a, b, odds, np.ones(count, dtype=np.int64), np.zeros(count, dtype=np.int64))
        if not found.guarded:
            continue
        said = {frozenset((x, y)): float(np.clip(o, -1, 10)) for x, y, o in zip(a.tolist(), b.tolist(), odds, strict=True)}
        groups = [{each} for each in range(count)]
        merges = []
        for place in sorted(range(len(a)), key=lambda each: (-odds[each], a[each], b[each])):
            one, other = (next(group for group in groups if int(end[place]) in group) for end in (a, b))
            if odds[place] < 0 or one is other:
                continue
            if sum(said.get(frozenset((x, y)), -1.0) for x in one for y in other) >= 0:
                groups = [group for group in groups if group not in (one, other)] + [one | other]
                merges.append(place)
        assert found.joined.tolist() == merges[: len(found.joined)]


def test_blocking_rules_are_the_most_selective_within_the_budget() -> None:
    counts = {("email",): 5, ("family",): 5000, ("family", "born"): 20, ("email", "born"): 6, ("city",): 0}
    assert chosen(counts, 100) == (("email",), ("family", "born"))
    assert chosen(counts, 10_000) == (("email",), ("family", "born"), ("family",))


def test_the_share_of_matches_is_that_of_the_posteriors() -> None:
    draw = np.random.default_rng(1)
    evidence = np.r_[draw.normal(14, 2, 200), draw.normal(-14, 2, 9_800)]
    share, odds = matched_share(evidence, 10_000)
    assert share == pytest.approx(0.02, rel=0.02)
    assert share == pytest.approx((1 / (1 + np.exp2(-odds))).mean(), rel=1e-6)
