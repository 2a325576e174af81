"""Consent is honoured before anything is analysed: what those said and did who refused is gone, sums stay, nothing is lost silently."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from exports import company as settings_of
from identity_world import company, mapped

from vitalfew.engine import Context, DuckEngine
from vitalfew.listen import identity, reading, timeline
from vitalfew.listen.mapped import Mapped
from vitalfew.settings import Company

Rows = dict[str, list[dict[str, Any]]]

ANN, BOB, ZOE = ({"_email": f"{name}@acme.it", "_name": name.title()} for name in ("ann", "bob", "zoe"))


def world(context: Context, *statements: dict[str, Any]) -> list[Mapped]:
    """Ann, Bob and Zoe, what each said, did and bought, and their statements of consent."""
    engine = context.engine
    at = datetime(2026, 3, 1)
    people = [{"person": key, "seg:tier": "gold", **who} for key, who in (("a", ANN), ("b", BOB), ("z", ZOE))]
    orders = [{"key": f"o-{who['_name']}", "at": at, "amount": 100.0, "seg:size": "big", **who} for who in (ANN, BOB, ZOE)]
    steps = [
        {"key": "i1", "at": at, "case": "c1", "text": "Ann writes", **ANN},
        # A step of Ann's conversation that names nobody, and one of somebody unknown.
        {"key": "i2", "at": at, "case": "c1", "step": "answered"},
        {"key": "i3", "at": at, "case": "c2", "text": "anonymous"},
        {"key": "i4", "at": at, "text": "Bob calls", **BOB},
    ]
    answers: list[dict[str, Any]] = []
    for name, who in (("a", ANN), ("b", BOB), ("z", ZOE)):
        answers.append({"key": f"r-{name}", "at": at, "question": "score", "kind": "nps", "value": 3.0, "seg:wave": "1", **who})
        answers.append({"key": f"r-{name}", "at": at, "question": "comment", "kind": "text", "text": f"{name} says", **who})
    # An answer that names its order or its case and no person is the person's of these.
    answers.append({"key": "r-order", "at": at, "order": "o-Ann", "question": "score", "kind": "nps", "value": 1.0})
    answers.append({"key": "r-case", "at": at, "case": "c1", "question": "score", "kind": "nps", "value": 2.0})
    answers.append({"key": "r-nobody", "at": at, "question": "score", "kind": "nps", "value": 9.0})
    ties = [{"key": "t1", "from": "a", "to": "b"}, {"key": "t2", "from": "b", "to": "z"}]
    listed = [{"key": str(n), "purpose": "analysis", **each} for n, each in enumerate(statements)]
    return [
        mapped(engine, 0, "crm", "people", people),
        mapped(engine, 1, "shop", "orders", orders),
        mapped(engine, 2, "calls", "interactions", steps),
        mapped(engine, 3, "survey", "responses", answers),
        mapped(engine, 4, "ties", "relations", ties),
        mapped(engine, 5, "consents", "consents", listed),
    ]


def attach(sources: Sequence[Mapped], context: Context, settings: Company | None = None) -> Rows:
    settings = settings or company()
    resolved = identity.resolve(sources, settings, context)
    made = timeline.attach(sources, resolved.tables, settings, context, [])
    tables = {name: each if isinstance(each, pa.Table) else context.engine.collect(each) for name, each in made.tables.items()}
    return {name: table.to_pylist() for name, table in tables.items()} | {
        "identities": context.engine.collect(resolved.tables["identities"]).to_pylist()
    }


def keys(rows: Rows, table: str) -> set[str]:
    return {row["key"] for row in rows[table]}


REFUSED = {"state": "refused", "at": datetime(2026, 1, 1), **ANN}


def test_what_somebody_said_and_did_who_refused_is_in_no_table(context: Context) -> None:
    found = attach(world(context, REFUSED), context)
    assert keys(found, "interactions") == {"i3", "i4"}
    assert keys(found, "responses") == {"r-b", "r-z", "r-nobody"}
    assert keys(found, "relations") == {"t2"}
    assert not {row["key"] for row in found["timeline"]} & {"i1", "i2", "r-a", "r-order", "r-case"}
    ann = next(row["person"] for row in found["identities"] if (row["source"], row["key"]) == ("crm", "a"))
    assert ann not in {row["person"] for row in found["timeline"]}


def test_orders_stay_as_sums_without_the_person_and_their_account(context: Context) -> None:
    found = attach(world(context, REFUSED), context)
    assert sum(row["amount"] for row in found["orders"]) == 300.0
    assert {row["key"] for row in found["orders"] if row["person"] is None} == {"o-Ann"}
    assert {row["key"] for row in found["timeline"] if row["kind"] == "order"} == {"o-Ann", "o-Bob", "o-Zoe"}


def test_cuts_of_the_person_and_of_what_was_left_out_are_gone(context: Context) -> None:
    found = attach(world(context, REFUSED), context)
    cuts = {(row["table"], row["key"], row["segment"]) for row in found["segments"]}
    assert {("people", "b", "tier"), ("orders", "o-Bob", "tier"), ("responses", "r-b", "wave"), ("orders", "o-Ann", "size")} <= cuts
    assert not cuts & {
        ("people", "a", "tier"),
        ("orders", "o-Ann", "tier"),
        ("responses", "r-a", "wave"),
        ("responses", "r-a", "tier"),
    }


def test_everything_left_out_is_counted_and_told(context: Context) -> None:
    found = attach(world(context, REFUSED), context)
    told = {(row["source"], row["handling"], row["reason"]): (row["records"], row["people"]) for row in found["left_out"]}
    assert told == {
        ("calls", "left out", "refused"): (2, 1),
        ("survey", "left out", "refused"): (3, 1),
        ("ties", "left out", "refused"): (1, 1),
        ("shop", "kept without the person", "refused"): (1, 1),
    }
    remarks = {row["source"]: row["remark"] for row in found["remarks"] if "consent" in row["remark"]}
    assert remarks["survey"].startswith("3 records were left out of the analysis")
    assert remarks["shop"].startswith("1 records count in sums only")


def test_the_person_is_known_for_what_was_said_and_not_for_anything_else(context: Context) -> None:
    found = attach(world(context, REFUSED, {"purpose": "contact", "state": "given", **BOB}), context)
    told = {row["email"]: row for row in found["people"]}
    ann, bob = told["ann@acme.it"], told["bob@acme.it"]
    assert (ann["analysis"], ann["contact"], ann["left_out"], ann["first_seen"]) == ("refused", None, True, None)
    assert (bob["analysis"], bob["contact"], bob["left_out"]) == (None, "given", False)
    assert bob["first_seen"] is not None
    # That they never answered is not known of those who are not analysed.
    assert (ann["answers"], bob["answers"]) == (None, 1)


@pytest.mark.parametrize(
    ("statements", "out"),
    [
        ([("given", 1), ("withdrawn", 2)], True),
        ([("withdrawn", 1), ("given", 2)], False),
        ([("given", 1), ("refused", 1)], True),
        ([("given", 1), ("refused", None)], True),
        ([("given", None), ("refused", 1)], True),
        ([("refused", None), ("given", 9)], True),
        ([("given", None)], False),
        # Later than anything in the data, and than the day of the strategy: it holds at once.
        ([("given", 1), ("withdrawn", 3000)], True),
    ],
)
def test_the_latest_statement_counts_and_in_doubt_the_one_that_refuses(
    context: Context, statements: list[tuple[str, int | None]], out: bool
) -> None:
    made = [
        {"state": state, "at": None if day is None else datetime.fromordinal(date(2026, 1, 1).toordinal() + day), **ANN}
        for state, day in statements
    ]
    found = attach(world(context, *made), context)
    assert next(row["left_out"] for row in found["people"] if row["email"] == "ann@acme.it") is out
    assert sum(row["counts"] for row in found["consents"]) == 1
    assert ("r-a" in keys(found, "responses")) is not out


def test_a_statement_on_another_purpose_leaves_the_analysis_as_it_is(context: Context) -> None:
    found = attach(world(context, {"purpose": "newsletter", "state": "withdrawn", **ANN}), context)
    assert "r-a" in keys(found, "responses")
    assert found["left_out"] == []


def test_where_consent_is_required_only_those_who_gave_it_are_analysed(context: Context) -> None:
    settings = Company.model_validate({"company": {"name": "Acme"}, "consent": {"required": True, "contact_required": True}})
    found = attach(world(context, {"state": "given", **BOB}), context, settings)
    # Records that name nobody are nobody's: they stay.
    assert keys(found, "responses") == {"r-b", "r-nobody"}
    assert keys(found, "interactions") == {"i3", "i4"}
    told = {row["email"]: (row["analysis"], row["contact"]) for row in found["people"]}
    assert told == {
        "ann@acme.it": ("not given", "not given"),
        "bob@acme.it": ("given", "not given"),
        "zoe@acme.it": ("not given", "not given"),
    }
    assert {row["reason"] for row in found["left_out"]} == {"not given"}


def test_without_statements_everything_is_as_it_was(context: Context) -> None:
    sources = world(context)
    found = attach(sources, context)
    without = attach(sources[:-1], context)
    assert found == without
    assert keys(found, "responses") == {"r-a", "r-b", "r-z", "r-order", "r-case", "r-nobody"}


def test_a_statement_of_nobody_we_can_tell_changes_nothing_and_is_told(context: Context) -> None:
    found = attach(world(context, {"state": "refused", "_email": "info@acme.it"}), context)
    assert keys(found, "responses") >= {"r-a", "r-b", "r-z"}
    assert [row["counts"] for row in found["consents"]] == [False]
    assert any("name no person, or a shared address" in row["remark"] for row in found["remarks"])


CONSENTS = {
    "name": "optin",
    "table": "consents",
    "path": "optin.csv",
    "columns": {"email": "mail", "purpose": "what", "state": "status", "at": "when"},
}


def test_states_are_read_in_several_words_and_unknown_ones_are_refused(tmp_path: Path, shared_engine: DuckEngine) -> None:
    lines = ["mail,what,status,when"]
    states = ["opt-in", "NO", "Revoked", "oui", "widerrufen", "maybe", "", "given"]
    lines += [f"p{n}@acme.it,analysis,{state},2026-01-01" for n, state in enumerate(states)]
    lines.append("q@acme.it,,given,2026-01-01")
    (tmp_path / "optin.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    working = tmp_path / "working"
    working.mkdir()
    context = Context(shared_engine, date(2026, 6, 30), 7, working, tmp_path)
    sources, tables, _ = reading.read(settings_of(CONSENTS), context)
    read = [row["state"] for row in sorted(shared_engine.collect(sources[0].records).to_pylist(), key=lambda row: row["_line"])]
    assert read == ["given", "refused", "withdrawn", "given", "withdrawn", "given"]
    refused = {(row["line"], row["column"], row["reason"]) for row in tables["quarantine"].to_pylist()}
    assert refused == {
        (7, "status", "none of given, refused, withdrawn; write one of them"),
        (8, "status", "none of given, refused, withdrawn; write one of them"),
        (10, "what", "empty, and nothing can be told without it; fill it in"),
    }
    told = tables["sources"].to_pylist()[0]
    assert (told["rows_read"], told["rows_loaded"], told["rows_quarantined"]) == (9, 6, 3)
