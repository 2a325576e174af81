"""A backup holds everything and comes back whole; what was tampered with, or would write elsewhere, is refused."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.web.runs.conftest import Database

from vitalfew import continuity
from vitalfew.faults import Refused
from vitalfew.runs import Workspace
from vitalfew.web.ops.backup import MANIFEST, backup, restore

FILL = """
from vitalfew.web.people.models import Company, User
from vitalfew.web.people import audit
company = Company.objects.create(slug="acme", name="Acme", folder={folder!r})
User.objects.create_user("mi\\u00e9ke@acme.example", "a long enough passphrase", "Mi\\u00e9ke")
for n in range(50):
    audit.record(company, "x", f"act {{n}}")
"""
COUNT = """
from vitalfew.web.people.models import AuditEntry, Company, User
print(Company.objects.get().folder, User.objects.get().email, AuditEntry.objects.count())
"""


@pytest.fixture(autouse=True)
def no_database_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def installation(other_workspace: Path, tmp_path: Path) -> Path:
    """The small company with a SQLite database, a secret and a file of the application's own."""
    folder = tmp_path / "acme"
    shutil.copytree(other_workspace, folder, symlinks=True)
    home = folder / ".vitalfew"
    with sqlite3.connect(home / "vitalfew.db") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (n)")
        connection.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(1000)])
    connection.close()
    (home / "secret").write_text("s" * 64)
    (home / "secret").chmod(0o600)
    (home / "media").mkdir()
    (home / "media" / "logo.svg").write_text("<svg/>")
    return folder


