"""Every kind of malformed export has its verdict: loaded, refused record by record, or refused as a file with a plain sentence."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from exports import ORDERS, company, read

from vitalfew.engine import DuckEngine
from vitalfew.faults import Refused

HEAD = "id,at,amount,note\n"
GOOD = "1,2026-01-05,10.5,fine\n"


@dataclass(frozen=True)
class Case:
    """A file and its verdict: keys loaded and lines refused (with a part of the reason), or the fault of the whole file."""

    name: str
    data: bytes
    loaded: tuple[str, ...] = ()
    refused: tuple[tuple[int, str, str], ...] = ()
    fault: str = ""
    holds: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    file: str = "shop.csv"
    remark: str = ""


def text(name: str, rows: str, *loaded: str, encoding: str = "utf-8", head: str = HEAD, **more: Any) -> Case:
    return Case(name, (head + rows).encode(encoding), loaded, **more)


def row(note: str, *, key: str = "1", at: str = "2026-01-05", amount: str = "10.5") -> str:
    return f"{key},{at},{amount},{note}\n"


def kept(name: str, note: str, written: str | None = None, **more: Any) -> Case:
    """A note that must come through as it is."""
    return text(name, row(note if written is None else written), "1", holds={"1": {"status": note}}, **more)


def amount(name: str, written: str, value: float | None, others: str = "", reason: str = "not a number") -> Case:
    rows = row("x", amount=f'"{written}"') + others
    extra = tuple(str(number) for number in range(2, 2 + others.count("\n")))
    if value is None:
        return text(name, rows, *extra, refused=((2, "amount", reason),))
    return text(name, rows, "1", *extra, holds={"1": {"amount": value}})


def moment(name: str, written: str, value: datetime | None, others: str = "", reason: str = "", **more: Any) -> Case:
    rows = row("x", at=f'"{written}"') + others
    extra = tuple(str(number) for number in range(2, 2 + others.count("\n")))
    if value is None:
        return text(name, rows, *extra, refused=((2, "at", reason),), **more)
    return text(name, rows, "1", *extra, holds={"1": {"at": value}}, **more)


def formatted(form: str) -> dict[str, Any]:
    return {"columns": {**ORDERS["columns"], "at": {"column": "at", "format": form}}}


ENCODINGS = [
    kept("UTF-8", "naïve – 漢字"),
    kept("UTF-8 with BOM", "naïve", encoding="utf-8-sig"),
    kept("UTF-16 with BOM", "naïve 漢字", encoding="utf-16"),
    kept("UTF-16 without BOM", "naïve, plain words", '"naïve, plain words"', encoding="utf-16-le"),
    kept("UTF-16 big-endian without BOM", "plain words", encoding="utf-16-be"),
    kept("UTF-32 with BOM", "naïve", encoding="utf-32"),
    kept("cp1252", "café – 12 €", encoding="cp1252", remark="not UTF-8 and was read as cp1252"),
    kept("latin-1 with bytes cp1252 lacks", "caf\xe9 \x81", encoding="latin-1", remark="latin-1"),
    kept("latin-1 stated", "perché città", encoding="latin-1", settings={"encoding": "latin-1"}),
    kept("Shift-JIS", "配送がおそいので、とてもこまりました", encoding="shift_jis", remark="cp932"),
    kept("Shift-JIS stated", "ありがとう", encoding="shift_jis", settings={"encoding": "shift_jis"}),
    kept("Cyrillic in cp1251", "доставка опоздала на целую неделю и никто не ответил", encoding="cp1251", remark="cp1251"),
    Case(
        "one invalid byte among UTF-8",
        (HEAD + row("naïve café déjà – vu ça été à là où") + row("b@d", key="2") + row("ok", key="3"))
        .encode()
        .replace(b"@", b"\xff"),
        ("1", "3"),
        ((3, "note", "not utf-8"),),
    ),
    Case(
        "mixed encodings",
        HEAD.encode() + "".join(row("déjà", key=str(i)) for i in range(9)).encode() + row("été", key="x").encode("cp1252"),
        tuple("012345678"),
        ((11, "note", "not utf-8"),),
    ),
    text("stated encoding is wrong", row("ééé") * 3, fault="cannot be read as ascii", settings={"encoding": "ascii"}),
    text("stated encoding does not exist", GOOD, fault="no encoding 'klingon'", settings={"encoding": "klingon"}),
    text("stated encoding is none of text", GOOD, fault="no encoding of text", settings={"encoding": "base64"}),
]

SHAPES = [
    text("semicolons", GOOD.replace(",", ";"), "1", head=HEAD.replace(",", ";"), holds={"1": {"amount": 10.5}}),
    text("tabs", GOOD.replace(",", "\t"), "1", head=HEAD.replace(",", "\t")),
    text("bars", GOOD.replace(",", "|"), "1", head=HEAD.replace(",", "|")),
    text(
        "semicolons with decimal commas",
        "1;2026-01-05;10,5;a, b\n2;2026-01-06;1,25;c\n",
        "1",
        "2",
        head=HEAD.replace(",", ";"),
        holds={"1": {"amount": 10.5}},
    ),
    text("a line that names the delimiter", GOOD.replace(",", ";"), "1", head="sep=;\n" + HEAD.replace(",", ";")),
    text("delimiter stated", GOOD.replace(",", "^"), "1", head=HEAD.replace(",", "^"), settings={"delimiter": "^"}),
    text(
        "tsv by its ending",
        GOOD.replace(",", "\t"),
        "1",
        head=HEAD.replace(",", "\t"),
        file="shop.tsv",
        settings={"path": "shop.tsv"},
    ),
    text("delimiter within quotes", row('"a;b;c;d;e"'), "1", holds={"1": {"status": "a;b;c;d;e"}}),
    text("CR line ends", (GOOD + row("b", key="2")).replace("\n", "\r"), "1", "2", head=HEAD.replace("\n", "\r")),
    text("CRLF line ends", (GOOD + row("b", key="2")).replace("\n", "\r\n"), "1", "2", head=HEAD.replace("\n", "\r\n")),
    text(
        "mixed line ends", row("a") + row("b", key="2").replace("\n", "\r\n") + row("c", key="3").replace("\n", "\r"), "1", "2", "3"
    ),
    text("no line end at the end", GOOD.rstrip("\n"), "1"),
    text("line break within quotes", row('"two\nlines"') + row("b", key="2"), "1", "2", holds={"1": {"status": "two\nlines"}}),
    text("blank lines", "\n" + GOOD + "\n\n" + row("b", key="2") + "\n", "1", "2"),
    text("rows of empty cells", GOOD + ",,,\n,,,\n", "1"),
    text("doubled quotes", row('"he said ""no"""'), "1", holds={"1": {"status": 'he said "no"'}}),
    text(
        "unclosed quote in the middle",
        GOOD + row('"open', key="2") + row("c", key="3") + row("d", key="4"),
        "1",
        "3",
        "4",
        refused=((3, "", "quote is not closed"),),
    ),
    text("unclosed quote at the end", GOOD + row('"open', key="2").rstrip("\n"), "1", refused=((3, "", "quote is not closed"),)),
    text(
        "unclosed quote, then quoted rows",
        row('"open') + row('"c, d"', key="3") + row('"e"', key="4"),
        "3",
        "4",
        refused=((2, "", "quote is not closed"),),
    ),
    text(
        "two unclosed quotes", row('"a') + row('"b', key="2") + row("c", key="3"), "3", refused=((2, "", "quote"), (3, "", "quote"))
    ),
    text("stray quote after quoted text", row('"a"b') + row("c", key="2"), "2", refused=((2, "", "double it"),)),
    text("quote within a bare cell", row('5" screen'), "1", holds={"1": {"status": '5" screen'}}),
    text("too few cells", GOOD + "2,2026-01-05\n", "1", refused=((3, "", "2 cells where the header has 4"),)),
    text("too many cells", GOOD + row("a,b", key="2"), "1", refused=((3, "", "5 cells where the header has 4"),)),
    text("surplus delimiters at the end", row("a,,"), "1", holds={"1": {"status": "a"}}),
    text("spaces around headers", GOOD, "1", head=" id , at,amount ,note\n"),
    text("NUL character", GOOD + row("a\0b", key="2"), "1", refused=((3, "note", "NUL"),)),
    text("200 kB cell", row("x" * 200_000), "1"),
    text(
        "cell of more than a million characters",
        GOOD + row("x" * 1_100_000, key="2") + row("c", key="3"),
        "1",
        "3",
        refused=((3, "", "longer than"),),
    ),
    text(
        "600 columns",
        "1,2026-01-05,10.5,fine" + ",0" * 596 + "\n",
        "1",
        head="id,at,amount,note" + "".join(f",c{i}" for i in range(596)) + "\n",
    ),
    text(
        "a header twice that nobody asked for",
        "1,2026-01-05,10.5,fine,a,b\n",
        "1",
        head="id,at,amount,note,extra,Extra\n",
        remark="2 columns are called extra and Extra",
    ),
    text(
        "a header twice that is mapped",
        "1,2026-01-05,10.5,11,fine\n",
        fault="2 columns are called amount",
        head="id,at,amount,amount,note\n",
    ),
    text("an empty header", "9,1,2026-01-05,10.5,fine\n", "1", head="," + HEAD, remark="can be mapped by this one"),
    text("empty headers at the end", "1,2026-01-05,10.5,fine,,\n", "1", head="id,at,amount,note,,\n"),
    text("a header missing", "1,2026-01-05,fine\n", fault="no column 'amount'", head="id,at,note\n"),
    text("unclosed quote in the header", GOOD, fault="names of the columns is malformed", head='id,at,amount,"note\n'),
    Case("empty file", b"", fault="the file is empty"),
    Case("only line ends", b"\n\r\n  \n", fault="the file is empty"),
    Case("only a BOM", b"\xef\xbb\xbf", fault="the file is empty"),
    Case("header only", HEAD.encode()),
    Case("header only, no line end", HEAD.strip().encode()),
    Case("header twice", (HEAD + HEAD + GOOD).encode(), ("1",), ((2, "amount", "not a number"), (2, "at", "not a date"))),
    Case("no such file", b"", fault="there is no file", settings={"path": "other.csv"}),
    Case(
        "an ending that says nothing",
        HEAD.encode(),
        fault="does not say its format",
        file="shop.dat",
        settings={"path": "shop.dat"},
    ),
    Case("gzip", gzip.compress((HEAD + GOOD).encode()), ("1",), file="shop.csv.gz", settings={"path": "shop.csv.gz"}),
    Case(
        "gzip cut short",
        gzip.compress((HEAD + GOOD * 9).encode())[:-12],
        fault="cut short",
        file="a.csv.gz",
        settings={"path": "a.csv.gz"},
    ),
    Case("gzip by name only", (HEAD + GOOD).encode(), fault="no sound gzip", file="a.csv.gz", settings={"path": "a.csv.gz"}),
    Case(
        "gzip with a wrong checksum",
        gzip.compress((HEAD + GOOD).encode())[:-8] + b"\0" * 8,
        fault="no sound gzip",
        file="a.csv.gz",
        settings={"path": "a.csv.gz"},
    ),
    Case(
        "gzip bomb", gzip.compress(b"\0" * (80 << 20)), fault="more than 200 times", file="a.csv.gz", settings={"path": "a.csv.gz"}
    ),
    Case("random bytes named xlsx", b"PK\3\4nonsense", fault="no xlsx workbook", file="a.xlsx", settings={"path": "a.xlsx"}),
    Case("random bytes named parquet", b"PAR1nonsense", fault="no sound Parquet", file="a.parquet", settings={"path": "a.parquet"}),
]

