"""When a schedule is due, across changes of the clock."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from vitalfew.web.people.models import Company
from vitalfew.web.runs.models import Job, Schedule
from vitalfew.web.runs.scheduling import make_due, next_after

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cadence", "now", "due"),
    [
        ("daily", "2026-06-30 02:59", "2026-06-30 03:00"),  # 05:00 in summer is 03:00 UTC
        ("daily", "2026-06-30 03:00", "2026-07-01 03:00"),  # the moment itself is over
        ("daily", "2026-01-10 12:00", "2026-01-11 04:00"),  # in winter 04:00 UTC
        ("daily", "2026-10-24 12:00", "2026-10-25 04:00"),  # the clock goes back in between
        ("daily", "2026-03-28 12:00", "2026-03-29 03:00"),  # and forward
        ("weekly", "2026-06-30 12:00", "2026-07-06 03:00"),  # Tuesday to Monday
        ("monthly", "2026-06-15 12:00", "2026-07-01 03:00"),
        ("monthly", "2026-12-15 12:00", "2027-01-01 04:00"),
    ],
)
def test_due_at_five_in_paris(cadence: str, now: str, due: str) -> None:
    assert next_after(cadence, 5, 0, 1, PARIS, at(now)) == at(due)


def test_an_hour_the_clock_skips_becomes_the_one_after_and_one_that_comes_twice_is_used_once() -> None:
    assert next_after("daily", 2, 0, 1, PARIS, at("2026-03-28 12:00")) == at("2026-03-29 01:00")  # 03:00, the first after the gap
    first = next_after("daily", 2, 0, 1, PARIS, at("2026-10-24 12:00"))
    assert first == at("2026-10-25 00:00")
    assert next_after("daily", 2, 0, 1, PARIS, first) == at("2026-10-26 01:00")


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"])
def test_a_year_of_days_has_one_run_each(zone: str) -> None:
    now, days = at("2026-01-01 00:00"), []
    while now < at("2027-01-01 00:00"):
        now = next_after("daily", 2, 0, 1, ZoneInfo(zone), now)
        days.append(now.astimezone(ZoneInfo(zone)).date())
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]


def test_a_due_schedule_makes_one_job_and_a_missed_week_is_made_up_once(db: None, other_workspace: Path, tmp_path: Path) -> None:
    shutil.copy(other_workspace / "company.toml", tmp_path)
    company = Company.objects.create(slug="acme", name="Acme", folder=str(tmp_path))
    schedule = Schedule.objects.create(company=company, cadence="daily", hour=5, next_at=at("2026-06-01 05:00"))
    now = at("2026-06-30 12:00")
    assert len(make_due(now)) == 1
    assert make_due(now) == []
    schedule.refresh_from_db()
    assert schedule.next_at == at("2026-07-01 05:00")
    job = Job.objects.get()
    assert job.by_schedule
    assert job.state == "queued"


def test_settings_that_cannot_be_read_leave_the_schedule_alive(db: None, tmp_path: Path) -> None:
    company = Company.objects.create(slug="gone", name="Gone", folder=str(tmp_path / "gone"))
    schedule = Schedule.objects.create(company=company, next_at=at("2026-06-01 05:00"))
    assert len(make_due(at("2026-06-30 12:00"))) == 1, "the job says what is wrong with the settings"
    schedule.refresh_from_db()
    assert schedule.next_at == at("2026-07-06 05:00"), "it goes on in its own time, in the zone of the last good settings, else UTC"


def test_a_schedule_switched_off_makes_nothing(db: None) -> None:
    company = Company.objects.create(slug="acme", name="Acme", folder="/nowhere")
    Schedule.objects.create(company=company, next_at=None)
    assert make_due(at("2026-06-30 12:00")) == []
