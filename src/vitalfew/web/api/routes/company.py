"""The company, its runs and its tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from vitalfew.faults import RunFailed
from vitalfew.runs import Run, read
from vitalfew.vocabulary import TABLES
from vitalfew.web.api import conditions
from vitalfew.web.api.calls import Call
from vitalfew.web.api.operations import give, operation
from vitalfew.web.api.rows import FILTERS, Page, RowOptions, need_table, rows
from vitalfew.web.api.tables import columns_of, may_read
from vitalfew.web.people.models import Membership
from vitalfew.web.people.rights import CAPABILITIES

router = Router()


class CompanyShape(BaseModel):
    """A company, and what the caller may do in it."""

    slug: str = Field(description="its name in addresses")
    name: str
    role: str = Field(description="the caller's role")
    group: str = Field(description="the caller's work group, empty without one")
    capabilities: dict[str, str] = Field(description="what the caller may do, and for whom: company, group or own")


class GroupShape(BaseModel):
    """A work group."""

    name: str
    kind: str
    parent: str


class CompanyDetail(CompanyShape):
    """A company with its settings."""

    currency: str
    time_zone: str
    groups: list[GroupShape]
    run: str | None = Field(description="id of the current run, null before the first")


class Companies(BaseModel):
    """Companies."""

    data: list[CompanyShape]


class RunShape(BaseModel):
    """A finished run. Its tables never change."""

    id: str
    current: bool = Field(description="whether pages and this API read it")
    today: str = Field(description="the day the figures are for")
    finished_at: str
    engine: str
    version: str = Field(description="the version of Vital Few that made it")
    tables: list[str] = Field(description="the tables it wrote")


class Runs(BaseModel):
    """Runs, the latest first."""

    data: list[RunShape]


class ColumnShape(BaseModel):
    """A column."""

    name: str
    kind: str = Field(description="text, whole, number, yes_no, time (UTC) or date")
    unit: str
    meaning: str


class TableShape(BaseModel):
    """A table of the vocabulary, with the columns the caller may read."""

    name: str
    room: str = Field(description="the room that writes it")
    row: str = Field(description="what a row is")
    order: list[str] = Field(description="the columns it is ordered by")
    rows: int = Field(description="rows in the current run, of all groups")
    columns: list[ColumnShape]


class Tables(BaseModel):
    """The tables the caller may read."""

    data: list[TableShape]


@operation(router, "GET", "/companies", "", company=False, response=Companies, tags=["Company"], summary="Companies of the caller")
def list_companies(request: HttpRequest) -> HttpResponse:
    """The companies the caller is a member of; with a token, the company of the token."""
    membership: Membership | None = request.membership  # type: ignore[attr-defined]
    if membership is not None:
        found = [membership]
    else:
        found = list(
            Membership.objects.select_related("company").filter(user__email=request.user.get_username()).order_by("company__name")
        )
    return give({"data": [_company(each.company.slug, each.company.name, each.role, each.group) for each in found]})


@operation(router, "GET", "", "strategy.read", response=CompanyDetail, tags=["Company"], summary="The company")
def get_company(call: Call) -> HttpResponse:
    """The company, its work groups, its current run, and what the caller may do."""
    settings = call.settings
    groups = [{"name": each.name, "kind": each.kind, "parent": each.parent or ""} for each in settings.group]
    return give(
        {
            **_company(call.company.slug, call.company.name, call.role, call.group),
            "currency": settings.company.currency,
            "time_zone": settings.company.time_zone,
            "groups": groups,
            "run": call.run.id if call.run else None,
        }
    )


def _company(slug: str, name: str, role: str, group: str) -> dict[str, Any]:
    may = {name: by_role[role] for name, by_role in CAPABILITIES.items() if role in by_role}
    return {"slug": slug, "name": name, "role": role, "group": group, "capabilities": may}


@operation(router, "GET", "/runs", "runs.read", response=Runs, tags=["Runs"], summary="Finished runs")
def list_runs(call: Call) -> HttpResponse:
    """Every run that is kept, the latest first."""
    found = []
    for path in call.workspace.runs.glob("*/run.json"):
        try:
            found.append((path.stat().st_mtime, read(path.parent)))
        except (OSError, RunFailed):
            continue  # being removed while we look
    return give({"data": [_run(call, run) for _, run in sorted(found, key=lambda each: (-each[0], each[1].id))]})


@operation(router, "GET", "/runs/{str:run}", "runs.read", response=RunShape, tags=["Runs"], summary="One run")
def get_run(call: Call, run: str) -> HttpResponse:
    """One finished run, by its id; `current` names the one that pages read."""
    return give(_run(call, call.run_called("" if run == "current" else run)))


def _run(call: Call, run: Run) -> dict[str, Any]:
    finished = datetime.fromtimestamp((run.folder / "run.json").stat().st_mtime, UTC)
    return {
        "id": run.id,
        "current": call.run is not None and call.run.id == run.id,
        "today": run.today,
        "finished_at": finished,
        "engine": run.engine,
        "version": run.version,
        "tables": [name for name in run.paths() if name in TABLES],
    }


@operation(router, "GET", "/tables", "strategy.read", response=Tables, tags=["Tables"], summary="Tables the caller may read")
def list_tables(call: Call) -> HttpResponse:
    """Every table of the vocabulary that the caller may read, with its columns, their units and their meaning."""
    run = call.run_called("")
    conditions.fresh(call, run.id)
    return give({"data": [_table(call, name) for name in TABLES if may_read(call, name)]})


@operation(
    router, "GET", "/tables/{str:table}", "strategy.read", response=TableShape, tags=["Tables"], summary="One table's columns"
)
def get_table(call: Call, table: str) -> HttpResponse:
    """One table: what a row is, and its columns."""
    if table not in TABLES:
        raise Http404
    need_table(call, table)
    conditions.fresh(call, call.run_called("").id)
    return give(_table(call, table))


def _table(call: Call, name: str) -> dict[str, Any]:
    table = TABLES[name]
    columns = [
        {"name": each.name, "kind": each.kind, "unit": each.unit, "meaning": each.meaning} for each in columns_of(call, name)
    ]
    count = call.reader.count(name)
    return {"name": name, "room": table.room, "row": table.row, "order": list(table.order), "rows": count, "columns": columns}


@operation(
    router,
    "GET",
    "/tables/{str:table}/rows",
    "strategy.read",
    open_query=True,
    response=Page,
    openapi_extra=FILTERS,
    tags=["Tables"],
    summary="Rows of a table",
)
def list_rows(call: Call, table: str, options: Query[RowOptions]) -> HttpResponse:
    """Rows of any table the caller may read, in pages that neither repeat nor skip a row. A group lead reads rows of their own
    groups only; columns that would let one count answers by employee are given to nobody."""
    return rows(call, table, options)
