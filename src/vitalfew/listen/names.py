"""Names of people: their words in one form, and whether two names can be one person's."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import OSA

from vitalfew.listen.normalise import WORD_LINES, plain, word_list

Verdict = Literal["same", "compatible", "renamed", "related", "different"]

TITLES = word_list("titles")
NO_NAME = word_list("no name")
_NICK_GROUPS = [set(line.split()) for line in WORD_LINES["nicknames"]]
_NICK: dict[str, frozenset[int]] = {
    word: frozenset(number for number, group in enumerate(_NICK_GROUPS) if word in group)
    for word in sorted(set().union(*_NICK_GROUPS))
}


def words(name: str | None) -> tuple[str, ...]:
    """The words of a name, given names first: without titles, accents and case; empty when it names nobody.

    'Rossi, Anna' is put in order; Müller and Mueller become one word.

    >>> words("Dr. ROSSI, Anna-María")
    ('anna', 'maria', 'rossi')
    """
    if not name or "@" in name:
        return ()
    family, comma, given = plain(name).partition(",")
    ordered = f"{given} {family}" if comma and given.strip() else family
    found = re.sub(r"[\W\d_]+", " ", re.sub(r"[.'’`](?=\w)", "", ordered)).split()
    kept = [_umlaut(word) for word in found if word not in TITLES] or [_umlaut(word) for word in found]
    # 'n/a' is two words of one letter.
    nobody = all(word in NO_NAME for word in kept) or "".join(kept) in NO_NAME
    return () if nobody else tuple(kept)


def _umlaut(word: str) -> str:
    return re.sub(r"(?<=[^q])ue", "u", word.replace("ae", "a").replace("oe", "o")) if len(word) > 3 else word


def name_key(parts: tuple[str, ...]) -> str | None:
    """What two spellings of one full name share: its words in alphabetical order; None for fewer than two full words."""
    return " ".join(sorted(parts)) if sum(len(part) > 1 for part in parts) >= 2 else None


@lru_cache(maxsize=500_000)
def _near(a: str, b: str) -> int:
    """How well two words agree: 3 equal, 2 a slip of the pen, a short form or a nickname, 1 an initial, 0 not."""
    if a == b:
        return 3
    short, long = sorted((a, b), key=len)
    if len(short) == 1:
        return 1 if long.startswith(short) else 0
    if len(short) >= 3 and long.startswith(short):
        return 2
    if _NICK.get(a, frozenset()) & _NICK.get(b, frozenset()):
        return 2
    allowed = 0 if len(short) < 4 else 1 if len(long) < 8 else 2
    return 2 if allowed and within(a, b, allowed) else 0


def within(a: str, b: str, most: int) -> bool:
    """Whether at most `most` slips (a letter added, dropped, changed, or two neighbours swapped) turn `a` into `b`.

    Optimal string alignment (Damerau 1964).
    """
    return OSA.distance(a, b, score_cutoff=most) <= most


@lru_cache(maxsize=500_000)
def compare(a: tuple[str, ...], b: tuple[str, ...]) -> Verdict:
    """Whether two names, as `words` gives them, can be one person's.

    - same: the same words, in any order;
    - compatible: every word of the shorter has its like in the other (equal, a slip, an initial, a nickname), or two words have;
    - renamed: given name alike, family name not (people marry);
    - related: family name alike, given name not (families share phones);
    - different: no word alike, or only by an initial.
    """
    if sorted(a) == sorted(b):
        return "same"
    shorter, longer = (a, b) if (len(a), a) <= (len(b), b) else (b, a)
    free = list(range(len(longer)))
    alike: list[tuple[int, int, int]] = []
    for i, word in enumerate(shorter):
        grade, j = max(((_near(word, longer[j]), -j) for j in free), default=(0, 0))
        if grade:
            alike.append((grade, i, -j))
            free.remove(-j)
    if not any(grade > 1 for grade, _, _ in alike):
        return "different"
    if len(alike) == len(shorter) or sum(len(shorter[i]) > 1 for _, i, _ in alike) >= 2:
        return "compatible"
    first, last = alike[0][1] == 0 and alike[0][2] == 0, len(shorter) - 1 == alike[0][1] and len(longer) - 1 == alike[0][2]
    return "renamed" if first and not last else "related"
