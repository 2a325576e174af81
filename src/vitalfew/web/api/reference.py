"""The description of the API, arranged for a page people read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from vitalfew.web.api.api import PREFIX, description
from vitalfew.web.api.operations import OPERATIONS
from vitalfew.web.people.rights import CAPABILITIES, ROLES


@lru_cache(maxsize=1)
def reference() -> dict[str, Any]:
    """Operations by subject, and the shapes they speak of."""
    told = description()
    needed = {(each.method.lower(), _plain(each.path)): each.capability for each in OPERATIONS}
    subjects: dict[str, list[dict[str, Any]]] = {}
    for path, operations in told["paths"].items():
        for method, each in operations.items():
            capability = needed[(method, path.removeprefix(PREFIX))]
            subjects.setdefault(each["tags"][0], []).append(_operation(path, method, each, capability))
    shapes = [_shape(name, each) for name, each in sorted(told["components"]["schemas"].items()) if not name.startswith("Rows_")]
    return {"about": _marked(told["info"]["description"]), "subjects": list(subjects.items()), "shapes": shapes}


def _marked(text: str) -> SafeString:
    """A text whose `names` are shown as code."""
    parts = text.split("`")
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if odd % 2 else part,) for odd, part in enumerate(parts))
    )


def _plain(path: str) -> str:
    """A path as the description writes it: without converters."""
    parts = [f"{{{each.split(':')[-1]}" if each.startswith("{") else each for each in path.split("/")]
    return "/".join(parts)


def _operation(path: str, method: str, each: dict[str, Any], capability: str) -> dict[str, Any]:
    body = each.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    given = {status: _answer(response) for status, response in each["responses"].items() if str(status).startswith("2")}
    roles = [ROLES[role] for role in CAPABILITIES[capability]] if capability else []
    return {
        "id": each["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": each["summary"],
        "description": _marked(each.get("description", "")),
        "parameters": [_parameter(one) for one in each["parameters"]],
        "body": _kind(body) if body else "",
        "answers": list(given.items()),
        "capability": capability,
        "roles": roles,
    }


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    schema = one["schema"]
    limits = [
        label.format(schema[name])
        for name, label in (("minimum", "at least {}"), ("maximum", "at most {}"), ("maxLength", "at most {} characters"))
        if name in schema
    ]
    default = schema.get("default")
    if default not in (None, ""):
        limits.append(f"default {str(default).lower() if isinstance(default, bool) else default}")
    told = {"name": one["name"], "place": one["in"], "kind": _kind(schema), "required": one["required"]}
    return told | {"about": _marked(one.get("description", "")), "limits": ", ".join(limits)}


def _answer(response: dict[str, Any]) -> dict[str, Any]:
    """The shape of an answer; for a page of rows, the shape of a row."""
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    return {"shape": name.replace("Rows_", "Row_"), "page": name.startswith("Rows_")}


def _shape(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    required = set(schema.get("required", []))
    fields = [
        {"name": field, "kind": _kind(told), "required": field in required, "about": told.get("description", "")}
        for field, told in schema.get("properties", {}).items()
    ]
    return {"name": name, "about": schema.get("description", ""), "fields": fields}


def _kind(schema: dict[str, Any]) -> str:
    """A kind of value in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(str(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")
