"""What people wrote, shown field by field; every text inert."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from vitalfew.web.authoring.labels import FIELDS, WORDS
from vitalfew.web.authoring.models import STATES
from vitalfew.web.shell import wording

register = template.Library()
CHOSEN = {"kind", "status", "whose", "response", "commitment", "wanted"}


@register.simple_tag
def field_label(section: str, name: str, row: str = "") -> str:
    """The name of a field, and of its row where it has rows."""
    if not name:
        return _("The whole entry")
    label = str(FIELDS[section][name][0]) if name in FIELDS.get(section, {}) else name
    return f"{label}: {WORDS.get(row, row)}" if row else label


@register.simple_tag
def told(section: str, name: str, value: Any) -> SafeString | str:
    """A value in words."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return wording.number(value)
    if isinstance(value, Mapping):
        return format_html(
            "<ul>{}</ul>",
            format_html_join(
                "", "<li>{}: {}</li>", ((field_label(section, key), told(section, key, each)) for key, each in value.items())
            ),
        )
    if isinstance(value, list):
        return format_html('<ul class="values">{}</ul>', format_html_join("", "<li>{}</li>", ((_listed(each),) for each in value)))
    return _text(section, name, str(value))


def _listed(value: Any) -> str:
    return wording.number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _text(section: str, name: str, value: str) -> SafeString | str:
    if name in CHOSEN and value in WORDS and section != "group":
        return str(WORDS[value])
    if len(value) == 10 and value[4:5] == value[7:8] == "-":
        try:
            return wording.day(date.fromisoformat(value))
        except ValueError:
            return value
    return format_html('<span class="typed" dir="auto">{}</span>', value)


@register.filter
def state_label(state: str) -> str:
    """The state of a version, in words."""
    return str(STATES.get(state, state))


@register.filter
def state_class(state: str) -> str:
    """How a state is coloured."""
    return {"approved": "good", "rejected": "bad", "proposed": "warn"}.get(state, "plain")


@register.filter
def word(value: str | None) -> str:
    """One of the words one chooses from, in the reader's language."""
    return str(WORDS.get(value, value)) if value else "–"
