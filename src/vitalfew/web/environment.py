"""What the application takes from the environment: typed, every fault at once, `_FILE` for secrets."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from vitalfew.faults import Fault, Refused

PLACE = "environment"


@dataclass(frozen=True)
class Environment:
    """The settings of one installation.

    `home` is the folder of the application's own files (the workspace's `.vitalfew`); `database_url` is empty for SQLite in `home`;
    `hosts` are the names the application answers to; `https` says that people reach it by HTTPS (cookies are then secure only);
    `email_url` is `smtp://user:password@host:port` or empty, and then e-mails are shown to the person who caused them.
    """

    home: Path
    secret: str
    database_url: str = ""
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    https: bool = False
    email_url: str = ""
    email_from: str = "vitalfew@localhost"
    debug: bool = False


def read(environ: Mapping[str, str] | None = None) -> Environment:
    """The environment of this process. Raises Refused with every fault found."""
    given = os.environ if environ is None else environ
    faults: list[Fault] = []
    home = Path(given.get("VITALFEW_HOME") or ".vitalfew")
    secret = _secret(given, "VITALFEW_SECRET_KEY", faults)
    if secret and len(secret) < 32:
        faults.append(Fault(PLACE, 1, "VITALFEW_SECRET_KEY is shorter than 32 characters", "use a long random text"))
    database = _secret(given, "DATABASE_URL", faults)
    if database:
        faults += _database_faults(database)
    email = _secret(given, "EMAIL_URL", faults)
    if email and urlsplit(email).scheme not in ("smtp", "smtps"):
        faults.append(Fault(PLACE, 1, "EMAIL_URL does not begin with smtp:// or smtps://", "write smtp://user:password@host:587"))
    https = _yes_no(given, "VITALFEW_HTTPS", faults)
    debug = _yes_no(given, "VITALFEW_DEBUG", faults)
    hosts = tuple(each.strip() for each in given.get("VITALFEW_HOSTS", "").split(",") if each.strip())
    if "*" in hosts:
        faults.append(Fault(PLACE, 1, "VITALFEW_HOSTS is *, so anybody's host name is believed", "name the hosts"))
    if faults:
        raise Refused(faults)
    return Environment(
        home,
        secret or _kept_secret(home),
        database,
        hosts or Environment.hosts,
        https,
        email,
        given.get("EMAIL_FROM", Environment.email_from),
        debug,
    )


def database(environment: Environment) -> dict[str, object]:
    """Django's description of the database.

    SQLite keeps a write-ahead log and waits for the disk at each commit (`synchronous=FULL`): what was acknowledged survives a
    power cut. Transactions begin by taking the write lock, so that two writers wait for each other instead of failing.
    """
    if not environment.database_url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(environment.home / "vitalfew.db"),
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    url = urlsplit(environment.database_url)
    options = dict(parse_qsl(url.query))
    # A socket folder comes as ?host=/path, as in libpq.
    host = options.pop("host", None) or url.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": host,
        "PORT": str(url.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def _database_faults(url: str) -> list[Fault]:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return [Fault(PLACE, 1, f"DATABASE_URL cannot be read: {error}", "write postgresql://user:password@host:5432/name")]
    if parts.scheme not in ("postgresql", "postgres"):
        return [
            Fault(
                PLACE,
                1,
                f"DATABASE_URL begins with {parts.scheme or 'nothing'}://",
                "write postgresql://user:password@host:5432/name, or leave it away for SQLite",
            )
        ]
    if not parts.path.lstrip("/"):
        return [Fault(PLACE, 1, "DATABASE_URL names no database", "write postgresql://user:password@host:5432/name")]
    return []


def _secret(given: Mapping[str, str], name: str, faults: list[Fault]) -> str:
    """The variable `name`, or the contents of the file that `name`_FILE names."""
    file = given.get(f"{name}_FILE", "")
    if file and given.get(name):
        faults.append(Fault(PLACE, 1, f"both {name} and {name}_FILE are set", "keep one of them"))
    if not file:
        return given.get(name, "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        faults.append(Fault(PLACE, 1, f"{name}_FILE cannot be read: {error.strerror}", "name a file this user can read"))
        return ""


def _yes_no(given: Mapping[str, str], name: str, faults: list[Fault]) -> bool:
    value = given.get(name, "").strip().lower()
    if value not in ("", "0", "1", "no", "yes", "false", "true"):
        faults.append(Fault(PLACE, 1, f"{name} is {value!r}", "write yes or no"))
    return value in ("1", "yes", "true")


def _kept_secret(home: Path) -> str:
    """The installation's own secret, made at the first start and readable by its user only."""
    path = home / "secret"
    try:
        kept = path.read_text(encoding="utf-8").strip()
        if kept:
            return kept
    except FileNotFoundError:
        pass
    home.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(48)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(made)
    except FileExistsError:  # another process was first
        return path.read_text(encoding="utf-8").strip()
    return made
