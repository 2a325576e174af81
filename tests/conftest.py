"""What every test may ask for."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests import demo_company

from vitalfew.engine import Context, DuckEngine

# On a busy machine making an example may take long; that is no fault of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company with a finished run, made once and shared by all test processes; tests read it and never change it.

    With VITALFEW_TEST_WORKSPACE set, a demo workspace that has been run already is used instead.
    """
    given = os.environ.get("VITALFEW_TEST_WORKSPACE")
    if given:
        return Path(given)
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "demo-company"
    with (shared / "demo-company.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".vitalfew" / "current").exists():
            demo_company.make(folder)
    return folder


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckEngine]:
    """A DuckDB engine with its own folder."""
    folder = tmp_path / "engine"
    folder.mkdir()
    made = DuckEngine(folder)
    yield made
    made.close()


@pytest.fixture
def context(engine: DuckEngine, tmp_path: Path) -> Context:
    """The circumstances of a stage: mid-2026, a fixed seed, a folder of its own."""
    folder = tmp_path / "stage"
    folder.mkdir()
    return Context(engine, date(2026, 6, 30), 7, folder, tmp_path)


@pytest.fixture
def write_company(tmp_path: Path) -> Callable[[str], Path]:
    """Write company.toml and one export, and return the workspace."""

    def write(text: str) -> Path:
        (tmp_path / "company.toml").write_text(text, encoding="utf-8")
        exports = tmp_path / "exports"
        exports.mkdir(exist_ok=True)
        (exports / "survey.csv").write_text("id,Q1\n1,9\n2,3\n", encoding="utf-8")
        return tmp_path

    return write
