"""API tokens: made once, found by their digest, with an end."""

from __future__ import annotations

import hmac
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from vitalfew.web.people import secrets
from vitalfew.web.people.models import Membership, Token

PREFIX = "vf_"
SHOWN = len(PREFIX) + 6
LONGEST_DAYS = 366
USED_EVERY = timedelta(minutes=1)


def make(membership: Membership, name: str, scope: str, days: int) -> tuple[Token, str]:
    """A new token of `membership` that ends in `days` days, and its secret, which nobody can read again."""
    if not 1 <= days <= LONGEST_DAYS:
        raise ValueError(f"a token lives 1 to {LONGEST_DAYS} days, not {days}")
    secret = secrets.made(PREFIX)
    token = Token.objects.create(
        membership=membership,
        name=name,
        scope=scope,
        prefix=secret[:SHOWN],
        digest=secrets.digest(secret),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return token, secret


def membership_for(secret: str) -> tuple[Token, Membership] | None:
    """The valid token with this secret and the membership it acts for; None for an unknown, revoked or expired one.

    The look-up goes by the digest of 256 random bits: how long it takes tells nothing about a secret that is not known in full.
    """
    if not secret.startswith(PREFIX) or len(secret) > 200:
        return None
    wanted = secrets.digest(secret)
    now = timezone.now()
    token = (
        Token.objects.select_related("membership__user", "membership__company")
        .filter(digest=wanted, revoked_at=None, expires_at__gt=now, membership__user__is_active=True)
        .first()
    )
    if token is None or not hmac.compare_digest(token.digest, wanted):
        return None
    # Once a minute is enough to see that a token is alive, and spares a write (and waiting for another's) at each request.
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        Token.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY), pk=token.pk).update(last_used_at=now)
    return token, token.membership


def revoke(token: Token) -> bool:
    """End `token` now; False when it had ended by revocation already."""
    return Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()) == 1
