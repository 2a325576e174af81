"""Is it alive, and can it serve? For load balancers and monitors: no name, no number that tells anything about a company."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from vitalfew.web.people.models import Company
from vitalfew.web.runs.claiming import workers_alive
from vitalfew.web.shell.access import public

log = logging.getLogger("vitalfew.health")


@public
def live(request: HttpRequest) -> HttpResponse:
    """This process answers. It asks nobody else, so that a slow database does not get it restarted."""
    return JsonResponse({"status": "ok"})


@public
def ready(request: HttpRequest) -> HttpResponse:
    """200 when pages can be served, 503 when not. A missing worker is told but is no reason to take the pages away."""
    found = {"database": _database(), "migrations": "unknown", "workspace": "unknown", "worker": "unknown"}
    if found["database"] == "ok":
        found |= {"migrations": _migrations(), "workspace": _workspaces()}
        if found["migrations"] == "ok":
            found["worker"] = "ok" if workers_alive(datetime.now(UTC)) else "none"
    serving = all(found[each] == "ok" for each in ("database", "migrations", "workspace"))
    status = "unavailable" if not serving else "ok" if found["worker"] == "ok" else "degraded"
    return JsonResponse({"status": status, **found}, status=200 if serving else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        log.warning("database does not answer")
        return "failed"
    return "ok"


def _migrations() -> str:
    from vitalfew.web.ops.database import state  # noqa: PLC0415 - loads every migration

    return {"current": "ok"}.get(state(), "failed")


def _workspaces() -> str:
    try:
        folders = list(Company.objects.values_list("folder", flat=True)[:50])
    except DatabaseError:
        return "failed"
    # A company.toml at fault or gone takes no pages away: they go on with the settings of the last run.
    return "ok" if all(_served(Path(each)) for each in folders) else "failed"


def _served(folder: Path) -> bool:
    return os.access(folder / "company.toml", os.R_OK) or os.access(folder / ".vitalfew" / "current" / "run.json", os.R_OK)
