"""Loaded before Django reads its settings: the application's own files of a test run lie in a folder of their own.

With VITALFEW_TEST_DATABASE=postgresql a PostgreSQL of this test run's own is started, and the tests run on it.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from contextlib import ExitStack

os.environ.setdefault("VITALFEW_HOME", tempfile.mkdtemp(prefix="vitalfew-tests-"))
# The processes of pytest-xdist inherit the address from the one that started them.
if os.environ.get("VITALFEW_TEST_DATABASE") == "postgresql" and not os.environ.get("DATABASE_URL"):
    from tests.postgresql import server

    _until_the_end = ExitStack()
    os.environ["DATABASE_URL"] = _until_the_end.enter_context(server())
    atexit.register(_until_the_end.close)
