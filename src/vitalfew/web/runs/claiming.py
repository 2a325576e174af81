"""Who does which job: compare-and-set on the rows, no locks held, so that any number of workers share one table.

Every change of a job's state is one UPDATE that names the state it expects: who changed a row has the job, who changed none
has not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from vitalfew.web.runs.models import Job, Worker
from vitalfew.web.runs.signals import job_ended

MOST_ATTEMPTS = 3
# Longer than a machine under load takes between two heartbeats, shorter than people wait.
STALE = timedelta(seconds=60)
WORKER_GONE = timedelta(seconds=45)


def back_off(attempt: int) -> timedelta:
    """How long a job waits after its `attempt`-th try: 30 seconds, then two minutes."""
    return timedelta(seconds=30 * 4 ** max(0, attempt - 1))


def claim(worker: str, now: datetime) -> Job | None:
    """The next job for `worker`, now running; None when there is nothing to do."""
    waiting = Job.objects.filter(state="queued", not_before__lte=now).order_by("not_before", "made_at", "id")
    # A company whose run is under way is passed over, so that its queue does not hold up the others.
    busy = Job.objects.filter(state="running").values("company_id")
    for candidate in waiting.exclude(company_id__in=busy)[:20]:
        mine = Job.objects.filter(pk=candidate.pk, state="queued", attempt=candidate.attempt, cancel_asked=False)
        try:
            with transaction.atomic():
                taken = mine.update(
                    state="running",
                    worker=worker,
                    heartbeat=now,
                    started_at=now,
                    attempt=F("attempt") + 1,
                    progress_text="",
                    progress_done=0,
                    progress_total=0,
                    log="",
                    reason="",
                    faults=[],
                )
        except IntegrityError:  # another job of this company was taken in between
            continue
        if taken:
            return Job.objects.select_related("company").get(pk=candidate.pk)
    return None


def held(job: Job) -> Any:
    """The job's row as long as it is still in the hands of the worker that claimed `job`, in this attempt."""
    return Job.objects.filter(pk=job.pk, state="running", worker=job.worker, attempt=job.attempt)


def beat(job: Job, now: datetime, **progress: Any) -> bool:
    """Say that the job is alive, and how far it is. False when it is no longer ours, or somebody asked to cancel it."""
    return bool(held(job).filter(cancel_asked=False).update(heartbeat=now, **progress))


def finish(job: Job, state: str, now: datetime, **result: Any) -> bool:
    """End the job. False when it was no longer ours."""
    with transaction.atomic():
        ended = bool(held(job).update(state=state, finished_at=now, heartbeat=now, **result))
        if ended:
            job_ended.send(Job, job=job, state=state, run=str(result.get("run_id", "")))
    return ended


def put_back(job: Job, now: datetime, wait: timedelta, reason: str, counted: bool = True) -> bool:
    """Back into the queue after a fault that may pass; failed when every attempt is used up. False when it was no longer ours."""
    if counted and job.attempt >= MOST_ATTEMPTS:
        return finish(job, "failed", now, reason=reason)
    attempt = job.attempt if counted else job.attempt - 1
    return bool(held(job).update(state="queued", worker="", heartbeat=None, attempt=attempt, not_before=now + wait, reason=reason))


def reclaim(now: datetime) -> int:
    """Put back the jobs whose worker has not been heard of, and end those that were tried often enough. Returns how many."""
    changed = 0
    for job in Job.objects.filter(Q(state="running"), Q(heartbeat__lt=now - STALE) | Q(heartbeat=None)):
        # The heartbeat is part of the condition: a worker that was only slow keeps its job.
        lost = held(job).filter(heartbeat=job.heartbeat)
        reason = _("The process that did this run stopped without a word, %(times)s times.") % {"times": job.attempt}
        if job.cancel_asked:
            changed += lost.update(state="cancelled", finished_at=now)
        elif job.attempt >= MOST_ATTEMPTS:
            with transaction.atomic():
                ended = lost.update(state="failed", finished_at=now, reason=reason)
                if ended:
                    job_ended.send(Job, job=job, state="failed", run="")
            changed += ended
        else:
            wait = now + back_off(job.attempt)
            changed += lost.update(state="queued", worker="", heartbeat=None, not_before=wait, reason=reason)
    return changed


def cancel(job: Job, now: datetime) -> bool:
    """Cancel a job: at once while it waits, else by asking its worker. False when it has ended already."""
    waiting = Job.objects.filter(pk=job.pk, state="queued").update(state="cancelled", finished_at=now)
    return bool(waiting or Job.objects.filter(pk=job.pk, state="running").update(cancel_asked=True))


def seen(worker: str, now: datetime) -> None:
    """Say that `worker` is there; workers long gone are forgotten."""
    if not Worker.objects.filter(name=worker).update(seen_at=now):
        Worker.objects.get_or_create(name=worker, defaults={"started_at": now, "seen_at": now})
        Worker.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()


def gone(worker: str) -> None:
    """Say that `worker` has ended in order."""
    Worker.objects.filter(name=worker).delete()


def workers_alive(now: datetime) -> int:
    """How many workers were heard of lately."""
    return Worker.objects.filter(seen_at__gte=now - WORKER_GONE).count()
