"""Each page leads to its own help."""

from __future__ import annotations

import pytest
from django.urls import NoReverseMatch, reverse
from tests.web.conftest import Cast

from vitalfew.web.shell.helping import TOPICS


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.route)
def test_a_topic_has_its_place_and_its_page_leads_there(cast: Cast, topic: object) -> None:
    route, anchor = topic.route, topic.anchor  # type: ignore[attr-defined]
    assert f'id="{anchor}"' in cast.client("nobody").get("/help/").content.decode()
    more = {"focus:issue": ["logistics/no-tracking"], "act:group": ["logistics"], "understand:why": ["issue:logistics/no-tracking"]}
    try:
        address = reverse(route, args=["northlight", *more.get(route, [])])
    except NoReverseMatch:
        pytest.fail(f"there is a topic for {route}, which is no page")
    assert f"/help/#{anchor}" in cast.client("owner").get(address).content.decode()


def test_a_page_without_a_topic_leads_to_all_help(cast: Cast) -> None:
    text = cast.client("owner").get("/c/northlight/eyes/").content.decode()
    assert 'href="/help/"' in text
