"""Who is who: planted duplicates are found, shared values join nobody, and the order of rows does not matter."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from identity_world import World, company, mapped, pairwise_quality

from vitalfew.engine import Context
from vitalfew.faults import Refused
from vitalfew.listen import identity
from vitalfew.listen.mapped import Mapped

Row = dict[str, Any]


def resolve(sources: Sequence[Mapped], context: Context) -> tuple[dict[tuple[str, str], Row], dict[str, list[Row]]]:
    """Identities by (source, key), and the other tables as rows."""
    tables = identity.resolve(sources, company(), context).tables
    rows = context.engine.collect(tables["identities"]).to_pylist()
    assert len({(row["source"], row["key"]) for row in rows}) == len(rows)
    rest = {name: tables[name].to_pylist() for name in ("links", "people", "accounts")}
    return {(row["source"], row["key"]): row for row in rows}, rest


def contacts(context: Context, *rows: Mapping[str, Any], name: str = "crm") -> list[Mapped]:
    """One people source; each row's key is its place, from 1, unless it says one."""
    return [mapped(context.engine, 0, name, "people", [{"person": str(n), **row} for n, row in enumerate(rows, 1)])]


def partition(found: Mapping[tuple[str, str], Row]) -> list[list[str]]:
    """Keys grouped by person, in order; records without a person are left out."""
    groups: dict[str, list[str]] = {}
    for (_, key), row in sorted(found.items()):
        if row["person"]:
            groups.setdefault(row["person"], []).append(key)
    return sorted(groups.values())


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_planted_people_are_found_with_precision_98_and_recall_90(context: Context, seed: int) -> None:
    world = World(seed)
    found, rest = resolve(world.sources(context.engine), context)
    precision, recall = pairwise_quality({key: row["person"] for key, row in found.items()}, world.truth)
    assert precision >= 0.98
    assert recall >= 0.90
    assert {row["person"] for row in rest["people"]} == {row["person"] for row in found.values() if row["person"]}
    counted = sum(row["records"] for row in rest["people"])
    assert counted == sum(1 for row in found.values() if row["person"])


def test_the_order_of_rows_changes_nothing(context: Context, tmp_path: Path) -> None:
    world = World(5, people=300, accounts=40)

    def backwards(rows: list[Row]) -> list[Row]:
        return rows[::-1]

    one = identity.resolve(world.sources(context.engine), company(), context)
    first = context.engine.collect(one.tables["identities"])
    other = identity.resolve(world.sources(context.engine, backwards), company(), context)
    assert first.equals(context.engine.collect(other.tables["identities"]))
    for name in ("links", "people", "accounts"):
        assert one.tables[name].equals(other.tables[name])


