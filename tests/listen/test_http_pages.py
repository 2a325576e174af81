"""JSON over HTTP, from a real server on this machine: every way of paging, and every way of going wrong."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError
from tests.listen.exports import company
from tests.listen.fetched import amounts, fetch, fetched, kept

from vitalfew.engine import DuckEngine
from vitalfew.listen import http_pages
from vitalfew.listen.http_pages import HttpSource
from vitalfew.listen.origins import OriginFault

ROWS = [{"id": number, "at": f"2026-01-{number:02d}", "amount": number * 1.5, "note": "x"} for number in range(1, 8)]
TOKEN = {"token": "env:SHOP_TOKEN"}
ALL = {str(row["id"]): row["amount"] for row in ROWS}
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Server:
    """What answers: a function of path and parameters. `asked` is every request, with its headers."""

    address: str
    answer: Callable[[str, dict[str, str]], Answer] = field(default=lambda _path, _query: (404, {}, b""))
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    def source(self, path: str = "/orders", **more: Any) -> dict[str, Any]:
        """A source that asks this server."""
        mapped = {"order": "id", "at": "at", "amount": "amount", "status": "note"}
        return {"name": "shop", "table": "orders", "url": f"{self.address}{path}", "columns": mapped, **more}


@pytest.fixture
def server() -> Iterator[Server]:
    """A server in a thread; it stops with the test."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            made.asked.append((parts.path, query, dict(self.headers)))
            status, headers, body = made.answer(parts.path, query)
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            # What promised more than it sent must not be waited for.
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Who asks may hang up: that is what several tests are about."""

    running = Quiet(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    made = Server(f"http://127.0.0.1:{running.server_port}")
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were to be waited between tries, instead of waiting."""
    found: list[float] = []
    monkeypatch.setattr(http_pages, "wait", found.append)
    return found


