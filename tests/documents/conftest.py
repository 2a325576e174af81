"""The sample company's documents, written once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.documents import sample

from vitalfew.documents import stage


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with every document of the sample company."""
    root = tmp_path_factory.mktemp("documents")
    tables, context = sample.make(root / "tables")
    stage.write(tables, sample.COMPANY, context, root / "strategy")
    return root / "strategy"
