"""All that is known of people: the index of the run, and what was remembered since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vitalfew.who.comparing import Question, keys, level
from vitalfew.who.layout import ACCOUNT, CONTACT, NO_ACCOUNT, PERSON, Index

Ref = int | str
"""A person: the number of a row of people, or the id of one known only from what was remembered."""

MOST_CONTACTS = 40
"""Contacts of one person that are looked at; nobody is known in more ways without being a shared account."""

_FORM = ("email", "phone", "handle", "national_id", "born", "street", "postcode", "city")


@dataclass(frozen=True)
class Remembered:
    """A record met since the last run: its source and key, what it said, and the person it was taken for."""

    source: str
    key: str
    asked: Question
    person: str
    account: str
    name: str


class Book:
    """The index and what was remembered, asked as one. Entries whose record the run knows by now are passed over."""

    def __init__(self, index: Index, remembered: Iterable[Remembered] = ()) -> None:
        self.index = index
        self.size = index.count("people")
        self._filed: dict[tuple[str, str], list[Ref]] = {}
        self._more: dict[Ref, list[Remembered]] = {}
        self._records: dict[str, Ref] = {}
        for entry in remembered:
            self.add(entry)

    def add(self, entry: Remembered) -> None:
        """Take one more entry in; a later one of the same record takes the place of an earlier one."""
        record = f"{entry.source}#{entry.key}"
        if self.index.found("records", "r", record, 1)[0]:
            return
        if record in self._records:
            self._forget(record)
        known, _ = self.index.found("records", "P", entry.person, 1)
        ref: Ref = known[0] if known else self._come_to_be_known(entry)
        self._records[record] = ref
        self._more.setdefault(ref, []).append(entry)
        number = self.account_number(entry.account)
        for key in keys(entry.asked, number):
            filed = self._filed.setdefault(key, [])
            if ref not in filed:
                filed.append(ref)

    def _come_to_be_known(self, entry: Remembered) -> Ref:
        """The person of the run whose address or number an entry has that was nobody's when it was remembered; else its own.

        So what people say later, e.g. that they take a consent back, holds for what was remembered of them before.
        """
        if entry.asked.role_mailbox:
            return entry.person
        said = (("e", entry.asked.mailbox), ("p", entry.asked.phone), ("n", entry.asked.national_id))
        for kind, value in said:
            if not value or self.shared(kind, value)[0]:
                continue
            places, count = self.index.found("keys", kind, value, 2)
            if count == 1 and places[0] < self.size and self._may_be(places[0], entry):
                return places[0]
        return entry.person

    def _may_be(self, number: int, entry: Remembered) -> bool:
        """Whether a name of the person may be the entry's; a person or an entry without a name contradicts nobody."""
        words = CONTACT.index("words")
        names = [contact[words] for contact in self.contacts(number, self.person(number)) if contact[words]]
        said = " ".join(entry.asked.name)
        return not said or not names or any(level("name", said, name) != "different" for name in names)

    def _forget(self, record: str) -> None:
        ref = self._records.pop(record)
        kept = [each for each in self._more[ref] if f"{each.source}#{each.key}" != record]
        self._more[ref] = kept
        for key in [key for key, filed in self._filed.items() if ref in filed]:
            if not any(key in keys(each.asked, self.account_number(each.account)) for each in kept):
                self._filed[key].remove(ref)

    def people(self, kind: str, value: str, most: int) -> tuple[list[Ref], list[int], int]:
        """People filed under a key, accounts filed under it that tell no person, and how many of both there are."""
        places, count = self.index.found("keys", kind, value, most)
        found: list[Ref] = [place for place in places if place < self.size]
        accounts = [place - self.size for place in places if place >= self.size]
        more = [ref for ref in self._filed.get((kind, value), ()) if ref not in found]
        return [*found, *more], accounts, count + len(more)

    def of_record(self, record: str) -> Ref | None:
        """The person of a record (source#key), or with this id."""
        kind = "P" if record.startswith("person:") else "r"
        found, _ = self.index.found("records", kind, record, 1)
        if found:
            return found[0]
        return record if kind == "P" and record in self._more else self._records.get(record)

    def shared(self, kind: str, value: str) -> tuple[bool, list[int]]:
        """Whether a value is shared (a mailbox of a function, a switchboard), and the accounts it is seen in."""
        accounts, count = self.index.found("keys", f"!{kind}", value, 50)
        return count > 0, [each for each in accounts if each != NO_ACCOUNT]

    def accounts(self, kind: str, value: str) -> list[int]:
        """Accounts by name (a), domain (d) or id (A)."""
        return self.index.found("keys", kind, value, 20)[0] if value else []

    def account_number(self, account: str) -> int | None:
        """The number of the account with this id."""
        found = self.accounts("A", account)
        return found[0] if found else None

    def person(self, ref: Ref) -> Mapping[str, str]:
        """What is known of a person, as PERSON names it."""
        if isinstance(ref, int):
            return dict(zip(PERSON, self.index.row("people", ref), strict=True))
        entry = self._more[ref][-1]
        number = self.account_number(entry.account)
        told = {"person": ref, "name": entry.name, "email": entry.asked.email, "phone": entry.asked.phone}
        made = dict.fromkeys(PERSON, "") | told
        return made | {"account": "" if number is None else str(number), "records": str(len(self._more[ref]))}

    def account(self, number: int) -> Mapping[str, str]:
        """What is known of an account, as ACCOUNT names it."""
        return dict(zip(ACCOUNT, self.index.row("accounts", number), strict=True))

    def contacts(self, ref: Ref, known: Mapping[str, str]) -> list[Sequence[str]]:
        """The ways in which a person's records name them, in the order of CONTACT; `known` is their row."""
        found: list[Sequence[str]] = []
        if isinstance(ref, int):
            first, count = int(known["first"]), int(known["contacts"])
            found += [self.index.row("contacts", number) for number in range(first, first + min(count, MOST_CONTACTS))]
        for entry in self._more.get(ref, ()):
            made = dict.fromkeys(CONTACT, "") | {name: getattr(entry.asked, name) for name in _FORM}
            made |= {"source": entry.source, "key": entry.key, "name": entry.name}
            made |= {"words": " ".join(entry.asked.name), "mailbox": entry.asked.mailbox}
            found.append(list(made.values()))
        return found
