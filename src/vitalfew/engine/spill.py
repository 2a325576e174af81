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
from contextlib import suppress
from pathlib import Path

PREFIX = "vitalfew-reader-"
HELD = "held"
# A folder is made a moment before its lock; without a lock it is left alone for so long.
UNHELD_SECONDS = 3600


class Spill:
    """A folder of this process's own under the system's temporary folder."""

    def __init__(self) -> None:
        sweep()
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._folder.name) / "spill"
        self._held = (Path(self._folder.name) / HELD).open("wb")
        fcntl.flock(self._held, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove the folder. Also done when the object goes, and when the process ends by itself."""
        self._held.close()
        self._folder.cleanup()


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
