"""What changed since the last run, on the homes of the head of CX and of the analyst."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import pytest
from tests.web.conftest import Cast
from tests.web.runs.conftest import changed_workspace

from vitalfew import pipeline
from vitalfew.company import load

__all__ = ["changed_workspace"]
TITLE = "What changed since the last run"


def part(cast: Cast, role: str, folder: Path) -> str:
    """What the home of the member with `role` says about the last change, when the company lies in `folder`."""
    cast.company.folder = str(folder)
    cast.company.save()
    text = cast.client(role).get("/c/northlight/").content.decode()
    if TITLE not in text:
        return ""
    begins = text.index('<section aria-labelledby="changed"')
    return text[begins : text.index("</section>", begins)]


@pytest.mark.parametrize("role", ["owner", "administrator", "analyst"])
def test_it_says_how_the_outcome_moved_and_why_and_leads_to_the_whole_comparison(
    cast: Cast, changed_workspace: Path, role: str
) -> None:
    found = part(cast, role, changed_workspace)
    lines = re.findall(r"<li>(.*?)</li>", found)
    assert re.search(r"rose from \S+ to \S+, more than chance alone would bring", lines[0])
    assert "survey has 40 rows more" in lines[-1]
    assert "work groups" in lines[-1]
    assert len(lines) <= 4
    address = html.unescape(re.findall(r'href="([^"]+)"', found)[0])
    answer = cast.client(role).get(address)
    assert answer.status_code == 200
    assert "survey has 40 rows more" in answer.content.decode()


@pytest.mark.parametrize("role", ["lead", "employee", "executive"])
def test_homes_of_others_are_about_something_else(cast: Cast, changed_workspace: Path, role: str) -> None:
    assert part(cast, role, changed_workspace) == ""


@pytest.mark.parametrize("role", ["owner", "analyst"])
def test_the_first_run_has_nothing_to_be_compared_with_and_says_so(cast: Cast, other_workspace: Path, role: str) -> None:
    found = part(cast, role, other_workspace)
    assert "This is the first run." in found
    assert "href" not in found


def test_before_any_run_nothing_is_said(cast: Cast, other_workspace: Path, tmp_path: Path) -> None:
    shutil.copy(other_workspace / "company.toml", tmp_path)
    assert part(cast, "owner", tmp_path) == ""


def test_a_run_that_says_the_same_has_words_of_its_own(cast: Cast, other_workspace: Path, tmp_path: Path) -> None:
    folder = tmp_path / "same"
    shutil.copytree(other_workspace, folder, symlinks=True)
    with (folder / "company.toml").open("a") as file:
        file.write('[[barrier]]\nname = "Old tools"\nkind = "technology"\n')
    pipeline.run(load(folder), folder)
    found = part(cast, "owner", folder)
    assert "Nothing changed: this run says what the one before it said." in found
    assert "settings were changed (barriers)" in found
