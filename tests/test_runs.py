"""Runs on disk: immutable, reused, and never half there."""

from __future__ import annotations

import json
from dataclasses import replace
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


def test_pages_are_reused_only_when_the_whole_run_is_the_same_and_each_page_intact(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked():
        run = _write(workspace, "one")
        page = run.folder / "strategy" / "index.html"
        assert run.others == {"strategy/index.html": runs.file_digest(page)}
        written = workspace.aside()
        assert workspace.reuse_pages(run, written)
        assert (written / "strategy" / "index.html").read_text() == "one"

        def refused(other: runs.Run) -> bool:
            fresh = workspace.aside()
            return not workspace.reuse_pages(other, fresh) and not list(fresh.iterdir())

        assert refused(replace(run, folder=workspace.runs / "another"))
        assert refused(replace(run, today="2026-07-01"))
        assert refused(replace(run, stages={"focus": replace(run.stages["focus"], files={"issues.parquet": "changed"})}))
        page.write_text("spoilt")
        assert refused(run)
        page.unlink()
        assert refused(run)


def test_a_run_with_a_spoilt_page_is_replaced_and_a_record_without_digests_of_pages_is_still_read(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    with workspace.locked():
        run = _write(workspace, "one")
        (run.folder / "strategy" / "index.html").write_text("spoilt")
        _write(workspace, "one")
        assert (tmp_path / "strategy" / "index.html").read_text() == "one"
        assert not list(workspace.home.glob("writing-*"))
        record = json.loads((run.folder / "run.json").read_text())
        del record["others"]
        (run.folder / "run.json").write_text(json.dumps(record))
        assert workspace.need_current().others == {}
        assert not workspace.reuse_pages(run, workspace.aside())
