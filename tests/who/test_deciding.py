"""What a lookup answers on a small index made by hand: each guard and each kind of evidence once."""

from __future__ import annotations

import doctest
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from vitalfew.engine import DuckEngine
from vitalfew.listen import names, normalise
from vitalfew.vocabulary import arrow_table
from vitalfew.who import answers, comparing, weights
from vitalfew.who.book import Book
from vitalfew.who.building import KEYS, About, build
from vitalfew.who.comparing import keys, level, question
from vitalfew.who.deciding import decide
from vitalfew.who.layout import CONTACT, Index, Unreadable, key_hash

PEOPLE = [
    ("Anna Rossi", "anna.rossi@acme.it", "+33612345678", "account:acme", {"born": "19800502", "postcode": "75011"}),
    ("Marco Rossi", "marco.rossi@acme.it", "+33145678901", "account:acme", {}),
    ("Julie Martin", "julie@martin.fr", "+33145678901", None, {"street": "12 rue de la paix", "postcode": "75002"}),
    ("Paul Simon", "paul.simon@gmail.com", None, "account:beta", {"handle": "psimon", "national_id": "1234567"}),
    ("Paul Simon", "p.simon@web.de", None, "account:acme", {"born": "19700101"}),
]


def contact(
    number: int, name: str, email: str | None, phone: str | None, account: str | None, more: Mapping[str, str]
) -> dict[str, Any]:
    words = " ".join(names.words(name)) or None
    own = {"person": f"person:{number}", "source": "crm", "key": f"C{number}", "records": 1, "name": name, "words": words}
    mailbox = normalise.email_key(email) if email else None
    return {**own, "email": email, "mailbox": mailbox, "phone": phone, "account": account, **more}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Five people, two accounts, a shared mailbox without a person; and 300 people besides, so that a share is a share."""
    rows = [contact(number, *each) for number, each in enumerate(PEOPLE)]
    rows += [contact(n, f"Given{n} Family{n}", f"other{n}@elsewhere{n}.org", None, None, {}) for n in range(100, 400)]
    rows.append({"account": "account:acme", "source": "tickets", "key": "T1", "records": 3, "email": "info@acme.it"})
    rows[-1] |= {"mailbox": "info@acme.it", "shared": "email"}
    rows.sort(key=lambda row: row.get("person") or "zzz")
    people = [
        {name: row.get(name) for name in ("person", "account", "name", "email", "phone")} | {"records": 1} for row in rows[:-1]
    ]
    accounts = [
        {"account": "account:acme", "name": "Acme S.r.l.", "domain": "acme.it", "country": "Italy", "city": "Milano"},
        {"account": "account:beta", "name": "Beta GmbH", "domain": "beta.de", "country": "Germany", "city": "Ulm"},
    ]
    identities = [{"source": "crm", "key": row["key"], "person": row["person"], "table": "people"} for row in rows[:-1]]
    orders = [
        {"source": "shop", "key": f"O{n}", "person": "person:0", "account": "account:acme", "amount": 10.25, "product": "Pump"}
        | {"at": f"2026-03-2{n}T23:30:00"}
        for n in range(3)
    ]
    steps = [
        {"source": "desk", "key": "T7", "case": "T7", "person": "person:0", "account": "account:acme", "topic": "Late delivery"}
        | {"at": "2026-03-28T23:30:00", "outcome": "Open", "channel": "phone"}
    ]
    line = [{"at": "2026-03-28T23:30:00", "person": "person:0", "account": "account:acme", "kind": "interaction", "channel": "phone",
             "text": "Late delivery", "source": "desk", "key": "T7"}]  # fmt: skip
    made = {
        "contacts": [{**row, "contact": place} for place, row in enumerate(rows)],
        "people": people,
        "accounts": accounts,
        "identities": identities,
        "orders": _timed(orders),
        "interactions": _timed(steps),
        "timeline": _timed(line),
    }
    folder = tmp_path_factory.mktemp("who")
    engine = DuckEngine(folder)
    try:
        paths = {}
        for name, listed in made.items():
            paths[name] = folder / f"{name}.parquet"
            engine.write(engine.table(arrow_table(name, listed)), paths[name], ())
        build(engine, paths, About("FR", "Europe/Paris", "EUR", "en", None), folder / "made.index")
    finally:
        engine.close()
    return Book(Index(folder / "made.index"))


def _timed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "at": datetime.fromisoformat(row["at"])} for row in rows]


def ask(book: Book, record: str = "", **given: str) -> Any:
    return decide(book, weights.read(book.index.meta["weights"]), question("FR", **given), record)


def test_an_address_finds_its_owner_however_it_is_written(book: Book) -> None:
    answer = ask(book, email=" Anna.Rossi+shop@ACME.it ")
    assert (answer.outcome, answer.person) == ("found", "person:0")
    assert answer.confidence > 0.95
    assert [(each.field, each.agreement, each.record) for each in answer.candidates[0].evidence] == [("email", "same", "crm#C0")]
    assert answer.account is not None
    assert answer.account.name == "Acme S.r.l."


def test_a_phone_number_is_read_in_the_home_region(book: Book) -> None:
    assert ask(book, phone="06 12 34 56 78", name="Rossi, Anna").person == "person:0"


def test_a_shared_mailbox_tells_the_account_and_says_so(book: Book) -> None:
    answer = ask(book, email="info@acme.it")
    assert answer.outcome == "account"
    assert answer.account is not None
    assert answer.account.account == "account:acme"
    assert "shared mailbox" in answer.notes[0]
    assert ask(book, email="info@acme.it", name="Anna Rossi").person == "person:0"


def test_a_mailbox_of_a_function_nobody_wrote_from_is_not_a_person(book: Book) -> None:
    answer = ask(book, email="rechnung@beta.de")
    assert (answer.outcome, answer.account and answer.account.account) == ("account", "account:beta")


def test_two_people_behind_one_number_are_told_apart_by_the_name_or_both_named(book: Book) -> None:
    answer = ask(book, phone="01 45 67 89 01")
    assert answer.outcome == "doubtful"
    assert {each.person for each in answer.candidates} == {"person:1", "person:2"}
    assert ask(book, phone="01 45 67 89 01", name="J. Martin").person == "person:2"


def test_two_people_of_one_name_are_both_named_until_the_company_tells(book: Book) -> None:
    answer = ask(book, name="Simon Paul")
    assert answer.outcome == "doubtful"
    assert {each.person for each in answer.candidates} == {"person:3", "person:4"}
    assert ask(book, name="Paul Simon", company="Beta").person == "person:3"


@pytest.mark.parametrize(
    ("given", "person"),
    [
        ({"email": "anna.rosi@acme.it", "name": "Anna Rossi"}, "person:0"),
        ({"email": "anna.rossi@acne.it", "name": "Anna Rossi"}, "person:0"),
        ({"name": "Ana Rossi", "born": "1980-05-02"}, "person:0"),
        ({"name": "Jule Martin", "postcode": "75002", "street": "12, rue de la Paix"}, "person:2"),
        ({"handle": "PSimon", "name": "Paul Simon"}, "person:3"),
        ({"national_id": "1234567"}, "person:3"),
    ],
)
def test_slips_and_other_fields_find_the_person(book: Book, given: dict[str, str], person: str) -> None:
    assert ask(book, **given).person == person


def test_another_name_behind_an_address_is_not_found_for_sure(book: Book) -> None:
    answer = ask(book, email="anna.rossi@acme.it", name="Hugo Weber")
    assert answer.outcome == "doubtful"
    assert answer.candidates[0].person == "person:0"


def test_nobody_is_nobody(book: Book) -> None:
    answer = ask(book, email="zed@nowhere.net", name="Zed Nobody")
    assert (answer.outcome, answer.person, answer.candidates) == ("nobody", None, ())
    assert answer.lines() == ["Nobody known."]


def test_a_record_or_a_person_is_found_by_its_key(book: Book) -> None:
    assert ask(book, "crm#C3").person == "person:3"
    assert ask(book, "person:1").person == "person:1"
    assert ask(book, "crm#C99").notes == ("no record crm#C99 is known",)


def test_the_history_is_five_lines_in_the_zone_of_the_company(book: Book) -> None:
    lines = ask(book, email="anna.rossi@acme.it").candidates[0].history.lines()
    # 23:30 UTC on 28 March is the 29th in Paris.
    assert lines == [
        "Last contact 2026-03-29: phone, Late delivery",
        "Open case T7 of 2026-03-29: Late delivery",
        "No answer known",
        "3 orders for EUR 30.75, the last on 2026-03-23",
        "No complaints known",
    ]


def test_every_contact_is_filed_under_the_keys_a_lookup_asks_for(book: Book) -> None:
    """`building.KEYS`, in SQL, and `comparing.keys`, in Python, say the same."""
    index = book.index
    asked_kinds = set()
    for number in range(index.count("contacts")):
        row = dict(zip(CONTACT, index.row("contacts", number), strict=True))
        fields = {name: row[name] for name in ("email", "phone", "handle", "national_id", "born", "street", "postcode", "city")}
        asked = question("FR", name=row["words"], **fields)
        place = int(row["person"]) if row["person"] else index.count("people") + int(row["account"])
        for kind, value in keys(asked, int(row["account"]) if row["account"] else None):
            asked_kinds.add(kind)
            found, _ = index.found("keys", kind, value, 10**6)
            # Halves are asked for at two more lengths, under which the text itself is not filed.
            assert place in found or kind in ("m1", "m2", "w1", "w2"), (kind, value)
        whole = {"m": len(asked.mailbox.rpartition("@")[0]), "w": len(" ".join(asked.name))}
        for kind, value in keys(asked, None):
            if kind in ("m1", "m2", "w1", "w2") and int(value.split(" ")[1]) == whole[kind[0]]:
                assert place in index.found("keys", kind, value, 10**6)[0], (kind, value)
    assert asked_kinds == set(KEYS)


def test_hashes_are_those_of_the_engine(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path)
    try:
        table = engine.table(arrow_table("people", [{"person": "é\x1f日本"}]))
        made = engine.collect(engine.project(table, {"h": "md5_number_lower('w\x1f' || person)"}))
        assert made.column("h")[0].as_py() == key_hash("w", "é\x1f日本")
    finally:
        engine.close()


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"VFWHO001", b"x" * 100, b"VFWHO001" + (500).to_bytes(8, "little") + b"{}"):
        (tmp_path / "bad").write_bytes(data)
        with pytest.raises(Unreadable):
            Index(tmp_path / "bad")


@pytest.mark.parametrize(
    ("field", "one", "other", "wanted"),
    [
        ("email", "rossi1@acme.it", "rossi2@acme.it", "other"),
        ("email", "anna.rossi@acme.it", "anna.rossi@gmail.com", "local"),
        ("phone", "+33612345678", "+33612345687", "slip"),
        ("born", "19800502", "19800205", "slip"),
        ("born", "19800502", "19810502", "slip"),
        ("name", "b prins", "b prins", "compatible"),
        ("name", "anna rossi", "anna bianchi", "renamed"),
        ("street", "12 rue de la paix", "12 rue de la pais", "slip"),
    ],
)
def test_how_two_values_agree(field: str, one: str, other: str, wanted: str) -> None:
    assert level(field, one, other) == wanted


def test_the_worked_example_of_the_page() -> None:
    built_in, people = weights.Weights(), 1000

    def odds(*agreements: tuple[str, str, int]) -> float:
        made = 1 / people
        for name, outcome, known in agreements:
            made *= built_in.ratio(name, outcome, known, people)
        return made

    email = odds(("email", "same", 1))
    assert email == pytest.approx(37.5)
    assert email / (1 + email) == pytest.approx(0.974, abs=5e-4)
    # The page takes u of a phone number two people have.
    phone = odds(("phone", "same", 2))
    assert phone / (1 + 2 * phone) == pytest.approx(0.300)
    first, second = odds(("phone", "same", 2), ("name", "same", 1)), odds(("phone", "same", 2), ("name", "different", 1))
    assert (first, second) == (pytest.approx(1200), pytest.approx(0.0235, abs=5e-5))
    assert first / (1 + first + second) == pytest.approx(0.999, abs=5e-4)
    name = odds(("name", "same", 3))
    assert name / (1 + 3 * name) == pytest.approx(0.182, abs=5e-4)


def test_doctests() -> None:
    for module in (answers, comparing):
        assert doctest.testmod(module).failed == 0
