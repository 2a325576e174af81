"""Bombs are refused within two seconds and 200 MB: each is read in a process of its own that measures itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bad_files.bombs import BOMBS

SECONDS, MEGABYTES = 2.0, 200
READ = """
import json, resource, sys, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
from vitalfew.listen.files import FileFault, File
from vitalfew.listen.sources import FileFaults, open_file
from vitalfew.settings import Source
folder = Path(sys.argv[1])
def peak():
    return int(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
for name in sys.argv[2:]:
    source = Source(name="x", table="orders", path=[name], columns={})
    Path("/proc/self/clear_refs").write_text("5")
    before, start, told, rows, refused = peak(), time.process_time(), "", 0, []
    try:
        reader = open_file(File(folder / name, name), source, folder)
        for batch in reader.batches(lambda *each: refused.append(each)):
            rows += batch.num_rows
    except FileFault as fault:
        told = f"{fault.what}; {fault.mend}"
    reader = batch = None
    print(json.dumps([name, told, rows, len(refused), time.process_time() - start, (peak() - before) / 1024]), flush=True)
"""


def test_bombs_are_refused_in_time_and_without_taking_memory(tmp_path: Path) -> None:
    files = {}
    for number, (name, (file, made)) in enumerate(BOMBS.items()):
        files[f"{number}-{file}"] = name
        (tmp_path / f"{number}-{file}").write_bytes(made())
    done = subprocess.run([sys.executable, "-c", READ, tmp_path, *files], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(text) for text in done.stdout.splitlines()]
    assert len(lines) == len(BOMBS)
    for file, told, rows, refused, seconds, megabytes in lines:
        print(files[file], told, rows, refused, f"{seconds:.2f} s {megabytes:.0f} MB")
    for file, told, rows, refused, seconds, megabytes in lines:
        assert told or (refused and not rows), files[file]
        assert seconds <= SECONDS, files[file]
        assert megabytes <= MEGABYTES, files[file]
