"""What can be told of the sources before their records are read: files, columns, expressions, codebooks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from vitalfew.engine import Context, DuckEngine, Engine
from vitalfew.engine.dialect import try_out
from vitalfew.engine.expressions import check, nearest
from vitalfew.faults import Fault
from vitalfew.listen.fetching import fault_of, probe
from vitalfew.listen.files import File, FileFault, digest, found
from vitalfew.listen.keeping import folder_of, kept_of
from vitalfew.listen.origins import OriginFault
from vitalfew.listen.readers import Header, Refuse
from vitalfew.listen.rules import Place, fields, is_long, problems
from vitalfew.listen.sources import FileFaults, Opened, open_file, open_kept, open_source
from vitalfew.settings import Company, Question, Source

SETTINGS = "company.toml"
Lines = Callable[[Place], int]


def faults_of(company: Company, folder: Path, lines: Lines) -> list[Fault]:
    """Everything wrong with the sources as `vitalfew check` finds it: files, connections, columns, expressions, codebooks.

    Databases and web addresses are asked for their columns, not for their rows. `lines` gives the line of company.toml for a place
    such as ("source", 2, "columns", "at").
    """
    engine = DuckEngine()
    try:
        with TemporaryDirectory() as working:
            _, _, faults = open_all(company, folder, Path(working), engine, lines, asking=True)
    finally:
        engine.close()
    return sorted(set(faults))


def faults_of_kept(company: Company, context: Context, lines: Lines) -> list[Fault]:
    """What company.toml asks of databases and web addresses, and what was read of them does not have."""
    faults: list[Fault] = []
    for index, source in enumerate(company.source):
        if source.fetched:
            _, wrong = _open(source, index, context.workspace, context.folder, context.engine, lines, asking=False)
            faults += wrong
    return faults


def inputs(company: Company, workspace: Path) -> list[tuple[str, str]]:
    """(path relative to the workspace, SHA-256) of every file the sources name, for content keys. Missing files are left out.

    Of a database or web address it is what is kept, under the name of the source.
    """
    named: dict[str, Path] = {}
    for source in company.source:
        for pattern in source.path:
            try:
                named |= {file.name: file.path for file in found(workspace, [pattern])}
            except FileFault:
                continue
    for question in _questions(company):
        if question.codebook and (workspace / question.codebook).is_file():
            named[question.codebook] = workspace / question.codebook
    kept = [(f"source {source.name}", _digest_kept(source, workspace)) for source in company.source if source.fetched]
    return [*((name, digest(named[name])) for name in sorted(named)), *kept]


def _digest_kept(source: Source, workspace: Path) -> str:
    found = kept_of(folder_of(source, workspace))
    return found.sha256 if found else ""


def _questions(company: Company) -> list[Question]:
    return [*(question for source in company.source for question in source.questions.values()), *company.question]


Books = dict[str, dict[str, str]]
"""Label by code, by the codebook's path."""


def open_all(
    company: Company, workspace: Path, folder: Path, engine: Engine, lines: Lines, asking: bool = False
) -> tuple[list[Opened], dict[int, Books], list[Fault]]:
    """Open every source and check all that company.toml asks of it.

    `asking` asks databases and web addresses themselves; otherwise what is kept of them is opened.
    """
    opened: list[Opened] = []
    codebooks: dict[int, Books] = {}
    faults: list[Fault] = []
    for index, source in enumerate(company.source):
        codebooks[index], wrong = _codebooks(source, company, index, workspace, folder, lines)
        faults += wrong
        one, wrong = _open(source, index, workspace, folder, engine, lines, asking)
        faults += wrong
        if one is not None:
            opened.append(one)
            faults += _mend_faults(one, company, lines)
        if source.table == "responses" and not source.questions and not is_long(source) and (one is not None or source.fetched):
            what = f"source {source.name!r} has no questions"
            mend = "add [source.questions], or map question and value and describe them in [[question]]"
            faults.append(Fault(SETTINGS, lines(("source", index)), what, mend))
    return opened, codebooks, faults


def _open(
    source: Source, index: int, workspace: Path, folder: Path, engine: Engine, lines: Lines, asking: bool
) -> tuple[Opened | None, list[Fault]]:
    """One source opened, and what is wrong with it or its columns."""
    place: Place = ("source", index)
    try:
        if source.fetched and asking:
            header = probe(source, workspace, os.environ)
            if header is None:
                return None, []
            one = Opened(source, index, (File(workspace, source.name),), (_Asked(header),), source.name)
        elif source.fetched:
            one = open_kept(source, index, workspace, engine)
        else:
            one = open_source(source, index, workspace, folder)
    except OriginFault as fault:
        return None, [fault_of(source, index, fault, lines)]
    except FileFault as fault:
        key = "path" if source.path else "sql" if source.sql else "url"
        return None, [Fault(SETTINGS, lines((*place, key)), f"source {source.name!r}: {fault.what}", fault.mend)]
    except FileFaults as several:
        return None, [Fault(name, fault.line, fault.what, fault.mend) for name, fault in several.faults]
    return one, _column_faults(one, lines)


@dataclass
class _Asked:
    """The columns of a source whose rows are not read."""

    header: Header
    encoding: str = ""

    def batches(self, refuse: Refuse) -> Iterator[pa.Table]:
        """Never asked for."""
        raise NotImplementedError


