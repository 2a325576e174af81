"""The database and the version of the program: the same, behind, or ahead."""

from __future__ import annotations

import fcntl
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from vitalfew.faults import Fault, Refused

log = logging.getLogger("vitalfew.database")
State = Literal["empty", "behind", "current", "ahead"]


def state() -> State:
    """How the database stands to this version of the program."""
    executor = MigrationExecutor(connection)
    applied, known = set(executor.loader.applied_migrations), set(executor.loader.disk_migrations)
    apps = {app for app, _ in known}
    if any(app in apps and (app, name) not in known and not _replaced(executor, app, name) for app, name in applied):
        return "ahead"
    if not applied:
        return "empty"
    return "behind" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "current"


def _replaced(executor: MigrationExecutor, app: str, name: str) -> bool:
    """Whether a migration was squashed into another that is known."""
    return any((app, name) in migration.replaces for migration in executor.loader.disk_migrations.values())


def bring_up_to_date(folder: Path) -> Path | None:
    """Make the database fit this version, with a backup first where there is something to lose; returns the backup.

    Raises Refused for a database of a newer version: an older program would write what the newer one cannot read.
    """
    home = folder / ".vitalfew"
    home.mkdir(parents=True, exist_ok=True)
    # Server, worker and a second server may start at once; one of them does it.
    with (home / "upgrade.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = state()
        if found == "ahead":
            raise Refused(
                [
                    Fault(
                        str(folder),
                        1,
                        "the database was made by a newer version of vitalfew",
                        "install that version again, or `vitalfew restore` a backup from before into an empty folder",
                    )
                ]
            )
        if found == "current":
            return None
        kept = None
        if found == "behind":
            from vitalfew.web.ops.backup import backup  # noqa: PLC0415 - only where a backup is made

            backups = home / "backups"
            backups.mkdir(mode=0o700, exist_ok=True)
            kept = backups / f"before-upgrade-{datetime.now(UTC):%Y%m%dT%H%M%S}.tar.gz"
            backup(folder, kept, with_run=False)
        call_command("migrate", verbosity=0, interactive=False)
        log.info("database brought up to date")
        return kept
