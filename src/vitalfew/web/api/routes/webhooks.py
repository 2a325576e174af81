"""Webhook endpoints and their deliveries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from vitalfew.web.api import conditions, cursors, endpoints
from vitalfew.web.api.calls import Call
from vitalfew.web.api.events import EVENTS
from vitalfew.web.api.models import STATES, Delivery, Endpoint
from vitalfew.web.api.operations import give, operation
from vitalfew.web.api.problems import Fault, Problem

router = Router()
TAGS: dict[str, Any] = {"tags": ["Webhooks"]}
_KINDS: dict[str, Any] = {"items": {"type": "string", "enum": list(EVENTS)}}


class EndpointShape(BaseModel):
    """An address that hears of events."""

    id: str
    url: str
    events: list[str]
    active: bool
    made_at: str
    made_by: str


class EndpointWithSecret(EndpointShape):
    """An endpoint and its secret."""

    secret: str = Field(description="signs what is sent; shown now and not again")


class Endpoints(BaseModel):
    """Endpoints."""

    data: list[EndpointShape]


class NewEndpoint(BaseModel):
    """An endpoint to be made."""

    model_config = ConfigDict(extra="forbid")
    url: str = Field(max_length=1000, description="https address on port 443, or http on port 80")
    events: list[str] = Field(max_length=50, description="the kinds of events it wants", json_schema_extra=_KINDS)
    active: bool = True


class EndpointChange(BaseModel):
    """What shall be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    url: str | None = Field(None, max_length=1000)
    events: list[str] | None = Field(None, max_length=50, description="the kinds of events it wants")
    active: bool | None = None


class DeliveryShape(BaseModel):
    """One event on its way to one endpoint."""

    id: str
    event: str
    kind: str
    state: str = Field(description="waiting, sending, delivered or dead")
    attempts: int
    code: int | None = Field(description="HTTP status of the last answer")
    error: str
    next_at: str
    made_at: str
    done_at: str | None
    log: list[dict[str, Any]] = Field(description="each attempt")


class Deliveries(BaseModel):
    """Deliveries, the latest first."""

    data: list[DeliveryShape]
    next: str | None = Field(description="address of the next page; null on the last")


@operation(router, "GET", "/webhooks", "webhooks.manage", response=Endpoints, summary="Endpoints", **TAGS)
def list_webhooks(call: Call) -> HttpResponse:
    """Every endpoint of the company."""
    return give({"data": [_endpoint(each) for each in Endpoint.objects.filter(company=call.company)]})


@operation(router, "POST", "/webhooks", "webhooks.manage", response={201: EndpointWithSecret}, summary="Add an endpoint", **TAGS)
def add_webhook(call: Call, body: NewEndpoint) -> HttpResponse:
    """A new endpoint. The answer holds its secret, which is not shown again."""
    try:
        made = endpoints.add(call, body.url, body.events, body.active)
    except endpoints.Invalid as invalid:
        raise _not_valid(invalid) from None
    place = f"{call.request.build_absolute_uri(call.request.path)}/{made.pk}"
    return give({**_endpoint(made), "secret": made.secret}, 201, Location=place, ETag=_tag(made))


@operation(router, "GET", "/webhooks/{uuid:endpoint}", "webhooks.manage", response=EndpointShape, summary="One endpoint", **TAGS)
def get_webhook(call: Call, endpoint: UUID) -> HttpResponse:
    """One endpoint. Its ETag is asked for by changes."""
    found = _found(call, endpoint)
    return give(_endpoint(found), ETag=_tag(found))


@operation(router, "PATCH", "/webhooks/{uuid:endpoint}", "webhooks.manage", response=EndpointShape, summary="Change it", **TAGS)
def change_webhook(call: Call, endpoint: UUID, body: EndpointChange) -> HttpResponse:
    """Change an endpoint."""
    found = _found(call, endpoint)
    conditions.need_match(call.request, _tag(found))
    url = found.url if body.url is None else body.url
    wanted = found.events if body.events is None else body.events
    active = found.active if body.active is None else body.active
    try:
        changed = endpoints.change(call, found, url, wanted, active)
    except endpoints.Invalid as invalid:
        raise _not_valid(invalid) from None
    except endpoints.Changed:
        raise _changed() from None
    return give(_endpoint(changed), ETag=_tag(changed))


@operation(router, "DELETE", "/webhooks/{uuid:endpoint}", "webhooks.manage", response={204: None}, summary="Remove it", **TAGS)
def remove_webhook(call: Call, endpoint: UUID) -> HttpResponse:
    """Remove an endpoint and its deliveries."""
    found = _found(call, endpoint)
    conditions.need_match(call.request, _tag(found))
    try:
        endpoints.remove(call, found)
    except endpoints.Changed:
        raise _changed() from None
    return HttpResponse(status=204)


