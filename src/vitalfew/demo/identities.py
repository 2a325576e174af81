"""The same person as each source knows them: spellings, old addresses, shared mailboxes, typos."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vitalfew.demo.world import COUNTRIES, FIRST, LAST, World, ascii_slug

MOBILE = ("+44751", "+491511", "+3361", "+3161", "+35387")
OFFICE = ("+442079", "+493051", "+33142", "+31205", "+35318")
SHARED = ("info", "lab", "purchasing", "orders", "reception")
JUNK = ("0000000000", "123456", "n/a", "+44 0000 000000", "-")
_FIRST_SLUG = [ascii_slug(name).replace("-", "") for name in FIRST]
_LAST_SLUG = [ascii_slug(name).replace("-", "") for name in LAST]
_FORMS = (" Ltd", " GmbH", " SARL", " BV")


class Identities:
    """True names, addresses and numbers of everybody, and how sources spell them. People and accounts are positions."""

    def __init__(self, world: World) -> None:
        people, accounts = world.people, world.accounts
        self.account: list[int] = people.account.tolist()
        self._first: list[int] = people.first_name.tolist()
        self._last: list[int] = people.last_name.tolist()
        self._maiden: list[int] = people.maiden.tolist()
        self._twin: list[int] = people.twin.tolist()
        self._phone: list[int] = people.phone.tolist()
        self._style: list[int] = accounts.style.tolist()
        self._board: list[int] = accounts.switchboard.tolist()
        self._names = accounts.names
        self._domains = accounts.domains
        self._country: list[int] = accounts.country.tolist()

    def person(self, who: int) -> str:
        """The true person's id."""
        return f"P{who + 1:07d}"

    def first(self, who: int) -> str:
        """First name."""
        return FIRST[self._first[who]]

    def last(self, who: int) -> str:
        """Family name."""
        return LAST[self._last[who]]

    def name(self, who: int) -> str:
        """Full name."""
        return f"{FIRST[self._first[who]]} {LAST[self._last[who]]}"

    def email(self, who: int, maiden: bool = False) -> str:
        """Address at work; with `maiden`, the one of the time before the name changed."""
        account = self.account[who]
        first, last = _FIRST_SLUG[self._first[who]], _LAST_SLUG[self._maiden[who] if maiden else self._last[who]]
        twin = str(self._twin[who] + 1) if self._twin[who] else ""
        local = (f"{first}.{last}", f"{first}_{last}", f"{last}.{first}", f"{first}{last}")[self._style[account]]
        return f"{local}{twin}@{self._domains[account]}"

    def private_email(self, who: int) -> str:
        """An address at a mail provider."""
        first, last = _FIRST_SLUG[self._first[who]], _LAST_SLUG[self._last[who]]
        return f"{first}.{last}{who}@{('gmail.com', 'outlook.com', 'gmx.de')[who % 3]}"

    def shared_email(self, who: int, roll: float) -> str:
        """A mailbox that several colleagues of the account use."""
        return f"{SHARED[int(roll * len(SHARED))]}@{self._domains[self.account[who]]}"

    def phone(self, who: int) -> str:
        """Mobile number, E.164; empty when there is none."""
        number = self._phone[who]
        return "" if number < 0 else f"{MOBILE[self._country[self.account[who]]]}{(number * 7919 + 1) % 10**7:07d}"

    def switchboard(self, who: int) -> str:
        """The account's number, which all its people share."""
        account = self.account[who]
        return f"{OFFICE[self._country[account]]}{(self._board[account] * 7919 + 1) % 10**6:06d}"

    def country(self, who: int) -> str:
        """Two letters of the account's country."""
        return COUNTRIES[self._country[self.account[who]]]

    def company(self, who: int, roll: float) -> str:
        """The account's name as people write it."""
        name = self._names[self.account[who]]
        if roll < 0.5:
            return name
        for form in _FORMS:
            name = name.removesuffix(form)
        return name if roll < 0.8 else name.upper() if roll < 0.9 else name.lower()

    def spelt_name(self, who: int, roll: float) -> str:
        """A full name as forms and agents write it."""
        first, last = self.first(who), self.last(who)
        if roll < 0.5:
            return f"{first} {last}"
        if roll < 0.62:
            return f"{last.upper()}, {first}"
        if roll < 0.72:
            return f"{first[0]}. {last}"
        if roll < 0.8:
            return f"{first} {last}".lower()
        if roll < 0.9:
            return f"{first} {LAST[self._maiden[who]]}"
        if roll < 0.95:
            return f"{ascii_slug(first)} {ascii_slug(last)}".replace("-", " ").title()
        return f"{first} {_typo(last, roll * 1000 % 1)}"

    def spelt_email(self, who: int, roll: float, tag: str) -> str:
        """The address at work with capitals, a +tag, a typo, or as it was before the name changed."""
        email = self.email(who)
        if roll < 0.76:
            return email
        if roll < 0.84:
            return email.upper()
        if roll < 0.9:
            local, _, domain = email.partition("@")
            return f"{local}+{tag}@{domain}"
        if roll < 0.93:
            return f" {email.title()} "
        if roll < 0.97:
            return self.email(who, maiden=True)
        local, _, domain = email.partition("@")
        return f"{_typo(local, roll * 1000 % 1)}@{domain}"

    def spelt_phone(self, who: int, roll: float) -> str:
        """A phone as people write it: their own, the switchboard's, junk, or none."""
        own = self.phone(who)
        if roll < 0.04:
            return JUNK[int(roll / 0.04 * len(JUNK))]
        if roll < 0.16:
            return _spaced(self.switchboard(who), roll * 100 % 1)
        return _spaced(own, roll * 100 % 1) if own and roll < 0.9 else ""


def _spaced(number: str, roll: float) -> str:
    if roll < 0.4:
        return number
    cut = 3 if number.startswith(("+44", "+49", "+33", "+31")) else 4
    rest = number[cut:]
    if roll < 0.75:
        return f"{number[:cut]} {rest[:3]} {rest[3:6]} {rest[6:]}".strip()
    if roll < 0.9:
        return f"00{number[1:cut]} {rest[:4]}-{rest[4:]}"
    return f"{number[:cut]}.{rest[:2]}.{rest[2:5]}.{rest[5:]}"


def _typo(text: str, roll: float) -> str:
    """Two neighbouring letters swapped, somewhere after the first."""
    if len(text) < 4:
        return text
    at = 1 + int(roll * (len(text) - 2))
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def rolls(rng: np.random.Generator, rows: int, columns: int) -> list[list[float]]:
    """A row of uniform numbers for each record."""
    drawn: NDArray[np.float64] = rng.random((rows, columns))
    listed: list[list[float]] = drawn.tolist()
    return listed
