"""The commands and the next run read what was approved in the application, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.postgresql import server
from tests.web.authoring.conftest import write_small

PREPARE = """
import sys
from pathlib import Path
from vitalfew.web import serving
company = serving.prepare(Path(sys.argv[1]))
from vitalfew.web.authoring.changes import Change, approve, save
save(company, "owner@small.example", Change("initiative", "parcel-tracking", "values",
    {"name": "Parcel tracking by text", "driver": "Delivery on time", "group": "Logistics", "cost": 2000}, 0, None), "approved")
save(company, "analyst@small.example", Change("promise", "on-time", "values", {"name": "Waits", "kept_when": "true"}, 0, None), "proposed")
save(company, "owner@small.example", Change("sponsor", "carl", "values", {"name": "Carl", "wanted": "leading"}, 0, None), "approved")
# The risk names the initiative, which is called otherwise now.
save(company, "owner@small.example", Change("risk", "parcel-tracking-be-ill", "deleted", None, 0, None), "approved")
save(company, "owner@small.example", Change("cause", "unclear-bill-billing-1-1", "deleted", None, 0, None), "approved")
"""
FAULTY = """
import sys
from pathlib import Path
from vitalfew.web import serving
company = serving.prepare(Path(sys.argv[1]))
from vitalfew.web.authoring.changes import Change, save
save(company, "o", Change("promise", "on-time", "values", {"name": "On time", "group": "Nobody", "kept_when": "true"}, 0, None), "approved")
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the commands find in their environment."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("VITALFEW_", "DJANGO_", "DATABASE_"))}
    if request.param == "sqlite":
        yield own
        return
    with server(tmp_path / "postgresql") as address:
        yield {**own, "DATABASE_URL": address}


def command(environment: dict[str, str], *words: str, code: int = 0) -> str:
    """What a command prints."""
    done = subprocess.run(
        [sys.executable, "-c", "from vitalfew.cli import main; main()", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def script(environment: dict[str, str], text: str, folder: Path) -> None:
    """Run a script of the application on the workspace."""
    subprocess.run([sys.executable, "-c", text, str(folder)], check=True, timeout=120, env=environment)


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table of the current run."""
    found: list[dict[str, Any]] = pq.read_table(folder / ".vitalfew" / "current" / f"{table}.parquet").to_pylist()
    return found


def names(folder: Path, table: str) -> list[str]:
    """The names in a table of the current run."""
    return [row["name"] for row in rows(folder, table)]


def test_a_check_counts_approved_edits_and_nothing_that_waits(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    write_small(folder)
    assert "edited" not in command(environment, "check", str(folder))
    script(environment, PREPARE, folder)
    said = command(environment, "check", str(folder))
    assert "1 promises, 2 initiatives. 4 entries as edited in the application" in said


def test_a_run_reads_approved_edits_and_nothing_that_waits(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    write_small(folder)
    before_text = (folder / "company.toml").read_bytes()
    own = {name: value for name, value in os.environ.items() if not name.startswith(("VITALFEW_", "DJANGO_", "DATABASE_"))}
    command(own, "run", str(folder), "--quiet")
    assert "Parcel tracking" in names(folder, "initiatives")
    assert json.loads((folder / ".vitalfew" / "current" / "edits.json").read_text(encoding="utf-8")) == []
    script(own, PREPARE, folder)
    command(own, "run", str(folder), "--quiet")
    found = names(folder, "initiatives")
    assert "Parcel tracking by text" in found
    assert "Parcel tracking" not in found
    assert names(folder, "sponsors") == ["Carl", "Sam"]
    assert [row["promise"] for row in rows(folder, "promises")] == ["promise:on-time"]
    assert (folder / "company.toml").read_bytes() == before_text
    edits = json.loads((folder / ".vitalfew" / "current" / "edits.json").read_text(encoding="utf-8"))
    assert [(each["id"], each["who"], each["deleted"]) for each in edits] == [
        ("cause:unclear-bill-billing-1-1", "owner@small.example", True),
        ("initiative:parcel-tracking", "owner@small.example", False),
        ("risk:parcel-tracking-be-ill", "owner@small.example", True),
        ("sponsor:carl", "owner@small.example", False),
    ]
    assert all(each["when"].startswith("20") for each in edits)
    # The run the application itself starts reads the same, so it is the same run.
    said = command(own, "run", str(folder), "--progress", "json")
    assert json.loads(said.splitlines()[-1])["same"] is True
    assert "Parcel tracking by text" in command(own, "why", str(folder), "initiative:parcel-tracking-by-text")


def test_an_edit_that_no_longer_fits_is_a_fault_with_a_name_and_a_mend(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    write_small(folder)
    script(environment, FAULTY, folder)
    said = command(environment, "check", str(folder), code=2)
    assert said.splitlines()[0].startswith("application: promise \"On time\": nobody defined the group 'Nobody'; ")
    assert "Traceback" not in said
    command(environment, "run", str(folder), "--quiet", code=2)
    told = json.loads(command(environment, "run", str(folder), "--progress", "json", code=2).splitlines()[0])
    assert (told["event"], told["faults"][0]["file"]) == ("refused", "application")


def test_a_database_that_cannot_be_reached_is_told_and_no_edit_is_left_out_silently(tmp_path: Path) -> None:
    write_small(tmp_path)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("VITALFEW_", "DJANGO_"))}
    said = command({**own, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "check", str(tmp_path), code=2)
    assert "application: its database cannot be read" in said


def test_a_workspace_that_was_moved_keeps_its_edits(tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("VITALFEW_", "DJANGO_", "DATABASE_"))}
    (tmp_path / "before").mkdir()
    script(own, PREPARE, write_small(tmp_path / "before"))
    (tmp_path / "before").rename(tmp_path / "after")
    assert "4 entries as edited in the application" in command(own, "check", str(tmp_path / "after"))
