"""The first page after signing in, for each role; and what the run wrote, to take away."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render

from vitalfew.web.act.views import group_context
from vitalfew.web.focus import plan
from vitalfew.web.home import documents, feedback, first_hour
from vitalfew.web.home.data import changed_of, data_of
from vitalfew.web.home.decisions import decisions_of
from vitalfew.web.home.strategy import brief_of, strategy_of
from vitalfew.web.shell.access import Visit, page


@page("strategy.read")
def home(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What concerns the visitor's role."""
    return HOMES[visit.role](request, visit)


def _strategy(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Head of CX and administrator: the strategy on one page, what changed, what needs a decision."""
    given = {**strategy_of(visit), "decisions": decisions_of(visit), "first_hour": first_hour.checklist(visit)}
    return render(request, "home/strategy.html", {**given, "changed": changed_of(visit)})


def _analyst(request: HttpRequest, visit: Visit) -> HttpResponse:
    return render(request, "home/analyst.html", {**data_of(visit), "changed": changed_of(visit)})


def _integrator(request: HttpRequest, visit: Visit) -> HttpResponse:
    return render(request, "home/integrator.html", data_of(visit))


def _lead(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The lead's own report; a lead without a work group is told how to get one."""
    book = plan.book_of(visit)
    group = visit.group_among(book.groups)
    if not group:
        return render(request, "home/no_group.html", {"book": book})
    return render(request, "home/lead.html", {**group_context(visit, group), "feedback": feedback.feedback_of(visit)})


def _employee(request: HttpRequest, visit: Visit) -> HttpResponse:
    book = plan.book_of(visit)
    given = {"book": book, "feedback": feedback.feedback_of(visit), "sight": feedback.sight_of(visit)}
    return render(request, "home/employee.html", given)


def _executive(request: HttpRequest, visit: Visit) -> HttpResponse:
    return render(request, "home/executive.html", brief_of(visit))


HOMES: dict[str, Callable[[HttpRequest, Visit], HttpResponse]] = {
    "owner": _strategy,
    "administrator": _strategy,
    "analyst": _analyst,
    "executive": _executive,
    "lead": _lead,
    "employee": _employee,
    "integrator": _integrator,
}


@page("strategy.read")
def listing(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The documents of the current run the visitor may take."""
    return render(request, "home/documents.html", {"documents": documents.documents_of(visit)})


@page("strategy.read")
def document(request: HttpRequest, visit: Visit, name: str) -> HttpResponse:
    """One document, as a download. Who took what is in the audit log."""
    answer = documents.answer(visit, name)
    visit.record("download document", name)
    return answer


@page("company.manage")
def put_away(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Put the guided first hour away, or bring it back."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not first_hour.shown_to(visit):
        raise PermissionDenied
    first_hour.dismiss(visit, away=request.POST.get("show") != "yes")
    return redirect("home:home", visit.company.slug)
