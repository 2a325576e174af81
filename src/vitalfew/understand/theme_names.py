"""Names people understand: the name the company gave, else the short phrase nearest to the middle of the theme, as customers
write it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from vitalfew.settings import Theme, slug
from vitalfew.understand.sentiment import text_signs, word_sign
from vitalfew.understand.words import NEGATIONS, STOP_WORDS, Tokens, folded, words_of

Nearness = Callable[[Sequence[str], Sequence[int]], NDArray[np.floating]]
"""The cosine of each phrase with the middle of some themes taken together."""

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
# A phrase farther than this from the middle of its theme names a part of it, not the whole.
CENTRAL = 0.3
# A longer phrase stands for a shorter one within it when at least this share of those who write the one write the other.
WHOLE = 0.5
_STEM, _TELLING = 6, 5
_SAME_FIT = 0.4


@dataclass(frozen=True)
class Phrases:
    """How many thoughts of each theme hold each phrase: `counts[phrase]` has shape (themes,), `sizes` the thoughts of each
    theme."""

    counts: dict[str, NDArray[np.int64]]
    sizes: NDArray[np.int64]
    surface: dict[str, str]

    def joined(self, home: NDArray[np.int64]) -> Phrases:
        """The same phrases where theme t has become theme `home[t]`."""
        count = int(home.max(initial=-1)) + 1

        def summed(row: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.bincount(home, weights=row, minlength=count).astype(np.int64)

        return Phrases({phrase: summed(row) for phrase, row in self.counts.items()}, summed(self.sizes), self.surface)


def phrases(originals: Sequence[str], labels: NDArray[np.int64], count: int, brands: Sequence[str] = ()) -> Phrases:
    """Count phrases of 1 to 4 words that neither begin nor end with a stop word nor hold a name of `brands`.

    `originals` are thoughts as people wrote them.
    """
    skipped = frozenset(word for brand in brands for word in words_of(folded(brand)))
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
            held.update(_candidates(words, skipped))
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


def _candidates(words: Sequence[str], skipped: frozenset[str]) -> list[str]:
    made = []
    for first in range(len(words)):
        if words[first] in STOP_WORDS or not _telling(words[first]):
            continue
        for last in range(first, min(first + _LONGEST, len(words))):
            word = words[last]
            if word in skipped or (word in STOP_WORDS and word not in _JOINTS):
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


def told(found: Phrases, members: Sequence[int], sign: int, taken: set[str], nearness: Nearness) -> tuple[str, str]:
    """A name not yet in `taken` (slugs), which it joins, and the words that set the themes apart, separated by commas.

    The name is the most central phrase of two to four words; where none is central, the most telling phrase or word.
    """
    best = ranked(found, members, sign)
    telling = [_written(found, phrase) for phrase in _apart(best)] or ["unnamed"]
    options = [_written(found, phrase) for phrase in central(found, members, sign, nearness)]
    options += [*(phrase for phrase in telling[:3] if " " in phrase), *telling[:2]]
    options += [f"{telling[0]} ({number})" for number in range(2, 500)]
    name = next(each for each in options if slug(each) not in taken)
    taken.add(slug(name))
    return name[:1].upper() + name[1:], shown(found, best)


def joint(names: Sequence[str], taken: set[str]) -> str:
    """A name for several themes, largest first, not yet in `taken` (slugs), which it joins.

    >>> joint(["Late delivery", "No tracking", "Torn boxes"], set())
    'Late delivery, no tracking and more'
    """
    second = names[1][:1].lower() + names[1][1:] if not names[1][1:2].isupper() else names[1]
    whole = f"{names[0]} and {second}" if len(names) == 2 else f"{names[0]}, {second} and more"
    name = next(each for each in [whole, *(f"{whole} ({number})" for number in range(2, 500))] if slug(each) not in taken)
    taken.add(slug(name))
    return name


def central(found: Phrases, members: Sequence[int], sign: int, nearness: Nearness) -> list[str]:
    """Phrases of two to four words that stand for the themes `members` taken together, best first.

    Score: cosine with the themes' middle x root of the share inside x ln(share inside / share of all thoughts), half as much again
    for each of the most telling words it holds (two at most), and 1.3 times when it says what the themes say, praise or complaint.
    A phrase that says the opposite is none, and one that is mostly part of a longer one ("posso avaliar" in "nao posso avaliar")
    gives way to it, lest a negation is cut off.
    """
    rows = list(members)
    size, everything = max(int(found.sizes[rows].sum()), 1), max(int(found.sizes.sum()), 1)
    counts = {phrase: (int(row[rows].sum()), int(row.sum())) for phrase, row in found.counts.items() if " " in phrase}
    likely = {
        phrase: float(np.sqrt(inside / size) * np.log(inside / size / (whole / everything)))
        for phrase, (inside, whole) in counts.items()
        if inside >= min(2, size) and inside / size > whole / everything and not any(each.isdigit() for each in phrase)
    }
    few = sorted(likely, key=lambda phrase: (-likely[phrase], phrase))[:60]
    if not few:
        return []
    signs = text_signs(Tokens.of(few))
    near = np.round(nearness(few, rows), 4)
    telling = {word[:_STEM] for phrase in ranked(found, rows, sign)[:_TELLING] for word in phrase.split()} - STOP_WORDS
    scored = []
    for place, phrase in enumerate(few):
        if near[place] < CENTRAL or int(signs[place]) * sign < 0:
            continue
        held = sum(word[:_STEM] in telling for word in phrase.split())
        said = 1.3 if sign and int(signs[place]) == sign else 1.0
        scored.append((-float(near[place]) * likely[phrase] * said * (1 + min(held, 2) / 2), phrase))
    chosen = [phrase for _, phrase in sorted(scored)]
    longer = [_completed(phrase, few, {each: counts[each][0] for each in few}) for phrase in chosen]
    return list(dict.fromkeys(longer))


def _completed(phrase: str, others: Sequence[str], counts: dict[str, int]) -> str:
    """The longest phrase around `phrase` that most of those who write it write."""
    around = [each for each in others if f" {phrase} " in f" {each} " and counts[each] >= WHOLE * counts[phrase]]
    return max(around, key=lambda each: (len(each.split()), counts[each], each))


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
