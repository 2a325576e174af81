"""Rules of [[mend]]: what was refused is read, every change is told, and nothing is changed that no rule names."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from exports import ORDERS, Read, company

from vitalfew.company import load
from vitalfew.engine import Context, DuckEngine
from vitalfew.faults import Refused
from vitalfew.listen import reading, stage

ROWS = "id,at,amount,note\n1,2026-01-05,10,x\n2,2026-02-30,20,y\n3,2026-01-07,EUR 30,\n4,2026-01-08,n/k,test\n5,2026-01-09,n/k,z\n"


def read(engine: DuckEngine, folder: Path, *rules: dict[str, Any]) -> tuple[Read, list[dict[str, Any]]]:
    """The shop read with these rules, and the table `mended`."""
    from datetime import date

    (folder / "shop.csv").write_text(ROWS, encoding="utf-8")
    working = folder / "working"
    working.mkdir(exist_ok=True)
    context = Context(engine, date(2026, 6, 30), 7, working, folder)
    settings = company(ORDERS, mend=[{"source": "shop", "reason": "agreed with sales", **rule} for rule in rules])
    mapped, tables, remarks = reading.read(settings, context)
    records = sorted(engine.collect(mapped[0].records).to_pylist(), key=lambda row: row["_line"])
    found = Read(records, tables["sources"].to_pylist(), tables["quarantine"].to_pylist(), remarks)
    told = found.sources[0]
    assert told["rows_read"] == told["rows_loaded"] + told["rows_quarantined"] == 5
    return found, tables["mended"].to_pylist()


def test_without_rules_nothing_is_mended(tmp_path: Path, shared_engine: DuckEngine) -> None:
    found, changes = read(shared_engine, tmp_path)
    assert [line for line, _, _ in found.refused] == [3, 4, 5, 6]
    assert changes == []


def test_a_value_a_pattern_and_a_blank(tmp_path: Path, shared_engine: DuckEngine) -> None:
    found, changes = read(
        shared_engine,
        tmp_path,
        {"column": "at", "value": "2026-02-30", "to": "2026-02-28"},
        {"column": "amount", "pattern": r"EUR (\d+)", "to": r"\1"},
        {"column": "amount", "value": "n/k", "blank": True},
    )
    assert found.quarantine == []
    assert found.by_key("amount") == {"1": 10.0, "2": 20.0, "3": 30.0, "4": None, "5": None}
    assert found.by_key("at")["2"] == datetime(2026, 2, 28)
    assert [(row["line"], row["column"], row["value"], row["to"], row["rule"]) for row in changes] == [
        (3, "at", "2026-02-30", "2026-02-28", 1),
        (4, "amount", "EUR 30", "30", 2),
        (5, "amount", "n/k", "", 3),
        (6, "amount", "n/k", "", 3),
    ]
    assert {(row["source"], row["path"], row["reason"]) for row in changes} == {("shop", "shop.csv", "agreed with sales")}


def test_a_record_left_out_stands_in_the_quarantine(tmp_path: Path, shared_engine: DuckEngine) -> None:
    found, changes = read(shared_engine, tmp_path, {"column": "note", "value": "test", "leave_out": True})
    assert "4" not in found.by_key("at")
    assert (5, "note", "left out by rule 1 of [[mend]]: agreed with sales; take the rule away to read it") in found.refused
    assert [(row["line"], row["value"], row["to"]) for row in changes] == [(5, "test", "")]


def test_what_was_left_empty_can_be_filled_and_a_rule_sees_what_the_one_before_left(
    tmp_path: Path, shared_engine: DuckEngine
) -> None:
    found, changes = read(
        shared_engine, tmp_path, {"column": "note", "value": "", "to": "none"}, {"column": "note", "value": "none", "to": "nothing"}
    )
    assert [(row["status"]) for row in found.records] == ["x"]
    assert [(row["value"], row["to"], row["rule"]) for row in changes] == [("", "none", 1), ("none", "nothing", 2)]


def test_a_rule_that_meets_nothing_is_remarked(tmp_path: Path, shared_engine: DuckEngine) -> None:
    found, changes = read(shared_engine, tmp_path, {"column": "note", "value": "gone", "blank": True})
    assert changes == []
    assert any("rule 1 of [[mend]] met no value" in remark["remark"] for remark in found.remarks)


FAULTS = [
    ('source = "shpo"\ncolumn = "note"\nvalue = "x"\nblank = true', "there is no source 'shpo'; did you mean 'shop'"),
    ('source = "shop"\ncolumn = "notes"\nvalue = "x"\nblank = true', "has no column 'notes'; did you mean 'note'"),
    ('source = "shop"\ncolumn = "note"\npattern = "("\nblank = true', "the pattern cannot be used"),
    ('source = "shop"\ncolumn = "note"\nblank = true', "exactly one of value and pattern"),
    ('source = "shop"\ncolumn = "note"\nvalue = "x"\nblank = true\nto = "y"', "exactly one of to, blank"),
]


@pytest.mark.parametrize(("rule", "told"), FAULTS)
def test_a_rule_that_cannot_be_used_is_a_fault(tmp_path: Path, rule: str, told: str) -> None:
    (tmp_path / "shop.csv").write_text(ROWS, encoding="utf-8")
    columns = "\n".join(f'{name} = "{column}"' for name, column in ORDERS["columns"].items())
    source = f'[[source]]\nname = "shop"\ntable = "orders"\npath = "shop.csv"\n[source.columns]\n{columns}\n'
    text = f'[company]\nname = "Test"\n{source}[[mend]]\n{rule}\nreason = "because"\n'
    (tmp_path / "company.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        load(tmp_path, stage.faults_of)
    assert told in str(refused.value)
