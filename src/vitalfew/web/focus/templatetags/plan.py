"""How the plan is told in templates: worth, stakes, months, charts, and links to issues and groups by right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from vitalfew.documents import words
from vitalfew.vocabulary import NOT_ASSIGNED
from vitalfew.web.focus import plan
from vitalfew.web.shell import telling, wording

if TYPE_CHECKING:
    from vitalfew.documents.book import Book

register = template.Library()
Row = Mapping[str, Any]


@register.filter
def month(value: date | None) -> str:
    """A month, e.g. May 2026."""
    return wording.month(value) if value else "–"


@register.filter
def plainly(text: str | None, currency: str = "") -> str:
    """A sentence of the run as people read it, in their language."""
    line = words.plainly(text, currency).strip()
    # The full stop of a quotation at the end stands inside it, or nowhere.
    quoted = re.search('[”"][.]?$', line)
    return telling.told(words.sentence(line.removesuffix(".") + ".").removesuffix(".") if quoted else words.sentence(line))


@register.filter
def shorter(text: str | None, length: int) -> str:
    """At most `length` characters, cut at a word."""
    return words.clip(text, length)


@register.filter
def indicator(value: float | None, name: str | None) -> str:
    """A leading indicator's value: mean ratings as numbers, everything else counted is a share."""
    if value is None:
        return _("not set")
    return wording.number(value) if (name or "").startswith("Mean rating") else wording.share(value)


def _points(book: Book, outcome: str | None, value: float, low: float | None, high: float | None) -> str:
    times = 100.0 if book.is_share(outcome) else 1.0
    told = wording.points(value * times)
    within = wording.interval(low * times, high * times, wording.points) if low is not None and high is not None else ""
    told = f"{told} ({within})" if within else told
    if book.is_share(outcome):
        return _("%(points)s percentage points of %(outcome)s") % {"points": told, "outcome": book.label(outcome)}
    return _("%(points)s points of %(outcome)s") % {"points": told, "outcome": book.label(outcome)}


@register.simple_tag
def worth(book: Book, row: Row, value: str = "value") -> str:
    """What an initiative or the plan is worth: money with its interval, or points of the outcome when there is no money."""
    if row[value] is None:
        unknown = row.get("acts_on") == ""
        return _("not computed (it names no issue it removes)") if unknown else _("not computed (its issues have no value)")
    low, high = (row.get("low"), row.get("high")) if value == "value" else (None, None)
    if book.in_points:
        return _points(book, book.company.outcome, row[value], low, high)
    return wording.figure({"value": row[value], "low": low, "high": high}, "money", book.currency)


@register.simple_tag
def stake(book: Book, issue: Row) -> str:
    """What an issue costs: money a year, else points of the outcome, else why neither is known; with n."""
    n = _(", n = %(n)s") % {"n": wording.number(issue["n_people"], 0)} if issue["n_people"] is not None else ""
    if issue["value"] is None and issue["points"] is not None:
        return _points(book, issue["outcome"], issue["points"], issue["points_low"], issue["points_high"]) + n
    return wording.figure({**issue, "n": issue["n_people"], "note": issue["note"]}, "money", book.currency)


@register.simple_tag
def points_lost(book: Book, issue: Row) -> str:
    """Points of the outcome an issue costs over all customers, with their interval."""
    if issue["points"] is None:
        return _("not computed")
    return _points(book, issue["outcome"], issue["points"], issue["points_low"], issue["points_high"])


@register.simple_tag(takes_context=True)
def issue_link(context: Mapping[str, Any], issue: Row) -> SafeString:
    """An issue's name, as a link for those who may open its page."""
    return _link(plan.issue_address(context["visit"], issue), issue["name"] or issue["issue"])


@register.simple_tag(takes_context=True)
def group_link(context: Mapping[str, Any], group: str | None) -> SafeString:
    """A work group's name, as a link for those who may open its page."""
    named = bool(group) and group != NOT_ASSIGNED
    return _link(plan.group_address(context["visit"], group), group or "") if named else format_html("{}", _("no group yet"))


def _link(address: str, name: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', address, name) if address else format_html("{}", name)


@register.simple_tag
def owner(book: Book, row: Row) -> str:
    """Who answers for an initiative."""
    return telling.told(book.owner(dict(row)))


@register.simple_tag
def loses(book: Book, row: Row) -> bool:
    """Whether an initiative costs more than it brings within the plan."""
    return book.loses(dict(row))


@register.simple_tag
def acts_on(book: Book, row: Row) -> list[dict[str, Any]]:
    """The issues an initiative removes."""
    return book.acts_on(dict(row))


@register.inclusion_tag("focus/drawing.html")
def drawing(found: Any, empty: str = "") -> dict[str, Any]:
    """A chart with the table beside it."""
    return {"chart": found, "empty": empty}
