"""Small tables for tests: rows written as the vocabulary's Parquet files and read back through the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from vitalfew.engine import Context, Tables
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.vocabulary import arrow_table


def tables_of(context: Context, **rows: Iterable[Mapping[str, Any]] | pa.Table) -> Tables:
    """`Tables` holding the rows given, e.g. `tables_of(context, orders=[{"source": "shop", "key": "1"}])`."""
    folder = context.folder.parent / "tables"
    folder.mkdir(exist_ok=True)
    for name, given in rows.items():
        pq.write_table(arrow_table(name, given), folder / f"{name}.parquet")
    return Tables(context.engine, {name: folder / f"{name}.parquet" for name in rows})


def company_of(**sections: Any) -> Company:
    """Settings with these sections, e.g. `company_of(group=[{"name": "Logistics"}])`."""
    own = {"name": "Acme", **sections.pop("company", {})}
    return Company.model_validate({"company": own, **sections})


def survey(**questions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The `source` section of a survey with these questions."""
    return [{"name": "survey", "table": "responses", "path": "survey.csv", "questions": questions}]


def rows_of(outputs: Outputs, name: str, context: Context) -> list[dict[str, Any]]:
    """The rows of a table handed back, Arrow or expression, in the vocabulary's order."""
    table = outputs.tables[name]
    arrow = table if isinstance(table, pa.Table) else context.engine.collect(table)
    assert isinstance(table, pa.Table | ir.Table)
    rows: list[dict[str, Any]] = arrow_table(name, arrow).to_pylist()
    return rows
