"""LMG shares: against every ordering by hand, against the definition, and where drivers repeat each other."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from vitalfew.numerics import lmg

Floats = NDArray[np.float64]


def covariances(p: int, count: int = 1, seed: int = 1) -> Floats:
    factors = np.random.default_rng(seed).normal(size=(count, p + 1, 2 * p + 3))
    return factors @ factors.transpose(0, 2, 1)


def by_all_orders(matrix: Floats) -> Floats:
    """The definition: the gain in R squared of each driver as it enters, averaged over all orders."""

    def explained(inside: list[int]) -> float:
        if not inside:
            return 0.0
        with_outcome = matrix[inside, 0]
        return float(with_outcome @ np.linalg.solve(matrix[np.ix_(inside, inside)], with_outcome) / matrix[0, 0])

    p = len(matrix) - 1
    gains = np.zeros(p)
    orders = list(permutations(range(1, p + 1)))
    for order in orders:
        for place, driver in enumerate(order):
            gains[driver - 1] += explained(list(order[: place + 1])) - explained(list(order[:place]))
    return gains / len(orders)


@pytest.mark.parametrize("p", [1, 2, 3, 4, 5, 6])
def test_shares_equal_the_average_over_every_order(p: int) -> None:
    for matrix in covariances(p, count=3, seed=p):
        assert lmg.lmg(matrix) == pytest.approx(by_all_orders(matrix), abs=1e-12)


def test_a_batch_gives_what_each_matrix_gives_alone() -> None:
    batch = covariances(7, count=5)
    assert lmg.lmg(batch) == pytest.approx(np.array([lmg.lmg(each) for each in batch]), abs=1e-14)


@pytest.mark.parametrize("p", [8, 13, 17])
def test_shares_sum_to_r_squared(p: int) -> None:
    batch = covariances(p, count=2)
    assert lmg.lmg(batch).sum(axis=1) == pytest.approx(lmg.r_squared(batch), abs=1e-12)


def test_a_driver_and_its_copy_share_alike_and_a_constant_factor_changes_nothing() -> None:
    matrix = covariances(3)[0]
    copied = matrix[np.ix_([0, 1, 2, 3, 1], [0, 1, 2, 3, 1])]
    shares = lmg.lmg(copied)
    assert shares[0] == pytest.approx(shares[3], abs=1e-9)
    assert shares.sum() == pytest.approx(lmg.lmg(matrix).sum(), abs=1e-9)
    scale = np.diag([1, 100, 0.01, 3.0])
    assert lmg.lmg(scale @ matrix @ scale) == pytest.approx(lmg.lmg(matrix), abs=1e-12)


def test_sampled_orders_come_within_their_stated_error() -> None:
    batch = covariances(9, count=4)
    shares, errors = lmg.sampled(batch, 400, seed=3)
    exact = lmg.lmg(batch)
    assert np.abs(shares - exact).max() < 4.5 * errors.max()
    assert shares.sum(axis=1) == pytest.approx(exact.sum(axis=1), abs=1e-7)


def test_more_than_twenty_drivers_and_constant_ones_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 20 drivers"):
        lmg.lmg(np.eye(22))
    flat = np.eye(3)
    flat[1, 1] = 0
    with pytest.raises(ValueError, match="must vary"):
        lmg.lmg(flat)


def test_the_worked_example_of_the_page() -> None:
    # Delivery correlates .6 with loyalty, billing .5, and the two .5 with each other.
    matrix = np.array([[1, 0.6, 0.5], [0.6, 1, 0.5], [0.5, 0.5, 1]])
    assert lmg.lmg(matrix) == pytest.approx([0.2617, 0.1517], abs=5e-5)
    assert lmg.lmg(matrix).sum() == pytest.approx(0.4133, abs=5e-5)
