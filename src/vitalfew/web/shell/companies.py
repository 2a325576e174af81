"""Companies of this installation and their settings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from vitalfew.company import load
from vitalfew.settings import Company as Settings
from vitalfew.settings import slug
from vitalfew.web.people.models import Company


def settings_of(company: Company) -> Settings:
    """company.toml of a company, kept until the file changes."""
    path = Path(company.folder) / "company.toml"
    stamp = path.stat()
    return _loaded(Path(company.folder), stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=16)
def _loaded(folder: Path, _changed: int, _size: int) -> Settings:
    return load(folder).company


def company_for(folder: Path) -> Company:
    """The company whose workspace is `folder`, made when it is new here."""
    settings = load(folder).company
    place = str(folder.resolve())
    found = Company.objects.filter(folder=place).first()
    if found is not None:
        return found
    wanted = slug(settings.company.name) or "company"
    name, number = wanted, 2
    while Company.objects.filter(slug=name).exists():
        name, number = f"{wanted}-{number}", number + 1
    return Company.objects.create(slug=name, name=settings.company.name, folder=place, is_demo=(folder / "truth.json").exists())
