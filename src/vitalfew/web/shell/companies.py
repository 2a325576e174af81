"""Companies of this installation and their settings."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

from vitalfew.company import load_begun
from vitalfew.settings import Company as Settings
from vitalfew.settings import slug
from vitalfew.web.people.models import Company
from vitalfew.web.shell.access import below


def settings_of(company: Company) -> Settings:
    """company.toml of a company with the approved edits on top, kept until either changes.

    While the file is at fault, the settings of the current run stand in for it (`overlay.Standing.faults`). Edits that no longer
    fit a changed file are left out here, so that people can still open the pages that mend them; those pages list them
    (`overlay.Standing.unfit`), and a run refuses them.
    """
    from vitalfew.web.authoring import overlay  # noqa: PLC0415 - authoring needs the shell

    return overlay.standing(company).settings


def own_groups(company: Company, group: str) -> frozenset[str]:
    """The work group called `group` now or once, and those below it, by the names of today and by the former ones.

    A membership is not rewritten when its group is renamed, and the tables have the former name until the next run.
    """
    from vitalfew.web.authoring import overlay  # noqa: PLC0415 - authoring needs the shell

    now = overlay.standing(company)
    names = below(now.renames.today("group", group), now.settings.group)
    return frozenset(names) | now.renames.once("group", names)


def names_of_group(company: Company, group: str) -> list[str]:
    """What the work group called `group` now or once is called now, and was called before."""
    from vitalfew.web.authoring import overlay  # noqa: PLC0415 - authoring needs the shell

    found = overlay.standing(company).renames
    now = found.today("group", group)
    return [now, *sorted(found.once("group", [now]))]


def company_at(folder: Path) -> Company | None:
    """The company whose workspace is `folder`, or None when the database knows none.

    A database that lies in the workspace itself goes where the workspace goes: its one company is this one, wherever it was before.
    """
    found = Company.objects.filter(folder=str(folder.resolve())).first()
    if found is not None:
        return found
    own = folder.resolve() / ".vitalfew" / "vitalfew.db"
    if connection.vendor != "sqlite" or Path(str(connection.settings_dict["NAME"])) != own:
        return None
    return Company.objects.get() if Company.objects.count() == 1 else None


def company_for(folder: Path) -> Company:
    """The company whose workspace is `folder`, made when it is new here.

    Raises Refused for a new one whose company.toml is faulty.
    """
    place = str(folder.resolve())
    found = company_at(folder)
    if found is not None:
        if found.folder != place:
            found.folder = place
            found.save(update_fields=["folder"])
        return found
    _, settings = load_begun(folder)
    wanted = slug(settings.company.name) or "company"
    name, number = wanted, 2
    while Company.objects.filter(slug=name).exists():
        name, number = f"{wanted}-{number}", number + 1
    return Company.objects.create(slug=name, name=settings.company.name, folder=place, is_demo=(folder / "truth.json").exists())
