"""Refused values mended by a rule as people do it: with the keyboard and without script, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.web.browser.walking import Walk
from tests.web.conftest import Cast

from vitalfew.web.authoring.overlay import in_force

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KIND = "/c/northlight/quarantine/?source=helpdesk&column=handling_minutes"


def press(page: Page, name: str) -> None:
    """Go to a button by the keyboard and press it."""
    button = page.get_by_role("button", name=name)
    button.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_a_value_is_mended_and_the_rule_taken_back_with_the_keyboard(
    signed_in: Callable[..., BrowserContext], cast: Cast, width: int, scheme: str
) -> None:
    walk = Walk(signed_in("owner", width, scheme), width)
    page = walk.page
    walk.open("/c/northlight/quarantine/")
    walk.open(KIND)
    value = page.locator("section[aria-labelledby=by-value] code").first.inner_text()
    link = page.get_by_role("link", name="Mend by a rule").first
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Mend by a rule")
    expect(page.locator(".once h2")).to_contain_text("refused value")
    walk.look()
    assert page.locator("#id_value").input_value() == value
    page.locator("#id_becomes_0").focus()
    page.keyboard.press("ArrowDown")
    # Without a reason nothing is looked at; what was typed stays.
    press(page, "See what it would change")
    expect(page.locator(".field.wrong")).to_have_count(1)
    walk.look()
    # The browser notes in its console that a form was refused.
    walk.faults = [each for each in walk.faults if "status of 422" not in each]
    assert page.locator("#id_becomes_1").is_checked()
    page.locator("#id_reason").fill("not known at the desk")
    press(page, "See what it would change")
    expect(page.locator(".once")).to_contain_text("Nothing is kept yet")
    walk.look()
    assert in_force(cast.company) == []
    press(page, "Keep this rule")
    expect(page.locator(".message.success")).to_contain_text("The rule is kept")
    walk.look()
    assert [dict(each.values or {}).get("value") for each in in_force(cast.company)] == [value]
    expect(page.locator("section[aria-labelledby=rules]")).to_contain_text("counts from the next run")
    press(page, "Take back")
    expect(page.locator(".message.success")).to_contain_text("taken back")
    assert [each.values for each in in_force(cast.company)] == [None]
    press(page, "Read again")
    expect(page.locator(".facts").first).to_contain_text("waiting")
    walk.open("/c/northlight/sources/")
    expect(page.locator("main")).to_contain_text("A run is waiting")
    walk.open("/c/northlight/runs/compare/")
    assert walk.faults == [], "\n".join(walk.faults)


def test_a_rule_is_written_without_script(
    transactional_db: None, live_server: LiveServer, signed_in: Callable[..., BrowserContext], cast: Cast
) -> None:
    scripted = signed_in("owner", 390)
    browser = scripted.browser
    assert browser is not None
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False, viewport={"width": 390, "height": 900})
    try:
        plain.add_cookies(scripted.cookies())  # type: ignore[arg-type]
        page = plain.new_page()
        page.goto(KIND)
        page.get_by_role("link", name="Mend by a rule").first.click()
        page.get_by_label("as empty").check()
        page.get_by_label("Why this is right").fill("agreed")
        page.get_by_role("button", name="See what it would change").click()
        page.get_by_role("button", name="Keep this rule").click()
        assert "The rule is kept" in page.locator(".message.success").inner_text()
    finally:
        plain.close()
    assert len(in_force(cast.company)) == 1
