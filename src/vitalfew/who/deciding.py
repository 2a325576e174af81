"""From what a caller says to who it is: candidates from the index, scored by what agrees, weighed against each other.

The page docs/algorithms/who.md says how, with worked numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vitalfew.who.answers import Account, Answer, Candidate, Evidence, History
from vitalfew.who.book import Book, Ref
from vitalfew.who.comparing import LEVELS, STRONG, Question, keys, level
from vitalfew.who.layout import CONTACT, FACTS
from vitalfew.who.weights import Weights

SURE = 0.9
"""From this confidence on a person is found; below, it could be one of several."""
JOINS = 0.75
"""From this confidence on a new record is the person's: a run, too, joins what an address or a name in an account tells."""
LIKELY = 0.05
"""Candidates less likely than this are not named."""
MOST_SHOWN = 5
_MOST_FILED = 200
"""People looked at behind one e-mail, phone, national id, handle or name."""
_MOST_BLOCK = 100
"""A key that more people share than this tells nothing and costs time."""
_MOST_CANDIDATES = 300
_CERTAIN = 1000.0
"""What naming a record by its key is worth, in odds against everybody else."""
_MOST_SURE = 0.999

_FIELD_OF = {"e": "email", "p": "phone", "n": "national_id", "h": "handle", "w": "name"}
EXACT = ("e", "p", "n", "h", "w")
"""Kinds of keys that hold a whole value as it is."""
_COLUMN = {"email": "mailbox", "name": "words"}
_SHOWN = {"email": "email", "name": "name"}
_PLACE = {name: place for place, name in enumerate(CONTACT)}
_SOURCE, _KEY = _PLACE["source"], _PLACE["key"]


