"""Jobs on files people sent, done by a process of its own (`listen.proposing.aside`) that may break without breaking a page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from vitalfew.telling import PARENT

SECONDS = 120


class Broken(Exception):
    """The process did not come to an end: it ran out of time or memory, or a reader broke. `slow` says which."""

    def __init__(self, slow: bool) -> None:
        super().__init__("too slow" if slow else "broken")
        self.slow = slow


def done(job: Mapping[str, Any], seconds: float = SECONDS) -> dict[str, Any]:
    """What a job gave. Raises Broken."""
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "vitalfew.listen.proposing.aside"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
            env={**os.environ, PARENT: str(os.getpid()), "NO_COLOR": "1"},
        )
    except subprocess.TimeoutExpired:
        raise Broken(slow=True) from None
    if ended.returncode:
        raise Broken(slow=ended.returncode in (-24, -9))  # SIGXCPU, and SIGKILL where the limit was passed by far
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer
