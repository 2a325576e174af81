"""`vitalfew init` as a person runs it: what it writes runs as it is, nothing is overwritten, and it says what it asks."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from vitalfew import demo
from vitalfew.company import load
from vitalfew.faults import Refused
from vitalfew.listen.proposing import propose
from vitalfew.listen.stage import faults_of

PROGRAM = Path(sys.executable).with_name("vitalfew")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False, env=environ)


def survey(rows: int = 200) -> str:
    lines = ["response_id;submitted;Recommend us;Delivery;Advice;Why?"]
    for number in range(rows):
        delivery, advice = number % 5 + 1, (number // 5) % 5 + 1
        score = min(10, max(0, 2 + delivery + (advice + number) % 3))
        words = ("the parcel came late again", "nobody knew the product at all", "all was good, thank you")[number % 3]
        lines.append(f"{number};{number % 28 + 1:02d}.{number % 6 + 1:02d}.2026;{score};{delivery};{advice};{words} {number % 7}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "survey.csv").write_text(survey(), encoding="utf-8")
    return tmp_path


def test_a_proposal_is_written_checked_and_run_as_it_is(shop: Path) -> None:
    done = run("init", shop)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("exports/survey.csv: 200 rows, 6 columns: responses (")
    assert lines[-1] == f"Next: vitalfew check {shop}"
    assert "looking at exports/survey.csv" in done.stderr
    assert run("check", shop).returncode == 0
    finished = run("run", shop, "--quiet")
    assert finished.returncode == 0, finished.stderr
    assert "NPS" in finished.stdout


def test_each_question_stands_at_the_line_it_names(shop: Path) -> None:
    done = run("init", shop, "--quiet")
    assert done.stderr == ""
    told = re.search(r"(\d+) questions? to you at lines? ([\d, ]+)$", done.stdout, re.M)
    assert told is not None
    lines = (shop / "company.toml").read_text(encoding="utf-8").splitlines()
    asked = [number for number, line in enumerate(lines, 1) if line.startswith("# ASK: ")]
    assert [int(number) for number in told.group(2).split(",")] == asked
    assert len(asked) == int(told.group(1))


def test_every_proposal_says_how_sure_it_is_and_why(shop: Path) -> None:
    run("init", shop)
    text = (shop / "company.toml").read_text(encoding="utf-8")
    for line in text.splitlines():
        if re.match(r"(name|kept_when|path|table = \"orders\"|#|\[|$)", line):
            continue
        assert re.search(r"   # [01]\.\d\d: \S", line), line


def test_the_other_answer_is_ready_to_use(shop: Path) -> None:
    """Each commented line below a question can take the place of the line above it."""
    run("init", shop)
    text = (shop / "company.toml").read_text(encoding="utf-8")
    others = [line[2:] for line in text.splitlines() if re.match(r"# [a-z_0-9]+ = ", line)]
    assert 'time_zone = "Europe/Paris"' in others or 'currency = "USD"' in others
    for other in others:
        assert tomllib.loads(other)


def test_a_company_toml_is_never_overwritten(shop: Path) -> None:
    own = shop / "company.toml"
    own.write_text("# mine\n", encoding="utf-8")
    refused = run("init", shop)
    assert refused.returncode == 2
    assert "there is a company.toml already; correct that one, or keep it as company.toml.before-1 with --force" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert own.read_text(encoding="utf-8") == "# mine\n"
    assert run("init", shop, "--force").returncode == 0
    assert run("init", shop, "--force").returncode == 0
    assert (shop / "company.toml.before-1").read_text(encoding="utf-8") == "# mine\n"
    assert (shop / "company.toml.before-2").read_text(encoding="utf-8") == own.read_text(encoding="utf-8")


def test_a_dry_run_prints_and_writes_nothing(shop: Path) -> None:
    done = run("init", shop, "--dry-run", "--quiet")
    assert tomllib.loads(done.stdout)["source"][0]["table"] == "responses"
    assert [path.name for path in shop.iterdir()] == ["exports"]


@pytest.mark.parametrize(("file", "what"), [("", "there are no exports in it"), ("x.csv", "left out: the file is empty")])
def test_nothing_to_propose_from_is_refused(tmp_path: Path, file: str, what: str) -> None:
    if file:
        (tmp_path / file).write_text("", encoding="utf-8")
    done = run("init", tmp_path)
    assert done.returncode == 2
    assert what in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "company.toml").exists()


def test_the_same_exports_give_the_same_proposal(shop: Path) -> None:
    assert propose(shop).text == propose(shop).text


# --- The demo company: how much of its own company.toml the exports alone give ----------------------------------------------------


def _score(truth: dict[str, Any], found: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """(right, all) of tables, mapped columns, questions by kind, scales, and codes that mean no answer.

    What no export says is left out: constants, and expressions other than a name of two columns.
    """
    by_path = {each["path"]: each for each in found["source"]}
    right: dict[str, list[bool]] = {key: [] for key in ("tables", "columns", "keys of", "kinds", "scales", "blanks", "outcomes")}
    for source in truth["source"]:
        made = by_path.get(source["path"], {})
        right["tables"].append(made.get("table") == source["table"])
        columns = made.get("columns", {})
        for name, rule in source.get("columns", {}).items():
            wanted = rule if isinstance(rule, str) else rule.get("column")
            given = columns.get(name, "")
            if wanted is not None:
                right["columns"].append((given if isinstance(given, str) else given.get("column")) == wanted)
            elif name == "name":
                right["columns"].append("sql" in dict(given or {}))
            if isinstance(rule, dict) and "of" in rule:
                right["keys of"].append(isinstance(given, dict) and given.get("of") == rule["of"])
        questions = {each["column"]: each for each in made.get("questions", {}).values()}
        for each in source.get("questions", {}).values():
            guess = questions.get(each["column"], {})
            right["kinds"].append(guess.get("kind") == each["kind"])
            if "scale" in each:
                right["scales"].append(guess.get("scale") == each["scale"])
            if "blank" in each:
                right["blanks"].append(guess.get("blank") == each["blank"])
            if each.get("outcome"):
                right["outcomes"].append(guess.get("outcome") is True)
    return {key: (sum(each), len(each)) for key, each in right.items()}


@pytest.mark.slow
def test_most_of_the_demo_companys_settings_are_found_from_its_exports_alone(tmp_path: Path) -> None:
    """A floor, so that a change that loses something shows: every table, kind, scale and outcome, nearly all columns and codes."""
    world, fresh = tmp_path / "world", tmp_path / "fresh"
    demo.write(world, seed=1, size="small")
    shutil.copytree(world / "exports", fresh / "exports")
    proposed = propose(fresh)
    (fresh / "company.toml").write_text(proposed.text, encoding="utf-8")
    load(fresh, faults_of)
    score = _score(tomllib.loads((world / "company.toml").read_text(encoding="utf-8")), tomllib.loads(proposed.text))
    for key in ("tables", "keys of", "kinds", "scales", "outcomes"):
        assert score[key][0] == score[key][1] > 0, (key, score)
    assert score["columns"][0] >= 0.95 * score["columns"][1], score
    assert score["blanks"][0] >= 0.9 * score["blanks"][1], score


@pytest.mark.slow
def test_a_million_rows_are_looked_at_in_seconds(tmp_path: Path) -> None:
    """Bounded by rows looked at, not by the file: the reader's own pass over it for its encoding is what remains."""
    (tmp_path / "exports").mkdir()
    with (tmp_path / "exports" / "orders.csv").open("w", encoding="utf-8") as out:
        out.write("order_id,customer_id,order_date,amount,status,channel\n")
        out.writelines(f"O{n},C{n % 90_000},2026-0{n % 6 + 1}-1{n % 9},{n % 900}.50,delivered,web\n" for n in range(1_200_000))
    begun = time.process_time()
    (found,) = propose(tmp_path).found
    assert time.process_time() - begun < 15
    assert found.table == "orders"
    assert found.seen == "39,600 of the first 1,000,000 rows, spread"


