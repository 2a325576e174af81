"""What lies in deploy/ and the page about it: parsed, compared with the code, and run as far as a test can."""

from __future__ import annotations

import configparser
import importlib.util
import json
import re
import shlex
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command

from vitalfew.cli import app
from vitalfew.web import environment, sign_in

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "how-to" / "deploy.md").read_text(encoding="utf-8")
UNITS = ("vitalfew-serve.service", "vitalfew-work.service")


# --- the environment ---


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, *given: object, **more: str) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)  # type: ignore[arg-type]


def _read(folder: Path) -> set[str]:
    """The name of every variable the application looks at."""
    asked = Asked(VITALFEW_HOME=str(folder))
    environment.read(asked)
    (folder / "key").write_text("a secret", encoding="utf-8")
    provider = Asked(
        VITALFEW_OIDC_ISSUER="https://login.example.com",
        VITALFEW_OIDC_CLIENT_ID="vitalfew",
        VITALFEW_OIDC_DOMAINS="example.com",
        VITALFEW_OIDC_SECRET_FILE=str(folder / "key"),
    )
    assert sign_in.read(folder, provider).providers["openid_connect"]["APPS"][0]["secret"] == "a secret"
    return asked.names | provider.names


def test_the_table_names_every_variable_and_no_other(tmp_path: Path) -> None:
    told = re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE)
    assert len(told) == len(set(told))
    assert set(told) == _read(tmp_path)


def test_the_table_says_what_stands_without_a_variable() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| .*? \| (.*?) \|$", PAGE, re.MULTILINE))
    assert rows["EMAIL_FROM"] == f"`{environment.Environment.email_from}`"
    assert set(re.findall(r"`(.*?)`", rows["VITALFEW_HOSTS"])) < set(environment.Environment.hosts)
    assert (rows["VITALFEW_HTTPS"], rows["VITALFEW_DEBUG"]) == ("`no`", "`no`")
    assert rows["VITALFEW_SIGN_IN"] == f"`.vitalfew/{sign_in.FILE}`"


def test_the_example_is_an_environment(tmp_path: Path) -> None:
    lines = (DEPLOY / "environment.example").read_text(encoding="utf-8").splitlines()
    every = dict(line.lstrip("# ").split("=", 1) for line in lines if re.match(r"(# )?[A-Z_]+=", line))
    assert set(every) <= _read(tmp_path)
    given = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    made = environment.read({**given, "VITALFEW_HOME": str(tmp_path)})
    assert (made.hosts, made.https) == (("cx.example.com",), True)


# --- systemd ---


def _unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((DEPLOY / name).read_text(encoding="utf-8"))
    return parser


def _accepts(words: list[str]) -> None:
    """That the command line takes these words: command, arguments, options."""
    command: Any = get_command(app)
    command.commands[words[0]].make_context(words[0], list(words[1:]))


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_command_that_is_there_as_nobody_special(name: str, tmp_path: Path) -> None:
    service = _unit(name)["Service"]
    words = shlex.split(service["ExecStart"])
    assert words[0] == "/opt/vitalfew/.venv/bin/vitalfew"
    assert words[1] == name.removeprefix("vitalfew-").removesuffix(".service")
    (tmp_path / "company.toml").touch()
    _accepts([word.replace("/var/lib/vitalfew/workspace", str(tmp_path)) for word in words[1:]])
    assert service["User"] == service["Group"] == "vitalfew"
    assert service["EnvironmentFile"] == "/etc/vitalfew/environment"
    for needed in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "ProtectKernelModules", "RestrictSUIDSGID"):
        assert service[needed] == "yes"
    assert (service["ProtectSystem"], service["CapabilityBoundingSet"], service["UMask"]) == ("strict", "", "0077")
    assert "MemoryDenyWriteExecute" not in service


