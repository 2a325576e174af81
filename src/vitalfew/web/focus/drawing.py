"""Charts for pages, drawn once: the first drawing takes about a second, so what was drawn is kept by what it shows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

if TYPE_CHECKING:
    from vitalfew.documents.charts import Chart, Span

WEEK = 7 * 24 * 3600


@dataclass(frozen=True)
class Drawing:
    """A chart and the table beside it."""

    title: str
    wide: SafeString
    narrow: SafeString
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    @property
    def labelled(self) -> list[list[tuple[str, str]]]:
        """The rows of the table, each cell with its column's name."""
        return [list(zip(self.headers, row, strict=True)) for row in self.rows]


def roadmap(title: str, spans: Sequence[Span], headers: tuple[str, ...]) -> Drawing | None:
    """Initiatives as bars over months."""
    return _drawn("gantt", "roadmap", title, spans, headers, short_month)


def short_month(value: date) -> str:
    """A month in short, in the reader's language."""
    return date_format(value, "M")


def frontier(
    title: str, points: Sequence[dict[str, Any]], axes: tuple[str, str], table: Any, headers: Any, note: str
) -> Drawing | None:
    """The best value found, and the proven bound, for each budget."""
    lines = (("value", "value"), ("bound", "bound"))
    return _drawn("curve", "frontier", title, points, lines, axes, table, headers, ("~s", "~s"), note=note)


def trend(title: str, found: Sequence[dict[str, Any]], form: Any, unit: str, note: str) -> Drawing | None:
    """A score by period with its interval. `form` is a function of a module, so that its name says what it writes."""
    return _drawn("trend", "trend", title, found, form, unit, note=note)


def candidates(title: str, bars: Sequence[Any], headers: tuple[str, str], form: Any, note: str) -> Drawing | None:
    """Bars with their intervals."""
    return _drawn("bars", "candidates", title, bars, headers, form, note=note)


def _drawn(kind: str, name: str, *given: Any, note: str | None = None) -> Drawing | None:
    shown = repr([getattr(each, "__qualname__", each) for each in given])
    key = "chart:" + hashlib.sha256(f"{kind}|{name}|{note}|{get_language()}|{shown}".encode()).hexdigest()
    kept = cache.get(key)
    if kept is None:
        from vitalfew.documents import charts  # noqa: PLC0415 - loads Altair and vl-convert

        # `curve` takes its note itself; the others write one of their own, which is not in the reader's language.
        found: Chart | None = getattr(charts, kind)(name, *given)
        kept = (_page_chart(found, note) if found else None,)
        cache.set(key, kept, WEEK)
    drawing: Drawing | None = kept[0]
    return drawing


def _page_chart(chart: Chart, note: str | None) -> Drawing:
    return Drawing(chart.title, _plain(chart.wide), _plain(chart.narrow), chart.headers, chart.rows, note or "")


def _plain(svg: str) -> SafeString:
    """The drawing without style attributes, which the content policy refuses; its width is in the style sheet."""
    return mark_safe(re.sub(r' style="[^"]*"', "", str(svg)))  # noqa: S308 - Vega escapes every label; tested with hostile ones
