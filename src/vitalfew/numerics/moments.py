"""Means and covariances of answers of which some are missing, and of all their resampling draws.

Dropping every row with a blank (listwise deletion) loses most of a long survey and biases what is left, so the moments are the
maximum-likelihood ones of a multivariate normal, by EM over the patterns of missing answers: Dempster, Laird & Rubin 1977,
"Maximum likelihood from incomplete data via the EM algorithm", JRSS B 39(1); Little & Rubin 2019, "Statistical Analysis with
Missing Data", chapter 11. Only normality of the regressions is used, and only for the blanks.

A draw is another weighting of the same rows. One EM step from the full solution is linear in the weights, so the step of all
draws is one matrix product; what further steps would add is (I - J)^-1 of it, with J the Jacobian of the EM step at the solution
(Meng & Rubin 1991, "Using EM to obtain asymptotic variance-covariance matrices", JASA 86, use the same J). So 400 draws cost
about as much as one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# weights(rows) -> (len(rows), draws): the resampling weights of some rows, made on demand so that (n, draws) is never held.
Weights = Callable[[NDArray[np.int64]], Floats]
_CHUNK = 8192
_STEP = 1e-4


@dataclass(frozen=True)
class Moments:
    """Mean (k,) and covariance (k, k) of k columns, the same of each draw (B, k) and (B, k, k), and how they were had.

    `method` is complete, em or pairwise. `repaired` counts the draws whose covariance had to be mended to be one.
    """

    mean: Floats
    covariance: Floats
    means: Floats
    covariances: Floats
    method: str
    iterations: int = 0
    repaired: int = 0


@dataclass(frozen=True)
class _Pattern:
    """Rows with the same columns answered: positions in the augmented matrix (0 is the constant), weight, second moments."""

    rows: NDArray[np.int64]
    seen: NDArray[np.int64]
    missing: NDArray[np.int64]
    weight: float
    moment: Floats


def estimate(data: Floats, weight: Floats, weights: Weights, draws: int, iterations: int = 300, tolerance: float = 1e-7) -> Moments:
    """Moments of `data` (n, k), NaN where missing, weighted by `weight` (n,), and of `draws` reweightings of it.

    Each column must have been answered and vary. EM ends when no standardised moment moves by more than `tolerance`; when it does
    not within `iterations`, or the covariance is singular where it must be inverted, pairwise moments are used instead.
    Raises ValueError when a column is empty or constant.
    """
    seen = ~np.isnan(data)
    total = weight @ seen
    if not np.all(total > 0):
        raise ValueError("a column without answers has no moments")
    filled = np.where(seen, data, 0.0)
    centre = (weight @ filled) / total
    scale = np.sqrt((weight @ np.where(seen, (data - centre) ** 2, 0.0)) / total)
    if not np.all(scale > 1e-12 * np.maximum(1.0, np.abs(centre))):
        raise ValueError("a column that does not vary has no correlation")
    standard = np.hstack([np.ones((len(data), 1)), np.where(seen, (data - centre) / scale, 0.0)])
    try:
        made = _likelihood(standard, seen, weight, weights, draws, iterations, tolerance)
    except np.linalg.LinAlgError:
        made = _pairwise(standard, seen, weight, weights, draws)
    return Moments(
        centre + scale * made.mean,
        made.covariance * np.outer(scale, scale),
        centre + scale * made.means,
        made.covariances * np.outer(scale, scale),
        made.method,
        made.iterations,
        made.repaired,
    )


def _likelihood(
    standard: Floats, seen: NDArray[np.bool_], weight: Floats, weights: Weights, draws: int, iterations: int, tolerance: float
) -> Moments:
    patterns = _patterns(standard, seen, weight)
    moment, steps = _em(patterns, standard.shape[1], iterations, tolerance)
    first = _first_step(standard, patterns, moment, weights, draws)
    complete = all(pattern.missing.size == 0 for pattern in patterns)
    if complete:
        drawn, repaired = first, 0
    else:
        drawn, repaired = _carried_on(patterns, moment, first)
    mean, covariance = _split(moment[None])
    means, covariances = _split(drawn)
    return Moments(mean[0], covariance[0], means, covariances, "complete" if complete else "em", steps, repaired)


def _patterns(standard: Floats, seen: NDArray[np.bool_], weight: Floats) -> list[_Pattern]:
    keys = _keys(seen)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    bounds = np.searchsorted(inverse[order], np.arange(len(first) + 1))
    made = []
    for number, example in enumerate(first):
        rows = order[bounds[number] : bounds[number + 1]]
        has = np.concatenate([[True], seen[example]])
        columns = np.flatnonzero(has)
        part = standard[rows][:, columns]
        moment = (part * weight[rows, None]).T @ part
        made.append(_Pattern(rows, columns, np.flatnonzero(~has), float(weight[rows].sum()), moment))
    return made


def _keys(seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """One number per pattern of answered columns: 31 columns at a time, so that sorting compares whole numbers."""
    keys = np.zeros(len(seen), dtype=np.int64)
    for first in range(0, seen.shape[1], 31):
        block = seen[:, first : first + 31]
        keys = np.unique(keys * 2 ** block.shape[1] + block @ (1 << np.arange(block.shape[1])), return_inverse=True)[1]
    return keys


def _em(patterns: list[_Pattern], size: int, iterations: int, tolerance: float) -> tuple[Floats, int]:
    """The second moments of (1, columns) at the maximum of the likelihood, (size, size), and the steps it took."""
    moment = np.eye(size)
    for step in range(1, iterations + 1):
        following = _em_step(patterns, moment[None])[0]
        change = np.abs(following - moment).max()
        moment = following
        if change <= tolerance:
            return moment, step
    raise np.linalg.LinAlgError(f"EM did not settle within {iterations} steps")


def _em_step(patterns: list[_Pattern], moments: Floats) -> Floats:
    """One EM step from each of `moments` (G, q, q): expected second moments given what was answered.

    With the constant as a column of its own, regressing the missing on the answered columns takes blocks of the inverse only:
    C = (P_mm)^-1 is what stays unknown, B = -C P_mo the coefficients.
    """
    size = moments.shape[-1]
    inverse = np.linalg.inv(moments + 1e-10 * np.eye(size))
    expected = np.zeros_like(moments)
    for pattern in patterns:
        o, m = pattern.seen, pattern.missing
        expected[:, o[:, None], o] += pattern.moment
        if not m.size:
            continue
        unknown = np.linalg.inv(inverse[:, m[:, None], m])
        slope = -unknown @ inverse[:, m[:, None], o]
        crossed = slope @ pattern.moment
        expected[:, m[:, None], o] += crossed
        expected[:, o[:, None], m] += crossed.transpose(0, 2, 1)
        expected[:, m[:, None], m] += crossed @ slope.transpose(0, 2, 1) + pattern.weight * unknown
    total = sum(pattern.weight for pattern in patterns)
    return np.asarray((expected + expected.transpose(0, 2, 1)) / (2 * total))


def _first_step(standard: Floats, patterns: list[_Pattern], moment: Floats, weights: Weights, draws: int) -> Floats:
    """One EM step of every draw from the full solution, (draws, q, q): rows completed once, weighted in one product."""
    size = moment.shape[0]
    upper = np.triu_indices(size)
    inverse = np.linalg.inv(moment + 1e-10 * np.eye(size))
    completed = standard.copy()
    unknowns = np.zeros((len(patterns), len(upper[0])))
    belongs = np.empty(len(standard), dtype=np.int64)
    for number, pattern in enumerate(patterns):
        o, m = pattern.seen, pattern.missing
        belongs[pattern.rows] = number
        if m.size:
            unknown = np.linalg.inv(inverse[m[:, None], m])
            completed[pattern.rows[:, None], m] = standard[pattern.rows[:, None], o] @ (-unknown @ inverse[m[:, None], o]).T
            square = np.zeros((size, size))
            square[m[:, None], m] = unknown
            unknowns[number] = square[upper]
    sums = np.zeros((draws, len(upper[0])))
    for start in range(0, len(standard), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(standard)))
        part = completed[rows]
        products = part[:, upper[0]] * part[:, upper[1]] + unknowns[belongs[rows]]
        sums += weights(rows).T @ products
    # The first product is that of the constant with itself: the draw's total weight.
    return _square(sums / sums[:, :1], size)


def _carried_on(patterns: list[_Pattern], moment: Floats, first: Floats) -> tuple[Floats, int]:
    """Where each draw's EM would settle, by one Newton step; a draw that would leave the covariances stays at its first step."""
    size = moment.shape[0]
    rows, columns = np.triu_indices(size)
    rows, columns = rows[1:], columns[1:]
    step = min(_STEP, 0.1 * float(np.linalg.eigvalsh(moment)[0]))
    directions = np.zeros((len(rows), size, size))
    directions[np.arange(len(rows)), rows, columns] = step
    directions[np.arange(len(rows)), columns, rows] = step
    moved = (_em_step(patterns, moment + directions) - _em_step(patterns, moment - directions))[:, rows, columns] / (2 * step)
    gain = np.linalg.inv(np.eye(len(rows)) - moved.T)
    settled = moment[rows, columns] + (first - moment)[:, rows, columns] @ gain.T
    drawn = _square(np.hstack([np.ones((len(first), 1)), settled]), size)
    _, covariances = _split(drawn)
    bad = ~(np.linalg.eigvalsh(covariances)[:, 0] > 1e-8)
    drawn[bad] = first[bad]
    return drawn, int(bad.sum())


