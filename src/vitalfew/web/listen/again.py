"""Reading the sources again from the pages about them: the run that is under way, and what the last one changed."""

from __future__ import annotations

from typing import Any

from vitalfew.web.listen.refused import Became, became
from vitalfew.web.shell.access import Visit


def context(visit: Visit, source: str = "") -> dict[str, Any]:
    """What `listen/again.html` and `listen/became.html` show, of one source when it is named."""
    before = visit.workspace.previous(visit.run) if visit.run else None
    told: list[Became] = became(before, visit.run) if before and visit.run else []
    return {
        "may_start": visit.may("runs.start"),
        "under_way": visit.company.jobs.filter(state__in=("queued", "running")).order_by("-made_at").first(),
        "fetched": any(source.fetched for source in visit.settings.source),
        "became": [each for each in told if not source or each.source == source],
    }
