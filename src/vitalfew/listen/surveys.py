"""Answers: the columns of wide surveys, or the rows of long ones, become one row per answer.

A wide record whose answer is off the scale keeps its other answers; the refused one stands in the quarantine.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import ibis
import ibis.expr.types as ir

from vitalfew.engine import Engine
from vitalfew.listen.rules import NUMERIC, Slot
from vitalfew.listen.typed import COMMA, POINT, Style, Wanted, cleaned, literal, quote, reason
from vitalfew.settings import Question

YES = ("yes", "y", "true", "1", "ja", "oui", "si", "sí", "sì", "sim", "tak", "x")
NO = ("no", "n", "false", "0", "nein", "non", "não", "nao", "nie")

_ANSWER = {"question": "VARCHAR", "kind": "VARCHAR", "value": "DOUBLE", "choice": "VARCHAR", "text": "VARCHAR"}
_OF_QUESTION = ("touchpoint", "group")
"""What a question may state of its answers, where the record itself says nothing."""

Codebooks = Mapping[str, Mapping[str, str]]


def prepared(slots: Sequence[Slot]) -> dict[str, str]:
    """SQL for each slot's text with codes for no answer taken away and, for numbers, labels replaced by theirs."""
    made: dict[str, str] = {}
    for slot in slots:
        column, question = quote(slot.name), slot.settings
        branches = []
        if question.blank:
            branches.append(f"WHEN {_blank(column, question)} THEN NULL")
        if question.labels and question.kind in NUMERIC:
            branches += [
                f"WHEN lower({column}) = lower({literal(label)}) THEN {literal(f'{number:.17g}')}"
                for label, number in question.labels.items()
            ]
        if branches:
            made[slot.name] = f"CASE {' '.join(branches)} ELSE {column} END"
    return made


def _blank(column: str, question: Question) -> str:
    words = [literal(str(each).strip().casefold()) for each in question.blank if isinstance(each, str)]
    numbers = [repr(float(each)) for each in question.blank if not isinstance(each, str)]
    tests = [f"lower({column}) IN ({', '.join(words)})"] if words else []
    if numbers:
        plain = f"TRY_CAST(replace({column}, ',', '.') AS DOUBLE)"
        shaped = f"regexp_full_match({column}, {literal(POINT)}) OR regexp_full_match({column}, {literal(COMMA)})"
        tests.append(f"CASE WHEN {shaped} THEN coalesce({plain} IN ({', '.join(numbers)}), false) ELSE false END")
    return " OR ".join(tests)


def wanted(slots: Sequence[Slot]) -> dict[str, Wanted]:
    """The slots that hold numbers."""
    return {slot.name: Wanted("number") for slot in slots if slot.settings.kind in NUMERIC}


def judged(slots: Sequence[Slot], codebooks: Codebooks, have: Container[str]) -> dict[str, str]:
    """SQL that refuses, after typing, what is off the scale, neither yes nor no, or in no codebook.

    `=NAME` becomes what was refused, now or before; `have` are the columns the table has.
    """
    made: dict[str, str] = {}
    for slot in slots:
        column = quote(slot.name)
        refused = quote(f"={slot.name}") if f"={slot.name}" in have else "CAST(NULL AS VARCHAR)"
        bounds, kind = slot.settings.bounds, slot.settings.kind
        if kind in NUMERIC and bounds:
            fits = f"{column} BETWEEN {bounds[0]!r} AND {bounds[1]!r}" + (
                f" AND {column} = floor({column})" if kind == "nps" else ""
            )
            shown = f"regexp_replace(CAST({column} AS VARCHAR), '\\.0$', '')"
            made[slot.name] = f"CASE WHEN {fits} THEN {column} END"
            made[f"={slot.name}"] = f"coalesce({refused}, CASE WHEN NOT ({fits}) THEN {shown} END)"
        elif kind == "yes_no":
            made[f"v:{slot.name}"] = yes = _yes(column, slot.settings)
            made[f"={slot.name}"] = f"coalesce({refused}, CASE WHEN ({yes}) IS NULL THEN {column} END)"
        elif kind == "codes":
            made[f"v:{slot.name}"] = found = _coded(column, codebooks.get(slot.settings.codebook))
            made[f"={slot.name}"] = f"coalesce({refused}, CASE WHEN ({found}) IS NULL THEN {column} END)"
        elif kind not in NUMERIC:
            made[f"={slot.name}"] = refused
    return made


def _yes(column: str, question: Question) -> str:
    words = ", ".join(literal(word.casefold()) for word in (question.yes or YES))
    no = "" if question.yes else f"WHEN lower({column}) IN ({', '.join(map(literal, NO))}) THEN 0.0 "
    otherwise = f"WHEN {column} IS NOT NULL THEN 0.0 " if question.yes else ""
    return f"CASE WHEN lower({column}) IN ({words}) THEN 1.0 {no}{otherwise}END"


def _coded(column: str, book: Mapping[str, str] | None) -> str:
    code = f"regexp_replace({column}, '^(\\d+)\\.0$', '\\1')"
    if book is None:
        return code
    branches = " ".join(f"WHEN {literal(key)} THEN {literal(label)}" for key, label in book.items())
    return f"CASE {code} {branches} END" if branches else "CAST(NULL AS VARCHAR)"


