"""Which pairs of records are worth a person's look, the most valuable first: how unsure we are, times how much hangs on it.

The page docs/algorithms/identity.md has the formula and worked numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from vitalfew.listen.clusters import KINDS, NAMES, Clusters, Codes

Floats = NDArray[np.float64]

MOST = 1000
"""So many pairs are listed: more than people decide between two runs."""
LEAST_DOUBT = 0.05
"""Joins by key, national id and e-mail are surer than that and are not asked about."""
_REFUSED = {"same": 0.5, "compatible": 0.5, "renamed": 0.3, "unnamed": 0.2, "related": 0.1, "different": 0.02}
_CONTRADICTED = 0.15
"""How likely a pair kept apart is one person all the same: by its names where a shared value was guarded, .15 where something else
spoke against it (another birthday, another mailbox). A judgement, not fitted; a pair that was scored has its probability."""


def chance(rule: str, names: str, scored: float | None) -> float:
    """How likely a pair that a rule kept apart is one person; `names` is the verdict on its names, `unnamed` where one has none.

    >>> chance("shared phone: 2 names", "related", None), chance("score, but below the threshold", "same", 0.7)
    (0.1, 0.7)
    """
    if scored is not None:
        # Names that cannot be one person's weigh more than the score they were refused against.
        return min(scored, _REFUSED[names]) if "different names" in rule else scored
    if "but another" in rule:
        return _CONTRADICTED
    return _REFUSED[names]


def doubt(likely: Floats, joined: NDArray[np.bool_]) -> Floats:
    """Twice the chance that what was done is wrong, 1 at even odds or worse: shape (pairs,).

    >>> doubt(np.array([0.95, 0.1, 0.9999]), np.array([True, False, False])).round(3).tolist()
    [0.1, 0.2, 1.0]
    """
    wrong = np.where(joined, 1 - likely, likely)
    found: Floats = 2 * np.minimum(wrong, 0.5)
    return found


def beyond(forest: NDArray[np.int64], weights: Floats) -> tuple[Floats, Floats]:
    """For each edge of a forest what lies on either side of it, in sum: two arrays of shape (edges, columns of weights).

    `forest` has rows (left, right, ...), `weights` shape (nodes, columns).
    """
    # One more node leads to every component, so that one walk orders all nodes.
    ends = np.r_[forest[:, 0], forest[:, 1]].astype(np.int64)
    taking, place = np.unique(ends, return_inverse=True)
    left, right = place[: len(forest)], place[len(forest) :]
    size = len(taking)
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size)).tocsr()
    _, label = connected_components(graph, directed=False)
    _, first = np.unique(label, return_index=True)
    rooted = coo_array(
        (np.ones(len(left) + len(first), dtype=np.int8), (np.r_[left, np.full(len(first), size)], np.r_[right, first])),
        shape=(size + 1, size + 1),
    ).tocsr()
    order, above = breadth_first_order(rooted, size, directed=False)
    sums = np.vstack([weights[taking], np.zeros((1, weights.shape[1]))])
    for node in order[:0:-1].tolist():
        sums[above[node]] += sums[node]
    below = np.where(above[right] == left, right, left)
    mine = sums[below]
    return mine, sums[first][label[below]] - mine


@dataclass(frozen=True)
class Pairs:
    """Candidates: nodes (n, 2), whether they were joined, why, how likely they are one person, and what would move (n, 3)."""

    nodes: NDArray[np.int64]
    joined: NDArray[np.bool_]
    rules: list[str]
    likely: Floats
    moves: Floats


def candidates(clusters: Clusters, forest: NDArray[np.int64], weights: Floats, names: Callable[[int, int], str]) -> Pairs:
    """Every join of the forest that is not certain, and every refusal by rule, with the smaller side of each.

    `names` judges the names of two nodes.
    """
    label = clusters.label
    total = np.zeros((int(label.max(initial=-1)) + 1, weights.shape[1]))
    np.add.at(total, label, weights)

    def scored(a: int, b: int) -> float | None:
        found = clusters.scored.get((a, b)) or clusters.scored.get((b, a))
        return found[0] if found else None

    confidence = np.array([score for _, score in KINDS])
    likely = confidence[forest[:, 2]] if len(forest) else np.empty(0)
    for row in np.flatnonzero(forest[:, 2] == NAMES.index("score")).tolist():
        likely[row] = scored(int(forest[row, 0]), int(forest[row, 1])) or likely[row]
    unsure = np.flatnonzero(doubt(likely, np.ones(len(forest), dtype=bool)) >= LEAST_DOUBT)
    mine, rest = beyond(forest, weights) if len(forest) else (weights[:0], weights[:0])
    apart = [each for each in clusters.apart if each.by == "rule" and label[each.left] != label[each.right]]
    nodes = [*forest[unsure, :2].tolist(), *([each.left, each.right] for each in apart)]
    chances = [
        chance(each.rule, names(each.left, each.right), scored(each.left, each.right) if each.kind == "score" else None)
        for each in apart
    ]
    ends = np.array(nodes[len(unsure) :], dtype=np.int64).reshape(-1, 2)
    sides = [(mine[unsure], rest[unsure]), (total[label[ends[:, 0]]], total[label[ends[:, 1]]])]
    moves = [np.where((one[:, :1] <= other[:, :1]), one, other) for one, other in sides]
    return Pairs(
        np.array(nodes, dtype=np.int64).reshape(-1, 2),
        np.arange(len(nodes)) < len(unsure),
        [*(NAMES[kind] for kind in forest[unsure, 2].tolist()), *(each.rule for each in apart)],
        np.r_[likely[unsure], np.array(chances)],
        np.concatenate(moves) if nodes else weights[:0],
    )


Says = Callable[[int], Mapping[str, str]]


def queue(
    pairs: Pairs,
    all_of: Sequence[float],
    name: Callable[[int], str],
    says: Says,
    same: Callable[[int, int], str],
    decided: Set[str],
) -> list[dict[str, Any]]:
    """Rows of the table `review`. `all_of` has all records, answers and revenue; `decided` the pairs people decided already."""
    unsure = doubt(pairs.likely, pairs.joined)
    shares = np.zeros(len(unsure))
    for column, whole in enumerate(all_of):
        shares += pairs.moves[:, column] / whole if whole > 0 else 0.0
    worth = unsure * shares
    rows: list[tuple[tuple[float, float, str, str], int, int, int]] = []
    best: set[str] = set(decided)
    for place in np.lexsort((-unsure, -worth)).tolist():
        a, b = sorted(pairs.nodes[place].tolist(), key=name)
        left, right = name(a), name(b)
        if unsure[place] >= LEAST_DOUBT and left != right and pair_of(left, right) not in best:
            best.add(pair_of(left, right))
            rows.append(((-worth[place], -unsure[place], left, right), place, a, b))
            # Ties are put in order below, so all pairs as good as the last one stay for that.
            if len(rows) >= MOST and worth[place] < -rows[MOST - 1][0][0]:
                break
    found = []
    for rank, (order, place, a, b) in enumerate(sorted(rows)[:MOST], 1):
        moves = pairs.moves[place]
        found.append(
            {
                **{"rank": rank, "left": order[2], "right": order[3], "rule": pairs.rules[place]},
                **{"decision": "joined" if pairs.joined[place] else "kept apart", "score": round(float(pairs.likely[place]), 6)},
                **{"doubt": round(float(unsure[place]), 6), "records": round(moves[0]), "answers": round(moves[1])},
                **{"revenue": round(float(moves[2]), 2), "worth": round(float(worth[place]), 9), "fields": same(a, b)},
                **{"left_says": _json(says(a)), "right_says": _json(says(b))},
            }
        )
    return found


def pair_of(left: str, right: str) -> str:
    """One text for a pair of records."""
    return f"{left}\x1f{right}" if left <= right else f"{right}\x1f{left}"


def _json(says: Mapping[str, str]) -> str:
    return json.dumps(dict(says), ensure_ascii=False, sort_keys=True)


def weights_of(n: Codes, is_answers: NDArray[np.bool_], amount: Floats) -> Floats:
    """What each node weighs, shape (nodes, 3): its records, the answers among them, and the money of its orders."""
    return np.column_stack([n, np.where(is_answers, n, 0), np.maximum(np.nan_to_num(amount), 0)]).astype(np.float64)
