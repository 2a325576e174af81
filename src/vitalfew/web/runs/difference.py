"""Whether the outcome of two runs differs by more than chance: the same people weigh in both, and are counted as such."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NORMAL = 1.959963984540054

SCORES: dict[str, Callable[[Floats, float], Floats]] = {
    "nps": lambda value, _: 100.0 * ((value >= 9).astype(np.float64) - (value <= 6)),
    "mean": lambda value, _: value,
    "top2": lambda value, highest: (value >= highest - 1).astype(np.float64),
    "rate": lambda value, _: value,
}


@dataclass(frozen=True)
class Difference:
    """A figure of two runs and what lies between them; `low` and `high` are the 95 % interval of the difference."""

    before: float
    after: float
    value: float
    low: float
    high: float

    @property
    def by_chance(self) -> bool:
        """Whether chance alone could bring it."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Answers:
    """The answers to one question in one run: who gave them (a person, else the response), their score and weight."""

    who: NDArray[np.object_]
    score: Floats
    weight: Floats


def answers(responses: Path, question: str, statistic: str, highest: float = 0.0) -> Answers:
    """The answers a figure of table metrics was made of."""
    columns = ["person", "response", "value", "weight"]
    table = pq.read_table(responses, columns=columns, filters=[("question", "=", question)])
    table = table.filter(pc.is_finite(pc.fill_null(table.column("value"), math.nan)))
    who = pc.coalesce(table.column("person"), table.column("response"))
    value = np.asarray(table.column("value").to_numpy(), dtype=np.float64)
    weight = np.asarray(pc.fill_null(table.column("weight"), 1.0).to_numpy(), dtype=np.float64)
    return Answers(np.asarray(who.to_pylist(), dtype=object), SCORES[statistic](value, highest), weight)


def between(before: Answers, after: Answers) -> Difference | None:
    """The difference of two weighted means whose people overlap. None when either has no answer.

    Each person moves the difference by d = w2 (y2 - m2) / W2 - w1 (y1 - m1) / W1, summed over the person's answers in both runs;
    the variance of the difference is the sum of d squared (linearisation with people as clusters: Binder, D. A. 1983, "On the
    variances of asymptotically normal estimators from complex surveys", International Statistical Review 51). So people in both
    runs cancel where they said the same, and the interval is that of what is new.
    """
    if not len(before.score) or not len(after.score) or before.weight.sum() <= 0 or after.weight.sum() <= 0:
        return None
    means: list[float] = []
    moved: dict[Any, float] = {}
    for sign, part in ((-1.0, before), (1.0, after)):
        total = float(part.weight.sum())
        mean = float((part.weight * part.score).sum() / total)
        means.append(mean)
        for who, step in zip(part.who, sign * part.weight * (part.score - mean) / total, strict=True):
            moved[who] = moved.get(who, 0.0) + float(step)
    n = len(moved)
    steps = np.fromiter(moved.values(), dtype=np.float64, count=n)
    half = NORMAL * math.sqrt(float((steps**2).sum()) * n / max(1, n - 1))
    value = means[1] - means[0]
    # Adding in another order moves the last digit: less than this is no difference.
    value, half = (0.0 if abs(each) < 1e-9 else each for each in (value, half))
    return Difference(means[0], means[1], value, value - half, value + half)
