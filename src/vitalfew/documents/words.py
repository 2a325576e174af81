"""How numbers, money, shares, intervals and dates are written, everywhere people read them.

A missing value is never shown as a number: it becomes "not computed", with the reason where one is known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime

NOT_COMPUTED = "not computed"
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "BRL": "R$", "JPY": "¥", "INR": "₹"}
NO_BREAK = "\u00a0"
MINUS = "\u2212"

Format = Callable[[float], str]
# A shortened name does not end on one of these.
SMALL_WORDS = frozenset(
    {
        *("a", "an", "and", "at", "before", "by", "for", "from", "in", "into", "its", "no", "not", "of", "on", "or", "our"),
        *("that", "the", "their", "to", "we", "which", "who", "with", "within"),
    }
)


def known(value: object) -> bool:
    """Whether `value` is a finite number or any other thing but None and empty text."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is not None and value != ""


def number(value: float | None, digits: int | None = None) -> str:
    """A number with thousands separated by commas; `digits` after the point, by size when left out.

    >>> number(1204), number(3.14159), number(-23.0, 0), number(None)
    ('1,204', '3.1', '−23', 'not computed')
    """
    if value is None or not math.isfinite(value):
        return NOT_COMPUTED
    if digits is None:
        digits = 0 if float(value).is_integer() or abs(value) >= 100 else 1 if abs(value) >= 1 else 2
    written = f"{abs(value):,.{digits}f}"
    return (MINUS if value < 0 and re.search("[1-9]", written) else "") + written


def points(value: float | None) -> str:
    """Points of a score: whole from ten on, one digit from one on, else two.

    >>> points(23.4), points(4.26), points(0.034)
    ('23', '4.3', '0.03')
    """
    if value is None:
        return NOT_COMPUTED
    return number(value, 0 if abs(value) >= 10 else 1 if abs(value) >= 1 or value == 0 else 2)


def whole(value: float | None) -> str:
    """A number without digits after the point, as NPS is given.

    >>> whole(23.4), whole(-4.6)
    ('23', '−5')
    """
    return number(value, 0)


def share(value: float | None) -> str:
    """A fraction as per cent, with one digit below one per cent or above 99.

    >>> share(0.1234).replace(NO_BREAK, " "), share(0.004).replace(NO_BREAK, " ")
    ('12 %', '0.4 %')
    """
    if value is None or not math.isfinite(value):
        return NOT_COMPUTED
    percent = value * 100
    digits = 1 if 0 < abs(percent) < 0.95 or 99 < percent < 99.95 else 0
    return number(percent, digits) + NO_BREAK + "%"


def fine_points(value: float | None) -> str:
    """Points of a score with one digit more than `points`, for ends that would read alike.

    >>> fine_points(0.0312), fine_points(4.261)
    ('0.031', '4.26')
    """
    return number(value, 1 if value is not None and abs(value) >= 10 else 2 if value is not None and abs(value) >= 1 else 3)


def fine_share(value: float) -> str:
    """A small fraction as per cent with two digits.

    >>> fine_share(0.0042).replace(NO_BREAK, " ")
    '0.42 %'
    """
    return number(value * 100, 2) + NO_BREAK + "%"


def tenth_share(value: float) -> str:
    """A fraction as per cent with one digit.

    >>> tenth_share(0.0791).replace(NO_BREAK, " ")
    '7.9 %'
    """
    return number(value * 100, 1) + NO_BREAK + "%"


def _significant(value: float, digits: int = 3) -> float:
    if value == 0:
        return 0.0
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def money(value: float | None, currency: str) -> str:
    """Money to three significant digits, as a person would say it.

    >>> money(148349.2, "EUR"), money(1239999, "GBP").replace(NO_BREAK, " "), money(12, "CHF").replace(NO_BREAK, " ")
    ('€148,000', '£1.24 million', 'CHF 12')
    """
    if value is None or not math.isfinite(value):
        return NOT_COMPUTED
    sign, rounded = (MINUS if value < 0 else ""), abs(_significant(value)) if abs(value) >= 0.005 else 0.0
    symbol = SYMBOLS.get(currency, currency + NO_BREAK)
    for limit, name in ((1e9, "billion"), (1e6, "million")):
        if rounded >= limit:
            return f"{sign}{symbol}{rounded / limit:.3g}{NO_BREAK}{name}"
    if rounded < 10 and not float(rounded).is_integer():
        return f"{sign}{symbol}{rounded:.2f}"
    return f"{sign if rounded else ''}{symbol}{rounded:,.0f}"


