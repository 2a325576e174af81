"""Jobs: runs that wait, go on or have ended."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from vitalfew.web.api import cursors
from vitalfew.web.api.calls import Call
from vitalfew.web.api.operations import give, operation
from vitalfew.web.api.problems import Fault, Problem
from vitalfew.web.runs import claiming
from vitalfew.web.runs.models import STATES, Job

router = Router()
TAGS: dict[str, Any] = {"tags": ["Runs"]}
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class JobShape(BaseModel):
    """A run that was asked for."""

    id: str
    kind: str
    state: str = Field(description="queued, running, done, failed or cancelled")
    as_of: str | None = Field(description="the day it is for; null for the latest in the data")
    full: bool = Field(description="whether it reads databases and web addresses from their beginning")
    by_schedule: bool
    made_at: str
    started_at: str | None
    finished_at: str | None
    attempt: int
    cancel_asked: bool
    progress_text: str
    progress_done: int
    progress_total: int
    reason: str = Field(description="why it failed")
    run: str | None = Field(description="id of the run it made")


class Jobs(BaseModel):
    """Jobs, the latest first."""

    data: list[JobShape]
    next: str | None = Field(description="address of the next page; null on the last")


class NewJob(BaseModel):
    """A run to be made."""

    model_config = ConfigDict(extra="forbid")
    as_of: date | None = Field(None, description="the day the figures are for; the latest in the data when left out")
    full: bool = Field(False, description="read databases and web addresses from their beginning, not only what is new")


class JobOptions(BaseModel):
    """Which jobs are asked for."""

    limit: int = Field(100, ge=1, le=500, description="jobs in an answer")
    cursor: str = Field("", max_length=400, description="where the answer before stopped; `next` of that answer holds it")
    state: str = Field("", max_length=10, description="queued, running, done, failed or cancelled")


@operation(router, "GET", "/jobs", "runs.read", response=Jobs, summary="Jobs", **TAGS)
def list_jobs(call: Call, options: Query[JobOptions]) -> HttpResponse:
    """Runs that wait, go on or have ended, the latest first."""
    faults: list[Fault] = []
    if options.state and options.state not in STATES:
        faults.append(Fault("query.state", "no state of a job", f"there is {', '.join(STATES)}"))
    question = cursors.question(call.company.pk, "jobs", options.state)
    cursor = cursors.read(options.cursor, faults) if options.cursor else None
    if cursor is not None and cursor.question != question:
        faults.append(Fault("query.cursor", "it belongs to another question", "keep filters while you page"))
    if faults:
        raise Problem(422, "The request is not valid.", faults)
    jobs = Job.objects.filter(company=call.company, **({"state": options.state} if options.state else {}))
    if cursor is not None:
        # No two jobs of a company are asked for within one microsecond.
        jobs = jobs.filter(made_at__lt=_BEGINNING + timedelta(microseconds=cursor.row))
    listed = list(jobs[: options.limit + 1])
    following = None
    if len(listed) > options.limit:
        last = (listed[options.limit - 1].made_at - _BEGINNING) // timedelta(microseconds=1)
        query = call.request.GET.copy()
        query["cursor"] = cursors.Cursor("", question, last).text()
        following = call.request.build_absolute_uri(f"{call.request.path}?{query.urlencode()}")
    return give({"data": [_job(each) for each in listed[: options.limit]], "next": following})


@operation(router, "POST", "/jobs", "runs.start", response={200: JobShape, 202: JobShape}, summary="Start a run", **TAGS)
def start_job(call: Call, body: NewJob) -> HttpResponse:
    """Ask for a run; a worker takes it up. While the same run waits already, that job is answered (200), and none is added."""
    arguments: dict[str, Any] = {"as_of": body.as_of.isoformat()} if body.as_of else {}
    arguments |= {"full": True} if body.full else {}
    waiting = Job.objects.filter(company=call.company, state="queued", arguments=arguments).first()
    if waiting is not None:
        return give(_job(waiting))
    made = Job.objects.create(company=call.company, arguments=arguments, asked_by=call.user, not_before=timezone.now())
    call.record("run asked for", str(made.pk), **arguments)
    return give(_job(made), 202, Location=f"{call.request.build_absolute_uri(call.request.path)}/{made.pk}")


@operation(router, "GET", "/jobs/{uuid:job}", "runs.read", response=JobShape, summary="One job", **TAGS)
def get_job(call: Call, job: UUID) -> HttpResponse:
    """One job, and how far it is."""
    return give(_job(_found(call, job)))


@operation(router, "POST", "/jobs/{uuid:job}/cancel", "runs.start", response={202: JobShape}, summary="Cancel a job", **TAGS)
def cancel_job(call: Call, job: UUID) -> HttpResponse:
    """Cancel a job: at once while it waits, else its worker is asked to stop. One that has ended is in conflict (409)."""
    found = _found(call, job)
    if not claiming.cancel(found, timezone.now()):
        raise Problem(409, "This job has ended already.")
    call.record("run cancelled", str(found.pk))
    found.refresh_from_db()
    return give(_job(found), 202)


def _found(call: Call, key: UUID) -> Job:
    return get_object_or_404(Job, company=call.company, pk=key)


def _job(each: Job) -> dict[str, Any]:
    names = [*("kind", "state", "by_schedule", "made_at", "started_at", "finished_at", "attempt", "cancel_asked")]
    names += ["progress_text", "progress_done", "progress_total", "reason"]
    told = {name: getattr(each, name) for name in names}
    asked = {"as_of": each.arguments.get("as_of"), "full": bool(each.arguments.get("full"))}
    return {"id": each.pk, **told, **asked, "run": each.run_id or None}
