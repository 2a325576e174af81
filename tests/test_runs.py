"""Runs on disk: immutable, reused, and never half there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from vitalfew import runs
from vitalfew.faults import Refused, RunFailed


def _write(workspace: runs.Workspace, text: str) -> runs.Run:
    written = workspace.aside()
    (written / "issues.parquet").write_text(text)
    (written / "strategy").mkdir()
    (written / "strategy" / "index.html").write_text(text)
    record = runs.StageRecord(runs.digest(text), {"issues.parquet": runs.file_digest(written / "issues.parquet")})
    run = runs.Run(workspace.runs / runs.digest("run", text), "2026-06-30", "duckdb", "0", {"focus": record})
    return workspace.publish(written, run)


def test_a_published_run_is_current_with_its_pages(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked():
        first = _write(workspace, "one")
        second = _write(workspace, "two")
    current = workspace.need_current()
    assert current.id == second.id != first.id
    assert (tmp_path / "strategy" / "index.html").read_text() == "two"
    assert (first.folder / "issues.parquet").read_text() == "one"
    assert list(current.paths()) == ["issues"]
    assert not list(workspace.home.glob("writing-*"))


def test_the_same_run_again_is_the_same_folder_and_a_spoilt_one_is_replaced(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked():
        first = _write(workspace, "one")
        assert _write(workspace, "one").folder == first.folder
        (first.folder / "issues.parquet").write_text("spoilt")
        assert workspace.reusable("focus", runs.digest("one")) is None
        _write(workspace, "one")
    assert (first.folder / "issues.parquet").read_text() == "one"
    found = workspace.reusable("focus", runs.digest("one"))
    assert found is not None
    assert found[0] == first.folder
    assert workspace.reusable("focus", "other") is None


def test_two_runs_at_once_are_refused_and_leftovers_are_swept(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked(), pytest.raises(Refused, match="another run is under way"), runs.Workspace(tmp_path).locked():
        pass
    workspace.aside()
    with workspace.locked():
        assert not list(workspace.home.glob("writing-*"))


def test_a_folder_of_the_users_own_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "strategy").mkdir()
    (tmp_path / "strategy" / "mine.txt").write_text("mine")
    with pytest.raises(Refused, match="folder or file of yours"):
        runs.Workspace(tmp_path).check_strategy()


def test_no_run_and_an_unreadable_record_are_told(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    assert workspace.current() is None
    with pytest.raises(Refused, match="there is no run yet"):
        workspace.need_current()
    with workspace.locked():
        run = _write(workspace, "one")
    (run.folder / "run.json").write_text(json.dumps({"today": 1}))
    with pytest.raises(RunFailed, match="cannot be read"):
        workspace.current()


def test_a_hard_link_or_a_copy_holds_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    runs.link(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "x"


def test_the_history_tells_which_run_was_current_when(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked():
        first, second = _write(workspace, "one"), _write(workspace, "two")
    assert workspace.previous() == first
    assert workspace.previous(first) is None
    assert [run.id for run in workspace.finished()] == [second.id, first.id]
    assert workspace.go_back(first.id).id == workspace.need_current().id == first.id
    assert (tmp_path / "strategy" / "index.html").read_text() == "one"
    assert [(moment.run, moment.how) for moment in workspace.history()] == [
        (first.id, "made"),
        (second.id, "made"),
        (first.id, "back"),
    ]
    assert workspace.previous() == second


def test_a_torn_line_of_the_history_costs_nothing_but_itself(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked():
        first = _write(workspace, "one")
        with (workspace.home / "history.jsonl").open("a") as file:
            file.write('{"at": "2026-')
        _write(workspace, "two")
    assert len(workspace.history()) == 2
    assert workspace.previous() == first


def test_runs_older_than_the_history_are_ordered_by_their_records(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked():
        first, second = _write(workspace, "one"), _write(workspace, "two")
    (workspace.home / "history.jsonl").unlink()
    os.utime(first.folder / "run.json", (1, 1))
    assert workspace.previous() == first
    assert workspace.previous(first) is None
    assert workspace.previous(second) == first


def test_a_run_is_deleted_but_never_the_current_one(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked():
        first, second = _write(workspace, "one"), _write(workspace, "two")
    with pytest.raises(Refused, match="the current run"):
        workspace.delete(second.id)
    workspace.delete(first.id)
    assert workspace.run(first.id) is None
    assert workspace.need_current() == second
    assert not list(workspace.home.glob("writing-*"))
    assert workspace.previous() is None


@pytest.mark.parametrize("name", ["", "..", "../current", "absent", "0" * 20, "../../../../etc/passwd"])
def test_what_is_no_run_is_neither_gone_back_to_nor_deleted(tmp_path: Path, name: str) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked():
        _write(workspace, "one")
    for act in (workspace.go_back, workspace.delete):
        with pytest.raises(Refused, match="there is no run"):
            act(name)


def test_a_spoilt_run_is_not_gone_back_to(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked():
        first, second = _write(workspace, "one"), _write(workspace, "two")
    (first.folder / "issues.parquet").write_text("spoilt")
    with pytest.raises(Refused, match="changed or are lost"):
        workspace.go_back(first.id)
    assert workspace.need_current() == second


def test_what_two_runs_share_is_counted_half_in_each(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "x").write_text("1234")
    runs.link(tmp_path / "a" / "x", tmp_path / "b" / "x")
    assert runs.size(tmp_path / "a") == 2
