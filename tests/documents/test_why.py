"""The walk from a claim to records, and the ten lines at the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.documents import sample

from vitalfew.documents.summary import ten_lines
from vitalfew.documents.why import walk


def test_the_walk_goes_from_an_initiative_to_customers_words_and_orders(tmp_path: Path) -> None:
    tables, _ = sample.make(tmp_path)
    lines = walk(tables, "initiative:1-promise", sample.COMPANY)
    text = "\n".join(lines)
    assert lines[0] == "Initiative: Promise dates the carrier can keep [initiative:1-promise]"
    order = ["Issue: Late delivery", "Driver: Delivery on time", "Theme: Late delivery", "O prazo não foi cumprido", "[responses:survey#r18]",
             "Promise: On time", "[orders:orders#o1]"]  # fmt: skip
    assert [text.index(each) for each in order] == sorted(text.index(each) for each in order)
    assert "12 checked promises" in text
    assert "promised for 8 March 2026, delivered on 7 March 2026" in text


def test_a_circle_of_claims_ends(tmp_path: Path) -> None:
    tables, _ = sample.make(tmp_path)
    lines = walk(tables, "theme:late-delivery")
    assert sum("[theme:late-delivery]" in line for line in lines) == 2
    assert any(line.endswith("[theme:late-delivery], shown above") for line in lines)


def test_an_unknown_claim_is_refused_with_those_that_are_close(tmp_path: Path) -> None:
    tables, _ = sample.make(tmp_path)
    with pytest.raises(LookupError, match=r"no claim is called 'issue:late-delivery'.*issue:logistics/late-delivery"):
        walk(tables, "issue:late-delivery")


def test_a_run_without_evidence_knows_no_claim(tmp_path: Path) -> None:
    tables, _ = sample.make(tmp_path, only=())
    with pytest.raises(LookupError, match="no claim is called"):
        walk(tables, "issue:x")


def test_the_ten_lines_say_what_why_worth_and_where(tmp_path: Path) -> None:
    tables, _ = sample.make(tmp_path)
    lines = ten_lines(tables, sample.COMPANY, Path("acme"))
    assert len(lines) == 10
    assert all(0 < len(line) <= 100 for line in lines)
    assert not any("…" in line for line in lines)
    assert lines[0] == "Do first: Promise dates the carrier can keep (Logistics), from July 2026"
    assert lines[2].startswith("Worth: €148,000 (€92,000 to €209,000)")
    assert lines[-2:] == [
        "Look at: acme/strategy/index.html, one-pages/*.pdf for each group",
        "Next: vitalfew why acme initiative:1-promise",
    ]


def test_an_initiative_that_costs_more_than_it_brings_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = sample.small_tables()
    for row in given["initiatives"]:
        row |= {"value": 1530.0, "low": 247.0, "high": 3030.0, "cost": 60000.0}
    monkeypatch.setattr(sample, "small_tables", lambda: given)
    lines = ten_lines(sample.make(tmp_path)[0], sample.COMPANY)
    assert "Caution: it costs more than it brings within the plan: €60,000 against at most €3,030" in lines
    assert len(lines) == 10


def test_a_ticket_log_alone_gives_cases_path_days_and_rework(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = sample.small_tables()
    step = {"next": "", "share": 1.0, "stage": "use"}
    given["journey"] = [
        {**step, "step": "(whole case)", "cases": 4580, "median_days": 39.9},
        {**step, "step": "Wait", "cases": 1236, "rework": 0.16},
        {**step, "step": "Resolve", "cases": 4569, "rework": 0.08},
        {**step, "step": "Rare", "cases": 8, "rework": 0.62},
    ]
    given["paths"] = [{"rank": 1, "path": "Assign > Resolve > Closed", "cases": 2366, "share": 0.5166, "median_days": 38.2}]
    monkeypatch.setattr(sample, "small_tables", lambda: given)
    lines = ten_lines(sample.make(tmp_path, only=("journey", "paths", "sources", "not_computed"))[0], sample.BARE, Path("log"))
    assert len(lines) == 10
    assert "Cases: 4,580; from the first step to the last a median of 39.9 days" in lines
    assert "Commonest path: Assign, Resolve, Closed, 52 %" in lines
    assert "Comes back most: Resolve, in 8 % of its 4,569 cases" in lines
    assert lines[-1] == "Next: vitalfew table log paths"


def test_deals_alone_give_the_win_rate_with_its_interval_and_n(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = sample.small_tables()
    won = {"question": "win_rate", "statistic": "rate", "period": "all"}
    given["metrics"] = [
        {
            **won,
            "metric": "metric:win-rate/rate/all/all",
            "segment": "all",
            "n": 6711,
            "value": 0.6315,
            "low": 0.6199,
            "high": 0.643,
        },
        {**won, "metric": "m2", "segment": "product=MG", "n": 1084, "value": 0.6, "low": 0.57, "high": 0.63},
    ]
    monkeypatch.setattr(sample, "small_tables", lambda: given)
    lines = ten_lines(sample.make(tmp_path, only=("metrics", "not_computed"))[0], sample.BARE, Path("crm"))
    assert len(lines) == 10
    assert "Deals won: 63 % (62 % to 64 %), n = 6,711 decided deals" in lines
    assert "Won least: where product is MG: 60 % (57 % to 63 %), n = 1,084" in lines
    assert lines[-1] == "Next: vitalfew why crm metric:win-rate/rate/all/all"


@pytest.mark.parametrize("only", [(), ("responses", "metrics"), ("issues",), ("initiatives",)])
def test_the_ten_lines_stand_on_whatever_there_is(tmp_path: Path, only: tuple[str, ...]) -> None:
    tables, _ = sample.make(tmp_path, only=only)
    lines = ten_lines(tables, sample.BARE)
    assert len(lines) == 10
    assert all(len(line) <= 100 for line in lines)
    assert not any("None" in line or "nan" in line for line in lines)
