"""Every page of the application that needs no further argument, for each role, at phone and desktop width, light and dark.

Nothing from outside, no error in the console (which is where a broken content policy shows), no sideways scrolling, one heading, and
nothing for axe to find.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext
from tests.web.browser.walking import Walk
from tests.web.test_access import PLAIN

from vitalfew.web.people.rights import ROLES, reach

# Long: it opens every page for every role; `make test-long` runs it. The main paths alone are in test_main_paths.py.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
OTHER_PAGES = ["", "me/", "help/"]


def pages_of(role: str) -> list[str]:
    """The pages a member with `role` may open."""
    own = [
        text.replace("<slug:company>", "northlight") for text, each in PLAIN if reach(role, each.callback.capability) is not None
    ]
    return [*OTHER_PAGES, *own]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark"), (1280, "light"), (390, "dark")])
def test_pages_are_whole_and_open_to_all(signed_in: Callable[..., BrowserContext], role: str, width: int, scheme: str) -> None:
    context = signed_in(role, width, scheme)
    walk = Walk(context, width)
    opened = 0
    for name in pages_of(role):
        # What is no page (a file, a bit of a page, an address that only takes what is sent) is not opened.
        first = context.request.get(f"/{name}")
        whole = "text/html" in first.headers.get("content-type", "") and first.text().lstrip().lower().startswith("<!doctype")
        if first.status == 405 or not whole:
            continue
        walk.open(f"/{name}")
        opened += 1
    assert opened > 10
    assert walk.faults == [], "\n".join(walk.faults)