def _pairwise(standard: Floats, seen: NDArray[np.bool_], weight: Floats, weights: Weights, draws: int) -> Moments:
    """Each covariance from the rows that answered both columns; negative eigenvalues are raised until it is a covariance."""
    size = standard.shape[1] - 1
    sums = [np.zeros((draws + 1, size, size)) for _ in range(3)]
    for start in range(0, len(standard), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(standard)))
        values, mask = standard[rows, 1:], seen[rows].astype(float)
        every = np.hstack([weight[rows, None], weights(rows)]).T
        for number, (left, right) in enumerate(((mask, mask), (values, mask), (values, values))):
            products = np.einsum("ni,nj->nij", left, right).reshape(len(rows), -1)
            sums[number] += (every @ products).reshape(-1, size, size)
    both, linear, square = sums
    both = np.where(both > 0, both, np.nan)
    means = np.diagonal(linear, axis1=1, axis2=2) / np.diagonal(both, axis1=1, axis2=2)
    covariances = np.nan_to_num(square / both - (linear / both) * (linear / both).transpose(0, 2, 1))
    values, vectors = np.linalg.eigh(covariances)
    repaired = int((values[1:, 0] <= 1e-8).sum())
    mended = (vectors * np.maximum(values, 1e-6)[:, None, :]) @ vectors.transpose(0, 2, 1)
    return Moments(means[0], mended[0], means[1:], mended[1:], "pairwise", 0, repaired)


def _square(upper: Floats, size: int) -> Floats:
    rows, columns = np.triu_indices(size)
    made = np.empty((len(upper), size, size))
    made[:, rows, columns] = upper
    made[:, columns, rows] = upper
    return made


def _split(moments: Floats) -> tuple[Floats, Floats]:
    """Means and covariances from second moments of (1, columns)."""
    means = moments[:, 0, 1:]
    return means, moments[:, 1:, 1:] - means[:, :, None] * means[:, None, :]
