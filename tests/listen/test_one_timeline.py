"""Behaviour, transactions, conversations and answers of one person and one account, from files to one order: zones, columns, masking."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from vitalfew.company import load
from vitalfew.engine import Context, DuckEngine, Tables
from vitalfew.listen import stage as listen

TOML = """
[company]
name = "Shop"
currency = "EUR"
time_zone = "Europe/Paris"
[[source]]
name = "crm"
table = "people"
path = "crm.csv"
[source.columns]
person = "id"
name = "name"
email = "mail"
company = "firm"
[[source]]
name = "orders"
table = "orders"
path = "orders.csv"
[source.columns]
order = "id"
person = "customer"
at = "placed"
amount = "value"
delivered_at = "arrived"
channel = "how"
group = { value = "Logistics" }
[[source]]
name = "web"
table = "interactions"
path = "web.csv"
[source.columns]
id = "id"
case = "session"
person = "customer"
at = "at"
step = "step"
stage = "stage"
device = "device"
channel = { value = "web" }
touchpoint = { value = "Shop" }
[[source]]
name = "desk"
table = "interactions"
path = "desk.csv"
[source.columns]
id = "id"
case = "id"
email = "mail"
at = "opened"
topic = "subject"
text = "words"
channel = "channel"
group = "team"
stage = { value = "use" }
touchpoint = { value = "Helpdesk" }
[[source]]
name = "survey"
table = "responses"
path = "survey.csv"
[source.columns]
response = "id"
email = "mail"
at = "at"
[source.questions]
recommend = { column = "q1", kind = "nps", outcome = true }
better = { column = "q2", kind = "text" }
[[group]]
name = "Logistics"
[[group]]
name = "Desk"
"""
FILES = {
    "crm.csv": "id,name,mail,firm\n1,Anna Rossi,anna@acme.it,Acme\n2,Marco Bianchi,marco@acme.it,Acme\n",
    # 02:30 on 29 March does not exist in Paris, and 02:30 on 25 October comes twice.
    "orders.csv": "id,customer,placed,value,arrived,how\n"
    "o1,1,2026-03-29 02:30:00,10.5,2026-03-29 03:30:00,phone\no2,2,2026-10-25 02:30:00,20,,web shop\n",
    "web.csv": "id,session,customer,at,step,stage,device\n"
    "w1,s1,1,2026-03-29T00:59:00Z,basket,purchase,mobile\nw2,s1,1,2026-03-29T03:05:00+02:00,payment,purchase,mobile\n",
    "desk.csv": "id,mail,opened,subject,words,channel,team\n"
    't1,ANNA@acme.it,2026-03-29 03:10:00,Call +33 1 45 67 89 01,"Write to ann@example.org, card 4111 1111 1111 1111",email,Desk\n',
    "survey.csv": "id,mail,at,q1,q2\nr1,anna@acme.it,2026-03-29 03:20:00,4,My account is DE89 3704 0044 0532 0130 00\n",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The tables of the room listen as rows."""
    folder = tmp_path_factory.mktemp("one-timeline")
    (folder / "company.toml").write_text(TOML)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    working = folder / "working"
    working.mkdir()
    engine = DuckEngine(working)
    try:
        context = Context(engine, date(2026, 12, 31), 1, working, folder)
        tables = listen.run(Tables(engine, {}), load(folder).company, context).tables
        found = {}
        for name in ("timeline", "interactions", "responses", "people"):
            table = tables[name]
            found[name] = (table if hasattr(table, "to_pylist") else engine.collect(table)).to_pylist()
    finally:
        engine.close()
    return found


def test_everything_of_a_person_lies_in_one_order_in_utc(made: dict[str, list[dict[str, Any]]]) -> None:
    anna = next(row["person"] for row in made["people"] if row["name"] == "Anna Rossi")
    told = [(row["at"], row["kind"], row["key"]) for row in made["timeline"] if row["person"] == anna]
    assert told == [
        (datetime(2026, 3, 29, 0, 59), "interaction", "w1"),
        (datetime(2026, 3, 29, 1, 5), "interaction", "w2"),
        (datetime(2026, 3, 29, 1, 10), "interaction", "t1"),
        (datetime(2026, 3, 29, 1, 20), "answer", "r1"),
        # The skipped 02:30 keeps winter's offset; it is 03:30 by the clock, when the parcel came.
        (datetime(2026, 3, 29, 1, 30), "delivery", "o1"),
        (datetime(2026, 3, 29, 1, 30), "order", "o1"),
    ]


def test_everything_of_an_account_lies_there_too(made: dict[str, list[dict[str, Any]]]) -> None:
    (account,) = {row["account"] for row in made["people"]}
    of_account = [row for row in made["timeline"] if row["account"] == account]
    assert len(of_account) == len(made["timeline"]) == 7
    # Of the two 02:30 when clocks go back the first is meant: summer's.
    assert of_account[-1]["at"] == datetime(2026, 10, 25, 0, 30)


def test_stage_touchpoint_channel_device_and_group_are_told(made: dict[str, list[dict[str, Any]]]) -> None:
    names = ("stage", "touchpoint", "channel", "device", "group")
    told = {row["key"]: tuple(row[name] for name in names) for row in made["timeline"] if row["kind"] != "delivery"}
    assert told["w1"] == ("purchase", "Shop", "web", "mobile", None)
    assert told["t1"] == ("use", "Helpdesk", "email", None, "Desk")
    assert told["o1"] == ("purchase", None, "phone", None, "Logistics")


def test_no_words_keep_what_identifies_somebody(made: dict[str, list[dict[str, Any]]]) -> None:
    """Text and subject of a conversation, and an open answer, in their own tables and on the timeline."""
    ticket = next(row for row in made["interactions"] if row["key"] == "t1")
    assert ticket["text"] == "Write to [email], card [card]"
    assert ticket["topic"] == "Call [phone]"
    (answer,) = [row["text"] for row in made["responses"] if row["question"] == "better"]
    assert answer == "My account is [account]"
    words = {row["key"]: row["text"] for row in made["timeline"]}
    assert (words["t1"], words["r1"]) == ("Call [phone]", "My account is [account]")
