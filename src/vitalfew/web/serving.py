"""What `vitalfew serve` does: database, company, and the server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitalfew.faults import Fault, Refused
from vitalfew.telling import PARENT


def prepare(folder: Path) -> Any:
    """Set Django up on the workspace `folder`, bring its database up to date, and return its company (people.models.Company)."""
    set_up(folder)
    from vitalfew.web.ops.database import bring_up_to_date  # noqa: PLC0415 - Django must be set up first
    from vitalfew.web.shell.companies import company_for  # noqa: PLC0415

    bring_up_to_date(folder)
    return company_for(folder)


def set_up(folder: Path) -> None:
    """Set Django up on the workspace `folder`; the database is left as it is."""
    os.environ["VITALFEW_HOME"] = str((folder / ".vitalfew").resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vitalfew.web.settings")
    import django  # noqa: PLC0415 - heavy, and it reads the environment just set

    django.setup()


class Helper:
    """`vitalfew work` beside the server: started with it, started again when it falls over, ended with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.ended = threading.Event()

    def start(self) -> None:
        """Start it, and a thread that looks after it."""
        threading.Thread(target=self._look_after, daemon=True, name="look after the worker").start()

    def _look_after(self) -> None:
        while not self.ended.is_set():
            if self.process is None or self.process.poll() is not None:
                self.process = subprocess.Popen(  # noqa: S603 - our own command
                    [sys.executable, "-m", "vitalfew", "work", str(self.folder)],
                    stdin=subprocess.DEVNULL,
                    env={**os.environ, PARENT: str(os.getpid())},
                )
            self.ended.wait(5)

    def end(self) -> None:
        """End it; a job at work goes back into the queue."""
        self.ended.set()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()


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


def password_link(email: str, host: str, port: int) -> str:
    """A link to choose a new password for `email`: once, within three days. Raises Refused where there is no such account."""
    from allauth.account.forms import default_token_generator  # noqa: PLC0415 - Django must be set up first
    from allauth.account.utils import user_pk_to_url_str  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from vitalfew.web.people import audit  # noqa: PLC0415
    from vitalfew.web.people.models import Company, User, normalise_email  # noqa: PLC0415

    user = User.objects.filter(email=normalise_email(email), is_active=True).first()
    if user is None:
        raise Refused([Fault("people", 1, f"nobody here has the address {email}", "look at the page People of the application")])
    companies: list[Company | None] = list(Company.objects.filter(memberships__user=user))
    for company in companies or [None]:
        audit.record(company, "command line", "make password link", user.email)
    made = [user_pk_to_url_str(user), default_token_generator.make_token(user)]
    return address(host, port) + reverse("account_reset_password_from_key", args=made)


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


def _once_it_answers(host: str, port: int, ready: Callable[[], None]) -> None:
    """Call `ready` as soon as a worker answers. The port is open before, and lets requests wait."""
    import http.client  # noqa: PLC0415 - only here
    from urllib.parse import urlsplit  # noqa: PLC0415

    reached = urlsplit(address(host, port)).hostname or host
    while True:
        asked = http.client.HTTPConnection(reached, port, timeout=180)
        try:
            asked.request("GET", "/health/live")
            asked.getresponse()
        except OSError:
            time.sleep(0.2)
        else:
            ready()
            return
        finally:
            asked.close()


def serve(host: str, port: int, workers: int, helper: Helper | None = None, ready: Callable[[], None] | None = None) -> None:
    """Answer on `host`:`port` until stopped, with `workers` processes of four threads each, and `helper` beside them.

    `ready` is called once it answers.
    """
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415
    from gunicorn.glogging import Logger  # noqa: PLC0415

    class Log(Logger):  # type: ignore[misc]
        """Gunicorn's messages by our own formatter, and no access log: a request is logged by ops/logs.py, without its address."""

        def setup(self, cfg: Any) -> None:
            self.loglevel = self.LOG_LEVELS[cfg.loglevel]
            self.error_log.setLevel(self.loglevel)

    def begun() -> None:
        if helper:
            helper.start()
        if ready:
            threading.Thread(target=_once_it_answers, args=(host, port, ready), daemon=True, name="wait for an answer").start()

    class Server(BaseApplication):  # type: ignore[misc]
        """Gunicorn with settings of ours and none of its files."""

        def load_config(self) -> None:
            for name, value in {
                "bind": f"{host}:{port}",
                "workers": workers,
                "threads": 4,
                "worker_class": "gthread",
                # A worker loads everything before it answers (warming.py), which takes a while on a busy machine.
                "timeout": 180,
                "graceful_timeout": 20,
                "limit_request_line": 8190,
                "loglevel": "warning",
                "logger_class": Log,
                "when_ready": lambda _: begun(),
                "on_exit": lambda _: helper.end() if helper else None,
                "proc_name": "vitalfew",
            }.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from vitalfew.web.wsgi import application  # noqa: PLC0415

            return application

    Server().run()
