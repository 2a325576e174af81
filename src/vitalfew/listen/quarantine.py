"""What was refused, gathered without filling the memory, and told as the vocabulary's `quarantine` and `remarks`."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from vitalfew.listen.readers import short
from vitalfew.vocabulary import TABLES, arrow_table

_NAMES = ("source", "path", "line", "column", "value", "reason")
_PART = 50_000


class Quarantine:
    """Refused records and values, and remarks, of one run."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Any]] = {name: [] for name in _NAMES}
        self._parts: list[pa.Table] = []
        self.remarks: list[dict[str, Any]] = []

    def add(self, source: str, path: str, line: int, column: str, value: str, reason: str) -> None:
        """Refuse one record ('' for column) or one value of it."""
        for name, each in zip(_NAMES, (source, path, line, column, short(value), reason), strict=True):
            self._rows[name].append(each)
        if len(self._rows["line"]) >= _PART:
            self._flush()

    def add_table(self, table: pa.Table) -> None:
        """Refuse many at once: a table with the columns of `quarantine`."""
        if table.num_rows:
            schema = TABLES["quarantine"].schema
            self._parts.append(pa.table([table.column(name).cast(schema.field(name).type) for name in schema.names], schema=schema))

    def remark(self, source: str, column: str, value: str, n: int, remark: str) -> None:
        """Note something that is no reason to refuse a record."""
        self.remarks.append({"source": source, "column": column, "value": short(value), "n": n, "remark": remark})

    def _flush(self) -> None:
        if self._rows["line"]:
            self._parts.append(pa.table(self._rows, schema=TABLES["quarantine"].schema))
            self._rows = {name: [] for name in _NAMES}

    def table(self) -> pa.Table:
        """The vocabulary's `quarantine`."""
        self._flush()
        return arrow_table("quarantine", pa.concat_tables([TABLES["quarantine"].schema.empty_table(), *self._parts]))
