"""Structured logs without personal data: one JSON object a line, made of what we name and nothing else.

A log line is read by more people, and kept longer, than anything else. So no value of a request gets there: a message is its
template without its arguments, an exception its kind and places without its text, a request its route's name without its address.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
# What our own code may add to a line: ids, counts, names of routes and workers.
FIELDS = (
    "route",
    "method",
    "status",
    "milliseconds",
    "user",
    "worker",
    "job",
    "attempt",
    "code",
    "signal",
    "folder_size",
    "version",
)
UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
requests = logging.getLogger("vitalfew.requests")


class Lines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, place, the message's template, the fields named above."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if REQUEST_ID.get():
            line["request"] = REQUEST_ID.get()
        if _is_template(record):
            line["message"] = str(record.msg)
        else:
            line["place"] = f"{record.module}:{record.lineno}"
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _exception(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)


def _is_template(record: logging.LogRecord) -> bool:
    """Whether the message is surely a constant: ours are; of others only those that take their values as arguments."""
    return record.name.startswith("vitalfew.") or (isinstance(record.msg, str) and bool(record.args))


def _exception(error: BaseException) -> list[str]:
    """The kinds of an exception and its causes, innermost last, with the places; never the text, which may quote a value."""
    found: list[str] = []
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        places = [
            f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(each.__traceback__)
        ]
        found.append(f"{type(each).__name__} at {' > '.join(places[-8:])}")
        each = each.__cause__ or each.__context__
    return found


class Requests:
    """Gives each request an id and writes one line about it. The first of all middleware, so that it sees every answer."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        # A proxy's id is kept when it can be nothing but an id.
        name = given if UUID.fullmatch(given) else str(uuid.uuid4())
        token, start = REQUEST_ID.set(name), time.perf_counter()
        try:
            response = self.answer(request)
            response.headers["X-Request-ID"] = name
            requests.info(
                "request",
                extra={
                    "route": _route(request),
                    "method": request.method if request.method in METHODS else "other",
                    "status": response.status_code,
                    "milliseconds": round(1000 * (time.perf_counter() - start), 1),
                    "user": _user(request),
                },
            )
            return response
        finally:
            REQUEST_ID.reset(token)


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        return "static" if request.path.startswith("/static/") else "unknown"
    return match.view_name or match.route


def _user(request: HttpRequest) -> int | None:
    user = getattr(request, "user", None)
    # Whoever did not look at the user did not load it; the log must not cost a query.
    loaded = getattr(request, "_cached_user", None)
    return loaded.pk if user is not None and loaded is not None else None


def configuration() -> dict[str, Any]:
    """Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "vitalfew.web.ops.logs.Lines"}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["lines"], "level": "WARNING"},
        "loggers": {
            "vitalfew": {"level": "INFO"},
            # Django's own handlers print addresses and e-mail whole requests.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # A missing page or a refused one is a line of `vitalfew.requests` already.
            "django.request": {"level": "ERROR", "propagate": True},
            "gunicorn.error": {"handlers": [], "level": "WARNING", "propagate": True},
            "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        },
    }
