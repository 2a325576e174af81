"""Where the strict minimum is right and where to be exceptional: the penalty-reward contrast of each driver.

One regression of the outcome on two marks per driver: in the lowest part of its scale, in the highest part. What the outcome loses
in the lowest part is the penalty, what it gains in the highest the reward, each against the middle and with the other drivers held.
Source: Brandt 1987, "A procedure for identifying value-enhancing service components using customer satisfaction survey data";
Matzler & Sauerwein 2002, "The factor structure of customer satisfaction", Int. Journal of Service Industry Management 13(4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitalfew.numerics import draws as resampling
from vitalfew.numerics import moments

Floats = NDArray[np.float64]
LEAST_PART = 0.10
_FARTHEST = 0.40
_FEWEST = 10


@dataclass(frozen=True)
class Contrast:
    """One driver's penalty and reward with their intervals; level and why. Figures are NaN, level '', when they cannot be told."""

    penalty: float
    penalty_low: float
    penalty_high: float
    reward: float
    reward_low: float
    reward_high: float
    level: str
    why: str


def parts(values: Floats, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
    """The highest value of the lowest part and the lowest value of the highest part, or None where there are no three parts.

    A part takes answers from its end of the scale until it holds a tenth of all, but stays within 40 % of the scale (the bottom two
    of five). Without bounds the scale runs from the lowest to the highest answer. Both parts and the middle need 10 answers.
    """
    given = values[~np.isnan(values)]
    if given.size == 0:
        return None
    low, high = bounds or (float(given.min()), float(given.max()))
    reach = _FARTHEST * (high - low) + 1e-9
    answers, counts = np.unique(given, return_counts=True)
    share = counts / counts.sum()
    below = min(int(np.searchsorted(np.cumsum(share), LEAST_PART - 1e-12)), len(answers) - 1)
    above = max(len(answers) - 1 - int(np.searchsorted(np.cumsum(share[::-1]), LEAST_PART - 1e-12)), 0)
    bottom = min(float(answers[below]), low + reach)
    top = max(float(answers[above]), high - reach)
    sizes = ((given <= bottom).sum(), (given >= top).sum(), ((given > bottom) & (given < top)).sum())
    return (bottom, top) if bottom < top and min(sizes) >= _FEWEST else None


def contrasts(
    names: list[str],
    outcome: Floats,
    drivers: Floats,
    bounds: list[tuple[float, float] | None],
    weight: Floats,
    weights: moments.Weights,
    draws: int,
) -> list[Contrast]:
    """The contrast of each driver: `outcome` (n,), `drivers` (n, p) with NaN for missing, survey weights and resampling weights.

    A driver without three parts (kept or broken, yes or no) stays in the regression as it is, and has no level.
    """
    columns, places = [outcome], []
    for position in range(drivers.shape[1]):
        values = drivers[:, position]
        cut = parts(values, bounds[position])
        if cut is None:
            places.append(0)
            columns.append(values)
            continue
        blank = np.isnan(values)
        places.append(len(columns))
        columns.append(np.where(blank, np.nan, values <= cut[0]))
        columns.append(np.where(blank, np.nan, values >= cut[1]))
    made = moments.estimate(np.column_stack(columns), weight, weights, draws)
    slope = coefficients(made.covariance[None])[0]
    drawn = coefficients(made.covariances)
    return [
        _judged(name, slope[place - 1 : place + 1], drawn[:, place - 1 : place + 1]) if place else _untold(name)
        for name, place in zip(names, places, strict=True)
    ]


def coefficients(covariances: Floats) -> Floats:
    """Regression coefficients (B, p) of the outcome (first) on the others, from covariances (B, p + 1, p + 1)."""
    deviation = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2)[:, 1:])
    correlation = covariances[:, 1:, 1:] / (deviation[:, :, None] * deviation[:, None, :])
    inverse = np.linalg.pinv(correlation, rcond=1e-10, hermitian=True)
    return np.asarray((inverse @ (covariances[:, 1:, 0] / deviation)[:, :, None])[:, :, 0] / deviation)


def _judged(name: str, slope: Floats, drawn: Floats) -> Contrast:
    penalty, reward = float(slope[0]), float(slope[1])
    penalty_low, penalty_high = resampling.interval(drawn[:, 0])
    reward_low, reward_high = resampling.interval(drawn[:, 1])
    hurts, delights = penalty_high < 0, reward_low > 0
    level = {(True, False): "minimum", (False, True): "exceptional", (True, True): "par", (False, False): "indifferent"}[
        (hurts, delights)
    ]
    loss = f"a low {name} goes with {penalty:+.2f} points ({penalty_low:+.2f} to {penalty_high:+.2f})"
    gain = f"a high one with {reward:+.2f} ({reward_low:+.2f} to {reward_high:+.2f})"
    said = {
        "minimum": "only the low end costs: keep it reliable, and no more",
        "exceptional": "only the high end brings something: excel here",
        "par": f"each step counts{_heavier(penalty, reward)}",
        "indifferent": "neither end moves the outcome as one would expect",
    }[level]
    told = f"others held, {loss}, {gain}: {said}"
    why = told[0].upper() + told[1:]
    return Contrast(penalty, penalty_low, penalty_high, reward, reward_low, reward_high, level, why)


def _heavier(penalty: float, reward: float) -> str:
    if abs(penalty) >= 2 * reward:
        return f"; the loss is {abs(penalty) / reward:.1f} times the gain, so it is nearer to a minimum"
    if reward >= 2 * abs(penalty):
        return f"; the gain is {reward / abs(penalty):.1f} times the loss, so it is nearer to exceptional"
    return ""


def _untold(name: str) -> Contrast:
    nan = float("nan")
    why = f"{name} has no lowest, middle and highest part with {_FEWEST} answers each, so penalty and reward cannot be told apart"
    return Contrast(nan, nan, nan, nan, nan, nan, "", why)
