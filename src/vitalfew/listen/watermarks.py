"""How far a source has been read: the latest moment (or number) among its rows, and from where the next read begins.

A watermark is kept as text that sorts as what it stands for, so that engines and files need no type for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

WatermarkKind = Literal["time", "number", "text"]
_WHOLE = re.compile(r"[+-]?\d{1,30}")
_DECIMAL = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+(\.\d*)?[eE][+-]?\d+)")
_BASE = 10**30


@dataclass(frozen=True)
class Watermark:
    """The latest watermark read: its kind, `mark` (sortable), `shown` (as the source wrote it), and the source's own type of it.

    `type` is what the source's driver gave: aware (time with zone), naive (time without), date, int or text.
    """

    kind: WatermarkKind
    mark: str
    shown: str
    type: str


def kind_of(text: str) -> WatermarkKind:
    """What a watermark is, told from its text. Raises ValueError for a number with a fraction, which text does not sort.

    >>> kind_of("2026-06-01 10:00:00+02"), kind_of("1712"), kind_of("A-17")
    ('time', 'number', 'text')
    """
    if _WHOLE.fullmatch(text):
        return "number"
    if _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is a number with a fraction; a watermark is a time, a date, a whole number or a text")
    return "text" if moment(text) is None else "time"


def moment(text: str) -> datetime | None:
    """The time an ISO 8601 text stands for, or None. A text without an offset is taken for UTC, which keeps its order."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def sortable(text: str, kind: WatermarkKind) -> str | None:
    """The text by which a watermark of this kind sorts; None when it is of another kind.

    >>> sortable("9", "number") < sortable("10", "number")
    True
    >>> sortable("2026-06-01T12:00:00+02:00", "time") == sortable("2026-06-01 10:00:00Z", "time")
    True
    """
    if kind == "number":
        return f"{int(text) + _BASE:031d}" if _WHOLE.fullmatch(text) else None
    if kind == "time":
        found = None if _WHOLE.fullmatch(text) else moment(text)
        try:
            return None if found is None else found.astimezone(UTC).isoformat(timespec="microseconds")
        except OverflowError:
            return None
    return text


def since(watermark: Watermark, overlap: float) -> str | int | date | datetime:
    """The value from which the next read begins, in the source's type: the watermark less `overlap`.

    `overlap` is in days of a time, in counts of a whole number. Raises ValueError when a text watermark is to be overlapped.
    """
    if watermark.kind == "text":
        if overlap:
            raise ValueError("overlap is for times, dates and whole numbers; this watermark is a text")
        return watermark.shown
    if watermark.kind == "number":
        number = int(watermark.shown) - int(overlap)
        return number if watermark.type != "text" else str(number)
    found = datetime.fromisoformat(watermark.mark) - timedelta(days=overlap)
    if watermark.type == "aware":
        return found
    if watermark.type == "naive":
        return found.replace(tzinfo=None)
    if watermark.type == "date":
        return found.date()
    return _written_like(watermark.shown, found)


def _written_like(shown: str, found: datetime) -> str:
    """A time written as the source writes its own, so that texts compare as times do."""
    if len(shown) <= 10:
        return found.date().isoformat()
    model = datetime.fromisoformat(shown)
    there = found.astimezone(model.tzinfo) if model.tzinfo else found.replace(tzinfo=None)
    fraction = re.match(r"\.\d+", shown[19:])
    text = there.replace(tzinfo=None).isoformat(sep=shown[10], timespec="microseconds")
    text = text[: 19 + (fraction.end() if fraction else 0)]
    end = re.search(r"(Z|z|[+-]\d{2}(:?\d{2})?)$", shown[19:])
    return text + (end.group(1) if end else "")