@pytest.mark.parametrize("seed", range(4))
def test_without_names_the_answer_is_that_of_a_naive_union_find(context: Context, seed: int) -> None:
    draw = random.Random(seed)
    rows = [
        {
            "person": f"{number:03d}",
            "_email": f"u{draw.randrange(150)}@acme.it" if draw.random() < 0.6 else None,
            "_phone": f"061{draw.randrange(200):03d}4567" if draw.random() < 0.5 else None,
            "_national_id": f"id{draw.randrange(1000, 1200)}" if draw.random() < 0.3 else None,
            "_handle": f"@who{draw.randrange(200)}" if draw.random() < 0.2 else None,
        }
        for number in range(260)
    ]
    found, rest = resolve(contacts(context, *rows), context)
    parent = {row["person"]: row["person"] for row in rows}

    def root(key: str) -> str:
        while parent[key] != key:
            key = parent[key]
        return key

    for left in rows:
        for right in rows:
            if any(left[kind] and left[kind] == right[kind] for kind in ("_email", "_phone", "_national_id", "_handle")):
                a, b = sorted((root(left["person"]), root(right["person"])))
                parent[b] = a
    groups: dict[str, list[str]] = {}
    for key in sorted(parent):
        groups.setdefault(root(key), []).append(key)
    assert partition(found) == sorted(groups.values())
    assert max(map(len, groups.values())) > 5
    joined = [link for link in rest["links"] if link["decision"] == "joined"]
    assert len(joined) == len(rows) - len(groups)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"_name": "Anna Rossi", "_phone": "0612345679"}, {"_name": "Marco Rossi", "_phone": "0612345679"}),
        ({"_name": "Anna Rossi", "_email": "a@x.it"}, {"_name": "Peter Weber", "_email": "a@x.it"}),
        ({"_name": "Anna Rossi", "_email": "rossi@x.it"}, {"_name": "Marco Rossi", "_email": "rossi@x.it"}),
        ({"_name": "Anna Rossi", "_national_id": "AB123"}, {"_name": "Peter Weber", "_national_id": "AB123"}),
        ({"_name": "Anna Rossi", "_email": "info@x.it"}, {"_name": "Peter Weber", "_email": "info@x.it"}),
        ({"_name": "Anna Rossi"}, {"_name": "Anna Rossi"}),
        ({"_name": "Anna Rossi", "_phone": "0000000000"}, {"_name": "Anna Rossi", "_phone": "0000000000"}),
        ({"_name": "Anna Rossi", "account": "A"}, {"_name": "Anna Rossi", "account": "B"}),
        (
            {"_name": "Anna Rossi", "account": "A", "_born": "1980-01-02"},
            {"_name": "Anna Rossi", "account": "A", "_born": "1991-03-04"},
        ),
        (
            {"_name": "Anna Rossi", "account": "A", "_email": "anna.rossi1@x.it"},
            {"_name": "Anna Rossi", "account": "A", "_email": "anna.rossi2@x.it"},
        ),
        (
            {"_name": "Anna Rossi", "account": "A", "_email": "anna@x.it", "_phone": "0612345679"},
            {"_name": "Anna Rossi", "account": "A", "_email": "ross@y.it", "_phone": "0698765431"},
        ),
        (
            {"_name": "Anna Rossi", "_born": "1980-01-02", "_national_id": "9201057"},
            {"_name": "Anna Rossi", "_born": "1980-01-02", "_national_id": "4255152"},
        ),
        ({"_name": "Test", "_email": "test@test.com"}, {"_name": "Test", "_email": "test@test.com"}),
        ({"_email": "mıke@x.it"}, {"_email": "mike@x.it"}),
        ({"_name": "Anna Rossi", "_email": "rossi1@acme.it"}, {"_name": "Anna Rossi", "_email": "rossi2@acme.it"}),
        ({"_name": "Anna Rossi", "_email": "sales@acme.it"}, {"_name": "Anna Rossi", "_email": "anna.rossi@gmail.com"}),
        ({"_name": "Anna Rossi", "_email": "sales@acme.it"}, {"_name": "Anna Bianchi", "_email": "anna.b@acme.it"}),
    ],
)
def test_two_records_that_must_not_be_joined(context: Context, one: Row, other: Row) -> None:
    assert partition(resolve(contacts(context, one, other), context)[0]) == [["1"], ["2"]]


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        ({"_name": "Anna Rossi", "_email": "A.Rossi@X.it"}, {"_name": "Rossi, Anna", "_email": "a.rossi+news@x.it"}, "e-mail"),
        ({"_name": "Bob Smith", "_phone": "06 12 34 56 79"}, {"_name": "Robert Smith", "_phone": "+33612345679"}, "phone"),
        ({"_email": "a@x.it"}, {"_name": "Anna Rossi", "_email": "a@x.it"}, "e-mail"),
        ({"_name": "Anna Rossi", "_email": "a@x.it"}, {"_name": "Anna Bianchi", "_email": "a@x.it"}, "e-mail"),
        ({"_national_id": "AB-123"}, {"_national_id": "ab 123"}, "national id"),
        ({"_handle": "@Anna"}, {"_handle": "anna"}, "handle"),
        ({"_name": "Dr Anna Rossi", "account": "A"}, {"_name": "ROSSI, ANNA", "account": "A"}, "name in account"),
        ({"_name": "A. Rossi", "account": "A"}, {"_name": "Anna Rossi", "account": "A"}, "like name in account"),
        ({"_name": "Anna Rossi", "_born": "1980-01-02"}, {"_name": "Anna Rossi", "_born": "1980/01/02"}, "name and birthday"),
        (
            {"_name": "Anna Rossi", "_born": "1980-01-02", "_national_id": "9201057"},
            {"_name": "Anna Rossi", "_born": "1980-01-02", "_national_id": "9201507"},
            "name and birthday",
        ),
        (
            {"_name": "Anna Rossi", "_street": "Via Roma 1", "_postcode": "20100"},
            {"_name": "Rossi Anna", "_street": "via roma, 1", "_postcode": "20100"},
            "name at address",
        ),
        (
            {"_name": "Anna Rossi", "account": "A", "_email": "info@x.it"},
            {"_name": "Anna Rossi", "account": "A", "_email": "anna@x.it"},
            "name in account",
        ),
        (
            {"_name": "Anna Rossi", "_email": "sales@acme.it"},
            {"_name": "Rossi, Anna", "_email": "a.rossi@acme.it"},
            "name at company",
        ),
        (
            {"_name": "A. Rossi", "_email": "sales@acme.it"},
            {"_name": "Anna Rossi", "_email": "anna.r@acme.it"},
            "like name at company",
        ),
    ],
)
def test_two_records_that_must_be_joined(context: Context, one: Row, other: Row, rule: str) -> None:
    found, rest = resolve(contacts(context, one, other), context)
    assert partition(found) == [["1", "2"]]
    assert found["crm", "1"]["rule"] == "own record"
    assert found["crm", "2"]["rule"] == rule
    assert [(link["rule"], link["decision"]) for link in rest["links"]] == [(rule, "joined")]


