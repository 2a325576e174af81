"""A source's records in the words of the vocabulary: mapped, typed, refused where they must be, each loaded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vitalfew.engine import Context
from vitalfew.listen import surveys
from vitalfew.listen.mapped import SEGMENT_PREFIX, Mapped
from vitalfew.listen.masking import label_columns, mask, mask_columns, mask_label
from vitalfew.listen.quarantine import Quarantine
from vitalfew.listen.readers import FILE, LINE, PATH, SHORT
from vitalfew.listen.rules import NO_VALUE, SEVERAL, Field, Slot, fields, inputs_sql, is_long, key_rule, raw_sql, slots
from vitalfew.listen.sources import Staged
from vitalfew.listen.typed import Style, Wanted, layer, literal, quote, reason, styles, typed
from vitalfew.settings import Company, Source
from vitalfew.vocabulary import IDENTITY_COLUMNS, TABLES, Kind

PLACE = (LINE, PATH, FILE)
CONTENT = "_content"
REPEATED, REPEATED_OTHERWISE = "repeated: same record", "key repeated with other content"
"""How the reason begins for which a record met before is refused."""
SAID = ("text", "topic")
"""Columns of sentences; the other text columns hold labels. What identifies somebody is masked in both on the way in."""
_SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "whole": "BIGINT",
    "number": "DOUBLE",
    "yes_no": "BOOLEAN",
    "time": "TIMESTAMP",
    "date": "DATE",
}


@dataclass
class Work:
    """One source on its way: what it is mapped by, and where refusals go."""

    staged: Staged
    company: Company
    context: Context
    quarantine: Quarantine
    codebooks: surveys.Codebooks
    fields: list[Field] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)

    @property
    def source(self) -> Source:
        """The source's settings."""
        return self.staged.opened.source

    def save(self, table: ir.Table, step: str) -> ir.Table:
        """Compute a table once, into a working file."""
        target = self.context.folder / f"{step}-{self.staged.opened.index}.parquet"
        self.context.engine.write(table, target, ())
        return self.context.engine.read(target)


def map_source(
    staged: Staged, company: Company, context: Context, quarantine: Quarantine, codebooks: surveys.Codebooks
) -> tuple[Mapped, int]:
    """One source mapped, and how many of its records were loaded.

    Every record staged is either loaded or in the quarantine: for values that are not what their column holds, one row a value; for
    a record met before, one row.
    """
    source = staged.opened.source
    work = Work(staged, company, context, quarantine, codebooks, fields(source, staged.opened.index), slots(source, company))
    raw = work.save(_raw(work), "raw")
    wanted = {each.name: each.wanted for each in work.fields if not each.name.startswith(("q:", "long:"))}
    wanted = {name: want for name, want in wanted.items() if want.judged}
    numbers = surveys.wanted(work.slots)
    style = styles(context.engine, raw, {**wanted, **numbers})
    _remark_styles(work, style)
    table = typed(context.engine, raw, {**wanted, **numbers}, style, company.company.time_zone)
    table = layer(context.engine, table, _failed(work, wanted))
    table = work.save(layer(context.engine, table, surveys.judged(work.slots, codebooks, set(table.columns))), "typed")
    good = _refuse_values(work, table, wanted, style)
    good, loaded = _once(work, good)
    records = _records(work, good, style)
    cuts = [name for name in records.columns if name.startswith(SEGMENT_PREFIX)]
    maskers = {name: mask if name in SAID else mask_label for name in (*label_columns(TABLES[source.table]), *cuts)}
    records = mask_columns(context.engine, records, maskers, work.save)
    return Mapped(source, staged.opened.index, work.save(records, "records")), loaded


