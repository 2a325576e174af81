"""What a Parquet file would unpack to, told from its footer and from the header of each page before any of them is unpacked.

The footer says how large each column is; a file that lies in it is caught by its pages. Page headers are Thrift structs in the
compact protocol (Apache Parquet format, parquet.thrift: `PageHeader` has the unpacked and the packed size as fields 2 and 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq

from vitalfew.listen.files import FileFault

LARGE = 64 << 20
RATIO = 200
ROWS = 20_000_000
ROW_RATIO = 100
PAGE = 512 << 20
_HEADER, _LONG_HEADER = 1 << 16, 1 << 24
_DEEPEST = 16


def check_pages(metadata: pq.FileMetaData, path: Path) -> list[str]:
    """Raise FileFault when the file would unpack beyond measure; returns the text columns that are written with a dictionary.

    A few bytes can say a billion rows of one value, or a page of gigabytes of zeros; both are refused before memory is taken.
    """
    size = path.stat().st_size
    if metadata.num_rows > ROWS and metadata.num_rows > ROW_RATIO * size:
        raise FileFault(f"it says {metadata.num_rows} rows in {size} bytes", "export it as csv if that is right")
    coded: dict[str, None] = {}
    declared = 0
    with path.open("rb") as raw:
        for group in range(metadata.num_row_groups):
            for place in range(metadata.num_columns):
                column = metadata.row_group(group).column(place)
                if column.num_values > ROWS and column.num_values > ROW_RATIO * size:
                    what = f"column {column.path_in_schema} says {column.num_values} values in {size} bytes"
                    raise FileFault(what, "export it as csv if that is right")
                declared += column.total_uncompressed_size
                _refuse_beyond(declared, size)
                if column.physical_type == "BYTE_ARRAY" and {"RLE_DICTIONARY", "PLAIN_DICTIONARY"} & set(column.encodings):
                    coded[column.path_in_schema] = None
                starts = [column.data_page_offset]
                if column.has_dictionary_page and column.dictionary_page_offset:
                    starts.append(column.dictionary_page_offset)
                pages = 0
                for unpacked in _pages(raw, min(starts), column.total_compressed_size):
                    pages += unpacked
                    if unpacked > PAGE:
                        raise FileFault(f"one of its pages says it unpacks to {unpacked >> 20} MB", "export it again, or as csv")
                    _refuse_beyond(pages, size)
    return [name for name in coded if "." not in name]


def _refuse_beyond(unpacked: int, size: int) -> None:
    if unpacked > LARGE and unpacked > RATIO * size:
        raise FileFault(f"it unpacks to {unpacked >> 20} MB, more than {RATIO} times its size", "export it as csv if that is right")


def _pages(raw: BinaryIO, start: int, length: int) -> Iterator[int]:
    """The unpacked size of each page of a column. Ends early where a header cannot be read: the reader refuses that itself."""
    at = start
    while at < start + length:
        found = _header(raw, at)
        if found is None:
            return
        fields, taken = found
        unpacked, packed = fields.get(2), fields.get(3)
        if unpacked is None or packed is None or packed < 0 or unpacked < 0:
            return
        yield unpacked
        at += taken + packed


def _header(raw: BinaryIO, at: int) -> tuple[dict[int, int], int] | None:
    """The header of a page and its length; None when it cannot be read. Statistics may make one long."""
    for most in (_HEADER, _LONG_HEADER):
        raw.seek(at)
        try:
            return _struct(raw.read(most), 0, 0)
        except IndexError:
            continue
        except ValueError:
            return None
    return None


def _struct(data: bytes, at: int, depth: int) -> tuple[dict[int, int], int]:
    """The whole-number fields of a Thrift struct in the compact protocol, by id, and where it ends.

    Raises IndexError where the bytes end before it does, ValueError where they are none.
    """
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    fields: dict[int, int] = {}
    known = 0
    while True:
        head = data[at]
        at += 1
        if head == 0:
            return fields, at
        if head >> 4:
            known += head >> 4
        else:
            known, at = _whole(data, at)
        value, at = _value(data, at, head & 15, depth)
        if value is not None:
            fields[known] = value


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[int | None, int]:
    if kind in (1, 2):  # true, false
        return None, at
    if kind == 3:  # one byte
        return data[at], at + 1
    if kind in (4, 5, 6):  # whole numbers of 16, 32, 64 bits
        return _whole(data, at)
    if kind == 7:  # a double
        return None, at + 8
    if kind == 8:  # bytes, as statistics hold
        length, at = _varint(data, at)
        return None, at + length
    if kind in (9, 10):  # a list or set
        head = data[at]
        count, at = (_varint(data, at + 1)) if head >> 4 == 15 else (head >> 4, at + 1)
        if count > len(data):
            raise ValueError("a list longer than the bytes")
        for _ in range(count):
            _, at = (None, at + 1) if head & 15 in (1, 2) else _value(data, at, head & 15, depth + 1)
        return None, at
    if kind == 12:  # a struct
        _, at = _struct(data, at, depth + 1)
        return None, at
    raise ValueError(f"no kind {kind}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    made = shift = 0
    while True:
        byte = data[at]
        at += 1
        made |= (byte & 127) << shift
        if byte < 128:
            return made, at
        shift += 7
        if shift > 63:
            raise ValueError("a number longer than 64 bits")


def _whole(data: bytes, at: int) -> tuple[int, int]:
    """A whole number in zigzag form."""
    raw, at = _varint(data, at)
    return (raw >> 1) ^ -(raw & 1), at
