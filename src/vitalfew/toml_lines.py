"""Where each key of a TOML file stands, so that a fault can name its line. `tomllib` reads the values but not the places."""

from __future__ import annotations

import re
from collections.abc import Sequence

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r"""\s*("[^"]*"|'[^']*'|[^.\s"']+)\s*(?:\.|$)""")
_INLINE = re.compile(r"""(?:[{,]\s*)("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=""")


class Lines:
    """Line numbers (from 1) of the tables and keys of one TOML text.

    >>> Lines('[company]\\nname = "A"\\n[[source]]\\n[source.columns]\\nat = "x"')(("source", 0, "columns", "at"))
    5
    """

    def __init__(self, text: str) -> None:
        self._found: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._read(text)

    def __call__(self, path: Sequence[str | int]) -> int:
        """The line of the longest known beginning of `path`; 1 when nothing of it is known."""
        for end in range(len(path), 0, -1):
            line = self._found.get(tuple(path[:end]))
            if line is not None:
                return line
        return 1

    def _read(self, text: str) -> None:
        table: Path = ()
        skip_until = ""
        depth = 0
        for number, line in enumerate(text.splitlines(), 1):
            if skip_until:
                if skip_until in line:
                    skip_until = ""
                continue
            if depth > 0:
                depth += _depth(line)
                continue
            header = _HEADER.match(line)
            if header:
                table = self._open(_parts(header.group(2)), header.group(1) == "[[", number)
                continue
            key = _KEY.match(line)
            if not key:
                continue
            path = table + tuple(_parts(key.group(1)))
            self._found.setdefault(path, number)
            rest = line[key.end() :]
            for inner in _INLINE.finditer(rest) if rest.lstrip().startswith("{") else ():
                self._found.setdefault((*path, inner.group(1).strip("\"'")), number)
            skip_until = next((quote for quote in ('"""', "'''") if rest.count(quote) == 1), "")
            depth = 0 if skip_until else max(0, _depth(rest))

    def _open(self, parts: list[str], many: bool, number: int) -> Path:
        path: Path = ()
        for position, part in enumerate(parts):
            path = (*path, part)
            last = position == len(parts) - 1
            if last and many:
                index = self._counts.get(path, 0)
                self._counts[path] = index + 1
                self._found.setdefault(path, number)
                path = (*path, index)
            elif path in self._counts:
                path = (*path, self._counts[path] - 1)
        self._found.setdefault(path, number)
        return path


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in _PART.findall(dotted)]


def _depth(text: str) -> int:
    """Brackets opened less brackets closed, outside strings and comments."""
    plain = re.sub(r"\"(?:\\.|[^\"\\])*\"|'[^']*'", "", text).split("#", 1)[0]
    return plain.count("[") + plain.count("{") - plain.count("]") - plain.count("}")
