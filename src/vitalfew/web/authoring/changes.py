"""What is done to items: written, approved, declined. Compare-and-set in the database; nobody's words are overwritten unseen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from vitalfew.edits import SINGLES, Edit, keyed, title
from vitalfew.web.authoring.models import Item, Version
from vitalfew.web.authoring.overlay import Standing
from vitalfew.web.authoring.sections import SECTIONS
from vitalfew.web.authoring.signals import item_changed
from vitalfew.web.people.models import Company

Values = Mapping[str, Any]


class Conflict(Exception):
    """Somebody else's change took effect since this one was begun."""


class Decided(Exception):
    """The version waits for no decision any more."""


@dataclass(frozen=True)
class Entry:
    """One entry as it stands: `values` (None when it is not there now), the version in force, and what company.toml says.

    In `values`, what was renamed since they were written has its name of today.
    """

    section: str
    key: str
    values: Values | None
    file_values: Values | None
    item: Item | None = None
    version: Version | None = None
    waiting: int = 0

    @property
    def in_force(self) -> int:
        """The number of the version in force; 0 when company.toml alone speaks."""
        return self.item.in_force if self.item else 0

    @property
    def title(self) -> str:
        """What the entry is called."""
        if self.section in SINGLES:
            return str(SECTIONS[self.section].singular)
        return title(self.section, self.values or self.file_values or {}) or self.key

    @property
    def file_moved_on(self) -> bool:
        """Whether company.toml says something else than when the version in force was written."""
        return self.version is not None and self.version.kind != "file" and self.version.file_values != self.file_values


def normal(section: str, values: Values) -> dict[str, Any]:
    """Values as they are stored: checked by the section's settings class, as JSON, without what is left at its default.

    Raises pydantic.ValidationError.
    """
    made = SECTIONS[section].model.model_validate(dict(values)).model_dump(mode="json", exclude_defaults=True)
    # A rule that mends empty cells says so by an empty value; elsewhere an empty text says nothing.
    said: tuple[Any, ...] = (None, [], {}) if section == "mend" else (None, "", [], {})
    return {name: value for name, value in made.items() if value not in said}


def file_entries(now: Standing, section: str) -> dict[str, dict[str, Any]]:
    """What company.toml says of a section, by key. The file was checked when it was read, so every entry has its shape."""
    return {key: normal(section, values) for key, values in keyed(section, now.raw.values.get(section)).items()}


def entries(company: Company, now: Standing, section: str) -> list[Entry]:
    """Every entry of a section in force, of the file first, and those that are only proposed; deleted ones too, without values."""
    in_file = file_entries(now, section)
    items = {each.key: each for each in Item.objects.filter(company=company, section=section)}
    versions = Version.objects.filter(item__company=company, item__section=section)
    current = {each.item_id: each for each in versions.filter(number=F("item__in_force"))}
    waiting: dict[int, int] = {}
    for item_id in versions.filter(state="proposed").values_list("item_id", flat=True):
        waiting[item_id] = waiting.get(item_id, 0) + 1
    found = []
    # Rules that mend act in the order in which they were written (`vitalfew.edits.lay`).
    order = {key: items[key].pk if section == "mend" else 0 for key in set(items) - set(in_file)}
    for key in [*in_file, *sorted(order, key=lambda each: (order[each], each))]:
        item = items.get(key)
        version = current.get(item.pk) if item else None
        found.append(_entry(now, section, key, in_file.get(key), item, version, waiting.get(item.pk, 0) if item else 0))
    return found


def entry(company: Company, now: Standing, section: str, key: str) -> Entry | None:
    """One entry, or None when nobody ever wrote it."""
    file_values = file_entries(now, section).get(key)
    item = Item.objects.filter(company=company, section=section, key=key).first()
    if item is None and file_values is None:
        return None
    version = item.versions.filter(number=item.in_force).first() if item else None
    waiting = item.versions.filter(state="proposed").count() if item else 0
    return _entry(now, section, key, file_values, item, version, waiting)


def _entry(
    now: Standing, section: str, key: str, file_values: Values | None, item: Item | None, version: Version | None, waiting: int
) -> Entry:
    values = file_values if version is None or version.kind == "file" else version.values
    if values is not None and now.renames:
        values = now.renames.carried(section, values)
    return Entry(section, key, values, file_values, item, version, waiting)


@dataclass(frozen=True)
class Change:
    """What somebody wants an entry to become. `began` is the version in force they began from, `group` whose entry it becomes."""

    section: str
    key: str
    kind: str
    values: Values | None
    began: int
    file_values: Values | None
    note: str = ""
    group: str = ""

    @property
    def edit(self) -> Edit | None:
        """The change as a run would see it; None when it leaves the entry to company.toml."""
        return None if self.kind == "file" else Edit(self.section, self.key, self.values)


def undo(found: Entry) -> Change | None:
    """What takes an entry back: what company.toml says where that differs, else nothing. None when it is not there."""
    if found.values is None:
        return None
    written = found.version is not None and found.version.kind == "values"
    kind = "file" if written and found.file_values is not None else "deleted"
    return Change(found.section, found.key, kind, None, found.in_force, found.file_values)


def save(company: Company, who: str, change: Change, state: str) -> Version:
    """Add a version. One that takes effect at once is refused with Conflict when another took effect since `change.began`."""
    with transaction.atomic():
        item, _ = Item.objects.get_or_create(company=company, section=change.section, key=change.key)
        same = Item.objects.filter(pk=item.pk)
        if state == "approved":
            moved = same.filter(in_force=change.began).update(latest=F("latest") + 1, in_force=F("latest") + 1)
        else:
            moved = same.update(latest=F("latest") + 1)
        if not moved:
            raise Conflict
        item.refresh_from_db()
        version = Version.objects.create(
            item=item,
            number=item.latest,
            kind=change.kind,
            values=None if change.values is None else dict(change.values),
            file_values=None if change.file_values is None else dict(change.file_values),
            state=state,
            based_on=change.began,
            author=who,
            note=change.note[:1000],
            group=change.group,
            decided_by=who if state == "approved" else "",
            decided_at=timezone.now() if state == "approved" else None,
        )
        tell(version, state)
    return version


def approve(version: Version, who: str, decision: str = "") -> None:
    """Let a proposed version take effect. Raises Conflict when it was begun from one that is not in force any more."""
    with transaction.atomic():
        moved = Item.objects.filter(pk=version.item_id, in_force=version.based_on).update(in_force=version.number)
        if not moved:
            raise Conflict
        close(version, who, "approved", decision)


def close(version: Version, who: str, state: str, decision: str = "") -> None:
    """Decide a version that waits or is a draft, once. Raises Decided when it was decided before."""
    with transaction.atomic():
        moved = Version.objects.filter(pk=version.pk, state__in=("proposed", "draft")).update(
            state=state, decided_by=who, decided_at=timezone.now(), decision=decision[:1000]
        )
        if not moved:
            raise Decided
        version.refresh_from_db()
        tell(version, state)


def tell(version: Version, action: str) -> None:
    """Tell whoever listens, once the change is safe in the database."""
    if action != "draft":
        item = version.item
        transaction.on_commit(
            lambda: item_changed.send(sender=Item, company=item.company, item=item, version=version, action=action), robust=True
        )
