"""Which table of a run who may read: the whole table, as data.

Tables that hold persons need `records.read`; aggregated ones need `strategy.read`, `group.read` or `explore.read`. A role that has
a capability for its own work group only reads the rows of its groups, and nothing of a table that does not say the group.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vitalfew.engine.reader import Reader, Where
from vitalfew.vocabulary import TABLES, Column
from vitalfew.web.shell.access import Visit


@dataclass(frozen=True)
class Rule:
    """What reading a table needs.

    `group` names the column that says whose row it is. `hidden` columns are given to nobody: with them, answers could be counted by
    employee. `guarded` columns need one more capability.
    """

    capability: str
    group: str = ""
    hidden: frozenset[str] = frozenset()
    guarded: dict[str, str] = field(default_factory=dict)


_RECORDS = Rule("records.read")
_EXPLORE = Rule("explore.read")
_STRATEGY = Rule("strategy.read")
_BY_GROUP = Rule("records.read", "group", frozenset({"employee"}))
_GROUP_REPORT = Rule("group.read", "group")

RULES: dict[str, Rule] = {
    # sources as they were read
    "sources": Rule("sources.read"),
    "remarks": Rule("sources.read"),
    "left_out": Rule("sources.read"),
    "deliveries": Rule("sources.read"),
    "quarantine": _RECORDS,  # whole lines of customers
    "mended": _RECORDS,
    # persons, and what is known of each
    "accounts": _RECORDS,
    "people": _RECORDS,
    "contacts": _RECORDS,
    "consents": _RECORDS,
    "identities": _RECORDS,
    "links": _RECORDS,
    "review": _RECORDS,
    "person_changes": _RECORDS,
    "person_ledger": _RECORDS,
    "interactions": _BY_GROUP,
    "orders": Rule("records.read", "group"),
    "order_lines": _RECORDS,
    "deals": _BY_GROUP,
    "contracts": _RECORDS,
    "responses": _BY_GROUP,
    "relations": _RECORDS,
    "employees": Rule("records.read", "group", guarded={"hour_cost": "people.manage"}),
    "segments": _RECORDS,
    "timeline": _BY_GROUP,
    "mentions": _RECORDS,
    "promise_checks": _RECORDS,
    "customers": _RECORDS,
    # figures over customers
    "competitors": _EXPLORE,
    "metrics": _EXPLORE,
    "drivers": _EXPLORE,
    "levels": _EXPLORE,
    "themes": _EXPLORE,
    "draws": _EXPLORE,
    "point_value": _EXPLORE,
    "journey": _EXPLORE,
    "paths": _EXPLORE,
    "frontier": _EXPLORE,
    "resources": _EXPLORE,
    "risks": _EXPLORE,
    "benefits": _EXPLORE,
    "effects": _EXPLORE,
    "evidence": _EXPLORE,
    "not_computed": _EXPLORE,
    "barriers": _EXPLORE,
    # what moves a sponsor is for those who win sponsorship
    "sponsors": Rule("people.manage"),
    # the strategy as the company agreed on it
    "vision": _STRATEGY,
    "expectations": _STRATEGY,
    "promises": _STRATEGY,
    "initiatives": _STRATEGY,
    "portfolio": _STRATEGY,
    "roadmap": _STRATEGY,
    "raci": _STRATEGY,
    # one group's report
    "issues": _GROUP_REPORT,
    "causes": Rule("group.read", "issue"),
    "one_pages": _GROUP_REPORT,
    "actions": _GROUP_REPORT,
}


def may_read(visit: Visit, table: str) -> bool:
    """Whether the visitor may read any row of `table`."""
    rule = RULES[table]
    reach = visit.reach(rule.capability)
    return reach == "company" or (reach == "group" and bool(rule.group))


def columns_of(visit: Visit, table: str) -> tuple[Column, ...]:
    """The columns of `table` that the visitor is given."""
    rule = RULES[table]
    return tuple(
        column
        for column in TABLES[table].columns
        if column.name not in rule.hidden and (column.name not in rule.guarded or visit.may(rule.guarded[column.name]))
    )


def own_rows(visit: Visit, reader: Reader, table: str) -> list[Where]:
    """The condition that keeps a visitor to the rows of their own work groups; none for who reads the whole company."""
    rule = RULES[table]
    if visit.reach(rule.capability) == "company":
        return []
    groups = sorted(visit.own_groups)
    if rule.group == "issue":
        issues = reader.rows("issues", [Where("group", "in", groups)], columns=("issue",))
        return [Where("issue", "in", [row["issue"] for row in issues])]
    return [Where(rule.group, "in", groups)]
