"""What the API answers when it refuses: RFC 9457 problem details, with every fault found listed at once.

The texts are for developers and are written in English only, so that an answer does not depend on the language of who asks.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from pydantic import BaseModel, Field

TITLES = {
    400: "The request cannot be read",
    401: "Who is asking is not known",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "In conflict with another request",
    410: "No longer there",
    412: "Changed by somebody else",
    413: "Too large",
    422: "Not valid",
    428: "A condition is missing",
    429: "Too many requests",
    500: "A fault of ours",
}


class FaultShape(BaseModel):
    """One fault: where it is, what is wrong, and how to mend it."""

    at: str = Field(description="query, path, header or body, and the name within it")
    detail: str = Field(description="what is wrong")
    hint: str = Field(default="", description="how to mend it")


class ProblemShape(BaseModel):
    """A refusal, as RFC 9457 describes it."""

    type: str = Field(description="always about:blank: the status says which kind of problem it is")
    title: str = Field(description="the kind of problem in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(default="", description="what happened")
    errors: list[FaultShape] = Field(default=[], description="every fault found in the request")


@dataclass(frozen=True)
class Fault:
    """One fault of a request."""

    at: str
    detail: str
    hint: str = ""


class Problem(Exception):
    """A request is refused with `status`."""

    def __init__(
        self, status: int, detail: str = "", faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.detail = detail
        self.faults = list(faults)
        self.headers = dict(headers or {})
        super().__init__(status, detail)


class NotModified(Exception):
    """What the client has is still true."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        super().__init__(tag)


def problem(status: int, detail: str = "", faults: Iterable[Fault] = (), headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The answer of a refusal."""
    body: dict[str, Any] = {"type": "about:blank", "title": TITLES.get(status, "Refused"), "status": status}
    if detail:
        body["detail"] = detail
    listed = [asdict(each) for each in faults]
    if listed:
        body["errors"] = listed
    response = HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json")
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def unknown(at: str, name: str, known: Iterable[str]) -> Fault:
    """The fault that there is no `name`, with the closest of those there are."""
    listed = sorted(known)
    close = difflib.get_close_matches(name, listed, n=3, cutoff=0.6)
    hint = f"did you mean {', '.join(close)}?" if close else f"there is {', '.join(listed[:40]) or 'none'}"
    return Fault(at, f"there is no {name[:80]!r} here", hint)


def handle(api: NinjaAPI) -> None:
    """Make `api` answer every exception with a problem."""
    for kind, answer in {
        Problem: _refused,
        Http404: lambda _, __: problem(404),
        PermissionDenied: lambda _, __: problem(403),
        HttpError: lambda _, error: problem(error.status_code, error.message),
        ValidationError: _not_valid,
        NotModified: _not_modified,
        Exception: _our_fault,
    }.items():
        api.add_exception_handler(kind, answer)


def _refused(_: HttpRequest, error: Any) -> HttpResponse:
    return problem(error.status, error.detail, error.faults, error.headers)


def _not_valid(request: HttpRequest, error: Any) -> HttpResponse:
    faults = list(getattr(request, "faults", []))
    for each in error.errors:
        place, *names = each["loc"]
        # The name of the parameter that holds the whole body says nothing to who wrote the body.
        names = names[1:] if place == "body" else names
        faults.append(Fault(".".join([str(place), *map(str, names)]), str(each["msg"])))
    return problem(422, "The request is not valid.", faults)


def _not_modified(_: HttpRequest, error: Any) -> HttpResponse:
    response = HttpResponse(status=304)
    response["ETag"] = error.tag
    return response


def _our_fault(request: HttpRequest, _: Any) -> HttpResponse:
    # Django's own log of requests, and whoever listens for failures (the tests do), hear of it; the client learns nothing.
    got_request_exception.send(sender=NinjaAPI, request=request)
    return problem(500, "Something went wrong here. It has been logged.")
