"""Companies of records told by domain and switchboard, and when a namesake there is somebody else."""

from __future__ import annotations

import numpy as np
import pytest

from vitalfew.listen.belonging import companies, ordinary

UNKNOWN = -1


def codes(*listed: int) -> np.ndarray:
    return np.array(listed, dtype=np.int64)


def test_two_accounts_of_one_domain_are_one_company_and_a_writer_without_account_belongs_to_it() -> None:
    # Acme stands as account 0 in the CRM and as account 1 in billing; 2 is another company without a domain.
    account, domain = codes(0, 0, 1, 1, UNKNOWN, 2), codes(5, 5, 5, 5, 5, UNKNOWN)
    found = companies(account, domain, codes(*[UNKNOWN] * 6))
    assert len(set(found[:5].tolist())) == 1
    assert found[5] not in (found[0], UNKNOWN)


def test_a_switchboard_says_the_company_and_a_junk_number_says_nothing() -> None:
    # Number 0 is the front desk of account 0; number 1 was typed by people of four accounts.
    account, phone = codes(0, 0, 0, 1, 2, 3, 4, UNKNOWN, UNKNOWN), codes(0, 0, 0, 1, 1, 1, 1, 0, 1)
    found = companies(account, codes(*[UNKNOWN] * 9), phone)
    assert found[7] == found[0] >= 0
    assert found[8] == UNKNOWN


def test_a_domain_of_many_accounts_is_a_provider_s() -> None:
    account, domain = codes(*range(6), UNKNOWN), codes(*[3] * 7)
    found = companies(account, domain, codes(*[UNKNOWN] * 7))
    assert len(set(found[:6].tolist())) == 6
    assert found[6] == UNKNOWN


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_companies_planted_in_accounts_domains_and_numbers_are_found(seed: int) -> None:
    draw = np.random.default_rng(seed)
    truth = draw.integers(60, size=3000)
    hidden = draw.random((3, 3000))
    account = np.where(hidden[0] < 0.5, UNKNOWN, truth * 2 + (hidden[2] < 0.3))  # two names a company
    domain = np.where(hidden[1] < 0.4, UNKNOWN, truth)
    phone = np.where(draw.random(3000) < 0.5, UNKNOWN, np.where(draw.random(3000) < 0.1, 60, truth))  # 60 is junk
    found = companies(account, domain, phone)
    # Told by nothing at all, or by the junk number alone.
    dark = (account < 0) & (domain < 0) & ((phone < 0) | (phone == 60))
    assert (found[dark] == UNKNOWN).all()
    told = found >= 0
    assert told[~dark].mean() > 0.99
    pairs = np.unique(np.column_stack([found[told], truth[told]]), axis=0)
    assert len(np.unique(pairs[:, 0])) == len(pairs)  # nobody is put into another company
    assert len(pairs) <= 70  # an account with few writers can stay beside its domain


def test_a_common_name_in_a_large_company_may_be_two_people() -> None:
    draw = np.random.default_rng(1)
    # 20,000 people; of name 0 there are 200 and of name 1 two; company 0 has 4,000 people and company 1 thirty.
    name, label = draw.integers(2, 9000, size=20_000), np.arange(20_000)
    name[:200], name[200:202] = 0, 1
    company = np.where(label % 5 == 0, 0, np.where(label % 667 == 1, 1, UNKNOWN))
    name[[0, 5, 10, 15]], name[[668, 2002]] = (0, 0, 1, 1), (0, 1)
    found = ordinary(name, company, label)
    assert not found[0]
    assert not found[10]
    assert not found[668]  # 200 in 20,000, thirty people: .3 namesakes by chance
    assert found[2002]
    assert not found[company == UNKNOWN].any()
