"""What pages sum is worked out as soon as there is a run, before anybody asks for it."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from pathlib import Path

from django.db import DatabaseError, close_old_connections

from vitalfew.runs import HOME
from vitalfew.web.people.models import Company
from vitalfew.web.shell.access import Reading
from vitalfew.web.shell.filters import Facets, Filters, facets
from vitalfew.web.shell.runkept import KEPT
from vitalfew.web.understand import crowds, figures, journeys
from vitalfew.web.understand.measuring import known, measure, placed

log = logging.getLogger("vitalfew.facts")
LOOK_SECONDS = 3.0
# Values of a filter whose figures are worked out ahead: at a million customers one takes two seconds a page the first time.
MOST = 24


def prepare(company: Company) -> None:
    """Work out every fact of the company's last good run; those of runs that are gone are deleted."""
    reading = Reading(company)
    if reading.run is None:
        return
    began = time.monotonic()
    answers = figures.answers(reading)
    every = (figures.COMMENTS, figures.CHECKS, journeys.STEPS, journeys.MOVES, *(answers[:1] if answers else ()))
    for facts in every:
        known(reading, facts)
        measure(reading, facts, Filters())
    measure(reading, figures.COMMENTS, Filters(), "quarter")
    told = facets(reading)
    # Of many facts the filters asked for most, the newest period first; of fewer, any is worked out while one waits.
    many = [facts for facts in every if crowds.is_large(reading.reader, placed(reading, facts))]
    for filters in usual(told):
        for facts in many:
            measure(reading, facts, filters)
    for folder in (reading.workspace.home / KEPT).iterdir():
        if not (reading.workspace.runs / folder.name).exists():
            shutil.rmtree(folder, ignore_errors=True)
    log.info("facts of the run worked out", extra={"milliseconds": round((time.monotonic() - began) * 1000)})


def usual(told: Facets) -> list[Filters]:
    """The filters whose figures are worked out ahead: one value of one of them."""
    segments = [f"{name}={value}" for name, values in told.segments.items() for value in values]
    return [
        *(Filters(period=each) for each in told.periods[:MOST]),
        *(Filters(channel=each) for each in told.channels[:MOST]),
        *(Filters(group=each) for each in told.groups[:MOST]),
        *(Filters(segment=each) for each in segments[:MOST]),
    ]


def keep_prepared(stopped: threading.Event) -> None:
    """Prepare each company's run when a new one has become current, until `stopped`."""
    done: dict[int, str] = {}
    while not stopped.is_set():
        try:
            close_old_connections()
            for company in Company.objects.order_by("pk"):
                pointer = Path(company.folder) / HOME / "current"
                run = str(pointer.readlink()) if pointer.is_symlink() else ""
                if run and done.get(company.pk) != run:
                    # Noted first: what cannot be prepared is worked out when a page asks for it, and fails where somebody sees it.
                    done[company.pk] = run
                    prepare(company)
        except DatabaseError:
            log.warning("database away, looking again")
        except Exception:
            log.exception("facts of a run could not be worked out")
        stopped.wait(LOOK_SECONDS)
