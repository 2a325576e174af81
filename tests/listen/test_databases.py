"""Databases: a SQLite file, a PostgreSQL server, and SQLAlchemy, each real."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.listen.fetched import DATABASE, FOUR, ORDERS_TABLE, amounts, fetch, fetched, kept, parts, sqlite
from tests.postgresql import server as postgresql_server

from vitalfew.engine import DuckEngine
from vitalfew.listen.databases import Address

PLACES = {"sql": 4, "database": 5, "columns": 6, "watermark": 7, "key": 8}
SECRET = "gehe:im%40"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server of this test run."""
    with postgresql_server() as address:
        yield address


@pytest.fixture
def postgresql(server: str) -> str:
    """The address of a PostgreSQL database with four orders."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    address = server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "create table orders (id int primary key, at text, amount numeric(10, 2), note text, updated timestamptz default now())"
        )
        for row in FOUR:
            connection.execute("insert into orders values (%s, %s, %s, %s, %s)", (*row[:4], f"{row[4]}+00"))
    return address


@pytest.fixture(params=["sqlite", "postgresql", "sqlalchemy-sqlite", "sqlalchemy-postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The same four orders in each kind of database, each reached in its own way."""
    if request.param.endswith("postgresql"):
        address: str = request.getfixturevalue("postgresql")
        return {"SHOP_URL": address.replace("postgresql://", "postgresql+psycopg://") if "sqlalchemy" in request.param else address}
    sqlite(tmp_path / "shop.db", ORDERS_TABLE, rows=FOUR)
    return {"SHOP_URL": "sqlite+pysqlite:///shop.db" if "sqlalchemy" in request.param else "sqlite:///shop.db"}


def test_every_kind_of_database_gives_the_same_records(
    tmp_path: Path, shared_engine: DuckEngine, environment: dict[str, str]
) -> None:
    found = fetched(shared_engine, tmp_path, DATABASE, environment)
    assert amounts(found) == {"1": 10.5, "2": 20.0, "4": 40.25}
    assert found.by_key("status") == {"1": "new", "2": "new", "4": None}
    assert [(line, column) for line, column, _ in found.refused] == [(3, "at")]
    assert found.quarantine[0]["path"] == "env:SHOP_URL"
    assert {name: found.sources[0][name] for name in ("path", "rows_read", "rows_loaded", "rows_quarantined")} == {
        "path": "env:SHOP_URL",
        "rows_read": 4,
        "rows_loaded": 3,
        "rows_quarantined": 1,
    }


def test_the_same_rows_in_another_order_are_the_same_input(
    tmp_path: Path, shared_engine: DuckEngine, environment: dict[str, str]
) -> None:
    fetched(shared_engine, tmp_path, DATABASE, environment)
    before = kept(tmp_path, DATABASE)
    assert fetch(shared_engine, tmp_path, DATABASE, environment) == []
    assert kept(tmp_path, DATABASE) == before
    backwards = {**DATABASE, "sql": f"{DATABASE['sql']} desc"}
    fetched(shared_engine, tmp_path, backwards, environment)
    assert parts(tmp_path) == ["0001"]


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        ({"sql": "select nope from orders"}, "sql", "nope"),
        ({"sql": "select id from no_such_table"}, "sql", "no_such_table"),
        ({"sql": "select id, at from orders"}, "columns", "its answer has no column 'amount'"),
        ({"sql": "delete from orders"}, "sql", "only a SELECT is allowed"),
        ({"sql": "select * from orders; drop table orders"}, "sql", "only one statement"),
        (
            {"sql": "select * from orders where updated >= :since", "watermark": "changed", "key": "id"},
            "watermark",
            "there is no column 'changed' for its watermark",
        ),
        ({"sql": "select * from orders where updated >= :since", "watermark": "updated", "key": "nr"}, "key", "no column 'nr'"),
        ({"watermark": "updated", "key": "id"}, "sql", "does not say what is new"),
        ({"sql": "select * from orders where updated >= :since"}, "sql", "there is no watermark"),
    ],
)
def test_faults_are_told_with_the_databases_own_words(
    tmp_path: Path, shared_engine: DuckEngine, environment: dict[str, str], change: dict[str, Any], place: str, said: str
) -> None:
    faults = fetch(shared_engine, tmp_path, {**DATABASE, **change}, environment)
    assert {(fault.file, fault.line) for fault in faults} == {("company.toml", PLACES[place])}
    assert said in faults[0].what, faults[0].what
    assert "\n" not in str(faults[0])
    # The database's words alone: neither the driver's framing nor what we wrapped the query in.
    assert not re.search(r"vitalfew_query|Failed to|libpq|SQLSTATE|SQLite\]|\[SQL", faults[0].what)
    assert faults[0].mend


def test_a_variable_that_is_not_set_is_a_fault(tmp_path: Path, shared_engine: DuckEngine) -> None:
    for environment in ({}, {"SHOP_URL": " "}):
        faults = fetch(shared_engine, tmp_path, DATABASE, environment)
        assert [fault.what for fault in faults] == ["source 'shop': the variable SHOP_URL of the environment is not set"]


