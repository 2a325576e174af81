"""One file that holds everything of an installation, and back again.

    manifest.json                  version, when, which database, digest and size of every file
    database.sqlite | database.dump    the application's database, consistent by SQLite's backup or by pg_dump
    workspace/company.toml, workspace/.vitalfew/...    settings, history, the current run, what the application keeps beside

The sources (exports) are those of other systems and are left out unless asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import vitalfew
from vitalfew import continuity
from vitalfew.faults import Fault, Refused, RunFailed
from vitalfew.runs import HOME, Workspace
from vitalfew.web import environment

FORM = 1
MANIFEST = "manifest.json"
# Made anew, or of no use elsewhere.
LEFT_OUT = re.compile(
    r"(runs|facts|backups|current|lock|person_ledger\.parquet|upgrade\.lock|vitalfew\.db.*|writing-.*|working-.*|\..*)$"
)


def backup(folder: Path, file: Path, with_run: bool = True, with_sources: bool = False) -> dict[str, Any]:
    """Write a backup of the workspace `folder` and its database to `file`; returns its manifest.

    The file appears whole or not at all, and only its owner may read it: it holds customers' data and the installation's secret.
    """
    if file.exists():
        raise Refused([Fault(str(file), 1, "there is a file of this name", "name another one")])
    if not (folder / "company.toml").is_file():
        raise Refused([Fault(str(folder), 1, "there is no company.toml", "give the folder that has one")])
    surroundings = _surroundings(folder)
    run = Workspace(folder).current() if with_run else None
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with tempfile.TemporaryDirectory(dir=file.parent) as working, os.fdopen(handle, "wb") as raw:
            dumped = _dump(surroundings, Path(working))
            files: dict[str, dict[str, Any]] = {}
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as archive:
                for inside, path in [*_database_file(dumped), *_files(folder, run.folder if run else None, with_sources)]:
                    files[inside] = _add(archive, inside, path)
                manifest = {
                    "form": FORM,
                    "version": vitalfew.__version__,
                    "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                    "database": "postgresql" if surroundings.database_url else "sqlite" if dumped else "none",
                    "run": run.id if run else "",
                    "folder": str(folder.resolve()),
                    "files": files,
                }
                text = json.dumps(manifest, indent=1, sort_keys=True).encode()
                entry = tarfile.TarInfo(MANIFEST)
                entry.size, entry.mode = len(text), 0o600
                archive.addfile(entry, io.BytesIO(text))
            raw.flush()
            os.fsync(raw.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return manifest


def restore(file: Path, folder: Path) -> dict[str, Any]:
    """Bring the backup `file` back into the empty folder `folder`, and its database; returns its manifest.

    Everything is checked before anything is put in place. Raises Refused when the folder or the database is not empty, when a
    digest does not fit, or when an entry would lie outside the folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused([Fault(str(folder), 1, "this folder is not empty", "name an empty or a new folder")])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=folder.parent) as working:
        manifest = _unpack(file, Path(working))
        surroundings = _surroundings(folder, Path(working) / "workspace" / HOME)
        if (manifest["database"] == "postgresql") != bool(surroundings.database_url) and manifest["database"] != "none":
            wanted = "set DATABASE_URL to an empty database" if manifest["database"] == "postgresql" else "unset DATABASE_URL"
            raise Refused([Fault(str(file), 1, f"the backup is of a {manifest['database']} database", wanted)])
        unpacked = Path(working) / "workspace"
        (unpacked / HOME).mkdir(exist_ok=True)
        if manifest["database"] == "sqlite":
            (Path(working) / "database.sqlite").replace(unpacked / HOME / "vitalfew.db")
        elif manifest["database"] == "postgresql":
            _restore_postgresql(surroundings, Path(working) / "database.dump")
        if manifest["run"]:
            (unpacked / HOME / "current").symlink_to(Path("runs") / manifest["run"])
            (unpacked / "strategy").symlink_to(Path(HOME) / "current" / "strategy")
        if folder.exists():
            folder.rmdir()
        unpacked.replace(folder)
    return manifest