def _raw(work: Work) -> ir.Table:
    """Each field's text, and the record's place and content."""
    engine, columns = work.context.engine, work.staged.columns
    table = work.staged.table
    expressions = {each.name: raw_sql(each, columns) for each in work.fields}
    expressions |= {f"?{each.name}": inputs_sql(each, columns) for each in work.fields if each.sql is not None}
    for name in PLACE:
        expressions[name] = quote(name)
    # A file without a usable column has nothing to compare; the line number keeps its records apart.
    content = [quote(name) for name in columns] or [quote(LINE)]
    expressions[CONTENT] = f"hash({', '.join(content)})"
    first = engine.project(table, expressions)
    second: dict[str, str] = {}
    for each in work.fields:
        if each.sql is not None:
            second[each.name] = f"nullif({quote(each.name)}, {NO_VALUE})"
            second[f"?{each.name}"] = f"CASE WHEN {quote(each.name)} IS NULL THEN {quote('?' + each.name)} END"
    staged = layer(engine, first, second)
    if is_long(work.source):
        staged = layer(engine, staged, _long_slots(work))
    return layer(engine, staged, surveys.prepared(work.slots))


def _long_slots(work: Work) -> dict[str, str]:
    """A column for each described question of a long survey, filled in the rows that answer it."""
    have = {each.name for each in work.fields}
    made: dict[str, str] = {}
    for slot in work.slots:
        order = ("long:text", "long:value") if slot.settings.kind == "text" else ("long:value", "long:text")
        given = [quote(name) for name in order if name in have]
        value = f"coalesce({', '.join(given)})" if given else "CAST(NULL AS VARCHAR)"
        made[slot.name] = f'CASE WHEN "long:question" = {literal(slot.question)} THEN {value} END'
    return made


def _failed(work: Work, wanted: Mapping[str, Wanted]) -> dict[str, str]:
    """`=NAME` of fields made by an expression: what it was computed from where it failed."""
    made: dict[str, str] = {}
    for each in work.fields:
        if each.sql is not None:
            kept = (
                quote(f"={each.name}")
                if each.name in wanted or each.name in surveys.wanted(work.slots)
                else "CAST(NULL AS VARCHAR)"
            )
            made[f"={each.name}"] = f"coalesce({quote('?' + each.name)}, {kept})"
    if is_long(work.source):
        known = ", ".join(literal(slot.question) for slot in work.slots) or "''"
        made["=long:question"] = (
            f'CASE WHEN "long:question" IS NULL OR "long:question" NOT IN ({known}) THEN coalesce("long:question", \'\') END'
        )
    return made


def _refuse_values(work: Work, table: ir.Table, wanted: Mapping[str, Wanted], style: Mapping[str, Style]) -> ir.Table:
    """Put refused values into the quarantine; returns the records none of whose own values was refused."""
    engine = work.context.engine
    shown = {each.name: each.shown for each in work.fields} | {slot.name: slot.shown for slot in work.slots}
    slot_of = {slot.name: slot for slot in work.slots}
    flags = [name[1:] for name in table.columns if name.startswith("=")]
    made = {each.name for each in work.fields if each.sql is not None}
    # In a wide survey a refused answer does not cost the record its other answers; in a long one the answer is the record.
    own = [name for name in flags if name not in slot_of or is_long(work.source)]
    counted = engine.collect(table.aggregate(**{name: table[f"={name}"].count() for name in flags})) if flags else pa.table({})
    for name in flags:
        if not counted.column(name)[0].as_py():
            continue
        because = "''"
        if name == "long:question":
            because = literal("no [[question]] describes this question; add one")
        elif name in slot_of:
            because = surveys.why(slot_of[name], style.get(name, Style()))
        elif name in wanted:
            because = reason(wanted[name], style.get(name, Style()))
        failed = quote(f"?{name}") + " IS NOT NULL" if name in made else "false"
        column = shown.get(name, name)
        refused = engine.project(
            table.filter(table[f"={name}"].notnull()),
            {"value": quote(f"={name}"), LINE: quote(LINE), PATH: quote(PATH), "failed": failed},
        )
        _refuse(work, refused, column, f"CASE WHEN failed THEN {reason(Wanted('text'), Style())} ELSE {because} END")
    bad = [table[f"={name}"].notnull() for name in own]
    return table.filter(~ibis.or_(*bad)) if bad else table


