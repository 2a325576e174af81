"""So many requests a minute for each token or member, counted by each process on its own."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache

from vitalfew.web.api.problems import Problem

WINDOW = 60


def count(holder: str, now: float | None = None) -> None:
    """Count one request of `holder`. Raises Problem 429 beyond the limit, with the seconds to wait."""
    moment = time.time() if now is None else now
    window = int(moment // WINDOW)
    key = f"api-requests:{holder}:{window}"
    # `add` keeps a count that is there; both calls hold the cache's lock, so that threads lose none.
    cache.add(key, 0, timeout=2 * WINDOW)
    if cache.incr(key) > settings.API_REQUESTS_A_MINUTE:
        wait = max(1, int((window + 1) * WINDOW - moment) + 1)
        raise Problem(429, f"More than {settings.API_REQUESTS_A_MINUTE} requests in a minute.", headers={"Retry-After": str(wait)})
