"""The one set of filters that holds across pages, stands in the address and drives every export."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

MOST = 200


@dataclass(frozen=True)
class Filters:
    """What a page is narrowed to; empty means everything.

    `period` is a quarter like 2026-Q1, `segment` a cut like `country=FR`, `account` an account's id, `group` a work group,
    `channel` a channel.
    """

    period: str = ""
    segment: str = ""
    account: str = ""
    group: str = ""
    channel: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filters:
        """The filters in an address. What is no filter value (too long, a period that is none) is ignored."""
        found = {each.name: str(given.get(each.name) or "").strip() for each in fields(cls)}
        found = {name: value for name, value in found.items() if value and len(value) <= MOST and "\x00" not in value}
        if not re.fullmatch(r"\d{4}(-Q[1-4])?", found.get("period", "2026")):
            found.pop("period")
        if "segment" in found and not re.fullmatch(r"[^=]+=.+", found["segment"]):
            found.pop("segment")
        return cls(**found)

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    @property
    def cut(self) -> tuple[str, str] | None:
        """The segment's column and value."""
        column, mark, value = self.segment.partition("=")
        return (column, value) if mark else None

    def with_(self, **changed: str) -> Filters:
        """These filters with some set or, by '', cleared."""
        return replace(self, **changed)

    def query(self) -> str:
        """`?period=...` for an address, '' without filters."""
        chosen = {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name)}
        return f"?{urlencode(chosen)}" if chosen else ""
