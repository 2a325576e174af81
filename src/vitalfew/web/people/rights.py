"""Roles and what each may do: the whole table, as data.

A capability is a verb on a kind of thing. A role has it for everything in its company (`company`), for its own work group and the
groups below (`group`), or for what is about the member alone (`own`). A role that is not named does not have it.
"""

from __future__ import annotations

from typing import Literal

from django.utils.translation import gettext_lazy as _

Reach = Literal["company", "group", "own"]

ROLES = {
    "owner": _("Head of CX (owner)"),
    "administrator": _("Administrator"),
    "analyst": _("Analyst"),
    "executive": _("Executive"),
    "lead": _("Group lead"),
    "employee": _("Employee"),
    "integrator": _("Integrator"),
}

CAPABILITIES: dict[str, dict[str, Reach]] = {
    # the strategy as the company agreed on it: vision, expectations, the few things to do, roadmap, promises
    "strategy.read": dict.fromkeys(("owner", "administrator", "analyst", "executive", "lead", "employee", "integrator"), "company"),
    # one group's report: its issues, whys, one-page strategy, actions
    "group.read": {
        **dict.fromkeys(("owner", "administrator", "analyst", "executive", "integrator"), "company"),
        "lead": "group",
        "employee": "group",
    },
    # figures over customers, always aggregated
    "explore.read": dict.fromkeys(("owner", "administrator", "analyst", "executive", "lead", "integrator"), "company"),
    # single customers, their timeline and their comments by name
    "records.read": {"owner": "company", "administrator": "company", "lead": "group"},
    # what customers said about the member's own work
    "feedback.read": {"owner": "own", "administrator": "own", "lead": "own", "employee": "own"},
    # sources, quarantine, links; personal values are masked for those without records.read
    "sources.read": dict.fromkeys(("owner", "administrator", "analyst", "integrator"), "company"),
    # a source of one's own: send exports, say what their columns are
    "sources.write": dict.fromkeys(("owner", "administrator", "analyst"), "company"),
    # who is who: say that two records are one person's or two people's. Only for roles that may read what identifies people.
    "identity.decide": {"owner": "company", "administrator": "company"},
    # how refused values are read: rules that mend. Only for roles that may read what identifies people.
    "sources.mend": {"owner": "company", "administrator": "company"},
    "runs.read": dict.fromkeys(("owner", "administrator", "analyst", "executive", "integrator"), "company"),
    "runs.start": dict.fromkeys(("owner", "administrator", "analyst", "integrator"), "company"),
    # what people write: propose a version, and approve one
    "items.write": {**dict.fromkeys(("owner", "administrator", "analyst", "integrator"), "company"), "lead": "group"},
    "items.approve": {"owner": "company", "administrator": "company", "lead": "group"},
    "people.manage": {"owner": "company", "administrator": "company"},
    "company.manage": {"owner": "company"},
    "tokens.manage": {"owner": "company", "administrator": "company", "integrator": "own"},
    "webhooks.manage": dict.fromkeys(("owner", "administrator", "integrator"), "company"),
    "audit.read": {"owner": "company", "administrator": "company"},
    # look at the application with another role's rights, never with more than one's own
    "eyes.switch": {"owner": "company"},
}


def reach(role: str, capability: str) -> Reach | None:
    """How far `role` has `capability`, or None. Raises KeyError for a capability nobody defined."""
    return CAPABILITIES[capability].get(role)


_WIDTH: dict[Reach | None, int] = {None: 0, "own": 1, "group": 2, "company": 3}


def covers(role: str, other: str) -> bool:
    """Whether `role` may do everything `other` may, at least as far: only such roles may be given, changed or taken away."""
    return all(_WIDTH[reach(role, each)] >= _WIDTH[reach(other, each)] for each in CAPABILITIES)
