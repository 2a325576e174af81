"""Links that work once: `vitalfew serve` prints one to set a new company up, `vitalfew demo` one to enter the demo company."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from vitalfew.web.people import secrets
from vitalfew.web.people.models import Company, Key

LIFE = {Key.SETUP: timedelta(days=7), Key.ENTRY: timedelta(minutes=10)}


def make(company: Company, purpose: str) -> str:
    """The secret of a new link of `company`; unused older ones for the same purpose stop working."""
    Key.objects.filter(company=company, purpose=purpose, used_at=None).delete()
    secret = secrets.made()
    Key.objects.create(company=company, purpose=purpose, digest=secrets.digest(secret), expires_at=timezone.now() + LIFE[purpose])
    return secret


def find(secret: str, purpose: str) -> Key | None:
    """The unused key with this secret, or None."""
    return (
        Key.objects.select_related("company")
        .filter(digest=secrets.digest(secret), purpose=purpose, used_at=None, expires_at__gt=timezone.now())
        .first()
    )


def use(key: Key) -> bool:
    """Use up `key`; False for everybody but the first."""
    now = timezone.now()
    return Key.objects.filter(pk=key.pk, used_at=None, expires_at__gt=now).update(used_at=now) == 1
