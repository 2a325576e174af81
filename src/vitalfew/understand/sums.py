"""Weighted sums in every resampled world, a slice of people at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vitalfew.numerics import draws

# Weights held at once: people x draws. 16 million doubles are 128 MB.
HELD = 16_000_000


def per_draw(
    ids: Sequence[object] | NDArray[np.object_], moments: NDArray[np.float64], count: int, seed: int
) -> NDArray[np.float64]:
    """The sums of `moments` (n, k) over people, each weighted as in its draw; shape (count, k).

    `ids` are the n units of resampling, each once: people, or accounts. The same id has the same weight wherever it is summed, so
    sums made in different places belong to the same resampled world (Rubin 1981, Annals of Statistics 9(1)).
    """
    sums = np.zeros((count, moments.shape[1]))
    step = max(1, HELD // count)
    for first in range(0, len(ids), step):
        weights = draws.weights(draws.hashes(ids[first : first + step]), count, seed)
        sums += weights.T @ moments[first : first + step]
    return sums


def ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """`above` / `below`, NaN where `below` is 0."""
    made: NDArray[np.float64] = np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below != 0)
    return made
