"""The description of the API and the page made from it tell every operation."""

from __future__ import annotations

import re
from pathlib import Path

from django.test import Client
from tests.web.conftest import Cast

from vitalfew.vocabulary import TABLES
from vitalfew.web.api.api import description
from vitalfew.web.api.operations import OPERATIONS
from vitalfew.web.api.routes.strategy import COLLECTIONS

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "use-the-api.md"


def test_every_operation_is_described_once_and_shown_on_the_page(db: None) -> None:
    told = description()
    listed = [(method, path, each) for path, methods in told["paths"].items() for method, each in methods.items()]
    assert len(listed) == len(OPERATIONS)
    page = Client().get("/help/api/").content.decode()
    names = [each["operationId"] for _, _, each in listed]
    assert len(set(names)) == len(names)
    for method, path, each in listed:
        assert each["description"], path
        assert each["responses"]["4XX"], path
        assert f'id="{each["operationId"]}"' in page
        assert path in page
        headers = {one["name"] for one in each["parameters"] if one["in"] == "header"}
        assert headers == {{"get": "If-None-Match", "post": "Idempotency-Key"}.get(method, "If-Match")}
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page, "nothing is loaded from elsewhere"


def test_rows_are_typed_by_the_vocabulary() -> None:
    shapes = description()["components"]["schemas"]
    for each in COLLECTIONS:
        table = TABLES[each.table]
        assert list(shapes[f"Row_{each.table}"]["properties"]) == list(table.names)
        for column in table.columns:
            assert shapes[f"Row_{each.table}"]["properties"][column.name]["description"].startswith(column.meaning)


def test_every_reference_leads_to_a_shape() -> None:
    told = description()
    wanted = set(re.findall(r"#/components/schemas/([\w]+)", str(told)))
    assert wanted <= set(told["components"]["schemas"])


def test_help_leads_to_the_reference(db: None) -> None:
    assert "/help/api/" in Client().get("/help/").content.decode()


def test_the_how_to_page_names_addresses_that_exist(cast: Cast) -> None:
    paths = set(description()["paths"])
    page = HOW_TO.read_text(encoding="utf-8")
    named = re.findall(r"\$VITALFEW(/[\w/-]+)", page) + re.findall(r"`(/[\w/{}-]+)`", page)
    assert len(named) > 10
    for each in named:
        if each.startswith(("/api/", "/help/")):
            assert Client().get(each if each != "/api/v1/" else "/api/v1/openapi.json").status_code == 200
            continue
        plain = re.sub(r"/tables/\w+/rows", "/tables/{table}/rows", each)
        assert f"/api/v1/companies/{{company}}{plain}" in paths, each
