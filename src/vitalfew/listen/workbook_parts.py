"""The parts of an xlsx workbook, looked at before anything unpacks them: their true sizes, entities, and cells without a value.

What the directory of a zip archive says of its sizes is a claim. Each part is unpacked here a piece at a time, and thrown away, so
that one that lies is caught at the first byte beyond its word.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from vitalfew.listen.files import CHUNK, FileFault, named_otherwise

LARGE = 16 << 20
RATIO = 150
MOST = 1 << 30
SPREAD, SPARSE = 2_000_000, 20
_LONGEST_ROW = 8 << 20
_LOCAL = struct.Struct("<4s22xHH")
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)|<\x00!\x00(?:D\x00O|E\x00N)|\x00<\x00!\x00(?:D\x00O|E\x00N)")
_CELL = re.compile(rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3})(\d{1,7})"(?:[^>]*[^/>])?>')
_ERROR = re.compile(rb'<(?:\w+:)?c\s(?=[^>]*\bt="e")(?:[^>]*?\s)?r="([A-Z]{1,3})(\d{1,7})"[^>]*>')
_UNCOMPUTED = re.compile(
    rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*'
    rb"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s([^>]*)>")
_LINK = re.compile(rb"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(rb'([\w:]+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')')
UNCOMPUTED = "a formula that was never computed; open the workbook in a spreadsheet program and save it, or export it as csv"
ERROR = "a formula that ended in an error; correct it in the workbook"


@dataclass
class Cells:
    """What one sheet holds: how far its cells reach, how many there are, and (row, column) of those that have no value to read."""

    rows: int = 0
    columns: int = 0
    count: int = 0
    without: dict[tuple[int, int], str] = field(default_factory=dict)


def check_workbook(path: Path, sheet: str | None) -> Cells:
    """Walk all parts of the workbook; returns what the sheet called `sheet` holds, or the first one.

    Raises FileFault for what is no workbook, unpacks beyond measure, lies about its sizes, defines entities, needs a password, or
    spans far more cells than it holds.
    """
    with path.open("rb") as raw:
        head = raw.read(256)
    if not head:
        raise FileFault("the file is empty", "export it again")
    if not head.startswith(b"PK"):
        named_otherwise(head, "an xlsx workbook")
        raise FileFault("it is no xlsx workbook", "save it again as xlsx, or let its name say what it is")
    listed = _listed(path)
    sheets = _sheets(path, listed)
    wanted = sheets.get(sheet, "") if sheet is not None else next(iter(sheets.values()), "")
    cells = Cells()
    for name, entry in listed.items():
        before = b""
        rest = b""
        for piece in _unpacked(path, entry):
            if _ENTITIES.search(before + piece):
                raise FileFault(
                    f"its part {name} defines entities, which no spreadsheet program writes", "save it again, or export it as csv"
                )
            before = piece[-16:]
            if name == wanted:
                rest = _look(rest + piece, cells, False)
        if name == wanted:
            _look(rest, cells, True)
    spanned = cells.rows * cells.columns
    if spanned > SPREAD and spanned > SPARSE * cells.count:
        what = f"its sheet spans {spanned} cells and holds {cells.count}"
        raise FileFault(what, "delete the cells far out, or export it as csv")
    return cells


def _listed(path: Path) -> dict[str, zipfile.ZipInfo]:
    """The parts by name, judged by what the directory says."""
    damaged = FileFault("it is no xlsx workbook, or was cut short", "save it again as xlsx, or export it as csv")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, struct.error):
        raise damaged from None
    size = path.stat().st_size
    inside, packed = sum(each.file_size for each in entries), sum(each.compress_size for each in entries)
    if inside > MOST or (inside > LARGE and inside > RATIO * size):
        raise FileFault(f"it unpacks to {inside >> 20} MB", "export it as csv")
    if packed > size or len({each.filename for each in entries}) != len(entries):
        raise FileFault("its parts lie over each other, or two have one name", "save it again as xlsx, or export it as csv")
    if any(each.flag_bits & 1 for each in entries):
        raise FileFault("it needs a password", "save it without one")
    if any(each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for each in entries):
        raise damaged
    return {each.filename: each for each in entries}


def _unpacked(path: Path, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a part. Raises FileFault when they are not as many, or not those, that the directory says."""
    lies = FileFault(f"its part {entry.filename} is not what the archive says, or is damaged", "save it again, or export it as csv")
    with path.open("rb") as raw:
        raw.seek(entry.header_offset)
        head = raw.read(_LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
            raise lies
        _, name, extra = _LOCAL.unpack(head)
        raw.seek(name + extra, 1)
        left, out, check = entry.compress_size, 0, 0
        inflate = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
        try:
            while True:
                packed = inflate.unconsumed_tail if inflate else b""
                if not packed:
                    packed = raw.read(min(CHUNK, left))
                    left -= len(packed)
                piece = inflate.decompress(packed, CHUNK) if inflate else packed
                out += len(piece)
                if out > entry.file_size:
                    raise lies
                check = zlib.crc32(piece, check)
                if piece:
                    yield piece
                elif not packed:
                    break
        except zlib.error:
            raise lies from None
        if out != entry.file_size or check != entry.CRC or (inflate and not inflate.eof):
            raise lies


def _sheets(path: Path, listed: dict[str, zipfile.ZipInfo]) -> dict[str, str]:
    """The part of each sheet by its name, in the order of the workbook; '' for one that is not there."""
    texts = []
    for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        if name not in listed:
            raise FileFault("it is an archive, but no xlsx workbook", "save it as xlsx, or export it as csv")
        texts.append(b"".join(_unpacked(path, listed[name])))
    targets = {}
    for found in _LINK.findall(texts[1]):
        relation = _attributes(found)
        target = relation.get("Target", "")
        targets[relation.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    made = {}
    for found in _SHEET.findall(texts[0]):
        given = _attributes(found)
        link = next((value for name, value in given.items() if name.endswith(":id")), "")
        part = targets.get(link, "")
        made[unescape(given.get("name", ""))] = part if part in listed else ""
    return made


def _attributes(tag: bytes) -> dict[str, str]:
    return {name.decode(): (one or other).decode("utf-8", "replace") for name, one, other in _ATTRIBUTE.findall(tag)}


def _look(text: bytes, cells: Cells, last: bool) -> bytes:
    """Take in all whole rows of a piece of a sheet; returns what begins the next piece."""
    end = len(text) if last else text.rfind(b"row>") + 4
    if end < 4:
        if len(text) > _LONGEST_ROW:
            raise FileFault("one of its rows is too long to be looked at", "export it as csv")
        return text
    whole = text[:end]
    for letters, digits in _CELL.findall(whole):
        cells.count += 1
        cells.columns = max(cells.columns, _column(letters))
        cells.rows = max(cells.rows, int(digits))
    for pattern, why in ((_ERROR, ERROR), (_UNCOMPUTED, UNCOMPUTED)):
        for letters, digits in pattern.findall(whole):
            cells.without[int(digits), _column(letters)] = why
    return text[end:]


def _column(letters: bytes) -> int:
    """The number of a column, from 1.

    >>> _column(b"AB")
    28
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
