"""`vitalfew demo` ends in an application that answers, though the same command has drawn charts and read data before."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

from vitalfew import runs


def test_the_link_the_demo_prints_opens_the_head_of_cx_home(tmp_path: Path, demo_workspace: Path) -> None:
    folder = tmp_path / "demo-company"
    shutil.copytree(demo_workspace, folder, symlinks=True)
    for database in (folder / ".vitalfew").glob("vitalfew.db*"):
        database.unlink()
    # One page less, so that the command has to draw before it serves.
    (runs.Workspace(folder).runs / (folder / ".vitalfew" / "current").resolve().name / runs.PAGES / "index.html").unlink()
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "VITALFEW_HOME")}
    command = [sys.executable, "-m", "vitalfew", "demo", str(folder), "--quiet", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True
    ) as served:
        said: queue.Queue[str | None] = queue.Queue()

        def listen() -> None:
            assert served.stdout is not None
            for line in served.stdout:
                said.put(line)
            said.put(None)

        threading.Thread(target=listen, daemon=True).start()
        try:
            link, lines = "", []
            while not link:
                line = said.get(timeout=150)
                assert line is not None, "".join(lines)
                lines.append(line)
                link = "".join(re.findall(r"http://127\.0\.0\.1:\d+/enter/\S+", line))
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
            with browser.open(link, timeout=60) as answered:
                page = answered.read().decode()
            assert answered.status == 200
            assert "Northlight Supply" in page
            assert "/enter/" not in answered.url
        finally:
            os.killpg(served.pid, signal.SIGTERM)
            served.wait(60)
