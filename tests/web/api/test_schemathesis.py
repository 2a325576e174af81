"""Generated requests, valid and not, against every operation: never a fault of ours, and every answer as it is described."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from tests.web.api.conftest import Programs
from tests.web.api.test_matrix import MATRIX, places
from tests.web.conftest import Cast

from vitalfew.web.api.operations import COMPANY
from vitalfew.web.wsgi import application

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
HEALTH = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
MOST = 40  # requests of an operation and kind of token, at most


def real(cast: Cast, method: str, path: str) -> dict[str, Any]:
    """Values of an address that exists, from the row of the matrix."""
    plain = path.removeprefix("/api/v1")
    told = next((name for name in MATRIX if _same(f"{method} {plain}", name)), None)
    if told is None:
        return {}
    names = told.split(" ")[1].split("/")
    values = MATRIX[told].path.format(**places(cast)).partition("?")[0].split("/")
    if names and "{path:" in names[-1]:
        values = [*values[: len(names) - 1], "/".join(values[len(names) - 1 :])]
    found = {name.strip("{}").split(":")[-1]: value for name, value in zip(names, values, strict=True) if name.startswith("{")}
    return {"company": "northlight", **found}


def _same(described: str, told: str) -> bool:
    method, _, path = told.partition(" ")
    plain = "/".join("{" + each.split(":")[-1] if each.startswith("{") else each for each in (COMPANY + path).split("/"))
    return described == f"{method} {plain}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "scope", "most"),
    [
        ("owner", "read-write", MOST),
        ("analyst", "read", 8),
        ("lead", "read-write", 8),
        ("employee", "read-write", 4),
        ("nobody", "", 2),
    ],
)
def test_generated_requests_meet_no_fault_of_ours(cast: Cast, program: Programs, role: str, scope: str, most: int) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    # Answers as they are: schemathesis does not unpack what the WSGI application compresses.
    headers = {**program(role, scope or "read").headers, "Accept-Encoding": "identity"}
    statuses: Counter[int] = Counter()
    operations = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        operations += 1
        known = real(cast, operation.method.upper(), operation.path)
        only_company = {"company": "northlight"} if known else {}
        star = headers | {"If-Match": "*"}  # what exists may be changed as it is; else a change would only ever meet 428
        ways = [
            (GenerationMode.POSITIVE, known, headers),
            (GenerationMode.POSITIVE, known, star),
            (GenerationMode.POSITIVE, only_company, headers),
            (GenerationMode.NEGATIVE, only_company, headers),
        ]
        for mode, fixed, sent in ways:
            _send(operation, mode, fixed, max(1, most // 4), sent, statuses)
    assert operations == len(MATRIX) + 1
    assert sum(statuses.values()) > operations
    if role == "owner":
        assert statuses[200] > 200
        assert {200, 202, 204, 404, 412, 422, 428} <= set(statuses), statuses


def _send(
    operation: Any, mode: GenerationMode, fixed: dict[str, Any], examples: int, headers: dict[str, str], statuses: Counter[int]
) -> None:
    try:
        strategy = operation.as_strategy(generation_mode=mode, path_parameters=fixed or None)
    except Exception as error:
        # An operation without options cannot be asked wrongly.
        if mode is GenerationMode.NEGATIVE and type(error).__name__ in ("Unsatisfiable", "InvalidSchema"):
            return
        raise

    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=HEALTH, phases=[Phase.generate]
    )
    @given(case=strategy)
    def ask(case: Any) -> None:
        response = case.call(headers=headers)
        statuses[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    ask()
