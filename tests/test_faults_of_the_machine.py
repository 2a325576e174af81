"""Faults of the machine: killed at a write, a full disk, a source gone half-way, two runs at once. Nothing is lost, and it is told."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vitalfew import pipeline, runs
from vitalfew.company import load
from vitalfew.faults import Refused
from vitalfew.listen import stage as listen

COMPANY = """[company]
name = "Small shop"
as_of = 2026-06-30
seed = 1

[[source]]
name = "survey"
table = "responses"
path = "exports/survey.csv"
[source.columns]
response = "id"
at = "submitted"
[source.questions]
recommend = { column = "Q1", kind = "nps", outcome = true }
delivery = { column = "Q2", kind = "rating", scale = [1, 5], driver = "Delivery", group = "Logistics" }
comment = { column = "Q4", kind = "text" }

[[group]]
name = "Logistics"
"""
# The command, with a hook that counts the calls by which anything is written or named, and kills the process at the n-th of them;
# without a number it only counts.
KILLED = """
import builtins, os, signal, sys
at, calls = int(sys.argv[1]), 0
def counted(home, name, writes=lambda *given: True):
    real = getattr(home, name)
    def call(*given, **named):
        global calls
        if writes(*given, *named.values()):
            calls += 1
            if calls == at:
                os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)
    setattr(home, name, call)
for name in ("fsync", "rename", "replace", "unlink", "mkdir", "rmdir", "symlink", "link", "write"):
    counted(os, name)
counted(os, "open", lambda path, flags=0, *_: bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)))
counted(builtins, "open", lambda path, mode="r", *_: any(each in str(mode) for each in "wax+"))
sys.argv = ["vitalfew", "run", sys.argv[2], "-q"]
from vitalfew.cli import main
try:
    main()
finally:
    print(f"calls={calls}", file=sys.stderr)
"""
KILLS = 5


def survey(rows: int = 120) -> str:
    lines = ["id,submitted,Q1,Q2,Q4"]
    for number in range(rows):
        delivery = number % 5 + 1
        lines.append(
            f"{number},2026-{number % 6 + 1:02d}-05,{min(10, 2 + delivery + number % 4)},{delivery},late parcel {number % 7}"
        )
    return "\n".join(lines) + "\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "survey.csv").write_text(survey(), encoding="utf-8")
    (tmp_path / "company.toml").write_text(COMPANY, encoding="utf-8")
    return tmp_path


def ran(folder: Path, at: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", KILLED, str(at), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of the current run."""
    home = runs.Workspace(folder).need_current().folder
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


def orphans(folder: Path) -> list[str]:
    """What lies in the workspace's own folder and is neither a run nor what belongs to all of them."""
    known = {"runs", "current", "history.jsonl", "lock", "who"}
    # Of the index of the lookup, what a killed process left half written goes a quarter of an hour later (who.directory.sweep).
    indexes = [path for path in (folder / runs.HOME / "who").glob("*") if not path.name.startswith(".")]
    return (
        [path.name for path in indexes if path.suffix != ".index"]
        + sorted(path.name for path in (folder / runs.HOME).iterdir() if path.name not in known)
        + sorted(path.name for path in folder.iterdir() if path.name not in ("exports", "company.toml", "strategy", runs.HOME))
    )


@pytest.mark.slow
def test_killed_at_a_write_the_last_good_run_stands_and_a_rerun_is_the_same(shop: Path) -> None:
    assert ran(shop).returncode == 0
    good = bytes_of(shop)
    other = COMPANY.replace("seed = 1", "seed = 2")
    (shop / "company.toml").write_text(other, encoding="utf-8")
    elsewhere = shop.parent / f"{shop.name}-whole"
    elsewhere.mkdir()
    (elsewhere / "exports").symlink_to(shop / "exports")
    (elsewhere / "company.toml").write_text(other, encoding="utf-8")
    counted = ran(elsewhere)
    assert counted.returncode == 0, counted.stderr
    whole, calls = bytes_of(elsewhere), int(counted.stderr.rpartition("calls=")[2])
    assert calls > 40
    # Spread over the run, and the last ones: there the run is named and becomes the current one.
    moments = sorted({*(1 + calls * number // KILLS for number in range(KILLS)), *range(calls - 4, calls + 1)})
    for at in moments:
        ended = ran(shop, at)
        if ended.returncode == 0:
            assert at > calls - 20, "a run that had fewer writes than were counted"
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        found = bytes_of(shop)
        assert found in (good, whole), f"after a kill at write {at} of {calls}"
        assert (shop / "strategy" / "index.html").read_bytes() == found["strategy/index.html"]
    assert ran(shop).returncode == 0
    assert bytes_of(shop) == whole
    assert orphans(shop) == []


def test_a_full_disk_is_told_and_nothing_is_half_there(shop: Path) -> None:
    assert ran(shop).returncode == 0
    good = bytes_of(shop)
    (shop / "company.toml").write_text(COMPANY.replace("seed = 1", "seed = 3"), encoding="utf-8")

    def small() -> None:
        # What a full disk does to a write, an OSError: files may grow to eight kilobytes and no further.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, 8_192))

    command = [Path(sys.executable).with_name("vitalfew"), "run", shop, "-q"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, preexec_fn=small)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert "the run stopped" in ended.stderr
    assert "The last good run, if there is one, is untouched." in ended.stderr
    assert bytes_of(shop) == good
    assert orphans(shop) == []
    assert ran(shop).returncode == 0


@pytest.mark.parametrize("how", ["changed", "cut", "taken away"])
def test_a_source_that_changes_while_it_is_read_stops_the_run(shop: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    path = shop / "exports" / "survey.csv"
    loaded = load(shop, listen.faults_of)
    real = listen.run

    def meanwhile(*given: object) -> object:
        made = real(*given)  # type: ignore[arg-type]
        if how == "changed":
            path.write_text(survey(130), encoding="utf-8")
        elif how == "cut":
            os.truncate(path, 2_000)
        else:
            path.unlink()
        return made

    monkeypatch.setattr(listen, "run", meanwhile)
    with pytest.raises(Refused, match=r"exports/survey\.csv:1: it was changed or taken away while it was read"):
        pipeline.run(loaded, shop)
    assert runs.Workspace(shop).current() is None
    assert orphans(shop) == []


def test_a_source_that_is_gone_when_it_is_to_be_read_is_told(shop: Path) -> None:
    loaded = load(shop, listen.faults_of)
    (shop / "exports" / "survey.csv").unlink()
    with pytest.raises(Refused, match="there is no file"):
        pipeline.run(loaded, shop)
    assert orphans(shop) == []


def test_of_two_runs_at_once_the_second_is_told_and_the_first_is_whole(shop: Path) -> None:
    command = [Path(sys.executable).with_name("vitalfew"), "run", shop, "-q"]
    with runs.Workspace(shop).locked():
        second = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert second.returncode == 2
    assert "another run is under way in this workspace; wait until it has ended" in second.stderr
    assert subprocess.run(command, capture_output=True, timeout=300, check=False).returncode == 0
