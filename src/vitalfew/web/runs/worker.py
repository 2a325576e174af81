"""The process that does the jobs: `vitalfew work DIR`.

A run is a process of its own, so that it can be ended without ending this one, and cannot take it along when memory runs out.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from django.db import DatabaseError, close_old_connections, connection
from django.utils.translation import gettext as _

from vitalfew.telling import PARENT, leave_with_parent
from vitalfew.web.api.sending import keep_sending
from vitalfew.web.people import audit
from vitalfew.web.runs import claiming
from vitalfew.web.runs.models import Job
from vitalfew.web.runs.scheduling import make_due
from vitalfew.web.understand.preparing import keep_prepared

log = logging.getLogger("vitalfew.worker")
BEAT_SECONDS = 3.0
IDLE_SECONDS = 2.0
LOG_LINES = 200
LOG_CHARACTERS = 20_000
GRACE_SECONDS = 10.0
BUSY_WAIT = timedelta(seconds=30)


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass
class Told:
    """What a run has said so far."""

    progress: dict[str, Any] = field(default_factory=dict)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    ending: dict[str, Any] = field(default_factory=dict)

    def hear(self, stream: IO[str]) -> None:
        """Take in every line until the run closes its error output."""
        for line in stream:
            self._line(line.rstrip("\n").replace("\x00", "\ufffd"))

    def _line(self, line: str) -> None:
        try:
            event = json.loads(line)
            kind = event["event"]
        except (ValueError, KeyError, TypeError):
            self.lines.append(line[:1000])
            return
        if kind == "progress":
            text = str(event["text"])[:300]
            self.progress = {
                "progress_text": text,
                "progress_done": int(event["done"]),
                "progress_total": int(event["total"]),
            }
            self.lines.append(f"{now():%H:%M:%S} {text}")
        else:
            self.ending = event

    def kept(self) -> dict[str, Any]:
        """Progress and log as columns of the job."""
        return {**self.progress, "log": "\n".join(self.lines)[-LOG_CHARACTERS:]}


class Worker:
    """Takes jobs one after the other until it is stopped."""

    def __init__(self, name: str = "") -> None:
        self.name = name or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        self.stopped = threading.Event()

    def stop(self, *_: object) -> None:
        """Take no further job, and hand back the one at work."""
        self.stopped.set()

    def work(self) -> None:
        """Until stopped. A database that is away for a while is waited for."""
        log.info("worker started", extra={"worker": self.name})
        sender = threading.Thread(target=keep_sending, args=(self.stopped,), name="webhooks", daemon=True)
        sender.start()
        threading.Thread(target=keep_prepared, args=(self.stopped,), name="facts", daemon=True).start()
        while not self.stopped.is_set():
            try:
                close_old_connections()
                did = self.once()
            except DatabaseError:
                log.exception("database away, trying again")
                connection.close()
                self.stopped.wait(IDLE_SECONDS * 2)
                continue
            if not did:
                self.stopped.wait(IDLE_SECONDS)
        # What is being sent takes seconds at most; if it is cut off, it is due again.
        sender.join(GRACE_SECONDS)
        claiming.gone(self.name)
        log.info("worker ended", extra={"worker": self.name})

    def once(self) -> bool:
        """Make what is due, take over what was dropped, and do one job. False when there was none."""
        claiming.seen(self.name, now())
        make_due(now())
        claiming.reclaim(now())
        job = claiming.claim(self.name, now())
        if job is None:
            return False
        self.do(job)
        return True

    def do(self, job: Job) -> None:
        """Do one job to its end, telling how far it is."""
        log.info("job started", extra={"job": str(job.pk), "attempt": job.attempt})
        told = Told()
        process = subprocess.Popen(  # noqa: S603 - our own command, with a folder from the database
            command(job),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            env={**os.environ, PARENT: str(os.getpid()), "NO_COLOR": "1"},
        )
        assert process.stderr is not None  # noqa: S101 - for the type checker
        ears = threading.Thread(target=told.hear, args=(process.stderr,), daemon=True)
        ears.start()
        try:
            ours = self._watch(job, process, told)
        finally:
            end(process)
        ears.join(GRACE_SECONDS)
        process.stderr.close()
        self._conclude(job, process.returncode, told, ours)

    def _watch(self, job: Job, process: subprocess.Popen[str], told: Told) -> bool:
        """Wait for the run, heart beating. False when it is to be ended: cancelled, lost to another worker, or we are stopped."""
        while True:
            try:
                process.wait(BEAT_SECONDS)
                return True
            except subprocess.TimeoutExpired:
                pass
            if self.stopped.is_set():
                return False
            try:
                if not claiming.beat(job, now(), **told.kept()):
                    return False
                claiming.seen(self.name, now())
            except DatabaseError:
                # The run goes on; if the database stays away until others took the job, the next heartbeat says so.
                log.exception("heartbeat not written")
                connection.close()

    def _conclude(self, job: Job, code: int, told: Told, finished: bool) -> None:
        """Write down how it ended."""
        kept, event = told.kept(), told.ending.get("event")
        if finished and event == "done":
            run, same = str(told.ending["run"]), bool(told.ending["same"])
            self._end(job, "done", run_id=run, same_as_before=same, reason="", **kept)
        elif not finished:
            job.refresh_from_db(fields=["cancel_asked"])
            if job.cancel_asked:
                self._end(job, "cancelled", **kept)
            else:
                claiming.put_back(job, now(), timedelta(0), _("The application was stopped; the run starts again."), counted=False)
        elif event == "refused" and told.ending["busy"]:
            claiming.put_back(
                job, now(), BUSY_WAIT, _("Another run is under way in this workspace; this one waits."), counted=False
            )
        elif event == "refused":
            text = _("The settings or the data were refused. Nothing was changed.")
            self._end(job, "failed", reason=text, faults=told.ending["faults"], **kept)
        elif event == "failed":
            self._end(job, "failed", reason=str(told.ending["text"]), **kept)
        elif code < 0:
            text = _("The system ended the run (%(signal)s); most often there is not enough memory.")
            claiming.held(job).update(log=kept["log"])
            claiming.put_back(job, now(), claiming.back_off(job.attempt), text % {"signal": _signal(-code)})
        else:
            self._end(job, "failed", reason=_("The run stopped unexpectedly. The last lines of its log say where."), **kept)
        log.info("job ended", extra={"job": str(job.pk), "code": code})

    def _end(self, job: Job, state: str, **result: Any) -> None:
        if claiming.finish(job, state, now(), **result):
            actor = job.asked_by.email if job.asked_by else "schedule"
            audit.record(job.company, actor, f"run {state}", str(job.pk), detail={"run": result.get("run_id", "")})


def command(job: Job) -> list[str]:
    """The command that does the job."""
    made = [sys.executable, "-m", "vitalfew", "run", job.company.folder, "--progress", "json"]
    if job.arguments.get("as_of"):
        made += ["--as-of", str(job.arguments["as_of"])]
    if job.arguments.get("full"):
        made += ["--full"]
    return made


def end(process: subprocess.Popen[str]) -> None:
    """End a run and whatever it started: asked first, then made to."""
    if process.poll() is not None:
        return
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
        except ProcessLookupError:
            break
        try:
            process.wait(GRACE_SECONDS)
            return
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def main() -> None:
    """Work until told to stop."""
    worker = Worker()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, worker.stop)
    leave_with_parent(worker.stop)
    worker.work()
