"""How long the whole chain takes, and how much memory: the demo company (small, medium), a real export, and `--help`.

Each figure is one process from start to end, timed from outside; memory is the peak of that process. There is no peer to run
beside: nothing else covers the chain.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import write

ROOT = Path(__file__).parent.parent
PROGRAM = Path(sys.executable).with_name("vitalfew")
SHARED = Path(os.environ.get("VITALFEW_SHARED_DATA", ROOT.parent / "shared" / "data"))


def measured(*command: str | Path) -> tuple[float, float]:
    """Seconds and peak MB of a command. Raises CalledProcessError when it fails."""
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=errors)
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    """Measure and write the table."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows.append(("`vitalfew --help`", *measured(PROGRAM, "--help"), "0.5 s"))
        rows.append(("`vitalfew demo`, small", *measured(PROGRAM, "demo", folder / "small", "--no-serve", "-q"), "60 s"))
        rows.append(("the same run again, nothing changed", *measured(PROGRAM, "run", folder / "small", "-q"), ""))
        olist = folder / "olist"
        olist.mkdir()
        shutil.copy(ROOT / "tests" / "real" / "mappings" / "olist" / "company.toml", olist)
        (olist / "exports").symlink_to(SHARED / "olist_sample")
        rows.append(("`vitalfew run`, Olist sample", *measured(PROGRAM, "run", olist, "-q"), "60 s, 2,000 MB"))
        generate = "import sys, pathlib; from vitalfew import demo; demo.write(pathlib.Path(sys.argv[1]), size='medium')"
        rows.append(("writing the medium demo company", *measured(sys.executable, "-c", generate, folder / "medium"), ""))
        rows.append(
            (
                "`vitalfew run`, medium: 50,000 customers, 1M interactions",
                *measured(PROGRAM, "run", folder / "medium", "-q"),
                "180 s, 4,000 MB",
            )
        )
    write(
        "chain",
        ("what", "seconds", "peak MB", "aim"),
        [(what, f"{seconds:.1f}", f"{memory:,.0f}", aim) for what, seconds, memory, aim in rows],
        "One process each, from start to end, with pages and PDF.",
    )


if __name__ == "__main__":
    main()
