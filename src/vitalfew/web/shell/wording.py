"""Numbers, money, shares, intervals and dates, written as the reader's language writes them.

A missing value is never shown as a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "BRL": "R$", "JPY": "¥", "INR": "₹", "CHF": "CHF"}
NO_BREAK = "\u00a0"
MINUS = "\u2212"
BEFORE = ("en", "ja")
# Between a number and the per cent sign: nothing here, a space elsewhere.
CLOSED = ("en", "pt")


def number(value: float | None, digits: int | None = None) -> str:
    """A number with the language's separators; `digits` after the point, by size when left out."""
    if value is None or not math.isfinite(value):
        return _("not computed")
    if digits is None:
        digits = 0 if float(value).is_integer() or abs(value) >= 100 else 1 if abs(value) >= 1 else 2
    digits = int(digits)
    written = formats.number_format(abs(round(value, digits)), digits, use_l10n=True, force_grouping=True)
    return (MINUS if value < 0 and any(each in "123456789" for each in written) else "") + written


def points(value: float | None) -> str:
    """Points of a score: whole from ten on, one digit from one on, else two."""
    if value is None:
        return _("not computed")
    return number(value, 0 if abs(value) >= 10 else 1 if abs(value) >= 1 or value == 0 else 2)


def share(value: float | None) -> str:
    """A fraction as per cent."""
    if value is None or not math.isfinite(value):
        return _("not computed")
    percent = value * 100
    digits = 1 if 0 < abs(percent) < 10 and round(percent, 1) != round(percent) else 0
    between = "" if _language() in CLOSED else NO_BREAK
    return f"{number(percent, digits)}{between}%"


def money(value: float | None, currency: str = "") -> str:
    """An amount to three significant digits, sign or code where the language puts it."""
    if value is None or not math.isfinite(value):
        return _("not computed")
    size = abs(value)
    rounded = value if size < 1 else round(value, -max(0, math.floor(math.log10(size)) - 2))
    written = number(abs(rounded), 0)
    sign = SYMBOLS.get(currency, currency)
    minus = MINUS if rounded < 0 else ""
    if not sign:
        return minus + written
    if currency == "BRL" and _language() == "pt":
        return f"{minus}{sign}{NO_BREAK}{written}"
    return f"{minus}{sign}{written}" if _language() in BEFORE and len(sign) < 3 else f"{minus}{written}{NO_BREAK}{sign}"


def day(value: date | datetime | str | None) -> str:
    """A day, in words of the language; a text is one as ISO 8601 writes it, like a run's own."""
    if isinstance(value, str):
        value = date.fromisoformat(value)
    return "–" if value is None else _in_words(value, "DATE_FORMAT")


def month(value: date) -> str:
    """A month, e.g. May 2026."""
    return _in_words(value, "YEAR_MONTH_FORMAT")


def moment(value: datetime | None, zone: str = "UTC") -> str:
    """A moment in the company's time zone; times without a zone are UTC."""
    if value is None:
        return "–"
    aware = value if value.tzinfo else value.replace(tzinfo=ZoneInfo("UTC"))
    return formats.date_format(aware.astimezone(ZoneInfo(zone)), "SHORT_DATETIME_FORMAT")


def form_of(name: str, currency: str = "") -> Callable[[float | None], str]:
    """How a kind of figure is written: points, share, money, number."""
    if name == "money":
        return lambda value: money(value, currency)
    return {"points": points, "share": share, "number": number, "thousandths": lambda value: number(value, 3)}[name]


def interval(low: float | None, high: float | None, form: Callable[[float | None], str]) -> str:
    """An interval in words, '' when it is not known."""
    if low is None or high is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": form(low), "high": form(high)}


def figure(row: Mapping[str, Any], form: str = "points", currency: str = "") -> str:
    """Value, interval and n of a row; or its note when there is no value."""
    write = form_of(form, currency)
    if row.get("value") is None:
        # telling writes figures by this module.
        from vitalfew.web.shell import telling  # noqa: PLC0415

        return telling.told(row.get("note")) or _("not computed")
    within = interval(row.get("low"), row.get("high"), write)
    told = f"{write(row['value'])} ({within})" if within else write(row["value"])
    return told + (_(", n = %(n)s") % {"n": number(row["n"], 0)} if row.get("n") is not None else "")


def why_address(company: str, claim: str) -> str:
    """The address of the walk from a claim to its records."""
    return reverse("understand:why", args=[company, claim])


def _in_words(value: date | datetime, form: str) -> str:
    written = formats.date_format(value, form)
    # Portuguese writes months small; Django's month names begin with a capital.
    return written.lower() if _language() == "pt" else written


def _language() -> str:
    return (get_language() or "en").split("-")[0]
