"""What was read: sources, refused records and links, with personal values only for those who may read them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from tests.web.conftest import Cast

from vitalfew.engine.reader import Reader
from vitalfew.web.listen.masked import shape


def exported(cast: Cast, role: str, name: str, query: str = "") -> list[dict[str, str]]:
    answer = cast.client(role).get(reverse(f"listen:{name}", args=["northlight"]) + f"?format=csv{query}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]


@given(st.text())
def test_a_shape_keeps_no_letter_and_no_digit(text: str) -> None:
    made = shape(text)
    assert len(made) == len(text)
    assert all(each in "Aa0" for each in made if each.isalnum())


def test_sources_add_up(cast: Cast) -> None:
    rows = exported(cast, "analyst", "sources")
    assert len(rows) == 10
    assert all(int(row["rows_read"]) == int(row["rows_loaded"]) + int(row["rows_quarantined"]) for row in rows)
    told = cast.client("analyst").get(reverse("listen:sources", args=["northlight"])).content.decode()
    assert "helpdesk" in told


def test_a_remark_says_how_many_records_it_is_about(cast: Cast) -> None:
    told = cast.client("owner").get(reverse("listen:sources", args=["northlight"])).content.decode()
    # The one says its number itself, the other does not.
    assert re.search(r"responses without any answer; they count nowhere <span class=.note.>\(\d+ records\)", told)
    assert re.search(r"interactions name no person: they count in totals, not for any person</li>", told)


def test_an_example_in_a_remark_is_for_those_who_may_read_customers(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    remark = "day and month cannot be told apart; read as day/month; state format to be sure"
    row = {"source": "helpdesk", "column": "opened", "value": "05/06/26 by Jo", "n": 1, "remark": remark}
    rows = Reader.rows
    monkeypatch.setattr(
        Reader, "rows", lambda reader, table, *more, **named: [row] if table == "remarks" else rows(reader, table, *more, **named)
    )
    where = reverse("listen:sources", args=["northlight"])
    assert "05/06/26 by Jo" in cast.client("owner").get(where).content.decode()
    masked = cast.client("analyst").get(where).content.decode()
    assert "05/06/26" not in masked
    assert "00/00/00 aa Aa" in masked


@pytest.mark.parametrize("name", ["quarantine", "links"])
def test_personal_values_are_for_those_who_may_read_customers(cast: Cast, name: str) -> None:
    named, masked = exported(cast, "owner", name), exported(cast, "analyst", name)
    assert len(named) == len(masked) > 200
    values = {row["value"] for row in named if sum(each.isalpha() for each in row["value"]) > 3}
    assert values
    assert not values & {row["value"] for row in masked}
    assert not any("@" in row["left"] + row["right"] for row in masked if name == "links")
    page = cast.client("analyst").get(reverse(f"listen:{name}", args=["northlight"])).content.decode()
    assert "Letters and digits of values are replaced" in page
    assert not any(f"<code>{value}" in page for value in values)


def test_refused_records_are_narrowed_and_paged(cast: Cast) -> None:
    rows = exported(cast, "owner", "quarantine", "&source=helpdesk")
    assert {row["source"] for row in rows} == {"helpdesk"}
    client, where = cast.client("owner"), reverse("listen:quarantine", args=["northlight"])
    assert client.get(where + "?page=2").content != client.get(where).content
    assert client.get(where + "?source=<script>&reason=%00&page=x").status_code == 200


def test_what_could_not_be_computed_is_told(cast: Cast) -> None:
    told = cast.client("executive").get(reverse("listen:not_computed", args=["northlight"])).content.decode()
    assert "the work group that causes an issue" in told
