"""Deliveries on their way: signed, sent through the door, tried again with growing pauses, and given up in the end.

An endpoint may get an event twice (its answer was lost); the id of the event says so. It is never lost: a worker that dies while it
sends leaves the delivery due again.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Q
from django.utils import timezone

from vitalfew.web.api.door import Door, Failed, Refused
from vitalfew.web.api.models import Delivery

# The pause after each failed attempt; after the last one it is given up. Nearly two days in all.
PAUSES = tuple(timedelta(seconds=each) for each in (10, 60, 300, 1800, 7200, 21600, 43200, 86400))
# Longer than an attempt can take.
LEASE = timedelta(minutes=1)
IDLE_SECONDS = 2.0
log = logging.getLogger("vitalfew.webhooks")
SIGNATURE = "Vital-Few-Signature"
LOGGED = 20


def signature(secret: str, body: bytes, moment: int) -> str:
    """The value of the signature header: HMAC-SHA256 over the moment, a point and the body.

    >>> signature("whsec_example", b"{}", 1767225600)[:14]
    't=1767225600,v'
    """
    made = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={made}"


def deliver_due(now: datetime, most: int = 50, door: Door | None = None) -> int:
    """Send what is due at `now`, the longest waiting first, and return how many attempts were made. Several workers may call it."""
    opened = door or Door(loopback=settings.WEBHOOKS_TO_LOOPBACK)
    due = Q(state="waiting", next_at__lte=now) | Q(state="sending", next_at__lte=now)
    found = list(Delivery.objects.filter(due, endpoint__active=True).order_by("next_at", "id").values_list("pk", flat=True)[:most])
    made = 0
    began = time.monotonic()
    for key in found:
        # Each attempt has its own moment: an endpoint that answers slowly must not age the lease and the signature of the next.
        moment = now + timedelta(seconds=time.monotonic() - began)
        # Whoever changes the row takes it; `next_at` is then the end of the lease.
        if Delivery.objects.filter(due, pk=key).update(state="sending", next_at=moment + LEASE):
            _attempt(Delivery.objects.select_related("endpoint").get(pk=key), moment, opened)
            made += 1
    return made


def keep_sending(stopped: threading.Event) -> None:
    """Send what is due until `stopped`: the loop of a worker's thread. A database that is away for a while is waited for."""
    while not stopped.is_set():
        try:
            close_old_connections()
            busy = deliver_due(timezone.now()) > 0
        except DatabaseError:
            log.exception("webhooks: database away, trying again")
            connection.close()
            busy = False
        if not busy:
            stopped.wait(IDLE_SECONDS)
    connection.close()


def again(delivery: Delivery, now: datetime) -> None:
    """Make a delivery due once more, with all its attempts before it."""
    Delivery.objects.filter(pk=delivery.pk).exclude(state="sending").update(
        state="waiting", attempts=0, next_at=now, done_at=None, error="", code=None
    )


def _attempt(delivery: Delivery, now: datetime, door: Door) -> None:
    body = delivery.body.encode()
    began = time.monotonic()
    code, error = None, ""
    try:
        code = door.post(delivery.endpoint.url, body, _headers(delivery, body, int(now.timestamp()))).status
        if not 200 <= code < 300:
            error = f"answered {code}; redirects are not followed" if 300 <= code < 400 else f"answered {code}"
    except (Refused, Failed) as failure:
        error = str(failure)
    took = round((time.monotonic() - began) * 1000)
    entry = {"at": now.isoformat(), "code": code, "error": error[:300], "milliseconds": took}
    changed: dict[str, Any] = {"attempts": delivery.attempts + 1, "code": code, "error": error[:300]}
    changed["log"] = [*delivery.log, entry][-LOGGED:]
    if not error:
        changed |= {"state": "delivered", "done_at": now}
    elif delivery.attempts < len(PAUSES):
        changed |= {"state": "waiting", "next_at": now + PAUSES[delivery.attempts]}
    else:
        changed |= {"state": "dead", "done_at": now}
    # Only when the lease is still ours: a worker that was away too long says nothing.
    Delivery.objects.filter(pk=delivery.pk, state="sending", attempts=delivery.attempts).update(**changed)


def _headers(delivery: Delivery, body: bytes, moment: int) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        SIGNATURE: signature(delivery.endpoint.secret, body, moment),
        "Vital-Few-Event": delivery.kind,
        "Vital-Few-Event-Id": str(delivery.event),
        "Vital-Few-Delivery": str(delivery.key),
    }