NUMBERS = [
    amount("a plain number", "1234.5", 1234.5),
    amount("thousands with commas", "1,234.50", 1234.5),
    amount("thousands with points", "1.234,50", 1234.5),
    amount("a decimal comma", "1,5", 1.5),
    amount("thousands with blanks", "1 234,50", 1234.5),
    amount("thousands with no-break blanks", "1\u202f234.50", 1234.5),
    amount(
        "a decimal comma among points",
        "1,5",
        None,
        row("y", key="2", amount="2.5") + row("z", key="3", amount="3.5"),
        "decimal comma where the column has a decimal point",
    ),
    amount("a typographic minus", "\u221212.5", -12.5),
    amount("an exponent", "1.5e3", 1500.0),
    amount("not a number as nan", "nan", None),
    amount("infinity", "inf", None),
    amount("beyond every number", "1e400", None, reason="too large"),
    amount("underscores", "1_000", None),
    amount("Arabic digits", "١٢", None),
    amount("full-width digits", "１２", None),
    amount("a currency sign", "€12", None),
    amount("a word", "ten", None),
    text("an empty number", row("x", amount=""), "1", holds={"1": {"amount": None}}),
    text("a blank number", row("x", amount='"  "'), "1", holds={"1": {"amount": None}}),
]

DATES = [
    moment("ISO date and time", "2026-01-05T10:30:00", datetime(2026, 1, 5, 10, 30)),
    moment("ISO with an offset", "2026-01-05T10:30:00+02:00", datetime(2026, 1, 5, 8, 30)),
    moment("ISO in UTC", "2026-01-05 10:30Z", datetime(2026, 1, 5, 10, 30)),
    moment("ISO with fractions", "2026-01-05 10:30:00.250", datetime(2026, 1, 5, 10, 30, 0, 250000)),
    moment("without separators", "20260105", datetime(2026, 1, 5)),
    moment("with slashes, year first", "2026/1/5 9:05", datetime(2026, 1, 5, 9, 5)),
    moment("day first, told by another row", "03/01/2026", datetime(2026, 1, 3), row("y", key="2", at="31/01/2026")),
    moment(
        "month first, told by another row",
        "03/01/2026",
        datetime(2026, 3, 1),
        row("y", key="2", at="01/31/2026"),
        remark="read as month/day",
    ),
    moment("ambiguous throughout", "03/01/2026", datetime(2026, 1, 3), remark="cannot be told apart"),
    moment("German dates", "03.01.2026 14:05", datetime(2026, 1, 3, 14, 5)),
    moment("afternoon", "1/13/2026 2:05 PM", datetime(2026, 1, 13, 14, 5)),
    moment("midnight as twelve", "1/13/2026 12:05 am", datetime(2026, 1, 13, 0, 5)),
    moment("thirteen in the afternoon", "1/13/2026 13:05 PM", None, reason="no such date"),
    moment("day and month contradict each other", "13/13/2026", None, reason="no such date"),
    moment("30 February", "2026-02-30", None, reason="no such date"),
    moment("29 February of a common year", "2025-02-29", None, reason="no such date"),
    moment("29 February of a leap year", "2024-02-29", datetime(2024, 2, 29)),
    moment("25 o'clock", "2026-01-05 25:00", None, reason="no such date"),
    moment("the year 0001", "0001-01-01", None, reason="no such date"),
    moment("the year 9999", "9999-12-31", None, reason="no such date"),
    moment("two digits for the year", "05/01/26", None, reason="a year of two digits"),
    moment("a spreadsheet's day number", "45123", None, reason="a number, not a date"),
    moment("a spreadsheet's day number, stated", "46027.5", datetime(2026, 1, 5, 12), settings=formatted("excel")),
    moment("seconds since 1970", "1767604200", None, reason="a number, not a date"),
    moment("words", "last Tuesday", None, reason="not a date"),
    moment("a stated format", "05.01.26 10h30", datetime(2026, 1, 5, 10, 30), settings=formatted("%d.%m.%y %Hh%M")),
    moment("not in the stated format", "2026-01-05", None, reason="no date written like %d/%m/%Y", settings=formatted("%d/%m/%Y")),
    moment(
        "a stated format with an offset",
        "2026-01-05 10:30 +0200",
        datetime(2026, 1, 5, 8, 30),
        settings=formatted("%Y-%m-%d %H:%M %z"),
    ),
    text("a format nobody knows", GOOD, fault="no date format '%Q'", settings=formatted("%Q")),
    text("an empty date", row("x", at=""), "1", holds={"1": {"at": None}}),
]

