"""A key that stands in several sources for different people, accounts or orders: the fault that says where to add `of`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vitalfew.engine import Context
from vitalfew.faults import Fault, Refused
from vitalfew.listen.mapped import Mapped
from vitalfew.toml_lines import Lines

SETTINGS = "company.toml"


def refuse(mapped: Sequence[Mapped], context: Context, column: str, found: Mapping[str, tuple[str, Sequence[str]]]) -> None:
    """Raise `faults.Refused` with one fault for each source in `found`: an example key, and the sources that hold it.

    Does nothing when `found` is empty.
    """
    if not found:
        return
    path = context.workspace / SETTINGS
    lines = Lines(path.read_text(encoding="utf-8") if path.is_file() else "")
    place = {each.source.name: each.index for each in mapped}
    faults = []
    for source, (key, holders) in sorted(found.items()):
        what = f"source {source!r}: {column} {key!r} is a key of {' and of '.join(holders)}, and not of the same {column}"
        mend = f'say whose key it is: {column} = {{ column = "...", of = "{holders[0]}" }}'
        faults.append(Fault(SETTINGS, lines(("source", place[source], "columns", column)), what, mend))
    raise Refused(faults)
