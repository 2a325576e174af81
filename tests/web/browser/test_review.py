"""The review as people go through it: by mouse, by keyboard and without script, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect
from pytest_django.live_server_helper import LiveServer
from tests.web.browser.walking import Walk
from tests.web.conftest import Cast

from vitalfew.web.authoring.overlay import in_force

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REVIEW = "/c/northlight/review/"


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_a_pair_is_decided_undone_and_skipped(
    signed_in: Callable[..., BrowserContext], cast: Cast, width: int, scheme: str
) -> None:
    walk = Walk(signed_in("owner", width, scheme), width)
    page = walk.page
    walk.open(REVIEW)
    first = page.locator("input[name=left]").first.input_value()
    page.keyboard.press("d")
    expect(page.locator(".once h2")).to_have_text("You said: different people")
    walk.look()
    assert [each.values and each.values["decision"] for each in in_force(cast.company)] == ["different"]
    page.locator(".once button").click()
    expect(page.locator(".message.success")).to_contain_text("Taken back")
    assert [each.values for each in in_force(cast.company)] == [None]
    # The pair is asked about again; a key typed into the reason is a letter, and Skip goes on.
    assert page.locator("form.verdict input[name=left]").input_value() == first
    page.locator("#reason").fill("sssdd")
    page.locator("#reason").press("s")
    assert page.url.endswith(REVIEW)
    page.locator("h1").click()
    page.keyboard.press("k")
    page.wait_for_url("**/review/?at=2")
    page.keyboard.press("s")
    expect(page.locator(".once h2")).to_have_text("You said: same person")
    walk.look()
    walk.open("/c/northlight/links/")
    assert page.get_by_role("button", name="Undo this join").count() > 5
    walk.follow("main a[href$='/review/']")
    walk.follow("main a[href*='/customers/']")
    assert page.locator("#joined").inner_text() == "Which records are joined here"
    page.locator("main details summary").first.click()
    walk.look()
    assert walk.faults == [], "\n".join(walk.faults)


def test_it_works_without_script(
    transactional_db: None, live_server: LiveServer, signed_in: Callable[..., BrowserContext], cast: Cast
) -> None:
    scripted = signed_in("owner", 390)
    browser = scripted.browser
    assert browser is not None
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False, viewport={"width": 390, "height": 900})
    try:
        plain.add_cookies(scripted.cookies())  # type: ignore[arg-type]
        page = plain.new_page()
        page.goto(REVIEW)
        page.get_by_role("button", name="Same person").click()
        assert page.locator(".once h2").inner_text() == "You said: same person"
        page.locator(".once").get_by_role("button", name="Undo").click()
        assert page.locator(".once").count() == 0
        page.get_by_role("link", name="Skip k").click()
        assert page.url.endswith("?at=2")
    finally:
        plain.close()
    assert [each.values for each in in_force(cast.company)] == [None]