WORDS = [
    kept("emoji", "great 👍🏽 👩‍👩‍👧"),
    kept("right to left", "شكرا \u202eabc"),
    kept("a formula", "=1+1"),
    kept("a formula that runs a program", "=cmd|' /C calc'!A0"),
    kept("HTML", "<script>alert(1)</script>"),
    kept("SQL", "'; drop table orders; --"),
    kept("template braces", "{{ 7*7 }} {% x %} ${y}"),
    kept("backslashes", "C:\\new\\table"),
    kept("composed and decomposed letters meet", "caf\u00e9", "cafe\u0301"),
    kept("blanks at the ends", "x", '"  x\u00a0 "'),
    text("NFC and NFD keys are one key", row("a", key="é") + row("a", key="e\u0301"), "é", refused=((3, "id", "key repeated"),)),
    text("a record twice", GOOD + GOOD, "1", refused=((3, "id", "repeated: same record as line 2"),)),
    text("a key with other content", GOOD + row("other"), "1", refused=((3, "id", "other content; first at line 2"),)),
    text("no key", row("a", key="") + row("b", key=""), "line 2", "line 3", remark="without an id of their own"),
    text(
        "several values wrong in one record",
        row("x", at="never", amount="much") + row("b", key="2"),
        "2",
        refused=((2, "amount", "not a number"), (2, "at", "not a date")),
    ),
]