def test_a_mailbox_of_many_names_joins_nobody_and_says_why(context: Context) -> None:
    rows = [
        {"_name": f"{given} {family}", "_email": "team@firm.it", "account": f"A{number}"}
        for number, (given, family) in enumerate(
            [("Anna", "Rossi"), ("Peter", "Weber"), ("Luis", "Garcia"), ("Jan", "Novak"), ("Zoe", "Martin")]
        )
    ]
    found, rest = resolve(contacts(context, *rows), context)
    assert partition(found) == [["1"], ["2"], ["3"], ["4"], ["5"]]
    assert {(link["rule"], link["decision"]) for link in rest["links"]} == {("shared e-mail: 5 names", "kept apart")}


def test_one_name_behind_a_switchboard_is_still_one_person(context: Context) -> None:
    names = ["Anna Rossi", "Peter Weber", "Luis Garcia", "Anna Rossi"]
    rows = [{"_name": name, "_phone": "0145678901", "account": "A"} for name in names]
    assert partition(resolve(contacts(context, *rows), context)[0]) == [["1", "4"], ["2"], ["3"]]


def test_a_chain_of_shared_values_does_not_bring_different_names_together(context: Context) -> None:
    rows = [
        {"_name": "Anna Rossi", "_email": "a@x.it"},
        {"_email": "a@x.it", "_phone": "0612345679"},
        {"_name": "Peter Weber", "_phone": "0612345679"},
    ]
    found, rest = resolve(contacts(context, *rows), context)
    assert partition(found) == [["1", "2"], ["3"]]
    assert ("phone, but different names", "kept apart") in {(link["rule"], link["decision"]) for link in rest["links"]}


def test_an_initial_that_fits_two_people_goes_to_neither(context: Context) -> None:
    rows = [{"_name": name, "account": "A"} for name in ("Anna Rossi", "Andrea Rossi", "A. Rossi")]
    assert partition(resolve(contacts(context, *rows), context)[0]) == [["1"], ["2"], ["3"]]


def tickets(context: Context, index: int, rows: Iterable[Mapping[str, Any]], **spaces: str) -> Mapped:
    listed = [{"key": f"t{number}", **row} for number, row in enumerate(rows, 1)]
    return mapped(context.engine, index, "tickets", "interactions", listed, **spaces)


def test_a_shared_mailbox_without_a_name_tells_the_account_and_no_person(context: Context) -> None:
    firms = mapped(context.engine, 0, "firms", "accounts", [{"account": "7", "name": "Acme", "domain": "acme.it"}])
    found, rest = resolve([firms, tickets(context, 1, [{"_email": "info@acme.it"}, {"_email": "info@acme.it"}])], context)
    assert found["tickets", "t1"]["person"] is None
    assert found["tickets", "t1"]["score"] is None
    assert found["tickets", "t2"]["account"] == "account:acme"
    assert rest["people"] == []


def test_records_with_a_name_and_nothing_else_are_each_a_person(context: Context) -> None:
    found, rest = resolve([tickets(context, 0, [{"_name": "Anna Rossi"}, {"_name": "Anna Rossi"}])], context)
    assert partition(found) == [["t1"], ["t2"]]
    assert len(rest["people"]) == 2


def test_a_key_is_looked_up_in_the_only_source_of_people_that_has_it(context: Context) -> None:
    people = contacts(context, {"_email": "a@x.it"}, {"_email": "b@x.it"})
    found, _ = resolve([*people, tickets(context, 1, [{"person": "2"}, {"person": "9"}, {"person": "a@x.it"}])], context)
    assert found["tickets", "t1"]["person"] == found["crm", "2"]["person"]
    assert found["tickets", "t1"]["rule"] == "key"
    assert found["tickets", "t2"]["person"] not in (None, found["crm", "1"]["person"], found["crm", "2"]["person"])
    assert found["tickets", "t3"]["person"] == found["crm", "1"]["person"]


def test_without_a_source_of_people_a_key_is_a_person_wherever_it_stands(context: Context) -> None:
    orders = mapped(context.engine, 1, "orders", "orders", [{"key": "o1", "person": "7"}, {"key": "o2", "person": "8"}])
    found, rest = resolve([tickets(context, 0, [{"person": "7"}]), orders], context)
    assert partition(found) == [["o1", "t1"], ["o2"]]
    assert len(rest["people"]) == 2


