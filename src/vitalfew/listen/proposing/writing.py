"""The proposal as the text of company.toml: each line with how sure and why, and what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from vitalfew.listen.proposing.finding import LeftOut
from vitalfew.listen.proposing.lines import Line, bare, plain, string, value
from vitalfew.listen.proposing.proposals import UNSURE, Draft
from vitalfew.listen.proposing.questions import Guess, outcome_of
from vitalfew.settings import slug

_LONGEST = 60
_GROUPS = 20

_HEAD = """\
# Proposed by `vitalfew init` from the exports it found. It runs as it is; correct what is wrong and run `vitalfew check`.
# The number after each line is how sure the proposal is, 0 to 1, and then why.
# A line that begins with ASK is a question to you; the commented line below it is the other answer, ready to use."""


@dataclass(frozen=True)
class Opening:
    """What is known of the company.

    `clocked` is how many columns of times say no zone; `as_of` is the day the newest export was written, where none holds a date of
    its own (a run must know the day).
    """

    name: str
    currency: str
    zone: str
    clocked: int
    as_of: date | None = None


@dataclass(frozen=True)
class Asked:
    """A question under its name in the file."""

    name: str
    guess: Guess


def written(opening: Opening, drafts: Sequence[Draft], left_out: Sequence[LeftOut]) -> str:
    """The whole file."""
    out = [_HEAD, "", *_company(opening)]
    out += [f"# Left out: {plain(left.file)}: {plain(left.reason)}" for left in left_out]
    names = Names()
    for each in drafts:
        out += ["", *_source(each, names)]
    out += _long_questions(drafts)
    out += _groups(drafts)
    out += _promise(drafts)
    return "\n".join(out) + "\n"


def _company(opening: Opening) -> list[str]:
    name = Line("name", string(opening.name), 0.4, "the folder's name", "what is the company called?")
    if opening.currency:
        money = Line("currency", string(opening.currency), 0.9, "stands in the exports")
    else:
        money = Line("currency", '"EUR"', 0.3, "no export says", "which currency is the money in?", ('currency = "USD"',))
    lines = [name, money]
    if opening.zone:
        lines.append(Line("time_zone", string(opening.zone), 0.9, "stands in the third header row of an export"))
    elif opening.clocked:
        ask = f"in which time zone are times that say none ({opening.clocked} column{'s' if opening.clocked > 1 else ''})?"
        lines.append(Line("time_zone", '"UTC"', 0.3, "no export says", ask, ('time_zone = "Europe/Paris"',)))
    else:
        lines.append(Line("time_zone", '"UTC"', 0.9, "every time says its offset, or there are only days"))
    if opening.as_of is not None:
        ask = "for which day is the strategy made? No export has a date that says"
        lines.append(Line("as_of", opening.as_of.isoformat(), 0.3, "the day the newest of the files was written", ask))
    return ["[company]", *(text for line in lines for text in line.written()), ""]


def _source(each: Draft, names: Names) -> list[str]:
    profile = each.profile
    out = [f"# {each.name}: {profile.seen}, {len(profile.columns)} columns, read as {profile.encoding}"]
    if profile.refused:
        out.append(f"# {profile.refused:,} malformed rows will be in the quarantine, the first because: {plain(profile.reason)}")
    out += [f"# Not usable: {plain(why)}" for why in dict.fromkeys(profile.unusable.values())]
    out += ["[[source]]", f"name = {string(each.name)}"]
    ask = (
        f"is this {each.table} or {each.rival}?"
        if each.rival
        else "is this what the file holds?"
        if each.confidence < UNSURE
        else ""
    )
    others = (f"table = {string(each.rival)}   # its columns must then be named anew",) if each.rival else ()
    out += Line("table", string(each.table), each.confidence, each.reason, ask, others).written()
    out.append(f"path = {value(each.files.paths[0] if len(each.files.paths) == 1 else each.files.paths)}")
    form = profile.form
    if form.sheet is not None:
        out += Line("sheet", string(form.sheet), 0.9, form.reason).written()
    if form.skip:
        out += Line("skip", str(form.skip), 0.85, form.reason).written()
    if form.header_rows > 1:
        out += Line("header_rows", str(form.header_rows), 0.97, form.reason).written()
    out.append("[source.columns]")
    for line in each.columns:
        out += line.written()
    out += [f"# {plain(note)}" for note in each.notes]
    if each.segments:
        out.append("[source.segments]")
        for key in dict.fromkeys(line.key for line in each.segments):
            out += next(line for line in each.segments if line.key == key).written()
    if each.survey is not None and each.long is None:
        out += _questions(each, names)
    return out


