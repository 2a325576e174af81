"""Records of jsonl and parquet files, as text, with line or row numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vitalfew.listen.encodings import ERRORS, UNREADABLE, decode
from vitalfew.listen.files import File, FileFault, named_otherwise, size, text_stream, unpacked
from vitalfew.listen.parquet_pages import check_pages
from vitalfew.listen.readers import CELL, LINE, OPEN_END, Header, Refuse, batch_rows, first_line, header_of, short, table_of

LONGEST_LINE = 4_000_000
NAMES = 5_000
DEEPEST = 100
PART = 16 << 20
TEXT = 256 << 20
TEXT_RATIO = 500
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKETS = re.compile(r"[{}\[\]]")


class JsonLines:
    """One JSON object a line. Objects and lists are kept as JSON text, members of objects as dotted columns; numbers as written."""

    def __init__(self, file: File, encoding: str | None) -> None:
        self._file = file
        decoded = decode(file, encoding)
        if decoded.empty:
            raise FileFault("the file is empty", "export it again; it needs one JSON object a line")
        self._codec, self.encoding = decoded.encoding, decoded.said
        names: dict[str, None] = {}
        for _, _, record in self._records():
            if isinstance(record, dict):
                names.update(dict.fromkeys(record))
            if len(names) > NAMES:
                raise FileFault(f"its objects have more than {NAMES} different names", "write names that are keys as values")
        if not names:
            array = decoded.sample.lstrip("\ufeff \t\r\n").startswith("[")
            what = "it is one JSON array, not one object a line" if array else "no line holds a JSON object"
            raise FileFault(what, 'write one object a line, e.g. {"id": 1}' + ("; jq -c '.[]' does it" if array else ""))
        self._keys = list(names)
        self.header: Header = header_of(self._keys).remarked(OPEN_END.format(decoded.open_end) if decoded.open_end else "")

    def batches(self, refuse: Refuse) -> Iterator[pa.Table]:
        """The objects as text."""
        full = batch_rows(len(self._keys))
        lines: list[int] = []
        rows: list[list[str | None]] = []
        for text, number, record in self._records():
            if isinstance(record, str):
                refuse(number, "", short(text.rstrip("\r\n").replace(UNREADABLE, "\ufffd")), record)
                continue
            lines.append(number)
            rows.append([as_text(record.get(key)) for key in self._keys])
            if len(rows) == full:
                yield self._table(lines, rows)
                lines, rows = [], []
        if rows:
            yield self._table(lines, rows)

    def _table(self, lines: list[int], rows: list[list[str | None]]) -> pa.Table:
        return table_of(self.header, lines, dict(enumerate(zip(*rows, strict=True))))

    def _records(self) -> Iterator[tuple[str, int, dict[str, Any] | str]]:
        with text_stream(self._file, self._codec, ERRORS) as stream:
            for number, line in enumerate(iter(partial(stream.readline, LONGEST_LINE), ""), 1):
                if len(line) >= LONGEST_LINE:
                    raise FileFault(f"line {number} is longer than {LONGEST_LINE} characters", "write one object a line", number)
                if line.strip("\ufeff \t\r\n"):
                    yield line, number, _object(line)


def _object(line: str) -> dict[str, Any] | str:
    """The object of one line, or why it is refused."""
    if UNREADABLE in line or "\0" in line or "\\u0000" in line:
        return "it holds bytes that cannot be read; correct them, or state the file's encoding"
    if _depth(line) > DEEPEST:
        return f"it is nested more than {DEEPEST} levels deep; write it flat"
    try:
        made = parsed(line.lstrip("\ufeff"))
        if not isinstance(made, dict):
            return 'it is JSON but no object; write {"name": value, ...}'
        if nested(made):
            made = spread(made, json.loads(line.lstrip("\ufeff")))
    except (ValueError, RecursionError) as error:
        return f"it is no JSON object: {str(error)[:100]}; correct it"
    return unsound(made) or made


def _depth(line: str) -> int:
    """How deep the brackets outside of texts open."""
    if line.count("{") + line.count("[") <= DEEPEST:
        return 0
    deepest = depth = 0
    for bracket in _BRACKETS.findall(_TEXTS.sub("", line)):
        depth += 1 if bracket in "{[" else -1
        deepest = max(deepest, depth)
    return deepest


def parsed(text: str) -> Any:
    """JSON with numbers as they are written. Raises ValueError for what is none, and for a name that stands twice in one object."""
    return json.loads(text, object_pairs_hook=_unique, parse_float=str, parse_int=str, parse_constant=_no_constant)


def nested(record: Mapping[str, Any]) -> bool:
    """Whether a record has values that are objects or lists."""
    return any(isinstance(value, dict | list) for value in record.values())


def unsound(record: Mapping[str, Any]) -> str:
    """Why a record cannot be kept, '' when it can."""
    if any(isinstance(value, str) and (len(value) > CELL or _lone_surrogate(value)) for value in record.values()):
        return f"a value is longer than {CELL} characters or holds half a character; correct it"
    return ""


def spread(record: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    """A record with the members of its objects as columns of their own, called by dotted names, five levels deep.

    Objects and lists stay as JSON text, too: under their own name. `record` has its numbers as they are written, `plain` as
    numbers. A column that is called by a dotted name of its own goes before one made here.

    >>> spread({"a": {"b": "1", "c": ["2"]}}, {"a": {"b": 1, "c": [2]}})
    {'a': '{"b": 1, "c": [2]}', 'a.b': '1', 'a.c': '[2]'}
    """
    made: dict[str, Any] = {}
    for name, value in record.items():
        _lay(made, name, value, plain[name], 5)
    own = {name: value for name, value in record.items() if "." in name and not isinstance(value, dict | list)}
    return made | own


def _lay(made: dict[str, Any], name: str, value: Any, plain: Any, depth: int) -> None:
    if not isinstance(value, dict | list):
        made[name] = value
        return
    made[name] = json.dumps(plain, ensure_ascii=False)
    if isinstance(value, dict) and depth:
        for inner, each in value.items():
            _lay(made, f"{name}.{inner}", each, plain[inner], depth - 1)


def _lone_surrogate(value: str) -> bool:
    return not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def as_text(value: Any) -> str | None:
    """A value of a spread record as text."""
    if value is None or isinstance(value, str):
        return value
    return "true" if value else "false"


class ParquetFile:
    """A Parquet file. `_line` is the number of the row."""

    encoding = "parquet"

    def __init__(self, file: File, folder: Path) -> None:
        self._path = unpacked(file, folder)
        with self._path.open("rb") as raw:
            head = raw.read(256)
        if not head:
            raise FileFault("the file is empty", "export it again")
        if not head.startswith(b"PAR1"):
            named_otherwise(head, "Parquet")
        try:
            with self._opened() as opened:
                names = opened.schema_arrow.names
                self._coded = check_pages(opened.metadata, self._path)
        except (pa.ArrowException, OSError) as error:
            raise FileFault(f"it is no sound Parquet file: {first_line(error)}", "export it again") from None
        self.header: Header = header_of(names)

    def _opened(self, coded: list[str] | None = None) -> pq.ParquetFile:
        return pq.ParquetFile(self._path, read_dictionary=coded, page_checksum_verification=True, schema_depth_limit=DEEPEST)

    def batches(self, refuse: Refuse) -> Iterator[pa.Table]:
        """The rows as text. A damaged row group is a FileFault: what follows it cannot be found."""
        begun = 0
        unpacked_text = 0
        with self._opened(self._coded) as opened:
            try:
                for batch in opened.iter_batches(batch_size=batch_rows(opened.metadata.num_columns)):
                    for part, text in _measured(batch):
                        unpacked_text += text
                        if unpacked_text > TEXT and unpacked_text > TEXT_RATIO * size(self._path):
                            raise FileFault(f"its words are more than {TEXT_RATIO} times its size", "export it as csv", begun + 1)
                        yield self._table(part, begun, refuse)
                        begun += part.num_rows
            except (pa.ArrowException, OSError) as error:
                raise FileFault(f"it is damaged: {first_line(error)}", "export it again", begun + 1) from None

    def _table(self, batch: pa.RecordBatch, begun: int, refuse: Refuse) -> pa.Table:
        lines = pa.array(range(begun + 1, begun + 1 + batch.num_rows), pa.int64())
        arrays = [_as_text(batch.column(position)) for position in self.header.positions]
        table = pa.table([lines, *arrays], names=[LINE, *self.header.columns])
        wrong: dict[int, str] = {}
        for name, text in zip(self.header.columns, arrays, strict=True):
            long = pc.greater(pc.binary_length(text), CELL)
            unsound = pc.or_(long, pc.match_substring(text, "\0"))
            for place in pc.indices_nonzero(pc.fill_null(unsound, False)).to_pylist():
                wrong.setdefault(place, name)
        for place, name in sorted(wrong.items()):
            value = table.column(name)[place].as_py()
            refuse(begun + place + 1, name, short(value), f"it holds a NUL character, or more than {CELL} bytes; correct it")
        if not wrong:
            return table
        return table.filter(pc.invert(pc.is_in(lines, value_set=pa.array([begun + place + 1 for place in wrong], pa.int64()))))


def _measured(batch: pa.RecordBatch) -> Iterator[tuple[pa.RecordBatch, int]]:
    """A batch in parts of at most some megabytes of text, and how much each holds once its dictionaries are written out."""
    lengths = np.zeros(batch.num_rows, dtype=np.int64)
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and column.type.value_type in (pa.string(), pa.binary(), pa.large_string()):
            of_each = pc.fill_null(pc.binary_length(column.dictionary), 0).take(column.indices)
            lengths += pc.fill_null(of_each, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    total = np.cumsum(lengths)
    begun, before = 0, 0
    while begun < batch.num_rows:
        until = max(begun + 1, int(np.searchsorted(total, before + PART, side="right")))
        until = min(until, batch.num_rows)
        yield batch.slice(begun, until - begun), int(total[until - 1]) - before
        begun, before = until, int(total[until - 1])


def _as_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_timestamp(kind):
        # An instant is written with its offset, a wall clock without one.
        end = "Z" if kind.tz else ""
        plain = column.cast(pa.timestamp("us", "UTC" if kind.tz else None), safe=False)
        text = plain.cast(pa.timestamp("us")).cast(pa.string())
        made = pc.binary_join_element_wise(text, end, "")
    elif pa.types.is_boolean(kind):
        made = pc.if_else(column, "true", "false")
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        made = pa.array([None if value is None else _text_of_any(value) for value in column.to_pylist()], pa.string())
    else:
        made = column.cast(pa.string())
    made = made.cast(pa.string())
    return pc.if_else(pc.equal(made, ""), None, made)


def _text_of_any(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False, default=str)
