"""Runs on disk: immutable, reused, and never half there."""

from __future__ import annotations

import json
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
