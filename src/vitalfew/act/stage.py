"""Act: one-page strategies of work groups, who does what, risks and actions."""

from __future__ import annotations

from vitalfew.act import actions, facts, one_page, raci, risks, sponsors, vision
from vitalfew.engine import Context, Tables
from vitalfew.evidence import Gap
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.vocabulary import arrow_table

READS: tuple[str, ...] = facts.READS
WRITES: tuple[str, ...] = ("one_pages", "raci", "risks", "actions", "sponsors", "barriers", "vision")


def run(tables: Tables, company: Company, context: Context) -> Outputs:
    """Write what each work group does, from what was found and chosen."""
    context.progress("one-page strategies, responsibilities and risks")
    found = facts.Facts(tables, company)
    action_rows, action_steps = actions.compute(found)
    pages, page_steps = one_page.compute(found, action_rows)
    raci_rows, raci_steps, gaps = raci.compute(found)
    risk_rows, risk_steps = risks.compute(found)
    if not found.groups():
        wanted = (
            "[[group]] with touchpoints, drivers with a group, promises with a group; and comments, ratings or records of promises."
        )
        gaps.append(Gap("one-page strategies", "No issue could be tied to a work group.", wanted))
    made = {
        "one_pages": arrow_table("one_pages", pages),
        "raci": arrow_table("raci", raci_rows),
        "risks": arrow_table("risks", risk_rows),
        "actions": arrow_table("actions", action_rows),
        "sponsors": arrow_table("sponsors", sponsors.sponsors(company, context.today)),
        "barriers": arrow_table("barriers", sponsors.barriers(found, context.today)),
        "vision": arrow_table("vision", vision.compute(company)),
    }
    return Outputs(made, [*action_steps, *page_steps, *raci_steps, *risk_steps], gaps)
