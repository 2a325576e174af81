"""What people wrote in the application, laid on top of company.toml entry by entry.

An entry is known by its section and key: a slug of what names it (`key_of`), which stays the same when the name is changed in the
application. An edit replaces the whole entry of that key, adds one the file does not have, or takes one away. The file itself is
never written. A name that was changed is carried to whatever calls the entry by its former one (`renaming`).
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vitalfew.renaming import Renames, renames
from vitalfew.settings import slug
from vitalfew.toml_lines import Lines

Place = Sequence[str | int]

# Sections with one entry each, and the keys whose values name an entry of those with many.
SINGLES = ("company", "limits", "consent", "vision")
NAMED_BY: dict[str, tuple[str, ...]] = {
    "group": ("name",),
    "promise": ("name",),
    "initiative": ("name",),
    "cause": ("issue", "group", "branch", "depth"),
    "theme": ("name",),
    "risk": ("initiative", "may"),
    "raci": ("work",),
    "benefit": ("issue", "group", "initiative", "whose"),
    "sponsor": ("name",),
    "barrier": ("name",),
    "link": ("left", "right"),
    "mend": ("source", "column", "value", "pattern"),
    "source": ("name",),
}
SECTIONS = (*NAMED_BY, *SINGLES)
LONGEST_KEY = 120
# Sections whose keys say nothing: what names their entries may be about a customer, and keys stand in logs and addresses.
_DIGESTED = ("link", "mend")


@dataclass(frozen=True)
class Edit:
    """One entry as people want it: its values, or None to take it away; by whom and when (ISO 8601, UTC).

    `former` holds the values it had before in the application, for what calls it by a name it had then. `number` says
    which of the entries written in the application it is, the first of all being 1; 0 for one that is not kept yet.
    """

    section: str
    key: str
    values: Mapping[str, Any] | None
    who: str = ""
    when: str = ""
    former: tuple[Mapping[str, Any], ...] = ()
    number: int = 0

    @property
    def label(self) -> str:
        """What the entry is called in a fault.

        >>> Edit("promise", "on-time", {"name": "On time"}).label
        'promise "On time"'
        """
        return f'{self.section} "{title(self.section, self.values or {}) or self.key}"'


def title(section: str, values: Mapping[str, Any]) -> str:
    """What an entry is called: its name, its why, its event, its work, its two records or what it mends; '' when it has none."""
    if section == "link":
        return " – ".join(str(values[side]) for side in ("left", "right") if values.get(side))
    if section == "mend":
        found = values.get("value") if values.get("value") is not None else values.get("pattern")
        return f"{values.get('source', '')}, {values.get('column', '')}: {found}" if found is not None else ""
    named = {"cause": "text", "risk": "may", "raci": "work", "benefit": "issue"}.get(section, "name")
    return str(values.get(named) or "")


def key_of(section: str, values: Mapping[str, Any]) -> str:
    """The key of an entry of a section with many.

    >>> key_of("cause", {"issue": "Late delivery", "group": "Logistics", "depth": 2})
    'late-delivery-logistics-1-2'

    That of a link is a digest of its two records in either order, that of a mend one of what it meets: records and values may be
    about people, and keys of entries stand in logs.

    >>> key_of("link", {"left": "crm#1", "right": "web#2"}) == key_of("link", {"left": "web#2", "right": "crm#1"})
    True
    """
    if section in _DIGESTED:
        named = [str(values.get(name) or "").strip() for name in NAMED_BY[section]]
        return hashlib.sha256("\x1f".join(sorted(named) if section == "link" else named).encode()).hexdigest()[:16]
    defaults = {"branch": "1", "whose": "ours"}
    parts = [str(values.get(name, defaults.get(name, "")) or "") for name in NAMED_BY[section]]
    made = "-".join(slug(part) for part in parts if part) or "unnamed"
    if len(made) <= LONGEST_KEY:
        return made
    return f"{made[:LONGEST_KEY].rstrip('-')}-{hashlib.sha256(made.encode()).hexdigest()[:8]}"


def free(key: str, taken: Iterable[str]) -> str:
    """`key`, or `key-2` and so on: the first that is not taken."""
    known = set(taken)
    found, number = key, 2
    while found in known:
        found, number = f"{key}-{number}", number + 1
    return found


def keyed(section: str, entries: Any) -> dict[str, Mapping[str, Any]]:
    """The entries of a section of a raw company.toml by key, in the order of the file; what is no table is left out."""
    if section in SINGLES:
        return {section: entries if isinstance(entries, Mapping) else {}}
    found: dict[str, Mapping[str, Any]] = {}
    for each in entries if isinstance(entries, list) else ():
        if isinstance(each, Mapping):
            found[free(key_of(section, each), found)] = each
    return found


@dataclass
class Laid:
    """A raw company.toml with edits on top, and where each entry of a touched section came from."""

    values: dict[str, Any]
    origins: dict[str, list[Edit | int]] = field(default_factory=dict)
    singles: dict[str, Edit] = field(default_factory=dict)
    renames: Renames = field(default_factory=Renames)


def lay(values: Mapping[str, Any], edits: Iterable[Edit]) -> Laid:
    """`values` (company.toml as read) with `edits` on top; entries that are new stand behind those of the file, by key.

    Rules of `[[mend]]` act one after the other, so new ones stand in the order in which they were written.


    Raises ValueError for an edit of a section that cannot be edited.
    """
    laid = Laid(dict(values))
    by_section: dict[str, dict[str, Edit]] = {}
    for edit in edits:
        if edit.section not in SECTIONS:
            raise ValueError(f"there is no section {edit.section!r} to edit")
        by_section.setdefault(edit.section, {})[edit.key] = edit
    for section, found in by_section.items():
        if section in SINGLES:
            edit = found[section]
            laid.singles[section] = edit
            laid.values[section] = dict(edit.values or {})
            continue
        entries = values.get(section, [])
        if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
            continue  # not a list of tables: the file's own fault, told as such
        _lay_list(laid, section, entries, found)
    _carry_names(laid, values, by_section)
    return laid


def _carry_names(laid: Laid, values: Mapping[str, Any], by_section: Mapping[str, Mapping[str, Edit]]) -> None:
    """Let what calls a renamed entry by a former name, in the file or in an edit, call it by its name of today."""
    former = []
    for section, found in by_section.items():
        in_file = keyed(section, values.get(section))
        for key, edit in found.items():
            now = edit.values
            if now is not None:
                former += [(section, before, now) for before in (*edit.former, *([in_file[key]] if key in in_file else []))]
    laid.renames = renames(laid.values, former)
    if laid.renames:
        for section, given in laid.values.items():
            if isinstance(given, Mapping):
                laid.values[section] = laid.renames.carried(section, given)
            elif isinstance(given, list):
                laid.values[section] = [
                    laid.renames.carried(section, each) if isinstance(each, Mapping) else each for each in given
                ]


def _lay_list(laid: Laid, section: str, entries: list[Any], found: dict[str, Edit]) -> None:
    merged: list[Any] = []
    origins: list[Edit | int] = []
    in_file = keyed(section, entries)
    for index, (key, entry) in enumerate(in_file.items()):
        edit = found.get(key)
        if edit is None:
            merged.append(entry)
            origins.append(index)
        elif edit.values is not None:
            merged.append(dict(edit.values))
            origins.append(edit)
    for key in sorted(set(found) - set(in_file), key=lambda each: (_place(found[each]), each)):
        edit = found[key]
        if edit.values is not None:
            merged.append(dict(edit.values))
            origins.append(edit)
    laid.values[section] = merged
    laid.origins[section] = origins


def _place(edit: Edit) -> int:
    """What new entries of a section are ordered by before their keys; one that is not kept yet comes last."""
    return (edit.number or sys.maxsize) if edit.section == "mend" else 0


class OverlaidLines(Lines):
    """Lines of company.toml for places in settings that have edits on top; 0 for what an edit said."""

    def __init__(self, text: str, laid: Laid) -> None:
        super().__init__(text)
        self._laid = laid

    def edit_at(self, place: Place) -> Edit | None:
        """The edit that said what stands at `place`, or None when the file did."""
        if not place:
            return None
        section = str(place[0])
        if section in self._laid.singles:
            return self._laid.singles[section]
        origin = self._origin(place)
        return origin if isinstance(origin, Edit) else None

    def __call__(self, path: Place) -> int:
        if self.edit_at(path) is not None:
            return 0
        origin = self._origin(path)
        return super().__call__((path[0], origin, *path[2:]) if isinstance(origin, int) else path)

    def _origin(self, place: Place) -> Edit | int | None:
        origins = self._laid.origins.get(str(place[0])) if place else None
        if origins is None or len(place) < 2 or not isinstance(place[1], int) or place[1] >= len(origins):
            return None
        return origins[place[1]]
