"""Which company a record's person belongs to when no column says so: by the domain of the e-mail, or by the switchboard.

An account's name is the best word for it, but exports leave it out. `sales@acme.fr` beside `anna.rossi@acme.fr`, or the number of
Acme's front desk, says as much. Only joining people uses this; the account that tables show is the one the records state.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]

_LEAST = 2
"""Profiles that must agree before a domain or number stands for a company."""
_MOST_OF = 0.5
"""An account is at a domain when more than this share of its known writers write from it."""
_MANY_ACCOUNTS = 5
"""A domain that writers of so many accounts use, none of them mostly, is a provider's."""
_RARE = 3e-5
"""Of all people at least this share has any one full name, whatever a small file says: in a company of thousands some share one."""
_NUMBER_SHARE = 0.8
"""A number is a company's when this share of those who show it, as far as known, belong to it."""


def companies(account: Codes, domain: Codes, phone: Codes) -> Codes:
    """For each profile a code of the company it belongs to, -1 where nothing tells; all three arguments of shape (n,), -1 unknown.

    `domain` is that of the e-mail, -1 for free mail. Accounts of one domain are one company here (a group and its subsidiaries, or
    one account under two names): what follows from it needs an equal name besides.

    >>> a, d, p = np.array([0, 0, -1, -1]), np.array([7, 7, 7, -1]), np.array([3, 3, -1, 3])
    >>> companies(a, d, p).tolist()
    [0, 0, 0, 0]
    """
    offset = int(domain.max(initial=-1)) + 1
    usable = ~np.append(_providers(account, domain, offset), True)[domain]
    own = np.where(usable, domain, -1)
    # Companies are domains, and accounts that have none: those are counted behind the domains.
    home = _homes(account, own)
    of_account = np.where(home >= 0, home, offset + np.arange(len(home)))
    found = np.where(account >= 0, np.append(of_account, -1)[account], own)
    of_number = _of_numbers(found, phone)
    found = np.where(found >= 0, found, np.append(of_number, -1)[phone])
    numbers, place = np.unique(found, return_inverse=True)
    return np.asarray(place - int(numbers[0] < 0) if numbers.size else place, dtype=np.int64)


def ordinary(name: Codes, company: Codes, label: Codes, most: float = 0.05) -> NDArray[np.bool_]:
    """Of each profile, whether a namesake in its company is likely to be the same person; all arguments of shape (n,).

    When a share r of the people elsewhere have the name, r m namesakes are expected by chance among the m people of the company.
    From `most` on an equal name there says too little. r is at least `_RARE`.

    >>> ordinary(np.array([0, 0, 1]), np.array([0, 0, -1]), np.array([0, 1, 2])).tolist()
    [True, True, False]
    """
    both = (name >= 0) & (label >= 0)
    inside = both & (company >= 0)
    # A person is counted once for each name, and once for each company.
    named, _, _ = _pairs(name, np.where(both, label, -1))
    of_name = np.bincount(named, minlength=int(name.max(initial=-1)) + 1)
    here, _, _ = _pairs(company, np.where(inside, label, -1))
    size = np.bincount(here, minlength=int(company.max(initial=-1)) + 1)
    # Names within companies, by the two: (company, name) as one code.
    width = int(name.max(initial=0)) + 1
    place = np.where(inside, company * width + name, -1)
    codes, compact = np.unique(place[inside], return_inverse=True)
    together = np.full(len(name), -1, dtype=np.int64)
    together[inside] = compact
    with_name, _, _ = _pairs(together, np.where(inside, label, -1))
    of_both = np.bincount(with_name, minlength=len(codes))
    people = len(np.unique(label[both]))
    mine, at = name[inside], company[inside]
    elsewhere = of_name[mine] - of_both[compact]
    rate = np.maximum(elsewhere / np.maximum(people - size[at], 1), _RARE)
    found = np.zeros(len(name), dtype=bool)
    found[inside] = rate * size[at] < most
    return found


def _pairs(one: Codes, other: Codes) -> tuple[Codes, Codes, Codes]:
    """The distinct pairs of known codes, and how often each stands."""
    both = (one >= 0) & (other >= 0)
    width = int(other.max(initial=0)) + 1
    numbers, times = np.unique(one[both] * width + other[both], return_counts=True)
    return numbers // width, numbers % width, times.astype(np.int64)


def _providers(account: Codes, domain: Codes, count: int) -> NDArray[np.bool_]:
    """Which domains are no company's: writers of many accounts use them, none mostly."""
    sites, _, times = _pairs(domain, account)
    accounts = np.bincount(sites, minlength=count)
    known = np.bincount(sites, weights=times, minlength=count)
    top = np.zeros(count)
    np.maximum.at(top, sites, times)
    return (accounts >= _MANY_ACCOUNTS) & (top <= _MOST_OF * known)


def _homes(account: Codes, domain: Codes) -> Codes:
    """The domain most of an account's writers use, by account; -1 where none is."""
    accounts, sites, times = _pairs(account, domain)
    count = int(account.max(initial=-1)) + 1
    known = np.bincount(accounts, weights=times, minlength=count)
    home = np.full(count, -1, dtype=np.int64)
    mostly = (times >= _LEAST) & (times > _MOST_OF * known[accounts])
    home[accounts[mostly]] = sites[mostly]
    return home


def _of_numbers(company: Codes, phone: Codes) -> Codes:
    """The company a number is the switchboard of, by number; -1 where it is none's."""
    numbers, owners, times = _pairs(phone, company)
    count = int(phone.max(initial=-1)) + 1
    known = np.bincount(numbers, weights=times, minlength=count)
    found = np.full(count, -1, dtype=np.int64)
    mostly = (times >= _LEAST) & (times >= _NUMBER_SHARE * known[numbers])
    found[numbers[mostly]] = owners[mostly]
    return found
