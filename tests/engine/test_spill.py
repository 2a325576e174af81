"""What pages spill to disk is private, and does not outlive its process."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitalfew.engine.reader import Reader
from vitalfew.engine.spill import HELD, PREFIX, UNHELD_SECONDS, Spill

# A reader that spills, says so, and then waits to be killed.
SPILLING = """
import sys, time
from pathlib import Path
from vitalfew.engine.reader import Reader
reader = Reader({})
reader._raw("SET memory_limit = '64MB'", [])
reader._raw("SET preserve_insertion_order = false", [])
reader._raw("CREATE TEMP TABLE large AS SELECT range AS n, repeat(md5(range::VARCHAR), 8) AS text FROM range(800000)", [])
print("spilled", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def folders(temporary: Path) -> list[Path]:
    return sorted(temporary.glob(f"{PREFIX}*"))


def test_the_folder_is_its_owners_alone_and_goes_with_the_reader(temporary: Path) -> None:
    reader = Reader({})
    (folder,) = folders(temporary)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    reader.close()
    assert not folders(temporary)


def test_what_a_killed_process_spilled_is_removed_by_the_next(temporary: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SPILLING], stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"spilled\n"
        (left,) = folders(temporary)
        spilled = sum(each.stat().st_size for each in left.rglob("*"))
        assert spilled > 1_000_000
        other = Reader({})
        assert left.exists(), "of a process that lives"
        other.close()
        process.send_signal(signal.SIGKILL)
    Reader({}).close()
    assert not folders(temporary)


def test_a_folder_without_a_lock_is_left_alone_until_it_is_old(temporary: Path) -> None:
    fresh, old = temporary / f"{PREFIX}fresh", temporary / f"{PREFIX}old"
    for folder in (fresh, old):
        folder.mkdir()
    before = time.time() - UNHELD_SECONDS - 60
    os.utime(old, (before, before))
    spill = Spill()
    assert fresh.exists()
    assert not old.exists()
    assert (spill.path.parent / HELD).exists()
    spill.close()


def test_a_link_is_not_followed(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / HELD).touch()
    (temporary / f"{PREFIX}link").symlink_to(elsewhere)
    Spill().close()
    assert elsewhere.exists()
