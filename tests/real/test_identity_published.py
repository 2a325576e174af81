"""Published sets of records with slips, matched with nothing set: the figures to reach, at our own threshold."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from published_sets import Row, Rows, as_people, fake_1000, febrl3, historical

from vitalfew.engine import Context
from vitalfew.listen import identity, normalise

pytestmark = pytest.mark.real


def quality(context: Context, rows: list[Row], truth: list[str]) -> float:
    """F1 over pairs of records, as one source of people with nothing set."""
    sources, company = as_people(rows, context)
    found = identity.resolve(sources, company, context).tables["identities"]
    person_of = {row["key"]: row["person"] for row in context.engine.collect(found).to_pylist()}
    ours = [person_of.get(f"{number:06d}") or f"alone {number}" for number in range(len(rows))]

    def pairs(groups: list[str]) -> int:
        counts = np.unique(np.array(groups), return_counts=True)[1]
        return int((counts * (counts - 1) // 2).sum())

    both = pairs([f"{one}\x1f{other}" for one, other in zip(ours, truth, strict=True)])
    return 2 * both / (pairs(ours) + pairs(truth))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("read", "least"), [(fake_1000, 0.93), (febrl3, 0.997), (historical, 0.84)], ids=["fake_1000", "febrl3", "historical"]
)
def test_a_published_set_is_matched_with_nothing_set(
    context: Context, shared_data: Path, read: Callable[[Path], Rows], least: float
) -> None:
    folder = shared_data / "identity"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    rows, truth = read(folder)
    assert quality(context, rows, truth) >= least


def test_restaurants_of_two_guides_are_found_by_name_and_number(shared_data: Path, context: Context) -> None:
    """The published pairs are not all there are: 16 more agree in name and number to the letter. So pairs of the records listed
    are judged, and of all pairs found that are not listed it is held that each shares a number or a name."""
    rows, truth = accounts_benchmark().restaurants(shared_data / "identity" / "restaurants")
    found = accounts_benchmark().ours(rows, "US")
    between = {pair for pair in found if pair[0][0] != pair[1][0]}
    listed = {record for pair in truth for record in pair}
    judged = {pair for pair in between if listed & set(pair)}
    right = len(judged & truth)
    assert 2 * right / (len(judged) + len(truth)) >= 0.97
    assert right / len(judged) >= 0.98
    assert right / len(truth) >= 0.95
    said = {(source, row["account"]): row for source, each in rows.items() for row in each}
    numbers = {record: "".join(filter(str.isdigit, row["_phone"])) for record, row in said.items()}
    names = {record: normalise.company_name(row["name"]) for record, row in said.items()}
    unlisted = {(a, b) for a, b in between - judged if numbers[a] != numbers[b] and names[a] != names[b]}
    # One chain of two houses, whose name alone joins what two numbers part.
    assert len(unlisted) <= 1
    same = {(a, b) for a in names for b in names if a[0] < b[0] and (names[a], numbers[a]) == (names[b], numbers[b])}
    assert same - truth <= between
    assert len(same - truth) >= 16


def accounts_benchmark() -> Any:
    """The benchmark that measures the same beside others, as a module."""
    path = Path(__file__).parents[2] / "benchmarks"
    sys.path[:0] = [str(path)]
    try:
        return importlib.import_module("accounts")
    finally:
        sys.path.remove(str(path))