def why(slot: Slot, style: Style) -> str:
    """SQL over the column `value` for why an answer was refused."""
    kind, bounds = slot.settings.kind, slot.settings.bounds
    if kind == "yes_no":
        return literal("neither yes nor no; name the answers that mean yes in yes")
    if kind == "codes":
        return literal(f"no code of {slot.settings.codebook}; add it there, or to blank if it means no answer")
    other = reason(Wanted("number"), style)
    if bounds is None:
        return other
    whole = ", in whole numbers" if kind == "nps" else ""
    off = f"off the scale {bounds[0]:g} to {bounds[1]:g}{whole}; correct it, or add it to blank if it means no answer"
    # What was refused for its scale is shown as the number it was read as, with a point.
    number = f"TRY_CAST(CASE WHEN regexp_full_match(value, {literal(POINT)}) THEN value END AS DOUBLE)"
    outside = f"NOT ({number} BETWEEN {bounds[0]!r} AND {bounds[1]!r})" + (
        f" OR {number} <> floor({number})" if kind == "nps" else ""
    )
    return f"CASE WHEN coalesce(isfinite({number}) AND ({outside}), false) THEN {literal(off)} ELSE {other} END"


def unpivot(engine: Engine, table: ir.Table, slots: Sequence[Slot], common: Sequence[str]) -> ir.Table:
    """One row per answer: the `common` columns, and question, kind, value, choice, text. A repeated choice counts once."""
    if not slots:
        empty = {name: quote(name) for name in common} | {name: f"CAST(NULL AS {kind})" for name, kind in _ANSWER.items()}
        return engine.project(table.filter(ibis.literal(False)), empty)
    cells = [slot for slot in slots if slot.settings.kind not in ("codes", "top_picks")]
    codes = [slot for slot in slots if slot.settings.kind == "codes"]
    whole = [_laid(engine, table, cells, common)] if cells else []
    several = [_laid(engine, table, codes, common)] if codes else []
    for slot in slots:
        if slot.settings.kind == "top_picks":
            answered = table.filter(table[slot.name].notnull() & table[f"={slot.name}"].isnull())
            several.append(_laid(engine, _picks(engine, answered, slot.name, common), [slot], common, judged=False))
    if several:
        whole.append(_union(several).distinct())
    return _union(whole)


def _laid(engine: Engine, table: ir.Table, slots: Sequence[Slot], common: Sequence[str], judged: bool = True) -> ir.Table:
    """A row per answer of these slots, in one walk over the table: a branch per slot would hold a reader of the file each."""
    answers = [_struct(slot, judged) for slot in slots]
    listed = engine.project(table, {**{name: quote(name) for name in common}, "answer": f"[{', '.join(answers)}]"})
    each = listed.select(*common, listed["answer"].unnest().name("answer"))
    each = each.filter(each["answer"].notnull())
    made = {name: each[name] for name in common} | {name: each["answer"][name] for name in _ANSWER}
    for name in _OF_QUESTION:
        if name in made:
            made[name] = ibis.coalesce(each[name], each["answer"][name])
    return each.select(**made)


def _struct(slot: Slot, judged: bool) -> str:
    made = {"question": literal(slot.question), "kind": literal(slot.settings.kind), **_answer(slot)}
    made |= {"touchpoint": _given(slot.settings.touchpoint), "group": _given(slot.settings.group)}
    fields = ", ".join(f"{literal(name)}: CAST({sql} AS {_ANSWER.get(name, 'VARCHAR')})" for name, sql in made.items())
    answered = f"{quote(slot.name)} IS NOT NULL" + (f" AND {quote(f'={slot.name}')} IS NULL" if judged else "")
    return f"CASE WHEN {answered} THEN {{{fields}}} END"


def _given(value: str) -> str:
    return literal(value) if value else "NULL"


def _union(parts: Sequence[ir.Table]) -> ir.Table:
    return parts[0] if len(parts) == 1 else ibis.union(*parts)


def _picks(engine: Engine, table: ir.Table, column: str, common: Sequence[str]) -> ir.Table:
    """A row per pick of a cell that holds several, separated by ; or |."""
    kept = [table[name] for name in common]
    split = table.select(*kept, table[column].re_replace(r"[|]", ";").split(";").unnest().name(column))
    trimmed = engine.project(split, {**{name: quote(name) for name in common}, column: cleaned(quote(column))})
    return trimmed.filter(trimmed[column].notnull())


def _answer(slot: Slot) -> dict[str, str]:
    column = quote(slot.name)
    value, choice, text = "CAST(NULL AS DOUBLE)", "CAST(NULL AS VARCHAR)", "CAST(NULL AS VARCHAR)"
    kind = slot.settings.kind
    if kind in NUMERIC:
        value = f"CAST({column} AS DOUBLE)"
    elif kind == "yes_no":
        value, choice = f"CAST({quote(f'v:{slot.name}')} AS DOUBLE)", column
    elif kind == "codes":
        choice = quote(f"v:{slot.name}")
    elif kind == "text":
        text = column
    else:
        choice = column
        if slot.settings.labels:
            branches = " ".join(
                f"WHEN {literal(label.casefold())} THEN {number!r}" for label, number in slot.settings.labels.items()
            )
            value = f"CAST(CASE lower({column}) {branches} END AS DOUBLE)"
    return {"value": value, "choice": choice, "text": text}
