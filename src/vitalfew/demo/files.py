"""Writing exports as other systems do: CSV (gzipped or not), JSON lines, a workbook. The same rows give the same bytes."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.sax.saxutils import escape

Row = list[Any]
Spoiler = Callable[[Row, int], Row]
"""Makes a record that must be refused from a copy of a good one; the number counts the spoiled records of its kind."""


class Table:
    """A CSV file being written; `.gz` in its name gzips it. Use as a context manager, then `write` rows."""

    def __init__(self, path: Path, header: Sequence[str], delimiter: str = ",", encoding: str = "utf-8") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._raw: Any = path.open("wb")
        # Neither name nor time in the header of the archive: same rows, same bytes.
        packed = (
            gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0, compresslevel=5) if path.suffix == ".gz" else None
        )
        self._packed = packed
        binary: Any = packed or self._raw
        self._text = io.TextIOWrapper(binary, encoding=encoding, newline="", write_through=False)
        self._writer = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n" if encoding == "cp1252" else "\n")
        self._writer.writerow(header)

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        self._writer.writerows(rows)

    def __enter__(self) -> Table:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._text.flush()
        self._text.detach()
        if self._packed is not None:
            self._packed.close()
        self._raw.close()


class Spoilt:
    """Counts the bad records put into each source, by kind."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}

    def into(self, source: str, rows: list[Row], spoilers: dict[str, Spoiler], wanted: int) -> Iterator[Row]:
        """The rows, with `wanted` bad ones spread among them, their kinds in turn."""
        kinds = self.counts.setdefault(source, {})
        if not rows or not wanted:
            yield from rows
            return
        names = list(spoilers)
        step = max(1, len(rows) // wanted)
        placed = 0
        for position, row in enumerate(rows):
            yield row
            if placed < wanted and position % step == step // 2:
                kind = names[placed % len(names)]
                kinds[kind] = kinds.get(kind, 0) + 1
                yield spoilers[kind](list(row), sum(kinds.values()))
                placed += 1

    def rows(self) -> dict[str, int]:
        """Bad records of each source."""
        return {source: sum(kinds.values()) for source, kinds in sorted(self.counts.items())}


def wanted_bad(rows: int) -> int:
    """How many bad records a file of so many good ones gets: a few dozen at most."""
    return min(36, max(2, rows // 40))


def write_workbook(path: Path, sheets: dict[str, Iterable[Sequence[Any]]]) -> None:
    """A workbook with the given sheets; numbers are numbers, everything else is text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(sheets)
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{kinds}.worksheet+xml"/>'
            for number in range(1, len(names) + 1)
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relation}"><sheets>'
        + "".join(f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>' for number, name in enumerate(names, 1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{relation}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in range(1, len(names) + 1)
        )
        + "</Relationships>",
    }
    start = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(_entry(name), start + text)
        for number, rows in enumerate(sheets.values(), 1):
            with archive.open(_entry(f"xl/worksheets/sheet{number}.xml"), "w") as sheet:
                sheet.write((start + f'<worksheet xmlns="{main}"><sheetData>').encode())
                for place, row in enumerate(rows, 1):
                    sheet.write(_row_xml(place, row).encode())
                sheet.write(b"</sheetData></worksheet>")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(2026, 7, 1, 8, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _row_xml(place: int, row: Sequence[Any]) -> str:
    cells = []
    for position, value in enumerate(row):
        if value is None or value == "":
            continue
        name = f"{chr(65 + position)}{place}"
        if isinstance(value, int | float):
            cells.append(f'<c r="{name}"><v>{value}</v></c>')
        else:
            cells.append(f'<c r="{name}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>')
    return f'<row r="{place}">{"".join(cells)}</row>'
