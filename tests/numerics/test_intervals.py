"""Intervals: coverage by exact enumeration and simulation, SciPy as second implementation, worked figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from vitalfew.numerics import intervals


def test_the_nps_interval_covers_the_truth_as_often_as_published_at_fifteen_answers() -> None:
    # ANCHOR: .959 for shares .80 promoters, .15 passives, .05 detractors. Enumerated, not simulated: every outcome of 15 answers.
    n, shares = 15, (0.80, 0.15, 0.05)
    cases = np.array([(p, n - p - d, d) for p in range(n + 1) for d in range(n + 1 - p)])
    probability = stats.multinomial.pmf(cases, n, shares)
    low, high = intervals.nps(cases[:, 0] / n, cases[:, 2] / n, np.full(len(cases), n))
    covered = float(probability[(low <= 75) & (high >= 75)].sum())
    assert covered == pytest.approx(0.959, abs=0.003)
    share, against = cases[:, 0] / n, cases[:, 2] / n
    half = 196 * np.sqrt(np.maximum(share + against - (share - against) ** 2, 0) / n)
    plain = float(probability[np.abs(100 * (share - against) - 75) <= half].sum())
    assert plain == pytest.approx(0.857, abs=0.003)


def test_the_nps_interval_of_the_page() -> None:
    low, high = intervals.nps(0.5, 0.2, 100)
    assert (float(low), float(high)) == pytest.approx((14.05, 44.20), abs=0.005)


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 10), (10, 10), (512, 1000)])
def test_wilson_equals_scipy(successes: int, n: int) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(method="wilson")
    low, high = intervals.wilson(successes / n, n)
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_mean_interval_equals_scipy() -> None:
    values = np.random.default_rng(2).normal(3, 1, size=12)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    low, high = intervals.mean(values.mean(), values.var(), len(values))
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(some.lists(some.floats(0.01, 100), min_size=1, max_size=30))
def test_weights_never_add_answers(weights: list[float]) -> None:
    w = np.array(weights)
    effective = float(intervals.effective(w.sum(), (w**2).sum()))
    assert 1 - 1e-9 <= effective <= len(w) + 1e-9


def test_no_answers_have_no_interval() -> None:
    for low, high in (intervals.nps(0.5, 0.1, 0), intervals.wilson(0.5, 0), intervals.mean(3.0, 1.0, 1)):
        assert np.isnan(low)
        assert np.isnan(high)
    assert float(intervals.effective(0.0, 0.0)) == 0
