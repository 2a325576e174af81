"""Lines of a proposed company.toml: a key, its value, how sure, why, and what is asked beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One key. `ask` is what it is unsure of, '' if nothing; `others` are lines that would stand in its place.

    A line that is not `active` is written as a comment: better left out until somebody says yes.
    """

    key: str
    value: str
    confidence: float
    reason: str
    ask: str = ""
    others: tuple[str, ...] = ()
    active: bool = True

    def written(self) -> list[str]:
        """The line with its reason, then what is asked."""
        own = f"{self.key} = {self.value}"
        out = [f"{own}   # {self.confidence:.2f}: {plain(self.reason)}"] if self.active else []
        if self.ask:
            out.append(f"# ASK: {plain(self.ask)}")
            if not self.active:
                out.append(f"# {own}   # {self.confidence:.2f}: {plain(self.reason)}")
            out += [f"# {other}" for other in self.others]
        return out


def plain(text: str) -> str:
    """Words fit for a comment: one line, no control characters.

    >>> plain("a\\nb")
    'a b'
    """
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def string(text: str) -> str:
    """A text as a basic string of TOML.

    >>> string('say "hi"')
    '"say \\\\"hi\\\\""'
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def value(of: object) -> str:
    """A value as TOML: text, truth, number, list or inline table."""
    if isinstance(of, bool):
        return "true" if of else "false"
    if isinstance(of, str):
        return string(of)
    if isinstance(of, int | float):
        return str(int(of)) if float(of).is_integer() else repr(of)
    if isinstance(of, Mapping):
        return "{ " + ", ".join(f"{bare(str(key))} = {value(each)}" for key, each in of.items()) + " }"
    if isinstance(of, Sequence):
        return "[" + ", ".join(value(each) for each in of) + "]"
    raise TypeError(f"no value of TOML: {of!r}")


def bare(key: str) -> str:
    """A key, in quotes where TOML wants them."""
    return key if key and all(char.isascii() and (char.isalnum() or char in "_-") for char in key) else string(key)


def identifier(name: str) -> str:
    """A column in an SQL expression."""
    return '"' + name.replace('"', '""') + '"'