def test_a_key_of_two_sources_of_people_is_refused_unless_of_says_whose_it_is(context: Context) -> None:
    crm = mapped(context.engine, 0, "crm", "people", [{"person": "1", "_email": "a@x.it"}])
    desk = mapped(context.engine, 1, "desk", "people", [{"person": "1", "_email": "b@x.it"}])
    with pytest.raises(Refused, match='of = "crm"'):
        resolve([crm, desk, tickets(context, 2, [{"person": "1"}])], context)
    found, _ = resolve([crm, desk, tickets(context, 2, [{"person": "1"}], person_of="desk")], context)
    assert found["tickets", "t1"]["person"] == found["desk", "1"]["person"] != found["crm", "1"]["person"]


def test_a_key_of_two_sources_is_no_fault_when_it_is_the_same_person_there(context: Context) -> None:
    crm = mapped(context.engine, 0, "crm", "people", [{"person": "1", "_email": "a@x.it"}])
    desk = mapped(context.engine, 1, "desk", "people", [{"person": "1", "_email": "a@x.it"}])
    found, _ = resolve([crm, desk, tickets(context, 2, [{"person": "1"}])], context)
    assert len({row["person"] for row in found.values()}) == 1


def test_a_person_may_be_that_of_an_order(context: Context) -> None:
    people = contacts(context, {"_email": "a@x.it"})
    orders = mapped(context.engine, 1, "orders", "orders", [{"key": "o1", "person": "1"}], person_of="crm")
    found, _ = resolve([*people, orders, tickets(context, 2, [{"person": "o1"}], person_of="orders")], context)
    assert found["tickets", "t1"]["person"] == found["crm", "1"]["person"]


def test_the_two_ends_of_a_relation_are_two_people(context: Context) -> None:
    people = contacts(context, {"_email": "a@x.it"}, {"_email": "b@x.it"})
    ties = mapped(context.engine, 1, "ties", "relations", [{"key": "r", "from": "1", "to": "2"}])
    found, _ = resolve([*people, ties], context)
    assert found["ties", "r/from"]["person"] == found["crm", "1"]["person"]
    assert found["ties", "r/to"]["person"] == found["crm", "2"]["person"]


def test_a_person_has_the_fullest_name_and_a_mailbox_of_their_own(context: Context) -> None:
    rows = [
        {"_name": "A. Rossi", "_email": "anna.rossi@x.it", "role": "buyer"},
        {"_name": "Anna Maria Rossi", "_email": "anna.rossi@x.it"},
        {"_name": "Anna Maria Rossi", "_email": "info@x.it", "account": "X", "_phone": "0612345679"},
        {"_name": "Anna Maria Rossi", "_email": "anna.rossi@x.it", "account": "X"},
    ]
    _, rest = resolve(contacts(context, *rows), context)
    (person,) = rest["people"]
    assert (person["name"], person["email"], person["phone"], person["role"], person["account"], person["records"]) == (
        *("Anna Maria Rossi", "anna.rossi@x.it", "+33612345679", "buyer", "account:x"),
        4,
    )


def test_no_sources_give_empty_tables(context: Context) -> None:
    found, rest = resolve([], context)
    assert found == {}
    assert rest == {"links": [], "people": [], "accounts": []}


def test_the_worked_example_of_the_documentation(context: Context) -> None:
    rows = [
        {"_name": "Anna Rossi", "_email": "anna.rossi@acme.it", "account": "Acme"},
        {"_name": "ROSSI, Anna", "_email": "Anna.Rossi+news@ACME.it", "_phone": "+33 1 45 67 89 01"},
        {"_name": "A. Rossi", "_phone": "01 45 67 89 01", "account": "Acme"},
        {"_name": "Marco Rossi", "_phone": "01 45 67 89 01", "account": "Acme"},
        {"_name": "Julie Martin", "_email": "info@acme.it", "account": "Acme"},
        {"_name": "Paul Simon", "_email": "info@acme.it", "account": "Acme"},
    ]
    found, rest = resolve(contacts(context, *rows), context)
    assert partition(found) == [["1", "2", "3"], ["4"], ["5"], ["6"]]
    assert [found["crm", key]["rule"] for key in "123456"] == ["own record", "e-mail", "phone", *["own record"] * 3]
    assert [found["crm", key]["score"] for key in "123"] == [1.0, 0.98, 0.95]
    page = (Path(__file__).parents[2] / "docs" / "algorithms" / "identity.md").read_text(encoding="utf-8")
    apart = sorted({link["rule"] for link in rest["links"] if link["decision"] == "kept apart"})
    assert apart == ["shared e-mail: 2 names", "shared phone: 2 names"]
    assert all(rule in page for rule in apart)
