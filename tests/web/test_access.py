"""Every address of a company x role x own, other and absent company: the whole matrix, from the table of capabilities."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from tests.web.conftest import Cast

from vitalfew.web.people.rights import CAPABILITIES, ROLES, reach

# Addresses of libraries: they know no company.
LIBRARIES = ("account/",)


def addresses(patterns: list[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the application with its pattern."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        text = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, text)
        else:
            yield text, each


def test_every_address_says_which_capability_it_needs() -> None:
    without = [
        text
        for text, each in addresses()
        if not text.startswith(LIBRARIES) and getattr(each.callback, "capability", None) not in {*CAPABILITIES, "public"}
    ]
    assert without == [], "wrap these views in access.page or access.public"


def test_every_address_of_a_company_asks_who_is_there() -> None:
    public = [text for text, each in addresses() if "company>" in text and getattr(each.callback, "capability", "") == "public"]
    assert public == []


PLAIN = [(text, each) for text, each in addresses() if text.startswith("c/<slug:company>/") and text.count("<") == 1]


@pytest.mark.parametrize(("text", "pattern"), PLAIN, ids=[text for text, _ in PLAIN])
def test_pages_open_for_those_who_may_and_for_nobody_else(cast: Cast, text: str, pattern: URLPattern) -> None:
    capability = pattern.callback.capability
    for role in ROLES:
        answer = cast.client(role).get("/" + text.replace("<slug:company>", "northlight"))
        allowed = reach(role, capability) is not None
        assert answer.status_code in ((200, 302, 405) if allowed else (403,)), f"{role}: {answer.status_code}"


@pytest.mark.parametrize(("text", "pattern"), PLAIN, ids=[text for text, _ in PLAIN])
def test_another_company_looks_exactly_like_one_that_does_not_exist(cast: Cast, text: str, pattern: URLPattern) -> None:
    client = cast.client("stranger")
    theirs = client.get("/" + text.replace("<slug:company>", "northlight"))
    absent = client.get("/" + text.replace("<slug:company>", "absent"))
    assert theirs.status_code == absent.status_code == 404
    assert theirs.content == absent.content
    nobody = cast.client("nobody").get("/" + text.replace("<slug:company>", "northlight"))
    assert nobody.status_code == 302
    assert nobody["Location"].startswith("/account/login/")
