"""Which scored pairs are joined: a threshold from the data, and no join that the other pairs of the two sides contradict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

TARGET = 0.98
"""Of all pairs of records brought together, at least this share is expected to be right."""
_MOST, _AGAINST = 10.0, -1.0
"""What one pair of records can say for a join, and against it, in bits. A pair nobody scored agrees on nothing worth a look, and
says as much against as one that disagrees: what people leave out or change is no proof that they are two."""


@dataclass(frozen=True)
class Accepted:
    """Places of the pairs that joined, of those refused, and why (`contradicted`, `one to one`, `too low`)."""

    joined: Integers
    refused: Integers
    why: tuple[str, ...]
    threshold: float
    guarded: bool
    expected: float


@dataclass(frozen=True)
class _Between:
    """A row for each two labels with scored pairs: the best pair's place and odds, what all say in sum, and how many they are."""

    left: Integers
    right: Integers
    best: Integers
    odds: Floats
    said: Floats
    scored: Integers


def accept(left: Integers, right: Integers, odds: Floats, size: Integers, inside: Integers, single: int = 0) -> Accepted:
    """Join labels by scored pairs, strongest first, as average linkage with a floor does.

    `left` and `right` are labels, shape (pairs,), `odds` log2 odds that a pair of their records is one person; `size` and `inside`
    have shape (labels,): records of each label, and which sources they stand in as bits; `single` has the bits of the sources that
    hold nobody twice. No pair below even odds joins. The guard refuses a join when the mean of what all pairs across it say is
    negative; it is used when, without it, less than `TARGET` of the pairs brought together are expected to be right. The threshold
    then rises until `TARGET` is met. Expected: a join through a pair of probability p brings a x b pairs together, a x b x p right.
    """
    between = _between(left, right, odds)
    known = float((size * (size - 1) / 2).sum())
    order = np.flatnonzero(between.odds >= 0)
    order = order[np.lexsort((between.right[order], between.left[order], -between.odds[order]))]
    free = _grow(between, order, size, inside, single, guard=False)
    guarded = _share(free, between, known)[-1] < TARGET if len(free[0]) else False
    merges, refused = _grow(between, order, size, inside, single, guard=True) if guarded else free
    share = _share((merges, refused), between, known)
    kept = int(np.flatnonzero(share >= TARGET).max(initial=-1)) + 1
    rows = np.array([row for row, _ in merges[:kept]], dtype=np.int64)
    low = [row for row, _ in merges[kept:]]
    threshold = float(between.odds[rows].min()) if low and len(rows) else 0.0
    ends = _labels(len(size), between.left[rows], between.right[rows])
    told = [(row, why) for row, why in [*refused, *((row, "too low") for row in low)]]
    apart = [(row, why) for row, why in sorted(told) if ends[between.left[row]] != ends[between.right[row]]]
    return Accepted(
        joined=between.best[rows],
        refused=between.best[np.array([row for row, _ in apart], dtype=np.int64)],
        why=tuple(why for _, why in apart),
        threshold=threshold,
        guarded=bool(guarded),
        expected=float(share[kept - 1]) if kept else 1.0,
    )


def _between(left: Integers, right: Integers, odds: Floats) -> _Between:
    low, high = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((np.arange(len(low)), -odds, high, low))
    low, high, odds = low[order], high[order], odds[order]
    first = np.r_[True, (np.diff(low) != 0) | (np.diff(high) != 0)] if len(low) else np.empty(0, dtype=bool)
    starts = np.flatnonzero(first)
    said = np.add.reduceat(np.clip(odds, _AGAINST, _MOST), starts) if len(starts) else np.empty(0)
    scored = np.diff(np.r_[starts, len(low)])
    return _Between(low[starts], high[starts], order[starts], odds[starts], said, scored)


def _labels(count: int, left: Integers, right: Integers) -> Integers:
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count)).tocsr()
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


Merges = list[tuple[int, float]]


def _share(grown: tuple[Merges, list[tuple[int, str]]], between: _Between, known: float) -> Floats:
    """After each join the share of pairs brought together so far that is expected to be right; what keys joined counts as right."""
    rows = np.array([row for row, _ in grown[0]], dtype=np.int64)
    pairs = np.array([pairs for _, pairs in grown[0]], dtype=np.float64)
    right = pairs / (1 + np.exp2(-between.odds[rows]))
    found: Floats = (known + np.cumsum(right)) / (known + np.cumsum(pairs))
    return found


def _grow(
    between: _Between, order: Integers, size: Integers, inside: Integers, single: int, guard: bool
) -> tuple[Merges, list[tuple[int, str]]]:
    """Union-find over the rows of `order`: the joins (row, pairs brought together), and the refused rows with the reason."""
    parent: dict[int, int] = {}
    sizes = {int(each): int(size[each]) for each in np.unique(np.r_[between.left[order], between.right[order]])}
    bits = {each: int(inside[each]) & single for each in sizes}
    near = _neighbours(between, order, len(size)) if guard else {}

    def root(label: int) -> int:
        while label in parent:
            above = parent[label]
            if above in parent:
                parent[label] = parent[above]
            label = above
        return label

    merges: Merges = []
    refused: list[tuple[int, str]] = []
    for row, one, other in zip(order.tolist(), between.left[order].tolist(), between.right[order].tolist(), strict=True):
        a, b = root(one), root(other)
        if a == b:
            continue
        if bits[a] & bits[b]:
            refused.append((row, "one to one"))
            continue
        pairs = sizes[a] * sizes[b]
        if guard:
            said, scored = near[a][b]
            if said + (pairs - scored) * _AGAINST < 0:
                refused.append((row, "contradicted"))
                continue
            if len(near[a]) < len(near[b]):
                a, b = b, a
            _fold(near, a, b)
        parent[b] = a
        sizes[a] += sizes[b]
        bits[a] |= bits[b]
        merges.append((row, float(pairs)))
    return merges, refused


def _neighbours(between: _Between, order: Integers, count: int) -> dict[int, dict[int, tuple[float, int]]]:
    """For each label what its pairs with each other label say; only within components that could be joined at all."""
    component = _labels(count, between.left[order], between.right[order])
    rows = np.flatnonzero(component[between.left] == component[between.right])
    found: dict[int, dict[int, tuple[float, int]]] = {}
    for a, b, said, scored in zip(
        *(each[rows].tolist() for each in (between.left, between.right, between.said, between.scored)), strict=True
    ):
        found.setdefault(a, {})[b] = (said, scored)
        found.setdefault(b, {})[a] = (said, scored)
    return found


def _fold(near: dict[int, dict[int, tuple[float, int]]], into: int, gone: int) -> None:
    kept = near[into]
    kept.pop(gone)
    for other, (said, scored) in near.pop(gone).items():
        if other == into:
            continue
        before = kept.get(other, (0.0, 0))
        kept[other] = (before[0] + said, before[1] + scored)
        across = near[other]
        across.pop(gone)
        across[into] = kept[other]
