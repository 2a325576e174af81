"""Which words of customers to show: telling, of medium length, a whole thought, and no two that say the same thing alike."""

from __future__ import annotations

import re

from vitalfew.understand.words import NEGATIONS, STOP_WORDS, folded, words_of

SHORT, LONG = 6, 24
"""Words of a quote that is long enough to tell something and short enough to be read in passing."""
ALIKE = 0.5
"""Two quotes that share at least this part of the telling words of the shorter one are told as one."""
_STEM = 5
_DRAWN_OUT = re.compile(r"(\w)\1{3,}")
_MOODS = {"negative": -1, "positive": 1}


def worth(quote: str, near: float, sign: int, mood: str, whole: bool) -> float:
    """How well a quote stands for its theme: its nearness to the middle, less for what makes it a bad quote.

    `sign` is what its words say (1 praise, -1 complaint, 0 neither), `mood` the theme's sentiment, `whole` whether the thought ends
    where the quote ends.

    >>> late = "The parcel came four days after the date you gave."
    >>> worth(late, 0.6, -1, "negative", whole=True) > worth("Late!!", 0.7, -1, "negative", whole=True)
    True
    """
    words = words_of(folded(quote))
    if not words:
        return 0.0
    value = max(near, 0.01) * min(1.0, len(words) / SHORT) * min(1.0, LONG / len(words))
    wanted = _MOODS.get(mood, -1)
    value *= 1.25 if sign == wanted else 0.7 if sign == -wanted else 1.0
    letters = [each for each in quote if each.isalpha()]
    if letters and sum(each.isupper() for each in letters) > 0.6 * len(letters):
        value *= 0.8
    if len(set(words)) < 0.7 * len(words) or _DRAWN_OUT.search(quote):
        value *= 0.6
    return value * (1.0 if whole else 0.85) * (0.9 if "\n" in quote else 1.0)


def alike(one: str, other: str) -> bool:
    """Whether two quotes say nearly the same in the same words.

    >>> alike("No reaction to my request for a quote.", "Hi, no reaaction to my request for a quote!")
    True
    >>> alike("No reaction to my request for a quote.", "The offer listed half of what we asked for.")
    False
    """
    left, right = _telling(one), _telling(other)
    return folded(one) == folded(other) or len(left & right) >= ALIKE * max(1, min(len(left), len(right)))


def _telling(quote: str) -> set[str]:
    return {word[:_STEM] for word in words_of(folded(quote)) if word not in STOP_WORDS and word not in NEGATIONS}
