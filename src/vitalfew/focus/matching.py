"""Names people wrote, matched to names found: by slug, else by the words they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vitalfew.settings import slug

_SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "it",
        "not",
        "of",
        "on",
        "or",
        "our",
        "the",
        "their",
        "to",
        "too",
        "with",
    ]
)
ENOUGH = 0.5
"""Two names with at least this overlap are taken for the same thing."""


def words(name: str) -> list[str]:
    """The words of a name that carry meaning, as slugs; all of them when each is a small word.

    >>> words("The parcel is late")
    ['parcel', 'late']
    """
    every = slug(name).split("-")
    return [word for word in every if word not in _SMALL_WORDS] or every


def overlap(left: str, right: str) -> float:
    """Dice's overlap of the words of two names, 0 to 1; words count as equal when their first five letters are.

    >>> overlap("Late delivery", "late deliveries")
    1.0
    >>> overlap("Late delivery", "Wrong invoice")
    0.0
    """
    first, second = {word[:5] for word in words(left)}, {word[:5] for word in words(right)}
    return 2 * len(first & second) / (len(first) + len(second))


def best_match(name: str, candidates: Mapping[str, Iterable[str]]) -> str | None:
    """The key whose names fit `name` best: equal slugs first, else the largest overlap of at least ENOUGH, else None.

    Of equals the first key wins, so give the candidates in order of importance.
    """
    for key, names in candidates.items():
        if slug(name) in {slug(each) for each in names if each}:
            return key
    best, found = ENOUGH, None
    for key, names in candidates.items():
        score = max((overlap(name, each) for each in names if each), default=0.0)
        if score > best or (score == best and found is None):
            best, found = score, key
    return found


def best_overlap(names: Sequence[str], other: str) -> float:
    """The largest overlap of `other` with any of `names`; 0 when there is none."""
    return max((overlap(name, other) for name in names if name), default=0.0)
