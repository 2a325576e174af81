"""Which columns of a wide survey are questions, of which kind, on which scale, and which codes mean no answer.

A number beyond a scale may be its end or mean 'does not apply'. What tells is how its givers answered the other questions: givers
of the best score are above the rest there, givers of a code for no answer are like everybody.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vitalfew.listen.proposing import several
from vitalfew.listen.proposing.columns import Column, words_of
from vitalfew.listen.proposing.profile import Profile

NPS = re.compile(r"recommend|\bnps\b|likelihood|likely|weiterempf|empfehl|recomend|recommand|consigli|polec")
OVERALL = re.compile(
    r"overall|satisf|zufrieden|general|gesamt|experience|score|stars?\b|rating|\bglobale?\b|ensemble|\bgeral\b|puntua|\bnota\b|\bnote\b"
)
ATTRIBUTE = re.compile(
    r"\b(gender|sex|age|country|region|state|city|segment|class|type|plan|tier|language|device|browser|product|store|branch|market|"
    r"group|channel|departamento|land|code|zip|status|sector|industry|geschlecht|alter|filiale|kanal|stadt|abteilung|sexe|pays|ville|"
    r"canal|agence|sexo|edad|pais|ciudad|tienda|sucursal|idade|cidade|loja|estado|segmento|setor)\b"
)
MEASURED = re.compile(
    r"delay|minutes|distance|duration|seconds|hours|amount|price|cost|age\b|income|visits?\b|number of|count|year"
)
TIMED = re.compile(r"\b(delay|minutes|duration|seconds|age|number of|how many|region|browser|zip|code|id)\b")
QUESTION = re.compile(
    r"^q\d|\?|^\d+\.|^(how|what|which|why|would|did|do|does|were|was|is|are|please|wie|was|welche[rs]?|warum|wurden|haben|sind|bitte|"
    r"comment|pourquoi|quel(le)?s?|recommanderiez|avez|como|que|cual|por que|recomendaria|qual|voce|o que|commentaire|comentarios?|"
    r"kommentar|anmerkung(en)?|verbesserung|sugerencias?|sugestao|sugestoes|suggestions?)\b"
)
SENTINELS = frozenset((-1, -8, -9, -99, -999, 77, 88, 97, 98, 99, 777, 888, 997, 998, 999))
UNSURE = 0.7
SELDOM = 0.005
"""A number beside a scale that fewer of the rows hold is asked about, even where it means no answer in other questions."""

_AGREE = ("strongly disagree", "disagree", "neither agree nor disagree", "agree", "strongly agree")
LABELS: tuple[tuple[str, ...], ...] = (
    ("very dissatisfied", "dissatisfied", "neither satisfied nor dissatisfied", "satisfied", "very satisfied"),
    ("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied"),
    ("very unsatisfied", "unsatisfied", "neutral", "satisfied", "very satisfied"),
    (
        "extremely dissatisfied",
        "somewhat dissatisfied",
        "neither satisfied nor dissatisfied",
        "somewhat satisfied",
        "extremely satisfied",
    ),
    _AGREE,
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("strongly disagree", "somewhat disagree", "neither agree nor disagree", "somewhat agree", "strongly agree"),
    ("very poor", "poor", "fair", "good", "very good"),
    ("very poor", "poor", "average", "good", "excellent"),
    ("poor", "fair", "good", "very good", "excellent"),
    ("very difficult", "difficult", "neither easy nor difficult", "easy", "very easy"),
    ("very difficult", "difficult", "neutral", "easy", "very easy"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("not at all", "slightly", "moderately", "very", "extremely"),
    ("sehr unzufrieden", "unzufrieden", "neutral", "zufrieden", "sehr zufrieden"),
    ("très insatisfait", "insatisfait", "neutre", "satisfait", "très satisfait"),
    ("muy insatisfecho", "insatisfecho", "neutral", "satisfecho", "muy satisfecho"),
    ("muito insatisfeito", "insatisfeito", "neutro", "satisfeito", "muito satisfeito"),
    ("stimme gar nicht zu", "stimme nicht zu", "teils, teils", "stimme zu", "stimme voll zu"),
    ("pas du tout d'accord", "pas d'accord", "neutre", "d'accord", "tout à fait d'accord"),
    ("totalmente en desacuerdo", "en desacuerdo", "neutral", "de acuerdo", "totalmente de acuerdo"),
    ("discordo totalmente", "discordo", "neutro", "concordo", "concordo totalmente"),
    ("sehr schlecht", "schlecht", "mittel", "gut", "sehr gut"),
    ("très mauvais", "mauvais", "moyen", "bon", "très bon"),
    ("muy malo", "malo", "regular", "bueno", "muy bueno"),
    ("muito ruim", "ruim", "regular", "bom", "muito bom"),
    ("a1", "a2", "a3", "a4", "a5"),
)
NOT_ASKED = frozenset(
    (
        *("n/a", "na", "not applicable", "don't know", "do not know", "no opinion", "prefer not to say", "-oth-", "unknown"),
        *("k. a.", "k.a.", "keine angabe", "weiß nicht", "sans réponse", "ne sait pas", "sans objet"),
        *("sin respuesta", "no sabe", "ns/nc", "no aplica", "não sei", "sem resposta", "não se aplica"),
    )
)


@dataclass(frozen=True)
class Guess:
    """A question as proposed. `other` are settings that would hold if it is wrong; `ask` says what is unsure, '' if nothing."""

    column: str
    kind: str
    confidence: float
    reason: str
    scale: tuple[int, int] | None = None
    blank: tuple[float | str, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)
    yes: tuple[str, ...] = ()
    label: str = ""
    ask: str = ""
    other: Mapping[str, object] | None = None
    columns: tuple[str, ...] = ()
    sql: str = ""


@dataclass(frozen=True)
class Read:
    """What a survey's columns were taken for: questions, and cuts by which answers are shown (with a reason).

    `parts` says of a column that is one of several of one question which that is.
    """

    questions: tuple[Guess, ...]
    segments: Mapping[str, str]
    unread: Mapping[str, str]
    parts: Mapping[str, str] = field(default_factory=dict)


def read(profile: Profile, columns: Sequence[Column]) -> Read:
    """Judge each of `columns`, those of the file that are not otherwise meant."""
    together = several.groups(columns)
    parts = {column.name: each.stem for each in together for column in each.columns}
    columns = [column for column in columns if column.name not in parts]
    on_scale = {column.name: bounds for column in columns if (bounds := _scale(column))}
    rest = _Rest(profile, {name: bounds for name, (bounds, _) in on_scale.items()})
    questions: list[Guess] = []
    segments: dict[str, str] = {}
    unread: dict[str, str] = {}
    for column in columns:
        guess = _one(column, on_scale, rest)
        if isinstance(guess, Guess):
            questions.append(guess)
        elif guess.startswith("cut"):
            segments[column.name] = guess[3:].lstrip(": ")
        else:
            unread[column.name] = guess
    questions += [_multiple(each) for each in together]
    return Read(tuple(_alike(profile, questions)), segments, unread, parts)


def _multiple(group: several.Group) -> Guess:
    """A question whose answers stand in several columns."""
    names = tuple(column.name for column in group.columns)
    if group.sql:
        return Guess(group.stem, "top_picks", 0.85, group.reason, label=group.label, sql=group.sql)
    ask = "which answers do the codes stand for? Name a file with the columns code and label" if group.coded else ""
    other = {"codebook": "exports/codes.csv"} if group.coded else None
    return Guess(group.stem, "codes", 0.8, group.reason, label=group.label, columns=names, ask=ask, other=other)


def _alike(profile: Profile, guesses: Sequence[Guess]) -> list[Guess]:
    """What means no answer in one question means it in the others of its scale, however seldom it was given there."""
    shown: dict[object, dict[float | str, str]] = {}
    for guess in guesses:
        for code in guess.blank if guess.kind == "rating" and (not guess.ask or _asks_for_more(guess)) else ():
            shown.setdefault(guess.scale, {}).setdefault(code, guess.column)
    made: list[Guess] = []
    for guess in guesses:
        column = profile.column(guess.column)
        known = shown.get(guess.scale, {}) if guess.kind == "rating" else {}
        numbers = column.numbers if column is not None else {}
        rare = profile.rare.get(guess.column, {})
        seen = [code for code in known if isinstance(code, int) and code not in guess.blank]
        more = [code for code in seen if numbers.get(float(code)) or str(code) in rare]
        given = {code: int(numbers.get(float(code), 0)) or rare.get(str(code), 0) for code in more}
        seldom = [code for code in more if column is not None and given[code] < column.filled * SELDOM]
        decided = bool(guess.ask) and not _asks_for_more(guess) and bool(set(guess.blank) & set(known))
        if not more and not decided:
            made.append(guess)
            continue
        kept = re.sub(r"; [\d,]+ off the scale will be in the quarantine", "", guess.reason) if more else guess.reason
        why = "; ".join([kept, *(f"{code} means no answer, as in {known[code]!r}" for code in more)])
        blank = tuple(sorted({*guess.blank, *more}, key=str))
        sure = max(guess.confidence, 0.8) if decided else min(guess.confidence, 0.85)
        ask, other = ("", None) if decided or more else (guess.ask, guess.other)
        if seldom:
            told = ", ".join(f"{code} ({_rows(given[code])})" for code in seldom)
            ask = f"does {told} mean no answer here too? As an answer it would be off the scale and in the quarantine"
            other = {"blank": [code for code in blank if code not in seldom]}
        made.append(replace(guess, blank=blank, reason=why, confidence=sure, ask=ask, other=other))
    return made


def _asks_for_more(guess: Guess) -> bool:
    """Whether what is asked is about a further code for no answer, and not about those that are proposed."""
    other = (guess.other or {}).get("blank")
    return isinstance(other, list) and set(other) > set(guess.blank)


def _one(column: Column, on_scale: Mapping[str, tuple[tuple[int, int], tuple[int, ...]]], rest: _Rest) -> Guess | str:
    """A guess, 'cut: why' for a cut, or why the column is left out."""
    words = words_of(f"{column.name} {column.text}")
    shown = column.name if " " in column.name else column.name.replace("_", " ").strip().capitalize()
    label = column.text or (shown if not re.fullmatch(r"(?i)q?\d+[a-z]?(_\w+)?", column.name) else "")
    if column.kind == "blank":
        return "it is empty"
    if column.name in on_scale:
        bounds, beyond = on_scale[column.name]
        return _scaled(column, bounds, beyond, rest, words, label)
    if column.kind == "text":
        return Guess(column.name, "text", 0.95, f"free text, {column.filled:,} comments", label=label)
    if column.kind == "whole" and set(column.numbers) == {0.0, 1.0}:
        return Guess(column.name, "yes_no", 0.75, "0 or 1", label=label)
    if column.kind in ("whole", "number", "money"):
        if column.identifying and column.unique >= 0.95:
            return "numbers of their own in nearly every row"
        if column.kind == "money" or not MEASURED.search(words):
            return "numbers without a scale, not like an answer"
        return Guess(column.name, "number", 0.75, "a number that is measured", label=label)
    if column.kind in ("time", "email", "phone", "url"):
        return f"it holds {column.kind if column.kind != 'time' else 'date'}s"
    return _worded(column, words, label)


def _worded(column: Column, words: str, label: str) -> Guess | str:
    distinct = {value.casefold(): value for value in column.values}
    answers = set(distinct) - NOT_ASKED
    blank = tuple(sorted(distinct[each] for each in set(distinct) & NOT_ASKED))
    for scale in LABELS:
        if len(answers) >= 2 and answers <= set(scale) and (len(answers) >= 3 or column.kind != "yes_no"):
            numbers = {word: place for place, word in enumerate(scale, 1)}
            why = f"{len(answers)} answers in words from {scale[0]!r} to {scale[-1]!r}"
            return Guess(column.name, "rating", 0.85, why, (1, len(scale)), blank, numbers, label=label)
    if column.kind == "yes_no":
        return Guess(column.name, "yes_no", 0.9, "yes or no", label=label)
    if len(answers) == 2 and OVERALL.search(words):
        good = min(answers, key=lambda word: (bool(re.search(r"\b(not|no|dis|un|neutral)", word)), len(word)))
        why = f"two answers, {distinct[good]!r} the good one"
        ask = f"does {distinct[good]!r} mean yes?"
        other = {"yes": [distinct[next(iter(answers - {good}))]]}
        return Guess(column.name, "yes_no", 0.75, why, blank=blank, yes=(distinct[good],), label=label, ask=ask, other=other)
    several = sum(count for value, count in column.values.items() if ";" in value or "|" in value) / column.filled
    if several >= 0.2:
        return Guess(column.name, "top_picks", 0.7, "several picks in a cell", blank=blank, label=label)
    if column.distinct <= 30 and column.unique < 0.5:
        if QUESTION.search(column.text.casefold() or column.name.casefold()) and not ATTRIBUTE.search(words):
            return Guess(column.name, "choice", 0.8, f"one of {column.distinct} answers", blank=blank, label=label)
        return f"cut: {column.distinct} values"
    if column.unique >= 0.3 and not column.identifying and QUESTION.search(words):
        return Guess(column.name, "text", 0.75, "short free text", label=label)
    return f"{column.distinct:,} different words: neither a choice nor a comment"


def _scale(column: Column) -> tuple[tuple[int, int], tuple[int, ...]] | None:
    """The scale its values lie on, and the values beyond it; None when it is none."""
    if column.kind not in ("whole", "number"):
        return None
    numbers = column.numbers
    total = sum(numbers.values())
    # Stray cells, such as 45 or 3.5 once in a hundred answers, say nothing of the scale.
    least, stray = (max(2, total // 200), max(3, total // 50)) if total >= 100 else (1, 2)
    plain = (value == math.floor(value) and (0 <= value <= 11 or value in SENTINELS) for value in numbers)
    held = {value: count for (value, count), like in zip(numbers.items(), plain, strict=True) if like or count >= stray}
    if any(value != math.floor(value) for value in held) or len(held) > 16 or len(held) < 2:
        return None
    counts = {int(value): count for value, count in held.items()}
    words = words_of(f"{column.name} {column.text}")
    if TIMED.search(words):
        return None
    core = sorted(value for value in counts if value not in SENTINELS and value >= 0 and counts[value] >= least)
    if len(core) < 2 or core[-1] > 11 or core == [0, 1]:
        return None
    bounds = _bounds(core, counts, bool(NPS.search(words)))
    beyond = (value for value in sorted(counts) if not bounds[0] <= value <= bounds[1])
    return bounds, tuple(value for value in beyond if counts[value] >= least)


def _bounds(core: Sequence[int], counts: Mapping[int, int], recommends: bool) -> tuple[int, int]:
    """The scale most of the values lie on. What stands beside it is judged afterwards."""
    total = sum(counts[value] for value in core)
    present = set(core)
    if recommends and (core[-1] >= 6 or core[0] == 0):
        return 0, 10
    # Where next to nobody gives 1, nobody giving 0 is no sign that the scale begins at 1.
    ten = (0, 10) if 0 in counts or counts.get(1, 0) < 0.01 * total else (1, 10)
    if core[-1] == 11 or {6, 7, 8} <= present:
        return (1, 7) if not present & {9, 10} and _inside(core, counts, 7) >= 0.9 * total else ten
    for high in (3, 4):
        if core[-1] == high and present == set(range(1, high + 1)):
            return 1, high
    if core[-1] <= 6 or _inside(core, counts, 5) >= 0.7 * total:
        return 1, 5
    return (1, 7) if core[-1] <= 8 else ten


def _inside(core: Sequence[int], counts: Mapping[int, int], high: int) -> int:
    return sum(counts[value] for value in core if 1 <= value <= high)


def _scaled(column: Column, bounds: tuple[int, int], beyond: tuple[int, ...], rest: _Rest, words: str, label: str) -> Guess:
    low, high = bounds
    blank = [value for value in beyond if value in SENTINELS or value < 0]
    said = [f"{', '.join(map(str, blank))} beyond the scale"] if blank else []
    ask = ""
    other: dict[str, object] | None = None
    sure = 0.92
    for value in beyond:
        if value in blank:
            continue
        verdict, why = rest.judged(column.name, value, bounds)
        if verdict == "unsure" and column.numbers.get(float(value), 0) < 0.01 * column.filled:
            continue
        said.append(why)
        wider = [min(low, value), max(high, value)]
        if verdict == "end":
            low, high = wider
            sure = 0.75
            ask, other = f"is {value} the end of the scale, or no answer?", {"scale": list(bounds), "blank": [*blank, value]}
            continue
        blank.append(value)
        sure = min(sure, 0.85 if verdict == "blank" else 0.6)
        if sure < UNSURE:
            ask = f"does {value} mean no answer, or is it on the scale?"
            other = {"scale": wider, "blank": [each for each in blank if each != value]}
    seen = {int(number) for number in column.numbers}
    if bounds == (0, 10):
        kind, sure, why, ask, other = _ten(words, seen, sure, ask, other)
    else:
        kind, why = "rating", f"whole numbers {low} to {high}"
        if high not in seen and not ask:
            ask, sure = f"nobody answered {high}: does the scale end there?", 0.65
            other = {"scale": [low, max(seen - set(blank))]}
    off = {number: count for number, count in column.numbers.items() if not low <= number <= high and number not in blank}
    if off:
        said.append(f"{sum(off.values()):,} off the scale will be in the quarantine")
    beside = [int(number) for number in off if number in (low - 1, high + 1) and number >= 0]
    if beside and not ask and kind == "rating":
        given = " and ".join(f"{number} ({_rows(int(off[number]))})" for number in beside)
        ask = f"does {given} mean no answer? It is off the scale"
        other = {"blank": sorted([*blank, *beside])}
    reason = "; ".join([why, *said])
    scale = None if kind == "nps" else (low, high)
    return Guess(column.name, kind, round(sure, 2), reason, scale, tuple(sorted(blank)), label=label, ask=ask, other=other)


def _ten(
    words: str, seen: set[int], sure: float, ask: str, other: dict[str, object] | None
) -> tuple[str, float, str, str, dict[str, object] | None]:
    """A scale of 0 to 10: the question whether one recommends, or a rating."""
    if NPS.search(words):
        return "nps", max(sure, 0.9), "0 to 10, and it asks about recommending", ask, other
    if ask:
        return "nps", min(sure, 0.6), "0 to 10", ask, other
    why = "0 to 10, as recommending is asked" + ("" if 0 in seen else ", though nobody gave 0")
    scale = [0 if 0 in seen else 1, 10]
    return "nps", 0.65, why, "is this whether one recommends?", {"kind": "rating", "scale": scale}


class _Rest:
    """For each row, how it answers all scaled questions but one, each brought to 0 to 1."""

    def __init__(self, profile: Profile, scales: Mapping[str, tuple[int, int]]) -> None:
        self._places = {name: place for place, name in enumerate(scales)}
        self._raw = np.full((profile.sampled, len(scales)), np.nan)
        self._unit = np.full((profile.sampled, len(scales)), np.nan)
        for name, place in self._places.items():
            low, high = scales[name]
            values = np.array([_number(cell) for cell in profile.cells(name)])
            self._raw[:, place] = values
            inside = (values >= low) & (values <= high)
            self._unit[inside, place] = (values[inside] - low) / (high - low)

    def judged(self, name: str, value: int, bounds: tuple[int, int]) -> tuple[str, str]:
        """('blank' | 'end' | 'unsure', why) for a value next to a scale, by how its givers answer the other questions."""
        place = self._places[name]
        others = np.delete(self._unit, place, axis=1)
        answered = ~np.isnan(others).all(axis=1) if others.shape[1] else np.zeros(len(others), dtype=bool)
        if not answered.any():
            return "unsure", f"{value} stands beside the scale"
        mean = np.full(len(others), np.nan)
        mean[answered] = np.nanmean(others[answered], axis=1)
        own = self._raw[:, place]
        edge, inner = (bounds[1], bounds[1] - 1) if value > bounds[1] else (bounds[0], bounds[0] + 1)
        groups = [mean[answered & (own == each)] for each in (value, edge, inner)]
        if any(len(group) < 8 for group in groups):
            return "unsure", f"{value} stands beside the scale, given too seldom to tell"
        given, end, before = (float(group.mean()) for group in groups)
        everybody = float(mean[answered & (own >= bounds[0]) & (own <= bounds[1])].mean())
        verdict = no_answer(given, end, before, everybody)
        if verdict == "unsure":
            return verdict, f"{value} stands beside the scale, and its givers cannot be told from others"
        if verdict == "blank":
            return verdict, f"{value} means no answer: who gave it answers the rest like everybody, not like those who gave {edge}"
        return verdict, f"{value} is on the scale: who gave it answers the rest as beyond {edge}"


def no_answer(given: float, end: float, before: float, everybody: float) -> str:
    """Whether a number beside a scale means no answer ('blank'), is its true end ('end'), or cannot be told ('unsure').

    Each argument is the mean, 0 to 1, of how some respondents answered the other questions: those who gave the number, those who
    gave the end of the scale next to it, those who gave the one before that, and all who answered on the scale. See
    docs/algorithms/proposing.md.
    """
    if abs(end - everybody) < 0.02 or (end - everybody) * (end - before) <= 0:
        return "unsure"
    expected = end + (end - before)
    near = abs(given - everybody) < min(abs(given - expected), abs(end - everybody))
    return "blank" if near else "end"


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"


def _number(cell: str | None) -> float:
    try:
        return float(cell.replace(",", ".")) if cell else math.nan
    except ValueError:
        return math.nan


def outcome_of(questions: Sequence[Guess]) -> tuple[Guess | None, float, str, list[Guess]]:
    """The question drivers are to explain: which, how sure, why, and others it could be."""
    scaled = [each for each in questions if each.kind in ("nps", "rating", "yes_no")]
    nps = [each for each in scaled if each.kind == "nps" and NPS.search(words_of(f"{each.column} {each.label}"))]
    if nps:
        return nps[0], 0.95, "whether one recommends", []
    overall = [each for each in scaled if OVERALL.search(words_of(f"{each.column} {each.label}"))]
    tens = [each for each in scaled if each.kind == "nps"]
    named = sorted(overall, key=lambda each: (each.kind != "yes_no", not re.search("overall|gesamt", words_of(each.column))))
    if len(tens) == 1:
        return tens[0], 0.75, "the only answer from 0 to 10", named[:2]
    whole = [
        each
        for each in named
        if re.match(r"(overall|satisf|gesamt|zufrieden|review score|score|rating|stars)", words_of(each.column))
    ]
    if whole:
        return whole[0], 0.8, "it speaks of the whole", [each for each in named if each is not whole[0]][:2]
    if len(scaled) == 1:
        return scaled[0], 0.8, "the only answer on a scale", []
    if scaled:
        return scaled[0], 0.5, "the first answer on a scale", scaled[1:4]
    return None, 0.0, "", []
