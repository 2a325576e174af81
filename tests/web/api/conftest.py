"""Programs that call the API in the tests, each with a token of a member of the cast."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings
from tests.web.conftest import Cast

from vitalfew.web.people import tokens

ROOT = "/api/v1/companies/northlight"


class Program:
    """A program with a token; addresses are told from the company on."""

    def __init__(self, secret: str, root: str = ROOT) -> None:
        self.client = Client()
        self.root = root
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def ask(self, path: str, **headers: str) -> Any:
        """GET."""
        return self.client.get(self._at(path), headers={**self.headers, **_named(headers)})

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Another method, with a JSON body."""
        call = getattr(self.client, method.lower())
        return call(self._at(path), body, content_type="application/json", headers={**self.headers, **_named(headers)})

    def _at(self, path: str) -> str:
        return path if path.startswith(("/api/", "http")) else self.root + path


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class Programs:
    """Makes a program for a role of the cast ("stranger" and "nobody" too)."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast

    def __call__(self, role: str, scope: str = "read-write", root: str = ROOT) -> Program:
        if role == "nobody":
            return Program("", root)
        member = self.cast.stranger if role == "stranger" else self.cast.members[role]
        return Program(tokens.make(member, f"program of the {role}", scope, 30)[1], root)


@pytest.fixture
def program(cast: Cast, settings: Settings) -> Programs:
    """`program("lead")` calls the API with a token of the group lead."""
    settings.API_REQUESTS_A_MINUTE = 10**6
    return Programs(cast)


def faults(answer: HttpResponse) -> dict[str, str]:
    """The faults of a refusal: what is wrong, by place."""
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()  # type: ignore[attr-defined]
    assert told["status"] == answer.status_code
    return {each["at"]: each["detail"] for each in told.get("errors", [])}
