"""The commands as a person runs them: exit codes, messages, nothing lost, no traceback."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitalfew import runs

PROGRAM = Path(sys.executable).with_name("vitalfew")

COMPANY = """[company]
name = "Small shop"
as_of = 2026-06-30

[[source]]
name = "survey"
table = "responses"
path = "exports/survey.csv"
[source.columns]
response = "id"
at = "submitted"
[source.questions]
recommend = { column = "Q1", kind = "nps", outcome = true }
delivery = { column = "Q2", kind = "rating", scale = [1, 5], blank = [9], driver = "Delivery", group = "Logistics" }
advice = { column = "Q3", kind = "rating", scale = [1, 5], driver = "Advice", group = "Sales" }
comment = { column = "Q4", kind = "text" }

[[group]]
name = "Logistics"
[[group]]
name = "Sales"
"""
WORDS = (
    "the parcel came late again",
    "nobody knew the product",
    "all good thank you",
    "delivery took two weeks",
    "very helpful advice",
)


def _survey(rows: int = 200) -> str:
    lines = ["id,submitted,Q1,Q2,Q3,Q4"]
    for number in range(rows):
        delivery, advice = number % 5 + 1, (number // 5) % 5 + 1
        score = min(10, max(0, 2 + delivery + (advice + number) % 3))
        lines.append(
            f"{number},2026-{number % 6 + 1:02d}-{number % 28 + 1:02d},{score},{delivery},{advice},{WORDS[number % 5]} {number % 7}"
        )
    return "\n".join(lines) + "\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "survey.csv").write_text(_survey(), encoding="utf-8")
    (tmp_path / "company.toml").write_text(COMPANY, encoding="utf-8")
    return tmp_path


def _vitalfew(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, env=environment, timeout=300, check=False)


def test_a_survey_alone_gives_a_strategy_and_says_what_is_missing(shop: Path) -> None:
    done = _vitalfew("run", shop)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 10
    assert "listen" in done.stderr
    assert (shop / "strategy" / "index.html").exists()
    listing = _vitalfew("table", shop).stdout
    assert "metrics" in listing
    assert "not_computed" in listing
    rows = list(csv.DictReader(io.StringIO(_vitalfew("table", shop, "metrics", "--format", "csv").stdout)))
    nps = next(row for row in rows if row["statistic"] == "nps" and row["segment"] == row["period"] == "all")
    assert int(nps["n"]) == 200
    assert float(nps["low"]) < float(nps["value"]) < float(nps["high"])
    gaps = [json.loads(line) for line in _vitalfew("table", shop, "not_computed", "--format", "json").stdout.splitlines()]
    assert any("order" in gap["data"].casefold() for gap in gaps)
    quiet = _vitalfew("run", shop, "--quiet")
    assert quiet.stderr == ""
    assert quiet.stdout == done.stdout


def test_why_walks_a_driver_to_answers_and_an_unknown_claim_is_told(shop: Path) -> None:
    assert _vitalfew("run", shop, "-q").returncode == 0
    walk = _vitalfew("why", shop, "driver:recommend/delivery")
    assert walk.returncode == 0, walk.stderr
    assert "responses:survey#" in walk.stdout
    unknown = _vitalfew("why", shop, "driver:recommend/delivry")
    assert unknown.returncode == 2
    assert "driver:recommend/delivery" in unknown.stderr


FAULTS = [
    ("a missing file", "exports/survey.csv", None, 'path = "exports/survey.csv"', 'path = "exports/nothing.csv"', "nothing.csv"),
    ("a missing column", "exports/survey.csv", None, 'column = "Q1"', 'column = "Q7"', "Q7"),
    ("an unknown key", "exports/survey.csv", None, "as_of", "as_off", "did you mean 'as_of'"),
    ("an unreadable encoding", "exports/survey.csv", None, 'path = "exports', 'encoding = "utf-7x"\npath = "exports', "utf-7x"),
    ("an empty file", "exports/survey.csv", b"", "", "", "empty"),
    (
        "duplicate headers that are used",
        "exports/survey.csv",
        b"id,submitted,Q1,Q1,Q2,Q3,Q4\n1,2026-01-01,9,8,4,4,x\n",
        "",
        "",
        "Q1",
    ),
    ("a group nobody defined", "exports/survey.csv", None, 'group = "Sales"', 'group = "Salse"', "did you mean 'Sales'"),
    (
        "a codebook that is not there",
        "exports/survey.csv",
        None,
        "comment = {",
        'codes = { columns = ["Q4"], kind = "codes", codebook = "exports/no.csv" }\ncomment = {',
        "no.csv",
    ),
    (
        "an expression that reads a file",
        "exports/survey.csv",
        None,
        'response = "id"',
        "response = { sql = \"read_text('x')\" }",
        "read_text",
    ),
]


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("file", "content", "old", "new", "words"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS]
)
def test_faults_are_listed_with_exit_2_and_no_traceback(
    shop: Path, command: str, file: str, content: bytes | None, old: str, new: str, words: str
) -> None:
    if content is not None:
        (shop / file).write_bytes(content)
    text = COMPANY.replace(old, new, 1) if old else COMPANY
    (shop / "company.toml").write_text(text, encoding="utf-8")
    done = _vitalfew(command, shop)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (shop / "strategy").exists()


def test_bad_records_are_quarantined_and_the_rest_is_used(shop: Path) -> None:
    path = shop / "exports" / "survey.csv"
    bad = '9001,2026-02-30,9,4,4,x\n9002,2026-01-05,11,4,4,y\n9003,2026-01-05,9,4\n9004,2026-01-05,9,4,4,"never closed\n9005,2026-01-05,9,4,4,z\n'
    path.write_text(path.read_text() + bad)
    done = _vitalfew("run", shop, "-q")
    assert done.returncode == 0, done.stderr
    refused = [json.loads(line) for line in _vitalfew("table", shop, "quarantine", "--format", "json").stdout.splitlines()]
    lines = {row["line"] for row in refused}
    assert {202, 203, 204, 205} <= lines, refused
    source = json.loads(_vitalfew("table", shop, "sources", "--format", "json").stdout)
    assert source["rows_read"] == source["rows_loaded"] + source["rows_quarantined"]
    assert source["rows_read"] == 205


def test_a_header_alone_runs_and_says_that_there_is_nothing(shop: Path) -> None:
    (shop / "exports" / "survey.csv").write_text("id,submitted,Q1,Q2,Q3,Q4\n")
    done = _vitalfew("run", shop, "-q")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_tables_and_runs_that_are_not_there_are_told(shop: Path) -> None:
    assert "there is no run yet" in _vitalfew("table", shop).stderr
    assert _vitalfew("run", shop, "-q").returncode == 0
    unknown = _vitalfew("table", shop, "metric")
    assert unknown.returncode == 2
    assert "did you mean metrics" in unknown.stderr


def test_an_unchanged_workspace_draws_no_page_again_and_a_page_changed_by_hand_is_drawn_anew(shop: Path) -> None:
    assert "documents: drawing charts" in _vitalfew("run", shop).stderr
    pages = (shop / "strategy").resolve()
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in pages.rglob("*") if path.is_file()}
    again = _vitalfew("run", shop)
    assert again.returncode == 0
    assert "documents: drawing charts" not in again.stderr
    assert (shop / "strategy").resolve() == pages
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in pages.rglob("*") if path.is_file()} == before
    (pages / "index.html").write_text("changed by hand")
    assert "documents: drawing charts" in _vitalfew("run", shop).stderr
    assert {path: path.read_bytes() for path in pages.rglob("*") if path.is_file()} == {
        path: old[0] for path, old in before.items()
    }


def test_a_run_killed_at_any_moment_leaves_the_last_good_run_in_place(shop: Path) -> None:
    folder = shop
    start = time.perf_counter()
    assert _vitalfew("run", folder, "-q").returncode == 0
    took = time.perf_counter() - start
    good = runs.Workspace(folder).need_current()
    before = {name: path.read_bytes() for name, path in good.paths().items()}
    company = (folder / "company.toml").read_text()
    for number in range(8):
        # Another seed makes every stage compute again.
        (folder / "company.toml").write_text(company.replace("[company]", f"[company]\nseed = {1000 + number}", 1))
        process = subprocess.Popen([PROGRAM, "run", folder, "-q"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(took * (number + 0.5) / 8)
        process.send_signal(signal.SIGKILL)
        process.wait()
        current = runs.Workspace(folder).need_current()
        if current.id != good.id:
            break  # it had finished before the signal
        assert {name: path.read_bytes() for name, path in current.paths().items()} == before
        assert (folder / "strategy" / "index.html").exists()
    (folder / "company.toml").write_text(company)
    assert _vitalfew("run", folder, "-q").returncode == 0
    again = runs.Workspace(folder).need_current()
    assert {name: path.read_bytes() for name, path in again.paths().items()} == before
    assert not list((folder / ".vitalfew").glob("writing-*"))
    assert not list((folder / ".vitalfew").glob("working-*"))


def test_run_tells_what_was_refused_mended_and_missing_and_what_to_do(shop: Path) -> None:
    path = shop / "exports" / "survey.csv"
    path.write_text(_survey() + "9001,2026-02-30,9,4,4,x\n9002,n/k,9,4,4,y\n", encoding="utf-8")
    first = _vitalfew("run", shop)
    assert "2 of 202 records were refused: 2 in survey." in first.stderr
    assert f"vitalfew table {shop} quarantine" in first.stderr
    rule = '[[mend]]\nsource = "survey"\ncolumn = "submitted"\nvalue = "n/k"\nblank = true\nreason = "paper forms"\n'
    (shop / "company.toml").write_text(COMPANY + rule, encoding="utf-8")
    second = _vitalfew("run", shop)
    assert "1 of 202 records were refused: 1 in survey." in second.stderr
    assert "1 values were mended by rules" in second.stderr
    assert json.loads(_vitalfew("table", shop, "mended", "--format", "json").stdout)["value"] == "n/k"
    path.write_text(_survey(150), encoding="utf-8")
    third = _vitalfew("run", shop)
    assert "survey is shorter than last time: 150 records, 202 before; if nobody took any away, fetch it again." in third.stderr
    assert "refused" not in third.stderr
