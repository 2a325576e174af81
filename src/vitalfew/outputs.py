"""What a stage hands back: tables of the vocabulary, the evidence behind them, and what it could not compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis.expr.types as ir
import pyarrow as pa

from vitalfew.evidence import Gap, Step


@dataclass(frozen=True)
class Outputs:
    """Tables by name (Arrow when reduced, an expression when heavy), steps of evidence and gaps."""

    tables: Mapping[str, pa.Table | ir.Table] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    gaps: Sequence[Gap] = ()

    @staticmethod
    def merged(parts: Sequence[Outputs]) -> Outputs:
        """Several parts of a room as one. Raises ValueError when two parts write one table."""
        tables: dict[str, pa.Table | ir.Table] = {}
        for part in parts:
            twice = tables.keys() & part.tables.keys()
            if twice:
                raise ValueError(f"two parts of a room write {sorted(twice)}")
            tables.update(part.tables)
        return Outputs(tables, [step for part in parts for step in part.steps], [gap for part in parts for gap in part.gaps])
