"""Where DuckDB puts what does not fit in memory while pages are read: a folder nobody else can open, gone with its process.

What is spilled is customers' data. The folder has rights for its owner alone, and one a killed process left behind is removed by
the next process that needs one: its lock is free then, whatever became of the process's number.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path

PREFIX = "vitalfew-reader-"
HELD = "held"
# A folder is made a moment before its lock; without a lock it is left alone for so long.
UNHELD_SECONDS = 3600


class Spill:
    """A folder of this process's own under the system's temporary folder; it goes with the object, and with the process."""

    def __init__(self) -> None:
        sweep()
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.path = folder / "spill"
        held = os.open(folder / HELD, os.O_CREAT | os.O_WRONLY, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
        # Readers are let go of rather than closed, for another thread may still be reading.
        self.close = weakref.finalize(self, _removed, folder, held, os.getpid())


def _removed(folder: Path, held: int, owner: int) -> None:
    if os.getpid() != owner:
        # A process that came of the owner by a fork: the folder is not its own.
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.close(held)


def sweep() -> None:
    """Remove the folders of processes that were killed, as far as they are this user's."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            about = folder.lstat()
            if about.st_uid != os.getuid() or folder.is_symlink() or not folder.is_dir():
                continue
            held = folder / HELD
            if not held.exists():
                if time.time() - about.st_mtime > UNHELD_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            with held.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
