"""Published numbers, reproduced: R's relaimpo on the swiss data."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vitalfew.numerics import lmg

pytestmark = pytest.mark.real


@pytest.fixture(scope="session")
def swiss(shared_data: Path) -> NDArray[np.float64]:
    """Fertility and its five explanations in 47 provinces, 1888 (Mosteller & Tukey 1977)."""
    names = ["Fertility", "Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"]
    with (shared_data / "reference" / "swiss.csv").open(encoding="utf-8") as file:
        return np.array([[float(row[name]) for name in names] for row in csv.DictReader(file)])


def test_lmg_of_swiss_is_what_relaimpo_gives(swiss: NDArray[np.float64]) -> None:
    shares = lmg.lmg(np.cov(swiss.T))
    expected = [0.0570912207681, 0.1711730289002, 0.2601346786244, 0.1055701503735, 0.1127659229265]
    assert shares == pytest.approx(expected, abs=1e-10)
    assert shares.sum() == pytest.approx(0.706735001593, abs=1e-10)


def test_weighted_lmg_of_swiss_is_what_relaimpo_gives(swiss: NDArray[np.float64]) -> None:
    weight = 1 + np.arange(1, 48) % 3
    shares = lmg.lmg(np.cov(swiss.T, aweights=weight))
    expected = [0.0518208063017, 0.1549452302086, 0.2559770835712, 0.1019573530969, 0.1296324182449]
    assert shares == pytest.approx(expected, abs=1e-10)
    assert shares.sum() == pytest.approx(0.694332891423, abs=1e-10)