def _refuse(work: Work, refused: ir.Table, column: str, because: str) -> None:
    rows = work.context.engine.project(
        refused,
        {
            "source": literal(work.source.name),
            "path": quote(PATH),
            "line": quote(LINE),
            "column": literal(column),
            "value": f"left(value, {SHORT})",
            "reason": because,
        },
    )
    work.quarantine.add_table(work.context.engine.collect(rows))


def _key_sql(work: Work) -> str:
    """The record's own id; the line it stands on when it has none, so that it is still one record and can be found."""
    place = f"CAST({quote(LINE)} AS VARCHAR)"
    if len(work.staged.opened.files) > 1:
        place = f"CAST({quote(FILE)} + 1 AS VARCHAR) || '-' || {place}"
    return f"coalesce(\"key\", 'line ' || {place})" if key_rule(work.source) else place


def _once(work: Work, table: ir.Table) -> tuple[ir.Table, int]:
    """Each record once: surplus ones with the same key go into the quarantine. Returns the rest and how many they are."""
    engine = work.context.engine
    if not key_rule(work.source):
        table = layer(engine, table, {"key": _key_sql(work)})
        return table, _count(work, table)
    nameless = _count(work, table.filter(table["key"].isnull()))
    if nameless:
        work.quarantine.remark(
            work.source.name,
            key_rule(work.source),
            "",
            nameless,
            "records without an id of their own were loaded under their line number",
        )
    table = layer(engine, table, {"key": _key_sql(work)})
    together = ["key"]
    if is_long(work.source):
        table = layer(engine, table, {"_pick": _pick(work)})
        together = ["key", "long:question", "_pick"]
    # Keys alone are counted first: mostly none is repeated, and wide records are never sorted.
    groups = table.group_by(together).aggregate(_rows=table.count())
    repeated = work.save(groups.filter(groups["_rows"] > 1), "repeated")
    if not _count(work, repeated):
        return table, _count(work, table)
    surplus = work.save(_surplus(table, repeated, together), "surplus")
    several_files = len(work.staged.opened.files) > 1
    where = "CAST(_first_line AS VARCHAR)" + (" || ' of ' || _first_path" if several_files else "")
    refused = engine.project(
        surplus,
        {"value": '"key"', LINE: quote(LINE), PATH: quote(PATH), "same": "_content = _first_content", "place": where},
    )
    because = (
        f"CASE WHEN same THEN {literal(REPEATED)} || ' as line ' || place "
        f"ELSE {literal(REPEATED_OTHERWISE)} || '; first at line ' || place || '; give each record its own key' END"
    )
    _refuse(work, refused, _key_column(work), because)
    kept = table.anti_join(surplus, [FILE, LINE])
    return kept, _count(work, kept)


def _surplus(table: ir.Table, repeated: ir.Table, together: Sequence[str]) -> ir.Table:
    """The records after the first of each group of `repeated`, with the place and content of the first."""
    narrow = table.select(*together, FILE, LINE, PATH, CONTENT)
    held = narrow.semi_join(repeated, [narrow[name].identical_to(repeated[name]) for name in together])
    window = ibis.window(group_by=[held[name] for name in together], order_by=[held[FILE], held[LINE]])
    ranked = held.mutate(
        _nth=ibis.row_number().over(window),
        _first_line=held[LINE].first().over(window),
        _first_path=held[PATH].first().over(window),
        _first_content=held[CONTENT].first().over(window),
    )
    return ranked.filter(ranked["_nth"] > 0)


def _pick(work: Work) -> str:
    """SQL for what tells answers of one response to one question apart, where several are meant; '' where one is."""
    several = [literal(slot.question) for slot in work.slots if slot.settings.kind in SEVERAL]
    names = [quote(each.name) for each in work.fields if each.name in ("long:value", "long:text")]
    if not several or not names:
        return "''"
    return f"CASE WHEN {quote('long:question')} IN ({', '.join(several)}) THEN coalesce({', '.join(names)}, '') ELSE '' END"


