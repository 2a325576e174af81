"""Parquet files, each with its verdict."""

from __future__ import annotations

import gzip
import io
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bad_files.cases import Case

COLUMNS: dict[str, Any] = {
    "id": ["1", "2"],
    "at": [datetime(2026, 1, 5), datetime(2026, 1, 6)],
    "amount": [10.5, 1.0],
    "note": ["x", ""],
}


def written(columns: dict[str, Any] | pa.Table | None = None, **options: Any) -> bytes:
    """A Parquet file of `COLUMNS` with some of them replaced, or of a table."""
    table = columns if isinstance(columns, pa.Table) else pa.table({**COLUMNS, **(columns or {})})
    made = io.BytesIO()
    pq.write_table(table, made, **options)
    return made.getvalue()


def case(name: str, data: bytes, *loaded: str, file: str = "shop.parquet", **more: Any) -> Case:
    return Case(name, data, loaded, file=file, **more)


def flipped(data: bytes, at: int) -> bytes:
    """The bytes with one of them changed."""
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


WHOLE = written()
CHECKED = written({"id": [f"a{n}" for n in range(2)]}, write_page_checksum=True, compression="none", use_dictionary=False)
PARQUET = [
    case("parquet", WHOLE, "1", "2", holds={"1": {"amount": 10.5, "at": datetime(2026, 1, 5)}, "2": {"status": None}}),
    case("parquet packed", gzip.compress(WHOLE), "1", "2", file="shop.parquet.gz"),
    case("parquet cut", WHOLE[:-9], fault="no sound Parquet"),
    case("parquet without its beginning", WHOLE[4:], fault="it is damaged"),
    case("parquet with words behind it", WHOLE + b"garbage", fault="no sound Parquet"),
    case("parquet of nothing", b"", fault="the file is empty"),
    case("parquet of magic alone", b"PAR1PAR1", fault="no sound Parquet"),
    case("an encrypted Parquet file", b"PARE" + bytes(40) + b"PARE", fault="encrypted Parquet"),
    case("parquet with a footer that lies about its length", WHOLE[:-8] + b"\xff\xff\xff\x7fPAR1", fault="no sound Parquet"),
    case("parquet with a spoilt footer", WHOLE[:-60] + bytes(40) + WHOLE[-20:], fault="Parquet"),
    case("parquet with a page that was changed", flipped(CHECKED, CHECKED.index(b"\x02\0\0\0a1") + 4), fault="it is damaged"),
    case("csv named parquet", b"id,at,amount,note\n1,2026-01-05,1,x\n", fault="no sound Parquet"),
    case("a workbook named parquet", b"PK\3\4" + bytes(60), fault="a workbook or another zip archive, not Parquet"),
    case("parquet named csv", WHOLE, fault="it is a Parquet file, not text; let its name end in .parquet", file="shop.csv"),
    case("parquet without rows", written(pa.table(COLUMNS).slice(0, 0))),
    case("parquet without columns", written(pa.table({})), fault="no column 'id'"),
    case("parquet that lacks a column", written(pa.table({"id": ["1"]})), fault="no column 'at'"),
    case(
        "parquet with nested columns", written({"note": [{"a": [1, 2]}, None]}), "1", "2", holds={"1": {"status": '{"a": [1, 2]}'}}
    ),
    case("parquet with lists", written({"note": [["a", "b"], []]}), "1", "2", holds={"1": {"status": '["a", "b"]'}}),
    case("parquet with a map", written({"note": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64()))}), "1", "2"),
    case(
        "parquet with decimals", written({"amount": [Decimal("1.50"), Decimal("-2.25")]}), "1", "2", holds={"2": {"amount": -2.25}}
    ),
    case("parquet with categories", written({"note": pa.array(["x", None]).dictionary_encode()}), "1", "2"),
    case("parquet with days", written({"at": [date(2026, 1, 5), None]}), "1", "2", holds={"1": {"at": datetime(2026, 1, 5)}}),
    case(
        "parquet with times of day where a date is meant",
        written({"at": [time(10, 30), None]}),
        "2",
        refused=((1, "at", "not a date"),),
    ),
    case(
        "parquet with a zone",
        written({"at": pa.array([0, 1], pa.timestamp("us", "Europe/Paris"))}),
        "1",
        "2",
        holds={"1": {"at": datetime(1970, 1, 1)}},
    ),
    case("parquet with nanoseconds", written({"at": pa.array([1, 2], pa.timestamp("ns"))}), "1", "2"),
    case(
        "parquet with times of old",
        written(use_deprecated_int96_timestamps=True),
        "1",
        "2",
        holds={"1": {"at": datetime(2026, 1, 5)}},
    ),
    case(
        "parquet with a time in the year 9999",
        written({"at": [datetime(9999, 12, 31), None]}),
        "2",
        refused=((1, "at", "no such date"),),
    ),
    case(
        "parquet with nan and infinity",
        written({"amount": [float("nan"), float("inf")]}),
        refused=((1, "amount", "not a number"), (2, "amount", "not a number")),
    ),
    case("parquet with binary text", written({"note": [b"caf\xc3\xa9", b"\xff"]}), "1", "2", holds={"1": {"status": "café"}}),
    case("parquet with a NUL", written({"note": ["a\0b", "x"]}), "2", refused=((1, "note", "NUL"),)),
    case("parquet with a huge text", written({"note": ["x" * 1_000_001, "x"]}), "2", refused=((1, "note", "more than 1000000"),)),
    case("parquet with a column twice", written(pa.table([["1"], ["2"]], names=["id", "id"])), fault="no column 'at'"),
    case("parquet with huge whole numbers", written({"id": pa.array([2**63 - 1, -(2**63)])}), str(2**63 - 1), str(-(2**63))),
    case("parquet with numbers for keys", written({"id": [1.0, 2.5]}), "1", "2.5"),
    case("parquet with nothing but nulls", written({"note": pa.nulls(2)}), "1", "2"),
    case("parquet with true and false", written({"note": [True, False]}), "1", "2", holds={"1": {"status": "true"}}),
    case("parquet by DuckDB-like compression", written(compression="zstd", data_page_version="2.0"), "1", "2"),
    case("parquet with skip", WHOLE, fault="skip and header_rows are not for parquet", settings={"skip": 1}),
]
