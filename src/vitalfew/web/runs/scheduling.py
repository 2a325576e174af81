"""When a schedule is due, in the company's own time: right across changes of the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vitalfew.faults import Refused
from vitalfew.web.runs.models import Job, Schedule
from vitalfew.web.shell.companies import settings_of


def next_after(cadence: str, hour: int, weekday: int, day: int, zone: ZoneInfo, now: datetime) -> datetime:
    """The first moment after `now` at `hour` o'clock in `zone`, on the right day; in UTC.

    An hour the clock skips becomes the hour after it; an hour that comes twice is taken the first time. So a day has one run, never
    none and never two.
    """
    today = now.astimezone(zone).date()
    for candidate in _days(cadence, weekday, day, today):
        moment = datetime.combine(candidate, time(hour), zone).astimezone(UTC)
        if moment > now:
            return moment
    raise AssertionError("days have no end")


def _days(cadence: str, weekday: int, day: int, first: date) -> Iterator[date]:
    for number in range(400):
        candidate = first + timedelta(days=number)
        if (
            cadence == "daily"
            or (cadence == "weekly" and candidate.weekday() == weekday)
            or (cadence == "monthly" and candidate.day == day)
        ):
            yield candidate


def plan(schedule: Schedule, now: datetime) -> datetime:
    """When `schedule` is due next."""
    zone = ZoneInfo(settings_of(schedule.company).company.time_zone)
    return next_after(schedule.cadence, schedule.hour, schedule.weekday, schedule.day, zone, now)


def make_due(now: datetime) -> list[Job]:
    """The jobs of the schedules that are due; each is made once, whoever asks. A day missed while nobody worked is made up once."""
    made: list[Job] = []
    for schedule in Schedule.objects.select_related("company").filter(next_at__lte=now):
        mine = Schedule.objects.filter(pk=schedule.pk, next_at=schedule.next_at)
        try:
            following = plan(schedule, now)
        except (Refused, OSError):  # settings that cannot be read now must not stop the other companies' schedules
            following = now + timedelta(hours=1)
        if mine.update(next_at=following) and not Job.objects.filter(company=schedule.company, state="queued").exists():
            made.append(Job.objects.create(company=schedule.company, not_before=now, by_schedule=True))
    return made
