"""The homes of those who look after the data: what was read, refused, joined, and could not be computed."""

from __future__ import annotations

from typing import Any

from vitalfew.listen.masking import mask
from vitalfew.web.listen.masked import sees_names
from vitalfew.web.runs import telling
from vitalfew.web.runs.comparing import latest_change
from vitalfew.web.shell.access import Visit

Row = dict[str, Any]
MOST_REASONS = 12
# There can be as many reasons as refused records: the commonest are taken in the engine.
_REASONS = f"""SELECT reason, source, count(*) AS n, count(*) OVER () AS kinds FROM {{quarantine}}
  GROUP BY reason, source ORDER BY n DESC, reason, source LIMIT {MOST_REASONS}"""


def data_of(visit: Visit) -> Row:
    """The run, its sources, what was refused and why, whose records were joined, and what is missing."""
    reader = visit.reader
    sources = list(reader.small("sources"))
    reasons = reader.select(_REASONS, ("quarantine",))
    links = reader.counts("links", ["decision", "rule"]) if reader.has("links") else []
    return {
        "run": visit.run,
        "stages": list(visit.run.stages) if visit.run else [],
        "sources": sources,
        "read": sum(row["rows_read"] or 0 for row in sources),
        "refused": sum(row["rows_quarantined"] or 0 for row in sources),
        # A reason may repeat a part of the value.
        "reasons": reasons if sees_names(visit) else [{**row, "reason": mask(row["reason"] or "")} for row in reasons],
        "more_reasons": max(0, reasons[0]["kinds"] - MOST_REASONS) if reasons else 0,
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
