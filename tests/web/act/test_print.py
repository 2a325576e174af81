"""The one-page strategy of every group prints on one A4 sheet."""

from __future__ import annotations

import re
from pathlib import Path

from django.test import Client
from tests.browser.chromium import started
from tests.web.conftest import Cast
from tests.web.home.test_homes import visit_of

from vitalfew.web.focus.plan import book_of

STATIC = Path(__file__).parents[3] / "src" / "vitalfew"


def standing_alone(client: Client, address: str) -> str:
    """The page with its style sheets within, so that it needs no server."""
    text = client.get(address).content.decode()
    styles = [STATIC / "documents/static/style.css", STATIC / "web/shell/static/shell/app.css"]
    within = "".join(f"<style>{path.read_text(encoding='utf-8')}</style>" for path in styles)
    return re.sub(r"<(link|script|meta)\b[^>]*>", "", text).replace("</head>", within + "</head>")


def test_each_group_fits_one_sheet(cast: Cast) -> None:
    groups = book_of(visit_of(cast, "owner")).groups
    # Gathered first: Playwright's loop and Django's database do not share a thread.
    pages = {file: standing_alone(cast.client("owner"), f"/c/northlight/groups/{file}/") for file in groups.values()}
    printed = {}
    with started() as browser:
        page = browser.new_page()
        for file, text in pages.items():
            page.set_content(text)
            printed[file] = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert len(printed) >= 8
    assert set(printed.values()) == {1}, printed
