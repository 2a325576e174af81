"""How long the application's pages take on the medium demo company, and how large they are.

Server time: from the request to the last byte, in this process, through every middleware, on SQLite; 20 visits a page after two to
warm up. Size: the page and every script and style sheet it names, each as sent to a browser that takes gzip. Named by
VITALFEW_BENCH_WORKSPACE, a workspace that has been run already (one with a million customers, say) is measured instead.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from table import write

VISITS = 20
# The first two the worker works out ahead; together they are worked out by the page.
FILTERED = ("period=2026-Q1", "channel=phone", "period=2026-Q1&channel=phone")
PROGRAM = Path(sys.executable).parent / "vitalfew"


def main(workspace: Path, section: str) -> None:
    """Measure every page of the company that takes no argument, as the head of CX."""
    os.environ["VITALFEW_HOME"] = tempfile.mkdtemp(prefix="vitalfew-pages-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "vitalfew.web.settings"
    os.environ["VITALFEW_HOSTS"] = "testserver"
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from django.urls import URLPattern, URLResolver, get_resolver

    from vitalfew.web.people.models import Company, Membership, User
    from vitalfew.web.warming import warm

    logging.disable()
    warm()  # as every process of the server does before it answers
    call_command("migrate", verbosity=0)
    company = Company.objects.create(slug="company", name="Company", folder=str(workspace), is_demo=True)
    user = User.objects.create_user("owner@company.example", None, "Owner")
    Membership.objects.create(company=company, user=user, role="owner")
    client = Client(headers={"accept-encoding": "gzip"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def addresses(patterns: Any, before: str = "") -> list[str]:
        found: list[str] = []
        for each in patterns:
            text = before + str(each.pattern)
            if isinstance(each, URLResolver):
                found += addresses(each.url_patterns, text)
            elif isinstance(each, URLPattern) and text.startswith("c/<slug:company>/") and text.count("<") == 1:
                found.append("/" + text.replace("<slug:company>", "company"))
        return found

    # What the worker does as soon as there is a run, before anybody asks.
    from vitalfew.web.understand.preparing import prepare

    began = time.perf_counter()
    prepare(company)
    prepared = time.perf_counter() - began
    print(f"facts of the run worked out in {prepared:.1f} s", file=sys.stderr)
    filtered = [f"/c/company/{page}/?{chosen}" for chosen in FILTERED for page in ("metrics", "themes", "promises", "journeys")]
    rows, slowest, slowest_first = [], 0.0, 0.0
    for address in (*addresses(get_resolver().url_patterns), *filtered):
        first, times, size, queries = visits(client, address)
        if not times:
            continue
        times.sort()
        p95 = times[min(len(times) - 1, round(0.95 * len(times)))]
        slowest, slowest_first = max(slowest, p95), max(slowest_first, first)
        rows.append(
            (
                address.removeprefix("/c/company"),
                f"{first * 1000:.0f}",
                f"{median(times) * 1000:.0f}",
                f"{p95 * 1000:.0f}",
                f"{size / 1000:.0f}",
                str(queries),
            )
        )
    rows.append(("slowest", f"{slowest_first * 1000:.0f}", "", f"{slowest * 1000:.0f}", "", ""))
    write(
        section,
        ("page", "first visit, ms", "median, ms", "p95, ms", "page with scripts and styles, kB gzip", "queries"),
        rows,
        "Server time in one process on SQLite. Aims: p95 300 ms (medium), 1,500 ms (a million customers); 250 kB. The "
        "first visit after "
        "a run reads its tables and draws its charts; what it found is kept. What pages sum is worked out by the worker as soon as "
        f"there is a run, here in {prepared:.0f} s.",
    )


def visits(client: Any, address: str) -> tuple[float, list[float], int, int]:
    """Seconds of the first visit, of those after two more, bytes, and database queries; no times for what is no page."""
    times = []
    body, size = b"", 0
    for _ in range(VISITS + 3):
        began = time.perf_counter()
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        times.append(time.perf_counter() - began)
        if answer.status_code != 200 or "html" not in answer.headers.get("Content-Type", ""):
            return 0.0, [], 0, 0
        size = len(body)
    import gzip

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    queries = len(asked)
    plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    for asset in set(re.findall(rb'(?:href|src)="(/static/[^"]+\.(?:css|js))"', plain)):
        sent = client.get(asset.decode())
        size += len(b"".join(sent.streaming_content) if sent.streaming else sent.content)
    return times[0], times[3:], size, queries


if __name__ == "__main__":
    given = os.environ.get("VITALFEW_BENCH_WORKSPACE")
    if given:
        main(Path(given), os.environ.get("VITALFEW_BENCH_SECTION", "pages-large"))
    else:
        with tempfile.TemporaryDirectory() as made:
            subprocess.run([PROGRAM, "demo", Path(made) / "medium", "--size", "medium", "--no-serve", "-q"], check=True)
            main(Path(made) / "medium", "pages")
