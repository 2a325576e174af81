"""The worker on a small workspace: done, refused, failed, cancelled, killed; the last good run stands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.web.runs.conftest import Database

from vitalfew.runs import Workspace
from vitalfew.web.people.models import AuditEntry, Company
from vitalfew.web.runs import claiming, worker
from vitalfew.web.runs.models import Job
from vitalfew.web.runs.worker import Told, Worker

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def company_in(folder: Path) -> Company:
    return Company.objects.create(slug="small", name="Small", folder=str(folder))


def job_of(company: Company, **more: object) -> Job:
    return Job.objects.create(company=company, **{"not_before": NOW, **more})


def test_a_run_asked_for_is_done_and_one_that_cannot_be_is_refused_with_its_faults(
    db: None, small_workspace: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.2)
    folder = small_workspace()
    company, workspace = company_in(folder), Workspace(folder)
    first = workspace.need_current()
    job = job_of(company, arguments={"as_of": "2026-07-01"})
    assert Worker("w").once()
    job.refresh_from_db()
    assert job.state == "done", job.log
    assert job.run_id == workspace.need_current().id != first.id
    assert workspace.need_current().today == "2026-07-01"
    assert not job.same_as_before
    assert (job.progress_done, job.progress_total) == (6, 6)
    assert "focus: choosing initiatives" in job.log
    assert "@" not in job.log, "progress tells nothing of a person"
    assert AuditEntry.objects.get(action="run done").target == str(job.pk)
    good = workspace.need_current()
    with (folder / "company.toml").open("a") as file:
        file.write('[[grup]]\nname = "x"\n')
    job = job_of(company)
    assert Worker("w").once()
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.attempt == 1, "what is wrong with the settings is not tried again"
    assert [fault["what"] for fault in job.faults] == ["unknown key 'grup' in the file"]
    assert job.faults[0]["line"] > 1
    assert "company.toml" in job.faults[0]["file"]
    assert workspace.need_current() == good
    assert not Worker("w").once()


# --- endings, with a stand-in for the run ---


@pytest.fixture
def stand_in(db: None, small_workspace: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Job]:
    """A job whose run is the Python text given."""
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.1)
    company = company_in(small_workspace())

    def do(code: str) -> Job:
        job = job_of(company)
        monkeypatch.setattr(worker, "command", lambda _: [sys.executable, "-c", code])
        assert Worker("w").once()
        job.refresh_from_db()
        return job

    return do


def event(**more: object) -> str:
    return f"import sys; sys.stderr.write({json.dumps(more)!r} + chr(10)); "


def test_a_failure_is_told_in_its_own_words(stand_in: Callable[[str], Job]) -> None:
    job = stand_in(event(event="failed", text="the disk is full") + "sys.exit(1)")
    assert (job.state, job.reason) == ("failed", "the disk is full")


def test_a_crash_is_a_failure_with_its_last_lines(stand_in: Callable[[str], Job]) -> None:
    job = stand_in("raise ValueError('boom')")
    assert job.state == "failed"
    assert "unexpectedly" in job.reason
    assert "ValueError: boom" in job.log


def test_a_run_the_system_ends_is_tried_again_later(stand_in: Callable[[str], Job]) -> None:
    job = stand_in("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert (job.state, job.attempt) == ("queued", 1)
    assert job.not_before > datetime.now(UTC)
    assert "SIGKILL" in job.reason


def test_a_busy_workspace_is_waited_for_without_counting_a_try(stand_in: Callable[[str], Job]) -> None:
    job = stand_in(event(event="refused", busy=True, faults=[]) + "sys.exit(2)")
    assert (job.state, job.attempt) == ("queued", 0)
    assert "Another run is under way" in job.reason


def test_lines_that_are_no_events_are_kept_as_they_are_and_nothing_breaks(stand_in: Callable[[str], Job]) -> None:
    told = Told()
    told.hear(iter(['{"event": 1', "[1]\n", "null\n", "\x00odd\n", '{"no": "event"}\n']))  # type: ignore[arg-type]
    assert list(told.lines) == ['{"event": 1', "[1]", "null", "\ufffdodd", '{"no": "event"}']
    told.hear(iter([f"{'x' * 5000}\n"] * 500))  # type: ignore[arg-type]
    assert len(told.kept()["log"]) == worker.LOG_CHARACTERS


def test_a_cancelled_run_is_ended_with_all_it_started(
    db: None, small_workspace: Callable[[], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.2)
    note = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time; p = subprocess.Popen(['sleep', '300']); "
        f"open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{p.pid}}'); time.sleep(300)"
    )
    monkeypatch.setattr(worker, "command", lambda _: [sys.executable, "-c", code])
    job = job_of(company_in(small_workspace()))

    class Cancelling(Worker):
        def _watch(self, job: Job, process: subprocess.Popen[str], told: Told) -> bool:
            while not note.exists() or len(note.read_text().split()) < 2:
                time.sleep(0.05)
            claiming.cancel(job, datetime.now(UTC))
            return super()._watch(job, process, told)

    Cancelling("w").once()
    job.refresh_from_db()
    assert job.state == "cancelled"
    # What is killed is gone for good once the system has collected it, a moment later.
    until = time.monotonic() + 20
    left = [int(pid) for pid in note.read_text().split()]
    while (left := [pid for pid in left if running(pid)]) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == []


def test_a_worker_that_is_stopped_hands_its_job_back(
    db: None, small_workspace: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(worker, "command", lambda _: [sys.executable, "-c", "import time; time.sleep(300)"])
    job = job_of(company_in(small_workspace()))
    stopping = Worker("w")
    stopping.stop()
    stopping.once()
    job.refresh_from_db()
    assert (job.state, job.attempt, job.worker) == ("queued", 0, "")


def running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- a worker killed in the middle, on both databases ---

MAKE = """
from datetime import UTC, datetime
from vitalfew.web.people.models import Company
from vitalfew.web.runs.models import Job
company = Company.objects.create(slug="small", name="Small", folder={folder!r})
print(Job.objects.create(company=company, not_before=datetime.now(UTC), arguments={{"as_of": "2026-07-02"}}).pk)
"""
STATE = (
    "from vitalfew.web.runs.models import Job\nj = Job.objects.get()\nprint(j.state, j.attempt, j.progress_done, j.run_id or '-')"
)
AGE = (
    "from datetime import timedelta\nfrom django.db.models import F\nfrom vitalfew.web.runs.models import Job\n"
    "Job.objects.update(heartbeat=F('heartbeat') - timedelta(minutes=2))"
)
NO_WAIT = "from vitalfew.web.runs.models import Job\nfrom django.db.models import F\nJob.objects.update(not_before=F('made_at'))"
WORK = "from vitalfew.web.runs import worker\nworker.BEAT_SECONDS = 0.3\nworker.IDLE_SECONDS = 0.2\nworker.main()"


def until(database: Database, wanted: Callable[[list[str]], bool], seconds: float = 180) -> list[str]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state = database.run(STATE).split()
        if wanted(state):
            return state
        time.sleep(0.5)
    raise AssertionError(state)


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_nothing_and_another_finishes(
    database: Database, small_workspace: Callable[[], Path]
) -> None:
    folder = small_workspace()
    good = Workspace(folder).need_current()
    database.run(MAKE.format(folder=str(folder)))
    first = database.start(WORK)
    until(database, lambda state: state[0] == "running" and int(state[2]) >= 1)
    children = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()
    assert children
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    deadline = time.monotonic() + 20
    while any(running(int(pid)) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(running(int(pid)) for pid in children), "a run nobody watches must end"
    assert Workspace(folder).need_current() == good
    assert database.run(STATE).split()[:2] == ["running", "1"]
    database.run(AGE)
    second, third = database.start(WORK), database.start(WORK)
    try:
        until(database, lambda state: state[1] == "1" and state[0] == "queued")
        database.run(NO_WAIT)
        state = until(database, lambda state: state[0] in ("done", "failed"))
    finally:
        for each in (second, third):
            each.send_signal(signal.SIGTERM)
            each.communicate(timeout=60)
    assert state[:2] == ["done", "2"]
    now = Workspace(folder).need_current()
    assert (now.id, now.today) == (state[3], "2026-07-02")
    assert not list(Workspace(folder).home.glob("writing-*"))
    assert second.returncode == third.returncode == 0
