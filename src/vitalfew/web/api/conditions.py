"""ETags: what has not changed is not sent again, and what somebody else changed is not overwritten."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse

from vitalfew import __version__
from vitalfew.web.api.calls import Call
from vitalfew.web.api.problems import NotModified, Problem


def tag(*parts: object) -> str:
    """The ETag of something that is told by `parts`."""
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def fresh(call: Call, run_id: str) -> str:
    """The ETag of an answer that depends on a run, the question and the caller's rights alone. Raises NotModified when the client
    has it, before any table is opened."""
    request = call.request
    found = tag(__version__, run_id, request.get_full_path(), call.role, sorted(call.own_groups))
    if matches(request.headers.get("If-None-Match", ""), found):
        raise NotModified(found)
    request.tag = found  # type: ignore[attr-defined]
    return found


def answered(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer to a GET with its ETag, or 304 when the client has it already."""
    if request.method != "GET" or response.status_code != 200:
        return response
    found = response.get("ETag") or getattr(request, "tag", "") or tag(response.content)
    if matches(request.headers.get("If-None-Match", ""), found):
        response = HttpResponse(status=304)
    response["ETag"] = found
    return response


def need_match(request: HttpRequest, current: str) -> None:
    """Raises Problem 428 when a write does not say which state it changes, 412 when that state is no longer the current one."""
    given = request.headers.get("If-Match", "")
    if not given:
        raise Problem(428, "Send If-Match with the ETag of what you read, so that nobody's change is overwritten.")
    if not matches(given, current):
        raise Problem(412, "It has been changed since you read it. Read it again.")


def matches(header: str, current: str) -> bool:
    """Whether a list of ETags holds `current`. The mark W/ is passed over: compression on the way adds it to a strong one."""
    if header.strip() == "*":
        return True
    return current in {each.strip().removeprefix("W/") for each in header.split(",")}
