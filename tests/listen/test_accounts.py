"""Companies: one account for one company, whoever writes its name, and never by a free-mail domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import pytest
from company_world import CompanyWorld
from identity_world import company, mapped

from vitalfew.engine import Context
from vitalfew.faults import Refused
from vitalfew.listen import identity
from vitalfew.listen.mapped import Mapped
from vitalfew.settings import Company

Row = dict[str, Any]


def resolve(sources: Sequence[Mapped], context: Context) -> tuple[list[Row], dict[tuple[str, str], str | None]]:
    """Accounts, and the account of each record."""
    tables = identity.resolve(sources, company(), context).tables
    rows = context.engine.collect(tables["identities"]).to_pylist()
    return tables["accounts"].to_pylist(), {(row["source"], row["key"]): row["account"] for row in rows}


def firms(context: Context, *rows: Mapping[str, Any], index: int = 0, name: str = "firms") -> Mapped:
    listed = [{"account": str(n), **row} for n, row in enumerate(rows, 1)]
    return mapped(context.engine, index, name, "accounts", listed)


def people(context: Context, *rows: Mapping[str, Any], index: int = 1, **spaces: str) -> Mapped:
    listed = [{"person": str(n), **row} for n, row in enumerate(rows, 1)]
    return mapped(context.engine, index, "crm", "people", listed, **spaces)


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        ({"name": "Acme Ltd"}, {"name": "ACME Limited"}, True),
        ({"name": "Acme SpA", "domain": "acme.it"}, {"name": "Acme", "domain": "www.acme.com"}, True),
        ({"name": "Acme", "domain": "acme.it"}, {"name": "Acme Industries", "domain": "https://acme.it/"}, True),
        ({"name": "Delta", "domain": "delta.com"}, {"name": "Delta Inc", "domain": "deltafaucet.com"}, False),
        ({"name": "Acme GmbH", "country": "Germany"}, {"name": "Acme Ltd", "country": "UK"}, False),
        ({"name": "Acme Italy", "domain": "acme.com"}, {"name": "Acme France", "domain": "acme.com"}, False),
        ({"name": "Blue", "domain": "gmail.com"}, {"name": "Green", "domain": "gmail.com"}, False),
        ({"name": "Blue"}, {"name": "Green"}, False),
        # A country is told by the name's end, a number, or a legal form, too.
        ({"name": "Acme France", "country": "France"}, {"name": "Acme SAS", "_phone": "+33 1 42 68 53 00"}, True),
        ({"name": "Acme GmbH"}, {"name": "Acme Oy"}, False),
        ({"name": "Acme", "_phone": "+33 1 42 68 53 00"}, {"name": "Acme", "_phone": "+39 06 6982 3456"}, False),
        ({"name": "Acme", "domain": "acme.com"}, {"name": "Acme", "domain": "acme.com", "_phone": "+39 06 6982 3456"}, True),
        # A number or an address joins names that may be one.
        (
            {"name": "Norden Instr.", "_phone": "+33 1 42 68 53 00"},
            {"name": "Nordenn Instruments", "_phone": "0033142685300"},
            True,
        ),
        ({"name": "Bel-Air Hotel", "_phone": "+33 1 42 68 53 00"}, {"name": "Hotel Bel-Air", "_phone": "+33142685300"}, True),
        ({"name": "Blue Travel", "_phone": "+33 1 42 68 53 00"}, {"name": "Green Travel", "_phone": "+33142685300"}, False),
        (
            {"name": "Norden Foods", "_street": "Linden 1", "_postcode": "10115"},
            {"name": "Norden", "_street": "LINDEN 1", "_postcode": "10115"},
            True,
        ),
        # A company is not its parent, and a numbered branch not another.
        (
            {"name": "Acme", "_phone": "+33 1 42 68 53 00"},
            {"name": "Acme Leasing", "_phone": "+33142685300", "parent": "Acme"},
            False,
        ),
        ({"name": "Store 12", "_phone": "+33 1 42 68 53 00"}, {"name": "Store 14", "_phone": "+33142685300"}, False),
    ],
)
def test_two_records_are_or_are_not_one_company(context: Context, one: Row, other: Row, joined: bool) -> None:
    accounts, of = resolve([firms(context, one, other)], context)
    assert len(accounts) == (1 if joined else 2)
    assert (of["firms", "1"] == of["firms", "2"]) == joined


def test_ids_are_readable_and_two_companies_of_one_name_have_two(context: Context) -> None:
    accounts, _ = resolve(
        [firms(context, {"name": "Société Générale"}, {"name": "Acme", "country": "IT"}, {"name": "Acme", "country": "FR"})],
        context,
    )
    ids = [row["account"] for row in accounts]
    assert "account:societe-generale" in ids
    assert len(set(ids)) == 3
    assert sum(each.startswith("account:acme-") and len(each) == len("account:acme-") + 6 for each in ids) == 2


def test_without_a_source_of_accounts_the_key_is_the_account(context: Context) -> None:
    deals = mapped(context.engine, 0, "deals", "deals", [{"key": "d1", "account": "Rangreen"}, {"key": "d2"}])
    accounts, of = resolve([deals], context)
    assert [(row["account"], row["name"]) for row in accounts] == [("account:rangreen", "Rangreen")]
    assert of == {("deals", "d1"): "account:rangreen"}


def test_a_key_that_is_no_key_is_found_by_its_name(context: Context) -> None:
    _, of = resolve(
        [firms(context, {"name": "Acme Ltd"}), people(context, {"account": "1"}, {"account": "ACME"}, {"account": "9"})], context
    )
    assert of["crm", "1"] == of["crm", "2"] == "account:acme-ltd"
    assert of["crm", "3"] == "account:9"


def test_a_person_belongs_to_the_company_named_else_to_the_owner_of_the_domain(context: Context) -> None:
    source = people(
        context,
        {"_company": "ACME S.p.A."},
        {"_email": "anna@acme.it"},
        {"_email": "anna@gmail.com"},
        {"_email": "anna@unknown-firm.it"},
    )
    _, of = resolve([firms(context, {"name": "Acme", "domain": "acme.it"}), source], context)
    assert [of.get(("crm", key)) for key in "1234"] == ["account:acme", "account:acme", None, None]


def test_the_domain_of_a_company_is_learned_from_its_people(context: Context) -> None:
    rows = [{"_email": f"{name}@blue.it", "account": "Blue"} for name in ("anna", "luis")]
    _, of = resolve([people(context, *rows, {"_email": "zoe@blue.it"})], context)
    assert of["crm", "3"] == "account:blue"
    _, of = resolve([people(context, rows[0], {"_email": "zoe@blue.it"})], context)
    assert of.get(("crm", "2")) is None


def test_a_key_of_two_sources_of_accounts_is_refused_unless_of_says_whose_it_is(context: Context) -> None:
    both = [firms(context, {"name": "Blue"}), firms(context, {"name": "Green"}, index=1, name="erp")]
    with pytest.raises(Refused, match=r"account = \{ column = \"...\", of = \"erp\" \}"):
        resolve([*both, people(context, {"account": "1"}, index=2)], context)
    _, of = resolve([*both, people(context, {"account": "1"}, index=2, account_of="firms")], context)
    assert of["crm", "1"] == "account:blue"


def test_attributes_come_from_the_first_source_that_has_them_and_parents_are_accounts(context: Context) -> None:
    first = firms(context, {"name": "Acme", "sector": "retail"}, {"name": "Acme North", "parent": "Acme", "employees": 12.0})
    second = firms(context, {"name": "ACME Ltd", "sector": "other", "country": "Italy"}, index=1, name="erp")
    accounts, _ = resolve([first, second], context)
    acme, north = accounts
    assert (acme["sector"], acme["country"], acme["source"], acme["key"]) == ("retail", "Italy", "firms", "1")
    assert (north["parent"], north["employees"]) == ("account:acme", 12.0)


def test_behind_a_switchboard_only_the_same_names_are_joined(context: Context) -> None:
    number = {"_phone": "+33 1 42 68 53 00"}
    listed = firms(context, *({"name": name, **number} for name in ("Blue Leasing", "Blue Insurance", "Green Foods")))
    other = firms(
        context, *({"name": name, **number} for name in ("Insurance Blue", "Blue", "Green Foods Ltd")), index=1, name="erp"
    )
    _, of = resolve([listed, other], context)
    assert of["erp", "1"] == of["firms", "2"]
    assert of["erp", "3"] == of["firms", "3"]
    # Blue may be either of two.
    assert len({of["erp", "2"], of["firms", "1"], of["firms", "2"]}) == 3


def pairs(of: Mapping[tuple[str, str], str | None]) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    groups: dict[str | None, list[tuple[str, str]]] = {}
    for record, account in of.items():
        groups.setdefault(account, []).append(record)
    return {pair for records in groups.values() for pair in combinations(sorted(records), 2)}


@pytest.mark.parametrize("seed", [1, 2])
def test_made_up_companies_of_three_systems_are_found(context: Context, seed: int) -> None:
    """Legal forms, words cut short or misspelt, daughters in several countries, office buildings: nothing set."""
    world = CompanyWorld(seed)
    sources = [mapped(context.engine, index, name, "accounts", world.rows[name]) for index, name in enumerate(world.rows)]
    accounts, of = resolve(sources, context)
    found, true = pairs(of), pairs(world.truth)
    precision, recall = len(found & true) / len(found), len(found & true) / len(true)
    assert precision >= 0.98
    assert recall >= 0.95
    assert 2 * precision * recall / (precision + recall) >= 0.97
    # Daughters hang below their mothers.
    below = {row["key"]: row["parent"] for row in accounts if row["parent"]}
    mothers = [row for row in world.rows["crm"] if row["parent"]]
    assert len(below) >= 0.95 * len(mothers)
    of_name = {row["name"]: of["crm", row["account"]] for row in world.rows["crm"]}
    assert all(of["crm", row["account"]] != of_name[row["parent"]] for row in mothers)


def test_the_order_of_rows_and_sources_of_one_company_changes_nothing(context: Context) -> None:
    world = CompanyWorld(3, companies=60)
    made = []
    for turn in (1, -1):
        sources = [mapped(context.engine, n, name, "accounts", world.rows[name][::turn]) for n, name in enumerate(world.rows)]
        made.append(resolve(sources, context))
    assert made[0] == made[1]


DECIDED = {
    "company": {"name": "Acme"},
    "source": [{"name": name, "table": "accounts", "path": "x.csv"} for name in ("firms", "erp")],
}


def decided(
    sources: Sequence[Mapped], context: Context, *links: tuple[str, str, str]
) -> tuple[dict[Any, Any], list[Row], list[Row]]:
    """The account of each record, the links, and the remarks, with these decisions."""
    listed = [{"left": left, "right": right, "decision": decision, "reason": "known"} for left, right, decision in links]
    remarks: list[Row] = []
    tables = identity.resolve(sources, Company.model_validate({**DECIDED, "link": listed}), context, remarks).tables
    rows = context.engine.collect(tables["identities"]).to_pylist()
    return {(row["source"], row["key"]): row["account"] for row in rows}, tables["links"].to_pylist(), remarks


def test_people_say_which_companies_are_one_and_which_are_not_and_take_it_back(context: Context) -> None:
    sources = [
        firms(context, {"name": "Acme"}, {"name": "Blue", "parent": "Umbrella"}, {"name": "Umbrella"}),
        firms(context, {"name": "Acme Ltd"}, {"name": "Azure"}, {"name": "ACME Inc"}, index=1, name="erp"),
    ]
    before, _, _ = decided(sources, context)
    assert before["firms", "1"] == before["erp", "1"] == before["erp", "3"]
    of, links, remarks = decided(
        sources,
        context,
        ("firms#1", "erp#1", "different"),
        ("firms#2", "erp#2", "same"),
        ("firms#2", "firms#3", "same"),
        ("erp#9", "firms#1", "same"),
    )
    assert of["firms", "1"] != of["erp", "1"]
    assert of["firms", "2"] == of["erp", "2"] == of["firms", "3"]
    # What joins both is joined with one of them.
    assert of["erp", "3"] in (of["firms", "1"], of["erp", "1"])
    told = {
        (row["left"], row["right"]): (row["decision"], row["by"], row["value"])
        for row in links
        if row["rule"] == "account: decided"
    }
    assert told == {
        ("erp#1", "firms#1"): ("kept apart", "person", "known"),
        ("erp#2", "firms#2"): ("joined", "person", "known"),
        ("firms#2", "firms#3"): ("joined", "person", "known"),
    }
    assert [(row["source"], row["value"]) for row in remarks] == [("erp", "9")]
    assert decided(sources, context)[0] == before


def test_companies_kept_apart_stay_apart_through_any_chain(context: Context) -> None:
    same = {"name": "Acme", "_phone": "+33 1 42 68 53 00", "domain": "acme.fr"}
    sources = [firms(context, same, same, same, same)]
    of, _, _ = decided(sources, context, ("firms#1", "firms#3", "different"))
    assert of["firms", "1"] != of["firms", "3"]
    assert len(set(of.values())) == 2
