"""Every page against WCAG 2.2, levels A and AA, by axe-core: no violation, on a phone and on a desk, in light and in dark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.chromium import started
from tests.documents import sample

from vitalfew.documents import stage

pytestmark = pytest.mark.browser
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
VERSION = "4.14.1"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [(390, "light"), (1280, "light"), (1280, "dark")]


@pytest.fixture(scope="module")
def strategy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the sample company, hostile strings among them."""
    root = tmp_path_factory.mktemp("accessible")
    tables, context = sample.make(root / "tables")
    stage.write(tables, sample.COMPANY, context, root / "strategy")
    return root / "strategy"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as found:
        yield found


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe finds on an open page: rule, WCAG criterion, and the first element."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(result => result.violations.map(each =>
        ({rule: each.id, tags: each.tags, many: each.nodes.length, first: each.nodes[0].html.slice(0, 200)})))""",
        RULES,
    )
    return found


def test_axe_is_the_file_its_makers_published_with_its_licence() -> None:
    content = AXE.read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256
    head = content[:700].decode("utf-8")
    assert f"axe v{VERSION}" in head
    assert "Mozilla Public" in head
    assert VERSION in (AXE.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_breaks_wcag_2_2_aa(browser: Browser, strategy: Path, width: int, scheme: Any) -> None:
    made = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = made.new_page()
    pages = sorted(strategy.rglob("*.html"))
    assert {path.relative_to(strategy).as_posix() for path in pages} >= {f"{name}.html" for name in stage.PAGES}
    found = {}
    for path in pages:
        page.goto(path.as_uri())
        # What is folded is opened, so that tables and records within are judged too.
        page.locator("details").evaluate_all("nodes => nodes.forEach(node => { node.open = true; })")
        broken = violations(page)
        if broken:
            found[path.relative_to(strategy).as_posix()] = broken
    made.close()
    assert found == {}


def test_the_check_finds_what_is_broken(browser: Browser, strategy: Path) -> None:
    page = browser.new_page()
    page.goto((strategy / "index.html").as_uri())
    page.evaluate(
        """() => { document.documentElement.removeAttribute('lang');
        document.querySelector('main').insertAdjacentHTML('beforeend', '<p style="color:#bbb;background:#fff">pale</p><img src="data:,">'); }"""
    )
    assert {"html-has-lang", "color-contrast", "image-alt"} <= {each["rule"] for each in violations(page)}
    page.close()
