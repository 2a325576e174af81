"""Text to numbers, times and dates in the engine, refusing what is not one. SQL for `Engine.project`, a layer at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir

from vitalfew.engine import Engine
from vitalfew.listen.zones import FIRST_YEAR, LAST_YEAR, offset_sql
from vitalfew.vocabulary import Kind

BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(8239) || chr(8203) || chr(65279)"
POINT = r"[+-]?((\d+|\d{1,3}(,\d{3})+)(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
COMMA = r"[+-]?((\d+|\d{1,3}(\.\d{3})+)(,\d*)?|,\d+)"
GROUPED = r"[+-]?\d{1,3}([ '’\x{a0}\x{202f}]\d{3})+([.,]\d+)?"
_CLOCK = r"(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)"
MOMENT = (
    r"^(\d{4}|\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{1,2})"
    rf"(?:[T ,]+{_CLOCK}\s*([AaPp]\.?[Mm]\.?)?)?\s*(Z|z|UTC|GMT|[+-]\d{{2}}:?\d{{2}}|[+-]\d{{2}})?$"
)
_PARTS = "['a', 'b', 'c', 'clock', 'half', 'zone']"
BASIC = r"^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?$"


def quote(name: str) -> str:
    """An identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text literal in SQL."""
    return "'" + text.replace("'", "''") + "'"


def cleaned(sql: str) -> str:
    """Text in composed form (NFC), without blanks at its ends; null when nothing is left."""
    return f"nullif(trim(nfc_normalize({sql}), {BLANKS}), '')"


def layer(engine: Engine, table: ir.Table, new: Mapping[str, str]) -> ir.Table:
    """The table with columns added or replaced."""
    if not new:
        return table
    kept = {name: quote(name) for name in table.columns if name not in new}
    return engine.project(table, {**kept, **new})


@dataclass(frozen=True)
class Wanted:
    """One column to be typed: its kind and, for times, how it is written (None: find out) and whether SQL made it (then ISO).

    `words` are the texts a column may hold, in lower case, and what each means; `needed` says that it may not be empty.
    """

    kind: Kind
    format: str | None = None
    made: bool = False
    words: tuple[tuple[str, str], ...] = ()
    needed: bool = False

    @property
    def judged(self) -> bool:
        """Whether a value can be refused."""
        return self.kind != "text" or bool(self.words) or self.needed


@dataclass(frozen=True)
class Style:
    """What a column's own values say about how it is written.

    `comma`: decimals have a comma; `month_first`: 3/1/2026 is the first of March; `unsure`: how many values could be read both ways
    while none decides; `minority`: how many are written the other way, which are refused; `example`: a value of the unsure kind.
    """

    comma: bool = False
    month_first: bool = False
    unsure: int = 0
    minority: int = 0
    example: str = ""


def styles(engine: Engine, table: ir.Table, wanted: Mapping[str, Wanted]) -> dict[str, Style]:
    """How each column is written, told from all of its values in one pass."""
    probes: dict[str, str] = {}
    for name, want in wanted.items():
        if want.made:
            continue
        column = quote(name)
        if want.kind in ("number", "whole"):
            column = _plain(column)
            point, comma = f"regexp_full_match({column}, {literal(POINT)})", f"regexp_full_match({column}, {literal(COMMA)})"
            probes[f"first:{name}"] = f"{comma} AND NOT {point}"
            probes[f"second:{name}"] = f"{point} AND NOT {comma}"
            probes[f"both:{name}"] = f"{point} AND {comma} AND regexp_matches({column}, '[.,]')"
        elif want.kind in ("time", "date") and want.format is None:
            part = [f"TRY_CAST(regexp_extract({column}, {literal(MOMENT)}, {group}) AS INTEGER)" for group in (1, 2, 3)]
            shape = f"regexp_matches({column}, '^\\d{{1,2}}[-/.]\\d{{1,2}}[-/.]\\d{{4}}')"
            probes[f"first:{name}"] = f"{shape} AND {part[1]} > 12 AND {part[0]} <= 12"
            probes[f"second:{name}"] = f"{shape} AND {part[0]} > 12 AND {part[1]} <= 12"
            probes[f"both:{name}"] = f"{shape} AND {part[0]} <= 12 AND {part[1]} <= 12 AND {part[0]} <> {part[1]}"
    if not probes:
        return {}
    flags = engine.project(table, {**probes, **{f"text:{name}": quote(name) for name in wanted}})
    sums: dict[str, Any] = {name: flags[name].cast("int64").sum() for name in probes}
    sums |= {f"some:{name[5:]}": flags[f"text:{name[5:]}"].max(where=flags[name]) for name in probes if name.startswith("both:")}
    row = engine.collect(flags.aggregate(**sums)).to_pylist()[0]
    made: dict[str, Style] = {}
    for name, want in wanted.items():
        if f"both:{name}" not in probes:
            continue
        first, second, both = (int(row[f"{part}:{name}"] or 0) for part in ("first", "second", "both"))
        wins = first > second
        made[name] = Style(
            comma=wins and want.kind in ("number", "whole"),
            month_first=wins and want.kind in ("time", "date"),
            unsure=both if not first and not second else 0,
            minority=min(first, second),
            example=row[f"some:{name}"] or "",
        )
    return made


def typed(engine: Engine, table: ir.Table, wanted: Mapping[str, Wanted], style: Mapping[str, Style], zone: str) -> ir.Table:
    """The table with each wanted column typed, and `=NAME` beside it: the text refused, null where it was not.

    Times become UTC: those without an offset are wall-clock times of `zone`. Dates are taken as written.
    """
    parts: dict[str, str] = {}
    for name, want in wanted.items():
        column = quote(name)
        if want.kind in ("number", "whole"):
            parts[f"n:{name}"] = _plain(column)
        elif want.kind in ("time", "date") and want.format is None:
            dashed = f"regexp_replace({column}, {literal(BASIC)}, '\\1-\\2-\\3 \\4:\\5:\\6\\7')"
            basic = f"CASE WHEN regexp_matches({column}, {literal(BASIC)}) THEN replace({dashed}, ' ::', '') ELSE {column} END"
            parts[f"p:{name}"] = f"regexp_extract({basic}, {literal(MOMENT)}, {_PARTS})"
    staged = layer(engine, table, parts)
    staged = layer(engine, staged, _local(wanted, style))
    values = {name: _value(name, want, style.get(name, Style()), zone) for name, want in wanted.items()}
    named = {f"v:{name}": sql for name, sql in values.items()}
    staged = layer(engine, staged, named)
    final = {name: quote(name) for name in table.columns if name not in wanted}
    for name in wanted:
        final[name] = quote(f"v:{name}")
        told = f"coalesce({quote(name)}, '')" if wanted[name].needed else quote(name)
        final[f"={name}"] = f"CASE WHEN {quote(f'v:{name}')} IS NULL THEN {told} END"
    return engine.project(staged, final)


def _plain(column: str) -> str:
    """SQL for a number's text without blanks or apostrophes between thousands, and with a plain minus."""
    plain = f"replace({column}, chr(8722), '-')"
    bare = f"regexp_replace({plain}, '[ ''’\\x{{a0}}\\x{{202f}}]', '', 'g')"
    return f"CASE WHEN regexp_full_match({plain}, {literal(GROUPED)}) THEN {bare} ELSE {plain} END"


