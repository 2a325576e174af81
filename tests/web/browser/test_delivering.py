"""A further file of a source, as people send one: offered, looked at, kept; on a phone and on a desk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from tests.web.browser.walking import Walk
from tests.web.conftest import Cast

from vitalfew.web.shell.companies import settings_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NEW = "/c/other/sources/new/"


def _orders(folder: Path, name: str, first: int, last: int) -> str:
    lines = ["order_no;customer_mail;ordered on;total"]
    lines += [f"O{n};person{n % 60}@other.example;{n % 28 + 1:02d}.0{n % 6 + 1}.2026;{20 + n % 90},50" for n in range(first, last)]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_a_further_file_is_read_with_the_source_it_belongs_to(
    signed_in: Callable[..., BrowserContext], cast: Cast, other_workspace: Path, tmp_path: Path, width: int, scheme: str
) -> None:
    folder = tmp_path / "own"
    shutil.copytree(other_workspace, folder, symlinks=True)
    cast.other.folder = str(folder)
    cast.other.save()
    walk = Walk(signed_in("stranger", width, scheme), width)
    page = walk.page
    walk.open(NEW)
    page.set_input_files("#files", _orders(tmp_path, "orders june.csv", 0, 80))
    page.locator("form.fields button").press("Enter")
    page.get_by_role("button", name="Show what would be read").click()
    page.get_by_role("button", name="Keep this source").press("Enter")
    expect(page.locator(".message.success")).to_contain_text("is a source now")
    walk.open(f"{NEW}?for=orders-june")
    walk.open(NEW)
    page.set_input_files("#files", _orders(tmp_path, "orders july, with a long name.csv", 70, 140))
    page.locator("form.fields button").press("Enter")
    page.get_by_role("link", name="Read it with orders_june").wait_for()
    walk.look()
    page.screenshot(path=str(tmp_path / "offered.png"), full_page=True)
    page.get_by_role("link", name="Read it with orders_june").press("Enter")
    expect(page.locator("#reading")).to_be_visible()
    expect(page.locator("section.once")).to_contain_text("10 with the same contents")
    walk.look()
    page.screenshot(path=str(tmp_path / "looked.png"), full_page=True)
    page.get_by_role("button", name="Read it with orders_june").press("Enter")
    expect(page.locator(".message.success")).to_contain_text("too from the next run on")
    walk.look()
    assert len(settings_of(cast.other).source[-1].path) == 2
    assert walk.faults == [], "\n".join(walk.faults)
