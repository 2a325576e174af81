"""Killed at any moment, the last good run stands: kill -9 at every k-th write of a small run, 200 times at random in a larger one.

Small: a survey of 120 answers; kills.c, loaded into the process, counts every call by which it or DuckDB changes a file, in all
threads, and kills at the one that is asked for. VITALFEW_KILL_EVERY says k (1 for each one; without it about 120 kills). Larger:
6,000 answers and 6,000 orders of 3,000 people in three sources, who is who, themes, plan and PDF included, killed after a random
time between nought and what a whole run takes. `VITALFEW_KILL_DEMO=1` takes the small demo company instead (over an hour).

After each kill the current run must be, byte for byte, the last good one or the one being made, and be readable; settings alternate
between two seeds, so every run has everything to do. After every 20th kill, and at the end, a run is let through: its bytes must be
those of a run in a copy of the folder nobody was killed in, and nothing may lie about. Any failure ends the benchmark.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from table import write
from vitalfew import runs

PROGRAM = Path(sys.executable).parent / "vitalfew"
SMALL = """[company]
name = "Small shop"
as_of = 2026-06-30
seed = 1

[[source]]
name = "survey"
table = "responses"
path = "exports/survey.csv"
[source.columns]
response = "id"
at = "submitted"
[source.questions]
recommend = { column = "Q1", kind = "nps", outcome = true }
delivery = { column = "Q2", kind = "rating", scale = [1, 5], driver = "Delivery", group = "Logistics" }
comment = { column = "Q4", kind = "text" }

