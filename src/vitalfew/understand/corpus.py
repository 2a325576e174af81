"""Every comment of a run: answers in words and what was said in contacts, each with its person, its score and its thoughts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vitalfew.engine import Tables
from vitalfew.numerics.draws import hashes
from vitalfew.settings import Company
from vitalfew.understand import answers, sentiment
from vitalfew.understand.words import Tokens, clauses, folded

_SAMPLE = 20_000
_BLOCK = 50_000


@dataclass(frozen=True)
class Comments:
    """n comments in order of source, key and question, and the t distinct texts they repeat.

    `rows` has source, key, table, question, person, response, group, touchpoint, step, topic, order, at, minutes, cost, weight.
    `text` (n,) is the position of each comment's words in `texts`. `unit` is the person, or the record itself when it is anonymous.
    `score` (n,) is the outcome of the same response (NaN without one) and `said` its sign: 1, 0, -1 or NaN.
    """

    rows: pa.Table
    texts: list[str]
    text: NDArray[np.int64]
    unit: NDArray[np.object_]
    score: NDArray[np.float64]
    said: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.text)

    def column(self, name: str) -> NDArray[Any]:
        """A column of `rows` as NumPy: text as objects, numbers as floats with NaN."""
        array = self.rows.column(name).to_numpy()
        values: NDArray[Any] = array.astype(np.float64) if name in ("minutes", "cost", "weight") else array
        return values

    @property
    def survey(self) -> NDArray[np.bool_]:
        """Which comments answer a survey question."""
        return np.asarray(self.column("table") == "responses")


_TEXT_COLUMNS = ("source", "key", "question", "person", "response", "group", "touchpoint", "step", "topic", "order", "text")


def read(tables: Tables, company: Company, asked: answers.Answers) -> Comments:
    """Every non-empty comment. `asked` holds the outcome, when there is one, and the rated questions."""
    rows = pa.concat_tables([_from_responses(tables), _from_interactions(tables)])
    rows = rows.sort_by([(name, "ascending") for name in ("source", "key", "question", "table")])
    distinct, text = numbered(rows.column("text").to_numpy())
    rows = rows.drop_columns(["text"])
    person: NDArray[Any] = rows.column("person").to_numpy()
    record = pc.binary_join_element_wise(rows.column("source"), rows.column("key"), "#").to_numpy()
    anonymous = pc.is_null(rows.column("person")).to_numpy()
    unit: NDArray[np.object_] = np.where(anonymous, record, person).astype(object)
    score, said = _scores(rows, company, asked)
    return Comments(rows, distinct.tolist(), text, unit, score, said)


def _from_responses(tables: Tables) -> pa.Table:
    table = tables["responses"]
    kept = table.filter(table.kind == "text", table.text.notnull(), table.text.strip() != "")
    none = ibis.literal(None, "string")
    return _cast(
        tables.arrow(
            kept.select(
                "source", "key", "question", "person", "response", "group", "touchpoint", "order", "text", "at",
                step=none, topic=none, minutes=ibis.literal(None, "float64"), cost=ibis.literal(None, "float64"),
                weight=kept.weight.fill_null(1.0), table=ibis.literal("responses"),
            )
        )
    )  # fmt: skip


def _from_interactions(tables: Tables) -> pa.Table:
    table = tables["interactions"]
    kept = table.filter(table.text.notnull(), table.text.strip() != "")
    none = ibis.literal(None, "string")
    return _cast(
        tables.arrow(
            kept.select(
                "source", "key", "person", "group", "touchpoint", "text", "at", "step", "topic", "minutes", "cost",
                question=ibis.literal(""), response=none, order=none, weight=ibis.literal(1.0), table=ibis.literal("interactions"),
            )
        )
    )  # fmt: skip


def _cast(table: pa.Table) -> pa.Table:
    fields = [pa.field(name, pa.string()) for name in (*_TEXT_COLUMNS, "table")]
    fields += [pa.field("at", pa.timestamp("us"))] + [pa.field(name, pa.float64()) for name in ("minutes", "cost", "weight")]
    schema = pa.schema(fields)
    return table.select(schema.names).cast(schema)


def positions(known: NDArray[np.object_], wanted: NDArray[np.object_]) -> NDArray[np.int64]:
    """Where each of `wanted` stands in `known`; -1 when it does not. Of equal ones, the first."""
    place: dict[object, int] = {}
    for position, each in enumerate(known):
        place.setdefault(each, position)
    return np.fromiter((place.get(each, -1) for each in wanted), dtype=np.int64, count=len(wanted))


def numbered(values: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The distinct texts of `values`, in order, and the place of each value among them."""
    coded = pa.array(values, pa.string()).dictionary_encode()
    distinct = coded.dictionary.to_numpy(zero_copy_only=False).astype(object)
    order = np.array(sorted(range(len(distinct)), key=distinct.__getitem__), dtype=np.int64)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return distinct[order], place[codes] if len(codes) else codes


