"""Databases: PostgreSQL and SQLite through ADBC, any other through SQLAlchemy.

They are only read, in a read-only transaction where there is one. Values are cast to text by the database itself where Arrow has no
sound type for them: what a driver makes of money, inet or 'infinity' is not what people see in the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pyarrow as pa

from vitalfew.listen.origins import Delivery, Origin, OriginFault, Since, batch_of, hidden, secret
from vitalfew.listen.queries import Query, checked
from vitalfew.listen.readers import FEWEST, batch_rows
from vitalfew.settings import Source

CONNECT_SECONDS = 15
# SQLGlot's names of the dialects of SQLAlchemy that are called otherwise, and of those it knows by the same name.
_DIALECTS = {"postgresql": "postgres", "mariadb": "mysql", "mssql": "tsql", "cockroachdb": "postgres"}
_SAME = (
    "sqlite",
    "mysql",
    "oracle",
    "snowflake",
    "bigquery",
    "redshift",
    "trino",
    "clickhouse",
    "databricks",
    "duckdb",
    "teradata",
)
# Dialects whose transactions can be said to be read-only.
_READ_ONLY = ("postgresql", "mysql", "mariadb", "oracle")


@dataclass(frozen=True, repr=False)
class Address:
    """Where a database is, from the environment. Never printed: `hidden` takes it out of what drivers say."""

    variable: str
    url: str

    @property
    def scheme(self) -> str:
        """What stands before `://`, e.g. postgresql or mysql+pymysql."""
        return self.url.partition("://")[0].casefold()

    def hidden(self, text: str) -> str:
        """A message without the address or its password."""
        secrets = {f"env:{self.variable}": self.url}
        found = re.search(r"://[^/?#]*?:(.*)@", self.url)
        for each in {found.group(1), unquote(found.group(1))} if found else set():
            secrets["*" * (3 + len(secrets))] = each
        for each in re.findall(r"[?&](?:password|pwd|sslpassword|token)=([^&]*)", self.url, re.IGNORECASE):
            secrets["*" * (3 + len(secrets))] = each
        return hidden(text, secrets)

    def place(self) -> str:
        """Host, port and database, without user and password."""
        rest = self.url.partition("://")[2]
        return self.scheme.partition("+")[0] + "://" + rest.rpartition("@")[2].partition("?")[0]


def database(source: Source, workspace: Path, environment: Mapping[str, str]) -> Origin:
    """The database of a source and its query. Raises OriginFault when the variable is not set or the query is not allowed."""
    address = Address(source.database.removeprefix("env:"), secret(source.database, "database", environment))
    if "://" not in address.url:
        raise OriginFault(
            "database", f"what {address.variable} holds is no address", "write it like postgresql://user:password@host/database"
        )
    name = address.scheme.partition("+")[0]
    dialect = _DIALECTS.get(name, "postgres" if name == "postgres" else name if name in _SAME else "")
    try:
        query = checked(source.sql, dialect)
    except ValueError as error:
        raise OriginFault("sql", str(error), "write one SELECT") from None
    if source.watermark and not query.incremental:
        mend = f"add `where {source.watermark} >= :since` to it, or leave watermark out"
        raise OriginFault("sql", "the query does not say what is new", mend)
    if query.incremental and not source.watermark:
        raise OriginFault(
            "sql", "the query asks for rows :since, but there is no watermark", 'add watermark = "updated_at" and key'
        )
    if address.scheme in ("postgresql", "postgres"):
        return PostgreSQL(address, query)
    if address.scheme == "sqlite":
        return SQLite(address, query, workspace, source.watermark)
    return OtherDatabase(address, query, workspace)


@contextmanager
def _told(address: Address, key: str, what: str, mend: str) -> Iterator[None]:
    """Whatever a driver raises becomes a fault in the database's own words."""
    try:
        yield
    except OriginFault:
        raise
    except Exception as error:  # each driver has kinds of its own
        raise OriginFault(key, f"{what}: {_words(address, error)}", mend) from None


