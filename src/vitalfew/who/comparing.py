"""What a caller says, in the normal forms of a run; the keys it is looked up by; and how well it agrees with what is known.

The normal forms are those of `listen`, so that a lookup reads an address or a number exactly as the run did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from vitalfew.listen import normalise
from vitalfew.listen.names import compare, name_key, within, words

FIELDS = ("email", "phone", "national_id", "handle", "name", "born", "postcode", "street", "city", "company")
"""What a caller can be asked for, strongest first."""

LEVELS: dict[str, tuple[str, ...]] = {
    "email": ("same", "slip", "local", "other"),
    "phone": ("same", "slip", "other"),
    "national_id": ("same", "slip", "other"),
    "handle": ("same", "slip", "other"),
    "name": ("same", "compatible", "renamed", "related", "different"),
    "born": ("same", "slip", "other"),
    "postcode": ("same", "other"),
    "street": ("same", "slip", "other"),
    "city": ("same", "other"),
    "account": ("same", "other"),
}
"""The outcomes of a comparison, the strongest agreement first."""

STRONG = ("e", "p", "n", "h")
"""Kinds of keys that are one person's, unless they are shared: e-mail, phone, national id, handle."""

_SEGMENT_MAIL, _SEGMENT_NAME = 6, 8
"""Shorter texts are not cut into halves: too many others have the same half."""


@dataclass(frozen=True)
class Question:
    """What is known of a caller, in normal form; '' where nothing is known."""

    email: str = ""
    mailbox: str = ""
    phone: str = ""
    national_id: str = ""
    handle: str = ""
    name: tuple[str, ...] = ()
    born: str = ""
    postcode: str = ""
    street: str = ""
    city: str = ""
    company: str = ""
    domain: str = ""
    role_mailbox: bool = False
    ignored: tuple[str, ...] = ()
    """Fields that were given and could not be read."""

    @property
    def empty(self) -> bool:
        """Whether nothing that could identify anybody is left."""
        return not any((self.mailbox, self.phone, self.national_id, self.handle, self.name, self.born, self.street, self.company))


def question(region: str | None, **given: str | None) -> Question:
    """What was given, in normal form; `region` is where phone numbers without a country code are from. Fields as FIELDS.

    >>> question("FR", email="Anna.Rossi+shop@ACME.it", phone="06 12 34 56 78").phone
    '+33612345678'
    """
    said = {name: text.strip() for name, text in given.items() if text and text.strip()}
    email = normalise.email(said.get("email")) or ""
    read = {
        "email": email,
        "mailbox": normalise.email_key(email) if email else "",
        "phone": normalise.phone(said.get("phone"), region) or "",
        "national_id": normalise.identifier(said.get("national_id")) or "",
        "handle": normalise.identifier(said.get("handle")) or "",
        "born": normalise.birthday(said.get("born")) or "",
        "postcode": normalise.postcode(said.get("postcode")) or "",
        "street": normalise.line(said.get("street")) or "",
        "city": normalise.line(said.get("city")) or "",
        "company": normalise.company_name(said.get("company")) or "",
        "domain": normalise.domain(email) or "",
    }
    name = words(said.get("name"))
    ignored = tuple(each for each in FIELDS if each in said and not (name if each == "name" else read[each]))
    return Question(**read, name=name, role_mailbox=bool(email) and normalise.is_role_mailbox(email), ignored=ignored)


def keys(asked: Question, account: int | None) -> list[tuple[str, str]]:
    """The keys (kind, value) to look up, strongest first; `account` is the number of the account that was named.

    `building.KEYS` files contacts under the same keys: what is changed here is changed there.
    """
    given, family = (asked.name[0], asked.name[-1]) if len(asked.name) > 1 else ("", "")
    ordered = " ".join(sorted(asked.name)) if family else ""
    local, _, domain = asked.mailbox.rpartition("@")
    found = [("e", asked.mailbox), ("p", asked.phone), ("n", asked.national_id), ("h", asked.handle), ("w", ordered)]
    found += _halves("m", local, _SEGMENT_MAIL, domain)
    found += [("l", local)] if len(local) > 4 else []
    for name, kind in ((family, "f"), (given, "g")):
        found += [(f"{kind}b", f"{name} {asked.born}")] if name and asked.born else []
        found += [(f"{kind}c", f"{name} {asked.postcode}")] if name and asked.postcode else []
        found += [(f"{kind}a", f"{name} {account}")] if name and account is not None else []
    found += [("bc", f"{asked.born} {asked.postcode}")] if asked.born and asked.postcode else []
    found += _halves("w", ordered, _SEGMENT_NAME, "")
    return [(kind, value) for kind, value in found if value]


def _halves(kind: str, text: str, least: int, beside: str) -> list[tuple[str, str]]:
    """The keys that find every text at most one slip away: one slip leaves one half as it is (Li, Deng and Feng 2013, Pass-Join).

    Texts are filed under their halves and their length; a text one shorter or longer is looked for under its own halves' lengths.
    """
    found: list[tuple[str, str]] = []
    for length in (len(text), len(text) - 1, len(text) + 1):
        if length >= least and text:
            first = length // 2
            found.append((f"{kind}1", f"{beside} {length} {text[:first]}"))
            found.append((f"{kind}2", f"{beside} {length} {text[len(text) - (length - first) :]}"))
    return found


@lru_cache(maxsize=100_000)
def level(field: str, one: str, other: str) -> str:
    """How two values of a field in normal form agree, as LEVELS names it; names are words joined by a space.

    >>> level("email", "anna.rosi@acme.it", "anna.rossi@acme.it"), level("name", "anna rossi", "rossi anna")
    ('slip', 'same')
    """
    if field == "name":
        found = compare(tuple(one.split()), tuple(other.split()))
        # Many people are called 'b prins': an initial and a family name only may be one's name.
        return "compatible" if found == "same" and name_key(tuple(one.split())) is None else found
    if one == other:
        return "same"
    if field == "email":
        return _mail_level(one, other)
    if field == "born":
        return (
            "slip"
            if within(one, other, 1) or (one[:4] == other[:4] and one[4:6] == other[6:] and one[6:] == other[4:6])
            else "other"
        )
    if field in ("phone", "national_id", "handle") and len(one) > 5 and within(one, other, 1):
        return "slip"
    return "slip" if field == "street" and len(one) > 5 and within(one, other, 2) else "other"


def _mail_level(one: str, other: str) -> str:
    local, _, domain = one.rpartition("@")
    local_other, _, domain_other = other.rpartition("@")
    # rossi1@ and rossi2@ of one company are two people.
    numbered = [each for each in local if not each.isdigit()] == [each for each in local_other if not each.isdigit()]
    if domain == domain_other:
        return "slip" if not numbered and len(local) > 4 and within(local, local_other, 1 if len(local) < 12 else 2) else "other"
    if local == local_other and len(local) > 4:
        return "slip" if within(domain, domain_other, 1) else "local"
    return "other"


def best(field: str, one: str, others: Sequence[str]) -> str:
    """The strongest agreement of a value with any of `others`; '' when there is none to compare with."""
    found = [level(field, one, other) for other in others if other]
    return min(found, key=LEVELS[field].index) if found else ""
