"""A real server and a real browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext
from pytest_django.live_server_helper import LiveServer
from tests.browser.chromium import started
from tests.web.conftest import Cast


@pytest.fixture(scope="session", autouse=True)
def _playwright_beside_django() -> Iterator[None]:
    """Playwright runs an event loop in this thread, and Django then fears for its database calls; they are not concurrent here."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a file. Not for longer: two at once in one process refuse each other, and other folders have theirs."""
    with started() as found:
        yield found


@pytest.fixture
def signed_in(
    transactional_db: None, live_server: LiveServer, cast: Cast, browser: Browser
) -> Iterator[Callable[..., BrowserContext]]:
    """`signed_in("lead", width=390)` is a window in which the group lead is signed in."""
    opened: list[BrowserContext] = []

    def window(role: str, width: int = 1280, scheme: str = "light") -> BrowserContext:
        made = browser.new_context(viewport={"width": width, "height": 900}, base_url=live_server.url, color_scheme=scheme)
        opened.append(made)
        if role != "nobody":
            cookie = cast.client(role).cookies[settings.SESSION_COOKIE_NAME]
            made.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return made

    yield window
    for each in opened:
        each.close()
