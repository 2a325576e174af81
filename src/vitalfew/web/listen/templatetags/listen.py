"""Words of the pages on which sources are made."""

from __future__ import annotations

from django import template

from vitalfew.web.listen.targets import COLUMN_NAMES
from vitalfew.web.shell.telling import told

register = template.Library()


@register.filter
def proposal(text: str | None) -> str:
    """What a proposal says of itself, in the reader's language."""
    return str(told(text or ""))


@register.filter
def column_name(name: str) -> str:
    """A column of the vocabulary as people read it."""
    return str(COLUMN_NAMES.get(name, name))
