"""JSON lines, each with its verdict."""

from __future__ import annotations

import gzip
import json

from bad_files.cases import Case

GOOD = '{"id": "1", "at": "2026-01-05", "amount": 10.5, "note": "fine"}\n'


def lines(name: str, rows: str | bytes, *loaded: str, file: str = "shop.jsonl", **more: object) -> Case:
    data = rows if isinstance(rows, bytes) else rows.encode()
    return Case(name, data, loaded, file=file, **more)  # type: ignore[arg-type]


def second(name: str, line: str, reason: str, column: str = "") -> Case:
    """A good line, and one that is refused."""
    return lines(name, GOOD + line + "\n", "1", refused=((2, column, reason),))


JSON_LINES = [
    lines("jsonl", GOOD, "1", holds={"1": {"amount": 10.5, "status": "fine"}}),
    lines("jsonl with BOM", b"\xef\xbb\xbf" + GOOD.encode(), "1"),
    lines("jsonl in UTF-16", GOOD.encode("utf-16"), "1"),
    lines("jsonl in cp1252", GOOD.replace("fine", "café à la crème").encode("cp1252"), "1", remark="cp1252"),
    lines("jsonl packed", gzip.compress(GOOD.encode()), "1", file="shop.jsonl.gz"),
    lines("jsonl packed and cut", gzip.compress(GOOD.encode() * 9)[:-5], fault="cut short", file="shop.jsonl.gz"),
    lines(
        "jsonl packed with words behind it",
        gzip.compress(GOOD.encode()) + b"garbage",
        fault="something else follows",
        file="a.jsonl.gz",
    ),
    lines("jsonl with CRLF and blank lines", GOOD.replace("\n", "\r\n\r\n"), "1"),
    lines("jsonl without line end", GOOD.rstrip(), "1", remark="no line end"),
    lines("jsonl of nothing", b"", fault="the file is empty"),
    lines("jsonl of line ends", b"\n\n", fault="the file is empty"),
    lines("jsonl of numbers", b"1\n2\n", fault="no line holds a JSON object"),
    lines("a JSON array named jsonl", json.dumps([{"id": 1}, {"id": 2}]), fault="it is one JSON array"),
    lines("a JSON array on many lines", json.dumps([{"id": 1}], indent=1), fault="it is one JSON array"),
    lines("one JSON object on many lines", json.dumps({"id": 1, "at": None}, indent=1), fault="no line holds a JSON object"),
    lines("csv named jsonl", b"id,at,amount,note\n1,2026-01-05,1,x\n", fault="no line holds a JSON object"),
    lines("jsonl named csv", GOOD, fault="no column 'id'", file="shop.csv"),
    lines("jsonl that lacks a mapped name", '{"id": 1}\n', fault="no column 'at'"),
    lines("jsonl names that differ by case", GOOD.replace('"at"', '"ID": 1, "at"'), fault="2 columns are called id and ID"),
    lines(
        "jsonl of 6,000 names", GOOD + json.dumps({f"k{n}": n for n in range(6_000)}) + "\n", fault="more than 5000 different names"
    ),
    lines("jsonl of a huge line", GOOD + '{"id": "' + "x" * 5_000_000 + '"}\n', fault="longer than 4000000 characters"),
    lines("jsonl with a huge whole number as key", GOOD.replace('"1"', "9" * 30), "9" * 30),
    lines("jsonl with a number as written", GOOD.replace("10.5", "1.50"), "1", holds={"1": {"amount": 1.5}}),
    lines(
        "jsonl with nested values",
        GOOD.replace('"fine"', '{"a": {"b": [1, null]}}'),
        "1",
        holds={"1": {"status": '{"a": {"b": [1, null]}}'}},
    ),
    lines("jsonl with escapes", GOOD.replace("fine", "\\ud83d\\ude00 \\u00e9"), "1", holds={"1": {"status": "\U0001f600 é"}}),
    lines("jsonl with null and missing", '{"id": "1", "at": null, "note": "x", "amount": 1}\n{"id": "2"}\n', "1", "2"),
    second("a broken line", '{"id": "2", "at": ', "it is no JSON object"),
    second("a comma at the end of a line", '{"id": "2"},', "it is no JSON object"),
    second("two objects on a line", '{"id": "2"}{"id": "3"}', "it is no JSON object"),
    second("a comment", "// two", "it is no JSON object"),
    second("single quotes", "{'id': '2'}", "it is no JSON object"),
    second("an array among objects", '["2"]', "it is JSON but no object"),
    second("a text among objects", '"2"', "it is JSON but no object"),
    second("a name twice in one object", '{"id": "2", "id": "3"}', "a name stands twice"),
    second("a name twice deep within", '{"id": "2", "note": {"a": 1, "a": 2}}', "a name stands twice"),
    second("NaN", '{"id": "2", "amount": NaN}', "no number of JSON"),
    second("infinity in JSON", '{"id": "2", "amount": -Infinity}', "no number of JSON"),
    second("1e400 in JSON", '{"id": "2", "amount": 1e400}', "too large", "amount"),
    second("true for a number", '{"id": "2", "amount": true}', "not a number", "amount"),
    second("an object for a number", '{"id": "2", "amount": {"v": 1}}', "not a number", "amount"),
    second("an object for a date", '{"id": "2", "at": [2026, 1, 5]}', "not a date", "at"),
    second("ten thousand digits deep within", '{"id": "2", "note": [' + "9" * 10_000 + "]}", "it is no JSON object"),
    second(
        "nested 100,000 levels deep", '{"id": "2", "note": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested more than 100 levels"
    ),
    second("nested 900 levels deep", '{"id": "2", "note": ' + '{"a":' * 900 + "1" + "}" * 900 + "}", "nested more than 100 levels"),
    second("NUL written as an escape", '{"id": "2", "note": "\\u0000"}', "cannot be read"),
    second("half a character", '{"id": "2", "note": "\\ud83d"}', "half a character"),
    second("a value of a million and more", '{"id": "2", "note": "' + "x" * 1_000_001 + '"}', "longer than 1000000"),
    second("a key repeated with other content", '{"id": "1", "note": "other"}', "key repeated", "id"),
    lines("brackets within a text", GOOD.replace("fine", "[" * 300), "1", holds={"1": {"status": "[" * 300}}),
    lines(
        "jsonl cut in the middle of a line",
        GOOD + '{"id": "2", "at": "20',
        "1",
        refused=((2, "", "no JSON object"),),
        remark="no line end",
    ),
]
