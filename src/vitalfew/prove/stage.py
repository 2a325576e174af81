"""Prove: the benefits ledger, and the forecasts kept to be compared with what comes."""

from __future__ import annotations

from vitalfew.engine import Context, Tables
from vitalfew.evidence import Gap
from vitalfew.outputs import Outputs
from vitalfew.prove import benefits, effects
from vitalfew.settings import Company
from vitalfew.vocabulary import arrow_table

# The tables occurrences can be counted in, then what was forecast.
READS: tuple[str, ...] = (
    "interactions",
    "orders",
    "deals",
    "contracts",
    "responses",
    "relations",
    "issues",
    "initiatives",
    "drivers",
)
WRITES: tuple[str, ...] = ("benefits", "effects")


def run(tables: Tables, company: Company, context: Context) -> Outputs:
    """Count what each fixed issue brought, and keep what the plan expects."""
    context.progress("counting benefits before and after")
    initiatives = sorted(tables.rows("initiatives"), key=lambda row: str(row["initiative"]))
    drivers = sorted(tables.rows("drivers"), key=lambda row: str(row["driver_id"]))
    issues = sorted(tables.rows("issues"), key=lambda row: str(row["issue"]))
    ledger, ledger_steps, gaps = benefits.compute(tables, company, context, issues, initiatives)
    kept, kept_steps = effects.compute(drivers, initiatives, ledger, context.today)
    if not company.benefit:
        wanted = "[[benefit]] with the issue, hours_each or money_each, occurs_when and changed_on; compared_when to test it."
        gaps.append(Gap("measured benefits", "company.toml names no benefit.", wanted))
    made = {"benefits": arrow_table("benefits", ledger), "effects": arrow_table("effects", kept)}
    return Outputs(made, [*ledger_steps, *kept_steps], gaps)
