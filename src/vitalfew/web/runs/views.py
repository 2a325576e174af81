"""Runs: the list, starting and scheduling, one job as it goes, going back, deleting, comparing."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vitalfew.faults import Refused
from vitalfew.runs import Run, size
from vitalfew.web.authoring.sections import SECTIONS, may_read
from vitalfew.web.listen.refused import became
from vitalfew.web.runs import claiming, telling
from vitalfew.web.runs.comparing import Comparison, compare
from vitalfew.web.runs.forms import OFF, Plan, Start
from vitalfew.web.runs.made_from import UNTOLD, Setting, untold
from vitalfew.web.runs.models import Job, Schedule
from vitalfew.web.runs.people_changed import counts, people_changed
from vitalfew.web.runs.scheduling import plan as next_at
from vitalfew.web.shell.access import Visit, page

MOST_JOBS = 30
TONES = {"queued": "plain", "running": "warn", "done": "good", "failed": "bad", "cancelled": "plain"}
POLL_SECONDS = 3


def _now() -> datetime:
    return datetime.now(UTC)


@page("runs.read")
def index(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Every job of late and every run on disk."""
    jobs = list(visit.company.jobs.select_related("asked_by")[:MOST_JOBS])
    for job in jobs:
        _dress(job)
    finished, made_at = visit.workspace.finished(), visit.workspace.made_at()
    current = visit.run.id if visit.run else ""
    previous = visit.workspace.previous(visit.run)
    runs = [
        {
            "run": run,
            "made_at": made_at.get(run.id),
            "bytes": size(run.folder),
            "current": run.id == current,
            "previous": previous is not None and run.id == previous.id,
        }
        for run in finished
    ]
    return render(
        request,
        "runs/index.html",
        {
            "jobs": jobs,
            "runs": runs,
            "previous": previous,
            "schedule": Schedule.objects.filter(company=visit.company, next_at__isnull=False).first(),
            "zone": visit.settings.company.time_zone,
            "may_start": visit.may("runs.start"),
            "active": any(not job.ended for job in jobs),
            "workers": claiming.workers_alive(_now()),
            "poll": POLL_SECONDS,
        },
    )


