"""`vitalfew check` and `run` on a company whose records come from a database and over HTTP."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from vitalfew.settings import Source

PROGRAM = Path(sys.executable).with_name("vitalfew")
COMPANY = """[company]
name = "Acme"

[[source]]
name = "survey"
table = "responses"
sql = "select id, person, at, q1, q2, comment, updated from answers where updated >= :since"
database = "env:CRM_URL"
watermark = "updated"
key = "id"
[source.columns]
response = "id"
person = "person"
at = "at"
[source.questions]
recommend = { column = "q1", kind = "nps", outcome = true }
delivery = { column = "q2", kind = "rating", scale = [1, 5], driver = "Delivery", group = "Logistics" }
comment = { column = "comment", kind = "text" }

[[source]]
name = "orders"
table = "orders"
url = "URL/orders"
rows = "data.items"
token = "env:SHOP_TOKEN"
[source.pages]
by = "link"
next = "next"
[source.columns]
order = "id"
person = "customer.id"
at = "at"
amount = "price.value"

[[group]]
name = "Logistics"
"""
WORDS = ("the parcel came late", "delivery took two weeks", "all good, thank you", "nobody told me when it comes")
Vitalfew = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shop() -> Iterator[str]:
    """A server with two pages of orders for who has the token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            second = self.path.endswith("?page=2")
            items = [
                {"id": number, "customer": {"id": f"p{number % 90}"}, "at": "2026-03-01", "price": {"value": 20 + number % 7}}
                for number in range(60 if second else 0, 120 if second else 60)
            ]
            answer = {"data": {"items": items}, "next": None if second else "/orders?page=2"}
            self.send_response(200 if self.headers.get("Authorization") == "Bearer geheim-9" else 401)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def acme(tmp_path: Path, shop: str) -> Path:
    """The company, with a database of 120 answers."""
    (tmp_path / "company.toml").write_text(COMPANY.replace("URL/", f"{shop}/"), encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "crm.db")) as database, database:
        database.execute(
            "create table answers (id integer, person text, at text, q1 integer, q2 integer, comment text, updated text)"
        )
        for number in range(120):
            day = f"2026-{1 + number % 5:02d}-{1 + number % 28:02d}"
            bad = number % 4 == 0
            row = (number, f"p{number % 90}", day, 3 if bad else 9, 2 if bad else 5, WORDS[number % 4], f"{day} 08:00:00")
            database.execute("insert into answers values (?, ?, ?, ?, ?, ?, ?)", row)
    return tmp_path


@pytest.fixture
def vitalfew(acme: Path) -> Vitalfew:
    """Runs a command on the company; variables of the environment by name, None to leave one out."""

    def run(*command: str, **changed: str | None) -> subprocess.CompletedProcess[str]:
        given: dict[str, str | None] = {**os.environ, "CRM_URL": "sqlite:///crm.db", "SHOP_TOKEN": "geheim-9", **changed}
        environment = {name: value for name, value in given.items() if value is not None}
        return subprocess.run([PROGRAM, *command, acme], capture_output=True, text=True, env=environment, check=False)

    return run


def current(workspace: Path) -> str:
    """The id of the current run."""
    return (workspace / ".vitalfew" / "current").resolve().name


def test_databases_and_addresses_are_read_again_and_again_with_one_effect(acme: Path, vitalfew: Vitalfew) -> None:
    checked = vitalfew("check")
    assert checked.returncode == 0, checked.stderr
    assert not (acme / ".vitalfew").exists()
    ended = vitalfew("run", "--quiet")
    assert ended.returncode == 0, ended.stderr
    first = current(acme)
    sources = pq.read_table(acme / ".vitalfew" / "current" / "sources.parquet").to_pylist()
    assert [(row["source"], row["rows_read"], row["rows_loaded"]) for row in sources] == [
        ("orders", 120, 120),
        ("survey", 120, 120),
    ]
    assert sources[1]["path"] == "env:CRM_URL"
    assert [row["read_to"] for row in sources] == ["", "2026-05-27 08:00:00"]
    assert json.loads(sources[1]["columns"]) == ["id", "person", "at", "q1", "q2", "comment", "updated"]
    assert re.fullmatch(r"http://127.0.0.1:\d+/orders", sources[0]["path"])
    for command in (("run", "--quiet"), ("run", "--quiet", "--full")):
        assert vitalfew(*command).returncode == 0
        assert current(acme) == first
    with closing(sqlite3.connect(acme / "crm.db")) as database, database:
        database.execute("insert into answers values (500, 'p1', '2026-06-01', 10, 5, 'thanks', '2026-06-01 08:00:00')")
        database.execute("update answers set q1 = 0, updated = '2026-06-01 09:00:00' where id = 3")
    assert vitalfew("run", "--quiet").returncode == 0
    assert current(acme) != first
    later = pq.read_table(acme / ".vitalfew" / "current" / "sources.parquet").to_pylist()
    assert later[1]["read_to"] == "2026-06-01 09:00:00"
    answers = pq.read_table(acme / ".vitalfew" / "current" / "responses.parquet").to_pylist()
    scores = {row["key"]: row["value"] for row in answers if row["question"] == "recommend"}
    assert (len(scores), scores["500"], scores["3"]) == (121, 10.0, 0.0)
    everything = b"".join(path.read_bytes() for path in (acme / ".vitalfew").rglob("*") if path.is_file())
    assert b"geheim-9" not in everything


