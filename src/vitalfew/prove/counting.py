"""Occurrences before and after a change, and how many were avoided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import ibis
import numpy as np
from numpy.typing import NDArray

from vitalfew.engine import Context, Tables
from vitalfew.engine.expressions import check
from vitalfew.numerics import draws
from vitalfew.settings import Benefit
from vitalfew.vocabulary import TABLES

YEAR = 365
# Shorter than this on either side, a yearly rate is a guess.
FEWEST_DAYS = 30
# A year is cut into five equal parts to see whether occurrences come in clumps.
PART = 73
SIMULATED = 4000


@dataclass(frozen=True)
class Counts:
    """Occurrences in the year before a change and in what has passed of the year after it.

    `changed` and `compared` hold (before, after) of the records changed and of the comparison group; `compared` is None without
    one. `days` is the length of both sides. `clumping` is the variance of counts over their mean, at least 1.
    """

    changed: tuple[int, int]
    compared: tuple[int, int] | None
    days: tuple[int, int]
    clumping: float


@dataclass(frozen=True)
class Avoided:
    """Yearly rates before and after, and the occurrences a year avoided, with its 95 % interval and the draws behind it."""

    before: float
    after: float
    avoided: float
    low: float
    high: float
    draws: NDArray[np.float64]


def count(benefit: Benefit, tables: Tables, context: Context) -> Counts | None:
    """Count the occurrences of a benefit; None when either side is shorter than 30 days, or nothing is dated.

    The side before reaches back 365 days, or to the first record of the table; the side after 365 days, or to today. The comparison
    group is the same occurrence elsewhere (occurs_when and compared_when both hold), or, where no record is both, other occurrences
    that the change did not touch (compared_when alone). A comparison group without a record before the change compares nothing,
    and is left out. Raises ValueError when an expression does not pass `expressions.check`.
    """
    changed = benefit.changed_on
    if changed is None:
        return None
    when = "at" if "at" in TABLES[benefit.table].names else "start_at"
    columns = TABLES[benefit.table].names
    occurs = check(benefit.occurs_when, columns)
    apart = check(benefit.compared_when, columns) if benefit.compared_when else "FALSE"
    dated = context.engine.project(
        tables[benefit.table],
        {
            "at": f'CAST("{when}" AS TIMESTAMP)',
            "occurs": f"coalesce(TRY(CAST(({occurs}) AS BOOLEAN)), FALSE)",
            "compared": f"coalesce(TRY(CAST(({apart}) AS BOOLEAN)), FALSE)",
        },
    )
    day = datetime.combine(changed, time())
    end = datetime.combine(context.today + timedelta(days=1), time())
    known = dated.filter(dated["at"].notnull(), dated["at"] < ibis.literal(end, "timestamp(6)"))
    first = context.engine.collect(known.aggregate(first=known["at"].min())).column("first")[0].as_py()
    if first is None:
        return None
    days = (min(YEAR, (day.date() - first.date()).days), min(YEAR, (end - day).days))
    if min(days) < FEWEST_DAYS:
        return None
    start, stop = day - timedelta(days=days[0]), day + timedelta(days=days[1])
    near = known.filter(
        known.occurs | known.compared,
        known["at"] >= ibis.literal(start, "timestamp(6)"),
        known["at"] < ibis.literal(stop, "timestamp(6)"),
    )
    since = near["at"].delta(ibis.literal(day, "timestamp(6)"), unit="us").cast("float64") / 86_400_000_000.0
    parts = (
        near.mutate(part=(since / PART).floor().cast("int64"))
        .group_by("occurs", "compared", "part")
        .aggregate(n=lambda each: each.count())
    )
    rows = context.engine.collect(parts.order_by("occurs", "compared", "part")).to_pylist()
    return _counts(rows, days)


def _counts(rows: list[dict[str, Any]], days: tuple[int, int]) -> Counts:
    both = any(row["occurs"] and row["compared"] for row in rows)
    by: dict[tuple[bool, int], int] = {}
    for row in rows:
        if row["occurs"] or not both:
            by[row["compared"], row["part"]] = by.get((row["compared"], row["part"]), 0) + row["n"]
    compared = any(group and part < 0 for group, part in by)
    whole = (days[0] // PART, days[1] // PART)

    def side(group: bool) -> tuple[int, int]:
        before = sum(n for (own, part), n in by.items() if own == group and part < 0)
        return before, sum(n for (own, part), n in by.items() if own == group and part >= 0)

    series = [[by.get((group, part), 0) for part in range(-whole[0], 0)] for group in (False, True)[: 1 + compared]]
    series += [[by.get((group, part), 0) for part in range(whole[1])] for group in (False, True)[: 1 + compared]]
    return Counts(side(False), side(True) if compared else None, days, clumping(series))


def clumping(series: list[list[int]]) -> float:
    """Pearson's dispersion: squared deviations from each series' mean over that mean, by degrees of freedom; at least 1.

    1 is what independent occurrences (Poisson) show. Source: McCullagh & Nelder 1989, "Generalized Linear Models", 4.5.
    """
    squares, freedom = 0.0, 0
    for counts in series:
        mean = sum(counts) / len(counts) if counts else 0.0
        if len(counts) > 1 and mean > 0:
            squares += sum((each - mean) ** 2 for each in counts) / mean
            freedom += len(counts) - 1
    return max(1.0, squares / freedom) if freedom else 1.0


def avoided(counts: Counts, seed: int, name: str) -> Avoided:
    """Occurrences a year avoided: what the rate before would have become, less the rate after.

    With a comparison group, the rate before is carried on by the group's own change (difference-in-differences on the log of
    rates): before x compared after / compared before - after. Without one it is taken to stay as it was. The interval is of
    4,000 draws of each rate from its gamma posterior (count + 1/2, Jeffreys 1946), widened where occurrences come in clumps.
    """
    years = (counts.days[0] / YEAR, counts.days[1] / YEAR)
    before, after = counts.changed[0] / years[0], counts.changed[1] / years[1]
    trend = 1.0
    if counts.compared is not None:
        trend = (counts.compared[1] + 0.5) / years[1] / ((counts.compared[0] + 0.5) / years[0])
    generator = np.random.default_rng([seed % 2**32, int(draws.hashes([name])[0])])

    def rates(pair: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        shapes = [(each + 0.5) / counts.clumping for each in pair]
        first, second = (generator.gamma(shape, counts.clumping, SIMULATED) for shape in shapes)
        return first / years[0], second / years[1]

    own = rates(counts.changed)
    drawn_trend: NDArray[np.float64] | float = 1.0
    if counts.compared is not None:
        others = rates(counts.compared)
        drawn_trend = others[1] / others[0]
    drawn = own[0] * drawn_trend - own[1]
    low, high = draws.interval(drawn)
    return Avoided(before, after, before * trend - after, low, high, drawn)


def described(counts: Counts, found: Avoided) -> str:
    """How it was counted, in a sentence."""
    text = f"{counts.changed[0]} in {counts.days[0]} days before, {counts.changed[1]} in {counts.days[1]} days after"
    if counts.compared is None:
        return f"{text}; nothing to compare with, so whatever else changed at that time is in it"
    text += f"; comparison group {counts.compared[0]} before, {counts.compared[1]} after"
    return text if found.low > 0 else f"{text}; the interval reaches 0"
