"""Companies of this installation and their settings."""

from __future__ import annotations

from pathlib import Path

from vitalfew.company import load
from vitalfew.settings import Company as Settings
from vitalfew.settings import slug
from vitalfew.web.people.models import Company


def settings_of(company: Company) -> Settings:
    """company.toml of a company with the approved edits on top, kept until either changes.

    While the file is at fault, the settings of the current run stand in for it (`overlay.Standing.faults`). Edits that no longer
    fit a changed file are left out here, so that people can still open the pages that mend them; those pages list them
    (`overlay.Standing.unfit`), and a run refuses them.
    """
    from vitalfew.web.authoring import overlay  # noqa: PLC0415 - authoring needs the shell

    return overlay.standing(company).settings


def company_for(folder: Path) -> Company:
    """The company whose workspace is `folder`, made when it is new here.

    Raises Refused for a new one whose company.toml is faulty.
    """
    place = str(folder.resolve())
    found = Company.objects.filter(folder=place).first()
    if found is not None:
        return found
    settings = load(folder).company
    wanted = slug(settings.company.name) or "company"
    name, number = wanted, 2
    while Company.objects.filter(slug=name).exists():
        name, number = f"{wanted}-{number}", number + 1
    return Company.objects.create(slug=name, name=settings.company.name, folder=place, is_demo=(folder / "truth.json").exists())
