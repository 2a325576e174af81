"""Files that would fill the memory or never end: small on disk, huge once unpacked, or nested without end."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bad_files.parquet_files import written
from bad_files.workbooks import HEADER, MAIN, SHEET, line, number, word, workbook

STRINGS = "xl/sharedStrings.xml"
LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(12)) + "]>"


def packed(data: bytes) -> bytes:
    return gzip.compress(data, 1)


def _lying(data: bytes, part: str, says: int) -> bytes:
    """A workbook that says in its directory and in front of the part that it unpacks to `says` bytes."""
    made = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = archive.getinfo(part)
    struct.pack_into("<L", made, entry.header_offset + 22, says)
    at = made.rindex(b"PK\1\2", 0, made.rindex(part.encode()))
    struct.pack_into("<L", made, at + 24, says)
    return bytes(made)


def _flat_parquet(rows: int, value: str = "") -> bytes:
    """Many rows of one value: a dictionary of one and a run."""
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array([value]))
    made = io.BytesIO()
    pq.write_table(pa.table({"id": column}), made, row_group_size=rows, compression="zstd")
    return made.getvalue()


def _declared_pages() -> bytes:
    """A page whose header says that it unpacks to two gigabytes."""
    data = written(pa.table({"id": np.zeros(1_000)}), compression="zstd", use_dictionary=False, write_statistics=False)
    # The first page stands behind the magic; its header begins with its type, then has the unpacked size as field 2, in zigzag form.
    assert data[4:7] == b"\x15\x00\x15"
    end = 7
    while data[end] & 0x80:
        end += 1
    return data[:7] + _varint(2 * (2**31 - 1)) + data[end + 1 :]


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    made.append(value)
    return bytes(made)


def _shared(strings: str | bytes) -> bytes:
    return workbook(parts={STRINGS: strings})


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gzip of zeros": ("a.csv.gz", lambda: packed(bytes(80 << 20))),
    "gzip of delimiters on one line": ("a.csv.gz", lambda: packed(b"id,at,amount,note\n" + b"," * (60 << 20))),
    "gzip of a header without end": ("a.csv.gz", lambda: packed(b"id,at,amount,note" + b",a" * (30 << 20))),
    "gzip of gzip of zeros": ("a.csv.gz", lambda: packed(packed(bytes(80 << 20)))),
    "gzip of jsonl nested without end": ("a.jsonl.gz", lambda: packed(b'{"id":' + b"[" * (60 << 20))),
    "jsonl nested without end": ("a.jsonl", lambda: b'{"id":' + b'{"a":' * 700_000 + b"\n"),
    "jsonl of many names": ("a.jsonl", (json.dumps({f"k{n}": 0 for n in range(300_000)}) + "\n").encode),
    "gzip of a list of a hundred million": ("a.jsonl.gz", lambda: packed(b'{"id":[' + b"0," * (40 << 20) + b"0]}\n")),
    "a list of two million": ("a.jsonl", lambda: b'{"id":[' + b"0," * 1_900_000 + b"0]}\n"),
    "workbook of zeros": ("a.xlsx", lambda: _shared(bytes(40 << 20))),
    "workbook of empty shared strings": (
        "a.xlsx",
        lambda: _shared(f'<sst xmlns="{MAIN}">' + "<si><t/></si>" * 1_500_000 + "</sst>"),
    ),
    "workbook that lies about its sizes": ("a.xlsx", lambda: _lying(_shared(bytes(40 << 20)), STRINGS, 1000)),
    "workbook with entities that laugh": (
        "a.xlsx",
        lambda: workbook(parts={SHEET: LAUGHS + f"<worksheet xmlns='{MAIN}'>&a12;</worksheet>"}),
    ),
    "shared strings that laugh": ("a.xlsx", lambda: _shared(LAUGHS + f"<sst xmlns='{MAIN}'><si><t>&a12;</t></si></sst>")),
    "workbook of two cells far apart": ("a.xlsx", lambda: workbook(HEADER + line(1_000_000, word("AAA1000000", "x")))),
    "workbook whose rows lie about their place": (
        "a.xlsx",
        lambda: workbook(HEADER + f'<row r="2">{number("XFD1048576", 1)}</row>'),
    ),
    "workbook of a row without end": (
        "a.xlsx",
        lambda: workbook(HEADER + '<row r="2">' + "".join(number(f"A{n}", 1) for n in range(400_000))),
    ),
    "workbook nested without end": ("a.xlsx", lambda: workbook(HEADER + '<row r="2">' + "<c>" * 3_000_000)),
    "parquet of a billion rows": ("a.parquet", lambda: _flat_parquet(30_000_000)),
    "parquet of one huge word": ("a.parquet", lambda: _flat_parquet(2_000_000, "x" * 900_000)),
    "parquet of words": ("a.parquet", lambda: _flat_parquet(1_000_000, "x" * 5_000)),
    "parquet of zeros": (
        "a.parquet",
        lambda: written(pa.table({"id": np.zeros(10_000_000)}), compression="zstd", use_dictionary=False, data_page_size=1 << 28),
    ),
    "parquet of one page of zeros": (
        "a.parquet",
        lambda: written(pa.table({"id": [b"\1" * (80 << 20)]}), compression="zstd", use_dictionary=False),
    ),
    "parquet that says a page is huge": ("a.parquet", _declared_pages),
}