def _local(wanted: Mapping[str, Wanted], style: Mapping[str, Style]) -> dict[str, str]:
    """The wall-clock time and the stated offset in seconds of each time column."""
    made: dict[str, str] = {}
    for name, want in wanted.items():
        if want.kind not in ("time", "date"):
            continue
        column = quote(name)
        if want.format == "excel":
            serial = f"CASE WHEN regexp_full_match({column}, '\\d{{1,7}}(\\.\\d+)?') THEN TRY_CAST({column} AS DOUBLE) END"
            made[f"l:{name}"] = f"TIMESTAMP '1899-12-30' + to_seconds(round({serial} * 86400))"
            made[f"o:{name}"] = "CAST(NULL AS BIGINT)"
        elif want.format is not None:
            made[f"l:{name}"] = f"CAST(try_strptime({column}, {literal(want.format)}) AS TIMESTAMP)"
            made[f"o:{name}"] = "0" if "%z" in want.format else "CAST(NULL AS BIGINT)"
        else:
            made[f"l:{name}"] = _moment(quote(f"p:{name}"), style.get(name, Style()).month_first)
            made[f"o:{name}"] = _offset(f"{quote(f'p:{name}')}.zone")
    return made


def _moment(part: str, month_first: bool) -> str:
    """The wall-clock time of the parts of a date and time; null when there is no such time."""
    day, month = ("b", "a") if month_first else ("a", "b")
    date = (
        f"CASE WHEN length({part}.a) = 4 AND length({part}.c) <= 2 THEN {part}.a || '-' || {part}.b || '-' || {part}.c "
        f"WHEN length({part}.c) = 4 AND length({part}.a) <= 2 "
        f"THEN {part}.c || '-' || {part}.{month} || '-' || {part}.{day} END"
    )
    clock = f"coalesce(nullif(replace({part}.clock, ',', '.'), ''), '00:00')"
    whole = f"TRY_CAST({date} || ' ' || {clock} AS TIMESTAMP)"
    hour = f"CAST(split_part({clock}, ':', 1) AS INTEGER)"
    afternoon = f"lower(left({part}.half, 1)) = 'p'"
    return (
        f"CASE WHEN coalesce({part}.half, '') = '' THEN {whole} "
        f"WHEN {hour} NOT BETWEEN 1 AND 12 THEN NULL "
        f"WHEN {afternoon} AND {hour} < 12 THEN {whole} + INTERVAL 12 HOUR "
        f"WHEN NOT {afternoon} AND {hour} = 12 THEN {whole} - INTERVAL 12 HOUR ELSE {whole} END"
    )


