"""Webhook endpoints and what was sent to them; answers kept so that a repeated request does nothing twice."""

from __future__ import annotations

import secrets
import uuid
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vitalfew.web.people.models import Company

STATES = {
    "waiting": _("waiting"),
    "sending": _("being sent"),
    "delivered": _("delivered"),
    "dead": _("given up"),
}


def new_secret() -> str:
    """A secret of 256 random bits to sign with."""
    return "whsec_" + secrets.token_urlsafe(32)


class Endpoint(models.Model):
    """An address of another system that wants to hear of events. `version` rises with each change, for edits at the same time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="endpoints")
    url = models.CharField(_("address"), max_length=1000)
    secret = models.CharField(max_length=100, default=new_secret)
    events: models.JSONField[list[str], list[str]] = models.JSONField(_("events"), default=list)
    active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.CharField(max_length=300)

    class Meta:
        ordering: ClassVar = ["made_at", "id"]

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    """One event on its way to one endpoint. `body` is kept as it is signed and sent; `log` holds each attempt.

    Others know it by `key`; its number gives the log an order that pages can hold on to.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    event = models.UUIDField()
    kind = models.CharField(max_length=60)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=list(STATES.items()), default="waiting")
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    code = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    log: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)
    made_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(state__in=list(STATES)), name="known_delivery_state")]
        indexes: ClassVar = [
            models.Index(fields=["state", "next_at"], name="delivery_due"),
            models.Index(fields=["endpoint", "-id"], name="delivery_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.endpoint_id}"


class KeptAnswer(models.Model):
    """The answer to a request with an Idempotency-Key; without a status as long as the request is under way."""

    holder = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    made_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["holder", "key"], name="one_answer_a_key")]

    def __str__(self) -> str:
        return f"{self.holder} {self.key}"
