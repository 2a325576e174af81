"""Every operation of the API x role x own, other and absent company, with token and session: the matrix, as data.

The roles are written out by hand, so that a change of the rights shows here. An operation that is missing fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.web.api.conftest import Programs
from tests.web.conftest import Cast

from vitalfew.web.api import events
from vitalfew.web.api.models import Delivery, Endpoint
from vitalfew.web.api.operations import COMPANY, OPERATIONS
from vitalfew.web.authoring import changes
from vitalfew.web.authoring.models import Item
from vitalfew.web.authoring.overlay import standing
from vitalfew.web.people.models import Membership
from vitalfew.web.people.rights import ROLES
from vitalfew.web.runs.models import Job

LETTERS = {
    "O": "owner",
    "A": "administrator",
    "Y": "analyst",
    "X": "executive",
    "L": "lead",
    "E": "employee",
    "I": "integrator",
}
ALL = "OAYXLEI"
FIGURES = "OAYXLI"  # aggregated figures
HEADS = "OA"


@dataclass(frozen=True)
class Row:
    """An operation: who may, an address that exists, what is sent, and what is answered."""

    roles: str
    path: str
    body: Any = None
    answer: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    reads: bool = False
    """A POST that changes nothing, open to tokens that may only read."""


PROMISE = {"name": "In one piece", "group": "Logistics", "table": "orders", "kept_when": "status = 'delivered'"}
STAR = (("If-Match", "*"),)
MATRIX: dict[str, Row] = {
    "GET ": Row(ALL, ""),
    "GET /runs": Row("OAYXI", "/runs"),
    "GET /runs/{str:run}": Row("OAYXI", "/runs/current"),
    "GET /jobs": Row("OAYXI", "/jobs"),
    "POST /jobs": Row("OAYI", "/jobs", {"as_of": "2026-06-01"}, 202),
    "GET /jobs/{uuid:job}": Row("OAYXI", "/jobs/{job}"),
    "POST /jobs/{uuid:job}/cancel": Row("OAYI", "/jobs/{job}/cancel", None, 202),
    "GET /items": Row(FIGURES, "/items"),
    "GET /items/{str:section}/{str:key}": Row(FIGURES, "/items/promise/{promise}"),
    # a lead writes for the own group, so not what belongs to the whole company
    "POST /items/{str:section}": Row("OAYLI", "/items/promise", {"values": PROMISE}, 201),
    "PUT /items/{str:section}/{str:key}": Row("OAYLI", "/items/promise/{promise}", {"values": PROMISE}, 200, STAR),
    "DELETE /items/{str:section}/{str:key}": Row("OAYLI", "/items/promise/{promise}", None, 200, STAR),
    "GET /pending": Row("OAYLI", "/pending"),
    "POST /items/{str:section}/{str:key}/versions/{int:number}/approve": Row(
        HEADS, "/items/promise/{promise}/versions/1/approve", {}
    ),
    "POST /items/{str:section}/{str:key}/versions/{int:number}/decline": Row(
        HEADS, "/items/promise/{promise}/versions/1/decline", {}
    ),
    "GET /tables": Row(ALL, "/tables"),
    "GET /tables/{str:table}": Row(ALL, "/tables/initiatives"),
    "GET /tables/{str:table}/rows": Row(ALL, "/tables/initiatives/rows"),
    "GET /issues": Row(ALL, "/issues"),
    "GET /issues/{path:key}": Row(ALL, "/issues/issue:logistics/late-delivery"),
    "GET /causes": Row(ALL, "/causes"),
    "GET /initiatives": Row(ALL, "/initiatives"),
    "GET /initiatives/{path:key}": Row(ALL, "/initiatives/{initiative}"),
    "GET /portfolio": Row(ALL, "/portfolio"),
    "GET /frontier": Row(FIGURES, "/frontier"),
    "GET /roadmap": Row(ALL, "/roadmap"),
    "GET /themes": Row(FIGURES, "/themes"),
    "GET /themes/{path:key}": Row(FIGURES, "/themes/theme:late-delivery"),
    "GET /drivers": Row(FIGURES, "/drivers"),
    "GET /metrics": Row(FIGURES, "/metrics"),
    "GET /metrics/{path:key}": Row(FIGURES, "/metrics/metric:recommend/nps/all/all"),
    "GET /expectations": Row(ALL, "/expectations"),
    "GET /expectations/{path:key}": Row(ALL, "/expectations/{expectation}"),
    "GET /promises": Row(ALL, "/promises"),
    "GET /journey": Row(FIGURES, "/journey"),
    "GET /one-pages": Row(ALL, "/one-pages"),
    "GET /actions": Row(ALL, "/actions"),
    "GET /raci": Row(ALL, "/raci"),
    "GET /risks": Row(FIGURES, "/risks"),
    "GET /risks/{path:key}": Row(FIGURES, "/risks/{risk}"),
    "GET /benefits": Row(FIGURES, "/benefits"),
    "GET /benefits/{path:key}": Row(FIGURES, "/benefits/{benefit}"),
    "GET /effects": Row(FIGURES, "/effects"),
    "GET /effects/{path:key}": Row(FIGURES, "/effects/{effect}"),
    # a lead reads records of the own group; these tables do not say the group
    "GET /customers": Row(HEADS, "/customers"),
    "GET /customers/{path:key}": Row(HEADS, "/customers/{customer}"),
    "GET /accounts": Row(HEADS, "/accounts"),
    "GET /accounts/{path:key}": Row(HEADS, "/accounts/{account}"),
    "GET /why/{path:claim}": Row(ALL, "/why/{initiative}"),
    # a lead looks up customers of the own group
    "POST /who": Row("OAL", "/who", {"email": "nobody@nowhere.example"}, reads=True),
    "POST /who/records": Row(HEADS, "/who/records", {"record": "calls#matrix", "name": "Zed Matrix"}, 201),
    "GET /search": Row(ALL, "/search?q=late"),
    "GET /members": Row(HEADS, "/members"),
    "GET /members/{uuid:member}": Row(HEADS, "/members/{member}"),
    "GET /audit": Row(HEADS, "/audit"),
    "GET /webhooks": Row("OAI", "/webhooks"),
    "POST /webhooks": Row("OAI", "/webhooks", {"url": "https://hooks.example/in", "events": ["run.finished"]}, 201),
    "GET /webhooks/{uuid:endpoint}": Row("OAI", "/webhooks/{endpoint}"),
    "PATCH /webhooks/{uuid:endpoint}": Row("OAI", "/webhooks/{endpoint}", {"active": False}, 200, STAR),
    "DELETE /webhooks/{uuid:endpoint}": Row("OAI", "/webhooks/{endpoint}", None, 204, STAR),
    "POST /webhooks/{uuid:endpoint}/secret": Row("OAI", "/webhooks/{endpoint}/secret"),
    "POST /webhooks/{uuid:endpoint}/test": Row("OAI", "/webhooks/{endpoint}/test", None, 202),
    "GET /webhooks/{uuid:endpoint}/deliveries": Row("OAI", "/webhooks/{endpoint}/deliveries"),
    "POST /webhooks/{uuid:endpoint}/deliveries/{uuid:delivery}/redeliver": Row(
        "OAI", "/webhooks/{endpoint}/deliveries/{delivery}/redeliver", None, 202
    ),
}


def test_every_operation_is_in_the_matrix() -> None:
    told = {f"{each.method} {each.path.removeprefix(COMPANY)}" for each in OPERATIONS if each.path.startswith(COMPANY)}
    assert told == set(MATRIX)
    assert set(LETTERS.values()) == set(ROLES)


def places(cast: Cast) -> dict[str, str]:
    """Ids of things that exist in the company, fresh for each call that may remove them."""
    from vitalfew.runs import Workspace
    from vitalfew.web.shell.access import READERS
    from vitalfew.web.shell.companies import Path

    run = Workspace(Path(cast.company.folder)).need_current()
    reader = READERS.of(run.folder, run.paths())
    columns = {
        "initiatives": "initiative",
        "expectations": "expectation",
        "risks": "risk",
        "benefits": "benefit",
        "effects": "effect",
    }
    found = {column: str(reader.rows(table, limit=1)[0][column]) for table, column in columns.items()}
    found["customer"] = str(reader.rows("customers", limit=1)[0]["id"])
    found["account"] = str(reader.rows("accounts", limit=1)[0]["account"])
    endpoint = Endpoint.objects.create(company=cast.company, url="https://hooks.example/x", events=["run.finished"])
    found["endpoint"] = str(endpoint.pk)
    found["delivery"] = str(events.test(endpoint).key)
    Item.objects.filter(company=cast.company).delete()
    promise = changes.entry(cast.company, standing(cast.company), "promise", "on-time")
    assert promise is not None
    assert promise.file_values is not None
    wanted = {**promise.file_values, "standard": 0.9}
    proposed = changes.Change("promise", "on-time", "values", wanted, 0, promise.file_values, "", "Logistics")
    changes.save(cast.company, "somebody@northlight.example", proposed, "proposed")
    found["promise"] = "on-time"
    Job.objects.filter(company=cast.company).delete()
    found["job"] = str(Job.objects.create(company=cast.company, not_before=timezone.now()).pk)
    found["member"] = str(cast.members["analyst"].pk)
    return found


@pytest.mark.parametrize("name", list(MATRIX))
def test_operations_open_for_those_who_may_and_for_nobody_else(cast: Cast, program: Programs, name: str) -> None:
    row, method = MATRIX[name], name.split(" ", maxsplit=1)[0]
    for letter, role in LETTERS.items():
        path = row.path.format(**places(cast))
        answer = program(role).send(method, path, row.body, **dict(row.headers)) if method != "GET" else program(role).ask(path)
        expected = row.answer if letter in row.roles else 403
        assert answer.status_code == expected, f"{role}: {answer.status_code} {answer.content[:300]}"
        if method != "GET" and letter in row.roles:
            reading = program(role, "read").send(method, row.path.format(**places(cast)), row.body, **dict(row.headers))
            expected = row.answer if row.reads else 403
            assert reading.status_code == expected, f"{role} with a token that may only read: {reading.status_code}"


@pytest.mark.parametrize("name", list(MATRIX))
def test_another_company_looks_exactly_like_one_that_does_not_exist(cast: Cast, program: Programs, name: str) -> None:
    row, method = MATRIX[name], name.split(" ", maxsplit=1)[0]
    path = row.path.format(**places(cast))
    theirs = program("stranger").send(method, path, row.body, **dict(row.headers))
    absent = program("stranger", root="/api/v1/companies/absent").send(method, path, row.body, **dict(row.headers))
    assert theirs.status_code == absent.status_code == 404
    assert theirs.content == absent.content
    nobody = program("nobody").send(method, path, row.body, **dict(row.headers))
    assert nobody.status_code == 401
    assert nobody["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("name", [each for each in MATRIX if "{" in each])
def test_what_does_not_exist_in_the_company_is_not_found(cast: Cast, program: Programs, name: str) -> None:
    row, method = MATRIX[name], name.split(" ", maxsplit=1)[0]
    nothing = "00000000-0000-4000-8000-000000000000"
    path = "/".join(
        "absent" if part in ("current", "initiatives", "on-time") and "{str:" in name else part
        for part in row.path.replace("{endpoint}", nothing)
        .replace("{member}", nothing)
        .replace("{job}", nothing)
        .format(**(places(cast) | {"delivery": nothing}))
        .split("/")
    )
    if "{path:" in name:
        path = path[: path.index("/", 1)] + "/absent:thing"
    path = path.replace("/items/promise", "/items/absent") if path == "/items/promise" else path
    answer = program("owner").send(method, path, row.body, **dict(row.headers))
    assert answer.status_code == 404, f"{path}: {answer.status_code}"


@pytest.mark.parametrize(
    ("path", "lead"),
    [
        ("/issues/issue:logistics/late-delivery", 200),
        ("/issues/issue:product/false-temperature-alarms", 403),
        ("/why/issue:logistics/late-delivery", 200),
        ("/why/issue:product/false-temperature-alarms", 403),
    ],
)
def test_a_lead_and_an_employee_read_issues_of_their_own_group(program: Programs, path: str, lead: int) -> None:
    assert program("lead").ask(path).status_code == lead
    assert program("employee").ask(path).status_code == lead
    assert program("owner").ask(path).status_code == 200


def test_objects_of_another_company_are_not_found_through_ones_own(cast: Cast, program: Programs) -> None:
    foreign = Endpoint.objects.create(company=cast.other, url="https://hooks.example/other", events=["run.finished"])
    delivery: Delivery = events.test(foreign)
    own = Endpoint.objects.create(company=cast.company, url="https://hooks.example/own", events=["run.finished"])
    job = Job.objects.create(company=cast.other, not_before=timezone.now())
    owner = program("owner")
    for method, path in (
        ("GET", f"/webhooks/{foreign.pk}"),
        ("PATCH", f"/webhooks/{foreign.pk}"),
        ("DELETE", f"/webhooks/{foreign.pk}"),
        ("POST", f"/webhooks/{foreign.pk}/secret"),
        ("POST", f"/webhooks/{foreign.pk}/test"),
        ("GET", f"/webhooks/{foreign.pk}/deliveries"),
        ("POST", f"/webhooks/{foreign.pk}/deliveries/{delivery.key}/redeliver"),
        ("POST", f"/webhooks/{own.pk}/deliveries/{delivery.key}/redeliver"),
        ("GET", f"/members/{cast.stranger.pk}"),
        ("GET", f"/jobs/{job.pk}"),
        ("POST", f"/jobs/{job.pk}/cancel"),
    ):
        answer = owner.send(method, path, {} if method == "PATCH" else None, If_Match="*")
        assert answer.status_code == 404, f"{method} {path}: {answer.status_code}"


def test_the_companies_of_a_caller(cast: Cast, program: Programs) -> None:
    assert [each["slug"] for each in program("analyst").ask("/api/v1/companies").json()["data"]] == ["northlight"]
    assert program("nobody").ask("/api/v1/companies").status_code == 401
    Membership.objects.create(company=cast.other, user=cast.members["analyst"].user, role="employee")
    # A token belongs to one company, a person to several.
    assert len(program("analyst").ask("/api/v1/companies").json()["data"]) == 1
    assert [each["slug"] for each in cast.client("analyst").get("/api/v1/companies").json()["data"]] == ["northlight", "other"]
    assert program("analyst", root="/api/v1/companies/other").ask("").status_code == 404


def test_a_session_reads_and_writes_only_with_its_csrf_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.members["owner"].user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/v1/companies/northlight").status_code == 200
    body = {"url": "https://hooks.example/in", "events": ["run.finished"]}
    address = "/api/v1/companies/northlight/webhooks"
    refused = client.post(address, body, content_type="application/json")
    assert refused.status_code == 403
    assert Endpoint.objects.count() == 0
    client.get("/c/northlight/webhooks/")
    token = client.cookies["csrftoken"].value
    assert client.post(address, body, content_type="application/json", headers={"X-CSRFToken": token}).status_code == 201


def test_a_session_looks_through_the_eyes_it_chose_and_a_token_never(cast: Cast, program: Programs) -> None:
    client = cast.client("owner")
    client.post("/c/northlight/eyes/", {"role": "employee", "group": "Logistics", "employee": "E001"})
    assert client.get("/api/v1/companies/northlight").json()["role"] == "employee"
    assert client.get("/api/v1/companies/northlight/audit").status_code == 403
    both = program("owner")
    both.client = client
    assert both.ask("/audit").status_code == 200


def test_ended_tokens_open_nothing(cast: Cast, program: Programs) -> None:
    from vitalfew.web.people.models import Token

    owner = program("owner")
    Token.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert owner.ask("").status_code == 401
    Token.objects.update(expires_at="2999-01-01T00:00:00Z")
    assert owner.ask("").status_code == 200
    cast.members["owner"].user.is_active = False
    cast.members["owner"].user.save()
    assert owner.ask("").status_code == 401