def interval(low: float | None, high: float | None, form: Format = points) -> str:
    """The ends of a 95 % interval, e.g. `18 to 28`; empty when there is none."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"{form(low)} to {form(high)}"


def figure(
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    n: int | None = None,
    form: Format = points,
    note: str | None = None,
) -> str:
    """A figure with its interval and n, or why there is none.

    >>> figure(23, 18, 28, 1204)
    '23 (18 to 28), n = 1,204'
    >>> figure(0.031, 0.0304, 0.0316)
    '0.031 (0.030 to 0.032)'
    >>> figure(None, note="withheld: fewer than 5 people")
    'not computed (withheld: fewer than 5 people)'
    """
    if value is None or not math.isfinite(value):
        return f"{NOT_COMPUTED} ({note})" if note else NOT_COMPUTED
    if low is not None and high is not None and low < high and form(low) == form(high):
        form = FINER.get(form, form)
    ends = interval(low, high, form)
    text = form(value) + (f" ({ends})" if ends else "")
    text += f", n = {number(n, 0)}" if n is not None else ""
    return text if ends or not note else f"{text} ({note})"


# What writes one digit more, where both ends of an interval would read alike.
FINER: dict[Format, Format] = {points: fine_points, number: fine_points, share: tenth_share}


def day(value: date | datetime | None) -> str:
    """A day, e.g. `3 May 2026`."""
    return f"{value.day} {value:%B %Y}" if value else NOT_COMPUTED


def brief(value: date | datetime | None) -> str:
    """A day where room is short, e.g. `3 May 26`."""
    return f"{value.day} {value:%b %y}" if value else NOT_COMPUTED


def month(value: date | datetime | None) -> str:
    """A month, e.g. `May 2026`."""
    return f"{value:%B %Y}" if value else NOT_COMPUTED


def short_month(value: date) -> str:
    """A month in short, without its year, e.g. May."""
    return f"{value:%b}"


def duration(days: float | None) -> str:
    """A duration given in days, in the unit a person would use.

    >>> duration(0.02), duration(0.5), duration(3.2), duration(90)
    ('29 minutes', '12 hours', '3.2 days', '3 months')
    """
    if days is None or not math.isfinite(days):
        return NOT_COMPUTED
    minutes = days * 1440
    if minutes < 90:
        return count(round(minutes), "minute")
    if days < 2:
        return count(round(days * 24), "hour")
    if days < 60:
        return f"{number(days)} days"
    return count(round(days / 30.4), "month") if days < 700 else count(round(days / 365.25), "year")


def count(many: int | float | None, one: str, several: str = "") -> str:
    """A number of things.

    >>> count(1, "person", "people"), count(1204, "person", "people"), count(0, "issue")
    ('1 person', '1,204 people', 'no issues')
    """
    if many is None:
        return f"an unknown number of {several or one + 's'}"
    if many == 1:
        return f"1 {one}"
    return f"{'no' if many == 0 else number(many, 0)} {several or one + 's'}"


def plain_dates(text: str) -> str:
    """`text` with 2026-09-30 and 2026-09 written as people say them; nothing else changes.

    >>> plain_dates("done by the end of 2026-09; due 2026-10-01; 555-2026-09")
    'done by the end of September 2026; due 1 October 2026; 555-2026-09'
    """

    def said(found: re.Match[str]) -> str:
        year, its_month, its_day = int(found[1]), int(found[2]), int(found[3] or 1)
        try:
            when = date(year, its_month, its_day)
        except ValueError:
            return found[0]
        return day(when) if found[3] else month(when)

    return re.sub(r"(?<![\w-])((?:19|20)\d\d)-(\d\d)(?:-(\d\d))?(?![\w-])", said, text)


def plainly(text: str | None, currency: str = "") -> str:
    """A sentence of another room as people read it: days by name, and amounts with the sign of `currency`.

    >>> plainly("adds EUR 36,439; done by the end of 2026-09", "EUR")
    'adds €36,439; done by the end of September 2026'
    """
    said, sign = re.sub(r"(?<=\d) %", f"{NO_BREAK}%", plain_dates(text or "")), SYMBOLS.get(currency)
    return re.sub(rf"(?<!\w){currency}[ {NO_BREAK}](?=\d)", sign, said) if sign else said


def short(text: str | None, length: int) -> str:
    """A name in at most `length` characters: whole words, ending on one that can stand last, without a mark of cutting.

    >>> short("Front desk that answers within a working day", 34)
    'Front desk that answers'
    """
    line = " ".join((text or "").split())
    if len(line) <= length:
        return line
    kept = line[: length + 1].split(" ")[:-1]
    while len(kept) > 1 and kept[-1].lower() in SMALL_WORDS:
        kept.pop()
    return " ".join(kept).rstrip(" ,;:") or line[:length]


def clip(text: str | None, length: int) -> str:
    """`text` on one line and at most `length` characters, cut at a word where there is one.

    >>> clip("the parcel came three weeks late", 20)
    'the parcel came…'
    """
    line = " ".join((text or "").split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    at_word = cut.rfind(" ")
    return (cut[:at_word] if at_word > length // 2 else cut).rstrip(" ,;:.") + "…"


def listing(items: Iterable[str], last: str = "and") -> str:
    """Items as a phrase.

    >>> listing(["a", "b", "c"])
    'a, b and c'
    """
    found = [each for each in items if each]
    return f" {last} ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)


def sentence(text: str | None) -> str:
    """`text` with a capital at the start and a full stop at the end, when it has letters at all."""
    line = (text or "").strip()
    if not line:
        return ""
    # A key or file name is written as it is.
    start = line[0] if re.match(r"\w*[_.]\w", line) else line[0].upper()
    return start + line[1:] + ("" if line[-1] in ".!?…" else ".")
