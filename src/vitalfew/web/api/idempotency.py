"""A POST with an Idempotency-Key is done once: the same request again gets the first one's answer.

The work and its answer are stored in one transaction. So a process that dies in between has done nothing, and the key is free
again. Answers that refuse are not kept: nothing was done, and the mended request may use the same key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from vitalfew.web.api.models import KeptAnswer
from vitalfew.web.api.problems import Fault, Problem

KEPT = timedelta(hours=24)
# Longer than any request lives (the server ends one after 60 seconds).
ABANDONED = timedelta(minutes=2)
LONGEST = 255
HEADERS = ("Location", "ETag")


def once(request: HttpRequest, holder: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer to the request: of `answer()` the first time, the stored one after that.

    Raises Problem 422 when the key came with another request, 409 while the first is under way.
    """
    key = request.headers["Idempotency-Key"]
    if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        fault = Fault("header.Idempotency-Key", "not 1 to 255 printable ASCII characters", "use a random UUID")
        raise Problem(422, "The request is not valid.", [fault])
    kept, stored = _reserve(holder, key, _fingerprint(request), timezone.now())
    if stored is not None:
        return stored
    try:
        with transaction.atomic():
            response = answer()
            if response.status_code < 400:
                _store(kept, response)
            else:
                transaction.set_rollback(True)
    except BaseException:
        kept.delete()
        raise
    if response.status_code >= 400:
        kept.delete()
    return response


def _reserve(holder: str, key: str, fingerprint: str, now: datetime) -> tuple[KeptAnswer, HttpResponse | None]:
    """The row of this key, made now; or the one that is there, with its answer."""
    rows = KeptAnswer.objects.filter(holder=holder, key=key)
    found = rows.first()
    # Nothing is written before this: a second request is told at once, and does not wait for the work of the first.
    if found is None or found.made_at < now - (ABANDONED if found.status is None else KEPT):
        KeptAnswer.objects.filter(made_at__lt=now - KEPT).delete()
        rows.filter(status=None, made_at__lt=now - ABANDONED).delete()
        try:
            with transaction.atomic():
                return KeptAnswer.objects.create(holder=holder, key=key, fingerprint=fingerprint, made_at=now), None
        except IntegrityError:  # another request was first
            found = rows.first()
    if found is not None and found.fingerprint != fingerprint:
        raise Problem(422, "This Idempotency-Key was used for another request. Take a new key.")
    if found is None or found.status is None:
        raise Problem(409, "The first request with this Idempotency-Key is still under way.", headers={"Retry-After": "1"})
    return found, _stored(found)


def _store(kept: KeptAnswer, response: HttpResponse) -> None:
    headers = {name: response[name] for name in (*HEADERS, "Content-Type") if name in response}
    body = response.content.decode()
    if not KeptAnswer.objects.filter(pk=kept.pk, status=None).update(status=response.status_code, headers=headers, body=body):
        # Taken for abandoned, and another request has the key: that one counts.
        raise Problem(409, "This request took too long, and another one has its Idempotency-Key now.")


def _stored(kept: KeptAnswer) -> HttpResponse:
    response = HttpResponse(kept.body, status=kept.status)
    for name, value in kept.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response


def _fingerprint(request: HttpRequest) -> str:
    whole = hashlib.sha256()
    for part in ((request.method or "").encode(), request.get_full_path().encode(), request.body):
        whole.update(len(part).to_bytes(8, "little"))
        whole.update(part)
    return whole.hexdigest()
