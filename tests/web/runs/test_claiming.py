"""Who gets a job: exactly one worker, on both databases, however many ask at once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from tests.web.runs.conftest import Database

from vitalfew.web.people.models import Company
from vitalfew.web.runs import claiming
from vitalfew.web.runs.models import Job, Worker

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
WORKER = """
import sys
from datetime import UTC, datetime
from vitalfew.web.runs import claiming
name = sys.argv[1] if len(sys.argv) > 1 else NAME
empty = 0
while empty < 5:
    job = claiming.claim(name, datetime.now(UTC))
    if job is None:
        empty += 1
        continue
    print(job.pk, flush=True)
    assert claiming.beat(job, datetime.now(UTC), progress_text="half")
    assert claiming.finish(job, "done", datetime.now(UTC))
"""
FILL = """
from datetime import UTC, datetime
from vitalfew.web.people.models import Company
from vitalfew.web.runs.models import Job
for n in range(8):
    company = Company.objects.create(slug=f"c{n}", name=f"C{n}", folder=f"/nowhere/{n}")
    for _ in range(5):
        Job.objects.create(company=company, not_before=datetime(2026, 1, 1, tzinfo=UTC))
"""
COUNT = """
from vitalfew.web.runs.models import Job
print(Job.objects.filter(state="done", attempt=1).count(), Job.objects.exclude(state="done").count())
"""


def test_four_workers_share_forty_jobs_and_none_is_done_twice(database: Database) -> None:
    database.run(FILL)
    workers = [database.start(f"NAME = 'worker-{n}'\n{WORKER}") for n in range(4)]
    taken = []
    for each in workers:
        out, _ = each.communicate(timeout=120)
        assert each.returncode == 0
        taken.append(out.split())
    every = [job for mine in taken for job in mine]
    assert Counter(Counter(every).values()) == {1: 40}
    assert database.run(COUNT).split() == ["40", "0"]


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.create(slug="acme", name="Acme", folder="/nowhere/acme")


def job_of(company: Company, **more: object) -> Job:
    return Job.objects.create(company=company, **{"not_before": NOW, **more})


def test_one_company_has_one_job_running_and_another_company_need_not_wait(company: Company) -> None:
    other = Company.objects.create(slug="other", name="Other", folder="/nowhere/other")
    first, second, third = job_of(company), job_of(company), job_of(other)
    assert claiming.claim("a", NOW) == first
    assert claiming.claim("b", NOW) == third
    assert claiming.claim("c", NOW) is None
    second.refresh_from_db()
    assert second.state == "queued"


def test_the_database_itself_refuses_a_second_running_job_of_a_company(company: Company) -> None:
    from django.db import IntegrityError

    job_of(company, state="running")
    with pytest.raises(IntegrityError):
        job_of(company, state="running")


def test_a_job_is_not_taken_before_its_time(company: Company) -> None:
    job_of(company, not_before=NOW + timedelta(minutes=1))
    assert claiming.claim("a", NOW) is None
    assert claiming.claim("a", NOW + timedelta(minutes=1)) is not None


def test_a_silent_job_is_put_back_twice_with_more_patience_each_time_then_fails_with_the_reason(company: Company) -> None:
    job, now = job_of(company), NOW
    for attempt, wait in ((1, 30), (2, 120)):
        claimed = claiming.claim("a", now)
        assert claimed is not None
        assert claimed.attempt == attempt
        assert claiming.reclaim(now + timedelta(seconds=59)) == 0
        now += timedelta(seconds=61)
        assert claiming.reclaim(now) == 1
        job.refresh_from_db()
        assert (job.state, job.worker, job.not_before - now) == ("queued", "", timedelta(seconds=wait))
        assert not claiming.beat(claimed, now), "who lost the job must notice"
        assert not claiming.finish(claimed, "done", now), "who lost the job must not end it"
        now = job.not_before
    assert claiming.claim("b", now) is not None
    now += timedelta(seconds=61)
    assert claiming.reclaim(now) == 1
    job.refresh_from_db()
    assert job.state == "failed"
    assert "3 times" in job.reason


def test_a_heartbeat_that_came_in_between_keeps_the_job(company: Company) -> None:
    job_of(company)
    claimed = claiming.claim("a", NOW)
    assert claimed is not None
    assert claiming.beat(claimed, NOW + timedelta(seconds=50))
    assert claiming.reclaim(NOW + timedelta(seconds=70)) == 0


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_by_its_worker(company: Company) -> None:
    waiting = job_of(company)
    assert claiming.cancel(waiting, NOW)
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    assert not claiming.cancel(waiting, NOW)
    job_of(company)
    running = claiming.claim("a", NOW)
    assert running is not None
    assert claiming.cancel(running, NOW)
    running.refresh_from_db()
    assert running.state == "running"
    assert not claiming.beat(running, NOW), "the worker learns of it by its next heartbeat"
    assert claiming.finish(running, "cancelled", NOW)


def test_a_cancelled_job_whose_worker_died_is_cancelled_not_tried_again(company: Company) -> None:
    job_of(company)
    running = claiming.claim("a", NOW)
    assert running is not None
    claiming.cancel(running, NOW)
    claiming.reclaim(NOW + timedelta(minutes=2))
    running.refresh_from_db()
    assert running.state == "cancelled"


def test_workers_are_seen_and_forgotten(db: None) -> None:
    claiming.seen("a", NOW)
    claiming.seen("a", NOW + timedelta(seconds=40))
    assert claiming.workers_alive(NOW + timedelta(seconds=80)) == 1
    assert claiming.workers_alive(NOW + timedelta(seconds=90)) == 0
    claiming.seen("b", NOW + timedelta(days=2))
    assert list(Worker.objects.values_list("name", flat=True)) == ["b"]
    claiming.gone("b")
    assert not Worker.objects.exists()
