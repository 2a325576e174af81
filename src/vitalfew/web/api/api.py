"""The API as a whole: its operations, its description, its addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from vitalfew import __version__
from vitalfew.web.api import conditions
from vitalfew.web.api.calls import Bearer, Session
from vitalfew.web.api.operations import OPERATIONS, dumps
from vitalfew.web.api.parsing import Strict
from vitalfew.web.api.problems import ProblemShape, handle, problem
from vitalfew.web.api.routes import company, evidence, items, jobs, people, strategy, webhooks, who
from vitalfew.web.shell.access import public

PREFIX = "/api/v1"
ABOUT = (
    "Everything the application knows, for programs. Send `Authorization: Bearer` with a token of the company; the token has the "
    "rights of the member who made it. Lists come in pages: follow `next`. Answers carry an ETag; send it as If-None-Match and get "
    "304 while nothing has changed. Refusals are problem details (RFC 9457) that list every fault."
)

api = NinjaAPI(
    title="Vital Few",
    version=__version__,
    description=ABOUT,
    openapi_url=None,
    docs_url=None,
    urls_namespace="vitalfew-api",
    auth=[Bearer(), Session()],
    parser=Strict(),
)
handle(api)
for each in (company, jobs, items, strategy, evidence, who, people, webhooks):
    api.add_router("", each.router)

_HEADERS: dict[str, dict[str, Any]] = {
    "If-None-Match": {"description": "the ETag you have: answered by 304 while it is still true"},
    "Idempotency-Key": {"description": "a random text of your own: the same request with it is done once; kept for 24 hours"},
    "If-Match": {"description": "the ETag of what you read: answered by 412 when somebody changed it since; 428 without one"},
}
_BY_METHOD = {"get": "If-None-Match", "post": "Idempotency-Key", "patch": "If-Match", "put": "If-Match", "delete": "If-Match"}


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """The OpenAPI description: what ninja tells, with the headers and refusals every operation has."""
    told: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=f"{PREFIX}/"))
    shape = ProblemShape.model_json_schema(ref_template="#/components/schemas/{model}")
    told["components"]["schemas"] |= shape.pop("$defs", {}) | {"Problem": shape}
    refused = {
        "description": "Refused, with every fault listed",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in told["paths"].values():
        for method, each in operations.items():
            for one in each["parameters"]:
                if one["name"] == "company":
                    one["description"] = "the company's name in addresses"
            name = _BY_METHOD[method]
            header = {"in": "header", "name": name, "required": False, "schema": {"type": "string", "maxLength": 255}}
            each["parameters"] = [*each["parameters"], header | _HEADERS[name]]
            each["responses"] = each["responses"] | {"4XX": refused}
            if method == "get":
                each["responses"].setdefault(304, {"description": "What you have is still true"})
    return told


@public
def openapi(request: HttpRequest) -> HttpResponse:
    """The description, for programs that make clients from it."""
    response = HttpResponse(dumps(description()), content_type="application/json")
    return conditions.answered(request, response)


@csrf_exempt
@public
def nothing(request: HttpRequest, rest: str = "") -> HttpResponse:
    """An address of the API that does not exist."""
    return problem(404, "There is no such address in this API.")


def addresses() -> list[URLPattern]:
    """The addresses of the operations, each with the capability it needs."""
    paths, _, _ = api.urls
    return [_told(each) for each in paths if isinstance(each, URLPattern) and each.name != "api-root"]


def _told(pattern: URLPattern) -> URLPattern:
    path = str(pattern.pattern).replace("<", "{").replace(">", "}")
    listed = [
        each for each in OPERATIONS if each.path.lstrip("/").replace("{uuid:", "{uuidstr:") == path.replace("{uuid:", "{uuidstr:")
    ]
    wrapped = _wrapped(pattern.callback, sorted({each.method for each in listed}))
    # Several methods share an address; reading comes first.
    wrapped.capability = next(iter(each.capability for each in sorted(listed, key=lambda each: each.writes)), "") or "public"  # type: ignore[attr-defined]
    return URLPattern(pattern.pattern, wrapped, pattern.default_args, pattern.name)


def _wrapped(view: Callable[..., Any], methods: list[str]) -> Callable[..., Any]:
    @csrf_exempt  # a session's writes are checked in calls.py, tokens need no check
    def answered(request: HttpRequest, **given: Any) -> HttpResponse:
        if request.method not in methods:
            return problem(405, f"Possible here: {', '.join(methods)}.", headers={"Allow": ", ".join(methods)})
        response: HttpResponse = view(request, **given)
        return response

    return answered
