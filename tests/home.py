"""Loaded before Django reads its settings: the application's own files of a test run lie in a folder of their own."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("VITALFEW_HOME", tempfile.mkdtemp(prefix="vitalfew-tests-"))
