"""The homes of those who look after the data: what was read, refused, joined, and could not be computed."""

from __future__ import annotations

from typing import Any

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
