"""What one column holds, told from a sample of its values: its kind, how dates are written, what stands out."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from vitalfew.listen.typed import COMMA, MOMENT, POINT

Kind = Literal["blank", "whole", "number", "money", "time", "yes_no", "email", "phone", "url", "text", "word"]
Order = Literal["", "year first", "day first", "month first", "undecided", "format"]

EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}")
PHONE = re.compile(r"[+(]?[\d(][\d\s().\-/]{5,22}\d(\s*(ext|x)\.?\s*\d+)?", re.IGNORECASE)
URL = re.compile(r"(https?://)?([a-z0-9-]+\.)+[a-z]{2,}(/\S*)?", re.IGNORECASE)
MONEY = re.compile(r"-?\s*(R\$|US\$|[€$£¥])\s*-?[\d.,' ]+|-?[\d.,' ]+\s*(€|£|\$)")
YES_NO = frozenset(
    ["yes", "no", "y", "n", "true", "false", "ja", "nein", "oui", "non", "si", "sí", "sì", "sim", "não", "nao", "tak", "nie"]
)
IDENTIFIER = re.compile(
    r"[A-Za-z]{0,8}[-_#/ ]?\d+([-_/]\d+)*|[0-9a-f]{12,40}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[A-Z0-9]{6,18}"
)
_POINT, _COMMA, _MOMENT = re.compile(POINT), re.compile(COMMA), re.compile(MOMENT)
_WHOLE = re.compile(r"[+-]?\d+(\.0+)?")
SYMBOLS = {"R$": "BRL", "US$": "USD", "€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}

# Forms the reader does not find out by itself; of two that fit all values, both are named.
FORMATS = (
    *("%d/%b/%y %I:%M %p", "%d/%b/%Y %I:%M %p", "%d/%b/%y %H:%M", "%d-%b-%Y %H:%M:%S", "%d-%b-%Y", "%d %b %Y %H:%M", "%d %b %Y"),
    *("%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d, %Y %I:%M %p", "%b %d %Y %I:%M%p", "%d/%m/%y %H:%M", "%m/%d/%y %H:%M"),
    *("%a %b %d %Y",),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y %H:%M", "%d.%m.%y", "%m/%d/%y %I:%M %p", "%d/%m/%y %I:%M %p", "%d-%m-%y", "%m-%d-%y"),
)
_TRIED = 2000


@dataclass(frozen=True)
class Column:
    """One column of a file: `values` counts the distinct texts of the rows sampled, blanks left out.

    `text` is what a second header row says of it (a survey's wording), '' when there is none.
    """

    name: str
    rows: int
    values: Mapping[str, int]
    text: str = ""

    @cached_property
    def filled(self) -> int:
        """Rows with a value."""
        return sum(self.values.values())

    @property
    def blank(self) -> float:
        """Share of rows without a value."""
        return 1 - self.filled / self.rows if self.rows else 1.0

    @property
    def distinct(self) -> int:
        """Different values."""
        return len(self.values)

    @property
    def unique(self) -> float:
        """Different values as a share of those filled: 1 for a key."""
        return self.distinct / self.filled if self.filled else 0.0

    def share(self, pattern: re.Pattern[str]) -> float:
        """Share of the filled rows whose whole value has a form."""
        if not self.filled:
            return 0.0
        return sum(count for value, count in self.values.items() if pattern.fullmatch(value)) / self.filled

    @cached_property
    def kind(self) -> Kind:
        """What its values are."""
        if not self.filled:
            return "blank"
        if self.distinct <= 2 and all(value.casefold() in YES_NO for value in self.values):
            return "yes_no"
        if self._mostly(_WHOLE):
            return "phone" if self.share(re.compile(r"\+?0?\d{9,15}")) > 0.9 and "phone" in self.name.casefold() else "whole"
        if self._mostly(_POINT) or self._mostly(_COMMA):
            return "number"
        if self.share(MONEY) >= 0.9:
            return "money"
        if self.order:
            return "time"
        if self.share(EMAIL) >= 0.8:
            return "email"
        if self.share(PHONE) >= 0.8 and self._digits() >= 7:
            return "phone"
        if self.share(URL) >= 0.8:
            return "url"
        return "text" if self._wordy() else "word"

    def _mostly(self, pattern: re.Pattern[str]) -> bool:
        """Whether all but a fiftieth of the values, or one of twenty, have a form: exports have stray cells."""
        misses = round((1 - self.share(pattern)) * self.filled)
        return misses <= max(1 if self.filled >= 20 else 0, self.filled // 50)

    def _digits(self) -> float:
        return sum(sum(char.isdigit() for char in value) * count for value, count in self.values.items()) / self.filled

    def _wordy(self) -> bool:
        words = sum(len(value.split()) * count for value, count in self.values.items()) / self.filled
        return words >= 3.5 and (self.unique >= 0.2 or self.distinct > 200)

    @cached_property
    def order(self) -> Order:
        """How its dates are written; '' when it holds none. `undecided`: no value tells day from month."""
        matched = [(found, count) for value, count in self.values.items() if (found := _MOMENT.match(value))]
        held = sum(count for _, count in matched)
        if held < 0.9 * self.filled:
            return "format" if self.formats else ""
        four = [(found, count) for found, count in matched if len(found.group(1)) == 4]
        if sum(count for _, count in four) >= 0.5 * held:
            return "year first"
        short = sum(count for found, count in matched if len(found.group(1)) < 4 and len(found.group(3)) < 4)
        if short > 0.5 * held:
            return "format" if self.formats else ""
        day, month = self.beyond_twelve
        if not day and not month:
            return "undecided"
        return "day first" if day >= month else "month first"

    @cached_property
    def beyond_twelve(self) -> tuple[int, int]:
        """How many rows have a first, and how many a second, number of the date beyond 12: they tell day from month."""
        first = second = 0
        for value, count in self.values.items():
            found = _MOMENT.match(value)
            if found and len(found.group(1)) < 4:
                first += count * (int(found.group(1)) > 12)
                second += count * (int(found.group(2)) > 12)
        return first, second

    @cached_property
    def formats(self) -> tuple[str, ...]:
        """The forms of date, of those the reader does not find out by itself, that fit all values tried."""
        tried = list(self.values)[:_TRIED]
        if not tried or not all(any(char.isdigit() for char in value) and len(value) < 30 for value in tried):
            return ()
        return tuple(form for form in FORMATS if all(_fits(value, form) for value in tried))

    def form(self, month_first: bool) -> str:
        """A strptime form for dates of numbers with a year of four digits last, after an example."""
        example = max(self.values, key=len)
        found = _MOMENT.match(example)
        mark = next((char for char in example if char in "/.-"), "/")
        day, month = ("%m", "%d") if month_first else ("%d", "%m")
        clock = ""
        if found and found.group(4):
            colons = found.group(4).count(":")
            clock = (" %I:%M" if found.group(5) else " %H:%M") + (":%S" if colons == 2 else "") + (" %p" if found.group(5) else "")
        return f"{day}{mark}{month}{mark}%Y{clock}"

    @cached_property
    def zoned(self) -> bool:
        """Whether its times say their offset from UTC."""
        held = [value for value in self.values if _MOMENT.match(value)]
        return bool(held) and all((found := _MOMENT.match(value)) and found.group(6) for value in held)

    @cached_property
    def clocked(self) -> bool:
        """Whether its times have an hour."""
        return any((found := _MOMENT.match(value)) and found.group(4) for value in self.values) or any(
            "%H" in form or "%I" in form for form in self.formats
        )

    @cached_property
    def numbers(self) -> dict[float, int]:
        """Its values as numbers, and how many rows have each; values that are none are left out."""
        counts: Counter[float] = Counter()
        comma = self.share(_COMMA) > self.share(_POINT)
        for value, count in self.values.items():
            plain = value.replace(".", "").replace(",", ".") if comma else value.replace(",", "")
            try:
                number = float(plain)
            except ValueError:
                continue
            if math.isfinite(number):
                counts[number] += count
        return dict(sorted(counts.items()))

    @property
    def identifying(self) -> bool:
        """Whether its values look like ids."""
        return self.kind in ("word", "whole", "phone") and self.share(IDENTIFIER) >= 0.95

    @cached_property
    def symbol(self) -> str:
        """The three-letter code of the currency its values are written in, '' when they do not say."""
        found = Counter(mark for value in list(self.values)[:200] for mark in SYMBOLS if mark in value)
        return SYMBOLS[max(found, key=lambda mark: (found[mark], len(mark)))] if found else ""


def _fits(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def words_of(name: str) -> str:
    """A name as lower-case words joined by single blanks.

    >>> words_of("customerCity"), words_of("Account No."), words_of("Référence_Größe")
    ('customer city', 'account no', 'reference grosse')
    """
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    plain = "".join(char for char in unicodedata.normalize("NFKD", split.casefold()) if not unicodedata.combining(char))
    return re.sub(r"[^\w]+|_", " ", plain).strip()


def counted(name: str, cells: Iterable[str | None], text: str = "") -> Column:
    """A column of a sample."""
    values: Counter[str] = Counter()
    rows = 0
    for cell in cells:
        rows += 1
        if cell is not None and (plain := cell.strip()):
            values[plain] += 1
    return Column(name, rows, values, text)
