"""What an address asks of a table: conditions, order, columns; every fault found at once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from vitalfew.engine.reader import Operator, Where
from vitalfew.vocabulary import Column, Kind
from vitalfew.web.api.problems import Fault, unknown

OPERATORS: dict[str, Operator] = {
    "eq": "=",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "in": "in",
    "contains": "contains",
    "known": "is known",
}
MOST_CONDITIONS = 20
MOST_VALUES = 200
LONGEST = 500
MOST_ORDER = 4


@dataclass(frozen=True)
class Asked:
    """The conditions, order and columns of one question to a table."""

    where: tuple[Where, ...] = ()
    order: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def asked(columns: Iterable[Column], filters: Iterable[tuple[str, str]], order: str, fields: str, faults: list[Fault]) -> Asked:
    """What is asked of a table with `columns`. Faults are added to `faults`."""
    known = {column.name: column for column in columns}
    where = [each for name, value in filters for each in _condition(known, name, value, faults)]
    if len(where) > MOST_CONDITIONS:
        faults.append(Fault("query", f"{len(where)} conditions", f"ask for at most {MOST_CONDITIONS}"))
    ordered = _named("query.order", order, known, faults, "-")
    if len(ordered) > MOST_ORDER:
        faults.append(Fault("query.order", f"{len(ordered)} columns", f"order by at most {MOST_ORDER}"))
    return Asked(tuple(where), tuple(ordered), tuple(_named("query.fields", fields, known, faults)))


def _named(at: str, text: str, known: dict[str, Column], faults: list[Fault], mark: str = "") -> list[str]:
    """Column names in a list separated by commas; each once."""
    names: list[str] = []
    plain: set[str] = set()
    for each in (each.strip() for each in text.split(",") if each.strip()):
        name = each.removeprefix(mark) if mark else each
        if name not in known:
            faults.append(unknown(at, name, known))
        elif name not in plain:
            plain.add(name)
            names.append(each)
    return names


def _condition(known: dict[str, Column], name: str, text: str, faults: list[Fault]) -> list[Where]:
    at = f"query.{name[:80]}"
    column_name, mark, ending = name.partition("__")
    ending = ending if mark else "eq"
    column = known.get(column_name)
    if column is None or ending not in OPERATORS:
        options = {"limit", "cursor", "order", "fields", "format", "run", "total"}
        faults.append(
            unknown(at, name, options | set(known) if column is None else {f"{column_name}__{each}" for each in OPERATORS})
        )
        return []
    operator = OPERATORS[ending]
    if len(text) > LONGEST * (10 if operator == "in" else 1) or "\x00" in text:
        faults.append(Fault(at, f"longer than {LONGEST} characters, or holds a NUL"))
        return []
    try:
        if operator == "is known":
            return [Where(column.name, "is known" if _yes_no(text) else "is not known")]
        if operator == "contains":
            if column.kind != "text":
                raise ValueError("only texts contain something")
            return [Where(column.name, operator, text)]
        if operator == "in":
            values = text.split(",")
            if len(values) > MOST_VALUES:
                raise ValueError(f"more than {MOST_VALUES} values")
            return [Where(column.name, operator, [READ[column.kind](each) for each in values])]
        return [Where(column.name, operator, READ[column.kind](text))]
    except ValueError as error:
        faults.append(Fault(at, str(error)))
        return []


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError(f"{text[:40]!r} is no whole number")
    return int(text)


def _number(text: str) -> float:
    if not re.fullmatch(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", text) or not math.isfinite(float(text)):
        raise ValueError(f"{text[:40]!r} is no number; write it like 1234.5")
    return float(text)


def _yes_no(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text[:40]!r} is neither true nor false")
    return text == "true"


def _time(text: str) -> datetime:
    """A moment as the tables keep it: UTC without a zone."""
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9:.TZ+ -]+", text):
            raise ValueError
        moment = datetime.fromisoformat(text.replace(" ", "+", 1) if "T" in text else text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is no moment; write it like 2026-03-01T12:00:00Z") from None


def _date(text: str) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no day; write it like 2026-03-01") from None


READ: dict[Kind, Callable[[str], Any]] = {
    "text": str,
    "whole": _whole,
    "number": _number,
    "yes_no": _yes_no,
    "time": _time,
    "date": _date,
}
