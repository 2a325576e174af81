"""Writes what a benchmark found into docs/benchmarks.md, each benchmark in its own section."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_OPENING = """# Benchmarks

Every figure here was measured by a file of `benchmarks/` (`make bench`), the peer beside us in the same run. Trust ratios rather
than seconds: machines differ.
"""


def write(section: str, header: Sequence[str], rows: Iterable[Sequence[object]], note: str, on: date | None = None) -> None:
    """Replace the section between the markers of `section` in docs/benchmarks.md by a table, a note and the machine it ran on.

    A section the page does not have yet is added at its end. `on` is the day of the measurement; today when left out.
    """
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {(on or date.today()).isoformat()}."
    marks = f"<!-- section:{section} -->", f"<!-- end:{section} -->"
    body = "\n".join([marks[0], "", *lines, "", note, f"Machine: {machine}", "", marks[1]])
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else _OPENING
    found = re.compile(re.escape(marks[0]) + ".*?" + re.escape(marks[1]), re.DOTALL)
    if found.search(page):
        page = found.sub(lambda _: body, page)
    elif marks[0] in page:
        page = page.replace(marks[0], body)
    else:
        page = f"{page.rstrip()}\n\n## {section.capitalize()}\n\n{body}\n"
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    print("\n".join([*lines, note, machine]))


def peak_memory(process: int | str = "self") -> float:
    """The most memory a running process has held, in MB. What getrusage says counts the process that started it, too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else 0.0


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|")
