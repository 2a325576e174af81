"""A process that answers has loaded everything first; commands load none of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from tests.web.conftest import Cast

from vitalfew.web.warming import templates

PAGES = ("", "choice/", "metrics/", "drivers/", "themes/", "promises/", "journeys/", "roadmap/", "runs/", "runs/compare/", "write/")
VISITS = """
import json, os, sys
from pathlib import Path
os.environ |= {"DJANGO_SETTINGS_MODULE": "vitalfew.web.settings", "VITALFEW_HOME": sys.argv[1], "VITALFEW_HOSTS": "testserver"}
from vitalfew.web.wsgi import application
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from vitalfew.web.people.models import Company, Membership, User
company = Company.objects.create(slug="c", name="C", folder=sys.argv[2])
user = User.objects.create_user("owner@c.example", None, "Owner")
Membership.objects.create(company=company, user=user, role="owner")
client = Client()
client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
before = set(sys.modules)
for page in json.loads(sys.argv[3]):
    assert client.get("/c/c/" + page).status_code == 200, page
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_no_first_page_has_to_load_a_module(demo_workspace: Path, tmp_path: Path) -> None:
    told = [sys.executable, "-c", VISITS, str(tmp_path), str(demo_workspace), json.dumps(PAGES)]
    done = subprocess.run(told, check=True, capture_output=True, text=True, timeout=300)
    # A codec and the like are found by Python itself.
    assert [name for name in json.loads(done.stdout.splitlines()[-1]) if not name.startswith("encodings.")] == []


def test_every_template_is_loaded(cast: Cast) -> None:
    assert {"home/strategy.html", "shell/base.html", "understand/metrics.html"} <= set(templates())


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"]])
def test_commands_load_nothing_of_it(words: list[str]) -> None:
    code = f"""
import sys
from vitalfew.cli import app
try:
    app({words!r})
except SystemExit:
    pass
print([name for name in ("django", "altair", "scipy", "ibis", "duckdb", "pyarrow") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_the_server_says_it_says_once_it_answers(other_workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_bytes((other_workspace / "company.toml").read_bytes())
    process = subprocess.Popen(
        [sys.executable, "-m", "vitalfew", "serve", str(tmp_path), "--port", "0", "--workers", "1", "--no-worker"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split(": ", 1)[1].strip()
        began = time.monotonic()
        with urllib.request.urlopen(f"{address}health/live", timeout=60) as answer:  # noqa: S310 - an address of this machine
            assert answer.status == 200
        assert time.monotonic() - began < 2, "it had answered before"
    finally:
        process.terminate()
        process.communicate(timeout=60)
