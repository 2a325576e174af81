"""Rows of a run's tables as the API gives them: rights, conditions, order, pages and formats in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Optional
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from pydantic import BaseModel, Field, create_model

from vitalfew.engine.reader import Where
from vitalfew.vocabulary import TABLES, Kind
from vitalfew.web.api import conditions, cursors
from vitalfew.web.api.asking import asked
from vitalfew.web.api.calls import Call
from vitalfew.web.api.cursors import Cursor
from vitalfew.web.api.operations import dumps, give
from vitalfew.web.api.problems import Fault, Problem
from vitalfew.web.api.tables import RULES, columns_of, may_read, own_rows

MOST_ROWS = 500
OPTIONS = ("limit", "cursor", "order", "fields", "format", "run", "total")
NDJSON = "application/x-ndjson"

# What a caller may add to any list of rows; told in the description once, as an object of free names.
FILTERS: dict[str, Any] = {
    "parameters": [
        {
            "in": "query",
            "name": "filters",
            "style": "form",
            "explode": True,
            "required": False,
            "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            "description": (
                "Conditions on columns: `column=value`, or `column__ge=value` with eq, ne, lt, le, gt, ge, in (values separated by "
                "commas), contains (ignores case) or known (true or false). A column that is called like an option is asked by "
                "`column__eq`."
            ),
        }
    ],
    "responses": {
        200: {"content": {NDJSON: {"schema": {"type": "string", "description": "one row in JSON a line"}}}},
        304: {"description": "What you have is still true"},
    },
}


class RowOptions(BaseModel):
    """The options of a list of rows, as they stand in an address."""

    limit: int = Field(100, ge=1, le=MOST_ROWS, description="rows in an answer")
    cursor: str = Field("", max_length=400, description="where the answer before stopped; `next` of that answer holds it")
    order: str = Field("", max_length=200, description="columns, separated by commas; -column for descending")
    fields: str = Field("", max_length=2000, description="columns to give, separated by commas; all when left out")
    format: Literal["json", "ndjson"] = Field(
        "json", description="ndjson gives one row a line; the next page is in the header Link"
    )
    run: str = Field("", max_length=64, description="id of a run; the current one when left out")
    total: bool = Field(False, description="also count all rows")


def rows(call: Call, table: str, options: RowOptions, fixed: Mapping[str, Any] | None = None) -> HttpResponse:
    """Rows of `table` that the caller may read, as asked by the address. `fixed` are conditions the address cannot lift."""
    if table not in TABLES:
        raise Http404
    need_table(call, table)
    columns = columns_of(call, table)
    faults: list[Fault] = []
    filters = [(name, value) for name, values in call.request.GET.lists() for value in values if name not in OPTIONS]
    asking = asked(columns, filters, options.order, options.fields, faults)
    question = cursors.question(call.company.pk, table, sorted(filters), options.order, sorted((fixed or {}).items()))
    cursor = cursors.read(options.cursor, faults) if options.cursor else None
    if cursor is not None and cursor.question != question:
        faults.append(Fault("query.cursor", "it belongs to another question", "keep filters and order while you page"))
    if cursor is not None and options.run and options.run != cursor.run:
        faults.append(Fault("query.run", "it is not the run of the cursor", "leave it out while you page"))
    if faults:
        raise Problem(422, "The request is not valid.", faults)
    try:
        run = call.run_called(cursor.run if cursor else options.run)
    except Http404:
        raise (Problem(410, "The run of this cursor has been removed. Begin again.") if cursor else Http404()) from None
    conditions.fresh(call, run.id)
    reader = call.reader_of(run)
    where = [*asking.where, *[Where(name, "=", value) for name, value in (fixed or {}).items()], *own_rows(call, reader, table)]
    names = asking.columns or tuple(each.name for each in columns)
    found = reader.page(table, where, asking.order, cursor.row if cursor else None, options.limit + 1, names)
    more = len(found) > options.limit
    found = found[: options.limit]
    following = _address(call, Cursor(run.id, question, found[-1][0])) if more else None
    total = reader.count(table, where) if options.total else None
    return _written(options, [row for _, row in found], run.id, following, total)


def one(call: Call, table: str, key: Mapping[str, Any], run_id: str = "") -> HttpResponse:
    """The row of `table` with this key. A row of another work group: 403."""
    need_table(call, table)
    run = call.run_called(run_id)
    conditions.fresh(call, run.id)
    reader = call.reader_of(run)
    where = [Where(name, "=", value) for name, value in key.items()]
    names = [each.name for each in columns_of(call, table)]
    found = reader.rows(table, [*where, *own_rows(call, reader, table)], limit=1, columns=names)
    if not found:
        if reader.count(table, where):
            raise PermissionDenied
        raise Http404
    return give(found[0])


def need_table(call: Call, table: str) -> None:
    """Raises Problem 403 unless the caller may read rows of `table`."""
    if not may_read(call, table):
        raise Problem(
            403, f"The table {table} needs the capability {RULES[table].capability}, which the role {call.role} does not have."
        )


def _address(call: Call, cursor: Cursor) -> str:
    kept = [(name, value) for name, values in call.request.GET.lists() for value in values if name not in ("cursor", "total")]
    return call.request.build_absolute_uri(f"{call.request.path}?{urlencode([*kept, ('cursor', cursor.text())])}")


def _written(
    options: RowOptions, found: list[dict[str, Any]], run_id: str, following: str | None, total: int | None
) -> HttpResponse:
    if options.format == "ndjson":
        response = HttpResponse("".join(f"{dumps(row)}\n" for row in found), content_type=NDJSON)
    else:
        response = give({"data": found, "next": following, "run": run_id, **({} if total is None else {"total": total})})
    if following:
        response["Link"] = f'<{following}>; rel="next"'
    response["Vitalfew-Run"] = run_id
    if total is not None:
        response["Vitalfew-Total"] = str(total)
    return response


_TYPES: dict[Kind, Any] = {"text": str, "whole": int, "number": float, "yes_no": bool, "time": str, "date": str}


def row_shape(table: str) -> type[BaseModel]:
    """The shape of a row of `table`, told by the vocabulary."""
    described = TABLES[table]
    columns: dict[str, Any] = {
        column.name: (
            Optional[_TYPES[column.kind]],  # noqa: UP045 - the type is known at run time only
            Field(None, description=column.meaning + (f" [{column.unit}]" if column.unit else "")),
        )
        for column in described.columns
    }
    made: type[BaseModel] = create_model(f"Row_{table}", __doc__=f"{described.row[0].upper()}{described.row[1:]}.", **columns)
    return made


def _list_of(shape: Any) -> Any:
    return list[shape]


def page_shape(table: str) -> type[BaseModel]:
    """The shape of a page of rows of `table`."""
    made: type[BaseModel] = create_model(
        f"Rows_{table}",
        __doc__=f"Rows of the table {table}.",
        data=(_list_of(row_shape(table)), ...),
        next=(Optional[str], Field(None, description="address of the next page; null on the last")),  # noqa: UP045
        run=(str, Field(description="the run the rows are of")),
        total=(Optional[int], Field(None, description="rows in all, when asked for")),  # noqa: UP045
    )
    return made


class Page(BaseModel):
    """Rows of any table."""

    data: list[dict[str, Any]]
    next: str | None = Field(None, description="address of the next page; null on the last")
    run: str = Field(description="the run the rows are of")
    total: int | None = Field(None, description="rows in all, when asked for")
