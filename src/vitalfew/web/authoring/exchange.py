"""Import and export: what people wrote as one TOML file, with the sections of company.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from vitalfew.edits import NAMED_BY, SECTIONS, SINGLES, Edit, free, key_of, title
from vitalfew.faults import Fault, Refused
from vitalfew.web.authoring.changes import Entry, normal
from vitalfew.web.authoring.merging import changed
from vitalfew.web.authoring.overlay import Standing, new_faults

LARGEST = 1024 * 1024
MOST_ENTRIES = 5_000
REMOVED = "removed"


def written(entries: list[Entry]) -> str:
    """Entries as TOML. `id` stands where an entry's key is not the one its name makes; `removed` lists those taken away."""
    removed = [f"{each.section}:{each.key}" for each in entries if each.values is None]
    out = [f"{REMOVED} = {_value(removed)}", ""] if removed else []
    for each in entries:
        if each.values is None:
            continue
        out.append(f"[{each.section}]" if each.section in SINGLES else f"[[{each.section}]]")
        if each.section not in SINGLES and key_of(each.section, each.values) != each.key:
            out.append(f"id = {_value(each.key)}")
        out += [f"{name} = {_value(value)}" for name, value in each.values.items()]
        out.append("")
    return "\n".join(out)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_text(str(key))} = {_value(each)}" for key, each in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    return _text(str(value))


def _text(text: str) -> str:
    """A TOML basic string; control characters escaped, everything else as it is."""
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return (
        '"'
        + "".join(named.get(each) or (f"\\u{ord(each):04X}" if ord(each) < 32 or ord(each) == 127 else each) for each in text)
        + '"'
    )


@dataclass(frozen=True)
class Planned:
    """One entry of an imported file: what it would change."""

    section: str
    key: str
    title: str
    values: dict[str, Any] | None
    changes: list[tuple[str, str, Any, Any]]
    is_new: bool

    @property
    def edit(self) -> Edit:
        """The entry as a run would see it."""
        return Edit(self.section, self.key, self.values)


def parsed(content: bytes) -> dict[str, Any]:
    """The file's tables. Raises Refused when it is too large, or no TOML."""
    name = "import"
    if len(content) > LARGEST:
        raise Refused([Fault(name, 0, f"the file is larger than {LARGEST >> 20} MiB", "import it in parts")])
    try:
        text = content.decode("utf-8-sig")
        return tomllib.loads(text)
    except UnicodeDecodeError:
        raise Refused([Fault(name, 0, "the file is not UTF-8", "save it as UTF-8")]) from None
    except RecursionError:
        raise Refused([Fault(name, 0, "the file is nested too deeply", "write it as company.toml is written")]) from None
    except tomllib.TOMLDecodeError as error:
        raise Refused([Fault(name, 0, f"this is not TOML: {error}", "check quotes, brackets and commas there")]) from None


def planned(tables: Mapping[str, Any], now: Standing, current: Mapping[tuple[str, str], Entry]) -> tuple[list[Planned], list[str]]:
    """What the file would change, and the sections of it that are not written here. Raises Refused with every fault."""
    faults: list[Fault] = []
    plans: dict[tuple[str, str], Planned] = {}
    for section, given in tables.items():
        if section not in SECTIONS:
            continue
        for position, (key, values) in enumerate(_entries(section, given, faults), 1):
            place = f"[[{section}]] number {position}" if section in NAMED_BY else f"[{section}]"
            _plan(section, key, values, place, current, plans, faults)
    for each in tables.get(REMOVED, []) if isinstance(tables.get(REMOVED, []), list) else []:
        section, _, key = str(each).partition(":")
        found = current.get((section, key))
        if found is None or section in SINGLES:
            faults.append(Fault("import", 0, f"removed: there is no {each!r}", "take it out of the list"))
        elif found.values is not None:
            plans[section, key] = Planned(section, key, found.title, None, changed(found.values, None), False)
    if len(plans) > MOST_ENTRIES:
        faults.append(Fault("import", 0, f"there are more than {MOST_ENTRIES} entries", "import them in parts"))
    # What says what is in force already changes nothing, and may say what only company.toml may.
    changes = [each for each in plans.values() if each.changes or each.is_new]
    if not faults:
        faults += new_faults(now, [each.edit for each in changes])
    if faults:
        raise Refused(faults)
    left = sorted(name for name in tables if name not in SECTIONS and name != REMOVED)
    return changes, left


def _plan(
    section: str,
    key: str,
    values: Mapping[str, Any],
    place: str,
    current: Mapping[tuple[str, str], Entry],
    plans: dict[tuple[str, str], Planned],
    faults: list[Fault],
) -> None:
    if _holds_nul(values):
        faults.append(Fault("import", 0, f"{place}: a text holds a null character", "take it out"))
        return
    try:
        checked = normal(section, values)
    except ValidationError as error:
        for each in error.errors():
            where = ".".join(str(part) for part in each["loc"])
            faults.append(Fault("import", 0, f"{place}: {where}: {each['msg']}", "see the reference of settings"))
        return
    found = current.get((section, key))
    before = found.values if found else None
    plans[section, key] = Planned(
        section, key, title(section, checked) or section, checked, changed(before, checked), before is None
    )


def _entries(section: str, given: Any, faults: list[Fault]) -> list[tuple[str, Mapping[str, Any]]]:
    """(key, values) of each entry of a section in a file."""
    if section in SINGLES:
        if isinstance(given, Mapping):
            return [(section, given)]
        faults.append(Fault("import", 0, f"{section} is not a table", f"write [{section}]"))
        return []
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        faults.append(Fault("import", 0, f"{section} is not a list of tables", f"write [[{section}]] before each"))
        return []
    found: dict[str, Mapping[str, Any]] = {}
    for each in given:
        values = {name: value for name, value in each.items() if name != "id"}
        stated = each.get("id")
        usable = (
            isinstance(stated, str) and 0 < len(stated) <= 200 and all(c.isascii() and (c.isalnum() or c in "-_") for c in stated)
        )
        if stated is not None and not usable:
            faults.append(Fault("import", 0, f"[[{section}]] has the id {stated!r}", "use letters, digits and hyphens"))
            continue
        found[free(str(stated) if stated else key_of(section, values), found)] = values
    return list(found.items())


def _holds_nul(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_nul(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return any(_holds_nul(each) for each in value)
    return isinstance(value, str) and "\x00" in value
