"""The engine a run is made with, by its name."""

from __future__ import annotations

from pathlib import Path

from vitalfew.engine.base import Engine
from vitalfew.engine.duck import DuckEngine

NAMES = ("duckdb", "spark")


def opened(name: str, folder: Path) -> Engine:
    """The engine called `name`, its working files in `folder`. Raises Refused when what it stands on is not installed."""
    if name == "duckdb":
        return DuckEngine(folder)
    if name == "spark":
        # Imported only when asked for: PySpark is an extra.
        from vitalfew.engine.spark import SparkEngine  # noqa: PLC0415

        return SparkEngine(folder)
    raise ValueError(f"there is no engine {name!r}; there are {', '.join(NAMES)}")
