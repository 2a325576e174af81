"""What the application tells other systems: the kinds of events, and the one way to tell.

An event holds ids, names of settings and figures, never words or addresses of customers: a webhook leaves the house.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vitalfew.web.api.models import Delivery, Endpoint
from vitalfew.web.people.models import Company

TEST = "webhook.test"
EVENTS = {
    "run.finished": _("a run has finished"),
    "run.failed": _("a run has failed"),
    "item.proposed": _("a change waits for a decision"),
    "item.approved": _("a change has been approved"),
    "item.declined": _("a change has been declined"),
}


def emit(company: Company, kind: str, data: dict[str, Any]) -> int:
    """Tell every active endpoint of `company` that wants `kind`; returns how many. Sent later, by the worker.

    Called within the transaction of what happened, so that an event is told if and only if it happened. Raises KeyError for a kind
    nobody defined.
    """
    if kind not in EVENTS:
        raise KeyError(f"there is no event {kind!r}")
    wanting = [each for each in Endpoint.objects.filter(company=company, active=True) if kind in each.events]
    event = uuid.uuid4()
    for endpoint in wanting:
        add(endpoint, event, kind, data)
    return len(wanting)


def test(endpoint: Endpoint) -> Delivery:
    """A test event for `endpoint` alone, whatever it wants."""
    return add(endpoint, uuid.uuid4(), TEST, {"endpoint": str(endpoint.pk)})


def add(endpoint: Endpoint, event: uuid.UUID, kind: str, data: dict[str, Any]) -> Delivery:
    """One delivery, waiting to be sent."""
    now = timezone.now()
    told = {"id": str(event), "kind": kind, "at": now.isoformat(), "company": endpoint.company.slug, "data": data}
    body = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return Delivery.objects.create(endpoint=endpoint, event=event, kind=kind, body=body, next_at=now)
