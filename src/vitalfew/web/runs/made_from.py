"""What two runs were made from, and where that differs: inputs, settings, day, version, code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vitalfew.runs import Run

MOST_TEXT = 120
# What tells one entry of a section from another.
KEYS = {
    "source": ("name",),
    "question": ("name",),
    "group": ("name",),
    "promise": ("name",),
    "initiative": ("name",),
    "theme": ("name",),
    "cause": ("issue", "branch", "depth"),
    "risk": ("name", "initiative", "because"),
    "raci": ("work", "role"),
    "benefit": ("name", "issue", "initiative"),
    "sponsor": ("name",),
    "link": ("left", "right"),
    "mend": ("source", "column", "value", "pattern"),
}
# Sections that not everybody reads who may compare runs: all are told that entries differ, those who may read them what they say.
UNTOLD = ("link", "mend", "sponsor")


@dataclass(frozen=True)
class Setting:
    """One entry of a section that differs: `kind` is added, removed or changed; `keys` are (key, before, after)."""

    section: str
    name: str
    kind: str
    keys: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Origins:
    """Where the makings of two runs differ. `known` is False when one of them is too old to say which settings it had."""

    inputs: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    day: tuple[str, str] | None = None
    version: tuple[str, str] | None = None
    code: bool = False
    known: bool = True

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections of the settings that differ, in order."""
        return tuple(dict.fromkeys(each.section for each in self.settings))

    def __bool__(self) -> bool:
        return bool(self.inputs or self.settings or self.day or self.version or self.code)


def origins(before: Run, after: Run) -> Origins:
    """Where the makings of `before` and `after` differ."""
    day = (before.today, after.today) if before.today != after.today else None
    version = (before.version, after.version) if before.version != after.version else None
    old, new = before.made_from(), after.made_from()
    if old is None or new is None:
        return Origins(day=day, version=version, known=False)
    files = sorted({*old["inputs"], *new["inputs"]})
    return Origins(
        inputs=tuple(name for name in files if old["inputs"].get(name) != new["inputs"].get(name)),
        settings=tuple(differences(old["settings"], new["settings"])),
        day=day,
        version=version,
        code=old.get("code") != new.get("code"),
    )


def untold(before: Run, after: Run, sections: Iterable[str]) -> list[Setting]:
    """What `sections`, some of UNTOLD, say otherwise in `after` than in `before`: for those who may read them."""
    old, new = before.made_from(), after.made_from()
    if old is None or new is None:
        return []
    found = []
    for section in sections:
        was, now = (_named(section, made["settings"].get(section) or []) for made in (old, new))
        for name in dict.fromkeys([*was, *now]):
            # What names an entry stands before its keys, and what an entry that came or went does not use says nothing.
            same = name in was and name in now
            keys = tuple(
                each
                for each in _keys(was.get(name, {}), now.get(name, {}))
                if same or (each[0] not in KEYS[section] and not {"false", ""}.issuperset(each[1:]))
            )
            if was.get(name) != now.get(name):
                kind = "added" if name not in was else "removed" if name not in now else "changed"
                found.append(Setting(section, name[0], kind, keys))
    return found


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Setting]:
    """Every entry of the settings that differs."""
    for section in dict.fromkeys([*old, *new]):
        before, after = old.get(section), new.get(section)
        if before == after:
            continue
        if section in UNTOLD:
            # A run of a version without the section says the same as one without entries.
            if before or after:
                yield Setting(section, "", "changed")
        elif isinstance(before or after, list):
            yield from _entries(section, before or [], after or [])
        else:
            yield Setting(section, "", "changed", tuple(_keys(before or {}, after or {})))


def _entries(section: str, before: list[Any], after: list[Any]) -> Iterator[Setting]:
    old, new = _named(section, before), _named(section, after)
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            yield Setting(section, name[0], "removed")
        elif name not in old:
            yield Setting(section, name[0], "added")
        elif old[name] != new[name]:
            yield Setting(section, name[0], "changed", tuple(_keys(old[name], new[name])))


def _named(section: str, entries: list[Any]) -> dict[tuple[str, int], Any]:
    found: dict[tuple[str, int], Any] = {}
    for entry in entries:
        given = (str(entry[key]) for key in KEYS.get(section, ()) if entry.get(key) not in (None, ""))
        name = ", ".join(given) or _text(entry)
        number = 0
        while (name, number) in found:  # two entries that look alike are told apart by their order
            number += 1
        found[name, number] = entry
    return found


def _keys(before: Mapping[str, Any], after: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str, str]]:
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _keys(old, new, f"{above}{key}.")
        else:
            yield f"{above}{key}", _text(old), _text(new)


def _text(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
