"""What a lookup answers: a person or candidates, the account, how sure it is, on which evidence, and their history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

Outcome = Literal["found", "doubtful", "account", "nobody"]
LINES = ("contact", "case", "answer", "orders", "complaint")
"""The five lines of a history, in order."""


@dataclass(frozen=True)
class Evidence:
    """One field compared: how it agrees (see `comparing.LEVELS`), the value known, and the record that says so, as source#key."""

    field: str
    agreement: str
    value: str
    record: str


@dataclass(frozen=True)
class History:
    """What happened with a person or an account: facts as `facts.FACTS` names them, '' where there is none.

    Times are UTC; `lines` tells them in the zone of the company.
    """

    facts: Mapping[str, str]
    zone: str = "UTC"
    currency: str = ""

    def moment(self, name: str) -> datetime | None:
        """A time of the facts, in the zone of the company."""
        text = self.facts.get(name, "")
        return datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)) if text else None

    def number(self, name: str) -> float | None:
        """A number of the facts."""
        text = self.facts.get(name, "")
        return float(text) if text else None

    def lines(self) -> list[str]:
        """The history in five lines: last contact, open case, last answer, orders, complaints; none when the reader may not know.

        >>> History({"orders": "2", "revenue": "120.50", "order_at": "2026-03-28 23:30:00"}, "Europe/Paris", "EUR").lines()[3]
        '2 orders for EUR 120.50, the last on 2026-03-29'
        """
        if not self.facts:
            return []
        said = self.facts.get
        first = self._dated("Last contact {when}", "contact_at", [said("contact_channel", ""), said("contact_text", "")])
        case = self._dated(f"Open case {said('case', '')} of {{when}}", "case_at", [said("case_text", "")])
        score = self.number("answer_score")
        answer = self._dated("Last answer {when}", "answer_at", ["" if score is None else f"{score:g}", said("answer_text", "")])
        return [
            first or "No contact known",
            case or "No open case",
            answer or "No answer known",
            self._orders() or "No orders",
            self._complaints() or "No complaints known",
        ]

    def _dated(self, text: str, name: str, rest: Sequence[str]) -> str:
        when = self.moment(name)
        if when is None:
            return ""
        told = ", ".join(each for each in rest if each)
        return text.format(when=when.date().isoformat()) + (f": {told}" if told else "")

    def _orders(self) -> str:
        count = int(self.number("orders") or 0)
        if not count:
            return ""
        amount = self.number("revenue")
        money = "" if amount is None else f" for {self.currency} {amount:,.2f}"
        last = self.moment("order_at")
        return f"{count} order{'s' if count > 1 else ''}{money}" + (f", the last on {last.date().isoformat()}" if last else "")

    def _complaints(self) -> str:
        said = [
            f"{self.facts[name]} ({int(float(self.facts[f'{name}_n']))})"
            for name in ("complaint", "complaint_second")
            if self.facts.get(name)
        ]
        return f"Complained about: {', '.join(said)}" if said else ""


@dataclass(frozen=True)
class Account:
    """A customer company."""

    account: str
    name: str
    city: str
    people: int
    history: History


@dataclass(frozen=True)
class Candidate:
    """One person it may be: `confidence` is the probability that it is this one, given what was said."""

    person: str
    name: str
    email: str
    phone: str
    role: str
    confidence: float
    evidence: tuple[Evidence, ...]
    account: Account | None
    history: History
    records: int
    remembered: bool = False
    """Whether the person is known only from what was remembered since the last run."""
    analysis: str = ""
    """What they said to analysis: given, refused, withdrawn, or not given where the company asks for it; '' when nothing."""
    contact: str = ""
    """What they said to being contacted: the same."""
    left_out: bool = False
    """Whether their records are left out of the analysis: then there is no history."""

    def consent(self) -> str:
        """What must be kept to, in a line; '' when nobody said anything.

        >>> Candidate("person:1", "Ann", "", "", "", 0.9, (), None, History({}), 1, contact="withdrawn", left_out=True).consent()
        'no analysis; contact not allowed: withdrawn'
        """
        told = ["no analysis" + (f": {self.analysis}" if self.analysis else "")] if self.left_out else []
        told += ["analysis allowed: given"] if self.analysis == "given" else []
        if self.contact:
            told.append(f"contact {'' if self.contact == 'given' else 'not '}allowed: {self.contact}")
        return "; ".join(told)


