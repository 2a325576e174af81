"""Small exports made for tests, and a way to read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from vitalfew.engine import Context, DuckEngine
from vitalfew.listen import reading
from vitalfew.settings import Company

ORDERS: dict[str, Any] = {
    "name": "shop",
    "table": "orders",
    "path": "shop.csv",
    "columns": {"order": "id", "at": "at", "amount": "amount", "status": "note"},
}


@dataclass(frozen=True)
class Read:
    """What reading gave: the first source's records by line, the sources, the quarantine, the remarks."""

    records: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    quarantine: list[dict[str, Any]]
    remarks: list[dict[str, Any]]

    @property
    def refused(self) -> list[tuple[int, str, str]]:
        """(line, column, reason) of what was refused."""
        return [(row["line"], row["column"], row["reason"]) for row in self.quarantine]

    def by_key(self, column: str) -> dict[str, Any]:
        """One column of the records by key."""
        return {row["key"]: row[column] for row in self.records}


def company(*sources: Mapping[str, Any], **more: Any) -> Company:
    """Settings with these sources."""
    settings = {"company": {"name": "Test", **more.pop("company", {})}, "source": list(sources), **more}
    return Company.model_validate(settings)


def read(engine: DuckEngine, workspace: Path, settings: Company) -> Read:
    """Read all sources of a workspace."""
    folder = workspace / "working"
    folder.mkdir(exist_ok=True)
    context = Context(engine, date(2026, 6, 30), 7, folder, workspace)
    mapped, tables, remarks = reading.read(settings, context)
    records = engine.collect(mapped[0].records).to_pylist()
    records.sort(key=lambda row: (row["_path"], row["_line"], row.get("question") or "", row.get("choice") or ""))
    return Read(records, tables["sources"].to_pylist(), tables["quarantine"].to_pylist(), remarks)