def _words(address: Address, error: Exception) -> str:
    """The database's own words, on one line, without the driver's framing and without secrets."""
    said = str(getattr(error, "orig", None) or error)
    said = re.split(r"\n\s*(?:Query was:|query:|\[SQL:|\(Background)", said)[0]
    said = re.sub(r"^[A-Z_]+: (\[(libpq|SQLite)\] )?", "", said)
    said = re.sub(r"^Failed to (prepare query|execute query|connect)[^:]*: ", "", said)
    said = said.partition(". SQLSTATE")[0]
    return " ".join(address.hidden(said).split())[:300].rstrip(". ")


_CONNECT = ("database", "check the address, and that the database lets this machine in")
_QUERY = ("sql", "correct the query")


class _Adbc:
    """What the two ADBC databases have in common."""

    def __init__(self, address: Address, query: Query) -> None:
        self._address, self._query = address, query
        self.label = f"env:{address.variable}"

    def identity(self) -> str:
        return self._address.place()

    def _rows(self, cursor: Any, sql: str, bound: Since | None) -> Iterator[pa.Table]:
        """The rows of a statement that gives text columns."""
        with _told(self._address, _QUERY[0], "the database refuses the query", _QUERY[1]):
            cursor.execute(sql, None if bound is None else (bound,))
            reader = cursor.fetch_record_batch()
        while True:
            with _told(self._address, "database", "the database broke off", "run it again; nothing of it was kept"):
                batch = next(reader, None)
                if batch is None:
                    return
                columns = [_plain(batch.column(place)) for place in range(batch.num_columns)]
            if batch.num_rows:
                yield batch_of(columns)


def _plain(column: pa.Array) -> pa.Array:
    """A column as text; bytes that are no UTF-8 show as such."""
    if pa.types.is_boolean(column.type) or not (pa.types.is_string(column.type) or pa.types.is_binary(column.type)):
        return column.cast(pa.string())
    try:
        column.cast(pa.string()).validate(full=True)
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        binary = column.cast(pa.binary())
        # A NUL makes the row one that is refused, with the value shown.
        texts = [None if each is None else _decoded(each) for each in binary.to_pylist()]
        return pa.array(texts, pa.string())


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace") + "\0"


class PostgreSQL(_Adbc):
    """PostgreSQL: one snapshot, read-only, times in UTC."""

    encoding = "PostgreSQL"

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        import adbc_driver_postgresql.dbapi as adbc  # noqa: PLC0415  only sources of this kind need it

        url = self._address.url
        if "connect_timeout" not in url:
            url += ("&" if "?" in url else "?") + f"connect_timeout={CONNECT_SECONDS}"
        with _told(self._address, _CONNECT[0], "cannot connect", _CONNECT[1]):
            connection = adbc.connect(url)
        try:
            with connection.cursor() as cursor:
                with _told(self._address, "database", "cannot begin to read", "give the user the right to read"):
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    cursor.execute("SET LOCAL TimeZone = 'UTC'")
                    cursor.execute("SET LOCAL DateStyle = 'ISO, YMD'")
                yield cursor
        finally:
            connection.close()

    def _schema(self, cursor: Any) -> pa.Schema:
        with _told(self._address, _QUERY[0], "the database refuses the query", _QUERY[1]):
            schema: pa.Schema = cursor.adbc_execute_schema(self._query.everything())
        if not schema.names:
            raise OriginFault("sql", "the query gives no column", "name columns after SELECT")
        return schema

    def columns(self) -> tuple[str, ...]:
        with self._cursor() as cursor:
            return tuple(self._schema(cursor).names)

    @contextmanager
    def read(self, since: Since | None, folder: Path) -> Iterator[Delivery]:
        with self._cursor() as cursor:
            schema = self._schema(cursor)
            places = [f"c{place}" for place in range(len(schema))]
            chosen = ", ".join(
                place if _sound(each.type) else f"CAST({place} AS text)" for place, each in zip(places, schema, strict=True)
            )
            inner = self._query.everything() if since is None else self._query.new("$1")
            sql = f"SELECT {chosen} FROM (\n{inner}\n) AS vitalfew_query({', '.join(places)})"
            types = {each.name: _kind(each.type) for each in schema}
            yield Delivery(tuple(schema.names), self._rows(cursor, sql, since), types)