@pytest.mark.parametrize("address", ["sqlite:///none.db", "sqlite+pysqlite:///none.db", "sqlite:////nowhere/none.db", "sqlite://"])
def test_a_sqlite_file_that_is_not_there_is_a_fault_and_is_not_made(
    tmp_path: Path, shared_engine: DuckEngine, address: str
) -> None:
    faults = fetch(shared_engine, tmp_path, DATABASE, {"SHOP_URL": address})
    assert re.search("there is no SQLite file|names no SQLite file", faults[0].what)
    assert not list(tmp_path.rglob("none.db*"))


@pytest.mark.parametrize("address", ["sqlite:///shop.db", "sqlite+pysqlite:///shop.db"])
def test_a_sqlite_file_is_opened_read_only(tmp_path: Path, shared_engine: DuckEngine, address: str) -> None:
    path = sqlite(tmp_path / "shop.db", ORDERS_TABLE, rows=FOUR)
    before = path.read_bytes()
    fetched(shared_engine, tmp_path, DATABASE, {"SHOP_URL": address})
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.glob("shop.db*")] == ["shop.db"]
    (tmp_path / "shop.db").write_bytes(b"this is no database at all, whatever its name says" * 20)
    assert "not a database" in fetch(shared_engine, tmp_path, DATABASE, {"SHOP_URL": address})[0].what


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_no_message_holds_a_password(tmp_path: Path, shared_engine: DuckEngine, scheme: str) -> None:
    for rest in (f"someone:{SECRET}@127.0.0.1:1/crm", f"someone:{SECRET}@host:port:/crm?x", f"127.0.0.1:1/crm?password={SECRET}"):
        faults = fetch(shared_engine, tmp_path, DATABASE, {"SHOP_URL": f"{scheme}://{rest}"})
        assert len(faults) == 1
        told = str(faults[0])
        assert "gehe" not in told
        assert "im@" not in told
        assert "im%40" not in told
    assert SECRET not in repr(Address("X", f"postgresql://a:{SECRET}@h/d"))
    for path in (tmp_path / ".vitalfew").rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()


def test_a_driver_that_is_not_installed_is_named(tmp_path: Path, shared_engine: DuckEngine) -> None:
    for scheme in ("mysql+pymysql", "nosuch", "mssql+pyodbc"):
        faults = fetch(shared_engine, tmp_path, DATABASE, {"SHOP_URL": f"{scheme}://user:geheim@host/crm"})
        assert f"there is no driver for {scheme}" in faults[0].what
        assert "geheim" not in str(faults[0])


def test_a_wrong_password_is_told_by_the_server(tmp_path: Path, shared_engine: DuckEngine, postgresql: str) -> None:
    wrong = re.sub(r"//postgres:", "//nobody_known:", postgresql)
    assert "nobody_known" in fetch(shared_engine, tmp_path, DATABASE, {"SHOP_URL": wrong})[0].what


