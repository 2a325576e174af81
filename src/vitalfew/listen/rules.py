"""What company.toml asks of one source, as a list of fields: where each value comes from and what it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vitalfew.engine.expressions import check, columns_of, nearest
from vitalfew.listen.consent import STATES
from vitalfew.listen.mapped import SEGMENT_PREFIX
from vitalfew.listen.typed import Wanted, cleaned, literal, quote
from vitalfew.settings import ColumnRule, Company, LongQuestion, Question, Source
from vitalfew.vocabulary import IDENTITY_COLUMNS, TABLES, Table

Place = tuple[str | int, ...]

KEYS: dict[str, tuple[str, ...]] = {
    "responses": ("response",),
    "orders": ("order",),
    "order_lines": ("line",),
    "people": ("person",),
    "accounts": ("account",),
    "employees": ("employee",),
    "deals": ("deal",),
    "contracts": ("contract",),
    "interactions": ("interaction",),
    "relations": ("relation",),
    "consents": ("consent",),
}
NUMERIC = ("nps", "rating", "number")
SEVERAL = ("codes", "top_picks", "choice")
NO_VALUE = "chr(1)"
"""Stands for an expression that was computed and is null; null itself stands for one that failed."""


@dataclass(frozen=True)
class Field:
    """One value of each record: its name in working tables, where it comes from, what it becomes.

    Exactly one of `column`, `sql` and `value` is given. `shown` names it in the quarantine; `place` is where company.toml says it.
    """

    name: str
    place: Place
    wanted: Wanted
    column: str | None = None
    sql: str | None = None
    value: str | None = None
    shown: str = ""

    def columns(self) -> tuple[str, ...]:
        """The file's columns it reads. Raises ValueError when its expression does not parse."""
        if self.column is not None:
            return (self.column,)
        return columns_of(self.sql) if self.sql is not None else ()


@dataclass(frozen=True)
class Slot:
    """One place answers to a question stand in: a column of a wide survey, or the rows of a long one that hold its name."""

    name: str
    question: str
    settings: Question
    shown: str


def key_rule(source: Source) -> str:
    """The name in [source.columns] that gives a record's own id, '' when none does and the line number serves."""
    for name in (*KEYS.get(source.table, ()), "key", "id"):
        if name in source.columns:
            return name
    return ""


def is_long(source: Source) -> bool:
    """Whether this is a survey with one answer a record."""
    return source.table == "responses" and "question" in source.columns


def fields(source: Source, index: int) -> list[Field]:
    """Every value asked of a source's records, questions of wide surveys included."""
    made = list(_column_fields(source, index))
    for name, rule in source.segments.items():
        made.append(_field(SEGMENT_PREFIX + name, ("source", index, "segments", name), Wanted("text"), rule))
    for name, question in () if is_long(source) else source.questions.items():
        place = ("source", index, "questions", name)
        if question.sql is not None:
            made.append(Field(f"q:{name}", (*place, "sql"), Wanted("text", made=True), sql=question.sql, shown=name))
        elif question.columns:
            made += [
                Field(f"q:{name}:{number}", (*place, "columns"), Wanted("text"), column=column, shown=column)
                for number, column in enumerate(question.columns, 1)
            ]
        else:
            column = question.column or name
            made.append(Field(f"q:{name}", (*place, "column"), Wanted("text"), column=column, shown=column))
    return made


def _column_fields(source: Source, index: int) -> Iterator[Field]:
    table = TABLES[source.table]
    long = is_long(source)
    made_here = {
        "source",
        "key",
        *(("response", "question", "kind", "choice", "value", "text") if source.table == "responses" else ()),
    }
    key = key_rule(source)
    for name, rule in source.columns.items():
        place = ("source", index, "columns", name)
        if name == key:
            yield _field("key", place, Wanted("text"), rule)
        if name in IDENTITY_COLUMNS:
            yield _field(f"_{name}", place, Wanted("text"), rule)
        if name in table.names and name not in made_here:
            yield _field(name, place, _wanted(table, name, rule), rule)
        if long and name in ("question", "value", "text"):
            yield _field(f"long:{name}", place, Wanted("text"), rule)


def _wanted(table: Table, name: str, rule: ColumnRule) -> Wanted:
    """What a column becomes. A statement of consent without a purpose or with a state nobody can tell is worth nothing."""
    words = STATES if (table.name, name) == ("consents", "state") else {}
    needed = table.name == "consents" and name in ("purpose", "state")
    return Wanted(table.column(name).kind, rule.format, rule.sql is not None, tuple(words.items()), needed)


def _field(name: str, place: Place, wanted: Wanted, rule: object) -> Field:
    column, sql, value = (getattr(rule, part) for part in ("column", "sql", "value"))
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, float):
        value = str(int(value)) if value.is_integer() else repr(value)
    return Field(name, place, wanted, column, sql, value, column or str(place[-1]))


def slots(source: Source, company: Company) -> list[Slot]:
    """Where the answers of a survey stand."""
    if is_long(source):
        asked: dict[str, Question] = {question.name: question for question in described(company)} | source.questions
        return [Slot(f"q:{name}", name, question, name) for name, question in asked.items()]
    made: list[Slot] = []
    for name, question in source.questions.items():
        if question.columns:
            made += [Slot(f"q:{name}:{number}", name, question, column) for number, column in enumerate(question.columns, 1)]
        else:
            made.append(Slot(f"q:{name}", name, question, question.column or name))
    return made


def described(company: Company) -> list[LongQuestion]:
    """The questions of long surveys, the first of each name."""
    return list({question.name: question for question in reversed(company.question)}.values())[::-1]


def problems(each: Field, columns: Iterable[str], unusable: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(what is wrong with a field, how to mend it), given the columns its file has."""
    known = list(columns)
    try:
        asked = each.columns()
    except ValueError as error:
        yield f"{each.place[-1]}: {error}", "correct the expression"
        return
    missing = False
    for name in asked:
        if name in known or (each.sql is not None and any(name.casefold() == other.casefold() for other in known)):
            continue
        missing = True
        if name.casefold() in unusable:
            yield f"column {name!r} cannot be used: {unusable[name.casefold()]}", "rename it in the file"
            continue
        close = nearest(name, known)
        listed = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
        yield f"the file has no column {name!r}", f"did you mean {close!r}?" if close else f"it has {listed}"
    if each.sql is not None and not missing:
        try:
            check(each.sql, known)
        except ValueError as error:
            yield f"{each.place[-1]}: {error}", "write one expression over the file's columns, casting text where numbers are meant"


def raw_sql(each: Field, columns: Iterable[str]) -> str:
    """SQL for a field's text. Of an expression: null where it failed, NO_VALUE where it is null."""
    if each.column is not None:
        return cleaned(quote(each.column))
    if each.sql is not None:
        return f"TRY(coalesce({cleaned(f'CAST(({check(each.sql, columns)}) AS VARCHAR)')}, {NO_VALUE}))"
    return cleaned(literal(each.value or ""))


def inputs_sql(each: Field, columns: Iterable[str]) -> str:
    """SQL for the values an expression was computed from, to be shown when it failed."""
    by_fold = {name.casefold(): name for name in columns}
    names = [by_fold.get(name.casefold(), name) for name in each.columns()]
    parts = [f"{literal(name + '=')} || coalesce({quote(name)}, '')" for name in names]
    return f"concat_ws(', ', {', '.join(parts)})" if parts else "''"
