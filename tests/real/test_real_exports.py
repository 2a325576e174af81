"""The whole chain on real exports nobody here wrote, against facts counted independently of this program."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from vitalfew import pipeline, runs
from vitalfew.company import load

pytestmark = pytest.mark.real

MAPPINGS = Path(__file__).parent / "mappings"
FOLDERS = {
    "olist": "olist_sample",
    "airline": "airline_passenger_satisfaction",
    "helpdesk": "italian_helpdesk_log",
    "opportunities": "maven_crm_opportunities",
}

Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def strategies(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], runs.Run]:
    """Run a mapping once and hand out its run."""
    done: dict[str, runs.Run] = {}

    def of(name: str) -> runs.Run:
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            shutil.copy(MAPPINGS / name / "company.toml", folder / "company.toml")
            (folder / "exports").symlink_to((shared_data / FOLDERS[name]).resolve())
            done[name] = pipeline.run(load(folder), folder)
        return done[name]

    return of


def _rows(run: runs.Run, table: str, **where: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(run.paths()[table]).to_pylist()
    return [row for row in rows if all(row[column] == value for column, value in where.items())]


def _one(run: runs.Run, table: str, **where: Any) -> dict[str, Any]:
    rows = _rows(run, table, **where)
    assert len(rows) == 1, (table, where, len(rows))
    return rows[0]


@pytest.mark.parametrize("name", list(FOLDERS))
def test_every_record_is_loaded_or_quarantined_with_a_reason(strategies: Callable[[str], runs.Run], name: str) -> None:
    run = strategies(name)
    sources = _rows(run, "sources")
    assert sources
    for source in sources:
        assert source["rows_read"] == source["rows_loaded"] + source["rows_quarantined"] > 0
    assert all(row["reason"] for row in _rows(run, "quarantine"))
    assert (run.folder / "strategy" / "index.html").stat().st_size > 2000
    assert (run.folder / "strategy" / "strategy.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", list(FOLDERS))
def test_what_could_not_be_computed_is_said_with_the_data_that_would_allow_it(
    strategies: Callable[[str], runs.Run], name: str
) -> None:
    gaps = _rows(strategies(name), "not_computed")
    assert gaps
    assert all(gap["figure"] and gap["reason"] and gap["data"] for gap in gaps)


def test_olist_late_deliveries_and_their_cost_in_score(strategies: Callable[[str], runs.Run]) -> None:
    run = strategies("olist")
    promise = _one(run, "promises", promise="promise:on-time", segment="all")
    assert promise["n"] == 5164
    assert 1 - promise["kept"] == pytest.approx(414 / 5164, abs=1e-9)
    assert promise["score_kept"] == pytest.approx(4.280, abs=0.0006)
    assert promise["score_broken"] == pytest.approx(2.498, abs=0.0006)
    assert (promise["n_kept"], promise["n_broken"]) == (4814, 418)
    assert promise["gap_low"] < promise["score_gap"] < promise["gap_high"]
    late = {row["segment"]: 1 - row["kept"] for row in _rows(run, "promises", promise="promise:on-time") if row["segment"] != "all"}
    for state, share in {"BA": 0.149, "RJ": 0.129, "SC": 0.110}.items():
        assert late[f"state={state}"] == pytest.approx(share, abs=0.0006)


def test_olist_people_and_traps(strategies: Callable[[str], runs.Run]) -> None:
    run = strategies("olist")
    assert len(_rows(run, "people")) == 8016
    remarks = _rows(run, "remarks")
    assert any(row["n"] == 59 and "before" in row["remark"] for row in remarks), remarks
    assert any(row["n"] == 775 for row in remarks), remarks


def test_olist_late_delivery_is_a_top_issue_in_the_customers_own_words(strategies: Callable[[str], runs.Run]) -> None:
    run = strategies("olist")
    top = _rows(run, "issues", group="Logistics", top=True)
    late = next(issue for issue in top if issue["name"] == "Late delivery")
    assert late["n_comments"] >= 50
    assert late["points_low"] > 0
    quotes = [row["quote"].casefold() for row in _rows(run, "mentions", theme=late["theme"])]
    said = sum(any(word in quote for word in ("atras", "prazo", "entreg", "receb", "cheg", "demor")) for quote in quotes)
    assert said / len(quotes) > 0.6
    claims = {row["claim"] for row in _rows(run, "evidence")}
    assert late["issue"] in claims


def test_airline_satisfaction_and_drivers_with_zeros_as_not_applicable(strategies: Callable[[str], runs.Run]) -> None:
    run = strategies("airline")
    satisfied = _one(run, "metrics", question="satisfied", statistic="rate", segment="all", period="all")
    assert satisfied["n"] == 129_880
    assert satisfied["value"] == pytest.approx(0.43446, abs=5e-6)
    for cut, share in {"class=Business": 0.694, "class=Economy": 0.188}.items():
        assert _one(run, "metrics", question="satisfied", statistic="rate", segment=cut, period="all")["value"] == pytest.approx(
            share, abs=6e-4
        )
    drivers = {row["driver"]: row for row in _rows(run, "drivers", outcome="satisfied", segment="all")}
    facts = {
        "Online Boarding": 0.565,
        "In-flight Entertainment": 0.398,
        "In-flight Wifi Service": 0.390,
        "Seat Comfort": 0.349,
        "On-board Service": 0.322,
    }
    for driver, correlation in facts.items():
        assert drivers[driver]["correlation"] == pytest.approx(correlation, abs=0.006), driver
    assert sum(row["share"] for row in drivers.values()) == pytest.approx(1)
    delay = _one(run, "metrics", question="arrival_delay", statistic="mean", segment="all", period="all")
    assert delay["n"] == 129_880 - 393


def test_helpdesk_cases_and_the_commonest_path(strategies: Callable[[str], runs.Run]) -> None:
    run = strategies("helpdesk")
    assert _one(run, "sources", source="log")["rows_loaded"] == 21_348
    paths = _rows(run, "paths")
    assert paths[0]["path"] == "Assign seriousness > Take in charge ticket > Resolve ticket > Closed"
    assert paths[0]["cases"] == 2366
    assert len(_rows(run, "accounts")) == 397


def test_opportunities_win_rate_and_traps(strategies: Callable[[str], runs.Run]) -> None:
    run = strategies("opportunities")
    won = _one(run, "metrics", question="win_rate", statistic="rate", segment="all", period="all")
    assert won["n"] == 6711
    assert won["value"] == pytest.approx(4238 / 6711)
    assert won["low"] < won["value"] < won["high"]
    remarks = _rows(run, "remarks")
    said = " | ".join(f"{row['value']} {row['n']} {row['remark']}" for row in remarks)
    assert "technolgy" in said
    assert "GTXPro" in said
    assert any(row["n"] == 1425 for row in remarks), said
