"""The room's face: what goes wrong and what it costs, what was asked about it, what there is to choose from, and the choice."""

from __future__ import annotations

from vitalfew.engine import Context, Tables
from vitalfew.focus import causes, initiatives, issues, portfolio, roadmap
from vitalfew.focus.horizon import Horizon
from vitalfew.outputs import Outputs
from vitalfew.settings import Company

READS: tuple[str, ...] = (
    "themes",
    "mentions",
    "drivers",
    "draws",
    "promises",
    "promise_checks",
    "point_value",
    "customers",
    "responses",
    "interactions",
    "people",
    "accounts",
    "metrics",
)
WRITES: tuple[str, ...] = ("issues", "causes", "initiatives", "portfolio", "frontier", "resources", "roadmap")


def run(tables: Tables, company: Company, context: Context) -> Outputs:
    """Issues, causes, initiatives, the portfolio and the roadmap. Same input, same output."""
    horizon = Horizon.after(context.today, company.limits.months)
    findings, found = issues.compute(tables, company, context)
    charters, gaps = initiatives.compute(findings, company, horizon)
    decision, chosen = portfolio.compute(findings, charters, company, context, horizon)
    parts = [found, causes.compute(findings, company), Outputs({}, [], gaps), chosen, roadmap.compute(decision, horizon)]
    return Outputs.merged(parts)
