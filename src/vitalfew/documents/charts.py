"""Charts: an Altair specification each, drawn once to SVG in a wide and a narrow form, with the table it shows.

Colours are written as the five inks below; the style sheet maps them in dark mode, and WeasyPrint prints them as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup, escape

from vitalfew.documents import words

INK, MUTED, RULE, ACCENT, PALE = "#1b2430", "#5b6673", "#dde2e7", "#0b5d66", "#b9cfd2"
WIDE, NARROW = 720, 330
FONT = "Helvetica Neue, Arial, Liberation Sans, sans-serif"
Row = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A chart as pages need it: `wide` and `narrow` SVG, what it shows in words, and its table."""

    name: str
    title: str
    wide: Markup
    narrow: Markup
    headers: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar: its label, value and interval, the figure in words, and whether it is accented."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    told: str
    strong: bool = True
    mark: float | None = None


def bars(name: str, title: str, found: Sequence[Bar], headers: tuple[str, str], form: words.Format, mark: str = "") -> Chart | None:
    """Horizontal bars with their intervals and the figure in words above each; None when no bar has a value.

    `mark` says what the short upright line at `Bar.mark` is, for instance the standard of a promise.
    """
    shown = [bar for bar in found if bar.value is not None]
    if not shown:
        return None
    table = [(bar.label, bar.told) for bar in found]
    note = "Thin line: 95 % interval." if any(bar.low is not None for bar in shown) else "A count, without an interval."
    note += f" Upright line: {mark}." if mark else ""
    return _chart(name, title, headers, table, note, lambda width: _bars(shown, width, form))


def _bars(found: Sequence[Bar], width: int, form: words.Format) -> alt.LayerChart:
    room = 92 if width > NARROW else 54
    values = [
        {
            "at": position,
            "label": words.clip(bar.label, room - len(bar.told)) if width > NARROW else words.clip(bar.label, 46),
            "value": bar.value,
            "low": bar.low,
            "high": bar.high,
            "told": bar.told,
            "ink": ACCENT if bar.strong else PALE,
            "mark": bar.mark,
        }
        for position, bar in enumerate(found)
    ]
    ends = [each for bar in found for each in (bar.value, bar.low, bar.high, bar.mark) if each is not None]
    lowest, highest = min(0.0, *ends), max(0.0, *ends)
    scale = alt.Scale(domain=[lowest, highest if highest > lowest else 1.0], nice=False)
    y = alt.Y("at:O", axis=None, scale=alt.Scale(paddingInner=0.5, paddingOuter=0.3))
    base = alt.Chart(alt.Data(values=values))
    narrow = width <= NARROW
    offset = -24 if narrow else -15
    layers = [
        base.mark_bar(height=9).encode(y=y, x=alt.X("value:Q", axis=None, scale=scale), color=alt.Color("ink:N", scale=None)),
        base.mark_rule(color=INK, strokeWidth=1.4, yOffset=8).encode(y=y, x=alt.X("low:Q", scale=scale), x2="high:Q"),
        base.transform_filter("isValid(datum.mark)")
        .mark_tick(color=INK, thickness=2, size=20)
        .encode(y=y, x=alt.X("mark:Q", scale=scale)),
        base.mark_text(align="left", baseline="middle", dy=offset, color=INK, fontSize=12).encode(
            y=y, x=alt.value(0), text="label:N"
        ),
    ]
    told = base.mark_text(
        align="left" if narrow else "right", baseline="middle", dy=offset + (14 if narrow else 0), color=MUTED, fontSize=11
    )
    layers.append(told.encode(y=y, x=alt.value(0 if narrow else width), text="told:N"))
    return alt.layer(*layers).properties(width=width, height=len(found) * (54 if narrow else 42))


def trend(name: str, title: str, found: Sequence[Row], form: words.Format, unit: str) -> Chart | None:
    """A score by period with its interval; None with fewer than two periods."""
    shown = [row for row in found if row["value"] is not None]
    if len(shown) < 2:
        return None
    table = [(row["period"], words.figure(row["value"], row["low"], row["high"], row["n"], form, row["note"])) for row in found]

    def draw(width: int) -> alt.LayerChart:
        values = [
            {"period": row["period"], "value": row["value"], "low": row["low"], "high": row["high"], "told": form(row["value"])}
            for row in shown
        ]
        base = alt.Chart(alt.Data(values=values))
        x = alt.X("period:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True, domainColor=RULE, tickColor=RULE))
        y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4, domain=False, ticks=False))
        return alt.layer(
            base.mark_rule(color=PALE, strokeWidth=6).encode(
                x=x, y=alt.Y("low:Q", title=None, scale=alt.Scale(zero=False)), y2="high:Q"
            ),
            base.mark_line(color=ACCENT, strokeWidth=2).encode(x=x, y=y),
            base.mark_circle(color=ACCENT, size=44, opacity=1).encode(x=x, y=y),
            base.mark_text(dy=-12, dx=14, color=INK, fontSize=11).encode(x=x, y=y, text="told:N"),
        ).properties(width=width - 40, height=190)

    return _chart(name, title, ("Period", unit), table, "Pale bar: 95 % interval.", draw)


