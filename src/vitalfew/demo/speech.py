"""What customers say: sentences put together from the fragments of phrases.txt and talk.txt, the way people write in a hurry.

Each remark is made from a row of uniform numbers, so it depends on nothing but its row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vitalfew.demo.catalogue import catalogue, sections

ROW = 40
"""Uniform numbers a remark is made from."""
_SLOT = re.compile(r"\{(\w+)\}(?=(\w?))")
_ARTICLE = re.compile(r"\b(an?) (?=\{product\})", re.IGNORECASE)
_DAYS = (
    *("two days", "3 days", "four days", "5 days", "six days", "a week", "over a week", "nine days", "10 days", "12 days"),
    *("two weeks", "almost two weeks", "three weeks", "8 working days", "five working days", "a whole week", "14 days"),
)
_NUMBERS = ("two", "3", "three", "4", "four", "5", "five", "six")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    *("December", "Sept", "Oct", "Nov", "Feb"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Mon", "Thurs")
_EUROS = ("340 euros", "€1,200", "EUR 95", "€86.50", "2.300 €", "about 600 euro", "€419", "1,150 euros", "75 €", "£280")
_BRITISH = {
    "catalogue": "catalog",
    "colour": "color",
    "centre": "center",
    "licence": "license",
    "licences": "licenses",
    "organised": "organized",
    "autumn": "fall",
    "neighbouring": "neighboring",
    "analyser": "analyzer",
}
_SPOKEN = {
    "because": "cause",
    "please": "pls",
    "and": "&",
    "you": "u",
    "without": "w/o",
    "information": "info",
    "department": "dept",
}


@dataclass(frozen=True)
class Speaker:
    """Who speaks: names, address and phone that may slip into the words, the country's code, and names of the seller's people."""

    me: str
    us: str
    email: str
    phone: str
    country: str
    known: Sequence[str]


class Dice:
    """A row of uniform numbers, taken one after the other."""

    def __init__(self, row: Sequence[float]) -> None:
        self._row = row
        self._at = 0

    def roll(self) -> float:
        """The next number, 0 to 1; when the row is used up, its digits further down."""
        at = self._at
        self._at = at + 1
        turn, place = divmod(at, len(self._row))
        return self._row[place] if turn == 0 else (self._row[place] * 997.0 * turn) % 1.0

    def pick(self, options: Sequence[str]) -> str:
        """One of the options."""
        return options[int(self.roll() * len(options))]

    def chance(self, share: float) -> bool:
        """True in `share` of rolls."""
        return self.roll() < share


class Voice:
    """Makes remarks: complaints about an issue in a survey or a ticket, praise, remarks that say nothing, requests."""

    def __init__(self) -> None:
        phrases = sections("phrases.txt")
        self._talk = sections("talk.txt")
        self._phrases: list[dict[str, list[str]]] = []
        for issue in catalogue().issues:
            kinds: dict[str, list[str]] = {}
            for line in phrases[issue.key]:
                kind, _, fragment = line.partition(" ")
                kinds.setdefault(kind, []).append(fragment)
            self._phrases.append(kinds)

    def fragments(self, issue: int) -> dict[str, list[str]]:
        """The fragments of an issue by kind."""
        return self._phrases[issue]

    def complaint(self, issues: Sequence[int], who: Speaker, row: Sequence[float]) -> str:
        """An answer to 'the one thing we should do better', about the first issue and perhaps a second."""
        dice = Dice(row)
        foreign = self._foreign(issues[0], who, dice, 0.09)
        if foreign:
            return foreign
        said = self._told(issues[0], who, dice)
        for second in issues[1:2]:
            link = dice.pick(("Also ", "And ", "Plus: ", "Second: ", "Besides, ", "Oh, and ", "+ "))
            said = _joined([said, link + self._say(second, dice.pick(("s", "k", "s", "w")), who, dice)], dice, ". ")
        return _typed(said, dice)

    def ticket(self, issue: int, who: Speaker, row: Sequence[float]) -> str:
        """A message to the helpdesk about an issue."""
        dice = Dice(row)
        foreign = self._foreign(issue, who, dice, 0.08)
        if foreign:
            return foreign
        form = dice.roll()
        parts = [self._say(issue, "s", who, dice)]
        if form < 0.3:
            parts.append(self._say(issue, "d", who, dice))
        elif form < 0.45:
            parts = [self._say(issue, "d", who, dice), *parts]
        elif form < 0.65:
            parts.append(self._say(issue, "c", who, dice))
        elif form < 0.75:
            parts += [self._say(issue, "d", who, dice), self._say(issue, "c", who, dice)]
        elif form < 0.87:
            parts.append(self._say(issue, "w", who, dice))
        body = _joined(parts, dice)
        return _typed(self._dressed(body, who, dice), dice)

    def request(self, group: str, who: Speaker, row: Sequence[float]) -> str:
        """A harmless request to a group."""
        dice = Dice(row)
        return _typed(self._dressed(_filled(dice.pick(self._talk[group]), who, dice), who, dice), dice)

    def remark(self, who: Speaker, row: Sequence[float]) -> tuple[str, str]:
        """An answer of somebody who names no trouble, and whether it is praise or other."""
        dice = Dice(row)
        kind = dice.roll()
        section = "praise" if kind < 0.56 else "vague" if kind < 0.8 else "offtopic"
        said = _filled(dice.pick(self._talk[section]), who, dice)
        if section == "praise" and dice.chance(0.25):
            said = _joined([said, _filled(dice.pick(self._talk["praise"]), who, dice)], dice, ". ")
        return _typed(said, dice), "praise" if section == "praise" else "other"

    def _dressed(self, body: str, who: Speaker, dice: Dice) -> str:
        """A message with its greeting and its end."""
        if dice.chance(0.4):
            opener = _filled(dice.pick(self._talk["ticket_opener"]), who, dice)
            body = opener + dice.pick((" ", " ", "\n", "\n\n")) + _upper(body)
        if dice.chance(0.45):
            body = _ended(body) + dice.pick((" ", " ", "\n")) + _filled(dice.pick(self._talk["ticket_closer"]), who, dice)
        return body

    def _told(self, issue: int, who: Speaker, dice: Dice) -> str:
        """The complaint itself, in one of the ways people answer a survey."""
        form = dice.roll()
        say = self._say
        for kind, upto in (("k", 0.08), ("w", 0.17), ("s", 0.3)):
            if form < upto:
                return say(issue, kind, who, dice)
        kinds = _FORMS[int((form - 0.3) / 0.7 * len(_FORMS))]
        parts: list[str] = []
        for kind in kinds:
            if kind in ("opener", "mood", "closer"):
                parts.append(_filled(dice.pick(self._talk[kind]), who, dice))
            else:
                said = say(issue, kind, who, dice)
                while said in parts:
                    said = say(issue, kind, who, dice)
                parts.append(said)
        if kinds[0] == "opener":
            first = parts[1] if parts[0].endswith(":") and dice.chance(0.5) else _lower(parts[1])
            parts = [f"{parts[0]} {first}", *parts[2:]]
        if kinds[-1] == "closer":
            return _joined([_joined(parts[:-1], dice), parts[-1]], dice, ". ")
        return _joined(parts, dice)

    def _say(self, issue: int, kind: str, who: Speaker, dice: Dice) -> str:
        kinds = self._phrases[issue]
        text = dice.pick(kinds[kind])
        if "{product}" in text:
            product = dice.pick(kinds.get("p", ["order"]))
            text = _ARTICLE.sub(lambda found: "an " if product[0] in "aeioAEIO" else "a ", text).replace("{product}", product)
        return _filled(text, who, dice)

    def _foreign(self, issue: int, who: Speaker, dice: Dice, share: float) -> str:
        """German or French words now and then, where people speak it."""
        language = {"DE": "g", "FR": "f"}.get(who.country)
        if language is None or not dice.chance(share):
            return ""
        said = _filled(dice.pick(self._phrases[issue][language]), who, dice)
        if dice.chance(0.4):
            other = _filled(dice.pick(self._phrases[issue][language]), who, dice)
            said = said if other == said else f"{said} {other}"
        return said.lower() if dice.chance(0.15) else said


_FORMS: tuple[tuple[str, ...], ...] = (
    *(("s", "c"), ("s", "c"), ("s", "d"), ("s", "d"), ("d", "c"), ("opener", "s"), ("opener", "s", "c"), ("opener", "k")),
    *(("k", "w"), ("k", "d"), ("w", "d"), ("w", "c"), ("w", "mood"), ("s", "mood"), ("s", "w"), ("s", "closer"), ("k", "c")),
    *(("s", "d", "c"), ("opener", "s", "d", "w"), ("s", "c", "mood"), ("s", "s"), ("opener", "w"), ("s", "d", "c", "closer")),
    *(("d", "mood"), ("k", "closer")),
)


def _filled(text: str, who: Speaker, dice: Dice) -> str:
    if "{" not in text:
        return text

    def value(found: re.Match[str]) -> str:
        slot, follows = found.group(1), found.group(2)
        if slot == "n":
            return str(2 + int(dice.roll() * 5)) if follows.isdigit() else dice.pick(_NUMBERS)
        if slot == "order":
            return f"{'SO-' if dice.chance(0.5) else ''}{100000 + int(dice.roll() * 800000)}"
        if slot == "person":
            return dice.pick(who.known)
        lists = {"days": _DAYS, "month": _MONTHS, "weekday": _WEEKDAYS, "euro": _EUROS}
        if slot in lists:
            return dice.pick(lists[slot])
        return {"me": who.me, "us": who.us, "email": who.email, "phone": who.phone}[slot]

    return _SLOT.sub(value, text)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text if text[:2] in ("I ", "I'") or text[:2].isupper() else text[:1].lower() + text[1:]


def _ended(text: str) -> str:
    return text if text[-1:] in ".!?)" else text + "."


def _joined(parts: Sequence[str], dice: Dice, link: str = "") -> str:
    """Parts in a row, joined as people do: full stops mostly, commas, dashes, dots, line breaks."""
    text = parts[0]
    for part in parts[1:]:
        roll = dice.roll()
        joint = link or (
            ". " if roll < 0.62 else ", " if roll < 0.76 else " - " if roll < 0.86 else "... " if roll < 0.93 else "; "
        )
        text = f"{_ended(text)} {_upper(part)}" if joint == ". " else text.rstrip(".") + joint + _lower(part)
    return text


def _typed(text: str, dice: Dice) -> str:
    """The text as fingers leave it: capitals, full stops, slips of the keyboard, habits of spelling."""
    style = dice.roll()
    if style < 0.72:
        text = _upper(text)
    elif style < 0.9:
        text = text.lower() if dice.chance(0.5) else text
    elif style < 0.92:
        text = text.upper() if len(text) < 60 else text
    if dice.chance(0.55):
        text = _ended(text)
    elif dice.chance(0.12):
        text = text.rstrip(".") + "!!"
    if dice.chance(0.12):
        text = text.replace("'", "")
    if dice.chance(0.25):
        text = " ".join(_BRITISH.get(word, word) for word in text.split(" "))
    if dice.chance(0.06):
        text = " ".join(_SPOKEN.get(word, word) for word in text.split(" "))
    slips = 1 if dice.chance(0.16) else 2 if dice.chance(0.05) else 0
    for _ in range(slips):
        text = _slip(text, dice)
    return text


def _slip(text: str, dice: Dice) -> str:
    """One slip: two letters swapped, one dropped or doubled, a space lost, in a word of five letters or more."""
    long = list(re.finditer(r"[A-Za-z]{5,}", text))
    if not long:
        return text
    word = long[int(dice.roll() * len(long))]
    at = word.start() + 1 + int(dice.roll() * (len(word.group()) - 2))
    kind = dice.roll()
    if kind < 0.4:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind < 0.75:
        return text[:at] + text[at + 1 :]
    if kind < 0.95:
        return text[:at] + text[at] + text[at:]
    return text[: word.end()] + text[word.end() :].lstrip(" ")
