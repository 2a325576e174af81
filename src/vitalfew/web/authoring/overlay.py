"""The approved edits, for runs, for commands and for every page of the application."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitalfew.company import APPLICATION, FILE, NO_SOURCE, Raw, examine, load_begun, renames_of
from vitalfew.edits import Edit
from vitalfew.faults import Fault, Refused
from vitalfew.renaming import NAMED, Renames
from vitalfew.runs import HOME, Workspace
from vitalfew.settings import Company as Settings

if TYPE_CHECKING:
    from vitalfew.web.people.models import Company


def edits_of(folder: Path) -> list[Edit]:
    """The approved edits of the company whose workspace is `folder`, for use outside the application too.

    Empty when the database knows no company of this folder, or was never prepared. Raises Refused when it cannot be read: edits are
    never left out silently.
    """
    _set_up(folder)
    from django.db import DatabaseError, connection  # noqa: PLC0415 - Django must be set up first

    from vitalfew.web.authoring.models import Item  # noqa: PLC0415
    from vitalfew.web.shell.companies import company_at  # noqa: PLC0415

    try:
        if Item._meta.db_table not in connection.introspection.table_names():
            return []
        company = company_at(folder)
        return in_force(company) if company is not None else []
    except DatabaseError as error:
        said = str(error).splitlines()[0]
        raise Refused(
            [Fault(APPLICATION, 0, f"its database cannot be read: {said}", "check DATABASE_URL, or .vitalfew/vitalfew.db")]
        ) from error


def _set_up(folder: Path) -> None:
    """Django on the workspace `folder`, unless this process is the application already."""
    import django  # noqa: PLC0415 - only where a workspace has an application
    from django.apps import apps  # noqa: PLC0415

    if not apps.ready:
        os.environ["VITALFEW_HOME"] = str((folder / ".vitalfew").resolve())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vitalfew.web.settings")
        django.setup()


def in_force(company: Company) -> list[Edit]:
    """The approved edits that hold now, by section and key."""
    from django.db.models import F  # noqa: PLC0415 - this module is imported before Django is set up

    from vitalfew.web.authoring.models import Version  # noqa: PLC0415

    once: dict[int, list[dict[str, Any]]] = {}
    earlier = Version.objects.filter(item__company=company, item__in_force__gt=0, item__section__in=NAMED, state="approved")
    for item, values in earlier.filter(kind="values").order_by("item", "number").values_list("item_id", "values"):
        once.setdefault(item, []).append(values or {})
    found = (
        Version.objects.filter(item__company=company, item__in_force__gt=0, number=F("item__in_force"))
        .exclude(kind="file")
        .select_related("item")
        .order_by("item__section", "item__key")
    )
    return [
        Edit(
            each.item.section,
            each.item.key,
            each.values if each.kind == "values" else None,
            each.author,
            each.at.isoformat(timespec="seconds"),
            tuple(once.get(each.item_id, ())),
            each.item_id,
        )
        for each in found
    ]


@dataclass(frozen=True)
class Standing:
    """What holds now: company.toml as read, the approved edits, the settings they make, faults of edits left out, and renames.

    When company.toml itself has `faults`, `raw` is what the current run was made with, so that pages go on; nothing can be written
    until it is mended.
    """

    raw: Raw
    edits: tuple[Edit, ...]
    settings: Settings
    unfit: tuple[Fault, ...] = ()
    renames: Renames = field(default_factory=Renames)
    faults: tuple[Fault, ...] = ()


def standing(company: Company) -> Standing:
    """What holds now for `company`."""
    from vitalfew.web.authoring.queries import edits_token  # noqa: PLC0415

    folder = Path(company.folder)
    key = (company.pk, folder, _stamp(folder), edits_token(company))
    kept = _KEPT.get(company.pk)
    if kept is None or kept[0] != key:
        kept = _KEPT[company.pk] = (key, _stand(company, folder, tuple(in_force(company))))
    return kept[1]


# The last standing of each company; a tuple is replaced as a whole, so threads may race without harm.
_KEPT: dict[int, tuple[object, Standing]] = {}


def _stamp(folder: Path) -> tuple[int, int, str]:
    """Changes whenever company.toml or the current run does."""
    try:
        run = str((folder / HOME / "current").readlink())
    except OSError:
        run = ""
    try:
        stamp = (folder / FILE).stat()
    except OSError:
        return 0, 0, run
    return stamp.st_mtime_ns, stamp.st_size, run


def _stand(company: Company, folder: Path, edits: tuple[Edit, ...]) -> Standing:
    faults: tuple[Fault, ...] = ()
    try:
        raw, alone = _file(folder, _stamp(folder)[:2])
    except Refused as refused:
        raw, alone = _last_good(company, folder)
        faults = tuple(refused.faults)
    if not edits:
        return Standing(raw, (), alone, faults=faults)
    settings, wrong = _judged(raw, edits)
    if settings is not None and not wrong:
        return Standing(raw, edits, settings, (), renames_of(raw, edits), faults)
    fitting, unfit = _fitting(raw, edits)
    settings, _ = _judged(raw, fitting)
    return Standing(raw, edits, settings if settings is not None else alone, tuple(unfit), renames_of(raw, fitting), faults)


def _last_good(company: Company, folder: Path) -> tuple[Raw, Settings]:
    """The settings of the current run; before the first run, and for a run too old to have kept them, the company's name alone."""
    run = Workspace(folder).current()
    made_from = run.made_from() if run else None
    values = made_from["settings"] if made_from else {"company": {"name": company.name}}
    settings = Settings.model_validate(values)
    return Raw(settings.model_dump(mode="json", exclude_defaults=True), ""), settings


