"""Surveys with one answer a row: a response, a question, and what was answered.

Such a file is recognised by a column of questions that repeat, and by a response and a question together telling the rows apart.
Its answers are laid out in columns, one for each question, and then judged as those of any other survey.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from vitalfew.listen.proposing import questions
from vitalfew.listen.proposing.columns import Column, counted, words_of
from vitalfew.listen.proposing.profile import Profile
from vitalfew.listen.proposing.roles import Filled

MOST_QUESTIONS = 300
PAIRS = 0.9
"""Share of the rows that a response and a question together tell apart: picks of one question may repeat it."""
_CODE = re.compile(r"(question|item|variable|frage|pregunta|pergunta|questao)( ?(id|code|no|nr|key|number|nummer))?")
_WORDING = re.compile(
    r"(question|item|frage|pregunta|pergunta)( ?(text|name|label|wording|title|libelle|titulo))?|libelle( question)?"
)
_VALUE = re.compile(
    r"(answer|response|numeric)? ?(value|score)|answer|answer (code|number)|rating|antwort|antwort ?wert|wert|reponse|valeur|note|"
    r"respuesta|valor|resposta|nota"
)
_TEXT = re.compile(
    r"(answer|response|open|free)? ?(text|comment|verbatim)|open answer|comments?|freitext|kommentar|antworttext|commentaire|texte|"
    r"texte libre|comentario|texto|texto libre|texto livre"
)
_RESPONSE = re.compile(
    r"(response|respondent|submission|session|survey|answer set|interview|case|participant)( ?(id|no|number|key|token))?|id|ref|"
    r"reference|antwort ?id|fragebogen( ?(id|nr))?|teilnehmer( ?(id|nr))?|id reponse|repondant|id respuesta|encuestado|folio|"
    r"id resposta|respondente"
)


@dataclass(frozen=True)
class Long:
    """The columns of a long survey, and its questions as judged, under the value of the question column."""

    filled: tuple[Filled, ...]
    survey: questions.Read

    @property
    def columns(self) -> frozenset[str]:
        """The columns it is made of."""
        return frozenset(each.column for each in self.filled)


def recognised(profile: Profile) -> Long | None:
    """The long survey a file is, or None."""
    asked = [
        column
        for column in profile.columns
        if (_CODE.fullmatch(words_of(column.name)) or _WORDING.fullmatch(words_of(column.name)))
        and 2 <= column.distinct <= MOST_QUESTIONS
        and column.unique < 0.5
        and column.blank < 0.02
    ]
    # What it is called is kept; how it is worded is its label.
    asked.sort(key=lambda column: (not _CODE.fullmatch(words_of(column.name)), profile.columns.index(column)))
    if not asked:
        return None
    question = asked[0]
    rest = [column for column in profile.columns if column not in asked]
    value = _named(rest, _VALUE, question)
    text = _named([column for column in rest if column is not value], _TEXT, question)
    answers = [column for column in (value, text) if column is not None]
    response = _response(profile, question, [column for column in rest if column not in answers]) if answers else None
    if response is None:
        return None
    reason = f"{response.name!r} and {question.name!r} together tell the rows apart: one answer a row"
    filled = [
        Filled("response", response.name, 0.92, reason),
        Filled("question", question.name, 0.92, f"{question.distinct} questions"),
    ]
    for role, column in (("value", value), ("text", text)):
        if column is not None:
            filled.append(Filled(role, column.name, 0.9, f"called {column.name!r}, what was answered"))
    wording = next((column for column in asked[1:] if column.distinct >= question.distinct), None)
    return Long(tuple(filled), _judged(profile, response, question, answers, wording))


def _named(columns: Sequence[Column], pattern: re.Pattern[str], question: Column) -> Column | None:
    return next((column for column in columns if column.filled and pattern.fullmatch(words_of(column.name))), None)


def _response(profile: Profile, question: Column, columns: Sequence[Column]) -> Column | None:
    """The column of the response an answer belongs to."""
    asked = profile.cells(question.name)
    for column in columns:
        if not _RESPONSE.fullmatch(words_of(column.name)) or column.blank > 0.01 or not 1 < column.distinct < 0.9 * column.filled:
            continue
        pairs = set(zip(profile.cells(column.name), asked, strict=True))
        if len(pairs) >= PAIRS * profile.sampled:
            return column
    return None


def _judged(
    profile: Profile, response: Column, question: Column, answers: Sequence[Column], wording: Column | None
) -> questions.Read:
    """The questions, judged from their answers laid out in columns."""
    rows: dict[str, dict[str, str]] = {}
    order: list[str] = []
    of = [profile.cells(column.name) for column in answers]
    for place, (one, asked) in enumerate(zip(profile.cells(response.name), profile.cells(question.name), strict=True)):
        if one is None or asked is None:
            continue
        name = asked.strip()
        if name not in order:
            order.append(name)
        answer = next((cells[place] for cells in of if cells[place]), None)
        if answer is not None:
            rows.setdefault(one, {})[name] = answer
    names = sorted(order)
    table = pa.table({name: pa.array([row.get(name) for row in rows.values()], pa.string()) for name in names})
    labels = _labels(profile, question, wording) if wording is not None else {}
    columns = tuple(counted(name, table.column(name).to_pylist(), labels.get(name, "")) for name in names)
    laid = replace(profile, columns=columns, sample=table, rows=table.num_rows, sampled=table.num_rows, rare={})
    read = questions.read(laid, columns)
    # A question of few answers in words is one, whatever it is called: it stands in the column of questions.
    choices = tuple(
        questions.Guess(name, "choice", 0.75, f"one of {_distinct(columns, name)} answers", label=labels.get(name, ""))
        for name in read.segments
    )
    order_of = {name: place for place, name in enumerate(names)}
    made = sorted(
        (*(each for each in read.questions if not each.columns and not each.sql), *choices), key=lambda each: order_of[each.column]
    )
    return replace(read, questions=tuple(made), segments={})


def _distinct(columns: Sequence[Column], name: str) -> int:
    return next(column.distinct for column in columns if column.name == name)


def _labels(profile: Profile, question: Column, wording: Column) -> Mapping[str, str]:
    """How each question is worded, most often."""
    found: dict[str, Counter[str]] = {}
    for name, text in zip(profile.cells(question.name), profile.cells(wording.name), strict=True):
        if name and text:
            found.setdefault(name.strip(), Counter())[" ".join(text.split())] += 1
    return {name: max(sorted(texts), key=texts.__getitem__) for name, texts in found.items()}
