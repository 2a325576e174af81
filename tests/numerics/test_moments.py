"""Moments with missing answers: planted truth, a second implementation of EM, and draws against EM run on each draw."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vitalfew.numerics import draws, moments

Floats = NDArray[np.float64]


def world(n: int, k: int, missing: float, seed: int) -> tuple[Floats, Floats]:
    """Answers with blanks that depend on the first column, and the same without blanks."""
    rng = np.random.default_rng(seed)
    full = rng.normal(size=(n, k)) @ rng.normal(size=(k, k)) + rng.normal(size=(n, k)) + 3
    likelier = np.where(full[:, :1] > 3, 1.6 * missing, 0.4 * missing)
    blank = rng.random((n, k)) < likelier
    blank[:, 0] = False
    return np.where(blank, np.nan, full), full


def nothing(rows: NDArray[np.int64]) -> Floats:
    return np.ones((len(rows), 1))


def em_row_by_row(data: Floats, weight: Floats, steps: int) -> tuple[Floats, Floats]:
    """The textbook EM: each row's blanks by regression on its answers, one row after the other."""
    mean, covariance = np.nanmean(data, axis=0), np.diag(np.nanvar(data, axis=0))
    for _ in range(steps):
        first, second = np.zeros(len(mean)), np.zeros_like(covariance)
        for row, w in zip(data, weight, strict=True):
            m = np.isnan(row)
            filled, rest = row.copy(), np.zeros_like(covariance)
            if m.any():
                slope = np.linalg.solve(covariance[np.ix_(~m, ~m)], covariance[np.ix_(~m, m)]).T
                filled[m] = mean[m] + slope @ (row[~m] - mean[~m])
                rest[np.ix_(m, m)] = covariance[np.ix_(m, m)] - slope @ covariance[np.ix_(~m, m)]
            first += w * filled
            second += w * (np.outer(filled, filled) + rest)
        mean = first / weight.sum()
        covariance = second / weight.sum() - np.outer(mean, mean)
    return mean, covariance


def test_without_blanks_the_moments_are_the_weighted_ones() -> None:
    _, full = world(80, 4, 0.0, seed=1)
    weight = np.random.default_rng(1).uniform(0.5, 2, 80)
    made = moments.estimate(full, weight, lambda rows: weight[rows, None], 1)
    assert made.method == "complete"
    assert made.mean == pytest.approx(np.average(full, axis=0, weights=weight))
    assert made.covariance == pytest.approx(np.cov(full.T, aweights=weight, ddof=0))
    assert made.covariances[0] == pytest.approx(made.covariance)


def test_em_by_patterns_equals_em_row_by_row() -> None:
    data, _ = world(60, 3, 0.3, seed=2)
    weight = np.random.default_rng(2).uniform(0.5, 2, 60)
    made = moments.estimate(data, weight, nothing, 1, tolerance=1e-10)
    mean, covariance = em_row_by_row(data, weight, 400)
    assert made.method == "em"
    assert made.mean == pytest.approx(mean, abs=1e-6)
    assert made.covariance == pytest.approx(covariance, abs=1e-6)


def test_blanks_that_depend_on_an_answer_do_not_bias_the_moments_as_dropping_rows_does() -> None:
    data, full = world(6000, 5, 0.35, seed=3)
    truth = np.cov(full.T, ddof=0)
    made = moments.estimate(data, np.ones(len(data)), nothing, 1)
    complete = data[~np.isnan(data).any(axis=1)]
    assert len(complete) < 0.45 * len(data)
    error = np.abs(made.mean - full.mean(axis=0)).max()
    assert error < np.abs(complete.mean(axis=0) - full.mean(axis=0)).max() / 4
    assert np.abs(made.covariance - truth).max() < np.abs(np.cov(complete.T) - truth).max()


def test_draws_by_one_newton_step_are_what_em_gives_on_each_draw() -> None:
    data, _ = world(300, 4, 0.3, seed=4)
    hashed = draws.hashes(range(300))
    made = moments.estimate(data, np.ones(300), lambda rows: draws.weights(hashed[rows], 40, 9), 40)
    weights = draws.weights(hashed, 40, 9)
    alone = np.array([moments.estimate(data, weights[:, draw], nothing, 1).covariance for draw in range(40)])
    deviation = alone.std(axis=0)
    assert (np.abs(made.covariances - alone) / deviation).mean() < 0.1
    assert np.abs(made.covariances.std(axis=0) / deviation - 1).max() < 0.1


def test_when_em_does_not_settle_pairs_are_used_and_the_result_is_a_covariance() -> None:
    data, full = world(2000, 4, 0.2, seed=5)
    hashed = draws.hashes(range(2000))
    made = moments.estimate(data, np.ones(2000), lambda rows: draws.weights(hashed[rows], 20, 9), 20, iterations=1)
    assert made.method == "pairwise"
    assert np.linalg.eigvalsh(made.covariances).min() > 0
    assert np.corrcoef(made.covariance.ravel(), np.cov(full.T).ravel())[0, 1] > 0.95


def test_columns_that_are_empty_or_constant_are_refused() -> None:
    data, _ = world(50, 3, 0.0, seed=6)
    with pytest.raises(ValueError, match="without answers"):
        moments.estimate(np.column_stack([data, np.full(50, np.nan)]), np.ones(50), nothing, 1)
    with pytest.raises(ValueError, match="does not vary"):
        moments.estimate(np.column_stack([data, np.full(50, 4.0)]), np.ones(50), nothing, 1)


def test_the_draw_and_the_rest_of_the_rows_may_come_in_any_pattern_order() -> None:
    data, _ = world(400, 4, 0.3, seed=7)
    order = np.random.default_rng(7).permutation(400)
    hashed = draws.hashes(range(400))
    one = moments.estimate(data, np.ones(400), lambda rows: draws.weights(hashed[rows], 5, 9), 5)
    mixed = hashed[order]
    other = moments.estimate(data[order], np.ones(400), lambda rows: draws.weights(mixed[rows], 5, 9), 5)
    assert other.covariances == pytest.approx(one.covariances, abs=1e-9)
