"""Every page of the application that needs no further argument, at phone and desktop width, light and dark.

Nothing from outside, no error in the console (which is where a broken content policy shows), no sideways scrolling, one heading, and
nothing for axe to find.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext
from tests.browser.chromium import violations
from tests.web.test_access import PLAIN

# Long: it opens every page twice; `make test-long` runs it.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
COMPANY_PAGES = [text.replace("<slug:company>", "northlight") for text, _ in PLAIN]
OTHER_PAGES = ["", "me/", "help/"]
# Answers that are no pages: downloads and bits of pages.
NO_PAGES: tuple[str, ...] = ()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_pages_are_whole_and_open_to_all(signed_in: Callable[..., BrowserContext], width: int, scheme: str) -> None:
    context = signed_in("owner", width, scheme)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}") if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    page.on("request", lambda request: asked.append(request.url))
    faults: list[str] = []
    for name in [*OTHER_PAGES, *COMPANY_PAGES]:
        if name.endswith(NO_PAGES) and NO_PAGES:
            continue
        # What is no page (a file, an address that only takes what is sent) is not opened.
        asked_first = context.request.get(f"/{name}")
        if asked_first.status == 405 or "text/html" not in asked_first.headers.get("content-type", ""):
            continue
        answer = page.goto(f"/{name}")
        assert answer is not None
        if answer.status != 200:
            faults.append(f"/{name}: {answer.status}")
            continue
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"/{name}: wider than {width} px")
        if page.locator("h1").count() != 1:
            faults.append(f"/{name}: {page.locator('h1').count()} headings")
        faults += [f"/{name}: {line}" for line in violations(page)]
    assert faults == []
    assert said == []
    assert [url for url in asked if not url.startswith(("http://localhost", "http://127.0.0.1", "data:"))] == []
