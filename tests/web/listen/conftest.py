"""A workspace of the other company's that tests of this room may write into."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.web.conftest import Cast


@pytest.fixture
def own(cast: Cast, other_workspace: Path, tmp_path: Path) -> Path:
    """A copy of the other company's workspace, with its run."""
    folder = tmp_path / "own"
    shutil.copytree(other_workspace, folder, symlinks=True)
    cast.other.folder = str(folder)
    cast.other.save()
    return folder
