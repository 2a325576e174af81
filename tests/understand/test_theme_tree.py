"""Who is near whom is decided alike on every processor."""

from __future__ import annotations

import numpy as np
import pytest

from vitalfew.understand import theme_tree


def by_sorting(vectors: theme_tree.Vectors, count: int) -> list[set[int]]:
    """The `count` nearest of each, found by sorting all the others: the nearer first, of equally near ones the first in order."""
    found = []
    for row, vector in enumerate(vectors):
        near = np.round(vectors @ vector, 6)
        others = [each for each in range(len(vectors)) if each != row]
        found.append(set(sorted(others, key=lambda each: (-near[each], each))[:count]))
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("noise", [0.0, 1e-12])
def test_of_equally_near_thoughts_the_first_in_order_is_the_neighbour(seed: int, noise: float) -> None:
    """Three dozen thoughts said in only four ways: nearly all likenesses are equal, up to the last bits a processor leaves."""
    random = np.random.default_rng(seed)
    said = random.standard_normal((4, 5))[random.integers(0, 4, 36)]
    clean = theme_tree.unit(said)
    moved = theme_tree.unit(said + noise * random.standard_normal(said.shape))
    nearest = by_sorting(clean, 6)
    graph = theme_tree.neighbours(moved, 6).toarray()
    for one in range(36):
        for other in range(36):
            mutual = one != other and (other in nearest[one] or one in nearest[other])
            ours, theirs = nearest[one] | {one}, nearest[other] | {other}
            wanted = len(ours & theirs) / len(ours | theirs) if mutual else 0.0
            assert graph[one, other] == pytest.approx(wanted, abs=1e-6)
