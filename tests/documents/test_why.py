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
    assert 8 <= len(lines) <= 10
    assert all(0 < len(line) <= 100 for line in lines)
    assert lines[0] == "Do first: Promise dates the carrier can keep (Logistics), from July 2026"
    assert lines[2].startswith("Worth: €148,000 (€92,000 to €209,000)")
    assert lines[-1] == "Read: acme/strategy/index.html; walk it: vitalfew why acme initiative:1-promise"


@pytest.mark.parametrize("only", [(), ("responses", "metrics"), ("issues",), ("initiatives",)])
def test_the_ten_lines_stand_on_whatever_there_is(tmp_path: Path, only: tuple[str, ...]) -> None:
    tables, _ = sample.make(tmp_path, only=only)
    lines = ten_lines(tables, sample.BARE)
    assert lines
    assert not any("None" in line or "nan" in line for line in lines)
