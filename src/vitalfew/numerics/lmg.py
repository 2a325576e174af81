"""How much of the explained variance each driver accounts for: exact LMG shares, that is Shapley values of R squared.

Source: Lindeman, Merenda & Gold 1980, "Introduction to Bivariate and Multivariate Analysis"; Groemping 2006, "Relative importance
for linear regression in R: the package relaimpo", Journal of Statistical Software 17(1).
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

EXACT = 20
# Doubles in the largest array of one pass: 32 MB, so that a pass stays near the caches and memory is bounded.
_ROOM = 2**22
# A driver is taken to add nothing when less than this part of its variance is left after the drivers before it.
_SINGULAR = 1e-10


def lmg(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """The LMG share of each driver, exactly: its gain in R squared, averaged over all orders in which drivers can enter.

    `matrices` are covariance or correlation matrices of the outcome (first) and p drivers, shape (p + 1, p + 1) or
    (B, p + 1, p + 1); the result has shape (p,) or (B, p), each >= 0, and sums to R squared. A driver that is a linear combination
    of those before it gains nothing. Raises ValueError for p = 0, p > 20, or an outcome or driver without variance.

        LMG_j = sum over S without j of |S|! (p - 1 - |S|)! / p! (R2(S and j) - R2(S))
    """
    batch = np.asarray(matrices, float)
    if batch.ndim == 2:
        return np.asarray(lmg(batch[None])[0])
    p = batch.shape[-1] - 1
    if not 1 <= p <= EXACT:
        raise ValueError(f"exact LMG takes 1 to {EXACT} drivers. Got {p} instead")
    correlations = _correlations(batch)
    step = max(1, _ROOM >> p)
    parts = [_fold(_explained(correlations[first : first + step]), p) for first in range(0, len(batch), step)]
    return np.concatenate(parts) if parts else np.empty((0, p))


def sampled(matrices: NDArray[np.float64], orders: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """LMG shares from sampled orders, each beside its reverse, for more drivers than can be enumerated.

    Shapes as in `lmg`, for a batch (B, p + 1, p + 1); returns the shares and their standard errors, both (B, p). The orders are the
    same for all matrices, so that differences between matrices are far more exact than each of them. R squared gains along one
    order are the squares of the outcome's row of a Cholesky factor. Source: Castro, Gomez & Tejada 2009, "Polynomial calculation
    of the Shapley value based on sampling", Computers & Operations Research 36; antithetic pairs: Mitchell et al. 2022, "Sampling
    permutations for Shapley value estimation", Journal of Machine Learning Research 23.
    """
    correlations = _correlations(np.asarray(matrices, float))
    size, p = len(correlations), correlations.shape[-1] - 1
    generator = np.random.default_rng(seed)
    total, squares = np.zeros((size, p)), np.zeros((size, p))
    ridge = _SINGULAR * np.eye(p + 1)
    for _ in range(orders):
        order = generator.permutation(p)
        gains = np.zeros((size, p))
        for each in (order, order[::-1]):
            taken = np.append(each + 1, 0)
            factor = np.linalg.cholesky(correlations[:, taken[:, None], taken] + ridge)
            gains[:, each] += factor[:, -1, :-1] ** 2 / 2
        total += gains
        squares += gains**2
    average = total / orders
    error = np.sqrt(np.maximum(squares / orders - average**2, 0) / max(orders - 1, 1))
    return average, error


def r_squared(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """R squared of the outcome (first) on all drivers, shape (B,) for matrices (B, p + 1, p + 1)."""
    correlations = _correlations(np.asarray(matrices, float))
    with_outcome = correlations[:, 1:, 0]
    solved = np.linalg.pinv(correlations[:, 1:, 1:], rcond=_SINGULAR, hermitian=True) @ with_outcome[:, :, None]
    return np.asarray(np.clip(np.einsum("bp,bp->b", with_outcome, solved[:, :, 0]), 0, 1))


def _correlations(batch: NDArray[np.float64]) -> NDArray[np.float64]:
    deviations = np.sqrt(np.diagonal(batch, axis1=1, axis2=2))
    if not np.all(deviations > 0):
        raise ValueError("the outcome and every driver must vary")
    return np.asarray(batch / (deviations[:, :, None] * deviations[:, None, :]))


def _explained(correlations: NDArray[np.float64]) -> NDArray[np.float64]:
    """R squared of every subset of drivers, shape (2^p, b): bit j of the row number says whether driver j is in.

    Each step takes one driver off the front, once left out (drop its row) and once kept in (Schur complement), and so doubles the
    number of matrices. The last axis holds subsets x draws, so that every step is a few passes over contiguous memory.
    """
    size, p = len(correlations), correlations.shape[-1] - 1
    moved = np.append(np.arange(1, p + 1), 0)
    left = np.ascontiguousarray(correlations[:, moved[:, None], moved].transpose(1, 2, 0))
    for _ in range(p):
        pivot = left[0, 0]
        usable = pivot > _SINGULAR
        row = left[0, 1:] * np.where(usable, 1 / np.where(usable, pivot, 1), 0)
        rest, crossed = left[1:, 1:], left[0, 1:]
        doubled = np.empty((*rest.shape[:2], 2 * rest.shape[2]))
        doubled[:, :, : rest.shape[2]] = rest
        np.multiply(crossed[:, None], row[None, :], out=doubled[:, :, rest.shape[2] :])
        np.subtract(rest, doubled[:, :, rest.shape[2] :], out=doubled[:, :, rest.shape[2] :])
        left = doubled
    return 1 - left.reshape(2**p, size)


def _fold(explained: NDArray[np.float64], p: int) -> NDArray[np.float64]:
    """Shares (b, p) from the R squared of all subsets: each subset counts for the drivers in it and against those not in it."""
    sizes = np.arange(p + 1)
    inside = np.array([factorial(s - 1) * factorial(p - s) / factorial(p) if s else 0.0 for s in sizes])
    outside = np.array([factorial(s) * factorial(p - 1 - s) / factorial(p) if s < p else 0.0 for s in sizes])
    members = np.zeros(1, dtype=np.int64)
    for _ in range(p):
        members = np.concatenate([members, members + 1])
    against = outside[members] @ explained
    weighted = (inside + outside)[members][:, None] * explained
    shares = np.empty((explained.shape[1], p))
    for driver in reversed(range(p)):
        without, within = weighted[: 2**driver], weighted[2**driver :]
        shares[:, driver] = within.sum(axis=0) - against
        weighted = without + within
    return np.maximum(shares, 0)