def _column_faults(opened: Opened, lines: Lines) -> list[Fault]:
    faults: list[Fault] = []
    source, columns = opened.source, opened.columns
    if source.control is not None and source.control.column and source.control.column not in columns:
        close = nearest(source.control.column, columns)
        what = f"source {source.name!r}: the file has no column {source.control.column!r}"
        mend = f"did you mean {close!r}?" if close else "name a column of the file"
        faults.append(Fault(SETTINGS, lines(("source", opened.index, "control", "column")), what, mend))
    for each in fields(source, opened.index):
        wrong = list(problems(each, columns, dict(opened.unusable)))
        if source.fetched:
            wrong = [(what.replace("the file has", "its answer has"), mend) for what, mend in wrong]
        faults += [Fault(SETTINGS, lines(each.place), f"source {source.name!r}: {what}", mend) for what, mend in wrong]
        if wrong:
            continue
        for column in each.columns():
            lacking = opened.lacking(next((name for name in columns if name.casefold() == column.casefold()), column))
            if lacking:
                what = f"source {source.name!r}: {len(lacking)} of its files have no column {column!r}: {', '.join(lacking[:3])}"
                faults.append(Fault(SETTINGS, lines(each.place), what, "give files of another form a source of their own"))
        faults += [
            Fault(SETTINGS, lines(each.place), f"source {source.name!r}: {what}", mend)
            for what, mend in _binding(each.sql, each.wanted.format, columns)
        ]
    return faults


def _mend_faults(opened: Opened, company: Company, lines: Lines) -> list[Fault]:
    """What is wrong with the rules of [[mend]] for a source: columns it does not have."""
    faults: list[Fault] = []
    for index, rule in enumerate(company.mend):
        if rule.source != opened.source.name:
            continue
        if rule.column not in opened.columns:
            close = nearest(rule.column, opened.columns)
            mend = f"did you mean {close!r}?" if close else "name a column of the file"
            what = f"[[mend]]: source {rule.source!r} has no column {rule.column!r}"
            faults.append(Fault(SETTINGS, lines(("mend", index, "column")), what, mend))
    return faults


def _binding(sql: str | None, form: str | None, columns: Sequence[str]) -> list[tuple[str, str]]:
    """What DuckDB, whose dialect it is, has against an expression or a date format, tried on no rows."""
    empty = pa.schema([pa.field(name, pa.string()) for name in columns] or [pa.field("-", pa.string())]).empty_table()
    if sql is not None:
        try:
            try_out({"made": f"CAST(({check(sql, columns)}) AS VARCHAR)"}, empty)
        except Exception as error:  # whatever the engine raises, it is the expression that is at fault
            said = str(error).splitlines()[0].partition(": ")[2] or str(error)
            return [
                (f"the expression cannot be computed: {said[:160]}", "file columns are text: cast them, e.g. CAST(price AS DOUBLE)")
            ]
    if form is not None and form != "excel":
        try:
            quoted = form.replace("'", "''")
            try_out({"made": f"try_strptime(x, '{quoted}')"}, pa.table({"x": ["x"]}))
        except Exception:  # as above
            return [(f"there is no date format {form!r}", "write it like %d/%m/%Y %H:%M, or excel for day numbers")]
    return []


def _codebooks(
    source: Source, company: Company, index: int, workspace: Path, folder: Path, lines: Lines
) -> tuple[Books, list[Fault]]:
    """The codebooks of a source's questions, by file."""
    asked: dict[str, Place] = {}
    for name, question in source.questions.items():
        if question.codebook:
            asked.setdefault(question.codebook, ("source", index, "questions", name, "codebook"))
    if is_long(source):
        for position, described in enumerate(company.question):
            if described.codebook:
                asked.setdefault(described.codebook, ("question", position, "codebook"))
    books: Books = {}
    faults: list[Fault] = []
    for path, place in asked.items():
        file = File(workspace / path, path)
        if not file.path.is_file():
            faults.append(
                Fault(SETTINGS, lines(place), f"there is no codebook {path}", "put it there: a file with columns code and label")
            )
            continue
        try:
            books[path] = read_codebook(file, source, folder)
        except FileFault as fault:
            faults.append(Fault(path, fault.line, fault.what, fault.mend))
    return books, faults


def read_codebook(file: File, source: Source, folder: Path) -> dict[str, str]:
    """Label by code, from the columns code and label, or the first two.

    Raises FileFault when a code stands twice or a line is malformed.
    """
    plain = source.model_copy(
        update={"format": None, "encoding": None, "delimiter": None, "sheet": None, "skip": 0, "header_rows": 1}
    )
    reader = open_file(file, plain, folder)
    names = {name.casefold(): name for name in reader.header.columns}
    if len(names) < 2:
        raise FileFault("a codebook needs two columns, code and label", "write code,label on its first line")
    columns = [names.get("code", reader.header.columns[0]), names.get("label", reader.header.columns[1])]
    book: dict[str, str] = {}
    wrong: list[FileFault] = []
    for batch in reader.batches(lambda line, _c, _v, reason: wrong.append(FileFault(reason, "correct the codebook", line))):
        lines, codes, labels = (batch.column(name).to_pylist() for name in ("_line", *columns))
        for line, code, label in zip(lines, codes, labels, strict=True):
            if not code or not code.strip():
                continue
            if code.strip() in book:
                wrong.append(FileFault(f"code {code.strip()!r} stands twice", "keep one of them", line))
            book.setdefault(code.strip(), (label or code).strip())
    if wrong:
        raise wrong[0]
    return book
