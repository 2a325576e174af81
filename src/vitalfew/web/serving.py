"""What `vitalfew serve` does: database, company, and the server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def prepare(folder: Path) -> Any:
    """Set Django up on the workspace `folder`, bring its database up to date, and return its company (people.models.Company)."""
    _set_up(folder)
    from django.core.management import call_command  # noqa: PLC0415 - Django must be set up first

    from vitalfew.web.shell.companies import company_for  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    return company_for(folder)


def _set_up(folder: Path) -> None:
    os.environ["VITALFEW_HOME"] = str((folder / ".vitalfew").resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vitalfew.web.settings")
    import django  # noqa: PLC0415 - heavy, and it reads the environment just set

    django.setup()


def serve(host: str, port: int, workers: int) -> None:
    """Answer on `host`:`port` until stopped, with `workers` processes of four threads each."""
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415

    class Server(BaseApplication):  # type: ignore[misc]
        """Gunicorn with settings of ours and none of its files."""

        def load_config(self) -> None:
            for name, value in {
                "bind": f"{host}:{port}",
                "workers": workers,
                "threads": 4,
                "worker_class": "gthread",
                "timeout": 60,
                "graceful_timeout": 20,
                "limit_request_line": 8190,
                "loglevel": "warning",
                "proc_name": "vitalfew",
            }.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from vitalfew.web.wsgi import application  # noqa: PLC0415

            return application

    Server().run()
