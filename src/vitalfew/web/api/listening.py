"""What happens in other parts of the application, told as events."""

from __future__ import annotations

from typing import Any

from vitalfew.web.api import events
from vitalfew.web.authoring.models import Item, Version
from vitalfew.web.authoring.signals import item_changed
from vitalfew.web.people.models import Company
from vitalfew.web.runs.models import Job
from vitalfew.web.runs.signals import job_ended

RUNS = {"done": "run.finished", "failed": "run.failed"}
ITEMS = {"proposed": "item.proposed", "approved": "item.approved", "rejected": "item.declined"}


def listen() -> None:
    """Begin to listen; called once, when the application starts."""
    job_ended.connect(_job_ended, dispatch_uid="api-events")
    item_changed.connect(_item_changed, dispatch_uid="api-events")


def _job_ended(job: Job, state: str, run: str, **_: Any) -> None:
    if job.kind == "run" and state in RUNS:
        events.emit(job.company, RUNS[state], {"job": str(job.pk), "run": run})


def _item_changed(company: Company, item: Item, version: Version, action: str, **_: Any) -> None:
    if action in ITEMS:
        told = {"section": item.section, "key": item.key, "version": version.number, "group": version.group}
        events.emit(company, ITEMS[action], told)