class Names:
    """Names of questions: one name is one question, so it is of one kind and scale in every survey."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, ...]] = {}

    def give(self, source: str, guesses: Sequence[Guess]) -> list[Asked]:
        """A name for each question of a survey, new where one of that name is of another kind."""
        made: list[Asked] = []
        here: set[str] = set()
        for guess in guesses:
            shape = (guess.kind, guess.scale)
            plain_name = _short(slug(guess.column).replace("-", "_"))
            name, number = plain_name, 2
            while name in here or self._known.get(name, shape) != shape:
                name = f"{plain_name}_{slug(source).replace('-', '_')}" if number == 2 else f"{plain_name}_{number}"
                number += 1
            here.add(name)
            self._known[name] = shape
            made.append(Asked(name, guess))
        return made


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[:_LONGEST].rpartition("_")[0] or name[:_LONGEST]


def _questions(each: Draft, names: Names) -> list[str]:
    survey = each.survey
    if survey is None:
        return []
    outcome, sure, why, rivals = outcome_of(survey.questions)
    out = ["[source.questions]"]
    asked = names.give(each.name, survey.questions)
    for one in asked:
        guess = one.guess
        is_outcome = guess is outcome
        settings = settings_of(guess, is_outcome, outcome is not None)
        reason = f"{guess.reason}; the outcome: {why}" if is_outcome else guess.reason
        others = (f"{bare(one.name)} = {value({**settings, **_changed(guess)})}",) if guess.other else ()
        confidence = min(guess.confidence, sure) if is_outcome else guess.confidence
        out += Line(bare(one.name), value(settings), confidence, reason, guess.ask, others).written()
        if is_outcome and (rivals or sure < UNSURE):
            listed = [other.name for other in asked if other.guess in rivals]
            out.append(f"# ASK: is {one.name} the outcome that the others drive? If not, move outcome = true to the right one")
            for other in asked:
                if other.name in listed:
                    out.append(f"# {bare(other.name)} = {value(settings_of(other.guess, True, True))}")
    for name, reason in survey.unread.items():
        out.append(f"# {plain(name)}: not read, {plain(reason)}")
    return out


def _long_questions(drafts: Sequence[Draft]) -> list[str]:
    """The questions of long surveys, each by the value of the question column; the first of a name stands for all."""
    out: list[str] = []
    seen: set[str] = set()
    for each in drafts:
        if each.long is None or each.survey is None:
            continue
        outcome, sure, why, rivals = outcome_of(each.survey.questions)
        out += ["", f"# The questions of {each.name}, as its column of questions calls them."]
        for guess in each.survey.questions:
            if guess.column in seen:
                continue
            seen.add(guess.column)
            is_outcome = guess is outcome
            settings = settings_of(guess, is_outcome, outcome is not None)
            settings.pop("column")
            confidence = min(guess.confidence, sure) if is_outcome else guess.confidence
            reason = f"{guess.reason}; the outcome: {why}" if is_outcome else guess.reason
            out += ["[[question]]", f"name = {string(guess.column)}   # {confidence:.2f}: {plain(reason)}"]
            out += [f"{bare(key)} = {value(given)}" for key, given in settings.items()]
            if guess.ask:
                out.append(f"# ASK: {plain(guess.ask)}")
                out += [f"# {bare(key)} = {value(given)}" for key, given in _changed(guess).items()]
            if is_outcome and (rivals or sure < UNSURE):
                out.append("# ASK: is this the outcome that the others drive? If not, move outcome = true to the right question")
        out += [f"# {plain(name)}: not read, {plain(reason)}" for name, reason in each.survey.unread.items()]
    return out


def _changed(guess: Guess) -> Mapping[str, object]:
    return guess.other or {}


def settings_of(guess: Guess, is_outcome: bool, has_outcome: bool) -> dict[str, object]:
    """A question's settings, as company.toml says them."""
    origin: dict[str, object] = {"sql": guess.sql} if guess.sql else {"columns": list(guess.columns)}
    made: dict[str, object] = {**(origin if guess.sql or guess.columns else {"column": guess.column}), "kind": guess.kind}
    if guess.scale is not None:
        made["scale"] = list(guess.scale)
    if guess.blank:
        made["blank"] = list(guess.blank)
    if guess.labels:
        made["labels"] = dict(guess.labels)
    if guess.yes:
        made["yes"] = list(guess.yes)
    if is_outcome:
        made["outcome"] = True
    label = plain(guess.label)
    if guess.kind == "rating" and has_outcome and not is_outcome:
        made["driver"] = _driver(label or guess.column)
    if label:
        made["label"] = label if len(label) <= 160 else label[:157] + "..."
    return made


def _driver(label: str) -> str:
    """A question's wording as the name of a driver."""
    tail = label.rpartition(" - ")[2] if " - " in label else label.rpartition(" / ")[2] if " / " in label else label
    return tail if len(tail) <= _LONGEST else tail[: _LONGEST - 3].rpartition(" ")[0] + "..."


def _groups(drafts: Sequence[Draft]) -> list[str]:
    """Work groups named in tickets and lists of employees."""
    found: dict[str, tuple[str, str]] = {}
    for each in drafts:
        filled = each.fit.of("group")
        column = each.profile.column(filled.column) if filled and each.table in ("interactions", "employees") else None
        if column is None or column.kind != "word" or column.distinct > _GROUPS:
            continue
        for name in sorted(column.values):
            found.setdefault(slug(name), (name, f"stands in {column.name!r} of {each.name}"))
    if not found:
        return []
    out = ["", "# Work groups, as the exports name them: say who leads them, what an hour costs, what they own."]
    for name, reason in found.values():
        out += ["[[group]]", f"name = {string(name)}   # 0.75: {plain(reason)}"]
    return out


def _promise(drafts: Sequence[Draft]) -> list[str]:
    """Orders that say when they were promised and when they came make a promise that can be measured."""
    for each in drafts:
        active = {line.key for line in each.columns if line.active}
        if each.table == "orders" and {"promised_at", "delivered_at"} <= active:
            late = next((line for line in each.columns if line.key == "promised_at"), None)
            sure = late.confidence if late else 0.0
            return [
                "",
                "[[promise]]",
                f'name = "On time"   # {sure:.2f}: {each.name} says when orders were promised and when they came',
                'table = "orders"',
                'kept_when = "delivered_at <= promised_at"',
                "# ASK: which share of orders must come on time?",
                "# standard = 0.95",
            ]
    return []
