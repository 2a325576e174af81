"""What is worked out once for a run and kept: a run never changes."""

from __future__ import annotations

import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from vitalfew.web.shell.access import Reading

Kept = TypeVar("Kept")
# The folder of the workspace that holds what is worked out of runs; deleted, it is worked out anew.
KEPT = "facts"


class PerRun(Generic[Kept]):
    """Values by run and key, the `most` asked for last. Safe from several threads; two may work out the same value at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, Hashable], Kept] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, visit: Reading, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """The value of `key` in the visitor's run, made when it is not kept."""
        whole = (str(visit.run.folder) if visit.run else f"none {visit.company.pk}", key)
        with self._lock:
            if whole in self._kept:
                self._kept.move_to_end(whole)
                return self._kept[whole]
        made = make()
        with self._lock:
            self._kept[whole] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


def on_disk(reading: Reading, name: str, make: Callable[[], list[Any]]) -> list[Any]:
    """What `make` gives, as JSON in a file of the run, so that it is made once for all processes.

    Where nothing can be written it is made again.
    """
    folder = reading.run.folder.name if reading.run else "none"
    path = reading.workspace.home / KEPT / folder / f"{name}.json"
    with suppress(OSError, ValueError):
        found: list[Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    made = make()
    aside = path.with_name(f".{name}-{secrets.token_hex(4)}.json")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps(made), encoding="utf-8")
        aside.replace(path)
    return made
