"""The demo company with a finished run, made once for all tests that read it: python -m tests.demo_company FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

from vitalfew import demo, pipeline
from vitalfew.company import load

SEED = 1


def make(folder: Path) -> None:
    """Write the demo company into `folder` and run the chain on it."""
    demo.write(folder, seed=SEED)
    pipeline.run(load(folder), folder)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