def _offset(zone: str) -> str:
    """Seconds ahead of UTC that a value states; null when it states none; beyond any zone (refused later) when it is impossible."""
    hours = f"TRY_CAST(substr({zone}, 2, 2) AS BIGINT)"
    minutes = f"TRY_CAST(right(replace({zone}, ':', ''), 2) AS BIGINT)"
    some = f"CASE WHEN length({zone}) > 3 THEN {minutes} ELSE 0 END"
    sign = f"CASE WHEN left({zone}, 1) = '-' THEN -1 ELSE 1 END"
    plain = f"upper({zone}) IN ('Z', 'UTC', 'GMT')"
    return f"CASE WHEN coalesce({zone}, '') = '' THEN NULL WHEN {plain} THEN 0 ELSE {sign} * ({hours} * 3600 + {some} * 60) END"


def _value(name: str, want: Wanted, style: Style, zone: str) -> str:
    column = quote(name)
    if want.kind in ("number", "whole"):
        return _number(quote(f"n:{name}"), want.kind == "whole", style.comma)
    if want.kind == "yes_no":
        return (
            f"CASE WHEN lower({column}) IN ('true', 'yes', 'y', '1', 't') THEN true "
            f"WHEN lower({column}) IN ('false', 'no', 'n', '0', 'f') THEN false END"
        )
    if want.kind == "text":
        cases = " ".join(f"WHEN {literal(word)} THEN {literal(meant)}" for word, meant in want.words)
        return f"CASE lower({column}) {cases} END" if cases else column
    local, offset = quote(f"l:{name}"), quote(f"o:{name}")
    real = f"year({local}) BETWEEN {FIRST_YEAR} AND {LAST_YEAR} AND coalesce(abs({offset}), 0) <= 50400"
    if want.kind == "date":
        return f"CASE WHEN {real} THEN CAST({local} AS DATE) END"
    return f"CASE WHEN {real} THEN {local} - to_seconds(coalesce({offset}, {offset_sql(local, zone)})) END"


def _number(text: str, whole: bool, comma: bool) -> str:
    pattern = COMMA if comma else POINT
    plain = f"replace(replace({text}, '.', ''), ',', '.')" if comma else f"replace({text}, ',', '')"
    value = f"CASE WHEN regexp_full_match({text}, {literal(pattern)}) THEN TRY_CAST({plain} AS DOUBLE) END"
    if whole:
        return f"CASE WHEN {value} = floor({value}) AND abs({value}) < 9e15 THEN CAST({value} AS BIGINT) END"
    return f"CASE WHEN isfinite({value}) THEN {value} + 0.0 END"


def reason(want: Wanted, style: Style) -> str:
    """SQL over the column `value` for why a text was refused, and how to mend it."""
    if want.kind in ("number", "whole"):
        other, own = ("point", "comma") if style.comma else ("comma", "point")
        swapped, kept = (POINT, COMMA) if style.comma else (COMMA, POINT)
        number = "whole number" if want.kind == "whole" else "number"
        return (
            f"CASE WHEN regexp_full_match(value, {literal(POINT)}) OR regexp_full_match(value, {literal(COMMA)}) THEN "
            f"CASE WHEN regexp_full_match(value, {literal(swapped)}) AND NOT regexp_full_match(value, {literal(kept)}) "
            f"THEN 'it has a decimal {other} where the column has a decimal {own}; write all one way' "
            f"ELSE 'a number too large, or not a {number}; correct it' END "
            f"ELSE 'not a {number}; write digits alone, e.g. 1234.5, or leave it empty' END"
        )
    if want.kind in ("time", "date"):
        if want.format is not None:
            return literal(f"no date written like {want.format}, or a day that does not exist; correct it, or format")
        return (
            "CASE WHEN regexp_matches(value, '^\\d{1,2}[-/.]\\d{1,2}[-/.]\\d{1,2}(\\D|$)') "
            "THEN 'a year of two digits; write all four, or state its format' "
            f"WHEN regexp_matches(value, {literal(MOMENT)}) OR regexp_matches(value, {literal(BASIC)}) THEN "
            f"'no such date between {FIRST_YEAR} and {LAST_YEAR}; correct it' "
            "WHEN regexp_full_match(value, '\\d+(\\.\\d+)?') THEN 'a number, not a date; for a spreadsheet''s day numbers state "
            "format = \"excel\"' ELSE 'not a date; write 2026-06-30 14:05, or state its format' END"
        )
    if want.kind == "yes_no":
        return literal("neither yes nor no; write true or false")
    if want.words:
        meant = list(dict.fromkeys(meaning for _, meaning in want.words))
        return literal(f"none of {', '.join(meant)}; write one of them")
    if want.needed:
        return literal("empty, and nothing can be told without it; fill it in")
    return literal("the expression failed on this record; correct the value, or the expression")
