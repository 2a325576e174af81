"""Jobs, the schedule that makes them, and the workers that do them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from vitalfew.web.people.models import Company

STATES = {
    "queued": _("waiting"),
    "running": _("running"),
    "done": _("done"),
    "failed": _("failed"),
    "cancelled": _("cancelled"),
}
ENDED = ("done", "failed", "cancelled")
CADENCES = {"daily": _("every day"), "weekly": _("every week"), "monthly": _("every month")}


class Schedule(models.Model):
    """When a company's run is started by itself: at an hour of its own time zone."""

    company = models.OneToOneField(Company, models.CASCADE, related_name="schedule")
    cadence = models.CharField(_("how often"), max_length=10, choices=list(CADENCES.items()), default="weekly")
    hour = models.PositiveSmallIntegerField(_("hour"), default=5)
    weekday = models.PositiveSmallIntegerField(_("day of the week"), default=0)
    day = models.PositiveSmallIntegerField(_("day of the month"), default=1)
    next_at = models.DateTimeField(_("next"), null=True, help_text="when the next run is due; empty while switched off")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(hour__lte=23), name="schedule_hour"),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="schedule_weekday"),
            models.CheckConstraint(condition=models.Q(day__gte=1, day__lte=28), name="schedule_day"),
        ]

    def __str__(self) -> str:
        return f"{self.company}: {self.cadence}"


class Job(models.Model):
    """One piece of work in the background. Who takes it and how it ends is decided by filtered updates only (see claiming)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=20, default="run")
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=list(STATES.items()), default="queued")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_schedule = models.BooleanField(default=False)
    made_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    heartbeat = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True)
    cancel_asked = models.BooleanField(default=False)
    progress_text = models.CharField(max_length=300, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    log = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    faults = models.JSONField(default=list)
    run_id = models.CharField(max_length=40, blank=True)
    same_as_before = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["-made_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["company", "-made_at"], name="job_latest"),
            models.Index(fields=["state", "not_before"], name="job_next"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(state__in=list(STATES)), name="job_state"),
            # A workspace takes one run at a time: two workers that claim two jobs of one company cannot both succeed.
            models.UniqueConstraint(fields=["company"], condition=models.Q(state="running"), name="one_running_job_a_company"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED


class Worker(models.Model):
    """A process that does jobs, and when it was last heard of."""

    name = models.CharField(max_length=200, unique=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
