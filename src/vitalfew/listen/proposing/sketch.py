"""The proposal for exports as data, for a page that shows it column by column and lets people change it.

`company.toml` is written from the same drafts (`propose`). Here each column of a file is one `ColumnSketch`: what it would become,
how sure, why, and a few of its values. What no single column becomes (an expression over two, a constant, a question over several
columns, a second use of a column) stands in `further`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vitalfew.listen.files import FileFault
from vitalfew.listen.masking import mask
from vitalfew.listen.proposing.columns import Column
from vitalfew.listen.proposing.finding import LeftOut, Together, exports
from vitalfew.listen.proposing.keys import Keys
from vitalfew.listen.proposing.lines import Line
from vitalfew.listen.proposing.profile import Profile, look
from vitalfew.listen.proposing.proposals import Draft, draft, drafted_as, understand
from vitalfew.listen.proposing.propose import source_name
from vitalfew.listen.proposing.questions import outcome_of
from vitalfew.listen.proposing.roles import excel
from vitalfew.listen.proposing.writing import Names, settings_of
from vitalfew.listen.sources import FileFaults

LEFT_OUT = ""
"""The target of a column that is not read."""
SAMPLES, LONGEST_SAMPLE = 4, 60
EXCEL = "excel"
_SHARED = 60


@dataclass(frozen=True)
class ColumnSketch:
    """One column of a file.

    `target` is `columns.NAME`, `segments.NAME`, `questions.NAME` or LEFT_OUT; `rule` what stands there in company.toml. `samples`
    are some of its values with addresses, phones and account numbers masked; `shared` says that they are words or numbers many
    records have in common, which identify nobody. `formats` are forms its dates may have, best first; `bounds` the lowest and
    highest number.
    """

    name: str
    text: str
    kind: str
    filled: float
    distinct: int
    samples: tuple[str, ...]
    shared: bool
    target: str
    rule: Mapping[str, Any]
    confidence: float
    reason: str
    ask: str
    formats: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Further:
    """What is read besides the columns one by one: `target` as of a column, its `rule`, and whether it is proposed (`kept`)."""

    target: str
    rule: Mapping[str, Any]
    confidence: float
    reason: str
    ask: str
    kept: bool


@dataclass(frozen=True)
class SourceSketch:
    """One source proposed: `files` by their names in the folder, `form` what [[source]] says of how they are to be read."""

    name: str
    files: tuple[str, ...]
    form: Mapping[str, Any]
    table: str
    rival: str
    confidence: float
    reason: str
    layout: str
    rows: int
    seen: str
    encoding: str
    refused: int
    refused_reason: str
    columns: tuple[ColumnSketch, ...]
    further: tuple[Further, ...] = ()
    notes: tuple[str, ...] = field(default=())


def sketch(
    folder: Path,
    taken: Sequence[str] = (),
    known: Mapping[str, Sequence[Keys]] | None = None,
    tables: Mapping[str, str] | None = None,
) -> tuple[list[SourceSketch], list[LeftOut]]:
    """The sources the files of `folder` would be, and the files left out.

    `taken` are names of sources that are there already, `known` their keys by table; `tables` says of a file (by name) which table
    somebody chose for it.
    """
    groups, left = exports(folder)
    drafts: list[Draft] = []
    names = set(taken)
    with TemporaryDirectory() as working:
        for files in groups:
            try:
                profile = look(files.files, Path(working))
            except FileFault as fault:
                left.append(LeftOut(files.files[0].name, f"{fault.what}; {fault.mend}"))
                continue
            except FileFaults as several:
                left.append(LeftOut(files.files[0].name, str(several)))
                continue
            made = _drafted(source_name(files.stem, names), files, profile, tables or {})
            names.add(made.name)
            drafts.append(made)
    understand(drafts, known or {})
    return [source_sketch(each) for each in drafts], left


def _drafted(name: str, files: Together, profile: Profile, tables: Mapping[str, str]) -> Draft:
    chosen = tables.get(files.files[0].name, "")
    if chosen:
        return drafted_as(name, files, profile, chosen)
    made = draft(name, files, profile)
    return made if isinstance(made, Draft) else drafted_as(name, files, profile, reason=made)


def source_sketch(each: Draft) -> SourceSketch:
    """A draft whose columns are understood, column by column."""
    profile, form = each.profile, each.profile.form
    given: dict[str, Any] = {"sheet": form.sheet} if form.sheet is not None else {}
    given |= {"skip": form.skip} if form.skip else {}
    given |= {"header_rows": form.header_rows} if form.header_rows > 1 else {}
    found: dict[str, tuple[str, Mapping[str, Any], float, str, str]] = {}
    further: list[Further] = []
    asked: dict[str, tuple[str, str]] = {}

    def take(target: str, rule: Mapping[str, Any], sure: float, reason: str, ask: str, active: bool) -> None:
        column = rule.get("column")
        if column is not None and active and column not in found:
            found[column] = (target, rule, sure, reason, ask)
        elif column is not None and not active:
            asked.setdefault(column, (reason, ask))
        else:
            further.append(Further(target, rule, sure, reason, ask, active))

    for line in each.columns:
        take(f"columns.{line.key}", _rule(line), line.confidence, line.reason, line.ask, line.active)
    if each.survey is not None:
        outcome, sure, why, _rivals = outcome_of(each.survey.questions)
        for one in Names().give(each.name, each.survey.questions):
            is_outcome = one.guess is outcome
            rule = settings_of(one.guess, is_outcome, outcome is not None)
            reason = f"{one.guess.reason}; the outcome: {why}" if is_outcome else one.guess.reason
            name = one.name
            if each.long is not None:  # it is found by its name among the answers
                name = one.guess.column
                rule.pop("column")
            take(f"questions.{name}", rule, min(one.guess.confidence, sure if is_outcome else 1.0), reason, one.guess.ask, True)
    for line in {line.key: line for line in reversed(each.segments)}.values():
        take(f"segments.{line.key}", _rule(line), line.confidence, line.reason, line.ask, line.active)
    unread = dict(each.survey.unread) if each.survey is not None else {}
    if each.survey is not None:
        unread |= {name: f"one of the columns of {stem!r}, which are read together" for name, stem in each.survey.parts.items()}
    columns = tuple(_column(each, column, found, asked, unread) for column in profile.columns)
    notes = [*each.notes, *dict.fromkeys(profile.unusable.values())]
    return SourceSketch(
        each.name,
        tuple(file.name for file in each.files.files),
        given,
        each.table,
        each.rival,
        each.confidence,
        each.reason,
        each.layout.name if each.layout else "",
        profile.rows,
        profile.seen,
        profile.encoding,
        profile.refused,
        mask(profile.reason),
        columns,
        tuple(further),
        tuple(notes),
    )


def _rule(line: Line) -> Mapping[str, Any]:
    made = tomllib.loads(f"x = {line.value}")["x"]
    return {"column": made} if isinstance(made, str) else dict(made)


def _column(
    each: Draft,
    column: Column,
    found: Mapping[str, tuple[str, Mapping[str, Any], float, str, str]],
    asked: Mapping[str, tuple[str, str]],
    unread: Mapping[str, str],
) -> ColumnSketch:
    target, rule, sure, reason, ask = found.get(column.name, (LEFT_OUT, {}, 0.0, "", ""))
    if not target:
        reason, ask = asked.get(column.name, (unread.get(column.name, ""), ""))
    numbers = column.numbers if column.kind in ("whole", "number", "money") else {}
    values = sorted(column.values, key=lambda value: (-column.values[value], value))[:SAMPLES]
    return ColumnSketch(
        column.name,
        column.text,
        column.kind,
        1 - column.blank,
        column.distinct,
        tuple(_sample(value) for value in values),
        column.kind in ("time", "yes_no") or (column.kind in ("word", "whole", "number") and column.distinct <= _SHARED),
        target,
        rule,
        sure,
        reason,
        ask,
        _formats(column),
        (min(numbers), max(numbers)) if numbers else None,
    )


def _sample(value: str) -> str:
    shown = mask(" ".join(value.split()))
    return shown if len(shown) <= LONGEST_SAMPLE else shown[: LONGEST_SAMPLE - 1] + "…"


def _formats(column: Column) -> tuple[str, ...]:
    """Forms of date that fit a column of dates; none where the reader finds out by itself and nothing else is possible."""
    if column.order == "format":
        return column.formats
    if column.order == "undecided":
        return (column.form(month_first=False), column.form(month_first=True))
    return (EXCEL,) if excel(column) else ()