def test_exports_without_any_date_run_for_the_day_they_were_written(shop: Path) -> None:
    """A run must know its day: it is asked about, and the day of the newest file stands until it is answered."""
    file = shop / "exports" / "survey.csv"
    lines = [line.split(";") for line in survey(60).splitlines()]
    file.write_text("\n".join(";".join([cells[0], *cells[2:]]) for cells in lines) + "\n", encoding="utf-8")
    os.utime(file, (1_780_000_000, 1_780_000_000))
    proposed = propose(shop)
    assert "as_of = 2026-05-28" in proposed.text
    assert any("No export has a date" in ask for _, ask in proposed.asks)
    (shop / "company.toml").write_text(proposed.text, encoding="utf-8")
    finished = run("run", shop, "--quiet")
    assert finished.returncode == 0, finished.stderr


def test_no_malformed_export_ends_in_a_traceback_or_a_faulty_proposal(tmp_path: Path) -> None:
    """Each is proposed for, with a check that finds nothing, or refused with a reason."""
    shapes = {
        "headers twice": b"id,ID,score\n1,2,3\n",
        "wide": (",".join(f"c{n}" for n in range(600)) + "\n" + ",".join("1" for _ in range(600)) + "\n").encode(),
        "nul": b"id,score,recommend\n1,\x002,3\n2,4,5\n",
        "quote": b'id,score,recommend\n1,"2,3\n2,4,5\n3,4,9\n',
        "cp1252": "id;caf\xe9;recommend\n1;4;10\n2;5;9\n".encode("cp1252"),
        "utf-16": "id,score,recommend\n1,4,10\n2,5,9\n".encode("utf-16"),
        "blank names": b"id,,recommend,\n1,4,10,\n2,5,9,\n",
        "one row": b"order_id,order_date,amount\n1,2026-01-05,3\n",
        "big numbers": b"id,recommend,score\n1,1e400,99999999999999999999\n2,-5,inf\n",
        "right to left": "id,\u202escore,recommend\n1,4,10\n2,5,9\n".encode(),
        "settings": b'id,"]""\n[[source]]",recommend\n1,4,10\n2,5,9\n',
    }
    proposals = 0
    for name, data in shapes.items():
        folder = tmp_path / name.replace(" ", "_")
        (folder / "exports").mkdir(parents=True)
        (folder / "exports" / "survey.csv").write_bytes(data)
        with contextlib.suppress(Refused):
            (folder / "company.toml").write_text(propose(folder).text, encoding="utf-8")
        if (folder / "company.toml").exists():
            load(folder, faults_of)
            proposals += 1
    assert proposals >= 4
