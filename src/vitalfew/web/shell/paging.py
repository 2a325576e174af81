"""Pages of a long list: which rows, and the addresses of the pages beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.web.shell.access import Visit

SIZE = 50


@dataclass(frozen=True)
class Paging:
    """Page `number` (from 1) of `total` rows."""

    number: int
    total: int
    before: str = ""
    after: str = ""
    size: int = SIZE

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.number - 1) * self.size

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))


def paging(visit: Visit, total: int, size: int = SIZE) -> Paging:
    """The page asked for by `?page=`; one beyond the last is the last, one that is no number the first."""
    asked = visit.request.GET.get("page", "1")
    last = max(1, -(-total // size))
    number = min(max(1, int(asked)), last) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1

    def address(page: int) -> str:
        query = visit.request.GET.copy()
        query["page"] = str(page)
        return f"{visit.request.path}?{query.urlencode()}"

    return Paging(number, total, address(number - 1) if number > 1 else "", address(number + 1) if number < last else "", size)
