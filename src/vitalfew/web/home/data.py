"""The homes of those who look after the data: what was read, refused, joined, and could not be computed."""

from __future__ import annotations

from typing import Any

from vitalfew.web.runs import telling
from vitalfew.web.runs.comparing import latest_change
from vitalfew.web.shell.access import Visit

Row = dict[str, Any]
MOST_REASONS = 12


def data_of(visit: Visit) -> Row:
    """The run, its sources, what was refused and why, whose records were joined, and what is missing."""
    reader = visit.reader
    sources = list(reader.small("sources"))
    reasons = reader.counts("quarantine", ["reason", "source"]) if reader.has("quarantine") else []
    links = reader.counts("links", ["decision", "rule"]) if reader.has("links") else []
    return {
        "run": visit.run,
        "stages": list(visit.run.stages) if visit.run else [],
        "sources": sources,
        "read": sum(row["rows_read"] or 0 for row in sources),
        "refused": sum(row["rows_quarantined"] or 0 for row in sources),
        "reasons": reasons[:MOST_REASONS],
        "more_reasons": max(0, len(reasons) - MOST_REASONS),
        "links": links,
        "joined": sum(row["n"] for row in links if row["decision"] == "joined"),
        "apart": sum(row["n"] for row in links if row["decision"] != "joined"),
        "gaps": list(reader.small("not_computed")),
        "remarks": list(reader.small("remarks"))[:MOST_REASONS],
    }


def changed_of(visit: Visit) -> Row | None:
    """What the current run changed against the one before, in a few lines; None before the first run.

    `first` says that there is no run to compare it with, `same` that nothing a reader would notice changed.
    """
    if visit.run is None:
        return None
    found = latest_change(visit.workspace)
    if found is None:
        return {"first": True, "same": False, "lines": []}
    return {"first": False, "same": found.same, "lines": telling.lines(found), "before": found.before, "after": found.after}
