"""company.toml -> typed settings; every fault reported at once, with line and fix."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from vitalfew.circles import cycle_of, path_of
from vitalfew.edits import Edit, OverlaidLines, lay
from vitalfew.engine.expressions import check as check_expression
from vitalfew.engine.patterns import fault as fault_of_pattern
from vitalfew.faults import Fault, Refused
from vitalfew.renaming import Renames
from vitalfew.settings import Company, Initiative, record_of, slug
from vitalfew.toml_lines import Lines
from vitalfew.vocabulary import ABOUT_PEOPLE, IDENTITY_COLUMNS, TABLES, readable

FILE = "company.toml"

KEY_COLUMNS = (
    "key",
    "id",
    "response",
    "order",
    "person",
    "account",
    "employee",
    "deal",
    "contract",
    "interaction",
    "line",
    "relation",
)
LONG_SURVEY = ("question", "value", "text", "kind")


# A company.toml without a source is no fault of what it says: one may be added in the application. A run needs one.
NO_SOURCE = "there is no [[source]]"
FaultsOf = Callable[[Company, Path, Lines], list[Fault]]


# Where the values of an edit stand, in place of a file.
APPLICATION = "application"
# The folder of a workspace whose files a source written in the application may read, and what their names are made of: no way up,
# no pattern.
EXPORTS = "exports"
OWN_PATH = re.compile(rf"{EXPORTS}(/(?!\.)[^/\\*?\[\]\x00-\x1f]+)+")


@dataclass(frozen=True)
class Loaded:
    """Settings, where each of them stands in the file, and the edits that lie on top."""

    company: Company
    lines: Lines
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class Raw:
    """company.toml as it was read, before it is judged."""

    values: dict[str, Any]
    text: str


def load(workspace: Path, faults_of: FaultsOf | None = None, edits: Iterable[Edit] = ()) -> Loaded:
    """Read `workspace`/company.toml, with what people wrote in the application (`edits`) on top.

    Raises `Refused` with every fault found; `faults_of` adds those of the sources to the list.
    """
    listed = tuple(edits)
    raw = read(workspace)
    laid = lay(raw.values, listed)
    lines = OverlaidLines(raw.text, laid)
    company, faults = _judged(laid.values, lines)
    if company is None:
        raise Refused(faults)
    if faults_of is not None and all(source.table in readable() for source in company.source):
        # What has no line was said in the application.
        faults += [
            replace(each, file=APPLICATION) if each.file == FILE and not each.line else each
            for each in faults_of(company, workspace, lines)
        ]
    if faults:
        raise Refused(faults)
    return Loaded(company, lines, listed)


def load_begun(workspace: Path) -> tuple[Raw, Company]:
    """`workspace`/company.toml alone, as read and as settings; it may have no source yet. Raises `Refused` with every fault."""
    raw = read(workspace)
    company, faults = examine(raw)
    faults = [each for each in faults if each.what != NO_SOURCE]
    if company is None or faults:
        raise Refused(faults)
    return raw, company


def examine(raw: Raw, edits: Iterable[Edit] = ()) -> tuple[Company | None, list[Fault]]:
    """Settings and their faults without opening any source; no settings when their shape is wrong. Faults carry their place."""
    laid = lay(raw.values, edits)
    return _judged(laid.values, OverlaidLines(raw.text, laid))


def renames_of(raw: Raw, edits: Iterable[Edit]) -> Renames:
    """What was renamed by `edits`, for showing what calls an entry by a former name."""
    return lay(raw.values, edits).renames


def _judged(values: dict[str, Any], lines: Lines) -> tuple[Company | None, list[Fault]]:
    try:
        company = Company.model_validate(values)
    except ValidationError as error:
        return None, [_shape_fault(each, lines) for each in error.errors()]
    return company, list(_meaning_faults(company, lines))


def read(workspace: Path) -> Raw:
    """`workspace`/company.toml, read and parsed. Raises `Refused` when it is not there or no TOML."""
    path = workspace / FILE
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise Refused(
            [Fault(FILE, 1, f"there is no {FILE} in {workspace}", "give the folder that has one, or try `vitalfew demo`")]
        ) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise Refused(
            [Fault(FILE, line, f"byte {error.object[error.start]:#04x} is not UTF-8", "save the file as UTF-8")]
        ) from None
    except OSError as error:
        raise Refused([Fault(FILE, 1, f"cannot be read: {error.strerror}", "check its rights")]) from None
    try:
        return Raw(tomllib.loads(text), text)
    except tomllib.TOMLDecodeError as error:
        raise Refused([_syntax(error, text)]) from None


def _syntax(error: tomllib.TOMLDecodeError, text: str) -> Fault:
    message = str(error)
    place = message.rpartition("(at line ")[2]
    line = int(place.split(",")[0]) if place[:1].isdigit() else text.count("\n") + 1
    what = message.partition(" (at ")[0]
    return Fault(
        FILE,
        line,
        f"this is not TOML: {what[:1].lower()}{what[1:]}",
        "check quotes, brackets and commas on this line and the one before",
    )


def _shape_fault(error: ErrorDetails, lines: Lines) -> Fault:
    place = error["loc"]
    key = ".".join(str(part) for part in place if not isinstance(part, int)) or FILE
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(place[-1]), _known_keys(place), 1)
        mend = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(_known_keys(place))) or 'nothing'}"
        return _fault(lines, place, f"unknown key {place[-1]!r} in {key.rpartition('.')[0] or 'the file'}", mend)
    if error["type"] == "missing":
        return _fault(lines, place, f"{key} is missing", f"add it: {_meaning(place) or 'see the reference of settings'}")
    message = error["msg"].removeprefix("Value error, ").replace("Input should", "must")
    given = error.get("input")
    # What stands where a secret is wanted may be one.
    secret = error["type"] in ("secret", "address")
    shown = f" Got {given!r} instead" if isinstance(given, str | int | float | bool) and "Got" not in message and not secret else ""
    said = f"{key}: {message}.{shown}" if shown else f"{key}: {message}"
    return _fault(lines, place, said, _meaning(place) or "see the reference of settings")


def _model_at(place: Iterable[str | int]) -> tuple[Any, str]:
    """The settings class that holds the last key of `place`, and that key."""
    model: Any = Company
    last = ""
    for part in place:
        last = str(part)
        if isinstance(part, int) or model is None:
            continue
        field = getattr(model, "model_fields", {}).get(part)
        inner = _inner_model(field.annotation) if field is not None else None
        if inner is not None:
            model = inner
    return model, last


def _inner_model(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None


def _known_keys(place: tuple[str | int, ...]) -> list[str]:
    model, _ = _model_at(place[:-1])
    return list(getattr(model, "model_fields", {}))


def _meaning(place: tuple[str | int, ...]) -> str:
    model, last = _model_at(place)
    field = getattr(model, "model_fields", {}).get(last)
    return field.description or "" if field is not None else ""


# --- what the shape cannot tell: names that must exist, expressions that must parse, cycles --------------------------------------


def _meaning_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    yield from _zone_faults(company, lines)
    yield from _name_faults(company, lines)
    yield from _source_faults(company, lines)
    yield from _written_source_faults(company, lines)
    yield from _mend_faults(company, lines)
    yield from _question_faults(company, lines)
    yield from _group_faults(company, lines)
    yield from _promise_faults(company, lines)
    yield from _initiative_faults(company, lines)
    yield from _benefit_faults(company, lines)
    yield from _limit_faults(company, lines)
    yield from _consent_faults(company, lines)
    yield from _link_faults(company, lines)


def _fault(lines: Lines, place: tuple[str | int, ...], what: str, mend: str) -> Fault:
    edit = lines.edit_at(place) if isinstance(lines, OverlaidLines) else None
    if edit is not None:
        return Fault(APPLICATION, 0, f"{edit.label}: {what}", mend, place)
    return Fault(FILE, lines(place), what, mend, place)


def _near(name: str, known: Iterable[str], otherwise: str) -> str:
    found = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean {found[0]!r}?" if found else otherwise


def _zone_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    zone = company.company.time_zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield _fault(lines, ("company", "time_zone"), f"there is no time zone {zone!r}", "write it like Europe/Paris")


def _name_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    for section in ("source", "group", "promise", "initiative", "theme", "sponsor", "barrier"):
        seen: dict[str, int] = {}
        for index, each in enumerate(getattr(company, section)):
            first = seen.setdefault(slug(each.name), index)
            if first != index:
                line = lines((section, first, "name"))
                where = f"line {line}" if line else "one written in the application"
                yield _fault(
                    lines,
                    (section, index, "name"),
                    f"[[{section}]] {each.name!r} has the same name as {where}",
                    "give each its own name",
                )


def _source_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    names = [source.name for source in company.source]
    if not names:
        yield Fault(FILE, 1, NO_SOURCE, "add one for each export: name, table, path and [source.columns]")
    for index, source in enumerate(company.source):
        place: tuple[str | int, ...] = ("source", index)
        if source.table not in readable():
            mend = _near(source.table, readable(), f"one of {', '.join(readable())}")
            yield _fault(lines, (*place, "table"), f"source {source.name!r}: there is no table {source.table!r} to read into", mend)
            continue
        known = {
            *TABLES[source.table].names,
            *IDENTITY_COLUMNS,
            *KEY_COLUMNS,
            *(LONG_SURVEY if source.table == "responses" else ()),
        }
        for column, rule in source.columns.items():
            if column not in known:
                mend = _near(column, sorted(known), f"columns of {source.table}: {', '.join(TABLES[source.table].names)}")
                yield _fault(
                    lines,
                    (*place, "columns", column),
                    f"source {source.name!r}: table {source.table} has no column {column!r}",
                    mend,
                )
            if rule.of is not None and rule.of not in names:
                mend = _near(rule.of, names, f"sources: {', '.join(names)}")
                yield _fault(
                    lines, (*place, "columns", column), f"source {source.name!r}: {column} is said to be a key of {rule.of!r}", mend
                )
        if source.questions and source.table != "responses":
            yield _fault(
                lines,
                (*place, "questions"),
                f"source {source.name!r} has questions but fills {source.table}",
                'set table = "responses"',
            )


def _written_source_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    """Sources written in the application read files of the folder exports alone.

    Who may write there need not be who runs the machine: its other files, its databases and its network are not for them to name.
    """
    for index, source in enumerate(company.source):
        place: tuple[str | int, ...] = ("source", index)
        if not isinstance(lines, OverlaidLines) or lines.edit_at(place) is None:
            continue
        if source.fetched:
            yield _fault(
                lines,
                (*place, "sql" if source.sql else "url"),
                "a source written in the application reads no database and no web address",
                "write it in company.toml",
            )
        named = [("path", each) for each in source.path]
        named += [("questions", each.codebook) for each in source.questions.values() if each.codebook]
        for key, path in named:
            if not OWN_PATH.fullmatch(path):
                yield _fault(
                    lines,
                    (*place, key),
                    f"a source written in the application reads files of the folder {EXPORTS} alone. Got {path!r} instead",
                    f"name a file as it stands there, e.g. {EXPORTS}/orders.csv, or write the source in company.toml",
                )


def _mend_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    names = [source.name for source in company.source]
    for index, mend in enumerate(company.mend):
        if mend.source not in names:
            how = _near(mend.source, names, f"sources: {', '.join(names)}")
            yield _fault(lines, ("mend", index, "source"), f"[[mend]]: there is no source {mend.source!r}", how)
        wrong = fault_of_pattern(mend.pattern, mend.to or "") if mend.pattern is not None else ""
        if wrong:
            how = "write a regular expression as RE2 knows them, and in to no group that it does not have"
            yield _fault(lines, ("mend", index, "pattern"), f"[[mend]]: the pattern cannot be used: {wrong}", how)


def _question_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    first: dict[str, tuple[str, str, tuple[float, float] | None]] = {}
    for index, source in enumerate(company.source):
        for name, question in source.questions.items():
            place = ("source", index, "questions", name)
            long = "question" in source.columns
            origins = [bool(question.column), bool(question.columns), question.sql is not None]
            if long and any(origins):
                what = f"question {name!r} of a long survey is found by its name in the question column, not by a column of its own"
                yield _fault(lines, place, what, "take column, columns and sql out of it")
            elif not long and sum(origins) != 1:
                yield _fault(lines, place, f"question {name!r} needs exactly one of column, columns and sql", 'e.g. column = "Q1"')
            before = first.setdefault(name, (source.name, question.kind, question.bounds))
            if before[1:] != (question.kind, question.bounds):
                here, there = (f"{kind} {bounds or ''}".strip() for kind, bounds in ((question.kind, question.bounds), before[1:]))
                what = f"question {name!r} is {here} here and {there} in {before[0]!r}"
                yield _fault(lines, place, what, "give it another name, or bring both to one scale with sql")


def _group_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    groups = [group.name for group in company.group]
    used: list[tuple[tuple[str | int, ...], str]] = []
    for index, source in enumerate(company.source):
        used += [(("source", index, "questions", name, "group"), each.group) for name, each in source.questions.items()]
    used += [(("question", index, "group"), question.group) for index, question in enumerate(company.question)]
    used += [(("group", index, "parent"), each.parent) for index, each in enumerate(company.group)]
    used += [(("promise", index, "group"), promise.group) for index, promise in enumerate(company.promise)]
    used += [(("cause", index, "group"), cause.group) for index, cause in enumerate(company.cause)]
    used += [(("theme", index, "group"), theme.group) for index, theme in enumerate(company.theme)]
    used += [(("benefit", index, "group"), benefit.group) for index, benefit in enumerate(company.benefit)]
    used += [(("sponsor", index, "group"), sponsor.group) for index, sponsor in enumerate(company.sponsor)]
    used += [(("barrier", index, "group"), barrier.group) for index, barrier in enumerate(company.barrier)]
    for index, initiative in enumerate(company.initiative):
        used.append((("initiative", index, "group"), initiative.group))
        used += [(("initiative", index, "people", name), name) for name in initiative.people]
    used += [(("limits", "capacity", name), name) for name in company.limits.capacity]
    for place, group in used:
        if group and group not in groups:
            yield _fault(
                lines, place, f"nobody defined the group {group!r}", _near(group, groups, f'add a [[group]] with name = "{group}"')
            )


def _promise_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    questions = company.questions
    for index, promise in enumerate(company.promise):
        if promise.table not in readable():
            mend = _near(promise.table, readable(), f"one of {', '.join(readable())}")
            yield _fault(lines, ("promise", index, "table"), f"promise {promise.name!r}: there is no table {promise.table!r}", mend)
            continue
        for key in ("kept_when", "applies_when"):
            yield from _expression_faults(lines, ("promise", index, key), getattr(promise, key), promise.table)
        if promise.perceived and promise.perceived not in questions:
            mend = _near(promise.perceived, questions, "name a question of a survey")
            yield _fault(
                lines,
                ("promise", index, "perceived"),
                f"promise {promise.name!r}: there is no question {promise.perceived!r}",
                mend,
            )


def _expression_faults(lines: Lines, place: tuple[str | int, ...], sql: str, table: str) -> Iterator[Fault]:
    if not sql:
        return
    try:
        check_expression(sql, TABLES[table].names)
    except ValueError as error:
        yield _fault(
            lines,
            place,
            f"{place[-1]}: {error}",
            f"write one expression over the columns of {table}: {', '.join(TABLES[table].names)}",
        )


def _initiative_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    by_name = {initiative.name: initiative for initiative in company.initiative}
    drivers = {question.driver for question in company.questions.values() if question.driver} | {
        promise.name for promise in company.promise
    }
    for index, initiative in enumerate(company.initiative):
        for key in ("needs", "excludes"):
            for other in getattr(initiative, key):
                if other not in by_name or other == initiative.name:
                    mend = _near(other, [name for name in by_name if name != initiative.name], "name another [[initiative]]")
                    yield _fault(
                        lines,
                        ("initiative", index, key),
                        f"initiative {initiative.name!r} {key} {other!r}, which is not another one",
                        mend,
                    )
        if not initiative.driver and not initiative.removes:
            yield _fault(
                lines,
                ("initiative", index, "name"),
                f"initiative {initiative.name!r} acts on nothing",
                'say driver = "..." or removes = ["..."]',
            )
        if initiative.driver and initiative.driver not in drivers:
            mend = _near(initiative.driver, drivers, f"drivers: {', '.join(sorted(drivers)) or 'none'}")
            yield _fault(
                lines,
                ("initiative", index, "driver"),
                f"initiative {initiative.name!r}: there is no driver {initiative.driver!r}",
                mend,
            )
    cycle = cycle_of(by_name)
    if cycle:
        index = list(by_name).index(cycle[0])
        yield _fault(
            lines,
            ("initiative", index, "needs"),
            f"these need each other in a circle: {' > '.join(cycle)}",
            "take one of the needs out",
        )
    yield from _named_initiative_faults(company, lines, by_name)


def _named_initiative_faults(company: Company, lines: Lines, by_name: dict[str, Initiative]) -> Iterator[Fault]:
    """Initiatives that other sections name, and that must be there."""
    for index, barrier in enumerate(company.barrier):
        for name in barrier.blocks:
            if slug(name) not in {slug(known) for known in by_name}:
                mend = _near(name, by_name, "name an [[initiative]]")
                yield _fault(lines, ("barrier", index, "blocks"), f"[[barrier]]: there is no initiative {name!r}", mend)
    for section in ("raci", "risk", "benefit"):
        key = "work" if section == "raci" else "initiative"
        for index, each in enumerate(getattr(company, section)):
            name = getattr(each, key)
            if name and slug(name) not in {slug(known) for known in by_name}:
                yield _fault(
                    lines,
                    (section, index, key),
                    f"[[{section}]]: there is no initiative {name!r}",
                    _near(name, by_name, "name an [[initiative]]"),
                )


def _benefit_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    for index, benefit in enumerate(company.benefit):
        place: tuple[str | int, ...] = ("benefit", index)
        if benefit.table not in readable():
            mend = _near(benefit.table, readable(), f"one of {', '.join(readable())}")
            yield _fault(lines, (*place, "table"), f"[[benefit]]: there is no table {benefit.table!r}", mend)
            continue
        for key in ("occurs_when", "compared_when"):
            yield from _expression_faults(lines, (*place, key), getattr(benefit, key), benefit.table)
        if benefit.occurs_when and benefit.changed_on is None:
            yield _fault(
                lines,
                (*place, "occurs_when"),
                "[[benefit]] counts occurrences but does not say when the change was made",
                "add changed_on",
            )


def _limit_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    limits = company.limits
    costly = [initiative.name for initiative in company.initiative if initiative.cost > 0]
    if limits.budget and sum(limits.budget.values()) == 0 and costly:
        yield _fault(
            lines,
            ("limits", "budget"),
            f"the budget is 0 in every quarter, so nothing that costs money can be chosen ({len(costly)} initiatives)",
            "give at least one quarter a budget, or take [limits] budget out to plan without money",
        )


def _consent_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    """Statements of consent that cannot be told, and consent asked for that nobody could have given."""
    for index, source in enumerate(company.source):
        missing = [name for name in ("purpose", "state") if name not in source.columns] if source.table == "consents" else []
        for name in missing:
            mend = (
                'e.g. purpose = { value = "analysis" }'
                if name == "purpose"
                else "name the column that says given, refused or withdrawn"
            )
            yield _fault(lines, ("source", index, "columns"), f"source {source.name!r}: consents need the column {name!r}", mend)
    for key, purpose in (("required", "analysis"), ("contact_required", "contact")):
        if getattr(company.consent, key) and not any(source.table == "consents" for source in company.source):
            what = f"consent to {purpose} is required, but no source tells who gave it: it would leave nobody"
            yield _fault(lines, ("consent", key), what, 'add a [[source]] with table = "consents"')


def _link_faults(company: Company, lines: Lines) -> Iterator[Fault]:
    """Decisions on who is who: records of sources about people, and no two people who are one by other decisions."""
    tables = {source.name: source.table for source in company.source}
    same: dict[str, list[str]] = {}
    for index, link in enumerate(company.link):
        for side in ("left", "right"):
            text = str(getattr(link, side))
            found = record_of(text, tables)
            if found is None:
                name = text.partition("#")[0]
                mend = _near(name, tables, f"sources: {', '.join(tables)}")
                yield _fault(lines, ("link", index, side), f"[[link]]: there is no source {name!r}", mend)
            elif tables[found[0]] not in (*ABOUT_PEOPLE, "accounts"):
                what = f"[[link]]: source {found[0]!r} fills {tables[found[0]]}, whose records are no person's and no company's"
                yield _fault(lines, ("link", index, side), what, "name a record that is about a person, or of a source of accounts")
        kinds = {tables[found[0]] == "accounts" for text in (link.left, link.right) if (found := record_of(text, tables))}
        if len(kinds) > 1:
            what = f"[[link]]: one of {link.left!r} and {link.right!r} is a company, the other a person's record"
            yield _fault(lines, ("link", index, "left"), what, "name two records of people, or two of companies")
        if link.decision == "same":
            same.setdefault(link.left, []).append(link.right)
            same.setdefault(link.right, []).append(link.left)
    for index, link in enumerate(company.link):
        path = path_of(same, link.left, link.right) if link.decision == "different" else []
        if path:
            found = record_of(link.left, tables)
            what = "companies" if found is not None and tables[found[0]] == "accounts" else "people"
            what = f"[[link]]: {link.left!r} and {link.right!r} are said to be different {what}, and one: {' = '.join(path)}"
            yield _fault(lines, ("link", index, "decision"), what, "take one of these decisions back")
