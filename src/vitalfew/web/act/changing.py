"""Where an action is changed: on the page of the why it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from vitalfew.web.authoring.changes import entries
from vitalfew.web.shell.access import Visit


def changeable(visit: Visit, actions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Actions, each with the address where the why it answers is changed; '' for who may not, and for what no why says."""
    rows = [dict(row) for row in actions]
    if not any(visit.may("items.write", row["group"]) for row in rows):
        return [{**row, "change": ""} for row in rows]
    written = {
        (each.values.get("text"), each.values.get("action")): each.key
        for each in entries(visit.company, visit.standing, "cause")
        if each.values is not None
    }
    found = []
    for row in rows:
        key = written.get((row["cause"], row["what"])) if visit.may("items.write", row["group"]) else None
        found.append({**row, "change": reverse("authoring:edit", args=[visit.company.slug, "cause", key]) if key else ""})
    return found