def _sound(kind: pa.DataType) -> bool:
    # money comes as a 64-bit integer of cents, so that one goes through the database's own text.
    return bool(pa.types.is_string(kind) or pa.types.is_boolean(kind) or kind in (pa.int16(), pa.int32()))


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "aware" if kind.tz else "naive"
    return "date" if pa.types.is_date(kind) else "int" if pa.types.is_integer(kind) else "text"


class SQLite(_Adbc):
    """A SQLite file, opened read-only: one that is not there is never made."""

    encoding = "SQLite"

    def __init__(self, address: Address, query: Query, workspace: Path, watermark: str) -> None:
        super().__init__(address, query)
        self._path, self._watermark = sqlite_file(address, workspace), watermark

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        import adbc_driver_sqlite.dbapi as adbc  # noqa: PLC0415  only sources of this kind need it

        with _told(self._address, _CONNECT[0], f"cannot open {self._path.name}", "check its permissions"):
            connection = adbc.connect(f"{self._path.as_uri()}?mode=ro")
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def _names(self, cursor: Any) -> tuple[str, ...]:
        with _told(self._address, _QUERY[0], "the database refuses the query", _QUERY[1]):
            cursor.execute(f"WITH vitalfew_query AS (\n{self._query.everything()}\n) SELECT * FROM vitalfew_query WHERE 1 = 0")
            return tuple(cursor.fetch_record_batch().schema.names)

    def columns(self) -> tuple[str, ...]:
        with self._cursor() as cursor:
            return self._names(cursor)

    @contextmanager
    def read(self, since: Since | None, folder: Path) -> Iterator[Delivery]:
        with self._cursor() as cursor:
            names = self._names(cursor)
            types = self._types(cursor, names)
            places = [f"c{place}" for place in range(len(names))]
            # Columns have no type here, and the driver guesses one from the first rows: as text, never null, it cannot err.
            chosen = ", ".join(f"ifnull(CAST({place} AS TEXT), '')" for place in places)
            inner = self._query.everything() if since is None else self._query.new(":since")
            sql = f"WITH vitalfew_query({', '.join(places)}) AS (\n{inner}\n) SELECT {chosen} FROM vitalfew_query"
            yield Delivery(names, self._rows(cursor, sql, since), types)

    def _types(self, cursor: Any, names: tuple[str, ...]) -> dict[str, str]:
        """Whether the watermark is kept as a number: a text never compares with one as people expect."""
        if self._watermark not in names:
            return {}
        places = [f"c{place}" for place in range(len(names))]
        column = places[names.index(self._watermark)]
        inner = self._query.everything()
        with _told(self._address, _QUERY[0], "the database refuses the query", _QUERY[1]):
            cursor.execute(
                f"WITH vitalfew_query({', '.join(places)}) AS (\n{inner}\n) "
                f"SELECT typeof({column}) FROM vitalfew_query WHERE {column} IS NOT NULL LIMIT 1"
            )
            found = cursor.fetch_arrow_table().to_pylist()
        return {self._watermark: "int" if found and "integer" in found[0].values() else "text"}


def sqlite_file(address: Address, workspace: Path) -> Path:
    """The file of a SQLite address, relative (three slashes) to the workspace. Raises OriginFault when it is not there."""
    name = unquote(urlsplit(address.url).path)[1:]
    if not name or name == ":memory:":
        raise OriginFault("database", f"{address.variable} names no SQLite file", "write it like sqlite:///crm.db")
    path = (workspace / name).resolve()
    if not path.is_file():
        mend = "correct the address: sqlite:///crm.db lies beside company.toml, sqlite:////data/crm.db anywhere"
        raise OriginFault("database", f"there is no SQLite file {name}", mend)
    return path


