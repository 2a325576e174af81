"""What an agreement is worth: match weights learnt from the records a run joined, where there are enough of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vitalfew.who.comparing import LEVELS, level

# How two records of one person, and of two people, compare where nothing was learnt: m and u of Fellegi and Sunter (1969). That of
# `same` is not used for fields in RARE, whose values are counted one by one.
M: dict[str, tuple[float, ...]] = {
    "email": (0.75, 0.03, 0.03, 0.19),
    "phone": (0.75, 0.03, 0.22),
    "national_id": (0.95, 0.03, 0.02),
    "handle": (0.80, 0.03, 0.17),
    "name": (0.80, 0.13, 0.02, 0.02, 0.03),
    "born": (0.94, 0.04, 0.02),
    "postcode": (0.80, 0.20),
    "street": (0.75, 0.10, 0.15),
    "city": (0.85, 0.15),
    "account": (0.90, 0.10),
}
U: dict[str, tuple[float, ...]] = {
    "email": (1e-6, 2e-5, 2e-4, 0.99978),
    "phone": (1e-6, 1e-5, 0.999989),
    "national_id": (1e-7, 1e-5, 0.9999899),
    "handle": (1e-5, 1e-4, 0.99989),
    "name": (1e-4, 2e-3, 0.02, 0.02, 0.9579),
    "born": (5e-5, 1e-3, 0.99895),
    "postcode": (2e-3, 0.998),
    "street": (1e-3, 1e-3, 0.998),
    "city": (0.02, 0.98),
    "account": (2e-3, 0.998),
}
RARE: dict[str, float] = {"email": 0.02, "phone": 0.05, "national_id": 0.01, "handle": 0.1, "name": 0.5, "account": 1.0}
"""How many other people are to be expected behind a value of the field that only one is known to have."""

LEAST_PAIRS = 200
"""Fewer pairs of joined records than this teach nothing."""
_WEIGHT = 50.0
"""The values above count as so many pairs in what is learnt."""


@dataclass(frozen=True)
class Weights:
    """m and u for each level of each field, in the order of LEVELS; how many others stand behind a value one person has; and
    `pairs`, the joined pairs they were learnt from, 0 when they are the values of this module."""

    m: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: M)
    u: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: U)
    others: Mapping[str, float] = field(default_factory=lambda: RARE)
    pairs: int = 0

    def ratio(self, name: str, outcome: str, known: int, people: int) -> float:
        """m / u of an outcome. For fields in RARE, u of `same` is the share of people other than the one meant who have the value:
        `known` people have it, of `people`."""
        place = LEVELS[name].index(outcome)
        if outcome == "same" and name in RARE:
            return self.m[name][place] * people / max(known - 1, self.others[name], 0.01)
        return self.m[name][place] / self.u[name][place]

    def told(self) -> dict[str, Any]:
        """The weights as plain values, for the header of the index."""
        return {"m": dict(self.m), "u": dict(self.u), "others": dict(self.others), "pairs": self.pairs}


def read(kept: Mapping[str, Any]) -> Weights:
    """Weights as `told` gave them."""
    m, u = ({name: tuple(values) for name, values in kept[each].items()} for each in ("m", "u"))
    return Weights(m, u, dict(kept["others"]), int(kept["pairs"]))


Values = Mapping[str, str | None]
"""One contact: a value in normal form for each field of LEVELS."""


def learn(joined: Iterable[tuple[Values, Values]], apart: Iterable[tuple[Values, Values]], others: Mapping[str, float]) -> Weights:
    """Weights from pairs of contacts of one person and of two people; `others` is the mean number of further people behind a value.

    The values of this module count as 50 pairs of one person in each field, so that a field hardly ever filled moves little. With
    fewer than LEAST_PAIRS joined pairs they are all there is.
    """
    same, count = _counted(joined)
    if count < LEAST_PAIRS:
        return Weights(others=dict(RARE) | dict(others))
    different, _ = _counted(apart)
    return Weights(
        {name: _matched(_shares(same[name], M[name], name, _WEIGHT)) for name in LEVELS},
        # A slip between two people is too rare to be met in some thousand pairs: what was seen and what is assumed weigh the same.
        {name: _shares(different[name], U[name], name, max(_WEIGHT, different[name].total())) for name in LEVELS},
        dict(RARE) | dict(others),
        count,
    )


def _counted(pairs: Iterable[tuple[Values, Values]]) -> tuple[dict[str, Counter[str]], int]:
    found: dict[str, Counter[str]] = {name: Counter() for name in LEVELS}
    count = 0
    for one, other in pairs:
        count += 1
        for name in LEVELS:
            a, b = one.get(name), other.get(name)
            if a and b:
                found[name][level(name, a, b)] += 1
    return found, count


def _shares(counts: Counter[str], before: tuple[float, ...], name: str, weight: float) -> tuple[float, ...]:
    total = counts.total() + weight
    return tuple((counts[each] + weight * share) / total for each, share in zip(LEVELS[name], before, strict=True))


def _matched(shares: tuple[float, ...]) -> tuple[float, ...]:
    """m with at least .02 left for 'other': records were joined because they agree, and so know too little of those who moved."""
    least = max(shares[-1], 0.02)
    return (*(share * (1 - least) / (1 - shares[-1]) for share in shares[:-1]), least)
