"""Charts of pages that change with every filter: plain SVG in the inks of the style sheet, drawn in well under a millisecond.

The documents of a run are drawn by Vega (documents.charts), which takes a quarter of a second a picture; a page whose figures
follow the filters cannot wait for that. Colours are the five inks that style.css maps to light, dark and print; nothing here
carries a style attribute. Every chart comes in a wide and a narrow form and stands beside its table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

INK, MUTED, RULE, ACCENT, PALE = "#1b2430", "#5b6673", "#dde2e7", "#0b5d66", "#b9cfd2"
WIDE, NARROW = 720, 330
Form = Callable[[float | None], str]


@dataclass(frozen=True)
class Mark:
    """One thing shown: its label, value and interval, the figure in words, and whether it is accented."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    told: str = ""
    strong: bool = True
    across: float | None = None


@dataclass(frozen=True)
class Drawn:
    """A chart as understand/chart.html shows it."""

    title: str
    wide: SafeString
    narrow: SafeString
    note: str = ""


def trend(title: str, marks: Sequence[Mark], form: Form, note: str = "") -> Drawn | None:
    """Values by period with their intervals; None with fewer than two that are shown."""
    if sum(mark.value is not None for mark in marks) < 2:
        return None
    return Drawn(title, _trend(title, marks, form, WIDE), _trend(title, marks, form, NARROW), note)


def bars(title: str, marks: Sequence[Mark], note: str = "") -> Drawn | None:
    """Horizontal bars with label and figure above each; `across` is a short upright line, such as a standard."""
    shown = [mark for mark in marks if mark.value is not None]
    if not shown:
        return None
    return Drawn(title, _bars(title, shown, WIDE), _bars(title, shown, NARROW), note)


def quadrant(
    title: str, marks: Sequence[Mark], axes: tuple[str, str], names: tuple[str, str, str, str], note: str = ""
) -> Drawn | None:
    """Points in four fields: `value` upwards, `across` to the right, both 0 to 1; `names` are the fields, top left first."""
    shown = [mark for mark in marks if mark.value is not None and mark.across is not None]
    if len(shown) < 2:
        return None
    return Drawn(title, _quadrant(title, shown, axes, names, WIDE), _quadrant(title, shown, axes, names, NARROW), note)


def _svg(title: str, width: int, height: float, parts: Sequence[SafeString]) -> SafeString:
    inside = format_html_join("", "{}", ((part,) for part in parts))
    return format_html('<svg role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>', title, width, round(height), inside)


def _text(x: float, y: float, text: str, ink: str = INK, size: int = 12, anchor: str = "start") -> SafeString:
    return format_html(
        '<text x="{}" y="{}" fill="{}" font-size="{}" text-anchor="{}">{}</text>', round(x, 1), round(y, 1), ink, size, anchor, text
    )


def _line(x1: float, y1: float, x2: float, y2: float, ink: str, width: float = 1.0) -> SafeString:
    ends = [round(each, 1) for each in (x1, y1, x2, y2)]
    return format_html('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="{}"/>', *ends, ink, width)


def _clip(text: str, length: int) -> str:
    return text if len(text) <= length else text[: max(1, length - 1)].rstrip() + "…"


def _ends(marks: Sequence[Mark]) -> tuple[float, float]:
    known = [each for mark in marks for each in (mark.value, mark.low, mark.high) if each is not None]
    low, high = min(known), max(known)
    room = (high - low) * 0.08 or max(abs(high) * 0.1, 0.1)
    return low - room, high + room


