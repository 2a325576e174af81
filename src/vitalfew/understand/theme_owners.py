"""Whose theme it is: the driver or promise that is bad where the theme is spoken of, and the work group that owns it.

An association, not a proof: an unhappy customer rates everything low, so membership is regressed on all ratings at once and
only the rating that stays lowest with the others held, clearly before the next, is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitalfew.numerics.draws import hashes, weights
from vitalfew.settings import Company, slug
from vitalfew.understand.corpus import Comments
from vitalfew.understand.theme_effects import Said

Floats = NDArray[np.float64]
_MOST_ROWS = 20_000
_MOST_DRAWS = 200
_LEAST_MENTIONS = 10
_LEAD = 0.8
_MAJORITY = 0.5


@dataclass(frozen=True)
class Candidate:
    """A driver or promise: values per response (NaN unknown), what counts as bad, its group, and the family it competes in.

    A promise and the question that shows how customers see it are one family: they do not compete.
    """

    name: str
    group: str
    value: Floats
    bad: Floats
    family: str
    rated: bool


@dataclass(frozen=True)
class Owner:
    """Driver or promise and group of a theme ('' without), how much likelier it is where the driver is bad, and why none is
    named."""

    driver: str = ""
    group: str = ""
    lift: float | None = None
    note: str = ""


def by_rating(candidates: Sequence[Candidate], commented: NDArray[np.int64], unit: NDArray[np.object_], said: Said,
              themes: Sequence[int], draws: int, seed: int) -> dict[int, Owner]:  # fmt: skip
    """The owner of each theme by bad ratings among those who comment.

    Membership (0 or 1) = a + sum of b_j x_j, x_j standardised, unknown answers at the mean; b over Bayesian bootstrap draws.
    The driver with the most negative b is named when it is so in 80 % of draws, its 95 % interval lies below 0, and ten people
    mention the theme.
    """
    if not candidates or not len(commented):
        return {theme: Owner() for theme in themes}
    if len(commented) > _MOST_ROWS:
        commented = np.sort(commented[np.argsort(hashes(unit[commented]), kind="stable")[:_MOST_ROWS]])
    place = np.full(int(max(said.record.max(initial=0), commented.max())) + 1, -1, dtype=np.int64)
    place[commented] = np.arange(len(commented))
    member = np.zeros((len(commented), len(themes)))
    for column, theme in enumerate(themes):
        of_theme = place[said.of(theme)]
        member[of_theme[of_theme >= 0], column] = 1
    raw = np.column_stack([each.value[commented] for each in candidates])
    known = np.isfinite(raw)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, raw, 0).sum(axis=0) / counts
    spread = np.sqrt(np.where(known, (raw - mean) ** 2, 0).sum(axis=0) / counts)
    standard = np.where(known, (raw - mean) / np.where(spread > 0, spread, 1), 0)
    slopes = _slopes(standard, member, unit[commented], min(draws, _MOST_DRAWS), seed)
    found = {}
    for column, theme in enumerate(themes):
        rows = member[:, column] > 0
        enough = (known & rows[:, None]).sum(axis=0) >= _LEAST_MENTIONS
        found[theme] = _named(candidates, slopes[:, :, column], enough, spread > 0)
        chosen = next((n for n, each in enumerate(candidates) if each.name == found[theme].driver), None)
        if chosen is not None:
            times = likelier(candidates[chosen].bad[commented], rows)
            found[theme] = Owner(found[theme].driver, found[theme].group, times)
    return found


def _slopes(x: Floats, y: Floats, unit: NDArray[np.object_], draws: int, seed: int) -> Floats:
    """Slopes (draws, x columns, y columns) of weighted least squares with an intercept."""
    design = np.column_stack([np.ones(len(x)), x])
    size = design.shape[1]
    moments, crossed = np.zeros((draws, size, size)), np.zeros((draws, size, y.shape[1]))
    for begin in range(0, len(x), 2_000):
        part = slice(begin, begin + 2_000)
        drawn = weights(hashes(unit[part]), draws, seed).T
        block, own = design[part], y[part]
        moments += (drawn @ (block[:, :, None] * block[:, None, :]).reshape(len(block), -1)).reshape(moments.shape)
        crossed += (drawn @ (block[:, :, None] * own[:, None, :]).reshape(len(block), -1)).reshape(crossed.shape)
    # A little ridge keeps two identical ratings from dividing by zero; they then share the slope and neither leads.
    ridge = 1e-3 * len(x) * np.diag(np.r_[0.0, np.ones(size - 1)]) + 1e-9 * np.eye(size)
    return np.asarray(np.linalg.solve(moments + ridge, crossed)[:, 1:])


def _named(candidates: Sequence[Candidate], slopes: Floats, enough: NDArray[np.bool_], varies: NDArray[np.bool_]) -> Owner:
    usable = [int(each) for each in np.flatnonzero(enough & varies)]
    if not usable:
        return Owner(note=f"no driver named: fewer than {_LEAST_MENTIONS} people who mention it rated one")
    families = sorted({candidates[each].family for each in usable})
    lowest = np.column_stack(
        [slopes[:, [each for each in usable if candidates[each].family == family]].min(axis=1) for family in families]
    )
    first = np.bincount(lowest.argmin(axis=1), minlength=len(families)) / len(slopes)
    best = int(first.argmax())
    inside = [each for each in usable if candidates[each].family == families[best]]
    strongest = min(inside, key=lambda each: (float(slopes[:, each].mean()), each))
    if first[best] < _LEAD or np.quantile(slopes[:, strongest], 0.975) >= 0:
        return Owner(note="no driver named: none is clearly worse than the others where it is mentioned")
    # Within a family the rated question goes before the promise: its effect on the outcome is known.
    chosen = min(inside, key=lambda each: (not candidates[each].rated, float(slopes[:, each].mean()), each))
    return Owner(candidates[chosen].name, candidates[chosen].group)


def likelier(bad: Floats, member: NDArray[np.bool_]) -> float | None:
    """P(theme | bad) / P(theme | not bad) among those who answered; None without both."""
    worse, better = bad == 1, bad == 0
    if not worse.any() or not better.any():
        return None
    base = float(member[better].mean())
    return float(member[worse].mean()) / base if base > 0 else None


def candidates(company: Company, values: Mapping[str, Floats], kept: Mapping[str, Floats]) -> list[Candidate]:
    """Rated questions with a driver's name, and promises with a verdict; `values` by question, `kept` by promise name (1 kept,
    0 not).

    A rating in the lowest quarter of its scale is bad, and so is a broken promise.
    """
    made, drivers = [], {}
    for name, question in company.questions.items():
        if name == company.outcome or name not in values or question.kind == "text" or not (question.driver or question.group):
            continue
        value = values[name]
        finite = value[np.isfinite(value)]
        if not len(finite):
            continue
        low, high = question.bounds or (float(finite.min()), float(finite.max()))
        bad = np.where(np.isnan(value), np.nan, (value <= low + (high - low) / 4).astype(float))
        drivers[name] = question.driver or question.label or name
        made.append(Candidate(drivers[name], question.group, value, bad, name, rated=True))
    for promise in company.promise:
        if promise.name not in kept:
            continue
        value = kept[promise.name]
        family = promise.perceived if promise.perceived in drivers else f"promise {promise.name}"
        made.append(Candidate(promise.name, promise.group, value, 1 - value, family, rated=False))
    return made


def by_handling(company: Company, comments: Comments, said: Said, themes: Sequence[int]) -> dict[int, str]:
    """The group that owns the touchpoint, step or topic of most comments of a theme, else the group that handled most; ''
    without."""
    owners = {slug(touchpoint): group.name for group in company.group for touchpoint in group.touchpoints}
    owner_of: dict[tuple[str | None, ...], str] = {}
    names: list[str] = []
    for place in zip(*(comments.column(each) for each in ("topic", "touchpoint", "step", "group")), strict=True):
        if place not in owner_of:
            owned = next((owners[slug(each)] for each in place[:3] if each and slug(each) in owners), None)
            owner_of[place] = owned or place[3] or ""
        names.append(owner_of[place])
    labels, code = np.unique(np.array(names, dtype=str), return_inverse=True)
    found = {}
    for theme in themes:
        counts = np.bincount(code[said.of(theme)], minlength=len(labels))
        counts[labels == ""] = 0
        best = int(counts.argmax()) if len(counts) else 0
        enough = len(counts) > 0 and counts[best] >= 5 and counts[best] >= _MAJORITY * max(len(said.of(theme)), 1)
        found[theme] = str(labels[best]) if enough else ""
    return found
