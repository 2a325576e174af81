"""What each source gave in the last run, beside what it gave in the run before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vitalfew import deliveries
from vitalfew.web.shell import wording
from vitalfew.web.shell.access import READERS, Visit


def sources(visit: Visit) -> list[dict[str, Any]]:
    """The rows of `sources`, each with `mended` (values changed by rules), `rows_before` (None when it is new) and `since`."""
    before = visit.workspace.previous(visit.run) if visit.run else None
    then = {row["source"]: row for row in READERS.of(before.folder, before.paths()).small("sources")} if before else {}
    mended = {row["source"]: row["n"] for row in visit.reader.counts("mended", ("source",))}
    found = []
    for row in visit.reader.small("sources"):
        was = then.get(row["source"])
        found.append(
            {
                "read_to": "",  # runs of earlier versions do not say it
                **row,
                "mended": mended.get(row["source"], 0),
                "rows_before": was["rows_read"] if was else None,
                "since": _since(row, was) if before else [],
            }
        )
    return found


def _since(now: Mapping[str, Any], was: Mapping[str, Any] | None) -> list[str]:
    """How a source stands against the run before, in short sentences; what it gave less of is told by `deliveries`."""
    if was is None:
        return [_("new in this run")]
    if now["sha256"] == was["sha256"]:
        return [_("the same contents")]
    more = (now["rows_read"] or 0) - (was["rows_read"] or 0)
    rows = {"rows": wording.number(abs(more), 0)}
    if more > 0:
        told = [ngettext("%(rows)s row more", "%(rows)s rows more", more) % rows]
    elif more < 0:
        told = [ngettext("%(rows)s row fewer", "%(rows)s rows fewer", -more) % rows]
    else:
        told = [_("as many rows, other contents")]
    fresh = [each for each in deliveries.columns(now) if each not in deliveries.columns(was)] if deliveries.columns(was) else []
    gone = deliveries.missing(now, was)
    for text, names in ((_("new columns: %(columns)s"), fresh), (_("columns gone: %(columns)s"), gone)):
        if names:
            told.append(text % {"columns": ", ".join(names)})
    return told
