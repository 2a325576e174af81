"""A page as a person meets it, and everything a machine can find wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page
from tests.browser.chromium import violations

OWN = ("http://localhost", "http://127.0.0.1", "data:")


@dataclass
class Walk:
    """One window: where it went, and what was wrong there."""

    context: BrowserContext
    width: int
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda said: self._say(said.text) if said.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self._say(str(error)))
        self.page.on("request", lambda asked: None if asked.url.startswith(OWN) else self._say(f"asks {asked.url}"))

    def _say(self, what: str) -> None:
        self.faults.append(f"{self.page.url.partition('/c/')[2] or self.page.url}: {what}")

    def open(self, address: str) -> None:
        """Go to an address and look at the page."""
        answer = self.page.goto(address)
        assert answer is not None
        if answer.status != 200:
            self._say(f"{answer.status} at {address}")
        else:
            self.look()

    def follow(self, selector: str) -> None:
        """Follow the first link that fits and look at the page it leads to. Fails when there is none."""
        link = self.page.locator(selector).first
        address = link.get_attribute("href", timeout=2000)
        assert address, f"{selector} on {self.page.url}"
        # As the link stands, folded away on a phone or not: `click` is for what is in sight.
        self.page.evaluate("address => { location.href = address; }", address)
        self.page.wait_for_load_state("load")
        self.page.wait_for_url(lambda url: url.partition("#")[0].endswith(address.partition("#")[0]))
        self.look()

    def look(self) -> None:
        """Note everything wrong with the page as it stands."""
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > self.width:
            self._say(f"{wide} px wide on a screen of {self.width}")
        if self.page.locator("h1").count() != 1:
            self._say(f"{self.page.locator('h1').count()} first headings")
        for line in violations(self.page):
            self._say(line)
