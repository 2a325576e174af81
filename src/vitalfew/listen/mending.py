"""Rules of `[[mend]]`: values changed as they are read, before anything is typed, and every change told."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import pyarrow as pa

from vitalfew.engine import Context
from vitalfew.listen.quarantine import Quarantine
from vitalfew.listen.readers import LINE, PATH, SHORT
from vitalfew.listen.sources import Staged
from vitalfew.listen.typed import cleaned, layer, literal, quote
from vitalfew.settings import Company, Mend
from vitalfew.vocabulary import TABLES


@dataclass(frozen=True)
class Mended:
    """A source's records with its rules applied, and the rows of the vocabulary's `mended`."""

    table: ir.Table
    changes: pa.Table


def mended(staged: Staged, company: Company, context: Context, quarantine: Quarantine) -> Mended:
    """Apply the rules of one source in their order: each sees what the one before left."""
    engine, table = context.engine, staged.table
    changes: list[pa.Table] = []
    for number, rule in enumerate(company.mend, 1):
        if rule.source != staged.opened.source.name:
            continue
        column, hit = quote(rule.column), _hit(rule)
        flagged = layer(engine, table, {"_hit": f"coalesce({hit}, false)", "_to": _to(rule)})
        hits = engine.project(
            flagged.filter(flagged["_hit"]),
            {
                "source": literal(rule.source),
                "path": quote(PATH),
                "line": quote(LINE),
                "column": literal(rule.column),
                "value": f"left(coalesce({column}, ''), {SHORT})",
                "to": f"left(coalesce(_to, ''), {SHORT})",
                "rule": f"CAST({number} AS BIGINT)",
                "reason": literal(rule.reason),
            },
        )
        found = engine.collect(hits)
        if not found.num_rows:
            quarantine.remark(
                rule.source, rule.column, rule.value or rule.pattern or "", 0, f"rule {number} of [[mend]] met no value"
            )
            continue
        changes.append(found)
        if rule.leave_out:
            told = pa.array(
                [f"left out by rule {number} of [[mend]]: {rule.reason}; take the rule away to read it"] * found.num_rows
            )
            refused = found.set_column(found.column_names.index("reason"), "reason", told).drop_columns(["to", "rule"])
            quarantine.add_table(refused)
            table = flagged.filter(~flagged["_hit"]).drop("_hit", "_to")
        else:
            changed = layer(engine, flagged, {rule.column: f"CASE WHEN _hit THEN _to ELSE {column} END"})
            table = changed.drop("_hit", "_to")
    schema = TABLES["mended"].schema
    parts = [
        pa.table([each.column(name).cast(schema.field(name).type) for name in schema.names], schema=schema) for each in changes
    ]
    return Mended(table, pa.concat_tables([schema.empty_table(), *parts]))


def _hit(rule: Mend) -> str:
    text = cleaned(quote(rule.column))
    if rule.value is not None:
        return f"{text} = {cleaned(literal(rule.value))}" if rule.value.strip() else f"{text} IS NULL"
    return f"regexp_full_match({text}, {literal(rule.pattern or '')})"


def _to(rule: Mend) -> str:
    if rule.to is None:
        return "CAST(NULL AS VARCHAR)"
    if rule.pattern is None:
        return literal(rule.to)
    return f"regexp_replace({cleaned(quote(rule.column))}, {literal(f'^(?:{rule.pattern})$')}, {literal(rule.to)})"
