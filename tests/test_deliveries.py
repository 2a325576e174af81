"""What a source gave less of than in the run before: told in the run's own tables, and the same when a run is made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from vitalfew import deliveries, pipeline, runs
from vitalfew.company import load

SETTINGS = """
[company]
name = "Acme"
as_of = 2026-06-30
draws = 50
[[source]]
name = "survey"
table = "responses"
path = "survey.csv"
[source.columns]
response = "id"
email = "email"
at = "at"
[source.questions]
recommend = { column = "Q1", kind = "nps", outcome = true }
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "company.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def ran(folder: Path, rows: int, columns: tuple[str, ...] = ("note",)) -> runs.Run:
    head = ",".join(["id", "email", "at", "Q1", *columns])
    lines = [",".join([str(n), f"p{n}@x.example", "2026-05-01", str(n % 11), *("-" for _ in columns)]) for n in range(rows)]
    (folder / "survey.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return pipeline.run(load(folder), folder)


def told(run: runs.Run) -> list[dict[str, Any]]:
    return pq.read_table(run.folder / "deliveries.parquet").to_pylist()


def test_fewer_records_and_lost_columns_are_told_and_more_of_either_is_not(workspace: Path) -> None:
    first = ran(workspace, 60)
    assert told(first) == []
    less = ran(workspace, 50, ())
    assert [(row["what"], row["before"], row["now"], row["missing"]) for row in told(less)] == [
        ("columns", 5, 4, json.dumps(["note"])),
        ("records", 60, 50, ""),
    ]
    assert list(deliveries.told(less, workspace))[:2] == [
        "survey: columns that were there last time are gone: note.",
        "survey is shorter than last time: 50 records, 60 before; if nobody took any away, fetch it again.",
    ]
    assert "shorter than last time" in (less.folder / runs.PAGES / "sources.html").read_text(encoding="utf-8")
    assert told(ran(workspace, 70, ("note", "more"))) == []
    source = pq.read_table(less.folder / "sources.parquet").to_pylist()[0]
    assert json.loads(source["columns"]) == ["id", "email", "at", "Q1"]


def test_a_run_made_again_says_the_same_and_is_the_same_run(workspace: Path) -> None:
    first = ran(workspace, 60)
    less = ran(workspace, 50)
    assert less.id != first.id
    assert ran(workspace, 50).id == less.id
    assert len(told(less)) == 1
    # What was there before comes back: more than last time, so nothing is told.
    assert told(ran(workspace, 60)) == []
    # Other settings, the same delivery: what is wrong with it stays told.
    ran(workspace, 50)
    promise = '[[promise]]\nname = "Asked"\ntable = "responses"\nkept_when = "true"\n'
    (workspace / "company.toml").write_text(SETTINGS + promise, encoding="utf-8")
    again = ran(workspace, 50)
    assert again.id != less.id
    assert told(again) == told(less)


def test_without_what_the_run_before_read_nothing_is_compared(workspace: Path) -> None:
    first = ran(workspace, 60)
    (first.folder / "sources.parquet").unlink()
    assert told(ran(workspace, 50)) == []
