"""The databases of tests/web/runs, for backup and upgrade as well."""

from tests.web.runs.conftest import database, new_postgresql, postgresql

__all__ = ["database", "new_postgresql", "postgresql"]