def _key_column(work: Work) -> str:
    return next((each.shown for each in work.fields if each.name == "key"), "")


def _count(work: Work, table: ir.Table) -> int:
    return int(work.context.engine.collect(table.aggregate(rows=table.count())).column("rows")[0].as_py())


def _records(work: Work, table: ir.Table, style: Mapping[str, Style]) -> ir.Table:
    """Every column `Mapped` promises."""
    engine, source = work.context.engine, work.source
    vocabulary = TABLES[source.table]
    have = set(table.columns)
    made: dict[str, str] = {}
    for column in vocabulary.columns:
        kind = _SQL_TYPES[column.kind]
        made[column.name] = f"CAST({quote(column.name)} AS {kind})" if column.name in have else f"CAST(NULL AS {kind})"
    made["source"], made["key"] = literal(source.name), '"key"'
    for name in IDENTITY_COLUMNS:
        made[f"_{name}"] = quote(f"_{name}") if f"_{name}" in have else "CAST(NULL AS VARCHAR)"
    for name, given in (("person", ("person", "from", "to")), ("account", ("account", "parent")), ("order", ("order",))):
        rules = [source.columns[each] for each in given if each in source.columns]
        made[f"_{name}_of"] = literal(next((rule.of for rule in rules if rule.of), ""))
    made |= {name: quote(name) for name in (LINE, PATH)}
    made |= {SEGMENT_PREFIX + name: quote(SEGMENT_PREFIX + name) for name in source.segments}
    if source.table != "responses":
        return engine.project(table, made)
    made["response"] = f'{literal(source.name + "#")} || "key"'
    return _answers(work, table, made)


def _answers(work: Work, table: ir.Table, made: dict[str, str]) -> ir.Table:
    """One row per answer, with what the record says besides."""
    engine = work.context.engine
    answered = ("question", "kind", "value", "choice", "text")
    common = {name: sql for name, sql in made.items() if name not in answered}
    columns: dict[str, str] = dict(common)
    for slot in work.slots:
        columns |= {name: quote(name) for name in (slot.name, f"={slot.name}", f"v:{slot.name}") if name in table.columns}
    wide = work.save(engine.project(table, columns), "wide")
    long = surveys.unpivot(engine, wide, work.slots, list(common))
    silent = _silent(work, wide)
    if silent:
        work.quarantine.remark(work.source.name, "", "", silent, "responses without any answer; they count nowhere")
    return engine.project(long, {name: quote(name) for name in made})


def _silent(work: Work, wide: ir.Table) -> int:
    some = [wide[slot.name].notnull() & wide[f"={slot.name}"].isnull() for slot in work.slots]
    return _count(work, wide.filter(~ibis.or_(*some))) if some else 0


def _remark_styles(work: Work, style: Mapping[str, Style]) -> None:
    """Say how ambiguous dates and numbers were read."""
    shown = {each.name: each.shown for each in work.fields} | {slot.name: slot.shown for slot in work.slots}
    kinds = {each.name: each.wanted.kind for each in work.fields}
    for name, how in sorted(style.items()):
        dates = kinds.get(name) in ("time", "date")
        if dates and how.unsure:
            work.quarantine.remark(
                work.source.name,
                shown[name],
                how.example,
                how.unsure,
                "day and month cannot be told apart; read as day/month; state format to be sure",
            )
        elif dates and how.month_first:
            work.quarantine.remark(
                work.source.name, shown[name], how.example, 0, "read as month/day, told from dates whose second number is beyond 12"
            )
        elif not dates and how.comma:
            work.quarantine.remark(
                work.source.name, shown[name], how.example, 0, "decimals are written with a comma in this column"
            )
        elif not dates and how.unsure:
            work.quarantine.remark(
                work.source.name,
                shown[name],
                how.example,
                how.unsure,
                "read with a decimal point and , between thousands; no value shows it otherwise",
            )
