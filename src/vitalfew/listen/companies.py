"""Whether two names can be one company's, when a telephone number or an address says that they might be.

The page docs/algorithms/accounts.md has the rules with worked names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache
from itertools import combinations

import phonenumbers

from vitalfew.listen import normalise
from vitalfew.listen.names import within

Words = tuple[str, ...]

_REGIONS: dict[str, frozenset[str]] = {
    form: frozenset(regions.split())
    for forms, regions in (
        ("gmbh ag kgaa ug ohg gk mbh", "DE AT CH LI"),
        ("spa snc sapa scarl", "IT"),
        ("sas sasu sarl eurl", "FR LU BE CH"),
        ("bv bvba vof", "NL BE"),
        ("nv", "NL BE"),
        ("ab", "SE FI"),
        ("oy oyj", "FI"),
        ("aps ivs", "DK"),
        ("slu sau", "ES"),
        ("ltda", "BR PT CL CO"),
        ("kft nyrt zrt", "HU"),
        ("spzoo", "PL"),
        ("sro", "CZ SK"),
        ("doo dd", "SI HR RS BA ME MK"),
        ("inc incorporated corp corporation llc", "US CA"),
        ("plc llp", "GB IE"),
        ("pty", "AU ZA"),
        ("kk kabushiki kaisha", "JP"),
    )
    for form in forms.split()
}
"""Countries whose law knows a legal form; forms of many countries (Ltd, SA, SL, Srl) are left out, for they tell none."""
_COMMON_SHARE = 0.02
_COMMON_LEAST = 5


def words(name: str | None) -> Words:
    """The words of a company's name in normal form, without its legal form.

    >>> words("The Ritz-Carlton Dining Room (Buckhead), Inc.")
    ('ritz', 'carlton', 'dining', 'room', 'buckhead')
    """
    return tuple((normalise.company_name(name) or "").split())


@lru_cache(maxsize=200_000)
def regions_of_form(name: str | None) -> frozenset[str]:
    """The countries a company's legal form is from; empty when it has none, or one that many countries know.

    >>> sorted(regions_of_form("Acme Oy")), sorted(regions_of_form("Acme Ltd"))
    (['FI'], [])
    """
    if not name:
        return frozenset()
    parts = re.sub(r"[^\w]+|_", " ", re.sub(r"[.'’]", "", normalise.plain(name))).split()
    # A form stands at the end; a word before the name's own may be a name.
    found = [_REGIONS[part] for part in parts[1:] if part in _REGIONS]
    return frozenset.intersection(*found) if found else frozenset()


def country_named(name: Words) -> tuple[str | None, Words]:
    """The country a name ends with, as a region, and the name without it.

    >>> country_named(("acme", "france")), country_named(("bank", "of", "america"))
    (('FR', ('acme',)), (None, ('bank', 'of', 'america')))
    """
    for count in (3, 2, 1):
        rest = name[:-count]
        found = normalise.region(" ".join(name[-count:])) if rest and rest[-1] not in ("of", "de", "di", "von") else None
        if found and len(name[-1]) > 2:
            return found, rest
    return None, name


def regions_of(name: str | None, phone: str | None = None, number: str | None = None) -> frozenset[str]:
    """Where a company may be from that does not say so: the country of a telephone number written with its country code, else those
    whose law knows its legal form. `phone` is the number as it stands, `number` as E.164.
    """
    abroad = _region_of_number(number) if number and phone and phone.strip().startswith(("+", "00")) else None
    return frozenset((abroad,)) if abroad else regions_of_form(name)


@lru_cache(maxsize=100_000)
def _region_of_number(number: str) -> str | None:
    found = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return found if found and found != "001" else None


def common_words(names: Iterable[Words]) -> frozenset[str]:
    """Words that stand in so many distinct names that sharing one says little: in more than 2 %, and in more than five."""
    counts: dict[str, int] = {}
    distinct = set(names)
    for each in distinct:
        for word in set(each):
            counts[word] = counts.get(word, 0) + 1
    most = max(_COMMON_LEAST, _COMMON_SHARE * len(distinct))
    return frozenset(word for word, count in counts.items() if count > most)


def kin(a: Words, b: Words, common: Set[str] = frozenset()) -> bool:
    """Whether two names that share a number or an address can be one company's: `twice_told`, or more than half of the words of the
    shorter one in both, one of them not a common word. Never where numbers differ (Store 12 and 14) or each names another country.

    >>> kin(("virgils",), ("virgils", "real", "bbq")), kin(("acme", "france"), ("acme", "italia"))
    (True, False)
    """
    shared = {word for word in set(a) & set(b) if len(word) > 1}
    enough = 2 * len(shared) > min(len(set(a)), len(set(b))) and bool(shared - common)
    return twice_told(a, b) or (enough and not _apart(set(a) - set(b), set(b) - set(a)))


def twice_told(a: Words, b: Words) -> bool:
    """Whether two names look like one name told twice: every word of the shorter one stands in the other (equal, with one slip, or
    cut short), the whole has one slip, or one is the other's initials.

    >>> twice_told(("international", "business", "machines"), ("ibm",)), twice_told(("ritz", "cafe"), ("ritz", "bar"))
    (True, False)
    >>> twice_told(("norden", "instr"), ("nordenn", "instruments", "france"))
    True
    """
    if not a or not b or _apart(set(a) - set(b), set(b) - set(a)):
        return False
    shorter, longer = (a, b) if (len(a), a) <= (len(b), b) else (b, a)
    free = list(longer)
    for word in shorter:
        like = next((each for each in (*(x for x in free if x == word), *free) if _near(word, each)), None)
        if like is None:
            break
        free.remove(like)
    else:
        return True
    left, right = " ".join(a), " ".join(b)
    slip = min(len(left), len(right)) >= 5 and within(left, right, 1)
    return slip or "".join(b) == _initials(a) != "" or "".join(a) == _initials(b) != ""


def _near(a: str, b: str) -> bool:
    """Whether two words are one: equal, one slip apart in words of five letters, or one cut short to three letters or more."""
    if a == b:
        return True
    if a.isdigit() or b.isdigit():
        return False
    short = min(len(a), len(b))
    return (short >= 5 and within(a, b, 1)) or (short >= 3 and (a.startswith(b) or b.startswith(a)))


def _initials(name: Words) -> str:
    return "".join(word[0] for word in name) if len(name) > 2 else ""


def _apart(left: Set[str], right: Set[str]) -> bool:
    """Whether what only one side says tells them apart: other numbers, or other countries."""
    numbers = [{word for word in side if word.isdigit()} for side in (left, right)]
    if all(numbers):
        return True
    countries = [{found for word in side if len(word) > 2 and (found := normalise.region(word))} for side in (left, right)]
    return all(countries)


def pairs(named: Sequence[tuple[int, str, Words]], common: Set[str]) -> list[tuple[int, int]]:
    """Which of several records that share a number or an address are one company's: pairs of their places.

    `named` has (place, source, words) of each. Where no source lists several companies there, names that are kin are joined. Where
    one does, it is a group's switchboard or an office building: then only the same words are joined, or all words of one in the
    other where neither has another such partner in that source.
    """
    listed: dict[str, set[Words]] = {}
    for _, source, name in named:
        listed.setdefault(source, set()).add(name)
    one = all(twice_told(a, b) for names in listed.values() for a, b in combinations(sorted(names), 2))
    found: list[tuple[int, int]] = []
    for (left, source, name), (right, other, told) in combinations(named, 2):
        if (
            sorted(name) == sorted(told)
            or (one and kin(name, told, common))
            or (not one and source != other and _only(name, listed[other]) == told and _only(told, listed[source]) == name)
        ):
            found.append((left, right))
    return found


def _only(name: Words, among: Set[Words]) -> Words | None:
    """The one name that may be `name` told again; None when there are several, or one has the same words."""
    if any(sorted(each) == sorted(name) for each in among):
        return None
    within_it = [each for each in among if twice_told(name, each)]
    return within_it[0] if len(within_it) == 1 else None
