"""Webhook endpoints: what pages and API may do with them, in one place."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from vitalfew.web.api import door, events, sending
from vitalfew.web.api.models import Delivery, Endpoint, new_secret
from vitalfew.web.shell.access import Visit

MOST = 20


class Invalid(Exception):
    """What was given cannot be an endpoint: faults by field."""

    def __init__(self, faults: dict[str, str]) -> None:
        self.faults = faults
        super().__init__(faults)


class Changed(Exception):
    """Somebody else changed the endpoint in between."""


def faults_of(url: str, wanted: Sequence[str]) -> dict[str, str]:
    """What is wrong with an address and the events wanted, by field."""
    faults: dict[str, str] = {}
    try:
        door.parse(url)
    except door.Refused as refused:
        faults["url"] = str(refused)
    strangers = sorted(set(wanted) - set(events.EVENTS))
    if strangers:
        faults["events"] = f"there is no event {strangers[0][:60]!r}; there is {', '.join(events.EVENTS)}"
    elif not wanted:
        faults["events"] = f"none chosen; there is {', '.join(events.EVENTS)}"
    return faults


def add(visit: Visit, url: str, wanted: Sequence[str], active: bool = True) -> Endpoint:
    """A new endpoint. Raises Invalid."""
    faults = faults_of(url, wanted)
    if Endpoint.objects.filter(company=visit.company).count() >= MOST:
        faults["url"] = f"a company has at most {MOST} endpoints"
    if faults:
        raise Invalid(faults)
    made = Endpoint.objects.create(
        company=visit.company, url=url, events=sorted(set(wanted)), active=active, made_by=str(visit.user.email)
    )
    visit.record("add webhook", str(made.pk), url=url, events=made.events)
    return made


def change(visit: Visit, endpoint: Endpoint, url: str, wanted: Sequence[str], active: bool) -> Endpoint:
    """Change an endpoint as it was read. Raises Invalid, or Changed when it is no longer so."""
    faults = faults_of(url, wanted)
    if faults:
        raise Invalid(faults)
    values = {"url": url, "events": sorted(set(wanted)), "active": active}
    if not _set(endpoint, **values):
        raise Changed
    visit.record("change webhook", str(endpoint.pk), **values)
    endpoint.refresh_from_db()
    return endpoint


def renew(visit: Visit, endpoint: Endpoint) -> Endpoint:
    """A new secret in place of the old one, which is void at once. Raises Changed."""
    if not _set(endpoint, secret=new_secret()):
        raise Changed
    visit.record("renew webhook secret", str(endpoint.pk))
    endpoint.refresh_from_db()
    return endpoint


def remove(visit: Visit, endpoint: Endpoint) -> None:
    """Remove an endpoint and its log. Raises Changed."""
    key = str(endpoint.pk)
    with transaction.atomic():
        # The version is compared and set first, since a delete over two tables cannot compare.
        if not _set(endpoint):
            raise Changed
        Endpoint.objects.filter(pk=endpoint.pk).delete()
    visit.record("remove webhook", key, url=endpoint.url)


def try_out(visit: Visit, endpoint: Endpoint) -> Delivery:
    """Put a test event on its way."""
    made = events.test(endpoint)
    visit.record("test webhook", str(endpoint.pk))
    return made


def redeliver(visit: Visit, delivery: Delivery) -> None:
    """Send a delivery once more."""
    sending.again(delivery, timezone.now())
    visit.record("redeliver webhook", str(delivery.key), kind=delivery.kind)


def _set(endpoint: Endpoint, **values: object) -> bool:
    """Change the row if it is still at the version that was read."""
    found = Endpoint.objects.filter(pk=endpoint.pk, version=endpoint.version)
    return found.update(version=endpoint.version + 1, **values) == 1
