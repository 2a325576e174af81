"""Where the real exports lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real exports: VITALFEW_SHARED_DATA, or ../shared/data beside the repository.

    Without it tests fail when CI is set and are skipped, with the reason, on other machines.
    """
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("VITALFEW_SHARED_DATA", beside))
    if not folder.is_dir():
        reason = f"the real exports are not at {folder}; set VITALFEW_SHARED_DATA to their folder"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
