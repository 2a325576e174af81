"""Closed-form 95 % intervals for the figures of a survey: Net Promoter Score, shares and means.

Each takes and gives arrays, so that a table of figures is finished in one call, and takes a real n, so that an effective n serves
where answers are weighted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Ends = tuple[NDArray[np.float64], NDArray[np.float64]]


def effective(total: ArrayLike, squares: ArrayLike) -> NDArray[np.float64]:
    """The number of equally weighted answers that would know as much: (sum w)^2 / sum w^2; 0 without answers.

    `total` is the sum of the weights and `squares` the sum of their squares. Source: Kish 1965, "Survey Sampling", 11.7.

    >>> effective(4.0, 4.0), effective(4.0, 10.0)
    (array(4.), array(1.6))
    """
    summed, squared = np.asarray(total, float), np.asarray(squares, float)
    return np.asarray(np.divide(summed**2, squared, out=np.zeros(np.broadcast(summed, squared).shape), where=squared > 0))


def nps(promoters: ArrayLike, detractors: ArrayLike, n: ArrayLike, level: float = 0.95) -> Ends:
    """The adjusted Wald interval of a Net Promoter Score, in points, clipped to -100 and 100.

    `promoters` and `detractors` are shares of the n answers. Three answers are added, 3/4 a promoter, 3/4 a detractor and 1 1/2
    passive: with p and d the shares after that and m = n + 3, the interval is p - d -+ z sqrt((p + d - (p - d)^2) / m).
    Source: Agresti & Min 2005, "Simple improved confidence intervals for comparing matched proportions", Statistics in Medicine
    24; Rocks 2016, "Interval estimation for the Net Promoter Score", The American Statistician 70(4). NaN where n is 0.
    """
    size = np.asarray(n, float)
    p = (np.asarray(promoters, float) * size + 0.75) / (size + 3)
    d = (np.asarray(detractors, float) * size + 0.75) / (size + 3)
    half = _z(level) * np.sqrt(np.maximum(p + d - (p - d) ** 2, 0) / (size + 3))
    low, high = np.clip(p - d - half, -1, 1), np.clip(p - d + half, -1, 1)
    return 100 * np.where(size > 0, low, np.nan), 100 * np.where(size > 0, high, np.nan)


def wilson(share: ArrayLike, n: ArrayLike, level: float = 0.95) -> Ends:
    """The Wilson score interval of a share of n answers, within 0 and 1. NaN where n is 0.

    (s + z^2/2n -+ z sqrt(s (1 - s) / n + z^2 / 4n^2)) / (1 + z^2/n). Source: Wilson 1927, "Probable inference, the law of
    succession, and statistical inference", Journal of the American Statistical Association 22.
    """
    s, size = np.broadcast_arrays(np.asarray(share, float), np.asarray(n, float))
    size = np.where(size > 0, size, np.nan)
    square = _z(level) ** 2
    middle = (s + square / (2 * size)) / (1 + square / size)
    half = _z(level) * np.sqrt(s * (1 - s) / size + square / (4 * size**2)) / (1 + square / size)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def mean(value: ArrayLike, variance: ArrayLike, n: ArrayLike, level: float = 0.95) -> Ends:
    """Student's interval of a mean of n answers. NaN where n <= 1.

    `variance` is the (weighted) mean squared deviation from the mean, divided by n, not n - 1: the interval is
    value -+ t(n - 1) sqrt(variance / (n - 1)). Source: Student 1908, "The probable error of a mean", Biometrika 6(1).
    """
    centre, spread, size = np.broadcast_arrays(np.asarray(value, float), np.asarray(variance, float), np.asarray(n, float))
    freedom = np.where(size > 1, size - 1, np.nan)
    half = stats.t.ppf(0.5 + level / 2, freedom) * np.sqrt(np.maximum(spread, 0) / freedom)
    return centre - half, centre + half


def _z(level: float) -> Any:
    return stats.norm.ppf(0.5 + level / 2)
