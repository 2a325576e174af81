"""Resampling draws that are the same in every room without being passed between them.

The weight of a person in a draw is a pure function of the person's id, the draw's number and the seed. So the comment counted in
one room and the revenue counted in another move together, and one interval can run from the comment to the money.

The weights are standard exponential: the Bayesian bootstrap (Rubin, D. B. 1981, "The Bayesian Bootstrap", Annals of
Statistics 9(1)).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def hashes(ids: Iterable[object]) -> NDArray[np.uint64]:
    """A 64-bit hash of each id; shape (n,). The same id has the same hash in every process and on every machine."""
    digests = b"".join(hashlib.blake2b(str(each).encode(), digest_size=8).digest() for each in ids)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def weights(hashed: NDArray[np.uint64], draws: int, seed: int, first: int = 0) -> NDArray[np.float64]:
    """Exponential weights, shape (n, draws), mean 1: draw `first` to `first + draws - 1` of each hashed id.

    Call it for slices of ids, or of draws, when (n, draws) would not fit in memory: the values are the same.
    """
    with np.errstate(over="ignore"):
        numbers = np.arange(first, first + draws, dtype=np.uint64) * _GOLDEN + _mixed(np.uint64(seed % 2**63) + _GOLDEN)
        mixed = _mixed(hashed[:, None] ^ _mixed(numbers)[None, :])
    # The top 53 bits, shifted by half a step: strictly between 0 and 1, so the logarithm is finite.
    uniform = (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54
    return -np.log(uniform)


def _mixed(x: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint64]:
    # splitmix64: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA.
    z = np.asarray(x, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)


def interval(values: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """The central interval of draws along the last axis of a 1-d array; NaN when no draw is finite."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low, high = np.quantile(finite, [tail, 1 - tail])
    return float(low), float(high)
