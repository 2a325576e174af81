"""One engine for all tests of reading: opening one for each of a hundred small files would take most of the time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vitalfew.engine import DuckEngine


@pytest.fixture(scope="session")
def shared_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckEngine]:
    """A DuckDB engine that many tests may use one after another."""
    made = DuckEngine(tmp_path_factory.mktemp("engine"), threads=2)
    yield made
    made.close()