@page("runs.start")
def start(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Ask for a run. While one waits already, that one is shown: asking twice gives one run."""
    form = Start(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        arguments = form.arguments
        waiting = visit.company.jobs.filter(state="queued", arguments=arguments).first()
        if waiting is not None:
            messages.info(request, _("This run is waiting already."))
            return redirect("runs:job", visit.company.slug, waiting.pk)
        job = Job.objects.create(company=visit.company, arguments=arguments, asked_by=visit.user, not_before=_now())
        visit.record("run asked for", str(job.pk), **arguments)
        return redirect("runs:job", visit.company.slug, job.pk)
    return render(request, "runs/start.html", {"form": form}, status=200 if request.method == "GET" or form.is_valid() else 422)


@page("runs.start")
def schedule(request: HttpRequest, visit: Visit) -> HttpResponse:
    """When runs start by themselves."""
    found = Schedule.objects.filter(company=visit.company).first() or Schedule(company=visit.company)
    on = found.next_at is not None
    initial = {name: getattr(found, name) for name in ("cadence", "hour", "weekday", "day")}
    form = Plan(request.POST or None, initial=initial if on else {**initial, "cadence": OFF})
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["cadence"] == OFF:
            Schedule.objects.filter(company=visit.company).update(next_at=None, set_by=visit.user)
            visit.record("schedule switched off")
            messages.success(request, _("Runs no longer start by themselves."))
        else:
            made, _new = Schedule.objects.update_or_create(
                company=visit.company, defaults={**form.cleaned_data, "set_by": visit.user, "next_at": None}
            )
            made.next_at = next_at(made, _now())
            made.save()
            visit.record("schedule set", cadence=made.cadence, hour=made.hour, weekday=made.weekday, day=made.day)
            messages.success(request, _("The schedule is set."))
        return redirect("runs:index", visit.company.slug)
    more = {"form": form, "schedule": found if on else None, "zone": visit.settings.company.time_zone}
    return render(request, "runs/schedule.html", more, status=422 if form.is_bound and not form.is_valid() else 200)


def _job(visit: Visit, job: uuid.UUID) -> Job:
    """A job of the company; another company's looks like an absent one."""
    found = visit.company.jobs.select_related("asked_by").filter(pk=job).first()
    if found is None:
        raise Http404
    return _dress(found)


def _dress(job: Job) -> Job:
    """What a page shows of a job besides its columns."""
    shown: Any = job
    shown.tone = TONES[job.state]
    if job.started_at and (job.finished_at or job.state == "running"):
        shown.seconds = max(0, round(((job.finished_at or _now()) - job.started_at).total_seconds()))
        shown.took = telling.duration(shown.seconds)
    shown.late = job.state == "queued" and job.attempt == 0 and (_now() - job.made_at).total_seconds() > 30
    return job


@page("runs.read")
def job(request: HttpRequest, visit: Visit, job: uuid.UUID) -> HttpResponse:
    """One job: how far it is, how it ended, and what to do about it. The part that changes is fetched alone by htmx."""
    found = _job(visit, job)
    part = bool(request.headers.get("HX-Request"))
    made = visit.workspace.run(found.run_id) if found.run_id else None
    before = visit.workspace.previous(made) if made else None
    response = render(
        request,
        "runs/job_state.html" if part else "runs/job.html",
        {
            "job": found,
            "zone": visit.settings.company.time_zone,
            "may_start": visit.may("runs.start"),
            "made": made,
            "comparison": _summary(before, made) if made and before and not found.same_as_before else None,
            "before": before,
            "became": became(before, made) if made and before and visit.may("sources.read") else (),
            "workers": claiming.workers_alive(_now()),
            "poll": POLL_SECONDS,
        },
    )
    if part and found.ended:
        # The whole page once more: buttons and navigation belong to a finished run now.
        response.headers["HX-Refresh"] = "true"
    return response


def _summary(before: Run, after: Run) -> str:
    return telling.summary(compare(before, after))


@page("runs.start")
@require_POST
def cancel(request: HttpRequest, visit: Visit, job: uuid.UUID) -> HttpResponse:
    """Cancel a job that has not ended."""
    found = _job(visit, job)
    if claiming.cancel(found, _now()):
        visit.record("run cancelled", str(found.pk))
        messages.success(request, _("The run is being cancelled. The last good run stands."))
    else:
        messages.info(request, _("This run had ended already."))
    return redirect("runs:job", visit.company.slug, found.pk)


@page("runs.start")
@require_POST
def retry(request: HttpRequest, visit: Visit, job: uuid.UUID) -> HttpResponse:
    """The same run once more, as a new job, so that what happened to the first stays readable."""
    found = _job(visit, job)
    if not found.ended:
        messages.info(request, _("This run has not ended yet."))
        return redirect("runs:job", visit.company.slug, found.pk)
    again = Job.objects.create(company=visit.company, arguments=found.arguments, asked_by=visit.user, not_before=_now())
    visit.record("run asked for again", str(again.pk), first=str(found.pk))
    return redirect("runs:job", visit.company.slug, again.pk)


def _run(visit: Visit, run: str) -> Run:
    found = visit.workspace.run(run)
    if found is None:
        raise Http404
    return found


@page("runs.start")
@require_POST
def back(request: HttpRequest, visit: Visit, run: str) -> HttpResponse:
    """Make an older run the current one again."""
    found = _run(visit, run)
    try:
        visit.workspace.go_back(found.id)
    except Refused as refused:
        messages.error(request, _told(refused))
    else:
        visit.record("went back to a run", found.id)
        messages.success(request, _("Pages show the run made for %(day)s again.") % {"day": found.today})
    return redirect("runs:index", visit.company.slug)


@page("runs.start")
@require_POST
def delete(request: HttpRequest, visit: Visit, run: str) -> HttpResponse:
    """Delete an older run from disk."""
    found = _run(visit, run)
    try:
        visit.workspace.delete(found.id)
    except Refused as refused:
        messages.error(request, _told(refused))
    else:
        visit.record("run deleted", found.id, today=found.today)
        messages.success(request, _("The run is deleted."))
    return redirect("runs:index", visit.company.slug)


def _told(refused: Refused) -> str:
    fault = refused.faults[0]
    return f"{fault.what}; {fault.mend}"


@page("runs.read")
def comparison(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Two runs compared; without being told which, the current one with the one before."""
    runs, made_at = visit.workspace.finished(), visit.workspace.made_at()
    choices = [{"run": run, "made_at": made_at.get(run.id)} for run in runs]
    after = _chosen(visit, request.GET.get("after", "")) or visit.run
    before = _chosen(visit, request.GET.get("before", "")) or visit.workspace.previous(after)
    found: Comparison | None = compare(before, after) if before and after and before.id != after.id else None
    people = people_changed(before, after) if found and before and after else None
    return render(
        request,
        "runs/compare.html",
        {
            "choices": choices,
            "before": before,
            "after": after,
            "found": found,
            "told": telling.page(found, visit.settings.company.currency, _untold(visit, before, after)) if found else None,
            "people": people,
            "people_told": counts(people) if people is not None else "",
            "names_people": visit.reach("records.read") == "company",
            "linked": bool(after and visit.run and after.id == visit.run.id),
            "zone": visit.settings.company.time_zone,
            "currency": visit.settings.company.currency,
        },
    )


def _untold(visit: Visit, before: Run | None, after: Run | None) -> list[Setting]:
    """What the sections say that not everybody reads, for this reader."""
    readable = [each for each in UNTOLD if may_read(visit, SECTIONS[each], None)]
    return untold(before, after, readable) if before and after else []


def _chosen(visit: Visit, run: str) -> Run | None:
    return _run(visit, run) if run else None
