"""Records of jsonl, parquet and xlsx files, as text, with line or row numbers."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from vitalfew.listen.encodings import ERRORS, UNREADABLE, decode
from vitalfew.listen.files import BOMB_BYTES, BOMB_RATIO, File, FileFault, size, text_stream, unpacked
from vitalfew.listen.readers import LINE, ROWS, Header, Refuse, composed, header_of, short, table_of
from vitalfew.listen.text_files import CELL, LONGEST_LINE

WORKBOOK_BYTES = 1 << 30
CELLS = 50_000_000
COLUMNS = 5_000


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
            if len(names) > COLUMNS:
                raise FileFault(f"its objects have more than {COLUMNS} different names", "write names that are keys as values")
        if not names:
            raise FileFault("no line holds a JSON object", 'write one object a line, e.g. {"id": 1}')
        self._keys = list(names)
        self.header: Header = header_of(self._keys)

    def batches(self, refuse: Refuse) -> Iterator[pa.Table]:
        """The objects as text."""
        lines: list[int] = []
        rows: list[list[str | None]] = []
        for text, number, record in self._records():
            if isinstance(record, str):
                refuse(number, "", short(text.rstrip("\r\n").replace(UNREADABLE, "\ufffd")), record)
                continue
            lines.append(number)
            rows.append([as_text(record.get(key)) for key in self._keys])
            if len(rows) == ROWS:
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
    try:
        made = parsed(line.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        return f"it is no JSON object: {str(error)[:100]}; correct it"
    if not isinstance(made, dict):
        return 'it is JSON but no object; write {"name": value, ...}'
    if nested(made):
        made = spread(made, json.loads(line.lstrip("\ufeff")))
    return unsound(made) or made


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
        if not size(self._path):
            raise FileFault("the file is empty", "export it again")
        try:
            with pq.ParquetFile(self._path) as opened:
                names = opened.schema_arrow.names
        except (pa.ArrowException, OSError) as error:
            raise FileFault(f"it is no sound Parquet file: {_first(error)}", "export it again") from None
        self.header: Header = header_of(names)

    def batches(self, refuse: Refuse) -> Iterator[pa.Table]:
        """The rows as text. A damaged row group is a FileFault: what follows it cannot be found."""
        begun = 0
        with pq.ParquetFile(self._path) as opened:
            try:
                for batch in opened.iter_batches(batch_size=ROWS):
                    lines = pa.array(range(begun + 1, begun + 1 + batch.num_rows), pa.int64())
                    begun += batch.num_rows
                    arrays = [_as_text(batch.column(position)) for position in self.header.positions]
                    yield pa.table([lines, *arrays], names=[LINE, *self.header.columns])
            except (pa.ArrowException, OSError) as error:
                raise FileFault(f"it is damaged: {_first(error)}", "export it again", begun + 1) from None


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


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


class Workbook:
    """One sheet of an xlsx workbook. `_line` is the number of the row; the first rows that are not blank name the columns.

    `skip` rows stand before the header, which takes `header_rows` rows that are not blank.
    """

    encoding = "xlsx"

    def __init__(self, file: File, sheet: str | None, folder: Path, skip: int = 0, header_rows: int = 1) -> None:
        path = unpacked(file, folder)
        _check_zip(path)
        try:
            book = CalamineWorkbook.from_path(str(path))
            names = book.sheet_names
            if sheet is not None and sheet not in names:
                raise FileFault(f"there is no sheet {sheet!r}", f"name one of {', '.join(names)}")
            opened = book.get_sheet_by_name(sheet) if sheet is not None else book.get_sheet_by_index(0)
            if opened.total_height * opened.total_width > CELLS:
                raise FileFault(f"the sheet spans more than {CELLS} cells", "export it as csv")
            self._rows = opened.iter_rows()
        except FileFault:
            raise
        except Exception as error:  # the workbook reader raises several unrelated kinds
            raise FileFault(f"it is no sound workbook: {_first(error)}", "save it again as xlsx, or export it as csv") from None
        self._next = 1
        self.sheets: list[str] = list(names)
        self.header: Header = self._read_header(skip, header_rows)

    def _read_header(self, skip: int, wanted: int) -> Header:
        rows: list[list[str]] = []
        for number, row in enumerate(self._rows, 1):
            if number > skip and any(cell != "" for cell in row):
                rows.append([_cell(cell) or "" for cell in row])
                if len(rows) == wanted:
                    self._next = number + 1
                    self.header_records = rows
                    return header_of(composed(rows))
        if rows or skip:
            raise FileFault(f"it ends before the {wanted} header rows after row {skip} do", "correct header_rows and skip")
        raise FileFault("the sheet is empty", "name another with sheet, or export it again")

    def batches(self, refuse: Refuse) -> Iterator[pa.Table]:
        """The rows as text; can be walked once."""
        lines: list[int] = []
        rows: list[list[str | None]] = []
        for number, row in enumerate(self._rows, self._next):
            cells = [_cell(cell) for cell in row]
            if not any(cells):
                continue
            if any(cell is not None and len(cell) > CELL for cell in cells):
                refuse(number, "", "", f"a cell is longer than {CELL} characters; shorten it")
                continue
            lines.append(number)
            rows.append(cells)
            if len(rows) == ROWS:
                yield table_of(self.header, lines, dict(enumerate(zip(*rows, strict=True))))
                lines, rows = [], []
        if rows:
            yield table_of(self.header, lines, dict(enumerate(zip(*rows, strict=True))))


def _check_zip(path: Path) -> None:
    """Refuse a workbook that unpacks beyond measure, before anything unpacks it."""
    if not size(path):
        raise FileFault("the file is empty", "export it again")
    try:
        with zipfile.ZipFile(path) as archive:
            inside = sum(each.file_size for each in archive.infolist())
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        raise FileFault("it is no xlsx workbook, or was cut short", "save it again as xlsx, or export it as csv") from None
    if inside > WORKBOOK_BYTES or (inside > BOMB_BYTES and inside > BOMB_RATIO * size(path)):
        raise FileFault(f"it unpacks to {inside >> 20} MB", "export it as csv")


def _cell(value: Any) -> str | None:
    """A cell as text: whole numbers without a point, dates in ISO form."""
    if value == "" or value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return str(value).strip() or None