@pytest.mark.parametrize("command", [("check",), ("run", "--quiet")])
def test_faults_of_all_sources_are_told_at_once_with_their_lines(acme: Path, vitalfew: Vitalfew, command: tuple[str, ...]) -> None:
    unset = vitalfew(*command, CRM_URL=None, SHOP_TOKEN=None)
    assert unset.returncode == 2
    assert unset.stderr.splitlines()[:2] == [
        "company.toml:8: source 'survey': the variable CRM_URL of the environment is not set; set it before the command: CRM_URL=...",
        "company.toml:25: source 'orders': the variable SHOP_TOKEN of the environment is not set; set it before the command: SHOP_TOKEN=...",
    ]
    text = (acme / "company.toml").read_text(encoding="utf-8")
    (acme / "company.toml").write_text(
        text.replace("q2, comment", "q22, comment").replace('key = "id"', 'key = "nr"'), encoding="utf-8"
    )
    wrong = vitalfew(*command, **{"SHOP_TOKEN": "other"})
    assert wrong.returncode == 2
    assert re.search(
        r"^company.toml:7: source 'survey': the database refuses the query: .*no such column: q22; ", wrong.stderr, re.M
    )
    assert re.search(r"^company.toml:25: source 'orders': page 1: the server answers 401.*; check the token", wrong.stderr, re.M)
    assert "Traceback" not in wrong.stderr
    (acme / "company.toml").write_text(
        text.replace('key = "id"', 'key = "nr"').replace('"price.value"', '"price.sum"'), encoding="utf-8"
    )
    lacking = vitalfew(*command)
    assert lacking.returncode == 2
    assert "company.toml:10: source 'survey': there is no column 'nr' for its key; name one of id, person" in lacking.stderr
    (acme / "company.toml").write_text(text.replace('"price.value"', '"price.sum"'), encoding="utf-8")
    if command[0] == "run":
        only_rows_tell = vitalfew(*command)
        assert only_rows_tell.returncode == 2
        assert "company.toml:33: source 'orders': its answer has no column 'price.sum'" in only_rows_tell.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"env:CRM_URL"', '"postgresql://me:geheim@host/crm"', "company.toml:8: source.database: must name a variable"),
        ('"env:SHOP_TOKEN"', '"geheim"', "company.toml:25: source.token: must name a variable"),
        ('key = "id"\n', "", "needs both watermark and key"),
        ('rows = "data.items"', 'path = "x.csv"', "give exactly one of path, sql and url. Got path, url instead"),
        ('rows = "data.items"', 'sheet = "x"', "sheet: not for a source with url"),
    ],
)
def test_settings_that_do_not_fit_are_told_without_their_secrets(
    acme: Path, vitalfew: Vitalfew, old: str, new: str, said: str
) -> None:
    text = (acme / "company.toml").read_text(encoding="utf-8")
    (acme / "company.toml").write_text(text.replace(old, new), encoding="utf-8")
    ended = vitalfew("check")
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "geheim" not in ended.stderr


def test_settings_a_run_keeps_are_read_again_as_they_were() -> None:
    """A run keeps every key of its sources, those left out too; the application goes on with them while company.toml is at fault."""
    files = {"name": "survey", "table": "responses", "path": "survey.csv", "columns": {"response": "id"}}
    asked = {"name": "deals", "table": "deals", "sql": "select 1 as id", "database": "env:CRM_URL", "columns": {"deal": "id"}}
    pages = {"name": "tickets", "table": "interactions", "url": "https://desk.example/tickets", "columns": {"id": "id"}}
    for each in (files, asked, pages):
        source = Source.model_validate(each)
        assert Source.model_validate(source.model_dump(mode="json")) == source
