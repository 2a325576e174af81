"""The same records come out of every format, and files of several, globs and workbooks behave."""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from exports import ORDERS, Read, company, read

from vitalfew.engine import DuckEngine
from vitalfew.faults import Refused

EXPECTED = {"1": (datetime(2026, 1, 5, 10, 30), 10.5, "fine"), "2": (datetime(2026, 1, 6), 1234.0, None)}


def orders(found: Read) -> dict[str, tuple[Any, ...]]:
    return {row["key"]: (row["at"], row["amount"], row["status"]) for row in found.records}


def jsonl(path: Path) -> None:
    rows = [{"id": 1, "at": "2026-01-05T10:30:00", "amount": 10.5, "note": "fine"}, {"id": 2, "at": "2026-01-06", "amount": 1234}]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")


def parquet(path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int32()),
            "at": pa.array([datetime(2026, 1, 5, 10, 30), datetime(2026, 1, 6)], pa.timestamp("ns")),
            "amount": pa.array([10.5, 1234.0], pa.float64()),
            "note": pa.array(["fine", ""]).dictionary_encode(),
        }
    )
    pq.write_table(table, path)


def xlsx(path: Path, cells: str | None = None) -> None:
    """A workbook written by hand: the smallest set of parts a spreadsheet program reads."""
    plain = 't="inlineStr"><is><t>'
    header = "".join(
        f'<c r="{letter}1" {plain}{name}</t></is></c>' for letter, name in zip("ABCD", ("id", "at", "amount", "note"), strict=True)
    )
    rows = cells or (
        f'<row r="2"><c r="A2"><v>1</v></c><c r="B2" s="1"><v>46027.4375</v></c><c r="C2"><v>10.5</v></c><c r="D2" {plain}fine</t></is></c></row>'
        f'<row r="4"><c r="A4"><v>2</v></c><c r="B4" s="1"><v>46028</v></c><c r="C4"><v>1234</v></c></row>'
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Orders" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData><row r="1">{header}</row>{rows}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + content)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("kind", ["jsonl", "parquet", "xlsx"])
def test_every_format_gives_the_same_records(tmp_path: Path, shared_engine: DuckEngine, kind: str, packed: bool) -> None:
    path = tmp_path / f"shop.{kind}"
    {"jsonl": jsonl, "parquet": parquet, "xlsx": xlsx}[kind](path)
    if packed:
        (tmp_path / f"shop.{kind}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / f"shop.{kind}.gz"
    found = read(shared_engine, tmp_path, company({**ORDERS, "path": path.name}))
    assert orders(found) == EXPECTED
    assert [row["_line"] for row in found.records] == ([2, 4] if kind == "xlsx" else [1, 2])


def test_the_lines_of_jsonl_are_judged_one_by_one(tmp_path: Path, shared_engine: DuckEngine) -> None:
    lines = [
        '{"id": "a", "at": "2026-01-05", "amount": 1e400, "note": "x"}',
        '{"id": "b", "at": null, "amount": NaN, "note": "x"}',
        '{"id": "c", "note": {"deep": [1, 2]}, "amount": 0.10}',
        '{"id": "d", "id": "e"}',
        "[1, 2]",
        '{"id": "f"',
        "",
        '{"id": "g", "note": "\\u0000"}',
        '{"id": "h", "note": "\\ud83d\\ude00", "amount": true}',
        '{"id": "i", "note": "\\ud83d"}',
        '{"id": "j", "at": "2026-01-05"}',
    ]
    (tmp_path / "shop.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = read(shared_engine, tmp_path, company({**ORDERS, "path": "shop.jsonl"}))
    assert found.by_key("status") == {"c": '{"deep": [1, 2]}', "j": None}
    assert found.by_key("amount")["c"] == 0.1
    assert [line for line, _, _ in found.refused] == [1, 2, 4, 5, 6, 8, 9, 10]
    assert found.sources[0]["rows_read"] == 10


def test_files_of_a_glob_are_read_in_order_and_a_key_counts_over_all_of_them(tmp_path: Path, shared_engine: DuckEngine) -> None:
    for name, rows in (("b", "2,2026-01-05,1,x\n1,2026-01-05,1,late\n"), ("a", "1,2026-01-05,1,x\n")):
        (tmp_path / f"{name}.csv").write_text("id,at,amount,note\n" + rows, encoding="utf-8")
    (tmp_path / "c.csv").write_bytes("note;id;at;amount\nä;3;2026-01-05;1\n".encode("cp1252"))
    found = read(shared_engine, tmp_path, company({**ORDERS, "path": "*.csv"}))
    assert found.by_key("_path") == {"1": "a.csv", "2": "b.csv", "3": "c.csv"}
    assert [(row["path"], row["line"], row["reason"]) for row in found.quarantine] == [
        ("b.csv", 3, "key repeated with other content; first at line 2 of a.csv; give each record its own key")
    ]
    assert found.sources[0]["path"] == "a.csv; b.csv; c.csv"
    assert found.sources[0]["encoding"] == "utf-8 (detected), cp1252 (detected)"


def test_records_without_an_id_are_named_by_file_and_line(tmp_path: Path, shared_engine: DuckEngine) -> None:
    for name, day in (("a", 5), ("b", 6)):
        (tmp_path / f"{name}.csv").write_text(f"at\n2026-01-0{day}\n", encoding="utf-8")
    source = {"name": "log", "table": "interactions", "path": ["a.csv", "b.csv"], "columns": {"at": "at"}}
    found = read(shared_engine, tmp_path, company(source))
    assert [row["key"] for row in found.records] == ["1-2", "2-2"]


def test_a_column_that_one_file_lacks_is_a_fault_when_it_is_mapped(tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / "a.csv").write_text("id,at,amount,note\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("id,at,note\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"1 of its files have no column 'amount': b\.csv"):
        read(shared_engine, tmp_path, company({**ORDERS, "path": "*.csv"}))


def test_a_sheet_that_is_not_there_is_a_fault(tmp_path: Path, shared_engine: DuckEngine) -> None:
    xlsx(tmp_path / "shop.xlsx")
    settings = {**ORDERS, "path": "shop.xlsx"}
    assert read(shared_engine, tmp_path, company({**settings, "sheet": "Orders"})).sources[0]["rows_loaded"] == 2
    with pytest.raises(Refused, match="there is no sheet 'Other'; name one of Orders"):
        read(shared_engine, tmp_path, company({**settings, "sheet": "Other"}))


def test_a_workbook_that_unpacks_beyond_measure_is_refused(tmp_path: Path, shared_engine: DuckEngine) -> None:
    with zipfile.ZipFile(tmp_path / "shop.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"a" * (80 << 20))
    with pytest.raises(Refused, match="it unpacks to 80 MB"):
        read(shared_engine, tmp_path, company({**ORDERS, "path": "shop.xlsx"}))


def test_a_file_cut_at_any_byte_is_refused_or_declared_short(tmp_path: Path, shared_engine: DuckEngine) -> None:
    whole = gzip.compress(("id,at,amount,note\n" + "".join(f"{i},2026-01-05,1,x\n" for i in range(50))).encode())
    for cut in range(0, len(whole), 7):
        (tmp_path / "shop.csv.gz").write_bytes(whole[:cut])
        with pytest.raises(Refused):
            read(shared_engine, tmp_path, company({**ORDERS, "path": "shop.csv.gz"}))
