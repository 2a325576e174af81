"""How figures are written on a one-page strategy: short, with their interval, and never a number that is not known."""

from __future__ import annotations

import math
from datetime import date

Number = float | None
MINUS = "\u2212"


def known(value: Number) -> bool:
    """Whether there is a finite number."""
    return value is not None and math.isfinite(value)


def number(value: Number, digits: int | None = None) -> str:
    """A number with thousands separated; digits by its size.

    >>> number(1204), number(3.14159), number(0.0345), number(-8.6), number(None)
    ('1,204', '3.1', '0.03', '−8.6', 'not known')
    """
    if value is None or not math.isfinite(value):
        return "not known"
    if digits is None:
        digits = 0 if float(value).is_integer() or abs(value) >= 100 else 1 if abs(value) >= 1 else 2
    return f"{value:,.{digits}f}".replace("-", MINUS)


def share(value: Number) -> str:
    """A fraction as per cent.

    >>> share(0.1234), share(0.004)
    ('12 %', '0.4 %')
    """
    if value is None or not math.isfinite(value):
        return "not known"
    percent = 100 * value
    digits = 1 if 0 < abs(percent) < 1 or 99 < percent < 99.95 else 0
    return f"{percent:.{digits}f} %".replace("-", MINUS)


def money(value: Number, currency: str) -> str:
    """Money to three significant digits.

    >>> money(148349.2, "EUR"), money(-12.0, "EUR")
    ('EUR 148,000', '−EUR 12')
    """
    if value is None or not math.isfinite(value):
        return "not known"
    digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{MINUS if value < 0 else ''}{currency} {abs(round(value, min(digits, 0))):,.0f}"


def between(low: Number, high: Number, form: str = "number", currency: str = "") -> str:
    """The ends of an interval in brackets, with a space before; empty when there is none.

    >>> between(0.12, 0.25, "share"), between(None, 1.0)
    (' (12 % to 25 %)', '')
    """
    if not known(low) or not known(high):
        return ""
    if form == "money":
        return f" ({money(low, currency)} to {money(high, currency)})"
    written = share if form == "share" else number
    return f" ({written(low)} to {written(high)})"


def count(many: int | None, one: str, several: str) -> str:
    """A number of things.

    >>> count(1, "person", "people"), count(1204, "person", "people")
    ('1 person', '1,204 people')
    """
    return f"an unknown number of {several}" if many is None else f"{many:,} {one if many == 1 else several}"


def day(value: date | None) -> str:
    """A day, or that it is not set.

    >>> day(date(2026, 7, 1)), day(None)
    ('1 July 2026', 'not set')
    """
    return f"{value.day} {value:%B %Y}" if value else "not set"


def open_end(text: str | None) -> str:
    """A sentence without its full stop, to go on after it.

    >>> open_end("The shop closes at midnight. ")
    'The shop closes at midnight'
    """
    return (text or "").strip().rstrip(".")


def clip(text: str | None, length: int) -> str:
    """`text` on one line of at most `length` characters, cut at a word.

    >>> clip("the parcel came three weeks late", 20)
    'the parcel came…'
    """
    line = " ".join((text or "").split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    at_word = cut.rfind(" ")
    return (cut[:at_word] if at_word > length // 2 else cut).rstrip(" ,;:.") + "…"
