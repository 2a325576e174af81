"""The PDF documents: one A4 a group whatever is written, and the whole strategy."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.documents import sample

from vitalfew.documents import stage

A4 = (595.28, 841.89)


@pytest.mark.parametrize("group", ["logistics", "billing", "it"])
def test_a_groups_sheet_is_one_a4_page(written: Path, group: str) -> None:
    reader = PdfReader(written / "one-pages" / f"{group}.pdf")
    assert len(reader.pages) == 1
    assert (float(reader.pages[0].mediabox.width), float(reader.pages[0].mediabox.height)) == pytest.approx(A4, abs=0.5)
    assert group.lower() in reader.pages[0].extract_text().lower()


def test_the_longest_content_still_fits_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = sample.small_tables()
    endless = "unbreakable" * 40 + " " + sample.LONG * 5
    given["one_pages"] = [
        {"group": "Logistics", "position": i, "section": section, "label": endless, "text": endless, "claim": ""}
        for i, section in enumerate(
            (
                "whom we serve",
                "expectation",
                "issue",
                "vital few",
                "whys",
                "indicators",
                "benefit",
                "help",
                "stop",
                "told",
                "sponsor",
            )
            * 8
        )
    ]
    given["actions"] = [
        {**row, "action": f"a{i}", "position": i, "what": endless, "owner": endless, "indicator": endless}
        for i, row in enumerate(given["actions"] * 2)
    ]
    given["issues"] = [
        {**row, "name": endless, "driver": endless, "note": endless} for row in given["issues"] if row["group"] == "Logistics"
    ]
    monkeypatch.setattr(sample, "small_tables", lambda: given)
    tables, context = sample.make(tmp_path / "tables", only=("one_pages", "actions", "issues"))
    company = sample.COMPANY.model_copy(update={"group": sample.COMPANY.group[:1]})
    stage.write(tables, company, context, tmp_path / "out")
    reader = PdfReader(tmp_path / "out" / "one-pages" / "logistics.pdf")
    assert len(reader.pages) == 1
    assert "more on the group" in " ".join(reader.pages[0].extract_text().split())


def test_the_strategy_holds_the_plan_each_group_the_choice_and_the_ledger(written: Path) -> None:
    reader = PdfReader(written / "strategy.pdf")
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u00a0", " ").split())
    for told in ("Do first: Promise dates the carrier can keep", "The roadmap", "Logistics", "Billing", "The choice", "The ledger",
                 "How to read this", "€148,000 (€92,000 to €209,000)", sample.SCRIPT):  # fmt: skip
        assert told in text, told
    assert 5 <= len(reader.pages) <= 20
    assert reader.metadata is not None
    assert "20260630" in str(reader.metadata.get("/CreationDate"))
