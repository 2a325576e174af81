"""The tutorial does what it says: its commands run in order, and its excerpts are what they print.

After a change of what the commands print, write the excerpts anew and read the difference:

    VITALFEW_UPDATE_TUTORIAL=1 .venv/bin/python -m pytest tests/test_tutorial.py -q

An excerpt (```text) belongs to the commands (```sh) before it. The comment `shows` above it says which part of the output it is:
`columns` of a table (`...` at its end when rows are left out), `lines` (a regular expression; what is left out between becomes `...`)
and the `most` lines. `exits 2` above commands is their exit code. `long` ones are run by the slow test only.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"
UPDATE = os.environ.get("VITALFEW_UPDATE_TUTORIAL") == "1"
PIECE = re.compile(r"^<!--(?P<comment>.*?)-->$|^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
FOOT = re.compile(r"\(\d+ of [\d,]+ rows; .*\)")
WIDEST = 128
WIDEST_CELL = 64


@dataclass
class Step:
    """Commands, the code they leave with, what is shown of their output, and where in the page the excerpt stands."""

    commands: str
    line: int
    exits: int = 0
    long: bool = False
    shows: str = ""
    excerpt: str | None = None
    where: tuple[int, int] = (0, 0)
    output: str = ""
    code: int = -1


def steps_of(page: str) -> list[Step]:
    """The steps of a page, in order. Comments count for the block after them."""
    steps: list[Step] = []
    comments: list[str] = []
    for piece in PIECE.finditer(page):
        if piece["comment"] is not None:
            comments.append(piece["comment"].strip())
            continue
        if piece["kind"] == "sh":
            code = next((int(each.split()[1]) for each in comments if each.startswith("exits ")), 0)
            steps.append(Step(piece["body"], page.count("\n", 0, piece.start()) + 1, code, "long" in comments))
        elif piece["kind"] == "text":
            steps[-1].shows = next((each for each in comments if each.startswith("shows")), "")
            steps[-1].excerpt, steps[-1].where = piece["body"], piece.span("body")
        comments = []
    return steps


def excerpt(output: str, shows: str) -> str:
    """The part of an output that `shows` asks for."""
    wanted = dict(re.findall(r"^(\w+): (.*)$", shows, re.MULTILINE))
    lines = [line.rstrip() for line in output.splitlines()]
    names = wanted.get("columns", "").split()
    kept = list(range(len(lines)))
    if "lines" in wanted:
        fitting = [number for number, line in enumerate(lines) if re.search(wanted["lines"], line)]
        kept = fitting[: int(wanted.get("most", len(fitting)))]
        assert kept, f"no line fits {wanted['lines']!r} in:\n{output}"
    if names:
        kept = [0, *(number for number in kept if number and not FOOT.fullmatch(lines[number]))]
        return "\n".join([*cut(lines, kept, names), *(["..."] if len(kept) < len(lines) else [])]) + "\n"
    shown, last = [], -1
    for number in kept:
        text = lines[number] if len(lines[number]) <= WIDEST else lines[number][: WIDEST - 1] + "…"
        shown += ["...", text] if number != last + 1 else [text]
        last = number
    return "\n".join([*shown, *(["..."] if last != len(lines) - 1 else [])]) + "\n"


def cut(lines: list[str], kept: list[int], names: list[str]) -> list[str]:
    """The columns `names` of the rows `kept` of a printed table, laid out anew. Columns part where all rows have two blanks."""
    table = [line for line in lines if not FOOT.fullmatch(line)]
    width = max(len(line) for line in table)
    blank = "".join(" " if all(line[at : at + 1] in ("", " ") for line in table) else "x" for at in range(width))
    starts = [0, *(gap.end() for gap in re.finditer(r" {2,}", blank))]
    ends = [*starts[1:], width]
    heads = [lines[0][start:end].strip() for start, end in zip(starts, ends, strict=True)]
    assert not set(names) - set(heads), f"no columns {set(names) - set(heads)} among {heads}"
    spans = [(starts[heads.index(name)], ends[heads.index(name)]) for name in names]
    rows = [[shortened(lines[number][start:end].strip()) for start, end in spans] for number in kept]
    made = []
    for row in rows:
        cells = []
        for column, cell in enumerate(row):
            every = [each[column] for each in rows]
            number = all(re.fullmatch(r"[-\d.,e+]*", each) for each in every[1:])
            size = max(len(each) for each in every)
            cells.append(cell.rjust(size) if number else cell.ljust(size))
        made.append("  ".join(cells).rstrip())
    return made


def shortened(cell: str) -> str:
    return cell if len(cell) <= WIDEST_CELL else cell[: WIDEST_CELL - 1] + "…"


def perform(step: Step, folder: Path) -> None:
    """Run a step's commands as a reader would; the demo without a browser."""
    commands = step.commands.replace("make demo", "vitalfew demo demo-company --no-serve").replace(". .venv/bin/activate\n", "")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "100"}
    done = subprocess.run(
        ["sh", "-euc", commands], cwd=folder, env=environment, timeout=300, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    step.output, step.code = done.stdout, done.returncode


@dataclass(frozen=True)
class Walk:
    """The tutorial walked through once in a folder of its own."""

    folder: Path
    steps: list[Step]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    folder = tmp_path_factory.mktemp("tutorial")
    page = PAGE.read_text(encoding="utf-8")
    steps = steps_of(page)
    for step in steps:
        if UPDATE or not step.long:
            perform(step, folder)
    if UPDATE:
        for step in reversed(steps):
            if step.excerpt is not None and step.code == step.exits:
                # An excerpt that can no longer be cut stays as it is, and its own test says why.
                with suppress(AssertionError):
                    step.excerpt = excerpt(step.output, step.shows)
                page = page[: step.where[0]] + step.excerpt + page[step.where[1] :]
        PAGE.write_text(page, encoding="utf-8")
    return Walk(folder, steps)


def judge(step: Step) -> None:
    assert step.code == step.exits, f"line {step.line}: {step.commands}\n{step.output}"
    assert "Traceback" not in step.output
    if step.excerpt is not None:
        assert step.excerpt == excerpt(step.output, step.shows), f"line {step.line}: {step.commands}"


STEPS = steps_of(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "number",
    [number for number, step in enumerate(STEPS) if not step.long],
    ids=[f"line {step.line}" for step in STEPS if not step.long],
)
def test_each_command_of_the_tutorial_prints_what_the_page_shows(walk: Walk, number: int) -> None:
    judge(walk.steps[number])


@pytest.mark.slow
def test_the_longer_commands_at_the_end_of_the_tutorial_print_what_the_page_shows(walk: Walk) -> None:
    for step in walk.steps:
        if step.long:
            if step.code < 0:
                perform(step, walk.folder)
            judge(step)


def test_the_tutorial_shows_every_kind_of_command_and_the_tables_of_the_chain() -> None:
    said = " ".join(step.commands for step in STEPS)
    for command in ("make demo", "vitalfew check", "vitalfew run", "vitalfew table", "vitalfew why"):
        assert command in said
    for table in ("sources", "quarantine", "people", "links", "metrics", "drivers", "themes", "issues", "initiatives", "portfolio"):
        assert f"vitalfew table demo-company {table}" in said
    assert any(step.exits == 2 for step in STEPS)


TABLE = """\
name         n  said
late     1,200  came  again
bills        7  the  quote
(2 of 9 rows; --rows 0 prints all)
"""


def test_an_excerpt_is_cut_to_rows_and_columns_and_says_what_is_left_out() -> None:
    assert excerpt(TABLE, "shows\ncolumns: name n\nlines: ^bills") == "name   n\nbills  7\n...\n"
    assert excerpt("one\ntwo\nthree\n", "shows\nlines: t") == "...\ntwo\nthree\n"
    assert excerpt("one\ntwo\n", "shows") == "one\ntwo\n"
    with pytest.raises(AssertionError, match="no line fits"):
        excerpt(TABLE, "shows\nlines: nothing")
    with pytest.raises(AssertionError, match="no columns"):
        excerpt(TABLE, "shows\ncolumns: name worth")
