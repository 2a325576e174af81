"""What those see who may not read values that identify people."""

from __future__ import annotations

from vitalfew.web.shell.access import Visit


def shape(value: str | None) -> str:
    """What a value looks like, without what it says: letters and digits are replaced, so a wrong format can still be seen.

    >>> shape("Ann Lee, 31.12.2026")
    'Aaa Aaa, 00.00.0000'
    """
    return "".join("0" if each.isnumeric() else "A" if each.isupper() else "a" if each.isalpha() else each for each in value or "")


def sees_names(visit: Visit) -> bool:
    """Whether the visitor may read values that identify people."""
    return visit.reach("records.read") == "company"
