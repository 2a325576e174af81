"""Companies: one account for one company, whoever writes its name, and never by a free-mail domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from identity_world import company, mapped

from vitalfew.engine import Context
from vitalfew.faults import Refused
from vitalfew.listen import identity
from vitalfew.listen.mapped import Mapped

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
