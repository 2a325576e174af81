"""Vendored scripts are those of their packages, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.browser.chromium import VENDOR, checksums

import vitalfew

STATIC = Path(vitalfew.__file__).parent / "web" / "shell" / "static" / "shell" / "vendor"


@pytest.mark.parametrize("folder", [VENDOR, STATIC], ids=["tests", "application"])
def test_vendored_scripts_are_those_of_their_packages(folder: Path) -> None:
    found = checksums(folder)
    assert set(found) == {path.name for path in folder.glob("*.js")}
    for name, (stated, real) in found.items():
        assert stated == real, name
