"""What the pages of Focus say, and that they say it fast and alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.web.conftest import SURVEY, Cast

from vitalfew.engine.reader import Reader
from vitalfew.runs import Workspace

PAGES = ("", "issues/", "issues/logistics/no-tracking/", "choice/", "roadmap/", "groups/", "groups/logistics/", "raci/", "risks/",
         "ledger/", "effects/", "documents/")  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_no_style_or_script_stands_within_a_page(cast: Cast, address: str) -> None:
    text = cast.client("owner").get(f"/c/northlight/{address}").content.decode()
    assert not re.search(r"<[^>]+\sstyle=|<style|<[^>]+\son\w+=|<script(?![^>]* src=)", text)


@pytest.mark.parametrize("address", PAGES)
def test_the_number_of_queries_is_small(cast: Cast, address: str) -> None:
    client = cast.client("owner")
    client.get(f"/c/northlight/{address}")
    with CaptureQueriesContext(connection) as asked:
        client.get(f"/c/northlight/{address}")
    assert len(asked) <= 12, [each["sql"] for each in asked]


@pytest.mark.parametrize("address", PAGES)
def test_before_the_first_run_a_page_teaches_what_to_do(cast: Cast, address: str, tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "company.toml").write_text(SURVEY.split("[[group]]")[0], encoding="utf-8")
    (folder / "survey.csv").write_text("id,email,at,Q1,Q2\n1,a@b.example,2026-01-10,9,fine\n", encoding="utf-8")
    cast.company.folder = str(folder)
    cast.company.save()
    if address.count("/") > 1:
        assert cast.client("owner").get(f"/c/northlight/{address}").status_code == 404
        return
    answer = cast.client("owner").get(f"/c/northlight/{address}")
    assert answer.status_code == 200
    assert 'class="empty"' in answer.content.decode()


def test_the_choice_shows_every_candidate_with_reason_and_the_proven_bound(cast: Cast) -> None:
    run = Workspace(Path(cast.company.folder)).need_current()
    rows = Reader(run.paths()).rows("initiatives")
    text = cast.client("executive").get("/c/northlight/choice/").content.decode()
    assert all(row["name"] in text for row in rows)
    for said in ("RICE", "WSJF", "proven best"):
        assert said in text


def test_money_used_is_set_against_the_budget_and_not_against_what_quarters_hand_on(cast: Cast) -> None:
    text = cast.client("owner").get("/c/northlight/choice/").content.decode()
    found = re.search(r"Money</th>\s*<td[^>]*>([^<]*)</td>\s*<td[^>]*>([^<]*)</td>", text)
    assert found is not None
    assert found[2] == "€72,000"
