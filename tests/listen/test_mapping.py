"""Mapping by column, expression and constant: what `Mapped` promises to identity and timeline."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from exports import ORDERS, company, read

from vitalfew.engine import DuckEngine
from vitalfew.faults import Refused
from vitalfew.listen.checks import faults_of, inputs
from vitalfew.vocabulary import IDENTITY_COLUMNS, TABLES, readable

FILE = "id,who,mail,when,day,price,state\n1,u1,ann@example.org,2026-07-01 12:00,2026-07-01T23:30:00Z,2.50,RJ\n2,,,,,,\n"


def test_columns_expressions_and_constants_fill_the_vocabulary(tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / "shop.csv").write_text(FILE, encoding="utf-8")
    source = {
        "name": "shop",
        "table": "orders",
        "path": "shop.csv",
        "columns": {
            "order": "id",
            "person": {"column": "who", "of": "crm"},
            "email": "mail",
            "at": "when",
            "amount": {"sql": "CAST(price AS DOUBLE) * 2"},
            "cost": {"value": 1.5},
            "channel": {"value": "web"},
            "status": {"sql": "case when state = 'RJ' then 'near' else 'far' end"},
        },
        "segments": {"state": "state"},
    }
    found = read(shared_engine, tmp_path, company(source, company={"time_zone": "Europe/Paris"}))
    first, second = found.records
    assert (first["key"], first["source"], first["person"], first["_person_of"], first["_email"]) == (
        "1",
        "shop",
        "u1",
        "crm",
        "ann@example.org",
    )
    assert first["at"] == datetime(2026, 7, 1, 10, 0)
    assert (first["amount"], first["cost"], first["channel"], first["status"], first["seg:state"]) == (
        5.0,
        1.5,
        "web",
        "near",
        "RJ",
    )
    assert (second["amount"], second["status"], second["person"], second["_email"]) == (None, "far", None, None)
    assert (first["_line"], first["_path"]) == (2, "shop.csv")


def test_dates_are_taken_as_written(tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / "shop.csv").write_text(FILE, encoding="utf-8")
    source = {"name": "deals", "table": "contracts", "path": "shop.csv", "columns": {"contract": "id", "start_at": "day"}}
    found = read(shared_engine, tmp_path, company(source, company={"time_zone": "Europe/Paris"}))
    assert found.by_key("start_at") == {"1": date(2026, 7, 1), "2": None}


@pytest.mark.parametrize("table", [name for name in readable() if name != "responses"])
def test_every_table_has_every_column_promised(table: str, tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / "x.csv").write_text("id,n\n1,a\n", encoding="utf-8")
    source = {"name": "x", "table": table, "path": "x.csv", "columns": {"key": "id", "name": "n"}}
    record = read(shared_engine, tmp_path, company(source)).records[0]
    promised = [
        *TABLES[table].names,
        *(f"_{name}" for name in IDENTITY_COLUMNS),
        "_person_of",
        "_account_of",
        "_order_of",
        "_line",
        "_path",
    ]
    assert sorted(record) == sorted({*promised, "source", "key"})
    assert (record["key"], record["_name"], record["_person_of"]) == ("1", "a", "")


def test_an_expression_that_fails_on_a_record_refuses_that_record(tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / "shop.csv").write_text("id,a,b\n1,4,2\n2,x,2\n3,,2\n4,4,0\n", encoding="utf-8")
    columns = {
        "order": "id",
        "amount": {"sql": "CAST(a AS INTEGER) / CAST(b AS INTEGER)"},
        "cost": {"sql": "CAST(a AS INTEGER) + 1"},
        "status": {"sql": "case when CAST(a AS INTEGER) > 3 then 'big' end"},
    }
    found = read(shared_engine, tmp_path, company({**ORDERS, "columns": columns}))
    assert found.by_key("cost") == {"1": 5.0, "3": None}
    assert found.by_key("status") == {"1": "big", "3": None}
    assert {(row["line"], row["column"], row["value"]) for row in found.quarantine} == {
        (3, "amount", "a=x, b=2"),
        (3, "cost", "a=x"),
        (3, "status", "a=x"),
        (5, "amount", "inf"),
    }


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text("id,at,amount,note\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    sources = [
        {**ORDERS, "columns": {"order": "idd", "at": {"column": "at", "format": "%Q"}, "amount": {"sql": "amount * 2"}}},
        {**ORDERS, "name": "b", "columns": {"amount": {"sql": "sum(amount)"}, "status": {"sql": "noted || 'x'"}}},
        {**ORDERS, "name": "c", "path": "nowhere.csv"},
        {**ORDERS, "name": "d", "path": "empty.csv"},
        {"name": "e", "table": "responses", "path": "shop.csv", "columns": {"response": "id"}},
        {
            "name": "f",
            "table": "responses",
            "path": "shop.csv",
            "questions": {"q": {"column": "Q1", "kind": "codes", "codebook": "no.csv"}},
        },
    ]
    asked: list[tuple[str | int, ...]] = []

    def lines(place: tuple[str | int, ...]) -> int:
        asked.append(place)
        return 100 + len(asked)

    faults = faults_of(company(*sources), tmp_path, lines)
    told = " | ".join(str(fault) for fault in faults)
    for part in (
        "the file has no column 'idd'; did you mean 'id'?",
        "there is no date format '%Q'",
        "the expression cannot be computed",
        "an aggregate or window is not allowed",
        "the file has no column 'noted'; did you mean 'note'?",
        "there is no file nowhere.csv",
        "empty.csv:1: the file is empty",
        "source 'e' has no questions",
        "there is no codebook no.csv",
        "the file has no column 'Q1'",
    ):
        assert part in told
    assert ("source", 0, "columns", "order") in asked
    assert ("source", 2, "path") in asked
    assert ("source", 5, "questions", "q", "codebook") in asked


def test_a_run_tells_the_same_faults_as_a_check(tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / "shop.csv").write_text("id,at,amount,note\n", encoding="utf-8")
    settings = company({**ORDERS, "columns": {"order": "idd"}}, {**ORDERS, "name": "b", "path": "gone.csv"})
    with pytest.raises(Refused) as refused:
        read(shared_engine, tmp_path, settings)
    assert refused.value.faults == faults_of(settings, tmp_path, lambda _: 1)


def test_the_content_key_names_every_file_and_changes_with_any(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("id\n", encoding="utf-8")
    (tmp_path / "codes.csv").write_text("code,label\n", encoding="utf-8")
    questions = {"q": {"column": "id", "kind": "codes", "codebook": "codes.csv"}}
    settings = company({"name": "s", "table": "responses", "path": ["*.csv", "gone.csv"], "questions": questions})
    before = inputs(settings, tmp_path)
    assert [name for name, _ in before] == ["a.csv", "b.csv", "codes.csv"]
    (tmp_path / "b.csv").write_text("id\n1\n", encoding="utf-8")
    after = inputs(settings, tmp_path)
    assert [left == right for left, right in zip(before, after, strict=True)] == [True, False, True]


def test_the_worked_example_of_the_page_comes_out(tmp_path: Path, shared_engine: DuckEngine) -> None:
    page = (Path(__file__).parents[2] / "docs" / "algorithms" / "reading.md").read_text(encoding="utf-8")
    lines = [
        line[4:] for line in page.partition("## Worked example")[2].partition("## ")[0].splitlines() if line.startswith("    ")
    ]
    (tmp_path / "shop.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = read(shared_engine, tmp_path, company(ORDERS))
    told = found.sources[0]
    assert (told["rows_read"], told["rows_loaded"], told["rows_quarantined"]) == (7, 2, 5)
    assert found.by_key("amount") == {"1": 1234.5, "6": 30.0}
    reasons = {(line, column): reason for line, column, reason in found.refused}
    assert list(reasons) == [(3, "at"), (4, "amount"), (5, "id"), (6, ""), (7, "")]
    assert reasons[(5, "id")] == "repeated: same record as line 2"
    assert "2 cells where the header has 4" in reasons[(6, "")]
    assert "a quote is not closed" in reasons[(7, "")]
