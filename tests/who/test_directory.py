"""The directory of a workspace and the command: opening, asking, remembering."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitalfew import pipeline, runs, who
from vitalfew.cli import app
from vitalfew.company import load
from vitalfew.faults import Refused
from vitalfew.who import directory

CRM = "id,name,mail,tel,firm\n1,Anna Rossi,anna.rossi@acme.it,+33 6 12 34 56 78,Acme\n2,Marco Bianchi,marco@beta.fr,,Beta\n"
TOML = """
[company]
name = "Shop"
currency = "EUR"
time_zone = "Europe/Paris"
as_of = 2026-06-30
[[source]]
name = "crm"
table = "people"
path = "crm.csv"
[source.columns]
person = "id"
name = "name"
email = "mail"
phone = "tel"
company = "firm"
[[group]]
name = "Desk"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small workspace with a run."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "company.toml").write_text(TOML)
    (folder / "crm.csv").write_text(CRM)
    pipeline.run(load(folder), folder)
    return folder


@pytest.fixture
def workspace(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(made, tmp_path / "shop", symlinks=True)
    return tmp_path / "shop"


def _runner(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["who", *arguments])
    return result.exit_code, result.stdout


def test_a_run_leaves_its_index_and_a_second_one_takes_its_place(workspace: Path) -> None:
    before = list((workspace / ".vitalfew" / "who").glob("*.index"))
    assert len(before) == 1
    directory = who.open(workspace)
    assert directory.identify(email="anna.rossi@acme.it").candidates[0].name == "Anna Rossi"
    (workspace / "crm.csv").write_text(CRM + "3,Carla Verdi,carla@acme.it,,Acme\n")
    pipeline.run(load(workspace), workspace)
    # The one opened before follows the run that became current.
    assert directory.identify(email="carla@acme.it").candidates[0].name == "Carla Verdi"


def test_an_index_that_is_gone_is_built_again_and_says_the_same(workspace: Path) -> None:
    (path,) = (workspace / ".vitalfew" / "who").glob("*.index")
    kept = path.read_bytes()
    path.unlink()
    told: list[str] = []
    who.Directory(workspace, told.append)
    assert told
    assert path.read_bytes() == kept


def test_a_workspace_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no run yet"):
        who.open(tmp_path)


def test_what_is_remembered_is_known_at_once_and_dropped_when_the_record_arrives(workspace: Path) -> None:
    directory, other = who.open(workspace), who.open(workspace)
    directory.register("calls#1", email="zoe@gamma.fr", name="Zoe Blanc")
    answer = other.identify(email="zoe@gamma.fr", name="Blanc, Zoe")
    assert answer.outcome == "found"
    assert answer.candidates[0].remembered
    assert answer.candidates[0].evidence[0].record == "calls#1"
    # A second record of the same person joins it, and one of a person the run knows joins that.
    directory.register("calls#2", email="zoe@gamma.fr", phone="+33 6 99 88 77 66", name="Zoe Blanc")
    assert other.identify(phone="06 99 88 77 66", name="Zoe Blanc").person == answer.person
    directory.register("calls#3", email="anna.rossi@acme.it", phone="+33 6 55 44 33 22")
    known = other.identify(email="anna.rossi@acme.it").person
    assert other.identify(phone="+33655443322", name="Anna Rossi").person == known
    # The same record once more takes the place of the first.
    directory.register("calls#1", email="zoe@delta.fr", name="Zoe Blanc")
    assert other.identify(email="zoe@delta.fr").candidates
    (workspace / "company.toml").write_text(TOML + TOML[TOML.index("[[source]]") : TOML.index("[[group]]")].replace("crm", "calls"))
    (workspace / "calls.csv").write_text("id,name,mail,tel,firm\n1,Zoe Blanc,zoe@gamma.fr,,\n")
    pipeline.run(load(workspace), workspace)
    arrived = other.identify(email="zoe@gamma.fr", name="Zoe Blanc")
    assert not arrived.candidates[0].remembered
    # The id the lookup gave is the id the run gives.
    assert arrived.person == answer.person
    assert not other.identify(email="zoe@delta.fr").candidates


def test_a_run_does_not_read_what_is_remembered(workspace: Path) -> None:
    before = pipeline.run(load(workspace), workspace).id
    who.open(workspace).register("calls#1", email="zoe@gamma.fr", name="Zoe Blanc")
    assert pipeline.run(load(workspace), workspace).id == before


def test_many_may_remember_at_the_same_time(workspace: Path) -> None:
    script = (
        "import sys\nfrom vitalfew import who\nd = who.open(sys.argv[1])\n"
        "for n in range(20): d.register(f'calls#{sys.argv[2]}-{n}', email=f'a{sys.argv[2]}x{n}@many.org', name=f'Name{n} Family{n}')\n"
    )
    run = lambda number: subprocess.run([sys.executable, "-c", script, str(workspace), str(number)], check=True)  # noqa: E731
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run, range(3)))
    lines = (workspace / ".vitalfew" / "touches.jsonl").read_text().splitlines()
    assert len({json.loads(line)["key"] for line in lines}) == 60
    assert who.open(workspace).identify(email="a2x19@many.org").outcome == "found"


