"""The pages in Chromium: no network, no script, no sideways scrolling, and a Why? that leads to the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext
from tests.browser.chromium import started
from tests.documents import sample

from vitalfew.documents import stage

pytestmark = pytest.mark.browser
PAGES = [*(f"{name}.html" for name in stage.PAGES), "groups/logistics.html", "groups/it.html"]


@pytest.fixture(scope="module")
def strategy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("browser")
    tables, context = sample.make(root / "tables")
    stage.write(tables, sample.COMPANY, context, root / "strategy")
    return root / "strategy"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as found:
        yield found


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 390, "height": 844})
    yield made
    made.close()


def test_pages_load_from_disk_without_errors_requests_or_sideways_scrolling(phone: BrowserContext, strategy: Path) -> None:
    page = phone.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        for name in PAGES:
            page.goto((strategy / name).as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            assert page.locator("h1").count() == 1, name
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_images_and_regions_have_names_and_the_page_its_landmarks(phone: BrowserContext, strategy: Path) -> None:
    page = phone.new_page()
    for name in PAGES:
        page.goto((strategy / name).as_uri())
        unnamed = "nodes => nodes.filter(n => !(n.getAttribute('aria-label') || n.getAttribute('alt'))).length"
        assert page.locator("svg, img").evaluate_all(unnamed) == 0, name
        assert page.locator("svg:not([role=img])").count() == 0, name
        assert page.locator("[role=region]").evaluate_all(unnamed) == 0, name
        for landmark in ("header", "nav", "main", "footer"):
            assert page.locator(landmark).first.is_visible(), (name, landmark)


def test_the_skip_link_is_the_first_stop_of_the_keyboard(phone: BrowserContext, strategy: Path) -> None:
    page = phone.new_page()
    page.goto((strategy / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_why_leads_from_the_first_initiative_to_a_customers_words_without_javascript(browser: Browser, strategy: Path) -> None:
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = plain.new_page()
    page.goto((strategy / "index.html").as_uri())
    page.locator(".initiative .why").first.click()
    assert page.url.endswith("why.html#initiative--1-promise")
    claim = page.locator("[id='initiative--1-promise']")
    claim.get_by_role("link", name="Issue: Late delivery (Logistics)").click()
    page.locator("[id='issue--logistics--late-delivery']").get_by_role("link", name="Theme: Late delivery").click()
    theme = page.locator("[id='theme--late-delivery']")
    record = theme.get_by_text("responses:survey#r0")
    assert not record.is_visible()
    theme.locator("summary").first.click()
    assert record.is_visible()
    assert theme.get_by_text("O prazo não foi cumprido").first.is_visible()
    plain.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_charts_stand_out_from_the_paper_in_light_and_dark(browser: Browser, strategy: Path, scheme: str) -> None:
    made = browser.new_context(color_scheme="dark" if scheme == "dark" else "light", viewport={"width": 1280, "height": 900})
    page = made.new_page()
    page.goto((strategy / "drivers.html").as_uri())
    colours = page.evaluate(
        """() => {
        const of = (selector, key) => getComputedStyle(document.querySelector(selector))[key];
        return [of('body', 'backgroundColor'), of('h1', 'color'), of('.lead', 'color'), of('.note', 'color'), of('main a', 'color'),
                of('.wide svg text', 'fill'), of('.wide svg path[fill="#0b5d66"]', 'fill')];
        }"""
    )
    for each in colours[1:]:
        assert contrast(colours[0], each) >= 4.5, (scheme, each)
    made.close()


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two CSS colours, 1 to 21 (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        channels = [int(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)
