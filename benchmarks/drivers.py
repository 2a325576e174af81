"""Exact LMG shares and their bootstrap beside pingouin, which enumerates the same subsets by least squares.

Both get the same answers, n = 10,000, and must agree to 1e-8. pingouin has no interval; repeating it 400 times is what a user
would do, so its bootstrap is one run times the draws, and is said to be so.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from table import write
from vitalfew.numerics import draws, lmg, moments

PEOPLE, DRAWS = 10_000, 400
Floats = NDArray[np.float64]


def answers(p: int, seed: int = 1) -> Floats:
    """Outcome and p correlated drivers, (n, p + 1)."""
    rng = np.random.default_rng(seed)
    drivers = rng.normal(size=(PEOPLE, p)) + rng.normal(size=(PEOPLE, 1))
    outcome = drivers @ rng.uniform(0, 1, p) + rng.normal(size=PEOPLE) * p
    return np.column_stack([outcome, drivers])


def ours(data: Floats) -> Floats:
    """Shares of R squared, from raw answers."""
    return lmg.lmg(np.cov(data.T))


def pingouins(data: Floats) -> Floats:
    """The same by pingouin."""
    import pingouin

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = pingouin.linear_regression(data[:, 1:], data[:, 0], relimp=True)
    return np.asarray(table["relimp"], dtype=float)[1:]


def resampled(data: Floats) -> Floats:
    """Shares in each draw, (draws, p)."""
    hashed = draws.hashes(range(len(data)))
    made = moments.estimate(data, np.ones(len(data)), lambda rows: draws.weights(hashed[rows], DRAWS, 1), DRAWS)
    return lmg.lmg(made.covariances)


def timed(what: Callable[[Floats], Floats], data: Floats, times: int) -> tuple[float, Floats]:
    """The best of several runs, in seconds, and the result."""
    best, result = float("inf"), np.empty(0)
    for _ in range(times):
        start = time.perf_counter()
        result = what(data)
        best = min(best, time.perf_counter() - start)
    return best, result


def main() -> None:
    """Measure and write the table."""
    rows = []
    for p in (8, 12):
        data = answers(p)
        mine, shares = timed(ours, data, 5)
        pingouins(data[:200])  # its first call imports and prepares: not what is measured
        theirs, expected = timed(pingouins, data, 1)
        difference = float(np.abs(shares - expected).max())
        assert difference < 1e-8, f"shares differ by {difference}"
        many, drawn = timed(resampled, data, 1)
        assert drawn.shape == (DRAWS, p)
        rows.append(
            (
                p,
                f"{1000 * mine:.2f} ms",
                f"{theirs:.2f} s",
                f"{theirs / mine:,.0f}",
                f"{many:.2f} s",
                f"{theirs * DRAWS:,.0f} s",
                f"{difference:.0e}",
            )
        )
    write(
        "drivers",
        (
            "drivers",
            "ours",
            "pingouin",
            "times faster",
            f"ours, {DRAWS} draws",
            f"pingouin x {DRAWS} (reckoned)",
            "largest difference",
        ),
        rows,
        f"Exact LMG from {PEOPLE:,} raw answers. pingouin has no interval: its bootstrap is one run times {DRAWS}, not measured.",
    )


if __name__ == "__main__":
    main()