def made(body: Any, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON."""
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode()


def slices(query: dict[str, str], begin: int, size: int = 3) -> list[dict[str, Any]]:
    return ROWS[begin : begin + int(query.get("limit", size))]


def by_page(_: str, query: dict[str, str]) -> Answer:
    return made(slices(query, 3 * (int(query["page"]) - 1)))


def by_offset(_: str, query: dict[str, str]) -> Answer:
    return made({"data": {"items": slices(query, int(query["skip"]))}, "meta": {"total": len(ROWS)}})


def by_cursor(_: str, query: dict[str, str]) -> Answer:
    begin = int(query.get("after", 0))
    return made({"items": slices(query, begin), "paging": {"next": begin + 3 if begin + 3 < len(ROWS) else None}})


def by_link(path: str, query: dict[str, str]) -> Answer:
    begin = int(query.get("from", 0))
    return made({"items": slices(query, begin), "next": f"{path}?from={begin + 3}" if begin + 3 < len(ROWS) else None})


def by_header(path: str, query: dict[str, str]) -> Answer:
    begin = int(query.get("from", 0))
    links = f'<{path}?from=0>; rel="first", <{path}?from={begin + 3}>; title="a, b"; rel="next"'
    return made(slices(query, begin), **({"Link": links} if begin + 3 < len(ROWS) else {}))


PAGED: dict[str, tuple[Callable[[str, dict[str, str]], Answer], dict[str, Any], int]] = {
    "page": (by_page, {"pages": {"by": "page"}}, 4),
    "page of a size": (by_page, {"pages": {"by": "page", "size": 3, "size_parameter": "limit"}}, 4),
    "offset": (by_offset, {"rows": "data.items", "pages": {"by": "offset", "parameter": "skip"}}, 4),
    "offset with total": (
        by_offset,
        {"rows": "data.items", "pages": {"by": "offset", "parameter": "skip", "total": "meta.total"}},
        3,
    ),
    "cursor": (by_cursor, {"rows": "items", "pages": {"by": "cursor", "parameter": "after", "next": "paging.next"}}, 3),
    "link": (by_link, {"rows": "items", "pages": {"by": "link", "next": "next"}}, 3),
    "Link header": (by_header, {"pages": {"by": "link"}}, 3),
    "one answer": (lambda _path, _query: made(ROWS), {}, 1),
}


@pytest.mark.parametrize("how", list(PAGED))
def test_every_way_of_paging_gives_every_row_once(tmp_path: Path, shared_engine: DuckEngine, server: Server, how: str) -> None:
    server.answer, settings, requests = PAGED[how]
    found = fetched(shared_engine, tmp_path, server.source(**settings), {})
    assert amounts(found) == ALL
    assert len(server.asked) == requests
    assert found.sources[0]["path"] == f"{server.address}/orders"
    assert [row["_line"] for row in found.records] == list(range(1, 8))
    before = kept(tmp_path, server.source(**settings))
    assert fetch(shared_engine, tmp_path, server.source(**settings), {}) == []
    assert kept(tmp_path, server.source(**settings)) == before


def test_token_headers_and_parameters_come_from_the_environment(tmp_path: Path, shared_engine: DuckEngine, server: Server) -> None:
    server.answer = lambda _path, _query: made(ROWS)
    source = server.source(
        "/orders?all=1",
        **TOKEN,
        headers={"X-Key": "env:SHOP_KEY", "X-Plain": "1"},
        parameters={"k": "env:SHOP_KEY", "a": "b c"},
    )
    environment = {"SHOP_TOKEN": "geheim-1", "SHOP_KEY": "geheim-2"}
    fetched(shared_engine, tmp_path, source, environment)
    _, query, headers = server.asked[0]
    assert query == {"all": "1", "k": "geheim-2", "a": "b c"}
    assert (headers["Authorization"], headers["X-Key"], headers["X-Plain"]) == ("Bearer geheim-1", "geheim-2", "1")
    for path in (tmp_path / ".vitalfew").rglob("*"):
        assert path.is_dir() or b"geheim" not in path.read_bytes()
    faults = fetch(shared_engine, tmp_path, source, {"SHOP_TOKEN": "geheim-1"})
    assert "the variable SHOP_KEY of the environment is not set" in faults[0].what
    bad = fetch(shared_engine, tmp_path, source, {**environment, "SHOP_TOKEN": "a\r\nX: y"})
    assert "characters that HTTP does not carry" in bad[0].what
    server.answer = lambda _path, _query: made({}, 401)
    refused = fetch(shared_engine, tmp_path, source, environment)
    assert "the server answers 401" in refused[0].what
    assert refused[0].line == 13
    assert "geheim" not in str(refused[0])


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again_when_it_says(
    tmp_path: Path, shared_engine: DuckEngine, server: Server, waited: list[float], status: int
) -> None:
    times = iter(
        [{"Retry_After": "7"}, {}, {"Retry_After": "Wed, 21 Oct 2026 07:28:20 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}]
    )

    def answer(_path: str, _query: dict[str, str]) -> Answer:
        headers = next(times, None)
        return made(ROWS) if headers is None else made({}, status, **headers)

    server.answer = answer
    assert amounts(fetched(shared_engine, tmp_path, server.source(), {})) == ALL
    assert waited == [7.0, 1.0, 20.0]


def test_a_server_that_stays_busy_is_a_fault(
    tmp_path: Path, shared_engine: DuckEngine, server: Server, waited: list[float]
) -> None:
    server.answer = lambda _path, _query: made({}, 503)
    faults = fetch(shared_engine, tmp_path, server.source(retries=3), {})
    assert "page 1: the server answers 503 Service Unavailable (4 tries)" in faults[0].what
    assert waited == [0.5, 1.0, 2.0]
    server.answer = lambda _path, _query: made({}, 429, Retry_After="3600")
    assert "asks to wait 3600 seconds" in fetch(shared_engine, tmp_path, server.source(), {})[0].what
    assert len(waited) == 3


def test_a_source_that_ends_half_way_is_a_fault_and_nothing_of_it_is_kept(
    tmp_path: Path, shared_engine: DuckEngine, server: Server
) -> None:
    server.answer = by_page
    source = server.source(pages={"by": "page"}, retries=1)
    fetched(shared_engine, tmp_path, source, {})
    before = kept(tmp_path, source)
    for third in (
        made({}, 500),
        (200, {"Content-Length": "9999"}, b'[{"id": 7'),
        (200, {}, b'[{"id": 7'),
        (200, {}, b""),
        (200, {}, b"<html>please sign in</html>"),
        (200, {}, b'[{"id": 1, "id": 2}]'),
        (200, {}, b'[{"id": NaN}]'),
        (200, {}, b'\xff\xfe["x"]'),
        (200, {"Content-Encoding": "gzip"}, b"no gzip at all"),
        (200, {}, b"[" * 100_000),
        made({"error": "no"}),
        made("rows"),
        made({}, 404),
    ):
        server.answer = lambda path, query, third=third: third if query["page"] == "3" else by_page(path, query)  # type: ignore[misc]
        faults = fetch(shared_engine, tmp_path, source, {})
        assert len(faults) == 1, third
        assert "page 3" in faults[0].what, faults[0].what
        assert kept(tmp_path, source) == before
    assert [path.name for path in (tmp_path / ".vitalfew" / "sources" / "shop").iterdir() if path.is_dir()] == []


def test_an_answer_that_is_cut_short_once_is_asked_for_again(tmp_path: Path, shared_engine: DuckEngine, server: Server) -> None:
    cut = iter([(200, {"Content-Length": "9999"}, b'[{"id": 1'), (200, {"Content-Length": "9999"}, b"")])
    server.answer = lambda _path, _query: next(cut, made(ROWS))
    assert amounts(fetched(shared_engine, tmp_path, server.source(), {})) == ALL


def test_answers_are_bounded_in_size_number_and_time(tmp_path: Path, shared_engine: DuckEngine, server: Server) -> None:
    server.answer = lambda _path, _query: (200, {}, b"[" + b" " * (1 << 20) + b"]")
    assert "page 1 is larger than 1 MB" in fetch(shared_engine, tmp_path, server.source(megabytes=1), {})[0].what
    bomb = gzip.compress(b"[" + b" " * (50 << 20) + b"]")
    server.answer = lambda _path, _query: (200, {"Content-Encoding": "gzip"}, bomb)
    assert "page 1 is larger than 1 MB" in fetch(shared_engine, tmp_path, server.source(megabytes=1), {})[0].what
    server.answer = by_page
    assert "more than 2 pages" in fetch(shared_engine, tmp_path, server.source(pages={"by": "page", "limit": 2}), {})[0].what
    ended = threading.Event()

    def never(_path: str, _query: dict[str, str]) -> Answer:
        ended.wait(20)
        return made(ROWS)

    server.answer = never
    faults = fetch(shared_engine, tmp_path, server.source(timeout=0.2, retries=1), {})
    ended.set()
    assert "no answer in time (2 tries)" in faults[0].what


def test_packed_answers_and_marks_of_byte_order_are_read(tmp_path: Path, shared_engine: DuckEngine, server: Server) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(ROWS).encode()
    server.answer = lambda _path, _query: (200, {"Content-Encoding": "gzip"}, gzip.compress(body))
    assert amounts(fetched(shared_engine, tmp_path, server.source(), {})) == ALL


def test_nothing_is_sent_to_another_host(tmp_path: Path, shared_engine: DuckEngine, server: Server) -> None:
    elsewhere = server.address.replace("127.0.0.1", "localhost")
    environment = {"SHOP_TOKEN": "geheim"}
    for there in (f"{elsewhere}/orders", server.address.replace("http://", "https://"), "//localhost/orders", "http://[", ""):
        server.answer = lambda _path, _query, there=there: made({}, 302, Location=there)  # type: ignore[misc]
        faults = fetch(shared_engine, tmp_path, server.source(**TOKEN), environment)
        assert "it redirects to another host" in faults[0].what, there
    server.answer = lambda _path, _query: made({"items": ROWS, "next": f"{elsewhere}/orders?p=2"})
    faults = fetch(shared_engine, tmp_path, server.source(rows="items", pages={"by": "link", "next": "next"}), environment)
    assert "the next page is said to lie at another host, localhost" in faults[0].what
    assert {headers["Host"] for _, _, headers in server.asked} == {server.address.removeprefix("http://")}


def test_a_redirect_within_the_host_is_followed_so_far(tmp_path: Path, shared_engine: DuckEngine, server: Server) -> None:
    server.answer = lambda path, _query: made(ROWS) if path == "/new" else made({}, 301, Location="/new")
    assert amounts(fetched(shared_engine, tmp_path, server.source(), {})) == ALL
    server.answer = lambda _path, _query: made({}, 301, Location="/orders")
    assert "redirects more than 5 times" in fetch(shared_engine, tmp_path, server.source(), {})[0].what


@pytest.mark.parametrize(
    ("answer", "settings", "said"),
    [
        (lambda _p, _q: made(ROWS[:3]), {"pages": {"by": "page"}}, "page 2 is the same as the one before"),
        (lambda _p, _q: made({"i": ROWS, "n": "x"}), {"rows": "i", "pages": {"by": "cursor", "next": "n"}}, "was read before"),
        (lambda _p, _q: made({"i": ROWS, "n": "?a=1"}), {"rows": "i", "pages": {"by": "link", "next": "n"}}, "was read before"),
        (
            lambda _p, _q: made({"i": ROWS, "n": {"a": 1}}),
            {"rows": "i", "pages": {"by": "cursor", "next": "n"}},
            "is no text or number",
        ),
        (
            lambda _p, _q: made({"i": ROWS, "t": 9}),
            {"rows": "i", "pages": {"by": "link", "total": "t"}},
            "tells of 9 rows, but 7 came",
        ),
        (lambda _p, _q: made({"i": ROWS}), {"rows": "i", "pages": {"by": "link", "total": "t"}}, "no whole number at t"),
        (lambda _p, _q: made({"data": ROWS}), {}, "no list of rows; it has data"),
        (lambda _p, _q: made({"data": ROWS}), {"rows": "data.items"}, "no list of rows at data.items; it has data"),
        (lambda _p, _q: made([]), {}, "without any row"),
        (lambda _p, _q: made([{"id": 1}]), {}, "its answer has no column"),
    ],
)
def test_paging_that_leads_nowhere_is_a_fault(
    tmp_path: Path, shared_engine: DuckEngine, server: Server, answer: Any, settings: dict[str, Any], said: str
) -> None:
    server.answer = answer
    faults = fetch(shared_engine, tmp_path, server.source(**settings), {})
    assert said in faults[0].what, faults[0].what


def test_a_server_that_is_not_there_is_a_fault(tmp_path: Path, shared_engine: DuckEngine) -> None:
    for address, said in (("http://127.0.0.1:1", "cannot connect"), ("https://no-such-host.invalid", "no such host")):
        faults = fetch(shared_engine, tmp_path, Server(address).source(retries=0), {})
        assert said in faults[0].what, faults[0].what


def test_members_of_objects_are_columns_called_by_dotted_names(tmp_path: Path, shared_engine: DuckEngine, server: Server) -> None:
    rows = [
        {
            "id": 1,
            "when": {"day": "2026-01-05"},
            "money": {"amount": 1.10, "parts": [1, 2.50]},
            "note.x": "own",
            "note": {"x": "made"},
        },
        {"id": 2, "when": {"day": "2026-01-06"}, "money": None},
        [3],
        "4",
        {"id": 5, "when": {"day": "2026-01-05"}, "note": {"x": "a\0b"}},
        {"id": 6, "when": {"day": "2026-01-05"}, "note": {"x": "\ud83d"}},
    ]
    server.answer = lambda _path, _query: made({"rows": rows})
    mapped = {"order": "id", "at": "when.day", "amount": "money.amount", "status": "note.x"}
    source = server.source(rows="rows", columns=mapped)
    found = fetched(shared_engine, tmp_path, source, {})
    assert amounts(found) == {"1": 1.1, "2": None}
    assert found.by_key("status") == {"1": "own", "2": None}
    assert [(line, reason.partition(";")[0]) for line, _, reason in found.refused] == [
        (3, "it is no object"),
        (4, "it is no object"),
        (5, "a value holds a NUL character or is longer than 1000000 characters"),
        (6, "a value is longer than 1000000 characters or holds half a character"),
    ]
    assert (found.sources[0]["rows_read"], found.sources[0]["rows_loaded"]) == (6, 2)
    as_text = {**source, "columns": {**mapped, "status": "money"}}
    assert fetched(shared_engine, tmp_path, as_text, {}).by_key("status")["1"] == '{"amount": 1.1, "parts": [1, 2.5]}'
    # A file of the same objects gives the same columns.
    (tmp_path / "shop.jsonl").write_text("\n".join(json.dumps(row) for row in rows[:2]), encoding="utf-8")
    from tests.listen.exports import read

    file = read(shared_engine, tmp_path, company({"name": "f", "table": "orders", "path": "shop.jsonl", "columns": mapped}))
    assert amounts(file) == {"1": 1.1, "2": None}


def test_only_what_is_new_is_asked_for(tmp_path: Path, shared_engine: DuckEngine, server: Server) -> None:
    rows = [{**row, "updated": f"{row['at']}T10:00:00Z"} for row in ROWS]

    def answer(_path: str, query: dict[str, str]) -> Answer:
        new = [row for row in rows if row["updated"] >= query.get("changed_since", "")]
        return made(new[2 * (int(query["page"]) - 1) :][:2])

    server.answer = answer
    source = server.source(pages={"by": "page"}, watermark="updated", key="id", since="changed_since")
    assert amounts(fetched(shared_engine, tmp_path, source, {})) == ALL
    assert "changed_since" not in server.asked[0][1]
    server.asked.clear()
    rows.append({**ROWS[0], "amount": 100, "note": "changed", "updated": "2026-02-01T10:00:00Z"})
    rows.append({"id": 8, "at": "2026-02-01", "amount": 8, "updated": "2026-02-01T11:00:00Z"})
    found = fetched(shared_engine, tmp_path, source, {})
    assert {query["changed_since"] for _, query, _ in server.asked} == {"2026-01-07T10:00:00Z"}
    assert amounts(found) == {**ALL, "1": 100.0, "8": 8.0}
    server.asked.clear()
    before = kept(tmp_path, source)
    assert fetch(shared_engine, tmp_path, {**source, "overlap": 1}, {}) == []
    assert server.asked[0][1]["changed_since"] == "2026-01-31T11:00:00Z"
    assert kept(tmp_path, source) == before
    rows.clear()
    assert amounts(fetched(shared_engine, tmp_path, source, {})) == {**ALL, "1": 100.0, "8": 8.0}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "https://user:pw@example.com/",
        "ftp://example.com",
        "http://localhost.evil.com/",
        "https://",
        "file:///etc/passwd",
    ],
)
def test_addresses_that_would_give_secrets_away_are_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="https"):
        company(Server("").source() | {"url": url})


def test_a_check_asks_for_the_first_page_alone(server: Server) -> None:
    server.answer = by_page
    source = company(server.source(pages={"by": "page"})).source[0]
    assert HttpSource(source, {}).columns() is None
    assert len(server.asked) == 1
    server.answer = lambda _path, _query: made({}, 403)
    with pytest.raises(OriginFault, match="403"):
        HttpSource(source, {}).columns()
