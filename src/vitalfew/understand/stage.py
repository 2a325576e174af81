"""The room `understand`: what customers expect, what moves them, what is kept, and what a customer is worth.

Later parts read what earlier ones made: value first, because promises are weighed by it; then promises, because a promise can be a
driver; then drivers, because themes are laid beside them.
"""

from __future__ import annotations

from collections.abc import Callable

import ibis.expr.types as ir
import pyarrow as pa

from vitalfew.engine import Context, Tables
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.understand import drivers, expectations, journey, metrics, promises, themes, value
from vitalfew.vocabulary import arrow_table, readable

# A promise may be measured on any table a source can fill.
READS: tuple[str, ...] = (*readable(), "identities", "segments", "timeline")
WRITES: tuple[str, ...] = (
    "metrics",
    "drivers",
    "levels",
    "promises",
    "promise_checks",
    "point_value",
    "customers",
    "themes",
    "mentions",
    "expectations",
    "journey",
    "paths",
    "draws",
)

Part = Callable[[Tables, Company, Context], Outputs]


def run(tables: Tables, company: Company, context: Context) -> Outputs:
    """Every table of WRITES, with the evidence of each figure and what could not be computed."""
    folder = context.folder / "made"
    folder.mkdir(exist_ok=True)
    valued, worth = value.compute_with_worth(tables, company, context)
    parts: tuple[Part, ...] = (
        lambda *_: valued,
        lambda tables, company, context: promises.compute(tables, company, context, worth),
        drivers.compute,
        metrics.compute,
        themes.compute,
        expectations.compute,
        journey.compute,
    )
    made, draws = [], []
    for part in parts:
        output = part(tables, company, context)
        own = {name: table for name, table in output.tables.items() if name != "draws"}
        if "draws" in output.tables:
            drawn = output.tables["draws"]
            draws.append(drawn if isinstance(drawn, pa.Table) else tables.arrow(drawn))
        so_far = {"draws": arrow_table("draws", pa.concat_tables(draws))} if draws else {}
        tables = tables.with_tables(own | so_far, folder)
        # What was heavy has been written once; it is read back rather than computed again.
        kept = {name: tables[name] if isinstance(table, ir.Table) else table for name, table in own.items()}
        made.append(Outputs(kept, output.steps, output.gaps))
    joined = arrow_table("draws", pa.concat_tables(draws) if draws else [])
    return Outputs.merged([*made, Outputs({"draws": joined})])