def test_the_pages_do_not_do_the_workers_work_and_both_are_shut_in_alike() -> None:
    serve, work = (dict(_unit(name)["Service"]) for name in UNITS)
    assert "--no-worker" in serve["ExecStart"]
    assert "--host 127.0.0.1" in serve["ExecStart"]
    differing = {key for key in serve.keys() | work.keys() if serve.get(key) != work.get(key)}
    assert differing == {"ExecStart", "Restart", "TimeoutStopSec", "MemoryMax", "TasksMax", "Nice"}


# --- the container ---


def _container() -> list[tuple[str, str]]:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [
        (line.split(None, 1)[0], line.split(None, 1)[1]) for line in text.splitlines() if line.strip() and not line.startswith("#")
    ]


def test_the_container_copies_what_is_there_and_builds_what_the_lock_says() -> None:
    steps = _container()
    for what, rest in steps:
        if what == "COPY" and "--from" not in rest:
            assert all((ROOT / source).exists() for source in rest.split()[:-1]), rest
    (sync,) = [rest for what, rest in steps if what == "RUN" and "uv sync" in rest]
    assert {"--frozen", "--no-dev", "--no-editable"} <= set(sync.split())
    (pip,) = [rest for what, rest in steps if what == "RUN" and "pip install" in rest]
    version = re.search(r"uv==[\d.]+", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert version is not None
    assert version[0] in pip.split()


def test_the_container_has_the_system_packages_the_program_needs() -> None:
    needed = re.findall(r"need_library \S+ (\S+)", (ROOT / "scripts" / "system.sh").read_text(encoding="utf-8").split("test)")[0])
    last = max(number for number, (what, _) in enumerate(_container()) if what == "FROM")
    installed = " ".join(rest for what, rest in _container()[last:] if what == "RUN").split()
    assert len(needed) >= 3
    assert {*needed, "fonts-dejavu-core", "python3", "postgresql-client"} <= set(installed)
    for package in needed:
        assert package in PAGE


def test_the_container_is_nobody_special_and_starts_commands_that_are_there(tmp_path: Path) -> None:
    steps = dict(_container())
    order = [what for what, _ in _container()]
    assert steps["USER"] == "10001:10001"
    assert "RUN" not in order[order.index("USER") :]
    assert json.loads(steps["ENTRYPOINT"]) == ["vitalfew"]
    (tmp_path / "company.toml").touch()
    _accepts([word.replace("/workspace", str(tmp_path)) for word in json.loads(steps["CMD"])])
    health = json.loads(steps["HEALTHCHECK"].partition("CMD ")[2])
    assert health[1].endswith(next(rest for what, rest in _container() if what == "COPY" and "health.py" in rest).split()[-1])
    assert health[2].endswith("/health/live")


# --- the health check ---


@pytest.fixture
def health() -> ModuleType:
    spec = importlib.util.spec_from_file_location("health", DEPLOY / "health.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def server() -> Iterator[str]:
    """Answers 200 to one host, as the application does, and 503 at /bad."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            right = self.headers["Host"] == "cx.example.com"
            self.send_response(400 if not right else 503 if self.path == "/bad" else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_address[1]}"
    made.shutdown()
    made.server_close()
    thread.join()


def test_the_health_check_asks_as_a_host_that_is_answered(health: ModuleType, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITALFEW_HOSTS", "cx.example.com, other.example.com")
    assert health.main(f"{server}/health/live") == 0
    assert health.main(f"{server}/bad") == 1
    assert health.main("http://127.0.0.1:9/health/live") == 1
    monkeypatch.setenv("VITALFEW_HOSTS", "other.example.com")
    assert health.main(f"{server}/health/live") == 1


# --- nginx ---


def test_the_proxy_says_itself_what_the_application_believes() -> None:
    text = re.sub(r"#.*", "", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))
    assert text.count("{") == text.count("}")
    places = re.findall(r"location \S+ \{(.*?)\}", text, re.DOTALL)
    assert len(places) == 2
    for place in places:
        for header in ("Host $host", "X-Forwarded-Proto $scheme", "X-Forwarded-For $remote_addr"):
            assert f"proxy_set_header {header};" in place
    assert "$proxy_add_x_forwarded_for" not in text
    assert "access_log off;" in text
