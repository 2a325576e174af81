"""What a stage is told besides its tables and settings: the engine, the day, the seed, and where to say what it is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from vitalfew.engine.base import Engine

Progress = Callable[[str], None]


def _silent(_: str) -> None:
    return None


@dataclass(frozen=True)
class Context:
    """The circumstances of one stage of one run.

    `today` is the day the strategy is made for (clocks are passed in, never read); `folder` is a private folder for working files,
    gone when the stage ends; `workspace` is the folder of company.toml; `progress` takes a short line saying what is being done.
    `known` is a file with whose each record was in the run before (source, key, person, mark); None without one.
    """

    engine: Engine
    today: date
    seed: int
    folder: Path
    workspace: Path
    progress: Progress = field(default=_silent)
    known: Path | None = None
