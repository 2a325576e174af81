"""A file that is delivered twice, under whichever name, has one effect."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.listen.exports import ORDERS, company, read

from vitalfew.engine import DuckEngine


def test_a_file_delivered_again_under_another_name_is_read_once(tmp_path: Path, shared_engine: DuckEngine) -> None:
    """Also where records have no key that would tell: doubled, each would count twice."""
    text = "at,note\n2026-01-05,x\n2026-01-05,x\n"
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text(text if name != "c.csv" else text + "2026-01-06,y\n", encoding="utf-8")
    source = {"name": "log", "table": "interactions", "path": "*.csv", "columns": {"at": "at", "text": "note"}}
    found = read(shared_engine, tmp_path, company(source))
    assert [(row["_path"], row["_line"]) for row in found.records] == [
        ("a.csv", 2),
        ("a.csv", 3),
        ("c.csv", 2),
        ("c.csv", 3),
        ("c.csv", 4),
    ]
    assert [(row["value"], row["remark"]) for row in found.remarks] == [("b.csv", "its content is that of a.csv; it was read once")]
    assert found.sources[0]["path"] == "a.csv; c.csv"
    assert (found.sources[0]["rows_read"], found.sources[0]["rows_loaded"]) == (5, 5)


def test_the_same_records_packed_or_cut_otherwise_are_repeated_by_key(tmp_path: Path, shared_engine: DuckEngine) -> None:
    """Other bytes are another file; its records are then known by their keys."""
    text = "id,at,amount,note\n1,2026-01-05,1,x\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "c.csv").write_text(text + "2,2026-01-05,1,x\n", encoding="utf-8")
    found = read(shared_engine, tmp_path, company({**ORDERS, "path": ["*.csv", "*.gz"]}))
    assert set(found.by_key("amount")) == {"1", "2"}
    assert [(row["path"], row["reason"]) for row in found.quarantine] == [
        ("b.csv.gz", "repeated: same record as line 2 of a.csv"),
        ("c.csv", "repeated: same record as line 2 of a.csv"),
    ]