def test_a_torn_line_is_passed_over_and_the_next_stands_by_itself(workspace: Path) -> None:
    directory = who.open(workspace)
    directory.register("calls#1", email="zoe@gamma.fr", name="Zoe Blanc")
    journal = workspace / ".vitalfew" / "touches.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"at": "2026-')
    directory.register("calls#2", email="kim@gamma.fr", name="Kim Noir")
    assert directory.identify(email="kim@gamma.fr").outcome == "found"
    assert directory.identify(email="zoe@gamma.fr").outcome == "found"
    assert journal.stat().st_mode & 0o077 == 0


def test_the_journal_is_bounded(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitalfew.who.journal.MOST", 20)
    directory = who.open(workspace)
    for number in range(25):
        directory.register(f"calls#{number}", email=f"someone{number}@many.org", name=f"Name{number} Family{number}")
    lines = (workspace / ".vitalfew" / "touches.jsonl").read_text().splitlines()
    assert len(lines) <= 20
    assert directory.identify(email="someone24@many.org").candidates
    assert not directory.identify(email="someone0@many.org").candidates


def test_the_command_tells_text_and_json(workspace: Path) -> None:
    code, text = _runner(str(workspace), "--email", "anna.rossi@acme.it")
    assert code == 0
    assert text.startswith("Anna Rossi, Acme")
    assert "  e-mail: same anna.rossi@acme.it, crm#1" in text
    assert text.count("\n  - ") == 5
    code, text = _runner(str(workspace), "--email", "anna.rossi@acme.it", "--format", "json")
    told = json.loads(text)
    assert (code, told["outcome"], len(told["candidates"][0]["history"])) == (0, "found", 5)
    assert _runner(str(workspace), "--name", "Zed Nobody") == (0, "Nobody known.\n")
    code, text = _runner(str(workspace), "--name", "Zed Nobody", "--remember", "calls#9")
    assert (code, text) == (0, "Nobody known.\nRemembered: calls#9 is a new person\n")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "nothing is given"),
        (["--email", "not an address"], "email could not be read"),
        (["--phone", "12"], "phone could not be read"),
        (["--name", "Anna Rossi", "--remember", "calls"], "names no record"),
    ],
)
def test_what_identifies_nobody_is_refused(workspace: Path, arguments: list[str], what: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "vitalfew", "who", str(workspace), *arguments], capture_output=True, text=True, check=False
    )
    assert found.returncode == 2
    assert what in found.stderr
    assert "Traceback" not in found.stderr


def test_a_lookup_loads_nothing_heavy(workspace: Path) -> None:
    script = (
        "import sys\nfrom vitalfew import who\n"
        "who.open(sys.argv[1]).identify(email='anna.rossi@acme.it')\n"
        "print(sorted({'numpy', 'pyarrow', 'duckdb', 'ibis', 'pydantic', 'scipy', 'django'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script, str(workspace)], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_what_a_killed_process_left_half_written_goes_with_the_next_run(tmp_path: Path) -> None:
    workspace = runs.Workspace(tmp_path)
    folder = workspace.home / directory.FOLDER
    folder.mkdir(parents=True)
    old, fresh = folder / ".0123.index-77", folder / ".4567.index-78"
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    directory.sweep(workspace)
    assert (old.exists(), fresh.exists()) == (False, True), "another process may be writing the fresh one"
