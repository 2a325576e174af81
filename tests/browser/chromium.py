"""Chromium as tests drive it, and axe's judgement of a page."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
VENDOR = Path(__file__).parent / "vendor"
# WCAG 2.2 AA, and what axe holds to be good practice is left to eyes.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def binary() -> str:
    """The browser: CHROMIUM, or the first of its usual names. Fails when there is none: a missing browser is no reason to skip."""
    named = os.environ.get("CHROMIUM")
    found = named or next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    assert found is not None, "no Chromium: install it, or name it by the environment variable CHROMIUM"
    return found


@contextmanager
def started() -> Iterator[Browser]:
    """A browser, ended afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary(), args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands, a line each; nothing is allowed for."""
    page.evaluate((VENDOR / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{each['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def checksums(folder: Path) -> dict[str, tuple[str, str]]:
    """For each vendored file its README names: the checksum stated, and that of the file."""
    stated = re.findall(
        r"^\| (\S+\.js) \|.*\| ([0-9a-f]{64}) \|$", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    return {name: (digest, hashlib.sha256((folder / name).read_bytes()).hexdigest()) for name, digest in stated}