@dataclass(frozen=True)
class Answer:
    """The answer to one lookup.

    - `found`: `candidates[0]` is the person, with confidence .9 or more;
    - `doubtful`: it could be one of `candidates`, the likeliest first;
    - `account`: nobody in particular, but the account is known (a shared mailbox, a switchboard, a company's domain);
    - `nobody`: nothing is known.

    `notes` say what was special: a shared value, a field that could not be read.
    """

    outcome: Outcome
    candidates: tuple[Candidate, ...] = ()
    account: Account | None = None
    notes: tuple[str, ...] = ()
    basis: str = ""
    """Where the confidence comes from."""
    took_ms: float = field(default=0.0, compare=False)

    @property
    def person(self) -> str | None:
        """The id of the person found; None when it is in doubt or nobody."""
        return self.candidates[0].person if self.outcome == "found" else None

    @property
    def confidence(self) -> float:
        """How sure the first candidate is; 0 without one."""
        return self.candidates[0].confidence if self.candidates else 0.0

    def told(self) -> dict[str, Any]:
        """The answer as plain values, for JSON: histories as their facts and as five lines."""
        return {
            "outcome": self.outcome,
            "person": self.person,
            "confidence": self.confidence,
            "account": _account(self.account),
            "candidates": [
                {
                    **{name: getattr(each, name) for name in ("person", "name", "email", "phone", "role", "confidence", "records")},
                    "remembered": each.remembered,
                    "consent": {"analysis": each.analysis, "contact": each.contact, "left_out": each.left_out},
                    "account": _account(each.account),
                    "evidence": [asdict(one) for one in each.evidence],
                    "history": each.history.lines(),
                    "facts": {name: value for name, value in each.history.facts.items() if value},
                }
                for each in self.candidates
            ],
            "notes": list(self.notes),
            "basis": self.basis,
        }

    def lines(self) -> list[str]:
        """The answer as lines of text."""
        found: list[str] = []
        if self.outcome == "found":
            found += _told(self.candidates[0])
        elif self.outcome == "doubtful":
            found.append("Could be one of:" if len(self.candidates) > 1 else "Could be:")
            for each in self.candidates:
                found += ["", *_told(each)]
        elif self.account is not None:
            found += [f"Nobody in particular; the account is {self.account.name} ({self.account.account})", ""]
            found += [f"  {line}" for line in self.account.history.lines()]
        else:
            found.append("Nobody known.")
        found += ["", *(f"Note: {note}" for note in self.notes)] if self.notes else []
        return [*found, "", f"Confidence: {self.basis}"] if self.candidates else found


def _account(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    told = {name: getattr(account, name) for name in ("account", "name", "city", "people")}
    return {**told, "history": account.history.lines()}


_WORDS = {
    "email": "e-mail",
    "national_id": "national id",
    "slip": "one slip apart",
    "local": "same before the @",
    "compatible": "may be one name",
    "related": "same family name",
    "renamed": "same given name",
}


def _told(each: Candidate) -> list[str]:
    """A candidate as lines: who, how sure, why, and the history."""
    who = [each.name or each.person, each.role, each.account.name if each.account else ""]
    lines = [f"{', '.join(part for part in who if part)}  ({each.confidence:.1%} sure)"]
    lines.append(f"  {each.person}" + (f", {each.account.account}" if each.account else ""))
    lines.append("  " + ", ".join(part for part in (each.email, each.phone, f"{each.records} records") if part))
    lines += [f"  {each.consent()}"] if each.consent() else []
    for one in each.evidence:
        known = f" {one.value}" if one.value else ""
        record = f", {one.record}" if one.record else ""
        lines.append(f"  {_WORDS.get(one.field, one.field)}: {_WORDS.get(one.agreement, one.agreement)}{known}{record}")
    return [*lines, *(f"  - {line}" for line in each.history.lines())]
