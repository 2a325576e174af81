"""What `vitalfew serve` does: database, company, and the server."""

from __future__ import annotations

import os
from collections.abc import Callable
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


def ways_in(company: Any, host: str, port: int) -> list[str]:
    """Lines for whoever starts the server: where it answers, and the one-time link with which to begin."""
    lines = [f"{company.name}: {address(host, port)}/"]
    if company.is_demo:
        demo_cast(company)
        lines.append(f"Enter as the head of CX (once, within ten minutes, on this machine): {entry_link(company, host, port)}")
    else:
        link = setup_link(company, host, port)
        if link:
            lines.append(f"Nobody is a member yet. Become the owner (once, within seven days): {link}")
    return lines


def address(host: str, port: int) -> str:
    """The address people on this machine reach the server by."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"http://{f'[{reached}]' if ':' in reached and not reached.startswith('[') else reached}:{port}"


def setup_link(company: Any, host: str, port: int) -> str:
    """A one-time link to become the owner of `company`; '' once it has a member."""
    from vitalfew.web.people import keys  # noqa: PLC0415 - Django must be set up first
    from vitalfew.web.people.models import Key  # noqa: PLC0415

    if company.memberships.exists():
        return ""
    return f"{address(host, port)}/setup/{keys.make(company, Key.SETUP)}/"


def entry_link(company: Any, host: str, port: int) -> str:
    """A one-time link, good for ten minutes and on this machine only, that signs in as the head of CX of the demo company."""
    from vitalfew.web.people import keys  # noqa: PLC0415 - Django must be set up first
    from vitalfew.web.people.models import Key  # noqa: PLC0415

    return f"{address(host, port)}/enter/{keys.make(company, Key.ENTRY)}/"


def demo_cast(company: Any) -> None:
    """One member of the demo company for each role, who cannot sign in but by `entry_link`; what is there stays as it is."""
    from vitalfew.web.people.demo_people import cast  # noqa: PLC0415 - Django must be set up first

    cast(company)


def free_port(wanted: int) -> int:
    """`wanted`, or a free port of this machine for 0."""
    import socket  # noqa: PLC0415 - only here

    if wanted:
        return wanted
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def serve(host: str, port: int, workers: int, ready: Callable[[], None] | None = None) -> None:
    """Answer on `host`:`port` until stopped, with `workers` processes of four threads each; `ready` is called once it does."""
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415

    class Server(BaseApplication):  # type: ignore[misc]
        """Gunicorn with settings of ours and none of its files."""

        def load_config(self) -> None:
            for name, value in {
                "when_ready": lambda _server: ready() if ready else None,
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
