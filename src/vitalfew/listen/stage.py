"""The room's face: every source read, one customer per person, one timeline."""

from __future__ import annotations

import os

from vitalfew.engine import Context, Tables
from vitalfew.faults import Refused
from vitalfew.listen import fetching, identity, reading, timeline
from vitalfew.listen.checks import Lines, faults_of, faults_of_kept, inputs
from vitalfew.outputs import Outputs
from vitalfew.settings import Company

__all__ = ["READS", "WRITES", "faults_of", "fetch", "inputs", "run"]

READS: tuple[str, ...] = ()
WRITES: tuple[str, ...] = (
    *("sources", "quarantine", "mended", "remarks", "identities", "links", "people", "contacts", "accounts"),
    *("consents", "left_out"),
    *("review", "person_ledger", "person_changes", "interactions", "orders", "order_lines"),
    *("deals", "contracts", "responses", "relations", "employees", "competitors", "segments", "timeline"),
)


def fetch(company: Company, context: Context, lines: Lines, full: bool = False) -> None:
    """Read databases and web addresses into the workspace, where `run` finds them: what is new, or everything when `full`.

    Raises Refused with every fault; a source that failed is left as it was.
    """
    faults = fetching.fetch(company, context, os.environ, lines, full)
    if not faults:
        faults = faults_of_kept(company, context, lines)
    if faults:
        raise Refused(faults)


def run(tables: Tables, company: Company, context: Context) -> Outputs:
    """Read every source and find out who is who. Raises Refused with the faults of all files and expressions at once."""
    mapped, own, remarks = reading.read(company, context)
    context.progress("finding out who is who")
    resolved = identity.resolve(mapped, company, context, remarks)
    context.progress("laying the timeline")
    attached = timeline.attach(mapped, resolved.tables, company, context, remarks)
    # Who may be analysed is known when every record has its person: `people` comes from there.
    found = {name: table for name, table in resolved.tables.items() if name != "people"}
    return Outputs.merged([Outputs(own), Outputs(found), attached])
