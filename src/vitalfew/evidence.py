"""The chain: every claim, and what it rests on, down to records.

A claim is named by a readable id (`driver:recommend/delivery`), a record by its table, source and key (`orders:shop#123`), and many
records at once by a selection (`mentions[theme=theme:late-delivery]`), so that a figure over a million answers needs one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import pyarrow as pa

from vitalfew.settings import slug
from vitalfew.vocabulary import TABLES, arrow_table


@dataclass(frozen=True)
class Step:
    """One step: `claim` rests on `support`, which is `role` to it, with `weight`, over `n` records."""

    claim: str
    support: str
    role: str
    weight: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class Gap:
    """One figure that could not be computed: why, and the data that would allow it. Both are sentences a manager reads."""

    figure: str
    reason: str
    data: str


def claim_id(kind: str, *parts: str) -> str:
    """The readable id of a claim.

    >>> claim_id("issue", "Logistics", "Late delivery")
    'issue:logistics/late-delivery'
    """
    return f"{kind}:" + "/".join(slug(part) for part in parts)


def record_id(table: str, source: str, key: str) -> str:
    """The id of one record.

    >>> record_id("orders", "shop", "123")
    'orders:shop#123'
    """
    return f"{table}:{source}#{key}"


def selection(table: str, **conditions: str) -> str:
    """The id of the records of `table` whose columns equal the values given.

    >>> selection("mentions", theme="theme:late-delivery")
    'mentions[theme=theme:late-delivery]'
    """
    unknown = set(conditions) - set(TABLES[table].names)
    if unknown:
        raise ValueError(f"table {table} has no column {sorted(unknown)}")
    return f"{table}[" + ",".join(f"{column}={value}" for column, value in sorted(conditions.items())) + "]"


def parse_selection(support: str) -> tuple[str, dict[str, str]] | None:
    """Table and conditions of a selection, or None when `support` is another kind of id."""
    if not support.endswith("]") or "[" not in support:
        return None
    table, _, inside = support[:-1].partition("[")
    if table not in TABLES:
        return None
    conditions = dict(part.split("=", 1) for part in inside.split(",") if "=" in part)
    return table, conditions


def steps_table(steps: Iterable[Step]) -> pa.Table:
    """Steps as the vocabulary's `evidence`."""
    return arrow_table("evidence", [asdict(step) for step in dict.fromkeys(steps)])


def gaps_table(stage: str, gaps: Iterable[Gap]) -> pa.Table:
    """Gaps of one room as the vocabulary's `not_computed`."""
    return arrow_table("not_computed", [{"stage": stage, **asdict(gap)} for gap in dict.fromkeys(gaps)])


def children(evidence: Iterable[Mapping[str, object]]) -> dict[str, list[Mapping[str, object]]]:
    """The steps of each claim, heaviest first."""
    found: dict[str, list[Mapping[str, object]]] = {}
    for row in evidence:
        found.setdefault(str(row["claim"]), []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (-_number(row["weight"]), str(row["support"])))
    return found


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
