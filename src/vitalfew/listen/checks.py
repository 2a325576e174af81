"""What can be told of the sources before their records are read: files, columns, expressions, codebooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from vitalfew.engine import DuckEngine, Engine
from vitalfew.engine.expressions import check
from vitalfew.faults import Fault
from vitalfew.listen.files import File, FileFault, digest, found
from vitalfew.listen.rules import Place, fields, is_long, problems
from vitalfew.listen.sources import FileFaults, Opened, open_file, open_source
from vitalfew.settings import Company, Question, Source

SETTINGS = "company.toml"
Lines = Callable[[Place], int]


def faults_of(company: Company, folder: Path, lines: Lines) -> list[Fault]:
    """Everything wrong with the sources as `vitalfew check` finds it: files, columns, expressions, codebooks.

    `lines` gives the line of company.toml for a place such as ("source", 2, "columns", "at").
    """
    engine = DuckEngine()
    try:
        with TemporaryDirectory() as working:
            _, _, faults = open_all(company, folder, Path(working), engine, lines)
    finally:
        engine.close()
    return sorted(set(faults))


def inputs(company: Company, workspace: Path) -> list[tuple[str, str]]:
    """(path relative to the workspace, SHA-256) of every file the sources name, for content keys. Missing files are left out."""
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
    return [(name, digest(named[name])) for name in sorted(named)]


def _questions(company: Company) -> list[Question]:
    return [*(question for source in company.source for question in source.questions.values()), *company.question]


Books = dict[str, dict[str, str]]
"""Label by code, by the codebook's path."""


def open_all(
    company: Company, workspace: Path, folder: Path, engine: Engine, lines: Lines
) -> tuple[list[Opened], dict[int, Books], list[Fault]]:
    """Open every source and check all that company.toml asks of it."""
    opened: list[Opened] = []
    codebooks: dict[int, Books] = {}
    faults: list[Fault] = []
    for index, source in enumerate(company.source):
        place: Place = ("source", index)
        codebooks[index], wrong = _codebooks(source, company, index, workspace, folder, lines)
        faults += wrong
        try:
            one = open_source(source, index, workspace, folder)
        except FileFault as fault:
            faults.append(Fault(SETTINGS, lines((*place, "path")), f"source {source.name!r}: {fault.what}", fault.mend))
            continue
        except FileFaults as several:
            faults += [Fault(name, fault.line, fault.what, fault.mend) for name, fault in several.faults]
            continue
        opened.append(one)
        faults += _column_faults(one, engine, lines)
        if source.table == "responses" and not source.questions and not is_long(source):
            what = f"source {source.name!r} has no questions"
            mend = "add [source.questions], or map question and value and describe them in [[question]]"
            faults.append(Fault(SETTINGS, lines(place), what, mend))
    return opened, codebooks, faults


def _column_faults(opened: Opened, engine: Engine, lines: Lines) -> list[Fault]:
    faults: list[Fault] = []
    source, columns = opened.source, opened.columns
    for each in fields(source, opened.index):
        wrong = list(problems(each, columns, dict(opened.unusable)))
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
            for what, mend in _binding(each.sql, each.wanted.format, columns, engine)
        ]
    return faults


def _binding(sql: str | None, form: str | None, columns: Sequence[str], engine: Engine) -> list[tuple[str, str]]:
    """What the engine itself has against an expression or a date format, tried on no rows."""
    empty = engine.table(pa.schema([pa.field(name, pa.string()) for name in columns] or [pa.field("-", pa.string())]).empty_table())
    if sql is not None:
        try:
            engine.collect(engine.project(empty, {"made": f"CAST(({check(sql, columns)}) AS VARCHAR)"}))
        except Exception as error:  # whatever the engine raises, it is the expression that is at fault
            said = str(error).splitlines()[0].partition(": ")[2] or str(error)
            return [
                (f"the expression cannot be computed: {said[:160]}", "file columns are text: cast them, e.g. CAST(price AS DOUBLE)")
            ]
    if form is not None and form != "excel":
        try:
            quoted = form.replace("'", "''")
            engine.collect(engine.project(engine.table(pa.table({"x": ["x"]})), {"made": f"try_strptime(x, '{quoted}')"}))
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
