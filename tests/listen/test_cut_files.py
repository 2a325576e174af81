"""A file cut at any byte is refused or declared short; where nothing in the file can tell, its control does."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exports import ORDERS, company, read

from bad_files.parquet_files import written
from bad_files.workbooks import GOOD, HEADER, OTHER, workbook
from vitalfew.engine import DuckEngine
from vitalfew.faults import Refused
from vitalfew.listen.files import File, FileFault
from vitalfew.listen.sources import open_file
from vitalfew.settings import Company, Source

CSV = "id,at,amount,note\n" + "".join(f'{n},2026-01-0{n},{n}.5,"naïve, {n}"\n' for n in range(1, 6))
JSONL = "".join(f'{{"id": {n}, "at": "2026-01-05", "note": "naïve {n}"}}\n' for n in range(1, 6))
FILES: dict[str, bytes] = {
    "shop.csv": CSV.encode(),
    "bare.csv": b"id,amount\n1,1234\n2,5678\n",
    "crlf.csv": CSV.replace("\n", "\r\n").encode(),
    "wide.csv": CSV.encode("utf-16"),
    "shop.jsonl": JSONL.encode(),
    "shop.csv.gz": gzip.compress(CSV.encode()),
    "shop.jsonl.gz": gzip.compress(JSONL.encode()),
    "shop.parquet": written(),
    "shop.parquet.gz": gzip.compress(written()),
    "shop.xlsx": workbook(HEADER + GOOD + OTHER),
    "shop.xlsx.gz": gzip.compress(workbook(HEADER + GOOD + OTHER)),
}
ENDS = {"shop.csv": b"\n", "bare.csv": b"\n", "crlf.csv": b"\r\n", "wide.csv": "\n".encode("utf-16-le"), "shop.jsonl": b"\n"}
"""How lines end in files that have nothing behind their last record."""


def told(path: Path) -> str:
    """How reading the file says that something is wrong; '' when it does not."""
    source = Source(name="x", table="orders", path=[path.name], columns={})
    refused: list[Any] = []
    try:
        reader = open_file(File(path, path.name), source, path.parent)
        for _ in reader.batches(lambda *each: refused.append(each)):
            pass
    except FileFault as fault:
        return fault.what
    remarks = [remark for _, remark in reader.header.remarks if "line end" in remark]
    return str(refused[0][3]) if refused else "".join(remarks)


def cuts(name: str) -> Iterator[int]:
    """Every place a file can be cut; not the ends of lines where nothing in the file can tell."""
    data, end = FILES[name], ENDS.get(name)
    for cut in range(len(data)):
        if name == "crlf.csv" and cut == data.index(b"\r") + 1:
            continue  # the header, ended by CR: a whole file without records, as far as it can tell
        if end is None or not (data[:cut].endswith(end) and (len(end) == 1 or cut % 2 == 0 or end == b"\r\n")):
            yield cut


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_at_any_byte_is_refused_or_declared_short(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    assert told(path) == ""
    for cut in cuts(name):
        path.write_bytes(FILES[name][:cut])
        assert told(path), f"{name} cut at {cut} of {len(FILES[name])} bytes is not told"


def controlled(**control: Any) -> Company:
    return company({**ORDERS, "control": control})


@pytest.mark.parametrize(
    "control", [{"rows": 5}, {"least": 5}, {"column": "amount", "total": 17.5}], ids=["rows", "least", "total"]
)
def test_a_file_cut_between_two_lines_is_refused_by_its_control(
    tmp_path: Path, shared_engine: DuckEngine, control: dict[str, Any]
) -> None:
    path, lines = tmp_path / "shop.csv", CSV.splitlines(keepends=True)
    path.write_text(CSV, encoding="utf-8")
    assert read(shared_engine, tmp_path, controlled(**control)).sources[0]["rows_read"] == 5
    for kept in range(1, len(lines)):
        path.write_text("".join(lines[:kept]), encoding="utf-8")
        with pytest.raises(Refused, match=r"shop\.csv:1: .* where control says"):
            read(shared_engine, tmp_path, controlled(**control))


def test_more_records_than_control_says_are_refused_and_refused_records_count(tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / "shop.csv").write_text(CSV + "6,never,1,x\n", encoding="utf-8")
    with pytest.raises(Refused, match="6 records were read where control says 5"):
        read(shared_engine, tmp_path, controlled(rows=5))
    assert read(shared_engine, tmp_path, controlled(rows=6)).sources[0]["rows_quarantined"] == 1


def test_a_control_of_a_column_that_is_not_there_is_a_fault(tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / "shop.csv").write_text(CSV, encoding="utf-8")
    with pytest.raises(Refused, match="the file has no column 'amuont'; did you mean 'amount'"):
        read(shared_engine, tmp_path, controlled(column="amuont", total=1))


@pytest.mark.parametrize("control", [{}, {"total": 1}, {"column": "amount"}, {"rows": -1}])
def test_a_control_that_controls_nothing_is_a_fault(control: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="control"):
        controlled(**control)
