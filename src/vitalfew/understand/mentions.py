"""Which themes each comment speaks of, the main one first, and the words that show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vitalfew.understand import sentiment
from vitalfew.understand.corpus import Comments, Thoughts
from vitalfew.understand.words import shortened
from vitalfew.vocabulary import arrow_table

Places = NDArray[np.int64]
_MOST = 3
_SURE = 0.5


@dataclass(frozen=True)
class Placed:
    """Where comments belong: `main` (texts,) is the theme of each whole text; `own` (clauses,) that of each clause by itself and
    `near` its cosine with it; `shows` (clauses,) the cosine of each clause with its text's theme."""

    main: Places
    own: Places
    near: NDArray[np.float64]
    shows: NDArray[np.float64]

    def joined(self, home: Places) -> Placed:
        """The same places where theme t has become theme `home[t]`; the number of 'other' stays the one after the last."""
        moved = np.r_[home, int(home.max(initial=-1)) + 1]
        return Placed(moved[self.main], moved[self.own], self.near, self.shows)


@dataclass(frozen=True)
class TextMentions:
    """Themes of the distinct texts, in order of text and rank: theme, span, its nearness to the theme, its words' sign."""

    text: Places
    rank: Places
    theme: Places
    start: Places
    end: Places
    near: NDArray[np.float64]
    words: Places
    word_sign: NDArray[np.int8]
    several: NDArray[np.bool_]


@dataclass(frozen=True)
class Mentions:
    """Themes of the comments: `comment` is the position of the comment, `of` that of its mention among the texts' mentions."""

    comment: Places
    of: Places
    theme: Places
    rank: Places
    sentiment: NDArray[np.object_]


def of_texts(spoken: Thoughts, placed: Placed, other: int, texts: Comments) -> TextMentions:
    """At most three themes a text: the theme of the whole text first, then themes that a clause of its own is near to.

    The span of the main theme is the clause that shows it best (words x nearness). A second or third theme must be near (cosine
    0.5) and heavier first. `other` is the number of the theme of all the rest, which stands only where a text has no other.
    """
    size = np.maximum(spoken.words, 1)
    # Rounded, so that the last bits of a matrix product never decide a rank.
    shows = np.round(size * np.maximum(placed.shows, 0.02), 3)
    own = np.round(size * np.maximum(placed.near, 0.02), 3)
    wanted = placed.main[spoken.text]
    # Each clause speaks for its text's theme, and for its own where that is another one and near.
    sure = (placed.own != wanted) & (placed.own != other) & (placed.near >= _SURE)
    clause = np.r_[np.arange(len(size)), np.flatnonzero(sure)]
    theme = np.r_[wanted, placed.own[sure]]
    weight = np.r_[shows, own[sure]]
    close = np.r_[placed.shows, placed.near[sure]]
    first = theme == wanted[clause]
    order = np.lexsort((spoken.start[clause], -weight, theme, spoken.text[clause]))
    clause, theme, weight, close, first = clause[order], theme[order], weight[order], close[order], first[order]
    text = spoken.text[clause]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (text[1:] != text[:-1]) | (theme[1:] != theme[:-1])
    total = np.bincount(np.cumsum(begins) - 1, weights=weight) if len(order) else np.zeros(0)
    best, text, theme, close, first = clause[begins], text[begins], theme[begins], close[begins], first[begins]
    # The text's own theme leads, unless that is "other" and a clause has one.
    again = np.lexsort((theme, -np.round(total, 3), ~(first & (theme != other)), theme == other, text))
    best, text, theme, close = best[again], text[again], theme[again], close[again]
    rank = _ranks(text)
    kept = (rank == 1) | (theme != other)
    best, text, theme, close = best[kept], text[kept], theme[kept], close[kept]
    rank = _ranks(text)
    few = rank <= _MOST
    best, text, theme, rank, close = best[few], text[few], theme[few], rank[few], close[few]
    spans = [
        shortened(texts.texts[number], (start, end))
        for number, start, end in zip(text.tolist(), spoken.start[best].tolist(), spoken.end[best].tolist(), strict=True)
    ]
    start, end = (np.array([span[each] for span in spans], dtype=np.int64) for each in (0, 1))
    clauses = np.bincount(spoken.text, minlength=len(texts.texts))
    return TextMentions(
        text, rank, theme, start, end, close, spoken.words[best], spoken.word_sign[best], clauses[text] > 1
    )  # fmt: skip


def _ranks(text: Places) -> Places:
    if not len(text):
        return text
    begins = np.flatnonzero(np.r_[True, text[1:] != text[:-1]])
    return np.arange(len(text)) - np.repeat(begins, np.diff(np.r_[begins, len(text)])) + 1


def of_comments(comments: Comments, found: TextMentions) -> Mentions:
    """The mentions of every comment, by comment and rank."""
    counts = np.bincount(found.text, minlength=len(comments.texts))
    begins = np.cumsum(counts) - counts
    times = counts[comments.text]
    comment = np.repeat(np.arange(len(comments)), times)
    step = np.arange(len(comment)) - np.repeat(np.cumsum(times) - times, times)
    of = np.repeat(begins[comments.text], times) + step
    said = sentiment.named(comments.said[comment], found.word_sign[of], found.several[of])
    return Mentions(comment, of, found.theme[of], found.rank[of], said)


def table(comments: Comments, found: TextMentions, mentions: Mentions, ids: list[str]) -> pa.Table:
    """The vocabulary's `mentions`; `ids` are the themes' ids by number."""
    quotes = pa.array(
        [
            comments.texts[text][start:end]
            for text, start, end in zip(found.text.tolist(), found.start.tolist(), found.end.tolist(), strict=True)
        ],
        pa.string(),
    )
    rows = comments.rows.select(["source", "key", "table", "question", "person"]).take(pa.array(mentions.comment))
    columns: dict[str, Any] = {name: rows.column(name) for name in rows.column_names}
    columns |= {
        "rank": mentions.rank,
        "theme": pa.array(ids, pa.string()).take(pa.array(mentions.theme)),
        "sentiment": pa.array(mentions.sentiment, pa.string()),
        "quote": quotes.take(pa.array(mentions.of)),
        "start": found.start[mentions.of],
        "end": found.end[mentions.of],
    }
    return arrow_table("mentions", pa.table(columns))
