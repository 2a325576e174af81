"""A database, a file of one, or a server that breaks off while it is read: told clearly, nothing published, the last good run stands."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from tests.postgresql import server

from vitalfew.runs import Workspace

PROGRAM = Path(sys.executable).with_name("vitalfew")
SETTINGS = """[company]
name = "Acme"
as_of = 2026-06-30
draws = 50

[[source]]
name = "survey"
table = "responses"
path = "survey.csv"
[source.columns]
response = "id"
person = "person"
at = "at"
[source.questions]
recommend = { column = "q1", kind = "nps", outcome = true }

[[source]]
name = "shop"
table = "orders"
ORIGIN
[source.columns]
order = "id"
person = "person"
at = "at"
amount = "amount"
"""
DATABASE = 'sql = "select id, person, at, amount, note from orders"\ndatabase = "env:SHOP_URL"'
ROWS = 60_000
"""More than the buffers between the database and us hold, so that it is cut while rows are still to come."""
RESTING = """create function resting(n int) returns int language plpgsql as
$$ begin if n % 10000 = 0 then perform pg_sleep(0.2); end if; return n; end $$"""
"""The database rests after every ten thousand rows it has sent: long enough to be met there on a machine of any speed."""


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    rows = "".join(f"r{n},p{n},2026-03-01,{n % 11}\n" for n in range(60))
    (tmp_path / "survey.csv").write_text("id,person,at,q1\n" + rows, encoding="utf-8")
    return tmp_path


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "run", "--quiet", folder], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )


@contextmanager
def standing(folder: Path) -> Iterator[None]:
    """What is inside changes nothing of the run that stands, of its pages, and of what was kept of its sources."""

    def all_of() -> dict[str, bytes]:
        home = folder / ".vitalfew"
        published = Workspace(folder).need_current()
        kept = [*published.folder.rglob("*"), *(home / "sources").rglob("*")]
        files = {str(path): path.read_bytes() for path in kept if path.is_file()}
        return {**files, "runs": " ".join(sorted(path.name for path in (home / "runs").iterdir())).encode()}

    before = all_of()
    yield
    assert all_of() == before
    assert not list((folder / ".vitalfew").glob("working-*"))


def refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    """It ends with 2 and says in one line what broke off and what to do; no traceback, and no secret."""
    assert done.returncode == 2, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("company.toml:")]
    assert len(told) == 1, done.stderr
    assert all(each in told[0] for each in said), told[0]
    assert "Traceback" not in done.stderr


@pytest.fixture
def postgresql() -> Iterator[tuple[str, Path]]:
    """A PostgreSQL server of this test alone, with a table of many orders: its address, and the folder of its data."""
    folder = Path(tempfile.mkdtemp(prefix="vitalfew-pg-"))
    with server(folder) as address:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("create table stock (id int, person text, at date, amount int, note text)")
            connection.execute(
                "insert into stock select n, 'p' || n, '2026-03-01', n, repeat('long enough ', 20) from generate_series(1, %s) n",
                (ROWS,),
            )
            connection.execute(RESTING)
            connection.execute("create view orders as select resting(id) as id, person, at, amount, note from stock")
        yield address, folder


def break_off_later(address: str, act: Callable[[psycopg.Connection[tuple[int]], int], None]) -> threading.Thread:
    """Do `act` as soon as another connection is in the middle of sending rows, with the number of its process."""

    def watch() -> None:
        with psycopg.connect(address, autocommit=True) as connection:
            for _ in range(3000):
                found = connection.execute(
                    "select pid from pg_stat_activity where wait_event = 'PgSleep' and pid <> pg_backend_pid()"
                ).fetchone()
                if found is not None:
                    act(connection, found[0])
                    return
                time.sleep(0.005)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def wait_until_gone(process: int) -> None:
    """At most ten seconds: what clears the server away afterwards fails on a process that ends while it is looked at."""
    for _ in range(1000):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
@pytest.mark.parametrize("how", ["the connection is ended", "the server stops"])
def test_a_database_that_ends_while_rows_are_still_to_come(acme: Path, postgresql: tuple[str, Path], scheme: str, how: str) -> None:
    address, data = postgresql
    url = address.replace("postgresql://", f"{scheme}://")
    (acme / "company.toml").write_text(SETTINGS.replace("ORIGIN", DATABASE), encoding="utf-8")
    assert run(acme, SHOP_URL=url).returncode == 0
    ended: list[bool] = []

    def end(connection: psycopg.Connection[tuple[int]], sending: int) -> None:
        if how == "the server stops":
            postmaster = int((data / "postmaster.pid").read_text().split()[0])
            os.kill(postmaster, signal.SIGQUIT)
            ended.append(True)
            wait_until_gone(postmaster)
        else:
            ended.extend(bool(row[0]) for row in connection.execute("select pg_terminate_backend(%s)", (sending,)).fetchall())

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("update stock set amount = amount + 1")
    with standing(acme):
        thread = break_off_later(address, end)
        done = run(acme, SHOP_URL=url)
        thread.join(30)
        assert any(ended), "nothing was sending rows when it was to be ended"
        refused(done, "the database broke off", "run it again; nothing of it was kept")


def test_a_sqlite_file_that_was_cut_half_way(acme: Path) -> None:
    path = acme / "shop.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table orders (id integer, person text, at text, amount real, note text)")
        rows = ((n, f"p{n % 60}", "2026-03-01", float(n), "long enough " * 20) for n in range(4000))
        database.executemany("insert into orders values (?, ?, ?, ?, ?)", rows)
    whole = path.read_bytes()
    (acme / "company.toml").write_text(SETTINGS.replace("ORIGIN", DATABASE), encoding="utf-8")
    assert run(acme, SHOP_URL="sqlite:///shop.db").returncode == 0
    for url in ("sqlite:///shop.db", "sqlite+pysqlite:///shop.db"):
        # At a page's end, within one, and within the first.
        for size in (len(whole) // 2 // 4096 * 4096, len(whole) // 2 + 777, 50):
            path.write_bytes(whole[:size])
            with standing(acme):
                refused(run(acme, SHOP_URL=url), "source 'shop'")


def test_an_answer_that_is_cut_in_the_middle_of_a_page(acme: Path) -> None:
    broken: list[bool] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = int(self.path.rpartition("=")[2])
            items = [{"id": n, "person": f"p{n}", "at": "2026-03-01", "amount": n} for n in range(page * 50, page * 50 + 50)]
            body = json.dumps([] if page > 3 else items).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            # As when a cable is pulled: half of it, and then nothing.
            self.wfile.write(body[: len(body) // 2] if broken and page == 2 else body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        origin = f'url = "http://127.0.0.1:{server.server_port}/orders"\nretries = 1\n'
        text = SETTINGS.replace("ORIGIN", origin)
        text += '[source.pages]\nby = "page"\nparameter = "page"\n'
        (acme / "company.toml").write_text(text, encoding="utf-8")
        assert run(acme).returncode == 0
        broken.append(True)
        with standing(acme):
            refused(run(acme), "page 2", "2 tries", "nothing was kept")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