@pytest.mark.parametrize("case", [*ENCODINGS, *SHAPES, *NUMBERS, *DATES, *WORDS], ids=lambda case: case.name)
def test_every_kind_of_file_has_its_verdict(case: Case, tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / case.file).write_bytes(case.data)
    settings = company({**ORDERS, **case.settings})
    if case.fault:
        with pytest.raises(Refused) as refused:
            read(shared_engine, tmp_path, settings)
        assert case.fault in str(refused.value)
        assert all(fault.mend for fault in refused.value.faults)
        return
    found = read(shared_engine, tmp_path, settings)
    assert tuple(record["key"] for record in found.records) == case.loaded
    assert [(line, column) for line, column, _ in found.refused] == [(line, column) for line, column, _ in case.refused]
    for (_, _, reason), (_, _, part) in zip(found.refused, case.refused, strict=True):
        assert part in reason
        assert ";" in reason or "repeated: same" in reason, "a reason also says how to mend it"
    for key, values in case.holds.items():
        for column, value in values.items():
            assert found.by_key(column)[key] == value
    told = found.sources[0]
    assert told["rows_loaded"] == len(case.loaded)
    assert told["rows_quarantined"] == len({(line) for line, _, _ in case.refused})
    assert told["rows_read"] == told["rows_loaded"] + told["rows_quarantined"]
    if case.remark:
        assert any(case.remark in remark["remark"] for remark in found.remarks), found.remarks


def test_the_table_of_bad_files_is_long_enough() -> None:
    names = [case.name for case in (*ENCODINGS, *SHAPES, *NUMBERS, *DATES, *WORDS)]
    assert len(set(names)) == len(names) >= 120
