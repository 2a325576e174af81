"""The documentation says what the code does: every command, table, section and room of the algorithms is named, links resolve."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from vitalfew.cli import app
from vitalfew.settings import Company
from vitalfew.vocabulary import TABLES

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def test_the_reference_is_what_the_code_would_write() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "reference.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_command_table_and_section_is_in_the_reference() -> None:
    reference = "".join((ROOT / "docs" / "reference" / name).read_text() for name in ("commands.md", "tables.md", "settings.md"))
    for command in app.registered_commands:
        assert command.callback is not None
        assert f"`vitalfew {command.callback.__name__} " in reference
    for table in TABLES:
        assert f"### `{table}`" in reference
    for section in Company.model_fields:
        assert f"[{section}]" in reference


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_every_link_between_pages_resolves(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_no_page_names_a_folder_of_the_machine_it_was_written_on() -> None:
    for page in PAGES:
        assert not re.search(r"/(work|root|home)/", page.read_text(encoding="utf-8")), page


def test_each_direct_dependency_has_its_reason() -> None:
    wanted = re.findall(r'^  "([a-z0-9-]+)', (ROOT / "pyproject.toml").read_text().split("[dependency-groups]")[0], re.M)
    reasons = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text()
    assert wanted
    for name in wanted:
        assert name in reasons, name
