"""The room's face: every source read, one customer per person, one timeline."""

from __future__ import annotations

from vitalfew.engine import Context, Tables
from vitalfew.listen import identity, reading, timeline
from vitalfew.listen.checks import faults_of, inputs
from vitalfew.outputs import Outputs
from vitalfew.settings import Company

__all__ = ["READS", "WRITES", "faults_of", "inputs", "run"]

READS: tuple[str, ...] = ()
WRITES: tuple[str, ...] = (
    *("sources", "quarantine", "remarks", "identities", "links", "people", "accounts", "interactions", "orders", "order_lines"),
    *("deals", "contracts", "responses", "relations", "employees", "competitors", "segments", "timeline"),
)


def run(tables: Tables, company: Company, context: Context) -> Outputs:
    """Read every source and find out who is who. Raises Refused with the faults of all files and expressions at once."""
    mapped, own, remarks = reading.read(company, context)
    context.progress("finding out who is who")
    resolved = identity.resolve(mapped, company, context)
    context.progress("laying the timeline")
    attached = timeline.attach(mapped, resolved.tables, company, context, remarks)
    return Outputs.merged([Outputs(own), resolved, attached])