def test_what_is_backed_up_comes_back_and_is_the_same_run(installation: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "out" / "b.tar.gz", tmp_path / "back"
    manifest = backup(installation, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert restore(file, target) == manifest
    before, after = Workspace(installation).need_current(), Workspace(target).need_current()
    assert (after.id, after.stages) == (before.id, before.stages)
    assert Workspace(target).go_back(after.id) == after, "every file is what its digest says"
    assert (target / "strategy" / "index.html").read_bytes() == (installation / "strategy" / "index.html").read_bytes()
    assert (target / "company.toml").read_bytes() == (installation / "company.toml").read_bytes()
    assert Workspace(target).history()[:-1] == Workspace(installation).history(), "and the way back just gone"
    assert (target / ".vitalfew" / "secret").read_text() == "s" * 64
    assert stat.S_IMODE((target / ".vitalfew" / "secret").stat().st_mode) == 0o600
    assert (target / ".vitalfew" / "media" / "logo.svg").read_text() == "<svg/>"
    assert not (target / "survey.csv").exists(), "exports are left out unless asked for"
    with sqlite3.connect(target / ".vitalfew" / "vitalfew.db") as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    connection.close()


def test_without_the_run_ids_of_persons_go_on_all_the_same(installation: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "b.tar.gz", tmp_path / "back"
    backup(installation, file, with_run=False, with_sources=True)
    restore(file, target)
    ledger = Workspace(installation).need_current().folder / continuity.FILE
    assert (target / ".vitalfew" / continuity.FILE).read_bytes() == ledger.read_bytes()
    assert continuity.past(Workspace(target), "listen", "base", tmp_path / "w").known is not None
    # A backup of what was restored holds it as well, and once there is a run its own ledger counts.
    again = backup(target, tmp_path / "c.tar.gz", with_run=False)
    assert "workspace/.vitalfew/person_ledger.parquet" in again["files"]


def test_the_exports_come_along_when_asked_for(installation: Path, tmp_path: Path) -> None:
    backup(installation, tmp_path / "b.tar.gz", with_sources=True)
    restore(tmp_path / "b.tar.gz", tmp_path / "back")
    assert (tmp_path / "back" / "survey.csv").read_bytes() == (installation / "survey.csv").read_bytes()


def test_a_backup_while_somebody_writes_is_one_consistent_picture(installation: Path, tmp_path: Path) -> None:
    path = installation / ".vitalfew" / "vitalfew.db"
    code = (
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)\n"
        "c.execute('CREATE TABLE a (n)'); c.execute('CREATE TABLE b (n)'); print('go', flush=True)\n"
        "for n in range(100000):\n"
        " c.execute('BEGIN IMMEDIATE'); c.execute('INSERT INTO a VALUES (1)'); c.execute('INSERT INTO b VALUES (1)'); c.execute('COMMIT')\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        backup(installation, tmp_path / "b.tar.gz")
        assert writer.poll() is None, "the writer was still at work"
    finally:
        writer.kill()
        writer.communicate()
    restore(tmp_path / "b.tar.gz", tmp_path / "back")
    with sqlite3.connect(tmp_path / "back" / ".vitalfew" / "vitalfew.db") as connection:
        assert connection.execute("SELECT (SELECT count(*) FROM a) - (SELECT count(*) FROM b)").fetchone() == (0,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_target_that_is_not_empty_is_left_alone(installation: Path, tmp_path: Path) -> None:
    backup(installation, tmp_path / "b.tar.gz")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").write_text("mine")
    with pytest.raises(Refused, match="not empty"):
        restore(tmp_path / "b.tar.gz", tmp_path / "mine")
    assert (tmp_path / "mine" / "x").read_text() == "mine"
    with pytest.raises(Refused, match="a file of this name"):
        backup(installation, tmp_path / "b.tar.gz")


def test_a_pg_dump_older_than_the_server_is_refused_with_the_mend(
    installation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "pg_dump"
    program.write_text("#!/bin/sh\necho 'pg_dump: error: aborting because of server version mismatch' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/x")
    with pytest.raises(Refused, match=r"older than the PostgreSQL server.*install the client programs"):
        backup(installation, tmp_path / "b.tar.gz")
    assert not list(tmp_path.glob("*b.tar.gz*"))


def rewritten(file: Path, change: Callable[[tarfile.TarInfo, bytes], Iterator[tuple[tarfile.TarInfo, bytes]]]) -> Path:
    """The backup with each entry changed, dropped or joined by others."""
    target = file.with_name("changed.tar.gz")
    with tarfile.open(file) as old, tarfile.open(target, "w:gz") as new:
        for entry in old:
            source = old.extractfile(entry)
            assert source is not None
            for made, data in change(entry, source.read()):
                made.size = len(data) if made.isfile() else 0
                new.addfile(made, io.BytesIO(data) if made.isfile() else None)
    return target


def named(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


EVIL = {
    "climbs out": (named("workspace/../../evil"), "cannot be read"),
    "absolute": (named("/evil-place"), "cannot be read"),
    "elsewhere": (named("evil"), "cannot be read"),
    "symbolic link": (named("workspace/link", tarfile.SYMTYPE, "/etc"), "cannot be read"),
    "hard link": (named("workspace/link", tarfile.LNKTYPE, "workspace/company.toml"), "cannot be read"),
    "device": (named("workspace/null", tarfile.CHRTYPE), "cannot be read"),
    "not in the manifest": (named("workspace/more"), "added or changed"),
    "twice": (named("workspace/company.toml"), "twice"),
}


@pytest.mark.parametrize("evil", EVIL)
def test_an_entry_that_does_not_belong_there_is_refused_and_nothing_written(installation: Path, tmp_path: Path, evil: str) -> None:
    backup(installation, tmp_path / "b.tar.gz")
    entry, why = EVIL[evil]

    def change(each: tarfile.TarInfo, data: bytes) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
        yield each, data
        if each.name == "workspace/company.toml":
            yield entry, b"evil"

    with pytest.raises(Refused, match=why):
        restore(rewritten(tmp_path / "b.tar.gz", change), tmp_path / "back")
    assert not (tmp_path / "back").exists()
    assert not list(tmp_path.rglob("evil*"))
    assert not list(tmp_path.glob(".restoring-*"))


def test_a_changed_byte_a_lost_file_and_a_cut_file_are_refused(installation: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    backup(installation, file)

    def spoil(each: tarfile.TarInfo, data: bytes) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
        yield each, data.replace(b"Other", b"Oth3r", 1) if each.name.endswith("company.toml") else data

    def lose(each: tarfile.TarInfo, data: bytes) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
        if not each.name.endswith("run.json"):
            yield each, data

    def climb(each: tarfile.TarInfo, data: bytes) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
        if each.name == MANIFEST:
            data = json.dumps({**json.loads(data), "run": "../../../tmp"}).encode()
        yield each, data

    for change, why in ((spoil, "company.toml"), (lose, "run.json"), (climb, "valid name")):
        with pytest.raises(Refused, match=why):
            restore(rewritten(file, change), tmp_path / "back")
    whole = file.read_bytes()
    for text in (whole[: len(whole) // 2], b"", b"no archive", gzip.compress(b"no tar")):
        (tmp_path / "cut.tar.gz").write_bytes(text)
        with pytest.raises(Refused, match="no whole backup"):
            restore(tmp_path / "cut.tar.gz", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def vitalfew(database: Database, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**database.environment, **more}
    environment.pop("VITALFEW_HOME")
    return subprocess.run(
        [sys.executable, "-m", "vitalfew", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_by_the_commands_on_both_databases(
    database: Database, other_workspace: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "acme"
    shutil.copytree(other_workspace, folder, symlinks=True)
    home = Path(database.environment["VITALFEW_HOME"])
    database.run(FILL.format(folder=str(folder)))
    for each in home.iterdir():  # the installation's files lie in its workspace
        shutil.move(each, folder / ".vitalfew" / each.name)
    file, target = tmp_path / "b.tar.gz", tmp_path / "elsewhere"
    done = vitalfew(database, "backup", str(folder), str(file))
    assert done.returncode == 0, done.stderr
    more = {}
    if "DATABASE_URL" in database.environment:
        refused = vitalfew(database, "restore", str(file), str(target))
        assert refused.returncode == 2, refused.stderr
        assert "this database has tables" in refused.stderr
        assert not target.exists()
        name = "restored_" + tmp_path.name.replace("-", "_")[-20:].lower()
        with psycopg.connect(database.environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        address, _, query = database.environment["DATABASE_URL"].partition("?")
        more["DATABASE_URL"] = f"{address.rpartition('/')[0]}/{name}?{query}"
    done = vitalfew(database, "restore", str(file), str(target), **more)
    assert done.returncode == 0, done.stderr
    restored = Database({**database.environment, **more, "VITALFEW_HOME": str(target / ".vitalfew")}, target)
    assert restored.run(COUNT).split() == [str(target), "miéke@acme.example", "50"]
    assert Workspace(target).need_current().id == Workspace(folder).need_current().id
    again = vitalfew(database, "restore", str(file), str(target), **more)
    assert again.returncode == 2
    assert "not empty" in again.stderr