def moved(manifest: dict[str, Any], folder: Path) -> int:
    """Tell the restored database where its company's folder is now; Django is set up on it. Returns how many companies moved.

    Only two columns are touched, so that it works before the database is brought up to date as well.
    """
    from vitalfew.web.people.models import Company  # noqa: PLC0415 - Django must be set up first

    return Company.objects.filter(folder=manifest["folder"]).update(folder=str(folder.resolve()))


def _surroundings(folder: Path, home: Path | None = None) -> environment.Environment:
    given = {**os.environ, "VITALFEW_HOME": str(home or folder / HOME)}
    # A backup needs no secret of its own, and must not make one.
    given.setdefault("VITALFEW_SECRET_KEY", "x" * 32)
    if given.get("VITALFEW_SECRET_KEY_FILE"):
        given.pop("VITALFEW_SECRET_KEY")
    return environment.read(given)


# --- databases ---


def _dump(surroundings: environment.Environment, working: Path) -> Path | None:
    if surroundings.database_url:
        target = working / "database.dump"
        _postgresql("pg_dump", surroundings, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        return target
    path = surroundings.home / "vitalfew.db"
    if not path.exists():
        return None
    target = working / "database.sqlite"
    # SQLite's own backup: a consistent picture while others write.
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as source, contextlib.closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise RunFailed("the database is damaged: SQLite's integrity check does not pass")
    return target


def _restore_postgresql(surroundings: environment.Environment, dump: Path) -> None:
    import psycopg  # noqa: PLC0415 - only with PostgreSQL

    with psycopg.connect(surroundings.database_url) as connection:
        found = connection.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'").fetchone()
    if found is None or found[0]:
        raise Refused([Fault("DATABASE_URL", 1, "this database has tables", "name an empty database")])
    _postgresql("pg_restore", surroundings, "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(dump))


def _postgresql(program: str, surroundings: environment.Environment, *arguments: str) -> None:
    """One of PostgreSQL's programs on our database. The password goes by the environment, never by the command line."""
    path = shutil.which(program)
    if path is None:
        raise Refused([Fault("PATH", 1, f"{program} is not installed", "install PostgreSQL's client programs (postgresql-client)")])
    told = environment.database(surroundings)
    given = {**os.environ}
    for name, key in (
        ("PGHOST", "HOST"),
        ("PGPORT", "PORT"),
        ("PGUSER", "USER"),
        ("PGPASSWORD", "PASSWORD"),
        ("PGDATABASE", "NAME"),
    ):
        if told[key]:
            given[name] = str(told[key])
    options = told["OPTIONS"]
    if isinstance(options, dict) and options.get("sslmode"):
        given["PGSSLMODE"] = str(options["sslmode"])
    into = ["--dbname", str(told["NAME"])] if program == "pg_restore" else []
    done = subprocess.run([path, *into, *arguments], env=given, capture_output=True, text=True, check=False)  # noqa: S603
    if "version mismatch" in done.stderr:
        mend = "install the client programs of the server's version"
        raise Refused([Fault(path, 1, f"this {program} is older than the PostgreSQL server", mend)])
    if done.returncode:
        raise RunFailed(f"{program} failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")


# --- files ---


def _database_file(dumped: Path | None) -> Iterator[tuple[str, Path]]:
    if dumped is not None:
        yield dumped.name, dumped


def _files(folder: Path, run: Path | None, with_sources: bool) -> Iterator[tuple[str, Path]]:
    """Every file of the workspace that belongs into a backup, by its name in it."""
    yield "workspace/company.toml", folder / "company.toml"
    kept: list[tuple[Path, Path]] = []
    home = folder / HOME
    for each in sorted(home.iterdir()) if home.is_dir() else []:
        if not LEFT_OUT.fullmatch(each.name):
            kept.append((each, Path(HOME) / each.name))
    if run is not None:
        kept.append((run, Path(HOME) / "runs" / run.name))
    else:
        kept += _ledger(folder)
    for each in sorted(folder.iterdir()) if with_sources else []:
        if each.name not in (HOME, "strategy", "company.toml"):
            kept.append((each, Path(each.name)))
    for path, inside in kept:
        if path.is_file() and not path.is_symlink():
            yield f"workspace/{inside.as_posix()}", path
        elif path.is_dir():
            for found in sorted(path.rglob("*")):
                if found.is_file() and not found.is_symlink():
                    yield f"workspace/{(inside / found.relative_to(path)).as_posix()}", found


def _ledger(folder: Path) -> list[tuple[Path, Path]]:
    """Without the run, what its ids of persons go on from."""
    current = Workspace(folder).current()
    path = current.folder / continuity.FILE if current is not None else folder / HOME / continuity.FILE
    return [(path, Path(HOME) / continuity.FILE)] if path.is_file() else []


def _add(archive: tarfile.TarFile, inside: str, path: Path) -> dict[str, Any]:
    """Add a file and return its size and digest. Read once: what is written is what was measured."""
    with tempfile.SpooledTemporaryFile(max_size=16 * 1024 * 1024) as copy:
        digest = hashlib.sha256()
        with path.open("rb") as source:
            while piece := source.read(1024 * 1024):
                digest.update(piece)
                copy.write(piece)
        entry = tarfile.TarInfo(inside)
        entry.size, entry.mode = copy.tell(), 0o600 if path.stat().st_mode & 0o077 == 0 else 0o644
        entry.mtime = int(path.stat().st_mtime)
        copy.seek(0)
        archive.addfile(entry, copy)
    return {"size": entry.size, "sha256": digest.hexdigest()}


def _unpack(file: Path, working: Path) -> dict[str, Any]:
    """Every file of the backup below `working`, checked. Raises Refused; links, devices and paths that lead outside are refused."""
    digests: dict[str, tuple[int, str]] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(file, "r:gz") as archive:
            for entry in archive:
                name = _safe(entry)
                source = archive.extractfile(entry)
                if source is None:
                    raise _spoilt(file, "an entry cannot be read")
                if name == MANIFEST:
                    manifest = json.loads(source.read(64 * 1024 * 1024))
                    continue
                if name in digests:
                    raise _spoilt(file, "an entry stands in it twice")
                target = working / name
                target.parent.mkdir(parents=True, exist_ok=True)
                digests[name] = _extract(source, target, entry)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise _spoilt(file, f"it cannot be read ({type(error).__name__})") from error
    if manifest.get("form") != FORM:
        raise _spoilt(file, "it has no manifest of a form this version knows")
    wanted = {name: (each["size"], each["sha256"]) for name, each in manifest["files"].items()}
    if wanted != digests:
        wrong = sorted(name for name in {*wanted, *digests} if wanted.get(name) != digests.get(name))
        raise _spoilt(file, f"{len(wrong)} files are missing, added or changed, the first is {wrong[0]}")
    if manifest["run"] and not re.fullmatch(r"[0-9a-f]{20}", manifest["run"]):
        raise _spoilt(file, "its run has no valid name")
    return manifest


def _safe(entry: tarfile.TarInfo) -> str:
    path = PurePosixPath(entry.name)
    inside = entry.name in (MANIFEST, "database.sqlite", "database.dump") or path.parts[:1] == ("workspace",)
    if not entry.isfile() or path.is_absolute() or ".." in path.parts or not inside or "\\" in entry.name or "\x00" in entry.name:
        raise tarfile.TarError(f"unsafe entry {entry.name!r}")
    return path.as_posix()


def _extract(source: Any, target: Path, entry: tarfile.TarInfo) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    mode = 0o600 if entry.mode & 0o077 == 0 else 0o644
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        while piece := source.read(1024 * 1024):
            digest.update(piece)
            size += len(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    os.utime(target, (entry.mtime, entry.mtime))
    return size, digest.hexdigest()


def _spoilt(file: Path, what: str) -> Refused:
    return Refused([Fault(str(file), 1, f"this is no whole backup: {what}", "use another backup")])