@operation(
    router,
    "POST",
    "/webhooks/{uuid:endpoint}/secret",
    "webhooks.manage",
    response=EndpointWithSecret,
    summary="Renew its secret",
    **TAGS,
)
def renew_webhook_secret(call: Call, endpoint: UUID) -> HttpResponse:
    """A new secret; the old one is void at once."""
    try:
        renewed = endpoints.renew(call, _found(call, endpoint))
    except endpoints.Changed:
        raise _changed() from None
    return give({**_endpoint(renewed), "secret": renewed.secret}, ETag=_tag(renewed))


@operation(
    router,
    "POST",
    "/webhooks/{uuid:endpoint}/test",
    "webhooks.manage",
    response={202: DeliveryShape},
    summary="Send a test",
    **TAGS,
)
def test_webhook(call: Call, endpoint: UUID) -> HttpResponse:
    """Put a test event on its way to this endpoint."""
    return give(_delivery(endpoints.try_out(call, _found(call, endpoint))), 202)


class DeliveryOptions(BaseModel):
    """Which deliveries are asked for."""

    limit: int = Field(100, ge=1, le=500, description="deliveries in an answer")
    cursor: str = Field("", max_length=400, description="where the answer before stopped; `next` of that answer holds it")
    state: str = Field("", max_length=10, description="waiting, sending, delivered or dead")


@operation(
    router, "GET", "/webhooks/{uuid:endpoint}/deliveries", "webhooks.manage", response=Deliveries, summary="Its deliveries", **TAGS
)
def list_deliveries(call: Call, endpoint: UUID, options: Query[DeliveryOptions]) -> HttpResponse:
    """What was sent to an endpoint, the latest first; `state=dead` are the dead letters."""
    found = _found(call, endpoint)
    faults: list[Fault] = []
    if options.state and options.state not in STATES:
        faults.append(Fault("query.state", "no state of a delivery", f"there is {', '.join(STATES)}"))
    question = cursors.question(str(found.pk), options.state)
    cursor = cursors.read(options.cursor, faults) if options.cursor else None
    if cursor is not None and cursor.question != question:
        faults.append(Fault("query.cursor", "it belongs to another question", "keep filters while you page"))
    if faults:
        raise Problem(422, "The request is not valid.", faults)
    deliveries = Delivery.objects.filter(endpoint=found, **({"state": options.state} if options.state else {}))
    if cursor is not None:
        deliveries = deliveries.filter(id__lt=cursor.row)
    listed = list(deliveries[: options.limit + 1])
    following = None
    if len(listed) > options.limit:
        query = call.request.GET.copy()
        query["cursor"] = cursors.Cursor("", question, listed[options.limit - 1].pk).text()
        following = call.request.build_absolute_uri(f"{call.request.path}?{query.urlencode()}")
    return give({"data": [_delivery(each) for each in listed[: options.limit]], "next": following})


@operation(
    router,
    "POST",
    "/webhooks/{uuid:endpoint}/deliveries/{uuid:delivery}/redeliver",
    "webhooks.manage",
    response={202: DeliveryShape},
    summary="Send it once more",
    **TAGS,
)
def redeliver(call: Call, endpoint: UUID, delivery: UUID) -> HttpResponse:
    """Send a delivery once more, with the same event id."""
    found = get_object_or_404(Delivery, endpoint=_found(call, endpoint), key=delivery)
    endpoints.redeliver(call, found)
    found.refresh_from_db()
    return give(_delivery(found), 202)


def _found(call: Call, key: UUID) -> Endpoint:
    return get_object_or_404(Endpoint.objects.select_related("company"), company=call.company, pk=key)


def _tag(endpoint: Endpoint) -> str:
    return conditions.tag("endpoint", str(endpoint.pk), endpoint.version)


def _endpoint(each: Endpoint) -> dict[str, Any]:
    return {"id": each.pk} | {name: getattr(each, name) for name in ("url", "events", "active", "made_at", "made_by")}


def _delivery(each: Delivery) -> dict[str, Any]:
    names = ("event", "kind", "state", "attempts", "code", "error", "next_at", "made_at", "done_at", "log")
    return {"id": each.key} | {name: getattr(each, name) for name in names}


def _not_valid(invalid: endpoints.Invalid) -> Problem:
    return Problem(422, "The request is not valid.", [Fault(f"body.{name}", told) for name, told in invalid.faults.items()])


def _changed() -> Problem:
    return Problem(412, "It has been changed since you read it. Read it again.")
