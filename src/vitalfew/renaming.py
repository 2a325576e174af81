"""A name that was changed in the application, carried to whatever calls the entry by its former name.

company.toml is never written, so what it says of `Parcel tracking` must go on meaning the initiative that is called
`Parcel tracking by text` now. References are carried when settings are read; nothing that refers to the entry is rewritten, and
changing the name back undoes everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from vitalfew.settings import slug

Path = tuple[str, ...]

# In a path: every value of a table, or every entry of a list; the table's keys themselves.
EACH = "*"
KEYS = "{}"


@dataclass(frozen=True)
class Naming:
    """One kind of name: where entries get theirs (the section it is best known from first), and who calls them by it."""

    given: tuple[Path, ...]
    called: tuple[Path, ...]


NAMINGS = (
    Naming(
        given=(("initiative", "name"),),
        called=(
            ("initiative", "needs"),
            ("initiative", "excludes"),
            ("raci", "work"),
            ("risk", "initiative"),
            ("benefit", "initiative"),
            ("barrier", "blocks"),
        ),
    ),
    Naming(
        given=(("group", "name"),),
        called=(
            ("group", "parent"),
            ("promise", "group"),
            ("initiative", "group"),
            ("initiative", "people", KEYS),
            ("cause", "group"),
            ("theme", "group"),
            ("benefit", "group"),
            ("sponsor", "group"),
            ("barrier", "group"),
            ("limits", "capacity", KEYS),
            ("question", "group"),
            ("source", "questions", EACH, "group"),
        ),
    ),
    Naming(
        given=(("promise", "name"), ("question", "driver"), ("source", "questions", EACH, "driver")),
        called=(("initiative", "driver"), ("theme", "driver")),
    ),
    Naming(
        given=(("theme", "name"), ("promise", "issue"), ("question", "issue"), ("source", "questions", EACH, "issue")),
        called=(("initiative", "removes"), ("cause", "issue"), ("benefit", "issue")),
    ),
)
# The fields whose former values are worth remembering, by section.
NAMED = {"initiative": ("name",), "group": ("name",), "promise": ("name", "issue"), "theme": ("name",)}


@dataclass(frozen=True)
class Renames:
    """Names of today by former ones, by kind: by the text itself, and by slug for one written a little differently."""

    exact: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    loose: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.exact)

    def carried(self, section: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of one entry, with names of today."""
        made: Any = dict(values)
        for kind in self.exact:
            for path in NAMINGS[kind].called:
                if path[0] == section:
                    made = _replaced(made, path[1:], partial(self._now, kind))
        return dict(made)

    def today(self, section: str, name: str) -> str:
        """What the entry of `section` that was once called `name` is called now."""
        kind = _kind(section)
        return self._now(kind, name) if kind in self.exact else name

    def once(self, section: str, names: Iterable[str]) -> frozenset[str]:
        """The former names of entries that have one of `names` now."""
        wanted = set(names)
        return frozenset(before for before, now in self.exact.get(_kind(section), {}).items() if now in wanted)

    def _now(self, kind: int, name: str) -> str:
        found = self.exact[kind].get(name)
        return found if found is not None else self.loose[kind].get(slug(name), name)


def _kind(section: str) -> int:
    return next(kind for kind, naming in enumerate(NAMINGS) if naming.given[0] == (section, "name"))


def renames(values: Mapping[str, Any], former: Iterable[tuple[str, Mapping[str, Any], Mapping[str, Any]]]) -> Renames:
    """What was renamed in `values` (settings with edits on top); `former` has section, values once and values now of each change.

    A former name that an entry bears today is no former name, and one that two entries gave up is nobody's: a reference to it is
    left as it is, and judged as such.
    """
    changes = [(section, before, now) for section, before, now in former if section in NAMED]
    exact: dict[int, dict[str, str]] = {}
    loose: dict[int, dict[str, str]] = {}
    for kind, naming in enumerate(NAMINGS):
        found: dict[str, set[str]] = {}
        for section, before, now in changes:
            for name in NAMED[section]:
                if (section, name) in naming.given and before.get(name) and now.get(name) and before[name] != now[name]:
                    found.setdefault(str(before[name]), set()).add(str(now[name]))
        if not found:
            continue
        today = {name for path in naming.given for name in _texts(values.get(path[0]), path[1:])}
        once = {name: next(iter(after)) for name, after in found.items() if len(after) == 1 and name not in today}
        if once:
            exact[kind] = once
            slugs = {slug(name) for name in today}
            loose[kind] = {slug(name): after for name, after in once.items() if slug(name) not in slugs}
    return Renames(exact, loose)


def _texts(value: Any, path: Path) -> list[str]:
    """Every text at `path`."""
    found: list[str] = []

    def note(name: str) -> str:
        found.append(name)
        return name

    _replaced(value, path, note)
    return found


def _replaced(value: Any, path: Path, name: Callable[[str], str]) -> Any:
    """A copy of `value` in which every text at `path` went through `name`. What has another shape stays as it is."""
    if isinstance(value, list):
        return [_replaced(each, path, name) for each in value]
    if not path:
        return name(value) if isinstance(value, str) else value
    if not isinstance(value, Mapping):
        return value
    if path[0] == KEYS:
        made: dict[str, Any] = {}
        for key, each in value.items():
            after = name(key)
            # Two rows of one name cannot stand: the old one is left for its reader to judge.
            made[key if after in made or (after != key and after in value) else after] = each
        return made
    if path[0] == EACH:
        return {key: _replaced(each, path[1:], name) for key, each in value.items()}
    return {key: _replaced(each, path[1:], name) if key == path[0] else each for key, each in value.items()}
