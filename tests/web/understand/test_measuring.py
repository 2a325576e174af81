"""Figures under filters: worked out once for a run, and withheld alike whether crowds are counted or estimated."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.web.conftest import Cast

from vitalfew.engine.reader import Reader
from vitalfew.web.people.models import Company
from vitalfew.web.shell import runkept
from vitalfew.web.shell.access import Reading
from vitalfew.web.shell.filters import Filters, facets
from vitalfew.web.understand import crowds, figures, journeys, measuring, preparing

FACTS = (figures.COMMENTS, figures.CHECKS, journeys.STEPS, journeys.MOVES)


def northlight() -> Reading:
    return Reading(Company.objects.get(slug="northlight"))


def withheld(reading: Reading, filters: Filters, by: str) -> dict[tuple[str, str, str], object]:
    """Every withheld figure and why."""
    answers = figures.answers(reading)
    assert answers is not None
    found = {}
    for facts in (*FACTS, answers[0]):
        for row in measuring._measured(reading, facts, measuring._Asked(filters, by)).rows:
            found[(facts.name, row.cell, row.piece)] = row.withheld
    return found


@pytest.mark.parametrize(
    ("filters", "by"),
    [
        (Filters(period="2026-Q1"), ""),
        (Filters(group="Logistics"), "quarter"),
        (Filters(segment="country=Germany", period="2025"), ""),
        (Filters(channel="phone"), "cut:sector"),
    ],
)
def test_the_same_is_withheld_whether_crowds_are_counted_or_estimated(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, filters: Filters, by: str
) -> None:
    monkeypatch.setattr(measuring, "_CROWD", 10**9)
    counted = withheld(northlight(), filters, by)
    monkeypatch.setattr(measuring, "_CROWD", 40)
    assert withheld(northlight(), filters, by) == counted
    monkeypatch.setattr(crowds, "MANY", 0)
    monkeypatch.setattr(crowds, "PART", 2)
    monkeypatch.setattr(crowds, "SAMPLED", "f.unit % 2 = 0")
    monkeypatch.setattr(crowds, "_CROWD_OF_SAMPLE", 30)
    assert withheld(northlight(), filters, by) == counted, "a sample is asked first"
    assert len(set(counted.values())) > 1, "some are withheld and some are not, or this shows nothing"


def test_facts_hold_the_records_of_the_run_once(cast: Cast) -> None:
    reading = northlight()
    table = measuring.placed(reading, figures.CHECKS)
    kept = reading.reader.select(f"SELECT count(*) AS n, count(DISTINCT unit) AS people FROM {{{table}}}", (table,))[0]
    sql = """SELECT count(*) AS n, count(DISTINCT coalesce(person, account, source || '#' || "key")) AS people
      FROM {promise_checks} WHERE kept IS NOT NULL"""
    assert kept == reading.reader.select(sql, ("promise_checks",))[0]
    assert kept["n"] > 100
    told = facets(reading).segments
    assert told, "the run has segments"


@pytest.mark.parametrize("many", [True, False])
def test_what_is_worked_out_is_read_by_the_next_process_and_goes_with_its_run(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    if many:
        monkeypatch.setattr(crowds, "MANY", 1)
    run = Company.objects.get(slug="northlight").folder
    for name in ("company.toml", "exports"):
        source = Path(run) / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    shutil.copytree(Path(run) / ".vitalfew", tmp_path / ".vitalfew", symlinks=True, ignore=shutil.ignore_patterns("facts", "*.db*"))
    company = Company.objects.create(slug="copy", name="Copy", folder=str(tmp_path))
    gone = tmp_path / ".vitalfew" / runkept.KEPT / "0123456789abcdef0123"
    gone.mkdir(parents=True)
    preparing.prepare(company)
    assert not gone.exists()
    reading = Reading(company)
    assert reading.run is not None
    files = sorted((tmp_path / ".vitalfew" / runkept.KEPT / reading.run.id).iterdir())
    told = facets(reading)
    usual = preparing.usual(told)
    assert {name for each in usual for name in ("period", "channel", "group", "segment") if getattr(each, name)} == {
        "period",
        "channel",
        "group",
        "segment",
    }
    kinds = {"facts_": 5, "known_": 5, "figures_": 6 + (5 * len(usual) if many else 0), "facets_": 1}
    assert {kind: sum(each.name.startswith(kind) for each in files) for kind in kinds} == kinds
    before = [(each.name, each.stat().st_mtime_ns) for each in files]
    again = Reading(company)
    again.__dict__["reader"] = Reader(again.run.paths() if again.run else {})
    measuring.placed(again, figures.COMMENTS)
    assert [(each.name, each.stat().st_mtime_ns) for each in files] == before


def test_where_nothing_can_be_written_the_page_still_has_its_facts(cast: Cast, tmp_path: Path) -> None:
    reading = northlight()
    assert reading.run is not None
    reader = Reader(reading.run.paths())
    in_the_way = tmp_path / "facts"
    in_the_way.write_text("a file where a folder should be")
    reader.keep("facts_themes", in_the_way / "run" / "x.parquet", "SELECT theme FROM {themes}", ("themes",))
    assert reader.select("SELECT count(*) AS n FROM {facts_themes}", ("facts_themes",)) == [{"n": reader.count("themes")}]


def test_what_everybody_asks_is_the_same_from_the_file_as_from_the_facts(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = (Filters(), Filters(period=facets(northlight()).periods[0]), Filters(channel=facets(northlight()).channels[0]))
    first = [measuring.measure(northlight(), figures.CHECKS, each) for each in asked]
    monkeypatch.setattr(measuring, "_MEASURED", runkept.PerRun(10))
    monkeypatch.setattr(measuring, "_measured", lambda *_: pytest.fail("it is read from the file"))
    assert [measuring.measure(northlight(), figures.CHECKS, each) for each in asked] == first
    assert all(each.rows for each in first[:2])
    assert first[0] != first[1]


def test_filters_made_up_in_addresses_leave_no_files(cast: Cast) -> None:
    kept = Path(Company.objects.get(slug="northlight").folder) / ".vitalfew" / runkept.KEPT
    measuring.measure(northlight(), figures.CHECKS, Filters())
    before = {each.name for each in kept.rglob("*")}
    for made_up in (Filters(period="1901-Q1"), Filters(channel="no such channel"), Filters(period="2026-Q1", channel="phone")):
        measuring.measure(northlight(), figures.CHECKS, made_up)
    assert {each.name for each in kept.rglob("*")} == before
