"""What a person agreed to, as pages tell it: the standing, and each statement it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from vitalfew.engine.reader import Where
from vitalfew.web.shell.access import Visit
from vitalfew.who import Candidate

STATES = {
    "given": gettext_lazy("given"),
    "refused": gettext_lazy("refused"),
    "withdrawn": gettext_lazy("withdrawn"),
    "not given": gettext_lazy("not given"),
}
PURPOSES = {"analysis": gettext_lazy("Analysis"), "contact": gettext_lazy("Contact")}
_MOST = 50


def of_person(visit: Visit, person: Mapping[str, Any]) -> dict[str, Any]:
    """The standing of a row of people, and the statements it rests on, the latest first. Runs of an older version know neither."""
    if "left_out" not in person or not visit.reader.has("consents"):
        return {}
    rows = visit.reader.rows("consents", [Where("person", "=", person["person"])], ("-at",), _MOST)
    told = [{**row, "purpose": PURPOSES.get(row["purpose"].lower(), row["purpose"]), "state": STATES[row["state"]]} for row in rows]
    return {
        "standing": standing(person["analysis"] or "", person["contact"] or ""),
        "out": bool(person["left_out"]),
        "statements": told,
    }


def of_candidate(candidate: Candidate) -> dict[str, Any]:
    """The same of somebody looked up."""
    return {"standing": standing(candidate.analysis, candidate.contact), "out": candidate.left_out}


def standing(analysis: str, contact: str) -> list[dict[str, Any]]:
    """What was said to analysis and to contact, as far as anything was: purpose, state, and whether it allows it."""
    said = ((PURPOSES["analysis"], analysis), (PURPOSES["contact"], contact))
    return [{"purpose": purpose, "state": STATES[state], "allowed": state == "given"} for purpose, state in said if state]
