"""Names people understand: the most telling phrase of a theme, as customers write it, or the name the company gave."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from vitalfew.settings import Theme, slug
from vitalfew.understand.sentiment import word_sign
from vitalfew.understand.words import NEGATIONS, STOP_WORDS, folded, words_of

_LONGEST = 4
_PAUSE = re.compile(r"[^\w\s'-]+")
# A pair of words tells more than a word, though it is always rarer.
_LENGTH = {1: 1.0, 2: 2.0, 3: 2.2, 4: 2.2}
# Small words a name may hold inside ("cartão de crédito"); any other stop word would join two thoughts.
_JOINTS = frozenset(
    ("of", "in", "on", "to", "for", "the", "a", "with", "at", "by", "de", "do", "da", "dos", "das", "no", "na", "em", "o", "as",
     "os", "para", "com", "del", "la", "el", "en", "du", "des", "le", "les", "au", "aux", "zu", "im", "am", "mit", "von", "di",
     "al")
)  # fmt: skip
MINIMUM_FIT = 0.2
_SAME_FIT = 0.4


@dataclass(frozen=True)
class Phrases:
    """How many thoughts of each theme hold each phrase: `counts[phrase]` has shape (themes,), `sizes` the thoughts of each
    theme."""

    counts: dict[str, NDArray[np.int64]]
    sizes: NDArray[np.int64]
    surface: dict[str, str]


def phrases(originals: Sequence[str], labels: NDArray[np.int64], count: int) -> Phrases:
    """Count phrases of 1 to 4 words that neither begin nor end with a stop word. `originals` are thoughts as people wrote them."""
    forms: dict[str, Counter[str]] = {}
    found: dict[str, Counter[int]] = {}
    for original, label in zip(originals, labels, strict=True):
        if label < 0:
            continue
        held: set[str] = set()
        for part in _PAUSE.split(original.lower().replace("’", "'")):
            words = []
            for word in words_of(part):
                plain = folded(word)
                words.append(plain)
                forms.setdefault(plain, Counter())[word] += 1
            held.update(_candidates(words))
        for phrase in sorted(held):
            found.setdefault(phrase, Counter())[int(label)] += 1
    least = 2 if len(originals) >= 30 else 1
    counts = {}
    for phrase in sorted(found):
        if found[phrase].total() >= least:
            row = np.zeros(count, dtype=np.int64)
            for label, times in found[phrase].items():
                row[label] = times
            counts[phrase] = row
    surface = {plain: min(seen, key=lambda form: (-seen[form], form)) for plain, seen in forms.items()}
    return Phrases(counts, np.bincount(labels[labels >= 0], minlength=count), surface)


def _candidates(words: Sequence[str]) -> list[str]:
    made = []
    for first in range(len(words)):
        if words[first] in STOP_WORDS or not _telling(words[first]):
            continue
        for last in range(first, min(first + _LONGEST, len(words))):
            word = words[last]
            if word in STOP_WORDS and word not in _JOINTS:
                break
            if word not in STOP_WORDS and word not in NEGATIONS and _telling(word):
                made.append(" ".join(words[first : last + 1]))
    return made


def _telling(word: str) -> bool:
    return len(word) > 1 and not word.isdigit() and "_" not in word


def ranked(found: Phrases, members: Sequence[int], sign: int) -> list[str]:
    """The most telling phrases of the themes `members` taken together, best first.

    Score: share inside x ln(share inside / share of all thoughts) x a factor for length (class-based term weighting).
    """
    size = int(found.sizes[list(members)].sum())
    everything = int(found.sizes.sum())
    scored = []
    for phrase, row in found.counts.items():
        inside = int(row[list(members)].sum())
        if inside < min(2, size):
            continue
        share, overall = inside / max(size, 1), int(row.sum()) / max(everything, 1)
        words = phrase.split()
        score = share * (np.log(share / overall) + 0.05) * _LENGTH[len(words)]
        if sign and any(word_sign(word) == sign or (sign < 0 and word in NEGATIONS) for word in words):
            score *= 1.3
        if score > 0:
            scored.append((-float(score), phrase))
    return [phrase for _, phrase in sorted(scored)[:40]]


def told(found: Phrases, members: Sequence[int], sign: int, taken: set[str]) -> tuple[str, str]:
    """A name not yet in `taken` (slugs), which it joins, and the words that set the themes apart, separated by commas."""
    best = ranked(found, members, sign)
    telling = [_written(found, phrase) for phrase in _apart(best)] or ["unnamed"]
    options = [telling[0]] if " " in telling[0] or len(telling) == 1 else []
    options += [f"{telling[0]}, {other}" for other in telling[1:]]
    options += [telling[0], *(f"{telling[0]} ({number})" for number in range(2, 500))]
    name = next(each for each in options if slug(each) not in taken)
    taken.add(slug(name))
    return name[:1].upper() + name[1:], shown(found, best)


def shown(found: Phrases, best: Sequence[str]) -> str:
    """Up to eight telling phrases as customers write them, separated by commas."""
    return ", ".join([_written(found, phrase) for phrase in _apart(best)][:8])


def _apart(best: Sequence[str]) -> list[str]:
    """Phrases that share no telling word with one before them."""
    kept: list[str] = []
    seen: set[str] = set()
    for phrase in best:
        words = {word[:5] for word in phrase.split() if word not in STOP_WORDS and word not in NEGATIONS}
        if not words & seen:
            kept.append(phrase)
            seen |= words
    return kept


def _written(found: Phrases, phrase: str) -> str:
    return " ".join(found.surface.get(word, word) for word in phrase.split())


@dataclass(frozen=True)
class Authored:
    """Which theme the company named: `name[theme]` is the position in company.theme; `merged[theme]` the theme it joins (or
    itself)."""

    name: dict[int, int]
    merged: NDArray[np.int64]
    unused: list[int]


def _youden(
    holds: NDArray[np.bool_], labels: NDArray[np.int64], inside: NDArray[np.bool_], sizes: NDArray[np.float64]
) -> NDArray[np.float64]:
    hits = np.bincount(labels[inside & holds], minlength=len(sizes)).astype(float)
    rest: NDArray[np.float64] = (hits.sum() - hits) / np.maximum(sizes.sum() - sizes, 1)
    return hits / np.maximum(sizes, 1) - rest


def authored(themes: Sequence[Theme], thoughts: Sequence[str], labels: NDArray[np.int64], sign: NDArray[np.int8]) -> Authored:
    """Give each authored theme the found theme that fits its words best, one to one, and join to it the parts of a split theme.

    Fit = share of the theme's comments that hold one of the words - share of all other comments that do (Youden's J). A name
    needs a fit of 0.2. Who gets which name is decided by how many of the words speak for it: the sum of each word's own J, so
    that one shared word ("part") does not outweigh five that fit, x the root of the share of all such comments it holds, so that
    a splinter does not take the name of the theme. A name with a group or driver names no theme of praise. Another
    theme joins when the same authored theme is clearly its best fit, at 0.4 or more, and it does not say the opposite.
    """
    count = len(sign)
    same = np.arange(count, dtype=np.int64)
    if not themes or not count:
        return Authored({}, same, list(range(len(themes))))
    fit, speak = np.zeros((len(themes), count)), np.zeros((len(themes), count))
    inside = labels >= 0
    sizes = np.bincount(labels[inside], minlength=count).astype(float)
    for row, theme in enumerate(themes):
        any_of = np.zeros(len(thoughts), dtype=bool)
        for word in theme.words:
            pattern = re.compile(rf"(?<!\w){re.escape(folded(word))}")
            holds = np.fromiter((pattern.search(each) is not None for each in thoughts), dtype=bool, count=len(thoughts))
            any_of |= holds
            speak[row] += np.maximum(_youden(holds, labels, inside, sizes), 0)
        hits = np.bincount(labels[inside & any_of], minlength=count).astype(float)
        # Of two themes equally full of the words, the larger is the theme; the bonus never outweighs a real difference.
        fit[row] = _youden(any_of, labels, inside, sizes) + 0.05 * hits / max(hits.max(), 1)
        speak[row] *= np.sqrt(hits / max(hits.sum(), 1))
        if theme.group or theme.driver:
            fit[row, sign > 0] = 0
    speak = np.where(fit >= MINIMUM_FIT, speak, 0)
    rows, columns = linear_sum_assignment(-speak)
    name = {int(column): int(row) for row, column in zip(rows, columns, strict=True) if speak[row, column] > 0}
    home = {row: column for column, row in name.items()}
    for column in range(count):
        order = np.argsort(-fit[:, column], kind="stable")
        first = int(order[0])
        second = fit[order[1], column] if len(order) > 1 else 0.0
        target = home.get(first)
        if column in name or target is None or fit[first, column] < _SAME_FIT or fit[first, column] < 2 * max(second, 0):
            continue
        if int(sign[column]) * int(sign[target]) >= 0:
            same[column] = target
    return Authored(name, same, [row for row in range(len(themes)) if row not in home])