def _trend(title: str, marks: Sequence[Mark], form: Form, width: int) -> SafeString:
    height, left, right, top, bottom = 220, 44, 26, 18, 26
    low, high = _ends(marks)
    step = (width - left - right) / max(1, len(marks) - 1)

    def x(at: int) -> float:
        return left + at * step

    def y(value: float) -> float:
        return top + (high - value) / (high - low) * (height - top - bottom)

    parts = []
    for at in range(4):
        value = low + (high - low) * at / 3
        parts += [
            _line(left, y(value), width - right, y(value), RULE),
            _text(left - 6, y(value) + 4, form(value), MUTED, 11, "end"),
        ]
    every = max(1, -(-len(marks) * 62 // (width - left - right)))
    before: tuple[float, float] | None = None
    points: list[SafeString] = []
    for at, mark in enumerate(marks):
        if at % every == 0:
            parts.append(_text(x(at), height - 6, mark.label, MUTED, 11, "middle"))
        if mark.value is None:
            before = None
            continue
        if mark.low is not None and mark.high is not None:
            parts.append(_line(x(at), y(mark.low), x(at), y(mark.high), PALE, 6))
        here = (x(at), y(mark.value))
        if before is not None:
            points.append(_line(*before, *here, ACCENT, 2))
        points.append(format_html('<circle cx="{}" cy="{}" r="3.6" fill="{}"/>', round(here[0], 1), round(here[1], 1), ACCENT))
        if at % every == 0:
            last = at == len(marks) - 1
            points.append(
                _text(here[0] + (right if last else 7), here[1] - 8, form(mark.value), INK, 11, "end" if last else "start")
            )
        before = here
    return _svg(title, width, height, [*parts, *points])


def _bars(title: str, marks: Sequence[Mark], width: int) -> SafeString:
    narrow = width <= NARROW
    row, bar = (50, 34) if narrow else (40, 24)
    known = [each for mark in marks for each in (mark.value, mark.low, mark.high, mark.across) if each is not None]
    low, high = min(0.0, *known), max(0.0, *known)
    scale = (width - 8) / ((high - low) or 1.0)
    parts = []
    for at, mark in enumerate(marks):
        top, value = at * row, mark.value or 0.0
        parts.append(_text(0, top + 14, _clip(mark.label, 44 if narrow else 92 - len(mark.told))))
        told = (0, top + 29, mark.told, MUTED, 11) if narrow else (width, top + 14, mark.told, MUTED, 11, "end")
        parts.append(_text(*told))
        start = (min(value, 0.0) - low) * scale
        ink = ACCENT if mark.strong else PALE
        shape = '<rect x="{}" y="{}" width="{}" height="8" fill="{}"/>'
        parts.append(format_html(shape, round(start, 1), top + bar, round(max(abs(value) * scale, 1), 1), ink))
        if mark.low is not None and mark.high is not None:
            parts.append(_line((mark.low - low) * scale, top + bar + 11, (mark.high - low) * scale, top + bar + 11, INK, 1.4))
        if mark.across is not None:
            at_mark = (mark.across - low) * scale
            parts.append(_line(at_mark, top + bar - 4, at_mark, top + bar + 12, INK, 2))
    return _svg(title, width, len(marks) * row + 4, parts)


def _quadrant(title: str, marks: Sequence[Mark], axes: tuple[str, str], names: tuple[str, str, str, str], width: int) -> SafeString:
    height, left, bottom = (330 if width <= NARROW else 400), 8, 26
    across = [mark.across or 0.0 for mark in marks]
    upward = [mark.value or 0.0 for mark in marks]
    middle_x, middle_y = sum(across) / len(across), sum(upward) / len(upward)
    reach_x = max(max(abs(each - middle_x) for each in across) * 1.25, 0.01)
    reach_y = max(max(abs(each - middle_y) for each in upward) * 1.25, 0.01)
    wide, tall = width - left, height - bottom

    def x(value: float) -> float:
        return left + (value - middle_x + reach_x) / (2 * reach_x) * wide

    def y(value: float) -> float:
        return tall - (value - middle_y + reach_y) / (2 * reach_y) * tall

    parts = [_line(x(middle_x), 0, x(middle_x), tall, RULE, 1.5), _line(left, y(middle_y), width, y(middle_y), RULE, 1.5)]
    places = ((left, 14, "start"), (width, 14, "end"), (left, tall - 6, "start"), (width, tall - 6, "end"))
    parts += [_text(px, py, name, MUTED, 11, anchor) for name, (px, py, anchor) in zip(names, places, strict=True)]
    parts += [_text(width, height - 6, f"{axes[0]} →", MUTED, 11, "end"), _text(left, height - 6, f"↑ {axes[1]}", MUTED, 11)]
    taken: list[tuple[float, float]] = []
    for at, mark in enumerate(sorted(marks, key=lambda each: -(each.value or 0.0)), 1):
        px, py = x(mark.across or 0.0), y(mark.value or 0.0)
        ink = ACCENT if mark.strong else MUTED
        parts.append(format_html('<circle cx="{}" cy="{}" r="5" fill="{}"/>', round(px, 1), round(py, 1), ink))
        label = str(at) if width <= NARROW else f"{at} {_clip(mark.label, 30)}"
        end = px > width * 0.6
        room = len(label) * 6.2
        start, line = (px - 9 - room if end else px + 9), py + 4
        # A name that would stand on another is told by its number alone.
        if any(abs(line - y0) < 12 and start < x0 + 190 and x0 < start + room for x0, y0 in taken):
            label = str(at)
            start = px - 9 - 12 if end else px + 9
        taken.append((start, line))
        parts.append(_text(px - 9 if end else px + 9, line, label, INK, 11, "end" if end else "start"))
    return _svg(title, width, height, parts)
