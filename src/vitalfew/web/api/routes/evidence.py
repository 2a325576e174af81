"""The walk from a claim to what it rests on, and the search for an id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from vitalfew.engine.reader import Reader, Where
from vitalfew.evidence import parse_selection
from vitalfew.vocabulary import TABLES
from vitalfew.web.api import conditions
from vitalfew.web.api.asking import READ
from vitalfew.web.api.calls import Call
from vitalfew.web.api.operations import give, operation
from vitalfew.web.api.tables import columns_of, may_read, own_rows

router = Router()

SHOWN = 3
MOST_FOUND = 20
# The table in which the claims of a kind stand, and the column that holds their id.
CLAIMS = {
    "issue": ("issues", "issue"),
    "initiative": ("initiatives", "initiative"),
    "theme": ("themes", "theme"),
    "driver": ("drivers", "driver_id"),
    "promise": ("promises", "promise"),
    "metric": ("metrics", "metric"),
    "expectation": ("expectations", "expectation"),
    "action": ("actions", "action"),
    "risk": ("risks", "risk"),
    "benefit": ("benefits", "benefit"),
    "effect": ("effects", "effect"),
}
# Where an id is looked for.
FOUND_IN = {
    **dict(CLAIMS.values()),
    "accounts": "account",
    "people": "person",
    "customers": "id",
    "orders": "key",
    "interactions": "key",
    "responses": "response",
    "contracts": "key",
    "deals": "key",
    "employees": "employee",
}


class Support(BaseModel):
    """One thing a claim rests on."""

    support: str = Field(description="a claim, a record (table:source#key) or a selection (table[column=value])")
    role: str = Field(description="what it is to the claim")
    weight: float | None
    n: int | None = Field(description="records behind it")
    kind: str = Field(description="claim, records or stated")
    walk: str | None = Field(description="address of the next step, when it is a claim itself")
    rows: str | None = Field(description="address of the records, when the caller may read them")
    sample: list[dict[str, Any]] = Field(description="the first records, for those who may read them")


class Walk(BaseModel):
    """A claim, and what it rests on."""

    claim: str
    row: dict[str, Any] | None = Field(description="the claim's row in its table")
    supports: list[Support]
    run: str


class Found(BaseModel):
    """One row with the id."""

    table: str
    id: str
    name: str
    walk: str | None = Field(description="address of the walk to its records, when it is a claim")


class FoundList(BaseModel):
    """What was found."""

    data: list[Found]


@operation(router, "GET", "/why/{path:claim}", "strategy.read", response=Walk, tags=["Evidence"], summary="What a claim rests on")
def get_why(call: Call, claim: str) -> HttpResponse:
    """One step of the walk from a claim down to records; `walk` of a support is the address of the next. Who may read the table a
    claim stands in may walk it; records are given to those who may read records."""
    run = call.run_called("")
    conditions.fresh(call, run.id)
    reader = call.reader_of(run)
    row = _row(call, reader, claim)
    steps = reader.rows("evidence", [Where("claim", "=", claim)])
    if row is None and not steps:
        raise Http404
    steps.sort(key=lambda step: (-(step["weight"] or 0.0), step["support"]))
    return give({"claim": claim, "row": row, "supports": [_support(call, reader, step) for step in steps], "run": run.id})


def _row(call: Call, reader: Reader, claim: str) -> dict[str, Any] | None:
    """The row of a claim. Raises PermissionDenied when it is not for the caller."""
    table, column = CLAIMS.get(claim.partition(":")[0], ("evidence", ""))
    if not may_read(call, table):
        raise PermissionDenied
    if not column:
        return None
    where = [Where(column, "=", claim)]
    names = [each.name for each in columns_of(call, table)]
    found = reader.rows(table, [*where, *own_rows(call, reader, table)], limit=1, columns=names)
    if not found and reader.count(table, where):
        raise PermissionDenied
    return found[0] if found else None


def _support(call: Call, reader: Reader, step: Mapping[str, Any]) -> dict[str, Any]:
    support = str(step["support"])
    told = {name: step[name] for name in ("support", "role", "weight", "n")}
    told |= {"kind": "claim", "walk": None, "rows": None, "sample": []}
    records = _records(support)
    if records is None:
        if support.startswith("setting:"):
            return told | {"kind": "stated"}
        return told | {"walk": _address(call, f"why/{quote(support)}")}
    table, wanted = records
    told["kind"] = "records"
    allowed = {each.name for each in columns_of(call, table)}
    if not may_read(call, table) or not set(wanted) <= allowed:
        return told
    where = [Where(name, "=", READ[TABLES[table].column(name).kind](value)) for name, value in wanted.items()]
    names = [each.name for each in TABLES[table].columns if each.name in allowed]
    told["sample"] = reader.rows(table, [*where, *own_rows(call, reader, table)], limit=SHOWN, columns=names)
    told["rows"] = (
        _address(call, f"tables/{table}/rows") + "?" + urlencode({f"{name}__eq": value for name, value in wanted.items()})
    )
    return told


def _records(support: str) -> tuple[str, dict[str, str]] | None:
    """Table and conditions of the records a support names; None for a claim, or for conditions nobody can read."""
    found = parse_selection(support)
    if found is None:
        table, _, rest = support.partition(":")
        source, mark, key = rest.partition("#")
        if table not in TABLES or not mark or not key:
            return None
        found = table, {"source": source, "key": key}
    table, wanted = found
    try:
        for name, value in wanted.items():
            READ[TABLES[table].column(name).kind](value)
    except (KeyError, ValueError):
        return None
    return table, wanted


class SearchOptions(BaseModel):
    """What is looked for."""

    q: str = Field(min_length=2, max_length=200, description="an id, or a part of one")


@operation(router, "GET", "/search", "strategy.read", response=FoundList, tags=["Evidence"], summary="Search by id")
def search(call: Call, options: Query[SearchOptions]) -> HttpResponse:
    """Rows whose id is, or contains, the text: first those that are it. Only tables the caller may read are searched."""
    run = call.run_called("")
    conditions.fresh(call, run.id)
    q = options.q
    if "\x00" in q:
        return give({"data": []})
    reader = call.reader_of(run)
    exact: list[dict[str, Any]] = []
    near: list[dict[str, Any]] = []
    for table, column in FOUND_IN.items():
        if not may_read(call, table):
            continue
        names = [column, *(["name"] if "name" in TABLES[table].names else [])]
        own = own_rows(call, reader, table)
        exact += _found(call, table, column, reader.rows(table, [Where(column, "=", q), *own], limit=2, columns=names))
        near += _found(call, table, column, reader.rows(table, [Where(column, "contains", q), *own], limit=5, columns=names))
    unique = {(each["table"], each["id"]): each for each in [*exact, *near]}
    return give({"data": list(unique.values())[:MOST_FOUND]})


def _found(call: Call, table: str, column: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    claims = {each for each, _ in CLAIMS.values()}
    return [
        {
            "table": table,
            "id": str(row[column]),
            "name": str(row.get("name") or ""),
            "walk": _address(call, f"why/{quote(str(row[column]))}") if table in claims else None,
        }
        for row in rows
    ]


def _address(call: Call, rest: str) -> str:
    return call.request.build_absolute_uri(f"/api/v1/companies/{call.company.slug}/{rest}")