class OtherDatabase:
    """Any database SQLAlchemy has a dialect for; its driver must be installed."""

    def __init__(self, address: Address, query: Query, workspace: Path) -> None:
        self._address, self._query, self._workspace = address, query, workspace
        self.label = f"env:{address.variable}"
        self.encoding = address.scheme.partition("+")[0]

    def identity(self) -> str:
        return self._address.place()

    def _url(self) -> str:
        if self.encoding != "sqlite":
            return self._address.url
        path = quote(str(sqlite_file(self._address, self._workspace)))
        return f"{self._address.scheme}:///file:{path}?mode=ro&uri=true"

    @contextmanager
    def _result(self, since: Since | None) -> Iterator[Any]:
        import sqlalchemy  # noqa: PLC0415  only sources of this kind need it
        from sqlalchemy.exc import NoSuchModuleError  # noqa: PLC0415

        try:
            engine = sqlalchemy.create_engine(self._url(), poolclass=sqlalchemy.NullPool)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            what = f"there is no driver for {self._address.scheme}: {_words(self._address, error)}"
            raise OriginFault("database", what, "install one beside vitalfew, e.g. pymysql for mysql+pymysql://") from None
        except Exception as error:  # an address that cannot be taken apart
            what = f"what {self._address.variable} holds is no address: {_words(self._address, error)}"
            raise OriginFault("database", what, "write it like mysql+pymysql://user:password@host/database") from None
        with _told(self._address, _CONNECT[0], "cannot connect", _CONNECT[1]):
            connection = engine.connect()
        try:
            with _told(self._address, "database", "cannot begin to read", "give the user the right to read"):
                if engine.dialect.name in _READ_ONLY:
                    connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            with _told(self._address, _QUERY[0], "the database refuses the query", _QUERY[1]):
                marker = ":vitalfew_since"
                sql = self._query.everything() if since is None else self._query.new(marker)
                # Every other colon that SQLAlchemy would take for a parameter stands for itself.
                statement = sqlalchemy.text(re.sub(r"(?<![:\w\\]):(?!vitalfew_since\b)(?=\w)", r"\\:", sql))
                result = connection.execution_options(stream_results=True, max_row_buffer=FEWEST).execute(
                    statement, {} if since is None else {"vitalfew_since": since}
                )
            try:
                yield result
            finally:
                result.close()
        finally:
            connection.close()
            engine.dispose()

    def columns(self) -> tuple[str, ...]:
        with self._result(None) as result:
            return tuple(result.keys())

    @contextmanager
    def read(self, since: Since | None, folder: Path) -> Iterator[Delivery]:
        with self._result(since) as result:
            types: dict[str, str] = {}
            yield Delivery(tuple(result.keys()), self._batches(result, types), types)

    def _batches(self, result: Any, types: dict[str, str]) -> Iterator[pa.Table]:
        full = batch_rows(len(result.keys()))
        while True:
            with _told(self._address, "database", "the database broke off", "run it again; nothing of it was kept"):
                rows = result.fetchmany(full)
            if not rows:
                return
            columns = list(zip(*rows, strict=True))
            for name, values in zip(result.keys(), columns, strict=True):
                first = next((each for each in values if each is not None), None)
                if name not in types and first is not None:
                    types[name] = _python_kind(first)
            yield batch_of([pa.array([_text(each) for each in values], pa.string()) for values in columns])


def _python_kind(value: Any) -> str:
    if isinstance(value, datetime):
        return "aware" if value.tzinfo else "naive"
    return "date" if isinstance(value, date) else "int" if isinstance(value, int) and not isinstance(value, bool) else "text"


def _text(value: Any) -> str | None:
    """A value of a Python driver as text."""
    if value is None or isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if value else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes | bytearray | memoryview):
        return _decoded(bytes(value))
    return str(value)