def test_postgresql_is_read_in_a_read_only_transaction(tmp_path: Path, shared_engine: DuckEngine, postgresql: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("create function grab() returns int language plpgsql as $$ begin delete from orders; return 1; end $$")
    for address in (postgresql, postgresql.replace("postgresql://", "postgresql+psycopg://")):
        faults = fetch(shared_engine, tmp_path, {**DATABASE, "sql": "select grab() as id"}, {"SHOP_URL": address})
        assert "cannot execute DELETE in a read-only transaction" in faults[0].what
    with psycopg.connect(postgresql) as connection:
        assert connection.execute("select count(*) from orders").fetchone() == (4,)


def test_types_of_postgresql_come_as_people_see_them(tmp_path: Path, shared_engine: DuckEngine, postgresql: str) -> None:
    shown = {
        "'infinity'::timestamp": "infinity",
        "1234.50::numeric(12, 4)": "1234.5000",
        "5.25::float8": "5.25",
        "true": "true",
        "9007199254740993::bigint": "9007199254740993",
        "'12.34'::money": "$12.34",
        "'10.0.0.1'::inet": "10.0.0.1/32",
        "'{\"a\": 1}'::jsonb": '{"a": 1}',
        "array[1, 2]": "{1,2}",
        "'2026-02-01 12:00+02'::timestamptz": "2026-02-01 10:00:00+00",
        "date '2026-02-01'": "2026-02-01",
        "interval '1 day 2 hours'": "1 day 02:00:00",
        "'6ecd8c99-4036-403d-bf84-cf8400f67836'::uuid": "6ecd8c99-4036-403d-bf84-cf8400f67836",
        "'é € 日本'": "é € 日本",
    }
    rows = " union all ".join(
        f"select {number} as id, date '2026-01-01' as at, 1 as amount, ({sql})::text as note" for number, sql in enumerate(shown)
    )
    plain = ", ".join(f"{sql} as c{number}" for number, sql in enumerate(shown))
    expected = dict(zip(map(str, range(len(shown))), shown.values(), strict=True))
    assert fetched(shared_engine, tmp_path, {**DATABASE, "sql": rows}, {"SHOP_URL": postgresql}).by_key("status") == expected
    for number, text in enumerate(shown.values()):
        source = {
            **DATABASE,
            "sql": f"select 1 as id, date '2026-01-01' as at, 1 as amount, {plain}",
            "columns": {**MAPPED_BY, "status": f"c{number}"},
        }
        assert fetched(shared_engine, tmp_path, source, {"SHOP_URL": postgresql}).by_key("status") == {"1": text}


MAPPED_BY = {"order": "id", "at": "at", "amount": "amount"}


def test_values_of_sqlite_have_no_one_type(tmp_path: Path, shared_engine: DuckEngine) -> None:
    rows: list[tuple[Any, ...]] = [(number, "2026-01-05", None, None, None) for number in range(1, 2001)]
    rows += [(2001, "2026-01-05", 1, "text", ""), (2002, "2026-01-05", 2.5, 7, ""), (2003, "2026-01-05", "3,5", b"\xff\x00", "")]
    rows += [
        (2004, "2026-01-05", 4, "a\0b", ""),
        (2005, "2026-01-05", 5, b"bytes", ""),
        (2006, "2026-01-05", 6, "x" * 1_000_001, ""),
    ]
    sqlite(tmp_path / "shop.db", ORDERS_TABLE.replace(" text", "").replace(" real", ""), rows=rows)
    for address in ("sqlite:///shop.db", "sqlite+pysqlite:///shop.db"):
        found = fetched(shared_engine, tmp_path, DATABASE, {"SHOP_URL": address})
        assert found.sources[0]["rows_read"] == 2006
        assert {key: note for key, note in found.by_key("status").items() if note} == {"2001": "text", "2002": "7", "2005": "bytes"}
        assert [line for line, _, reason in found.refused if "NUL" in reason] == [2003, 2004, 2006]


def test_columns_of_one_name_cannot_be_used(tmp_path: Path, shared_engine: DuckEngine, postgresql: str) -> None:
    sql = "select id, at, amount, note, 1 as note from orders"
    faults = fetch(shared_engine, tmp_path, {**DATABASE, "sql": sql}, {"SHOP_URL": postgresql})
    assert "column 'note' cannot be used: 2 columns are called note" in faults[0].what


def test_an_answer_without_rows_is_one(tmp_path: Path, shared_engine: DuckEngine, environment: dict[str, str]) -> None:
    source = {**DATABASE, "sql": "select * from orders where id > 10"}
    assert fetched(shared_engine, tmp_path, source, environment).sources[0]["rows_read"] == 0


def test_colons_and_percents_in_a_query_stand_for_themselves(
    tmp_path: Path, shared_engine: DuckEngine, environment: dict[str, str]
) -> None:
    sql = "select id, at, amount, '12:30 :note 100% %s' as note from orders where note like 'n%' or note is null"
    found = fetched(shared_engine, tmp_path, {**DATABASE, "sql": sql}, environment)
    assert set(found.by_key("status").values()) == {"12:30 :note 100% %s"}


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
@pytest.mark.parametrize(
    ("kind", "moments"),
    [
        ("timestamptz", ("2026-03-01 10:00:00.123456+02", "2026-03-03 09:00:00+00")),
        ("timestamp", ("2026-03-01 10:00:00.5", "2026-03-03 09:00:00")),
        ("date", ("2026-03-01", "2026-03-03")),
        ("bigint", ("9", "10")),
        ("int", ("9", "10")),
        ("text", ("2026-03-01T10:00:00Z", "2026-03-03T09:00:00Z")),
        ("text", ("a-1", "a-2")),
    ],
)
def test_what_is_new_is_asked_in_the_type_of_the_column(
    tmp_path: Path, shared_engine: DuckEngine, postgresql: str, scheme: str, kind: str, moments: tuple[str, str]
) -> None:
    """What is read the second time can only come of a comparison in the column's own type: the driver converts nothing."""
    environment = {"SHOP_URL": postgresql.replace("postgresql://", f"{scheme}://")}
    source = {
        **DATABASE,
        "sql": "select id, at, amount, note, changed from news where changed >= :since",
        "watermark": "changed",
        "key": "id",
    }
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"create table news (id int, at date, amount int, note text, changed {kind})")
        connection.execute("insert into news values (1, '2026-03-01', 1, 'first', %s)", (moments[0],))
        assert amounts(fetched(shared_engine, tmp_path, source, environment)) == {"1": 1.0}
        before = kept(tmp_path, source)
        assert fetch(shared_engine, tmp_path, source, environment) == []
        assert kept(tmp_path, source) == before
        connection.execute("delete from news")
        connection.execute("insert into news values (2, '2026-03-01', 2, 'second', %s)", (moments[1],))
        assert amounts(fetched(shared_engine, tmp_path, source, environment)) == {"1": 1.0, "2": 2.0}
        assert parts(tmp_path) == ["0001", "0002"]
        overlapped = {**source, "overlap": 1}
        if moments[0] == "a-1":
            assert "overlap is for times" in fetch(shared_engine, tmp_path, overlapped, environment)[0].what
        else:
            assert fetch(shared_engine, tmp_path, overlapped, environment) == []
