"""Each role's main path, on a phone and on a desk: what they come for is a few links away, and nothing on the way is broken.

One window for each role and width; every page on the way is looked at by axe, for its width and for the console.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext
from tests.web.browser.walking import Walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOME = "/c/northlight/"
WHY = "main a[href*='/why/']"


def owner(walk: Walk) -> None:
    """Home, an issue, why it says so, and one of the records it rests on."""
    walk.open(HOME)
    walk.follow("main a[href*='/issues/']")
    walk.follow(WHY)
    walk.follow(
        "main a[href*='/customers/'], main a[href*='/why/interactions:'], main a[href*='/why/record'], main a[href*='/why/']"
    )


def lead(walk: Walk) -> None:
    """The own one-page strategy, and an action changed."""
    walk.open(HOME)
    assert walk.page.locator(".sheet-page").count() == 1
    walk.follow("main a.change")
    assert walk.page.locator("form.fields textarea, form.fields input").count() > 3


def employee(walk: Walk) -> None:
    """How the own work reaches the customer, and why."""
    walk.open(HOME)
    walk.follow("main a[href*='/why/'], main a[href*='/groups/']")


def executive(walk: Walk) -> None:
    """The brief, what more money would bring, and what came back."""
    walk.open(HOME)
    walk.follow("a[href$='/choice/']")
    walk.follow("a[href$='/ledger/']")


def analyst(walk: Walk) -> None:
    """What was read and refused, the runs, and what the last one changed."""
    walk.open(HOME)
    walk.follow("a[href$='/runs/']")
    walk.open(f"{HOME}runs/compare/")
    walk.follow("a[href$='/sources/']")


def who_is_this(walk: Walk) -> None:
    """Somebody calls: who it is, how sure, and what happened with them."""
    walk.open(f"{HOME}who/")
    walk.page.fill("#who-name", "Bas Prins")
    walk.page.fill("#who-company", "Mont Chemicals")
    walk.page.click("form.who-form button")
    walk.page.wait_for_selector(".who-card")
    walk.look()
    assert walk.page.locator(".who-card .five > div").count() == 5
    walk.follow(".who-card h3 a")
    assert walk.page.locator(".happened > li").count() > 3
    walk.follow(".kinds a:nth-child(2)")


PATHS = (owner, lead, employee, executive, analyst)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_main_path(signed_in: Callable[..., BrowserContext], path: Callable[[Walk], None], width: int, scheme: str) -> None:
    walk = Walk(signed_in(path.__name__, width, scheme), width)
    path(walk)
    assert walk.faults == [], "\n".join(walk.faults)


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_somebody_calls(signed_in: Callable[..., BrowserContext], width: int, scheme: str) -> None:
    walk = Walk(signed_in("owner", width, scheme), width)
    who_is_this(walk)
    assert walk.faults == [], "\n".join(walk.faults)
