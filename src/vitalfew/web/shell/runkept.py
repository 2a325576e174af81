"""What is worked out once for a run and kept: a run never changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from vitalfew.web.shell.access import Reading

Kept = TypeVar("Kept")


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