def _scores(rows: pa.Table, company: Company, asked: answers.Answers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The outcome of each comment's response, and its sign: of the outcome, else of the mean of its ratings on their scales."""
    place = positions(asked.response, rows.column("response").to_numpy())
    found = place >= 0
    score, said = np.full(len(place), np.nan), np.full(len(place), np.nan)
    if not len(asked):
        return score, said
    if company.outcome in asked.questions:
        score[found] = asked.column(company.outcome)[place[found]]
        said = outcome_signs(score, company, asked)
    rated = [name for name in asked.questions if name != company.outcome and company.questions[name].bounds]
    if rated:
        scaled = []
        for name in rated:
            low, high = company.questions[name].bounds or (0.0, 1.0)
            scaled.append((asked.column(name) - low) / (high - low))
        whole = np.array(scaled)
        answered = np.isfinite(whole).sum(axis=0)
        mean = np.where(answered > 0, np.nansum(whole, axis=0) / np.maximum(answered, 1), np.nan)
        other = np.full(len(place), np.nan)
        other[found] = sentiment.score_signs(mean, 0.0, 1.0, nps=False)[place[found]]
        said = np.where(np.isnan(said), other, said)
    return score, said


def outcome_signs(values: NDArray[np.float64], company: Company, asked: answers.Answers) -> NDArray[np.float64]:
    """The sign of each outcome score: 1, 0, -1 or NaN. A number without a scale is judged between the extremes given."""
    question = company.questions[company.outcome]
    given = asked.column(company.outcome)
    given = given[np.isfinite(given)]
    extremes = (float(given.min()), float(given.max())) if len(given) else (0.0, 1.0)
    low, high = question.bounds or extremes
    if high <= low:
        return np.where(np.isnan(values), np.nan, 0.0)
    return sentiment.score_signs(values, low, high, nps=question.kind == "nps")


@dataclass(frozen=True)
class Thoughts:
    """The clauses of the distinct texts: clause i is `texts[text[i]][start[i]:end[i]]` and says `distinct[thought[i]]` (folded).

    `distinct` is sorted. `sign` (distinct,) is 1 for praise, -1 for complaint, 0 for neither. `words` (clauses,) counts words.
    """

    text: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    thought: NDArray[np.int64]
    words: NDArray[np.int64]
    word_sign: NDArray[np.int8]
    distinct: list[str]
    sign: NDArray[np.int8]

    def blocks(self) -> list[slice]:
        """The distinct thoughts in blocks that fit in memory."""
        return _blocks(len(self.distinct))


@dataclass(frozen=True)
class Wholes:
    """The distinct texts folded: text i says `distinct[whole[i]]`; `distinct` is sorted.

    `sign` (distinct,) is 1 where the scores given with it praise, -1 where they complain, 0 for neither or without a score;
    `mass` (distinct,) is how many comments say it.
    """

    whole: NDArray[np.int64]
    distinct: list[str]
    sign: NDArray[np.int8]
    mass: NDArray[np.int64]

    def sample(self) -> NDArray[np.int64]:
        """Positions of at most 20,000 distinct texts, the same whatever the order of the records, ascending."""
        if len(self.distinct) <= _SAMPLE:
            return np.arange(len(self.distinct), dtype=np.int64)
        return np.sort(np.argsort(hashes(self.distinct), kind="stable")[:_SAMPLE]).astype(np.int64)

    def blocks(self) -> list[slice]:
        """The distinct texts in blocks that fit in memory."""
        return _blocks(len(self.distinct))


def _blocks(count: int) -> list[slice]:
    return [slice(begin, begin + _BLOCK) for begin in range(0, count, _BLOCK)]


def wholes(comments: Comments) -> Wholes:
    """Every distinct text as one, with what the scores given with it say."""
    said = [folded(each) for each in comments.texts]
    distinct = sorted(set(said))
    number = {each: position for position, each in enumerate(distinct)}
    whole = np.fromiter((number[each] for each in said), dtype=np.int64, count=len(said))
    each = whole[comments.text]
    scored = np.isfinite(comments.said)
    total = np.bincount(each[scored], weights=comments.said[scored], minlength=len(distinct))
    given = np.bincount(each[scored], minlength=len(distinct))
    mean = np.where(given > 0, total / np.maximum(given, 1), 0.0)
    sign = np.where(mean > 1 / 3, 1, np.where(mean < -1 / 3, -1, 0)).astype(np.int8)
    return Wholes(whole, distinct, sign, np.bincount(each, minlength=len(distinct)).astype(np.int64))


def thoughts(comments: Comments) -> Thoughts:
    """Split every distinct text into its thoughts."""
    spans = [clauses(text) for text in comments.texts]
    counts = np.array([len(each) for each in spans], dtype=np.int64)
    text = np.repeat(np.arange(len(spans)), counts)
    start = np.array([begin for each in spans for begin, _ in each], dtype=np.int64)
    end = np.array([last for each in spans for _, last in each], dtype=np.int64)
    said = [folded(words[begin:last]) for words, each in zip(comments.texts, spans, strict=True) for begin, last in each]
    distinct = sorted(set(said))
    number = {each: position for position, each in enumerate(distinct)}
    thought = np.fromiter((number[each] for each in said), dtype=np.int64, count=len(said))
    length = np.zeros(len(distinct), dtype=np.int64)
    listed, denied = np.zeros(len(distinct), dtype=np.int8), np.zeros(len(distinct), dtype=np.int8)
    for begin in range(0, len(distinct), _BLOCK):
        tokens = Tokens.of(distinct[begin : begin + _BLOCK])
        part = slice(begin, begin + tokens.size)
        length[part] = np.bincount(tokens.text, minlength=tokens.size)
        listed[part], denied[part] = sentiment.text_signs(tokens, denial=False), sentiment.text_signs(tokens)
    sign = _signs(comments, text, thought, counts, listed, denied)
    return Thoughts(text, start, end, thought, length[thought], denied[thought], distinct, sign)


def _signs(
    comments: Comments,
    text: NDArray[np.int64],
    thought: NDArray[np.int64],
    counts: NDArray[np.int64],
    listed: NDArray[np.int8],
    denied: NDArray[np.int8],
) -> NDArray[np.int8]:
    """What each distinct thought says, over all comments that hold it: the score, unless one thought of several says the
    opposite."""
    scored = np.isfinite(comments.said)
    total = np.bincount(comments.text[scored], weights=comments.said[scored], minlength=len(counts))
    given = np.bincount(comments.text[scored], minlength=len(counts))
    mean = np.where(given > 0, total / np.maximum(given, 1), 0.0)[text]
    words = listed[thought].astype(float)
    opposed = (counts[text] > 1) & (words * mean < 0)
    each = np.where(opposed, words, np.where(np.abs(mean) > 0, mean, denied[thought]))
    size = max(len(listed), 1)
    average = np.bincount(thought, weights=each, minlength=size) / np.maximum(np.bincount(thought, minlength=size), 1)
    return np.where(average > 1 / 3, 1, np.where(average < -1 / 3, -1, 0)).astype(np.int8)[: len(listed)]