[[group]]
name = "Logistics"
"""
KILLS_SMALL, KILLS_LARGE, LET_THROUGH = 120, 200, 20
# What belongs to all runs; whatever else lies in the folder after a run that was let through is an orphan.
OF_ALL_RUNS = {"runs", "current", "history.jsonl", "lock", "who"}


def digest(folder: Path) -> str:
    """Of every file of the current run and what it wrote for people: name and bytes."""
    workspace = runs.Workspace(folder)
    home = workspace.need_current().folder
    told = hashlib.sha256()
    for path in sorted(each for each in home.rglob("*") if each.is_file()):
        told.update(f"{path.relative_to(home).as_posix()}\0".encode() + path.read_bytes())
    return told.hexdigest()


def orphans(folder: Path) -> list[str]:
    """What a killed run left behind. A half-written index of the lookup goes a quarter of an hour later (who.directory.sweep)."""
    home = folder / runs.HOME
    return [each.name for each in home.iterdir() if each.name not in OF_ALL_RUNS] + [
        each.name for each in (home / "runs").iterdir() if each.name.startswith((".", "tmp"))
    ]


@dataclass
class Trial:
    """A workspace that runs are killed in, and the digests of the two runs it may hold."""

    folder: Path
    digests: dict[int, str] = field(default_factory=dict)
    library: Path | None = None
    kills: int = 0
    published: int = 0
    let_through: int = 0
    seed: int = 1

    def settings(self, seed: int, folder: Path | None = None) -> None:
        """The settings with another seed: the run has everything to do again."""
        path = (folder or self.folder) / "company.toml"
        lines = path.read_text(encoding="utf-8").splitlines()
        at = next(place for place, line in enumerate(lines) if line.startswith("seed = "))
        lines[at] = f"seed = {seed}"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        # An export changes too, or reading it and who is who would be taken from the run before.
        survey = min(((folder or self.folder) / "exports").glob("survey*.csv"))
        rows = [row for row in survey.read_bytes().splitlines(keepends=True) if row.strip()]
        survey.write_bytes(b"".join(rows) + (b"\n" if seed == 2 else b""))
        if folder is None:
            self.seed = seed

    def start(self, counts: Path | None = None, folder: Path | None = None) -> subprocess.Popen[bytes]:
        """`vitalfew run`, in a group of its own."""
        more = {"LD_PRELOAD": str(self.library), "VITALFEW_KILLS": str(counts)} if counts else {}
        return subprocess.Popen(
            [PROGRAM, "run", folder or self.folder, "-q"], start_new_session=True, env={**os.environ, **more},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def whole(self, folder: Path | None = None) -> float:
        """A run let through; seconds."""
        began = time.monotonic()
        process = self.start(folder=folder)
        told = process.communicate()[1]
        if process.returncode:
            raise SystemExit(f"a run that nobody killed ended with {process.returncode}: {told.decode()}")
        return time.monotonic() - began

    def look(self, moment: str) -> None:
        """The current run is one of the two, whole; when the new one was published, the seeds change places."""
        found = digest(self.folder)
        if found not in self.digests.values():
            raise SystemExit(f"after a kill at {moment} the current run is neither the last good one nor the new one")
        readable = subprocess.run([PROGRAM, "table", self.folder, "metrics", "--format", "csv"], capture_output=True, check=False)
        if readable.returncode or not readable.stdout:
            raise SystemExit(f"after a kill at {moment} the last good run cannot be read: {readable.stderr.decode()}")
        if found == self.digests[self.seed]:
            self.published += 1
            self.settings(3 - self.seed)

    def through(self) -> None:
        """Let a run through: the same bytes as in a folder without kills, and nothing lies about."""
        self.whole()
        self.let_through += 1
        if digest(self.folder) != self.digests[self.seed]:
            raise SystemExit("the rerun gave other bytes")
        left = orphans(self.folder)
        if left:
            raise SystemExit(f"left behind: {', '.join(left)}")
        self.settings(3 - self.seed)

    def prepare(self, elsewhere: Path) -> float:
        """Both runs in a folder nobody is killed in, and the first good run in the other; seconds a run takes.

        A run remembers of the run before whose each record was: from the third on, with settings that alternate, nothing in it
        depends on how many there were.
        """
        shutil.copytree(self.folder, elsewhere, symlinks=True)
        seconds = 0.0
        for seed in (1, 2, 1, 2):
            self.settings(seed, elsewhere)
            seconds = self.whole(elsewhere)
            self.digests[seed] = digest(elsewhere)
        for seed in (1, 2, 1):
            self.settings(seed)
            self.whole()
        if digest(self.folder) != self.digests[1]:
            raise SystemExit("two folders of one history hold other bytes")
        self.settings(2)
        return seconds

    def killed(self, moments: list[tuple[str, Callable[[], int]]]) -> None:
        """Run and kill at each of the moments; a moment gives the exit code of the run."""
        for number, (name, run) in enumerate(moments, start=1):
            code = run()
            if code == -signal.SIGKILL:
                self.kills += 1
            elif code:
                raise SystemExit(f"at {name} the run ended by itself with {code}")
            self.look(name)
            if number % LET_THROUGH == 0:
                self.through()
                print(f"{number} of {len(moments)} kills", file=sys.stderr, flush=True)
        self.through()


def at_writes(home: Path) -> tuple[Trial, int, int]:
    """Kills at every k-th write of a small run: the trial, how many writes a run makes, and k."""
    library = home / "kills.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, Path(__file__).with_suffix(".c"), "-ldl"], check=True)
    trial = Trial(home / "small", library=library)
    (trial.folder / "exports").mkdir(parents=True)
    lines = ["id,submitted,Q1,Q2,Q4"]
    for number in range(120):
        delivery = number % 5 + 1
        score = min(10, 2 + delivery + number % 4)
        lines.append(f"{number},2026-{number % 6 + 1:02d}-05,{score},{delivery},late parcel {number % 7}")
    (trial.folder / "exports" / "survey.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (trial.folder / "company.toml").write_text(SMALL, encoding="utf-8")
    trial.prepare(home / "apart-small")
    counts = home / "counts"

    def at(number: int) -> int:
        counts.write_bytes(struct.pack("=qq", 0, number))
        process = trial.start(counts)
        told = process.communicate()[1]
        if process.returncode not in (0, -signal.SIGKILL):
            print(told.decode(), file=sys.stderr)
        return process.returncode

    at(0)
    trial.settings(1)
    writes = struct.unpack("=qq", counts.read_bytes())[0]
    every = int(os.environ.get("VITALFEW_KILL_EVERY", "0")) or max(1, writes // KILLS_SMALL)
    trial.killed([(f"write {number} of {writes}", lambda number=number: at(number)) for number in range(1, writes + 1, every)])
    return trial, writes, every


PEOPLE = """
[[source]]
name = "contacts"
table = "people"
path = "exports/contacts.csv"
[source.columns]
person = "id"
name = "name"
email = "mail"

