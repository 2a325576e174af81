"""The guided first hour on the demo company: eight steps that tick when they were really done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from vitalfew.web.authoring.models import Version
from vitalfew.web.home.models import FirstHour, Visited
from vitalfew.web.people.models import AuditEntry
from vitalfew.web.shell.access import Visit

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Step:
    """One step: done once one of the pages `routes` was opened, or the audit log has an action beginning with one of `actions`."""

    key: str
    title: _StrPromise
    told: _StrPromise
    routes: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    target: str = ""


STEPS = (
    Step(
        "first",
        _("See what to do first"),
        _("Which initiative comes first, what it is worth, and what was left out for it."),
        ("focus:choice",),
    ),
    Step(
        "walk",
        _("Walk a figure to its records"),
        _("Follow Why? from what an initiative is worth down to customers' words."),
        ("understand:why",),
    ),
    Step(
        "eyes",
        _("Look through an employee's eyes"),
        _("See what customers said about one person's work, and nothing more."),
        actions=("look through other eyes",),
        target="employee",
    ),
    Step(
        "why",
        _("Write a why"),
        _("Open a top issue nobody has asked about and answer the first why."),
    ),
    Step(
        "run",
        _("Start a run"),
        _("Read the sources again, with what you wrote."),
        actions=("run asked for",),
    ),
    Step("compare", _("Compare two runs"), _("See what changed since the last run, and why."), ("runs:compare",)),
    Step(
        "export",
        _("Take it with you"),
        _("Download the strategy or one group's page as a PDF."),
        actions=("download document", "export", "items.export"),
    ),
    Step(
        "invite",
        _("Invite somebody"),
        _("Each person sees what concerns them: a lead, an executive, an employee."),
        actions=("invite",),
    ),
)
BY_ROUTE = {route: step.key for step in STEPS for route in step.routes}


def shown_to(visit: Visit) -> bool:
    """Whether the first hour is this visitor's: the head of CX of the demo company, with their own eyes."""
    return visit.company.is_demo and visit.membership.role == "owner" and visit.seen_as is None


def checklist(visit: Visit) -> dict[str, Any] | None:
    """The steps with those that are done; None for whom it is not, or who has put it away."""
    if not shown_to(visit) or FirstHour.objects.filter(membership=visit.membership, dismissed=True).exists():
        return None
    visited = set(Visited.objects.filter(membership=visit.membership).values_list("step", flat=True))
    own = AuditEntry.objects.filter(company=visit.company, actor=visit.user.email)
    logged = list(own.order_by().values_list("action", "target").distinct())
    rows = []
    for step in STEPS:
        did = (step.key == "why" and _wrote_why(visit)) or any(_shows(step, action, target) for action, target in logged)
        rows.append({"step": step, "done": did or step.key in visited, "address": _address(visit, step.key)})
    return {"rows": rows, "done": sum(row["done"] for row in rows), "all": len(rows)}


def _wrote_why(visit: Visit) -> bool:
    written = Version.objects.filter(item__company=visit.company, item__section="cause", author=visit.user.email)
    return written.exists()


def _shows(step: Step, action: str, target: str) -> bool:
    return bool(step.actions) and action.startswith(step.actions) and (not step.target or target == step.target)


def _address(visit: Visit, key: str) -> str:
    """Where a step is done; '' while there is nothing to do it with (before the first run, say)."""
    company = visit.company.slug
    if key == "walk":
        first = next((row["initiative"] for row in visit.reader.small("initiatives") if row["chosen"]), "")
        return reverse("understand:why", args=[company, first]) if first else ""
    if key == "why":
        issue = _unasked(visit)
        address = reverse("authoring:create", args=[company, "cause"])
        return f"{address}?{urlencode({'issue': issue})}" if issue else address
    routes = {
        "first": "focus:choice",
        "eyes": "people:eyes",
        "run": "runs:start",
        "compare": "runs:compare",
        "export": "home:documents",
        "invite": "people:people",
    }
    return reverse(routes[key], args=[company])


def _unasked(visit: Visit) -> str:
    """The name of the top issue with most at stake that nobody has asked a why about; '' when there is none."""
    asked = {each.issue for each in visit.settings.cause}
    tops = [row for row in visit.reader.small("issues") if row["top"] and not asked & {row["name"], row["issue"]}]
    return str(max(tops, key=lambda row: row["value"] or 0.0)["name"]) if tops else ""


def dismiss(visit: Visit, away: bool) -> None:
    """Put the first hour away, or bring it back."""
    FirstHour.objects.update_or_create(membership=visit.membership, defaults={"dismissed": away})


class Visits:
    """Middleware: notes the pages of the first hour a member opens on the demo company."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        visit, match = getattr(request, "visit", None), request.resolver_match
        if (
            visit is not None
            and match is not None
            and match.view_name in BY_ROUTE
            and response.status_code == 200
            and shown_to(visit)
        ):
            Visited.objects.get_or_create(membership=visit.membership, step=BY_ROUTE[match.view_name])
        return response
