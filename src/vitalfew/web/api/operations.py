"""The one way into an operation of the API: every check in its order, then the operation.

Who asks (401), for which company (404), how often (429), with which right (403), with which options (422), in which state (304,
412, 428), and whether it was done before (Idempotency-Key).
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any, get_type_hints
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from vitalfew.web.api import conditions, idempotency, limits
from vitalfew.web.api.calls import Call, enter, membership_called, need
from vitalfew.web.api.problems import Problem, unknown
from vitalfew.web.people.rights import reach

COMPANY = "/companies/{slug:company}"


@dataclass(frozen=True)
class Told:
    """What an operation is, for the description, the gate and the tests: method, path, and the capability it needs.

    `capability` is empty for what every caller may. `open_query` says that the operation reads options of its own names. `reads` is
    a POST that changes nothing: it is one so that what is asked stands in no address and no log.
    """

    method: str
    path: str
    capability: str
    open_query: bool = False
    reads: bool = False

    @property
    def writes(self) -> bool:
        """Whether the operation changes something."""
        return self.method != "GET" and not self.reads


OPERATIONS: list[Told] = []


def operation(
    router: Router,
    method: str,
    path: str,
    capability: str,
    *,
    open_query: bool = False,
    company: bool = True,
    reads: bool = False,
    **described: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a view `(call, ...)` an operation of the company in the address; without `company`, `(request, ...)` of the caller.

    `described` goes into the OpenAPI description: summary, response, tags.
    """
    told = Told(method, (COMPANY if company else "") + path, capability, open_query, reads)
    if capability:
        reach("owner", capability)  # an unknown capability fails at import
    OPERATIONS.append(told)

    def register(view: Callable[..., Any]) -> Callable[..., Any]:
        registered = router.api_operation([method], told.path, operation_id=view.__name__, **described)
        made = registered(decorate_view(_gate(told, company))(_checked(view, company)))
        made.told = told  # type: ignore[attr-defined]
        return view

    return register


def _checked(view: Callable[..., Any], company: bool) -> Callable[..., Any]:
    """The view as ninja calls it, after it has read the options: with the call in place of the request and the company's name."""

    @wraps(view)
    def made(request: Any, **given: Any) -> Any:
        given.pop("company", None)
        if request.faults:
            raise Problem(422, "The request is not valid.", request.faults)
        return view(request.call if company else request, **given)

    hints = get_type_hints(view, include_extras=True)
    _, *others = inspect.signature(view).parameters.values()
    parameters = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest)]
    if company:
        parameters.append(inspect.Parameter("company", inspect.Parameter.KEYWORD_ONLY, annotation=str))
    parameters += [each.replace(annotation=hints[each.name], kind=inspect.Parameter.KEYWORD_ONLY) for each in others]
    made.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return made


def _gate(told: Told, company: bool) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    def wrap(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        bound: Any = run.__self__  # type: ignore[attr-defined]

        def entered(request: HttpRequest, **given: Any) -> HttpResponse:
            try:
                return _entered(told, company, bound, run, request, given)
            except Exception as error:
                answer: HttpResponse = bound.api.on_exception(request, error)
                return answer

        return entered

    return wrap


def _entered(
    told: Told, company: bool, bound: Any, run: Callable[..., HttpResponse], request: Any, given: dict[str, Any]
) -> HttpResponse:
    if company:
        call = enter(request, given["company"])
        request.call, request.caller, holder = call, call, call.holder
        limits.count(holder)
        if told.capability:
            need(call, told.capability)
        if not told.reads:
            call.need_scope()
    else:
        token, membership = membership_called(request)
        request.membership, request.caller = membership, membership or request.user
        limits.count(f"token:{token.pk}" if token else f"user:{request.user.pk}")
    if "\x00" in str(given):
        raise Problem(404)
    request.faults = [] if told.open_query else _strangers(bound, request)
    if told.method == "POST" and "Idempotency-Key" in request.headers:
        return idempotency.once(request, request.call.holder, lambda: run(request, **given))
    return conditions.answered(request, run(request, **given))


def _strangers(bound: Any, request: HttpRequest) -> list[Any]:
    """A fault for each option the operation does not have."""
    known = {
        name
        for model in bound.models
        if model.__ninja_param_source__ == "query"
        for name in getattr(model, "__ninja_flatten_map__", {})
    }
    return [unknown(f"query.{name[:80]}", name, known) for name in request.GET if name not in known]


def give(data: Any, status: int = 200, **headers: str) -> HttpResponse:
    """The answer `data` as JSON. Times are UTC; tables keep them without a zone."""
    response = HttpResponse(dumps(data), status=status, content_type="application/json")
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def dumps(data: Any) -> str:
    """`data` as JSON text."""
    return json.dumps(data, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z") if value.tzinfo else f"{value.isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


__all__ = ["COMPANY", "OPERATIONS", "Call", "Told", "dumps", "give", "operation"]
