"""Nothing is lost silently: whatever a file holds, each record read is loaded or stands in the quarantine."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from exports import ORDERS, company, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vitalfew.engine import DuckEngine
from vitalfew.faults import Refused

CELLS = st.one_of(
    st.sampled_from(
        ["", "1", "2", "3", "x", "2026-01-05", "2026-02-30", "1,5", "1.5", "nan", '"', '"a', 'b"', "a\nb", "é", "\0", ";", "=1+1"]
    ),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=6),
)
ROWS = st.lists(st.lists(CELLS, min_size=4, max_size=4) | st.lists(CELLS, min_size=3, max_size=5), max_size=8)


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, quoted=st.booleans(), ending=st.sampled_from(["\n", "\r\n", "\r"]), wide=st.booleans())
def test_read_is_loaded_plus_quarantined(
    shared_engine: DuckEngine, rows: list[list[str]], quoted: bool, ending: str, wide: bool
) -> None:
    made = io.StringIO(newline="")
    if quoted:
        csv.writer(made, lineterminator=ending).writerows(rows)
    else:
        made.write(ending.join(",".join(row) for row in rows))
    survey = {"name": "s", "table": "responses", "path": "shop.csv", "columns": {"response": "id", "at": "at"}}
    survey["questions"] = {"q": {"column": "amount", "kind": "nps"}, "why": {"column": "note", "kind": "text"}}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "shop.csv").write_bytes(("id,at,amount,note" + ending + made.getvalue()).encode("utf-8"))
        try:
            found = read(shared_engine, Path(folder), company(survey if wide else ORDERS))
        except Refused:
            return
    told = found.sources[0]
    assert told["rows_read"] == told["rows_loaded"] + told["rows_quarantined"]
    if not wide:
        assert told["rows_loaded"] == len(found.records)
        assert told["rows_quarantined"] == len({row["line"] for row in found.quarantine})
        assert len({row["key"] for row in found.records}) == len(found.records)
    assert all(row["reason"] and row["line"] >= 2 for row in found.quarantine)
    if quoted and all(len(row) == 4 for row in rows):
        # Well-formed CSV: the csv module must find as many records.
        assert told["rows_read"] == sum(any(row) for row in rows)