@dataclass
class _Case:
    """One lookup on its way."""

    asked: Question
    account: int | None = None
    shared: set[str] = field(default_factory=set)
    accounts: list[int] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    refs: dict[Ref, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def decide(book: Book, weights: Weights, asked: Question, record: str = "") -> Answer:
    """Who it is, among those in `book`. `record` is source#key of a record that is the caller's, or the id of a person."""
    case = _Case(asked)
    case.notes += [f"{name} could not be read and was left out" for name in asked.ignored]
    named = _accounts_named(book, case)
    of_record = book.of_record(record) if record else None
    if record and of_record is None:
        case.notes.append(f"no record {record} is known")
    if of_record is not None:
        case.refs[of_record] = None
    scored: list[_Scored] = []
    # What is filed under an exact value first; slips and parts of names only where that leaves it open.
    for kinds in (EXACT, None):
        _gather(book, case, kinds)
        scored += [_scored(book, weights, case, ref, ref == of_record, record) for ref in list(case.refs)[len(scored) :]]
        total = 1.0 + sum(odds for odds, *_ in scored)
        if scored and max(odds for odds, *_ in scored) / total >= SURE:
            break
    scored.sort(key=lambda each: (-each[0], each[3]))
    basis = (
        f"match weights learnt from {weights.pairs:,} pairs of records the run joined"
        if weights.pairs
        else "match weights as built in: the run joined too few records to learn them from"
    )
    candidates = tuple(
        _candidate(book, ref, known, min(odds / total, _MOST_SURE), evidence)
        for odds, ref, known, _, evidence in scored[:MOST_SHOWN]
        if odds / total >= LIKELY
    )
    if candidates and candidates[0].confidence >= SURE and not _another_name(candidates[0]):
        return Answer("found", candidates[:1], candidates[0].account, tuple(case.notes), basis)
    accounts = list(dict.fromkeys([*named, *case.accounts]))
    account = _account(book, accounts[0]) if len(accounts) == 1 else None
    if candidates:
        return Answer("doubtful", candidates, account, tuple(case.notes), basis)
    return Answer("account" if account else "nobody", (), account, tuple(case.notes), basis)


def joined(answer: Answer) -> str | None:
    """The person a new record that says this is taken for; None for nobody known, who becomes a person of its own."""
    first = answer.candidates[0] if answer.candidates else None
    return first.person if first and first.confidence >= JOINS and not _another_name(first) else None


def _another_name(candidate: Candidate) -> bool:
    """Whether the name said has no word in common with theirs: as in a run, no shared value makes these one person."""
    agreements = {each.field: each.agreement for each in candidate.evidence}
    return agreements.get("name") == "different" and "record" not in agreements


def _accounts_named(book: Book, case: _Case) -> list[int]:
    """The accounts the caller's company or address tells; where it is one, people are looked for in it."""
    asked = case.asked
    found = book.accounts("a", asked.company)
    if asked.company and not found:
        case.notes.append("no account of that name is known")
    if not found:
        found = book.accounts("d", asked.domain)
    if len(found) == 1:
        case.account = found[0]
    return found


def _gather(book: Book, case: _Case, kinds: Sequence[str] | None) -> None:
    """Put everybody who is filed under a key of the caller into `case.refs`: keys of `kinds`, or those of all others."""
    for kind, value in keys(case.asked, case.account):
        if (kind in EXACT) != (kinds is not None):
            continue
        name = _FIELD_OF.get(kind, "")
        people, accounts, count = book.people(kind, value, _MOST_FILED)
        if name:
            case.counts[name] = count
            case.accounts += accounts
        if kind in STRONG and _is_shared(book, case, kind, value):
            # As in a run, only the name tells who it is behind a shared value; names are keys of their own.
            continue
        if count > (_MOST_FILED if name else _MOST_BLOCK) and kind not in STRONG:
            continue
        for ref in people:
            if len(case.refs) < _MOST_CANDIDATES:
                case.refs[ref] = None


def _is_shared(book: Book, case: _Case, kind: str, value: str) -> bool:
    """Whether a value is a shared one; says so in the notes, and takes its accounts along."""
    shared, accounts = book.shared(kind, value)
    if not shared and not (kind == "e" and case.asked.role_mailbox):
        return False
    case.shared.add(_FIELD_OF[kind])
    case.accounts += accounts
    what = "mailbox" if kind == "e" else "number" if kind == "p" else "value"
    case.notes.append(f"{value} is a shared {what}: it tells the account, not the person")
    return True


_Scored = tuple[float, Ref, Mapping[str, str], str, tuple[Evidence, ...]]


def _scored(book: Book, weights: Weights, case: _Case, ref: Ref, certain: bool, record: str) -> _Scored:
    """The odds that it is this person rather than nobody known, and what they rest on."""
    known = book.person(ref)
    evidence: list[Evidence] = []
    people = max(book.size, 1)
    # Half of all callers are taken to be known, and each person as likely as any other: odds of 1 / people before anything agrees.
    odds = 1.0 / people
    if certain:
        odds *= _CERTAIN * people
        evidence.append(Evidence("record", "same", "", record))
    for name, (outcome, value, source) in _compared(book, case, ref, known).items():
        if name in case.shared:
            evidence.append(Evidence(name, "shared", value, source))
            continue
        evidence.append(Evidence(name, outcome, value, source))
        if name == "account":
            members = int(book.account(int(known["account"]))["people"] or 0) if outcome == "same" else 0
            odds *= weights.ratio(name, outcome, members, people)
        elif name == "name" and outcome == "same" and name not in case.counts:
            odds *= weights.ratio(name, "compatible", 0, people)
        else:
            odds *= weights.ratio(name, outcome, case.counts.get(name, 1), people)
    return odds, ref, known, str(known["person"]), tuple(evidence)


def _compared(book: Book, case: _Case, ref: Ref, known: Mapping[str, str]) -> dict[str, tuple[str, str, str]]:
    """For each field both sides know the best agreement: (level, the value known, the record that says so)."""
    asked = {
        "email": case.asked.mailbox,
        "phone": case.asked.phone,
        "national_id": case.asked.national_id,
        "handle": case.asked.handle,
        "name": " ".join(case.asked.name),
        "born": case.asked.born,
        "postcode": case.asked.postcode,
        "street": case.asked.street,
        "city": case.asked.city,
    }
    said = [
        (name, value, _PLACE[_COLUMN.get(name, name)], _PLACE[_SHOWN.get(name, name)]) for name, value in asked.items() if value
    ]
    found: dict[str, tuple[int, str, str]] = {}
    for contact in book.contacts(ref, known):
        for name, value, column, shown in said:
            other = contact[column]
            if not other:
                continue
            place = LEVELS[name].index(level(name, value, other))
            if name not in found or place < found[name][0]:
                record = f"{contact[_SOURCE]}#{contact[_KEY]}" if contact[_KEY] else ""
                found[name] = (place, contact[shown], record)
    compared = {name: (LEVELS[name][found[name][0]], *found[name][1:]) for name in asked if name in found}
    # The domain of an address that is theirs anyway says nothing more.
    by_domain = not case.asked.company
    if case.account is not None and known["account"] and not (by_domain and compared.get("email", ("",))[0] in ("same", "slip")):
        same = int(known["account"]) == case.account
        if same or not by_domain:
            compared["account"] = ("same" if same else "other", book.account(int(known["account"]))["name"], "")
    return compared


def _candidate(book: Book, ref: Ref, known: Mapping[str, str], confidence: float, evidence: Sequence[Evidence]) -> Candidate:
    return Candidate(
        known["person"],
        known["name"],
        known["email"],
        known["phone"],
        known["role"],
        round(confidence, 4),
        tuple(evidence),
        _account(book, int(known["account"])) if known["account"] else None,
        History({}) if known["left_out"] == "true" else _history(book, known),
        int(known["records"] or 0),
        isinstance(ref, str),
        known["analysis"],
        known["contact"],
        known["left_out"] == "true",
    )


def _account(book: Book, number: int) -> Account:
    row = book.account(number)
    return Account(row["account"], row["name"], row["city"], int(row["people"] or 0), _history(book, row))


def _history(book: Book, row: Mapping[str, str]) -> History:
    meta = book.index.meta
    return History({name: row[name] for name in FACTS}, meta["zone"], meta["currency"])