def curve(
    name: str,
    title: str,
    found: Sequence[Row],
    lines: Sequence[tuple[str, str]],
    axes: tuple[str, str],
    table: Sequence[tuple[str, ...]],
    headers: tuple[str, ...],
    formats: tuple[str, str],
    note: str = "",
) -> Chart | None:
    """Lines over a number: the first of `lines` (column, meaning) in the accent, the others muted; `found` rows carry `x`."""
    if len(found) < 2:
        return None

    def draw(width: int) -> alt.LayerChart:
        base = alt.Chart(alt.Data(values=list(found)))
        x = alt.X("x:Q", title=axes[0], axis=alt.Axis(format=formats[0], tickCount=5, grid=False, domainColor=RULE, tickColor=RULE))
        layers = []
        for position, (column, _) in enumerate(lines):
            y = alt.Y(f"{column}:Q", title=axes[1], axis=alt.Axis(format=formats[1], tickCount=5, domain=False, ticks=False))
            dash = [1, 0] if position == 0 else [4, 3]
            colour = ACCENT if position == 0 else MUTED
            layers.append(base.mark_line(color=colour, strokeWidth=2.2 - 0.9 * min(position, 1), strokeDash=dash).encode(x=x, y=y))
        return alt.layer(*layers).properties(width=width - 64, height=230)

    return _chart(name, title, headers, list(table), note, draw)


@dataclass(frozen=True)
class Span:
    """One bar of a Gantt: what, which group, its first and last day."""

    label: str
    group: str
    start: date
    end: date
    told: tuple[str, ...] = field(default_factory=tuple)


def gantt(
    name: str,
    title: str,
    spans: Sequence[Span],
    headers: tuple[str, ...],
    month_name: Callable[[date], str] = words.short_month,
) -> Chart | None:
    """Initiatives as bars over months, grouped by work group; None without any. `month_name` writes the months of the axis."""
    if not spans:
        return None
    ordered = sorted(spans, key=lambda span: (span.group, span.start, span.label))
    first = min(span.start for span in spans).replace(day=1)
    last = max(_months(first, span.end) for span in spans) + 1
    names = []
    for each in range(last):
        month, year = (first.month - 1 + each) % 12 + 1, first.year + (first.month - 1 + each) // 12
        names.append(month_name(date(year, month, 1)) + (f" {year}" if each == 0 or month == 1 else ""))
    return _chart(name, title, headers, [span.told for span in ordered], "", lambda width: _gantt(ordered, first, names, width))


def _gantt(spans: Sequence[Span], first: date, names: Sequence[str], width: int) -> alt.LayerChart:
    values: list[Row] = []
    heads: list[Row] = []
    position, group = 0, None
    for span in spans:
        if span.group != group:
            group = span.group
            heads.append({"at": position, "label": words.clip(group or "No group", 40)})
            position += 1
        values.append(
            {"at": position, "label": words.clip(span.label, 44 if width <= NARROW else 100), "from": _months(first, span.start),
             "to": _months(first, span.end) + 1}
        )  # fmt: skip
        position += 1
    step = 1 if width > NARROW or len(names) <= 4 else 3
    listed = "[" + ",".join(f"'{each}'" for each in names) + "]"
    axis = alt.Axis(orient="top", values=list(range(0, len(names), step)), labelExpr=f"{listed}[datum.value]", labelAlign="left",
                    labelOffset=3, title=None, grid=True, domain=False, ticks=False)  # fmt: skip
    scale = alt.Scale(domain=[0, len(names)], nice=False)
    y = alt.Y("at:O", axis=None, scale=alt.Scale(domain=list(range(position)), paddingInner=0.2, paddingOuter=0.1))
    bars = alt.Chart(alt.Data(values=values))
    titles = alt.Chart(alt.Data(values=heads))
    return alt.layer(
        bars.mark_bar(height=9, color=ACCENT, yOffset=8).encode(y=y, x=alt.X("from:Q", axis=axis, scale=scale), x2="to:Q"),
        bars.mark_text(align="left", color=INK, fontSize=12, dy=-7).encode(y=y, x=alt.value(0), text="label:N"),
        titles.mark_text(align="left", color=MUTED, fontSize=12, fontWeight="bold", dy=6).encode(
            y=y, x=alt.value(0), text="label:N"
        ),
    ).properties(width=width, height=position * 38)


def _months(first: date, day: date) -> int:
    return (day.year - first.year) * 12 + day.month - first.month


def _chart(
    name: str, title: str, headers: tuple[str, ...], table: Sequence[tuple[str, ...]], note: str, draw: Callable[[int], Any]
) -> Chart:
    return Chart(name, title, _svg(draw(WIDE), name + "-w", title), _svg(draw(NARROW), name + "-n", title), headers, table, note)


def _svg(chart: Any, name: str, title: str) -> Markup:
    """The chart as inline SVG: no size but its proportions, ids of its own, and a name for screen readers."""
    styled = chart.configure(
        background="transparent", font=FONT, aria=False, padding={"left": 2, "right": 6, "top": 4, "bottom": 4}
    )
    styled = styled.configure_view(stroke=None).configure_axis(
        labelColor=MUTED,
        titleColor=MUTED,
        gridColor=RULE,
        labelFontSize=11,
        titleFontSize=11,
        titleFontWeight="normal",
        titlePadding=8,
    )
    # allowed_base_urls=[]: a chart can read nothing but the rows it carries.
    drawn = vl_convert.vegalite_to_svg(styled.to_dict(), allowed_base_urls=[])
    drawn = re.sub(r'(id="|url\(#|href="#)', lambda found: f"{found.group(1)}{name}-", drawn)
    drawn = re.sub(r' (role="graphics-\w+"|aria-roledescription="[^"]*")', "", drawn)
    size = re.match(r'<svg[^>]*?width="([\d.]+)"', drawn)
    width = f' style="max-width:{float(size.group(1)):.0f}px"' if size else ""
    head = f'<svg role="img" aria-label="{escape(title)}"{width} '
    drawn = re.sub(r'(<svg[^>]*?) width="[\d.]+" height="[\d.]+"', r"\1", drawn, count=1)
    return Markup(drawn.replace("<svg ", head, 1))  # noqa: S704 - Vega escapes every label; tested with hostile ones
