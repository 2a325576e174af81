"""Figures in the reader's language, and links that keep the filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from vitalfew.web.shell import telling, wording
from vitalfew.web.shell.filters import Filters
from vitalfew.web.shell.helping import BY_ROUTE

register = template.Library()

register.filter("number", wording.number)
register.filter("share", wording.share)
register.filter("points", wording.points)
register.filter("day", wording.day)
register.filter("moment", wording.moment)
register.filter("money", wording.money)
register.filter("told", telling.told)


@register.simple_tag(takes_context=True)
def kept(context: Mapping[str, Any], address: str, **changed: str) -> str:
    """`address` with the filters in force (period, segment, account, group, channel); `changed` sets or clears some of them."""
    request = context.get("request")
    chosen = Filters.of(request.GET) if request is not None else Filters()
    return address + chosen.with_(**changed).query()


@register.simple_tag(takes_context=True)
def why(context: Mapping[str, Any], claim: str | None, name: str = "") -> SafeString | str:
    """The *Why?* link of a claim."""
    visit = context.get("visit")
    if not claim or visit is None:
        return ""
    address = wording.why_address(visit.company.slug, claim)
    return format_html('<a class="why" href="{}">{}<span class="hidden"> {}</span></a>', address, _("Why?"), name or claim)


@register.simple_tag
def figure(row: Mapping[str, Any], form: str = "points", currency: str = "") -> str:
    """A figure with its interval and n, from the columns value, low, high and n of `row`; or why there is none."""
    return wording.figure(row, form, currency)


@register.simple_tag
def span(row: Mapping[str, Any], value: str, low: str, high: str, form: str = "points") -> str:
    """A figure with its interval from named columns of `row`; a dash where there is none."""
    if row.get(value) is None:
        return "–"
    return wording.figure({"value": row[value], "low": row.get(low), "high": row.get(high)}, form)


@register.simple_tag
def wait(days: float | None) -> str:
    """A duration given in days, in the unit a person would use."""
    if days is None:
        return "–"
    for size, unit in ((1.0, _("%(n)s days")), (1 / 24, _("%(n)s hours")), (1 / 1440, _("%(n)s minutes"))):
        if days >= size * 1.5:
            return unit % {"n": wording.number(days / size, 0 if days / size >= 10 else 1)}
    return _("%(n)s seconds") % {"n": wording.number(days * 86400, 0)}


@register.simple_tag(takes_context=True)
def help_link(context: Mapping[str, Any]) -> SafeString:
    """The link to the help of the page being read; to all help where it has no topic of its own."""
    request = context.get("request")
    match = request.resolver_match if request is not None else None
    topic = BY_ROUTE.get(match.view_name if match is not None else "")
    address = reverse("shell:help")
    if topic is None:
        return format_html('<a href="{}">{}</a>', address, _("Help"))
    return format_html('<a href="{}#{}">{}</a>', address, topic.anchor, _("Help on this page"))
