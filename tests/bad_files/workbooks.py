"""Workbooks, each with its verdict; and a writer of the smallest workbook a spreadsheet program reads."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bad_files.cases import Case, formatted

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET = "xl/worksheets/sheet1.xml"


def word(place: str, value: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'


def number(place: str, value: object, style: int = 0) -> str:
    return f'<c r="{place}" s="{style}"><v>{value}</v></c>'


def line(at: int, *cells: str) -> str:
    return f'<row r="{at}">{"".join(cells)}</row>'


HEADER = line(1, *(word(f"{letter}1", name) for letter, name in zip("ABCD", ("id", "at", "amount", "note"), strict=True)))
GOOD = line(2, number("A2", 1), number("B2", "46027.4375", 1), number("C2", 10.5), word("D2", "fine"))
OTHER = line(3, number("A3", 2), number("B3", 46028, 1), number("C3", 2), word("D3", "b"))


def workbook(
    rows: str = HEADER + GOOD, after: str = "", parts: Mapping[str, str | bytes | None] | None = None, name: str = "Orders"
) -> bytes:
    """A workbook of one sheet; `parts` adds or replaces parts, or takes them away."""
    made: dict[str, str | bytes | None] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="{name}" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>',
        SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>',
        **(parts or {}),
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in made.items():
            if content is not None:
                archive.writestr(zipfile.ZipInfo(part, (2026, 1, 5, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def case(name: str, data: bytes, *loaded: str, file: str = "shop.xlsx", **more: Any) -> Case:
    return Case(name, data, loaded, file=file, **more)


def second(name: str, cells: str, reason: str, column: str = "amount") -> Case:
    """A workbook whose second record is refused."""
    return case(name, workbook(HEADER + GOOD + line(3, number("A3", 2), cells)), "1", refused=((3, column, reason),))


WHOLE = workbook()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
TWO = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="A &amp; B" sheetId="1" r:id="r1"/><sheet name="Other" sheetId="2" r:id="r9"/></sheets></workbook>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
WORKBOOKS = [
    case("workbook", WHOLE, "1", holds={"1": {"amount": 10.5, "at": datetime(2026, 1, 5, 10, 30)}}),
    case("workbook packed", gzip.compress(WHOLE), "1", file="shop.xlsx.gz"),
    case("workbook cut", WHOLE[:-30], fault="no xlsx workbook"),
    case("workbook cut in half", WHOLE[: len(WHOLE) // 2], fault="no xlsx workbook"),
    case("workbook with words behind it", WHOLE + b"garbage", "1"),
    case("workbook with words before it", b"garbage" + WHOLE, fault="no xlsx workbook"),
    case("workbook of nothing", b"", fault="the file is empty"),
    case("a workbook with a password", OLE, fault="an old .xls or a workbook with a password"),
    case("an old xls named csv", OLE, fault="an old .xls or a workbook with a password, not text", file="shop.csv"),
    case("a workbook named csv", WHOLE, fault="a workbook or another zip archive, not text", file="shop.csv"),
    case("csv named xlsx", b"id,at,amount,note\n", fault="no xlsx workbook"),
    case("a document named xlsx", workbook(parts={"xl/workbook.xml": None, "word/document.xml": "<x/>"}), fault="no xlsx workbook"),
    case("a workbook with a damaged part", WHOLE.replace(WHOLE[60:64], b"\0\0\0\0"), fault="damaged"),
    case("a workbook that lacks its sheet", workbook(parts={SHEET: None}), fault="workbook"),
    case("a sheet that is not there", WHOLE, fault="there is no sheet 'January'", settings={"sheet": "January"}),
    case("a sheet stated", workbook(name="A &amp; B"), "1", settings={"sheet": "A & B"}),
    case("a second sheet that is not there", workbook(parts={"xl/workbook.xml": TWO}), fault="no sound workbook"),
    case("an empty sheet", workbook(""), fault="the sheet is empty"),
    case("a sheet of header alone", workbook(HEADER)),
    case("a workbook with macros", workbook(parts={"xl/vbaProject.bin": OLE}), "1"),
    case("a workbook with macros by its name", workbook(parts={"xl/vbaProject.bin": OLE}), "1", file="shop.xlsm"),
    case(
        "merged cells",
        workbook(HEADER + GOOD + OTHER, '<mergeCells count="1"><mergeCell ref="D2:D3"/></mergeCells>'),
        "1",
        "2",
        remark="1 groups of cells are merged",
    ),
    case(
        "a formula with its value",
        workbook(HEADER + line(2, number("A2", 1), '<c r="C2"><f>1+1</f><v>2</v></c>')),
        "1",
        holds={"1": {"amount": 2.0}},
    ),
    second("a formula that was never computed", '<c r="C3"><f>SUM(A1:A2)</f></c>', "never computed"),
    second("a formula with an empty value", '<c r="C3"><f>SUM(A1:A2)</f><v></v></c>', "never computed"),
    second("a shared formula without a value", '<c r="C3"><f t="shared" si="0"/></c>', "never computed"),
    second("an error for a value", '<c r="C3" t="e"><v>#REF!</v></c>', "ended in an error"),
    second("a formula that ended in an error", '<c r="C3" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "ended in an error"),
    second("an error in a column of words", '<c r="D3" t="e"><v>#N/A</v></c>', "ended in an error", "note"),
    second("a word for a number", word("C3", "ten"), "not a number"),
    second("a truth for a number", '<c r="C3" t="b"><v>1</v></c>', "not a number"),
    second("a day number without the look of a date", number("B3", 46027), "a number, not a date", "at"),
    case(
        "day numbers, stated",
        workbook(HEADER + line(2, number("A2", 1), number("B2", "46027.5"))),
        "1",
        holds={"1": {"at": datetime(2026, 1, 5, 12)}},
        settings=formatted("excel"),
    ),
    second("a huge day number", number("B3", 99999999, 1), "date", "at"),
    case(
        "a date written as text",
        workbook(HEADER + line(2, number("A2", 1), word("B2", "2026-01-05"))),
        "1",
        holds={"1": {"at": datetime(2026, 1, 5)}},
    ),
    case("an exact whole number", workbook(HEADER + line(2, number("A2", "123456789012"))), "123456789012"),
    case(
        "a key beyond what a spreadsheet keeps",
        workbook(HEADER + line(2, number("A2", "1.2345678901234568E+19"))),
        "1.2345678901234567e+19",
    ),
    case(
        "blank rows and columns first",
        workbook(line(5, word("C5", "id"), word("D5", "at"), word("E5", "amount"), word("F5", "note")) + line(6, number("C6", 7))),
        "7",
    ),
    case(
        "a title row, skipped",
        workbook(line(1, word("A1", "Orders")) + HEADER.replace('1"', '2"') + GOOD.replace('2"', '3"')),
        "1",
        settings={"skip": 1},
    ),
    case(
        "the header again in a sheet",
        workbook(HEADER + GOOD + HEADER.replace('1"', '3"')),
        "1",
        refused=((3, "", "names of the columns again"),),
    ),
    case("a stray look far out", workbook(HEADER + GOOD + '<row r="1048576"><c r="XFD1048576" s="1"/></row>'), "1"),
    case(
        "a stray cell far out",
        workbook(HEADER + GOOD + line(1048576, number("XFD1048576", 1))),
        fault="and holds 9; delete the cells far out",
    ),
    case("entities in a sheet", workbook(parts={SHEET: LAUGHS + f'<worksheet xmlns="{MAIN}"/>'}), fault="defines entities"),
    case("entities in UTF-16", workbook(parts={SHEET: (LAUGHS + "<worksheet/>").encode("utf-16")}), fault="defines entities"),
    case("two sheets of one part", workbook(parts={"xl/workbook.xml": TWO.replace("r9", "r1")}), "1", settings={"sheet": "Other"}),
    case(
        "HTML, SQL and formulas as words",
        workbook(HEADER + line(2, number("A2", 1), word("D2", "=cmd &lt;b&gt; '; drop"))),
        "1",
        holds={"1": {"status": "=cmd <b> '; drop"}},
    ),
]
