"""A source from an export, as people make one: by keyboard, with and without script, on a phone and on a desk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, expect
from pytest_django.live_server_helper import LiveServer
from tests.web.browser.walking import Walk
from tests.web.conftest import Cast

from vitalfew.web.shell.companies import settings_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NEW = "/c/other/sources/new/"


@pytest.fixture
def export(cast: Cast, other_workspace: Path, tmp_path: Path) -> Path:
    """An export, and a workspace of the other company's that may be written into."""
    folder = tmp_path / "own"
    shutil.copytree(other_workspace, folder, symlinks=True)
    cast.other.folder = str(folder)
    cast.other.save()
    lines = ["ref;answered;Would you recommend us?;Delivery;Q9_1;Q9_2;Where?;Why?"]
    lines += [
        f"R{n};{n % 28 + 1:02d}.0{n % 6 + 1}.2026;{(n * 7) % 11};{n % 5 + 1};{n % 2};{int(n % 3 == 0)};{('N', 'S')[n % 2]};it came too late {n}"
        for n in range(90)
    ]
    path = tmp_path / "Survey of June, with a long name.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_an_export_becomes_a_source(
    signed_in: Callable[..., BrowserContext], cast: Cast, export: Path, width: int, scheme: str
) -> None:
    walk = Walk(signed_in("stranger", width, scheme), width)
    page = walk.page
    walk.open(NEW)
    page.set_input_files("#files", str(export))
    page.locator("form.fields button").press("Enter")
    page.wait_for_url("**/0/")
    walk.look()
    # Return in a field looks, and neither keeps nor proposes anew.
    page.locator("#name").fill("June")
    page.locator("#name").press("Enter")
    expect(page.locator("#reading")).to_be_visible()
    assert page.locator("#name").input_value() == "June"
    walk.look()
    page.get_by_role("button", name="Keep this source").press("Enter")
    expect(page.locator(".message.success")).to_contain_text("June is a source now")
    walk.look()
    assert [each.name for each in settings_of(cast.other).source] == ["survey", "June"]
    walk.open("/c/other/write/source/")
    assert walk.faults == [], "\n".join(walk.faults)


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_what_consents_are_about_is_chosen_by_keyboard(
    signed_in: Callable[..., BrowserContext], cast: Cast, export: Path, width: int, scheme: str
) -> None:
    lines = [f"jo{n}@example.com,{('nein', 'ja')[n % 2]},{n % 28 + 1:02d}.05.2026" for n in range(60)]
    stopped = export.with_name("Unsubscribed.csv")
    stopped.write_text("\n".join(["E-Mail,Einwilligung,Datum", *lines]) + "\n", encoding="utf-8")
    walk = Walk(signed_in("stranger", width, scheme), width)
    page = walk.page
    walk.open(NEW)
    page.set_input_files("#files", str(stopped))
    page.locator("form.fields button").press("Enter")
    page.wait_for_url("**/0/")
    walk.look()
    chosen = page.get_by_role("group", name="the same for every record")
    chosen.get_by_role("radio", name="to be contacted").press("ArrowDown")
    expect(chosen.get_by_role("radio", name="to be analysed")).to_be_checked()
    page.get_by_role("button", name="Show what would be read").press("Enter")
    expect(page.locator("#reading")).to_be_visible()
    expect(chosen.get_by_role("radio", name="to be analysed")).to_be_checked()
    page.get_by_role("button", name="Keep this source").press("Enter")
    expect(page.locator(".message.success")).to_contain_text("is a source now")
    assert settings_of(cast.other).source[1].columns["purpose"].value == "analysis"
    assert walk.faults == [], "\n".join(walk.faults)


def test_it_goes_without_script(cast: Cast, export: Path, live_server: LiveServer, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url, viewport={"width": 390, "height": 900})
    cookie = cast.client("stranger").cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page = context.new_page()
    page.goto(NEW)
    page.set_input_files("#files", str(export))
    page.locator("form.fields button").click()
    page.locator("select").filter(has_text="Rating on a scale").first.select_option(label="not read")
    page.get_by_role("button", name="Show what would be read").click()
    expect(page.locator("#reading")).to_be_visible()
    page.get_by_role("button", name="Keep this source").click()
    expect(page.locator(".message.success")).to_contain_text("is a source now")
    context.close()
    assert len(settings_of(cast.other).source) == 2


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_how_a_source_is_read_is_changed_by_keyboard(
    signed_in: Callable[..., BrowserContext], cast: Cast, export: Path, width: int, scheme: str
) -> None:
    walk = Walk(signed_in("stranger", width, scheme), width)
    page = walk.page
    walk.open(NEW)
    page.set_input_files("#files", str(export))
    page.locator("form.fields button").press("Enter")
    page.wait_for_url("**/0/")
    page.locator("#name").fill("June")
    page.locator("#name").press("Enter")
    page.get_by_role("button", name="Keep this source").press("Enter")
    expect(page.locator(".message.success")).to_contain_text("June is a source now")
    page.get_by_role("link", name="Change how it is read").press("Enter")
    page.wait_for_url("**/sources/change/june/")
    walk.look()
    # Nothing changed: Return in a field says so, and nothing is written.
    page.get_by_label("Scale").first.press("Enter")
    expect(page.locator(".message")).to_contain_text("Nothing was changed.")
    walk.open("/c/other/sources/change/june/")
    scale = page.get_by_label("Scale").first
    scale.fill("2-4")
    scale.press("Enter")
    expect(page.locator("section.once")).to_contain_text("As it stands: 90 records read, 90 loaded, 0 refused.")
    expect(page.get_by_role("region", name="Refused")).to_be_visible()
    walk.look()
    page.get_by_role("button", name="Read it so").press("Enter")
    expect(page.locator(".message.success")).to_contain_text("June is read so from the next run on")
    walk.look()
    scales = [each.scale for each in settings_of(cast.other).source[1].questions.values()]
    assert (2, 4) in scales
    assert walk.faults == [], "\n".join(walk.faults)
