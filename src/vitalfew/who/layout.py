"""The index on disk: one file of sorted arrays, opened by mapping it into memory, so that a lookup reads a few pages of it.

    VFWHO001 | length of the header | header (JSON) | sections, each at a multiple of 8 bytes

The header names each section with its place, its length in bytes and the type of its items; `meta` holds what the reader must know
besides (how many people, weights, the company's region, zone and currency).
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MAGIC = b"VFWHO001"
SEPARATOR = "\x1f"
NO_ACCOUNT = 2**32 - 1
"""Where a shared value is filed that tells no account."""

FACTS = (
    *("contact_at", "contact_channel", "contact_text"),
    *("case", "case_at", "case_text"),
    *("answer_at", "answer_score", "answer_text"),
    *("orders", "revenue", "order_at", "order_text"),
    *("complaint", "complaint_n", "complaint_second", "complaint_second_n"),
)
"""The facts, in the order in which they stand in a row of the index; all as text, '' when there is none."""
CONTACT = (
    *("person", "account", "source", "key", "records", "name", "words", "email", "mailbox", "phone", "handle", "national_id"),
    *("born", "street", "postcode", "city", "shared"),
)
"""The fields of a row of contacts; person and account are numbers of rows, '' where there is none."""
CONSENT = ("analysis", "contact", "left_out")
"""What a person said to analysis and to being contacted, and whether it keeps them out of the analysis ("true")."""
PERSON = (
    "person",
    "account",
    "name",
    "email",
    "phone",
    "role",
    "records",
    "first_seen",
    "last_seen",
    *CONSENT,
    "first",
    "contacts",
    *FACTS,
)
"""The fields of a row of people; `first` and `contacts` say which rows of contacts are theirs."""
ACCOUNT = ("account", "name", "domain", "city", "country", "region", "people", *FACTS)
"""The fields of a row of accounts; `people` counts them."""


class Unreadable(Exception):
    """The file is no index, or one of another version."""


def key_hash(kind: str, value: str) -> int:
    """What a key is found by: 64 bits of MD5, as DuckDB's `md5_number_lower` gives them."""
    found = hashlib.md5(f"{kind}{SEPARATOR}{value}".encode("utf-8", "replace"), usedforsecurity=False).digest()
    return int.from_bytes(found[8:], "little")


def write(path: Path, sections: Mapping[str, tuple[str, memoryview | bytes]], meta: Mapping[str, Any]) -> None:
    """Write an index aside, flush it and name it by one rename. Sections are (type code of `memoryview.cast`, bytes)."""
    places: dict[str, tuple[str, int, int]] = {}
    at = 0
    for name, (code, data) in sections.items():
        size = memoryview(data).nbytes
        places[name] = (code, at, size)
        at += -(-size // 8) * 8
    header = json.dumps({"sections": places, "meta": meta}, sort_keys=True, ensure_ascii=False).encode()
    header += b" " * (-len(header) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(MAGIC + len(header).to_bytes(8, "little") + header)
            for _, data in sections.values():
                file.write(data)
                file.write(b"\0" * (-memoryview(data).nbytes % 8))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


class Index:
    """An index opened for reading. Safe to share between threads: nothing in it changes."""

    def __init__(self, path: Path) -> None:
        """Raises FileNotFoundError when there is no such file, and Unreadable when it is no index of this version."""
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < 16:
                raise Unreadable(f"{path.name} is no index")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        length = int.from_bytes(self._map[8:16], "little")
        if self._map[:8] != MAGIC or 16 + length > len(self._map):
            raise Unreadable(f"{path.name} is no index of this version")
        header = json.loads(self._map[16 : 16 + length])
        self.meta: dict[str, Any] = header["meta"]
        whole = memoryview(self._map)
        start = 16 + length
        sections = header["sections"]
        if any(start + at + size > len(self._map) for _, at, size in sections.values()):
            raise Unreadable(f"{path.name} is cut short")
        self._sections: dict[str, memoryview] = {
            name: whole[start + at : start + at + size].cast(code) for name, (code, at, size) in sections.items()
        }

    def found(self, of: str, kind: str, value: str, most: int) -> tuple[list[int], int]:
        """The first `most` places filed under a key, in ascending order, and how many there are; `of` is keys or records."""
        hashes, places = self._sections[f"{of}_hash"], self._sections[f"{of}_at"]
        wanted = key_hash(kind, value)
        first = bisect_left(hashes, wanted)
        if first == len(hashes) or hashes[first] != wanted:
            return [], 0
        last = bisect_right(hashes, wanted, first)
        return list(places[first : min(last, first + most)]), last - first

    def row(self, of: str, number: int) -> Sequence[str]:
        """The fields of row `number` of contacts, people or accounts; an empty text where nothing is known."""
        offsets = self._sections[f"{of}_offset"]
        return bytes(self._sections[f"{of}_text"][offsets[number] : offsets[number + 1]]).decode("utf-8").split(SEPARATOR)

    def count(self, of: str) -> int:
        """How many rows contacts, people or accounts have."""
        return len(self._sections[f"{of}_offset"]) - 1
