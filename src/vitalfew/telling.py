"""Progress for another program to read: one JSON object a line on standard error.

    {"event": "progress", "text": "listen: reading sources", "done": 0, "total": 6}
    {"event": "done", "run": "ea20...", "same": false}
    {"event": "refused", "busy": false, "faults": [{"file": ..., "line": ..., "what": ..., "mend": ...}]}
    {"event": "failed", "text": "..."}

Progress names stages, tables and sources, never a value of a record.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from vitalfew.faults import Refused, RunFailed
from vitalfew.runs import Busy

PARENT = "VITALFEW_PARENT"


def tell(event: str, **more: Any) -> None:
    """Write one event."""
    sys.stderr.write(json.dumps({"event": event, **more}, ensure_ascii=False) + "\n")
    sys.stderr.flush()


def progress(text: str, done: int, total: int) -> None:
    """Tell what is being done."""
    tell("progress", text=text, done=done, total=total)


@contextmanager
def endings() -> Iterator[None]:
    """Tell why the work inside ended, when it ended badly; the exception goes on."""
    try:
        yield
    except Refused as refused:
        tell("refused", busy=isinstance(refused, Busy), faults=[asdict(fault) for fault in refused.faults])
        raise
    except RunFailed as failed:
        tell("failed", text=str(failed))
        raise


def leave_with_parent(leave: Callable[[], object] = lambda: os._exit(1)) -> None:
    """End this process when the one that started it is gone: a run nobody watches any more must not hold the workspace.

    The starter says who it is in VITALFEW_PARENT; without it nothing is watched. `leave` is called once.
    """
    parent = os.environ.pop(PARENT, "")
    if not parent.isdigit():
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(0.5)
        leave()

    threading.Thread(target=watch, daemon=True, name="watch the parent").start()
