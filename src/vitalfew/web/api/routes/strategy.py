"""What a run found, under addresses of its own: issues, initiatives, themes and the rest, each typed by the vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from ninja import Query, Router

from vitalfew.web.api.calls import Call
from vitalfew.web.api.operations import operation
from vitalfew.web.api.rows import FILTERS, RowOptions, one, page_shape, row_shape, rows
from vitalfew.web.api.tables import RULES

router = Router()


@dataclass(frozen=True)
class Collection:
    """A table with an address of its own; `key` is the column that names a row, empty when nothing does."""

    address: str
    table: str
    key: str = ""
    one: str = ""


COLLECTIONS = (
    Collection("issues", "issues", "issue", "issue"),
    Collection("causes", "causes"),
    Collection("initiatives", "initiatives", "initiative", "initiative"),
    Collection("portfolio", "portfolio"),
    Collection("frontier", "frontier"),
    Collection("roadmap", "roadmap"),
    Collection("themes", "themes", "theme", "theme"),
    Collection("drivers", "drivers"),
    Collection("metrics", "metrics", "metric", "metric"),
    Collection("expectations", "expectations", "expectation", "expectation"),
    Collection("promises", "promises"),
    Collection("journey", "journey"),
    Collection("one-pages", "one_pages"),
    Collection("actions", "actions"),
    Collection("raci", "raci"),
    Collection("risks", "risks", "risk", "risk"),
    Collection("benefits", "benefits", "benefit", "benefit"),
    Collection("effects", "effects", "effect", "effect"),
    Collection("customers", "customers", "id", "customer"),
    Collection("accounts", "accounts", "account", "account"),
)


def _list(each: Collection) -> Callable[..., HttpResponse]:
    def view(call: Call, options: Query[RowOptions]) -> HttpResponse:
        return rows(call, each.table, options)

    view.__name__ = f"list_{each.address.replace('-', '_')}"
    view.__doc__ = f"Rows of the table {each.table}: {each.address.replace('-', ' ')} the caller may read."
    return view


def _one(each: Collection) -> Callable[..., HttpResponse]:
    def view(call: Call, key: str) -> HttpResponse:
        return one(call, each.table, {each.key: key})

    view.__name__ = f"get_{each.one}"
    view.__doc__ = f"The row of the table {each.table} with this id."
    return view


def _register() -> None:
    for each in COLLECTIONS:
        capability = RULES[each.table].capability
        listed: dict[str, Any] = {"tags": ["Strategy"], "response": page_shape(each.table), "openapi_extra": FILTERS}
        name = each.address.replace("-", " ").capitalize()
        operation(router, "GET", f"/{each.address}", capability, open_query=True, summary=name, **listed)(_list(each))
        if each.key:
            path = f"/{each.address}/{{path:key}}"
            operation(
                router, "GET", path, capability, summary=f"One {each.one}", tags=["Strategy"], response=row_shape(each.table)
            )(_one(each))


_register()
