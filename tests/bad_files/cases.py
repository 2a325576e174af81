"""What a bad file is and what must become of it, and the words the corpus is written in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ORDERS: dict[str, Any] = {
    "name": "shop",
    "table": "orders",
    "path": "shop.csv",
    "columns": {"order": "id", "at": "at", "amount": "amount", "status": "note"},
}
HEAD = "id,at,amount,note\n"
GOOD = "1,2026-01-05,10.5,fine\n"


@dataclass(frozen=True)
class Case:
    """A file and its verdict: keys loaded and lines refused (with a part of the reason), or the fault of the whole file.

    `holds` are values that must come through, by key and column; `remark` is a part of a remark that must be made. `values` are
    refused answers that cost their record nothing: (line, column, part of the reason).
    """

    name: str
    data: bytes
    loaded: tuple[str, ...] = ()
    refused: tuple[tuple[int, str, str], ...] = ()
    fault: str = ""
    holds: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    file: str = "shop.csv"
    remark: str = ""
    values: tuple[tuple[int, str, str], ...] = ()
    zone: str = "UTC"

    @property
    def source(self) -> dict[str, Any]:
        """The source of company.toml that reads it."""
        return {**ORDERS, "path": self.file, **self.settings}


def text(name: str, rows: str, *loaded: str, encoding: str = "utf-8", head: str = HEAD, **more: Any) -> Case:
    return Case(name, (head + rows).encode(encoding), loaded, **more)


def row(note: str, *, key: str = "1", at: str = "2026-01-05", amount: str = "10.5") -> str:
    return f"{key},{at},{amount},{note}\n"


def kept(name: str, note: str, written: str | None = None, **more: Any) -> Case:
    """A note that must come through as it is."""
    return text(name, row(note if written is None else written), "1", holds={"1": {"status": note}}, **more)


def amount(name: str, written: str, value: float | None, others: str = "", reason: str = "not a number") -> Case:
    rows = row("x", amount=f'"{written}"') + others
    extra = tuple(str(number) for number in range(2, 2 + others.count("\n")))
    if value is None:
        return text(name, rows, *extra, refused=((2, "amount", reason),))
    return text(name, rows, "1", *extra, holds={"1": {"amount": value}})


def moment(name: str, written: str, value: datetime | None, others: str = "", reason: str = "", **more: Any) -> Case:
    rows = row("x", at=f'"{written}"') + others
    extra = tuple(str(number) for number in range(2, 2 + others.count("\n")))
    if value is None:
        return text(name, rows, *extra, refused=((2, "at", reason),), **more)
    return text(name, rows, "1", *extra, holds={"1": {"at": value}}, **more)


def formatted(form: str) -> dict[str, Any]:
    return {"columns": {**ORDERS["columns"], "at": {"column": "at", "format": form}}}
