"""From the files of all sources to their records in the words of the vocabulary."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from vitalfew.engine import Context
from vitalfew.faults import Fault, Refused
from vitalfew.listen.checks import Books, open_all
from vitalfew.listen.control import control_faults
from vitalfew.listen.mapped import Mapped
from vitalfew.listen.mapping import map_source
from vitalfew.listen.mending import mended
from vitalfew.listen.quarantine import Quarantine
from vitalfew.listen.sources import FileFaults, Opened, Staged, stage_source
from vitalfew.settings import Company
from vitalfew.vocabulary import TABLES, arrow_table


def read(company: Company, context: Context) -> tuple[list[Mapped], Mapping[str, pa.Table], list[dict[str, Any]]]:
    """Every source mapped; the tables `sources` and `quarantine`; and the remarks.

    Raises Refused with the faults of all files, columns, expressions and codebooks at once.
    """
    opened, codebooks, faults = open_all(company, context.workspace, context.folder, context.engine, lambda _: 1)
    if faults:
        raise Refused(faults)
    with context.engine.streaming():
        return _read(opened, codebooks, company, context)


def _read(
    opened: Sequence[Opened], codebooks: Mapping[int, Books], company: Company, context: Context
) -> tuple[list[Mapped], Mapping[str, pa.Table], list[dict[str, Any]]]:
    quarantine = Quarantine()
    mapped: list[Mapped] = []
    told: list[dict[str, Any]] = []
    changes: list[pa.Table] = []
    for staged in _stage_all(opened, context, quarantine):
        done = mended(staged, company, context, quarantine)
        changes.append(done.changes)
        each = replace(staged, table=done.table)
        context.progress(f"mapping {each.opened.source.name} ({len(mapped) + 1} of {len(opened)})")
        one, loaded = map_source(each, company, context, quarantine, codebooks[each.opened.index])
        mapped.append(one)
        told.append(_told(each, loaded))
    tables = {
        "sources": arrow_table("sources", told),
        "quarantine": quarantine.table(),
        "mended": arrow_table("mended", pa.concat_tables([TABLES["mended"].schema.empty_table(), *changes])),
    }
    return mapped, tables, quarantine.remarks


def _told(staged: Staged, loaded: int) -> dict[str, Any]:
    return {
        "source": staged.opened.source.name,
        "table": staged.opened.source.table,
        "path": staged.path,
        "rows_read": staged.rows_read,
        "rows_loaded": loaded,
        "rows_quarantined": staged.rows_read - loaded,
        "encoding": staged.encoding,
        "sha256": staged.sha256,
        "columns": json.dumps(list(staged.columns), ensure_ascii=False),
        "read_to": staged.opened.read_to,
    }


def _stage_all(opened: Sequence[Opened], context: Context, quarantine: Quarantine) -> list[Staged]:
    """Read all records of all sources, collecting the faults that only show on the way."""
    staged: list[Staged] = []
    faults: list[Fault] = []
    for number, one in enumerate(opened, 1):
        context.progress(f"reading {one.files[0].name}{' ...' if len(one.files) > 1 else ''} ({number} of {len(opened)})")
        try:
            staged.append(stage_source(one, context, quarantine))
        except FileFaults as several:
            faults += [Fault(name, fault.line, fault.what, fault.mend) for name, fault in several.faults]
        else:
            faults += control_faults(staged[-1], context)
    if faults:
        raise Refused(faults)
    return staged
