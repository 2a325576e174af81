"""Consent from an export to the lookup at the moment of touch: a refusal reaches every table of a run, and a later one the next run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from vitalfew import pipeline, runs, who
from vitalfew.cli import app
from vitalfew.company import load
from vitalfew.faults import Refused

NAMES = ("ann", "bob", "cy", "dee", "eve", "fay", "gus", "hal")
TOML = """
[company]
name = "Shop"
time_zone = "Europe/Paris"
as_of = 2026-06-30
draws = 50
[[source]]
name = "survey"
table = "responses"
path = "survey.csv"
[source.columns]
response = "id"
email = "mail"
name = "name"
at = "at"
[source.questions]
score = { column = "score", kind = "nps" }
why = { column = "why", kind = "text" }
[[source]]
name = "shop"
table = "orders"
path = "shop.csv"
[source.columns]
order = "id"
email = "mail"
name = "name"
at = "at"
amount = "amount"
[[source]]
name = "optin"
table = "consents"
path = "optin.csv"
[source.columns]
email = "mail"
purpose = "what"
state = "state"
at = "at"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Eight people with an answer and two orders each; nobody said anything about consent yet."""
    write(tmp_path)
    return tmp_path


def write(folder: Path, *statements: str) -> None:
    """The shop's exports and settings, with these statements of consent."""
    survey = ["id,mail,name,at,score,why"]
    shop = ["id,mail,name,at,amount"]
    for n, name in enumerate(NAMES):
        survey.append(f"r{n},{name}@acme.it,{name.title()} Bell{n},2026-05-0{n + 1},{n + 1},marker-{name} the parcel came late")
        shop += [f"o{n}-{year},{name}@acme.it,{name.title()} Bell{n},{year}-03-01,100" for year in (2025, 2026)]
    (folder / "survey.csv").write_text("\n".join(survey) + "\n", encoding="utf-8")
    (folder / "shop.csv").write_text("\n".join(shop) + "\n", encoding="utf-8")
    (folder / "company.toml").write_text(TOML, encoding="utf-8")
    say(folder, *statements)


def say(folder: Path, *statements: str) -> None:
    (folder / "optin.csv").write_text("\n".join(["mail,what,state,at", *statements]) + "\n", encoding="utf-8")


def run(folder: Path) -> runs.Run:
    return pipeline.run(load(folder), folder)


def nps(made: runs.Run) -> tuple[int, float]:
    rows = pq.read_table(made.paths()["metrics"]).to_pylist()
    row = next(each for each in rows if (each["statistic"], each["segment"], each["period"]) == ("nps", "all", "all"))
    return row["n"], row["value"]


def test_a_refusal_is_in_no_table_but_those_that_keep_to_it_and_taking_it_back_restores_every_byte(workspace: Path) -> None:
    first = run(workspace)
    assert nps(first)[0] == 8
    say(workspace, "ann@acme.it,analysis,refused,2026-01-01", "ann@acme.it,contact,opt-out,2026-01-01")
    second = run(workspace)
    assert nps(second)[0] == 7
    ann = next(row["person"] for row in pq.read_table(second.paths()["people"]).to_pylist() if row["email"] == "ann@acme.it")
    kept = {"people", "contacts", "identities", "links", "review", "person_ledger", "person_changes", "consents"}
    for name, path in second.paths().items():
        text = json.dumps(pq.read_table(path).to_pylist(), default=str)
        assert "marker-ann" not in text, name
        assert name in kept or (ann not in text and "ann@acme.it" not in text), name
    pages = "".join(path.read_text(encoding="utf-8", errors="replace") for path in (second.folder / "pages").rglob("*.html"))
    assert "marker-ann" not in pages
    orders = pq.read_table(second.paths()["orders"]).to_pylist()
    assert sum(row["amount"] for row in orders) == 1600
    assert {row["key"] for row in orders if row["person"] is None} == {"o0-2025", "o0-2026"}
    told = {row["source"]: row for row in pq.read_table(second.paths()["sources"]).to_pylist()}
    assert all(row["rows_read"] == row["rows_loaded"] + row["rows_quarantined"] for row in told.values())
    assert told["survey"]["rows_loaded"] == 8
    out = {row["source"]: row["records"] for row in pq.read_table(second.paths()["left_out"]).to_pylist()}
    assert out == {"survey": 1, "shop": 2}
    say(workspace)
    third = run(workspace)
    for name in ("responses", "orders", "timeline", "metrics", "themes", "customers", "people"):
        assert third.paths()[name].read_bytes() == first.paths()[name].read_bytes(), name


def test_a_withdrawal_later_than_the_data_holds_in_the_next_run_and_at_the_moment_of_touch(workspace: Path) -> None:
    say(workspace, "bob@acme.it,analysis,given,2026-01-01")
    run(workspace)
    directory = who.open(workspace)
    before = directory.identify(email="bob@acme.it").candidates[0]
    assert (before.left_out, before.consent()) == (False, "analysis allowed: given")
    assert before.history.lines()[2].startswith("Last answer")
    say(workspace, "bob@acme.it,analysis,given,2026-01-01", "bob@acme.it,analysis,withdrawn,2031-01-01")
    run(workspace)
    after = directory.identify(email="bob@acme.it").candidates[0]
    assert (after.left_out, after.consent(), after.history.lines()) == (True, "no analysis: withdrawn", [])
    said = CliRunner().invoke(app, ["who", str(workspace), "--email", "bob@acme.it"]).stdout
    assert "no analysis: withdrawn" in said
    assert "marker-bob" not in said
    assert "Last answer" not in said


def test_what_was_remembered_of_somebody_is_theirs_when_they_withdraw(workspace: Path) -> None:
    run(workspace)
    directory = who.open(workspace)
    assert directory.register("calls#1", email="zoe@new.it", name="Zoe Blanc").outcome == "nobody"
    directory.register("calls#2", email="max@new.it", name="Max Roux")
    say(workspace, "zoe@new.it,contact,withdrawn,2026-06-01", "zoe@new.it,analysis,withdrawn,2026-06-01")
    run(workspace)
    answer = directory.identify(email="zoe@new.it")
    assert answer.outcome == "found"
    assert answer.candidates[0].consent() == "no analysis: withdrawn; contact not allowed: withdrawn"
    known = directory.identify(key="calls#1").candidates[0]
    assert (known.person, known.left_out) == (answer.person, True)
    # Who said nothing is as before.
    assert directory.identify(email="max@new.it").candidates[0].consent() == ""


def test_required_consent_that_nobody_could_give_is_refused(workspace: Path) -> None:
    text = TOML.replace('table = "consents"', 'table = "relations"') + "[consent]\nrequired = true\ncontact_required = true\n"
    (workspace / "company.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        load(workspace)
    told = [str(fault) for fault in refused.value.faults]
    assert sum("it would leave nobody; add a [[source]]" in each for each in told) == 2
    (workspace / "company.toml").write_text(TOML.replace('purpose = "what"\n', ""), encoding="utf-8")
    with pytest.raises(Refused, match="consents need the column 'purpose'"):
        load(workspace)


def test_required_consent_leaves_those_who_gave_it(workspace: Path) -> None:
    (workspace / "company.toml").write_text(TOML + "[consent]\nrequired = true\n", encoding="utf-8")
    say(workspace, *(f"{name}@acme.it,analysis,yes,2026-01-0{n + 1}" for n, name in enumerate(NAMES[:6])))
    made = pipeline.run(load(workspace), workspace, date(2026, 6, 30))
    assert nps(made)[0] == 6
