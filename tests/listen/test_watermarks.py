"""How far a source was read: kinds, order, and where the next read begins."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from vitalfew.listen.watermarks import Watermark, WatermarkKind, kind_of, since, sortable


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["-5", "0", "9", "10", "1000000000000"], "number"),
        (["2025-12-31", "2026-01-01 00:00:00+02", "2026-01-01T00:00:00Z", "2026-01-01 00:00:00.5"], "time"),
        (["A-1", "A-2", "B"], "text"),
    ],
)
def test_watermarks_sort_as_what_they_stand_for(texts: list[str], kind: WatermarkKind) -> None:
    if kind == "time":
        assert sortable(texts[1], kind) == "2025-12-31T22:00:00.000000+00:00"
        assert sortable("17", kind) is None
    marks = [sortable(text, kind) or "" for text in texts]
    assert marks == sorted(marks)
    assert len(set(marks)) == len(marks)
    assert {kind_of(text) for text in texts} == {kind}


def test_a_fraction_is_no_watermark() -> None:
    with pytest.raises(ValueError, match="fraction"):
        kind_of("17.5")


@pytest.mark.parametrize(
    ("shown", "type_", "overlap", "expected"),
    [
        ("2026-06-10 12:00:00.250+00", "aware", 1, datetime(2026, 6, 9, 12, 0, 0, 250000, UTC)),
        ("2026-06-10 12:00:00", "naive", 0.5, datetime(2026, 6, 10)),
        ("2026-06-10", "date", 2, date(2026, 6, 8)),
        ("2026-06-10", "text", 2, "2026-06-08"),
        ("2026-06-10T12:00:00Z", "text", 1, "2026-06-09T12:00:00Z"),
        ("2026-06-10 12:00:00.123", "text", 1, "2026-06-09 12:00:00.123"),
        ("2026-06-10T12:00:00.000+02:00", "text", 1, "2026-06-09T12:00:00.000+02:00"),
        ("1700", "int", 100, 1600),
        ("1700", "text", 100, "1600"),
        ("A-17", "text", 0, "A-17"),
    ],
)
def test_the_next_read_begins_in_the_sources_own_type(shown: str, type_: str, overlap: float, expected: object) -> None:
    kind = kind_of(shown)
    assert since(Watermark(kind, sortable(shown, kind) or "", shown, type_), overlap) == expected


def test_a_text_cannot_be_overlapped() -> None:
    with pytest.raises(ValueError, match="overlap"):
        since(Watermark("text", "A", "A", "text"), 1)