[[source]]
name = "orders"
table = "orders"
path = "exports/orders.csv"
[source.columns]
order = "order"
person = "contact"
at = "at"
amount = "amount"
"""


def _larger(folder: Path) -> None:
    """The small survey grown, its answers by e-mail, and the people and their orders."""
    (folder / "exports").mkdir(parents=True)
    draw = random.Random(7)
    words = ("late parcel", "nobody called back", "wrong invoice", "friendly people", "broken on arrival", "web shop is slow")
    people = [(f"c{each}", f"Anna{each % 61} Rossi{each % 977}", f"someone{each}@example.org") for each in range(3000)]
    tables = {
        "contacts": ["id,name,mail", *(",".join(each) for each in people)],
        "orders": ["order,contact,at,amount"],
        "survey": ["id,submitted,mail,Q1,Q2,Q4"],
    }
    for number in range(6000):
        day = f"2026-{number % 6 + 1:02d}-{number % 27 + 1:02d}"
        tables["orders"].append(f"o{number},c{draw.randrange(3000)},{day},{draw.randrange(20, 900)}")
        delivery, comment = draw.randrange(1, 6), f"{draw.choice(words)} and {draw.choice(words)}, {draw.choice(words)}"
        score = min(10, 2 + delivery + draw.randrange(4))
        tables["survey"].append(
            f"{number},{day},{people[draw.randrange(3000)][2]},{score},{delivery},{comment!r}".replace("'", '"')
        )
    for name, lines in tables.items():
        (folder / "exports" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    survey = SMALL.replace('at = "submitted"\n', 'at = "submitted"\nemail = "mail"\n')
    (folder / "company.toml").write_text(survey + PEOPLE, encoding="utf-8")


def at_random(home: Path) -> tuple[Trial, float]:
    """Kills at random moments of a larger run: the trial, and seconds a whole run takes."""
    trial = Trial(home / "larger")
    if os.environ.get("VITALFEW_KILL_DEMO"):
        subprocess.run([PROGRAM, "demo", trial.folder, "--no-serve", "-q"], check=True, stdout=subprocess.DEVNULL)
        settings = trial.folder / "company.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace("[company]\n", "[company]\nseed = 1\n", 1), encoding="utf-8")
    else:
        _larger(trial.folder)
    seconds = trial.prepare(home / "apart-larger")
    draw = random.Random(1)

    def after(moment: float) -> int:
        process = trial.start()
        try:
            process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        return process.returncode

    moments = [draw.uniform(0, seconds) for _ in range(int(os.environ.get("VITALFEW_KILLS_RANDOM", str(KILLS_LARGE))))]
    trial.killed([(f"{moment:.2f} s", lambda moment=moment: after(moment)) for moment in moments])
    return trial, seconds


def main() -> None:
    """Both trials, one after the other."""
    with tempfile.TemporaryDirectory(prefix="vitalfew-kills-") as made:
        home = Path(made)
        small, writes, every = at_writes(home)
        large, seconds = at_random(home)
    kept = "the same bytes each time, nothing left over"
    write(
        "kills",
        ("run", "kills", "of which the new run was already current", "last good run lost", "runs let through between and after"),
        [
            (f"small survey, every {every}th of {writes} writes", small.kills, small.published, 0, f"{small.let_through}: {kept}"),
            (f"larger, random moments of {seconds:.0f} s", large.kills, large.published, 0, f"{large.let_through}: {kept}"),
        ],
        "Writes are calls of the C library that change files, DuckDB's and those of child processes included. After every kill the "
        "current run was compared byte for byte and read with `vitalfew table`. What a kill cannot show is a power cut: pages the "
        "kernel has not written yet are not lost by it.",
    )


if __name__ == "__main__":
    main()
