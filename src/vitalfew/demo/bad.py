"""Records that must be refused, as exports have them: impossible dates, numbers that are none, answers off the scale, ragged lines.

Each is made from a copy of a good record, under a key of its own, so that nothing true depends on it.
"""

from __future__ import annotations

from vitalfew.demo.files import Row, Spoiler

IMPOSSIBLE = ("2025-02-30 10:15:00", "2025-13-07 09:00:00", "0000-00-00 00:00:00", "2025-11-31 16:40:00")


def _with(position: int, *values: object) -> Spoiler:
    """One value replaced, the given ones in turn, under another key."""

    def spoil(row: Row, number: int) -> Row:
        row[0] = f"X{number:04d}"
        row[position] = values[number % len(values)]
        return row

    return spoil


def _short(row: Row, number: int) -> Row:
    return [f"X{number:04d}", *_one_line(row[1:-2])]


def _long(row: Row, number: int) -> Row:
    return [f"X{number:04d}", *_one_line(row[1:]), "", "moved", "?"]


def _one_line(row: Row) -> Row:
    """Cells without line breaks: a ragged record that runs over several lines would be refused once for each."""
    return [cell.replace("\n", " ") if isinstance(cell, str) else cell for cell in row]


def _off_scale(position: int, values: tuple[int, ...], width: int, dated: int) -> Spoiler:
    """An anonymous response whose only answer is off the scale."""

    def spoil(row: Row, number: int) -> Row:
        made: Row = [""] * width
        made[0], made[dated], made[position] = f"X{number:04d}", row[dated], values[number % len(values)]
        return made

    return spoil


def _broken_json(row: Row, number: int) -> Row:
    return [f'{{"user_id": "X{number:04d}", "full_name": "{row[1]}", "email": "{row[2]}"']


ACCOUNTS: dict[str, Spoiler] = {
    "impossible date": _with(7, *IMPOSSIBLE),
    "ragged line": _short,
    "not a number": _with(6, "many", "12-50", "#REF!"),
    "too many fields": _long,
}
CONTACTS: dict[str, Spoiler] = {
    "impossible date": _with(8, "31.02.2024", "00.00.0000", "15.13.2023"),
    "ragged line": _short,
    "too many fields": _long,
}
USERS: dict[str, Spoiler] = {"broken line": _broken_json, "impossible date": _with(5, "2025-02-30", "2024-00-12", "2023-11-31")}
TICKETS: dict[str, Spoiler] = {
    "impossible date": _with(1, *IMPOSSIBLE),
    "ragged line": _short,
    "not a number": _with(12, "n/k", "ten", "##"),
    "too many fields": _long,
}
ORDERS: dict[str, Spoiler] = {
    "impossible date": _with(1, *IMPOSSIBLE),
    "ragged line": _short,
    "not a number": _with(6, "1.2.3", "free", "#VALUE!"),
    "too many fields": _long,
}
SURVEY_OLD: dict[str, Spoiler] = {
    "off the scale": _off_scale(5, (17, 12, -1), 17, 1),
    "impossible date": _with(1, *IMPOSSIBLE),
    "ragged line": _short,
    "rating off the scale": _off_scale(8, (9, 7), 17, 1),
}
SURVEY_NEW: dict[str, Spoiler] = {
    "off the scale": _off_scale(4, (14, 55), 16, 1),
    "impossible date": _with(1, "31/02/2026 10:00", "15/13/2026 09:30", "00/06/2026 11:00"),
    "rating off the scale": _off_scale(7, (8, 0), 16, 1),
}
WEB: dict[str, Spoiler] = {"impossible date": _with(2, "2026-02-30T10:00:00Z", "2025-13-01T08:00:00Z", "yesterday")}
EMPLOYEES: dict[str, Spoiler] = {"not a number": _with(5, "forty", "tbd"), "ragged line": _short}
COMPETITORS: dict[str, Spoiler] = {"not a number": _with(3, "good", "n/a?"), "ragged line": _short}
