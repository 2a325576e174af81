"""The pages of runs: who may do what, and what they show."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.web.conftest import Cast

from vitalfew.runs import Workspace
from vitalfew.web.people.models import AuditEntry, Company
from vitalfew.web.people.rights import ROLES, reach
from vitalfew.web.runs.models import Job, Schedule
from vitalfew.web.shell.wording import day

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def job_of(company: Company, **more: object) -> Job:
    return Job.objects.create(company=company, **{"not_before": NOW, **more})


@pytest.fixture
def changed(cast: Cast, small_copy: Path) -> Company:
    """Northlight with a small workspace of two runs that the test may change."""
    Company.objects.filter(pk=cast.company.pk).update(folder=str(small_copy))
    cast.company.refresh_from_db()
    return cast.company


@pytest.fixture
def owner(cast: Cast) -> Client:
    return cast.client("owner")


# --- the matrix of addresses about one job or one run ---

ONE_JOB = {"runs/jobs/{}/": "runs.read", "runs/jobs/{}/cancel/": "runs.start", "runs/jobs/{}/retry/": "runs.start"}
ONE_RUN = {"runs/{}/back/": "runs.start", "runs/{}/delete/": "runs.start"}


@pytest.mark.parametrize("address", ONE_JOB)
@pytest.mark.parametrize("role", [*ROLES, "stranger", "nobody"])
def test_a_job_is_shown_to_those_who_may_and_anothers_looks_absent(cast: Cast, address: str, role: str) -> None:
    own, other = job_of(cast.company), job_of(cast.other)
    client = cast.client(role)
    ask = client.get if ONE_JOB[address] == "runs.read" else client.post
    answers = {}
    for name, company, job in (
        ("own", "northlight", own.pk),
        ("other's job", "northlight", other.pk),
        ("absent", "northlight", uuid.uuid4()),
        ("absent company", "absent", own.pk),
    ):
        answers[name] = ask(f"/c/{company}/" + address.format(job))
    codes = {name: answer.status_code for name, answer in answers.items()}
    if role == "nobody":
        assert set(codes.values()) == {302}
        assert all("/account/login/" in answer["Location"] for answer in answers.values())
    elif role == "stranger":
        assert set(codes.values()) == {404}
    elif reach(role, ONE_JOB[address]) is None:
        assert codes == {"own": 403, "other's job": 403, "absent": 403, "absent company": 404}
    else:
        assert codes["own"] in (200, 302)
        assert {codes[name] for name in ("other's job", "absent", "absent company")} == {404}
        assert answers["other's job"].content == answers["absent"].content
    other.refresh_from_db()
    assert other.state == "queued"


@pytest.mark.parametrize("address", ONE_RUN)
@pytest.mark.parametrize("role", [*ROLES, "stranger", "nobody"])
def test_a_run_is_changed_by_those_who_may_and_anothers_looks_absent(cast: Cast, changed: Company, address: str, role: str) -> None:
    workspace, other = Workspace(Path(changed.folder)), Workspace(Path(cast.other.folder))
    mine, theirs = workspace.previous(), other.current()
    assert mine is not None
    assert theirs is not None
    client = cast.client(role)
    absent = client.post(f"/c/northlight/{address.format('0' * 20)}").status_code
    codes = [client.post(f"/c/absent/{address.format(mine.id)}").status_code, absent]
    own = client.post(f"/c/northlight/{address.format(mine.id)}").status_code
    if role == "nobody":
        assert {own, *codes} == {302}
        assert workspace.previous() == mine
    elif role == "stranger":
        assert {own, *codes} == {404}
    elif reach(role, ONE_RUN[address]) is None:
        assert (own, *codes) == (403, 404, 403)
    else:
        assert (own, *codes) == (302, 404, 404)
        assert workspace.previous() != mine
    assert other.current() == theirs


def test_nothing_is_changed_by_a_mere_look(owner: Client, cast: Cast) -> None:
    job = job_of(cast.company)
    for address in (
        f"runs/jobs/{job.pk}/cancel/",
        f"runs/jobs/{job.pk}/retry/",
        f"runs/{'0' * 20}/back/",
        f"runs/{'0' * 20}/delete/",
    ):
        assert owner.get(f"/c/northlight/{address}").status_code == 405


# --- starting ---


def test_a_run_is_asked_for_with_its_day_and_recorded(owner: Client, cast: Cast) -> None:
    answer = owner.post("/c/northlight/runs/start/", {"as_of": "2026-05-31"})
    job = Job.objects.get()
    assert answer["Location"] == f"/c/northlight/runs/jobs/{job.pk}/"
    assert (job.arguments, job.asked_by, job.state) == ({"as_of": "2026-05-31"}, cast.members["owner"].user, "queued")
    assert AuditEntry.objects.get(action="run asked for").target == str(job.pk)
    again = owner.post("/c/northlight/runs/start/", {"as_of": "2026-05-31"})
    assert again["Location"] == answer["Location"]
    assert Job.objects.count() == 1


@pytest.mark.parametrize("day", ["yesterday", "0001-01-01", "9999-12-31", "2026-02-30", "--engine=spark"])
def test_what_is_no_day_is_refused(owner: Client, day: str) -> None:
    assert owner.post("/c/northlight/runs/start/", {"as_of": day}).status_code == 422
    assert not Job.objects.exists()


def test_a_schedule_is_set_in_the_companys_time_and_switched_off(owner: Client, cast: Cast) -> None:
    form = {"cadence": "weekly", "hour": "5", "weekday": "0", "day": "1"}
    assert owner.post("/c/northlight/runs/schedule/", form).status_code == 302
    schedule = Schedule.objects.get()
    assert schedule.next_at is not None
    assert schedule.next_at > datetime.now(UTC)
    assert schedule.next_at.weekday() in (0, 6)
    assert (
        "05:00" in owner.get("/c/northlight/runs/schedule/").content.decode()
        or "5 a.m." in owner.get("/c/northlight/runs/schedule/").content.decode()
    )
    owner.post("/c/northlight/runs/schedule/", {**form, "cadence": "off"})
    schedule.refresh_from_db()
    assert schedule.next_at is None
    assert owner.post("/c/northlight/runs/schedule/", {**form, "hour": "24"}).status_code == 422


# --- one job ---


def test_a_running_job_is_polled_in_part_and_reloads_without_script(owner: Client, cast: Cast) -> None:
    job = job_of(
        cast.company,
        state="running",
        started_at=NOW,
        progress_text="focus: choosing initiatives",
        progress_done=2,
        progress_total=6,
    )
    address = f"/c/northlight/runs/jobs/{job.pk}/"
    whole = owner.get(address).content.decode()
    assert 'hx-trigger="every' in whole
    assert '<noscript><meta http-equiv="refresh"' in whole
    part = owner.get(address, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "focus: choosing initiatives" in part.content.decode()
    assert 'value="2"' in part.content.decode()
    Job.objects.filter(pk=job.pk).update(state="done", finished_at=NOW + timedelta(seconds=75))
    part = owner.get(address, headers={"HX-Request": "true"})
    assert part["HX-Refresh"] == "true"
    assert "hx-trigger" not in part.content.decode()


def test_a_failed_job_lists_every_fault_and_names_the_last_good_run(owner: Client, cast: Cast) -> None:
    faults = [{"file": "company.toml", "line": n, "what": f"<b>fault {n}</b>", "mend": "mend it"} for n in (3, 9)]
    job = job_of(cast.company, state="failed", reason="The settings or the data were refused.", faults=faults)
    text = owner.get(f"/c/northlight/runs/jobs/{job.pk}/").content.decode()
    assert "2 faults to mend" in text
    assert "&lt;b&gt;fault 9&lt;/b&gt;" in text
    assert "line 9" in text
    run = Workspace(Path(cast.company.folder)).need_current()
    assert f"made for {day(run.today)} ({run.id[:8]})" in text


def test_the_log_is_for_those_who_may_start_runs(cast: Cast) -> None:
    job = job_of(cast.company, state="failed", log="Traceback: secret detail")
    assert "secret detail" in cast.client("analyst").get(f"/c/northlight/runs/jobs/{job.pk}/").content.decode()
    assert "secret detail" not in cast.client("executive").get(f"/c/northlight/runs/jobs/{job.pk}/").content.decode()


def test_cancel_and_run_again(owner: Client, cast: Cast) -> None:
    job = job_of(cast.company, arguments={"as_of": "2026-01-31"})
    owner.post(f"/c/northlight/runs/jobs/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == "cancelled"
    owner.post(f"/c/northlight/runs/jobs/{job.pk}/retry/")
    again = Job.objects.exclude(pk=job.pk).get()
    assert (again.state, again.arguments) == ("queued", {"as_of": "2026-01-31"})
    owner.post(f"/c/northlight/runs/jobs/{again.pk}/retry/")
    assert Job.objects.count() == 2, "a job that waits is not asked for twice"


# --- runs on disk ---


def test_the_list_names_the_current_run_and_goes_back_and_deletes(owner: Client, changed: Company) -> None:
    workspace = Workspace(Path(changed.folder))
    after, before = workspace.need_current(), workspace.previous()
    assert before is not None
    text = owner.get("/c/northlight/runs/").content.decode()
    assert text.index(after.id[:8]) < text.index(before.id[:8])
    answer = owner.post(f"/c/northlight/runs/{before.id}/back/", follow=True)
    assert f"made for {before.today} again" in answer.content.decode()
    assert workspace.need_current() == before
    assert "this is the current run" in owner.post(f"/c/northlight/runs/{before.id}/delete/", follow=True).content.decode()
    owner.post(f"/c/northlight/runs/{after.id}/delete/")
    assert [run.id for run in workspace.finished()] == [before.id]
    assert {"went back to a run", "run deleted"} <= set(AuditEntry.objects.values_list("action", flat=True))


def test_a_run_is_neither_deleted_nor_gone_back_to_while_another_is_under_way(owner: Client, changed: Company) -> None:
    workspace = Workspace(Path(changed.folder))
    before, after = workspace.previous(), workspace.need_current()
    assert before is not None
    with workspace.locked():
        for act in ("back", "delete"):
            answer = owner.post(f"/c/northlight/runs/{before.id}/{act}/", follow=True)
            assert "another run is under way" in answer.content.decode()
    assert workspace.need_current() == after
    assert workspace.previous() == before


# --- comparing ---


def test_the_page_compares_the_last_two_runs_and_says_why(owner: Client, changed: Company) -> None:
    text = owner.get("/c/northlight/runs/compare/").content.decode()
    assert "more than chance alone would bring" in text
    assert "survey has 40 rows more" in text
    assert "work groups: Depot" in text
    workspace = Workspace(Path(changed.folder))
    run = workspace.need_current()
    assert "Choose two different runs" in owner.get(f"/c/northlight/runs/compare/?before={run.id}&after={run.id}").content.decode()


@pytest.mark.parametrize("name", ["0" * 20, "..", "../../etc", "<script>", "x" * 3000])
def test_a_run_that_does_not_exist_is_not_compared(owner: Client, name: str) -> None:
    assert owner.get("/c/northlight/runs/compare/", {"before": name}).status_code == 404


def test_one_run_teaches_what_comes(cast: Cast) -> None:
    assert "There is one run only" in cast.client("stranger").get("/c/other/runs/compare/").content.decode()


@pytest.mark.parametrize("rows", [3, 25])
def test_the_list_asks_the_database_as_often_for_many_as_for_few(
    owner: Client, cast: Cast, rows: int, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for _ in range(rows):
        job_of(cast.company, asked_by=cast.members["analyst"].user)
    owner.get("/c/northlight/runs/")
    with django_assert_max_num_queries(9):  # type: ignore[attr-defined]
        owner.get("/c/northlight/runs/")
