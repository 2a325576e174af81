"""What `vitalfew init` writes and says on the terminal."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from vitalfew.listen.proposing.propose import Proposed


def write(target: Path, text: str) -> Path | None:
    """Write company.toml whole or not at all; what stood there is kept beside it, and its new name returned."""
    kept = None
    if target.exists():
        names = (target.with_name(f"{target.name}.before-{number}") for number in itertools.count(1))
        kept = next(name for name in names if not name.exists())
        shutil.copy2(target, kept)
    aside = target.with_name(f".{target.name}.new")
    try:
        with aside.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return kept


def summary(proposed: Proposed, folder: Path, kept: Path | None) -> Iterator[str]:
    """What was found in each file, what is asked and where, and the next command."""
    for each in proposed.found:
        layout = f", {each.layout}" if each.layout else ""
        asked = f", {each.questions} questions" if each.questions else ""
        yield (
            f"{each.path}: {each.seen}, {each.columns} columns: {each.table} ({each.confidence:.2f}{layout}), "
            f"{each.mapped} columns mapped{asked}"
        )
    for left in proposed.left_out:
        yield f"{left.file}: left out: {left.reason}"
    if kept is not None:
        yield f"The company.toml there was is now {kept.name}."
    count = len(proposed.asks)
    lines = ", ".join(str(line) for line, _ in proposed.asks)
    yield f"Wrote {folder / 'company.toml'}: {len(proposed.found)} sources, {count} question{'s' if count != 1 else ''} to you" + (
        f" at line{'s' if count != 1 else ''} {lines}" if count else ""
    )
    yield f"Next: vitalfew check {folder}"
