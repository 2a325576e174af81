"""Refused records mended by a rule in the application: looked at, kept, read again, told with what came of it, taken back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from tests.web.conftest import PASSWORD, Cast

from vitalfew import pipeline, runs
from vitalfew.company import load
from vitalfew.edits import key_of
from vitalfew.engine.reader import Reader
from vitalfew.runs import Workspace
from vitalfew.vocabulary import arrow_table
from vitalfew.web.authoring.models import Item
from vitalfew.web.authoring.overlay import in_force, standing
from vitalfew.web.people.models import AuditEntry, Company, Membership, User
from vitalfew.web.people.rights import ROLES, reach
from vitalfew.web.runs.models import Job
from vitalfew.web.runs.worker import command

ACME = """
[company]
name = "Acme"
as_of = 2026-06-30
draws = 50
[[source]]
name = "survey"
table = "responses"
path = "survey.csv"
[source.columns]
response = "id"
at = "at"
[source.questions]
recommend = { column = "Q1", kind = "nps", outcome = true }
[[source]]
name = "orders"
table = "orders"
path = "orders.csv"
[source.columns]
order = "id"
at = "at"
amount = "amount"
"""
MEND = "/c/acme/quarantine/mend/"
WHERE = "/c/acme/quarantine/"


@pytest.fixture
def acme(db: None, settings: Settings, tmp_path: Path) -> Company:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    (tmp_path / "company.toml").write_text(ACME, encoding="utf-8")
    answers = [f"{n},2026-05-{1 + n % 28:02d},{n % 11}" for n in range(60)]
    (tmp_path / "survey.csv").write_text("\n".join(["id,at,Q1", *answers]) + "\n", encoding="utf-8")
    amounts = ["n/k", " n/k", "EUR 12", "EUR 13", "free", ""]
    orders = [f"{n},2026-05-01,{amounts[n] if n < len(amounts) else n}" for n in range(30)]
    (tmp_path / "orders.csv").write_text("\n".join(["id,at,amount", *orders]) + "\n", encoding="utf-8")
    pipeline.run(load(tmp_path), tmp_path)
    return Company.objects.create(slug="acme", name="Acme", folder=str(tmp_path))


@pytest.fixture
def owner(acme: Company) -> Client:
    user = User.objects.create_user("owner@acme.example", PASSWORD, "Owner")
    Membership.objects.create(company=acme, user=user, role="owner")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def again(company: Company) -> runs.Run:
    folder = Path(company.folder)
    return pipeline.run(load(folder, edits=in_force(company)), folder)


def rule(**more: str) -> dict[str, str]:
    given = {"source": "orders", "column": "amount", "meets": "value", "value": "n/k", "becomes": "blank", "reason": "the till"}
    return {**given, **more}


def keep(client: Client, **more: str) -> Any:
    """Look at a rule, then keep it."""
    looked = client.post(MEND, rule(**more))
    assert looked.status_code == 200, looked.context["form"].errors
    return client.post(MEND, rule(**more, looked=looked.context["looked"]))


def test_a_rule_is_looked_at_kept_read_again_and_taken_back(acme: Company, owner: Client) -> None:
    page = owner.get(f"{WHERE}?source=orders&column=amount").content.decode()
    assert f"{MEND}?source=orders&amp;column=amount&amp;value=n/k" in page
    opened = owner.get(f"{MEND}?source=orders&column=amount&value=n/k")
    assert "It meets 2 refused values of the last run" in opened.content.decode()
    looked = owner.post(MEND, rule())
    assert [(row["value"], row["n"], row["total"]) for row in looked.context["found"]] == [("n/k", 2, 2)]
    assert "Nothing is kept yet" in looked.content.decode()
    assert in_force(acme) == []
    # What was not looked at is looked at first, whatever came with it.
    other = owner.post(MEND, rule(value="free", looked=looked.context["looked"]))
    assert "It meets 1 refused value" in other.content.decode()
    assert in_force(acme) == []
    kept = owner.post(MEND, rule(looked=looked.context["looked"]))
    assert kept["Location"] == f"{WHERE}?source=orders&column=amount"
    assert "counts from the next run" in owner.get(kept["Location"]).content.decode()
    keep(owner, meets="pattern", value=r"EUR (\d+)", becomes="to", to=r"\1", reason="old tills")
    first, second = runs.Workspace(Path(acme.folder)).need_current(), again(acme)
    assert pq.read_table(first.folder / "quarantine.parquet").num_rows == 5
    assert pq.read_table(second.folder / "quarantine.parquet").column("value").to_pylist() == ["free"]
    mended = pq.read_table(second.folder / "mended.parquet").to_pylist()
    assert [(row["value"], row["to"], row["rule"]) for row in mended] == [
        ("n/k", "", 1),
        (" n/k", "", 1),
        ("EUR 12", "12", 2),
        ("EUR 13", "13", 2),
    ]
    page = owner.get(WHERE).content.decode()
    assert "of 5 records with refused values 4 are read now, 4 of them by a rule; 1 are still refused." in page
    assert all(each.counted for each in owner.get(WHERE).context["rules"])
    assert [each.used for each in owner.get(WHERE).context["rules"]] == [2, 2]
    # Taken back: nothing is left of it but the history, and the next run is the first one again.
    for edit in in_force(acme):
        owner.post(f"{MEND}undo/", {"key": edit.key})
    assert "Rules were changed or taken back since the last run" in owner.get(WHERE).content.decode()
    assert again(acme).id == first.id
    said = list(AuditEntry.objects.filter(action="items.approved").values_list("target", flat=True))
    assert len(said) == 4
    assert not any("n/k" in each for each in said), "the log does not hold values"


def test_rules_written_here_act_in_the_order_in_which_they_were_written(acme: Company, owner: Client) -> None:
    pairs = [("free", "EUR 0"), ("EUR 0", "EUR 7"), ("EUR 7", "EUR 8"), ("EUR 8", "9")]
    keys = [key_of("mend", {"source": "orders", "column": "amount", "value": value}) for value, _ in pairs]
    assert keys != sorted(keys), "by their keys they would act in another order"
    for value, to in pairs:
        keep(owner, value=value, becomes="to", to=to)
    assert [each.value for each in standing(acme).settings.mend] == [value for value, _ in pairs]
    run = again(acme)
    assert [row["to"] for row in pq.read_table(run.folder / "mended.parquet").to_pylist()] == ["EUR 0", "EUR 7", "EUR 8", "9"]
    assert [each.values["value"] for each in owner.get(WHERE).context["rules"]] == [value for value, _ in pairs]


def test_what_no_run_could_use_is_refused_where_it_is_written(acme: Company, owner: Client) -> None:
    for more, said in (
        ({"column": "amont"}, "orders has no such column. It has: id, at, amount"),
        ({"meets": "pattern", "value": "("}, "missing )"),
        ({"meets": "pattern", "value": "EUR", "becomes": "to", "to": r"\3"}, "replacement"),
        ({"value": " "}, "Write the value, or the pattern."),
        ({"becomes": "to"}, "or choose that it is read as empty"),
        ({"reason": ""}, "This field is required"),
        ({"source": "nowhere"}, "Select a valid choice"),
        ({"value": "a\x00"}, "Null characters are not allowed"),
    ):
        answer = owner.post(MEND, rule(**more))
        assert answer.status_code == 422, more
        assert said.lower() in answer.content.decode().replace("&#x27;", "'").lower(), (more, said)
    assert not Item.objects.exists()
    keep(owner)
    twice = owner.post(MEND, rule(reason="once more"))
    assert twice.status_code == 422
    assert "There is a rule for this already" in twice.content.decode()
    owner.post(f"{MEND}undo/", {"key": "none"})
    assert len(in_force(acme)) == 1
    # The form of entries says the same of a pattern that is none.
    wrong = {"source": "orders", "column": "amount", "pattern": "(", "blank": "on", "reason": "x"}
    assert "the pattern cannot be used" in owner.post("/c/acme/write/mend/new/", {**wrong, "begun": _begun(owner)}).content.decode()


def _begun(client: Client) -> str:
    return str(client.get("/c/acme/write/mend/new/").context["begun"])


def test_empty_cells_a_rule_of_the_file_and_one_laid_aside(acme: Company, owner: Client) -> None:
    written = '[[mend]]\nsource = "orders"\ncolumn = "amount"\nvalue = "free"\nto = "0"\nreason = "given away"\n'
    (Path(acme.folder) / "company.toml").write_text(ACME + written, encoding="utf-8")
    keep(owner, meets="empty", value="", becomes="to", to="1")
    run = again(acme)
    assert {(row["value"], row["to"]) for row in pq.read_table(run.folder / "mended.parquet").to_pylist()} == {
        ("free", "0"),
        ("", "1"),
    }
    listed = owner.get(WHERE).context["rules"]
    assert [(each.who, each.used) for each in listed] == [("", 1), ("owner@acme.example", 1)]
    text = owner.get("/c/acme/write/export.toml").content.decode()
    assert 'value = ""' in text
    owner.post(f"{MEND}undo/", {"key": listed[0].key})
    assert [each.value for each in standing(acme).settings.mend] == [""]


def test_reading_again_starts_one_run_and_everything_again_is_asked_of_the_command(acme: Company, owner: Client) -> None:
    assert "Read again" in owner.get(WHERE).content.decode()
    owner.post("/c/acme/runs/start/", {})
    owner.post("/c/acme/runs/start/", {})
    job = Job.objects.get()
    assert "--full" not in command(job)
    assert "A run is waiting" in owner.get(WHERE).content.decode()
    owner.post("/c/acme/runs/start/", {"full": "on"})
    full = Job.objects.exclude(pk=job.pk).get()
    assert full.arguments == {"full": True}
    assert command(full)[-1] == "--full"
    assert "everything again" in owner.get(f"/c/acme/runs/jobs/{full.pk}/").content.decode()
    keep(owner)
    before, made = runs.Workspace(Path(acme.folder)).need_current(), again(acme)
    assert before.id != made.id
    Job.objects.filter(pk=job.pk).update(state="done", run_id=made.id)
    assert "2 are read now, 2 of them by a rule; 3 are still refused" in owner.get(f"/c/acme/runs/jobs/{job.pk}/").content.decode()


@pytest.mark.parametrize("role", list(ROLES))
def test_only_roles_that_read_what_identifies_people_mend(cast: Cast, role: str) -> None:
    client, far = cast.client(role), reach(role, "sources.mend")
    reader = Reader(Workspace(Path(cast.company.folder)).need_current().paths())
    row = next(each for each in reader.rows("quarantine", limit=200) if each["column"] and len(each["value"]) > 2)
    given = {"source": row["source"], "column": row["column"], "value": row["value"]}
    assert far is None or reach(role, "records.read") == "company"
    allowed = 200 if far == "company" else 403
    assert client.get(reverse("listen:mend", args=["northlight"]), given).status_code == allowed
    sent = {**given, "meets": "value", "becomes": "blank", "reason": "x"}
    looked = client.post(reverse("listen:mend", args=["northlight"]), sent)
    assert looked.status_code == allowed
    if looked.status_code == 200:
        client.post(reverse("listen:mend", args=["northlight"]), {**sent, "looked": looked.context["looked"]})
    assert Item.objects.filter(section="mend").exists() == (far == "company")
    for address in ("/c/northlight/write/mend/", "/c/northlight/write/mend/new/"):
        assert client.get(address).status_code == allowed
    assert client.post(reverse("listen:take_back", args=["northlight"]), {"key": "x"}).status_code == (302 if far else 403)
    page = client.get(reverse("listen:quarantine", args=["northlight"]))
    if page.status_code == 200:
        assert ("/quarantine/mend/" in page.content.decode()) == (far == "company")


def test_sources_say_how_they_stand_against_the_run_before(acme: Company, owner: Client) -> None:
    page = owner.get("/c/acme/sources/").content.decode()
    assert "Less than in the run before" not in page
    folder = Path(acme.folder)
    lines = (folder / "orders.csv").read_text(encoding="utf-8").splitlines()
    (folder / "orders.csv").write_text("\n".join([lines[0] + ",till", *(f"{each},3" for each in lines[1:-9])]), encoding="utf-8")
    keep(owner)
    again(acme)
    page = owner.get("/c/acme/sources/").content.decode()
    assert "orders: shorter than last time: 21 records, 30 before; if nobody took any away, fetch it again" in page
    rows = {row["source"]: row for row in owner.get("/c/acme/sources/").context["rows"]}
    assert rows["survey"]["since"] == ["the same contents"]
    assert rows["orders"]["since"] == ["9 rows fewer", "new columns: till"]
    assert (rows["orders"]["mended"], rows["orders"]["rows_before"]) == (2, 30)
    # Its lines are others now: no record is said to be read again.
    assert "5 refused in the run before, 3 in this one; its files have changed." in owner.get(WHERE).content.decode()


def test_reasons_that_differ_in_numbers_alone_are_one_kind_however_many_were_refused(acme: Company, owner: Client) -> None:
    run = runs.Workspace(Path(acme.folder)).need_current()
    path = run.folder / "quarantine.parquet"
    rows = [
        {"source": "orders", "path": "orders.csv", "line": n, "column": "", "value": f"{{{n}", "reason": f"no JSON: char {n}"}
        for n in range(30_000)
    ]
    pq.write_table(arrow_table("quarantine", rows), path)
    page = owner.get(WHERE)
    assert [(row["n"], row["alone"]) for row in page.context["kinds"]] == [(30_000, False)]
    assert len(page.context["rows"]) == 50
    assert '"?source=orders&amp;column="' in page.content.decode(), "all of them are one choice"
    whole = owner.get(f"{WHERE}?source=orders&column=&page=600")
    assert whole.context["rows"][-1]["line"] == 29_999
    assert whole.context["values"] == []


def test_a_source_with_a_watermark_says_how_far_it_was_read_and_is_read_from_its_beginning_on_demand(
    acme: Company, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Read everything again" not in owner.get("/c/acme/sources/").content.decode(), "files are always read as a whole"
    folder = Path(acme.folder)
    monkeypatch.setenv("ACME_CRM", "sqlite:///crm.db")
    with closing(sqlite3.connect(folder / "crm.db")) as database, database:
        database.execute("create table people (id text, email text, updated text)")
        database.execute("insert into people values ('1', 'ann@x.example', '2026-05-02'), ('2', 'ben@x.example', '2026-06-03')")
    source = """
[[source]]
name = "crm"
table = "people"
sql = "select * from people where updated >= :since"
database = "env:ACME_CRM"
watermark = "updated"
key = "id"
[source.columns]
person = "id"
email = "email"
"""
    (folder / "company.toml").write_text(ACME + source, encoding="utf-8")
    again(acme)
    page = owner.get("/c/acme/sources/").content.decode()
    assert "Read everything again" in page
    assert "2026-06-03" in page.partition("Read up to")[2]
    rows = {row["source"]: row for row in owner.get("/c/acme/sources/").context["rows"]}
    assert rows["crm"]["since"] == ["new in this run"]