@lru_cache(maxsize=16)
def _file(folder: Path, _changed: tuple[int, int]) -> tuple[Raw, Settings]:
    return load_begun(folder)


def _judged(raw: Raw, edits: Iterable[Edit]) -> tuple[Settings | None, list[Fault]]:
    """Settings with edits on top, and their faults; that there is no source yet is none here, where one can be added."""
    settings, faults = examine(raw, edits)
    return settings, [each for each in faults if each.what != NO_SOURCE]


def _fitting(raw: Raw, edits: Iterable[Edit]) -> tuple[list[Edit], list[Fault]]:
    """The edits that stand together without a fault, and the faults of the others.

    Tried again as long as one more fits: an edit may need another that comes after it.
    """
    kept: list[Edit] = []
    left = list(edits)
    while left:
        more = [edit for edit in left if _stands(raw, [*kept, edit])]
        # One at a time: two that fit alone may not fit together.
        if not more:
            break
        kept.append(more[0])
        left.remove(more[0])
    faults = [fault for edit in left for fault in _judged(raw, [*kept, edit])[1]]
    return kept, list(dict.fromkeys(faults))


def _stands(raw: Raw, edits: Sequence[Edit]) -> bool:
    settings, faults = _judged(raw, edits)
    return settings is not None and not faults


def new_faults(now: Standing, changes: Sequence[Edit], dropped: Sequence[tuple[str, str]] = ()) -> list[Fault]:
    """The faults there would be with `changes` laid on top, with their places; those of others already there are no news.

    `dropped` names entries (section, key) that go back to what company.toml says. While company.toml is at fault, its faults are
    the answer: nobody can tell whether a change fits a file that cannot be read.
    """
    if now.faults:
        return list(now.faults)
    changed = {(each.section, each.key) for each in changes} | set(dropped)
    others = [each for each in now.edits if (each.section, each.key) not in changed]
    known_as = {(each.section, each.key): each for each in now.edits}
    _, before = _judged(now.raw, now.edits)
    _, after = _judged(now.raw, [*others, *(_with_past(each, known_as.get((each.section, each.key))) for each in changes)])
    known = {(each.file, each.what) for each in before}
    own = tuple(f"{each.label}: " for each in changes)
    return [each for each in after if (each.file, each.what) not in known or each.what.startswith(own)]


def _with_past(change: Edit, now: Edit | None) -> Edit:
    """A change with the names its entry had before, as it will have them once it holds."""
    if now is None:
        return change
    return replace(change, former=(*now.former, *([now.values] if now.values is not None else [])), number=now.number)
