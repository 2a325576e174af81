"""One source proposed: its table, its columns, its questions, each as a line with its confidence and reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from vitalfew.listen.consent import ANALYSIS, CONTACT, STATES
from vitalfew.listen.proposing import long_surveys, questions
from vitalfew.listen.proposing.columns import Column, words_of
from vitalfew.listen.proposing.finding import Together
from vitalfew.listen.proposing.keys import Keys, Reference, refers, together, unnamed
from vitalfew.listen.proposing.layouts import SURE, Layout, found_in, recognised, zone_of
from vitalfew.listen.proposing.lines import Line, identifier, string, value
from vitalfew.listen.proposing.profile import Profile
from vitalfew.listen.proposing.roles import ENOUGH, Filled, Fit, excel, file_words, fit, lexicon
from vitalfew.listen.rules import KEYS
from vitalfew.settings import slug
from vitalfew.vocabulary import IDENTITY_COLUMNS, TABLES

UNSURE = 0.7
"""Below this confidence a proposal is asked about."""
_REFERS = {"person": "people", "account": "accounts", "parent": "accounts", "order": "orders"}
_CUTS = ("sector", "country", "city", "state", "region", "segment", "product", "status", "type", "class", "tier")
_FIRST = frozenset(
    ("first name", "firstname", "given name", "vorname", "prenom", "nombre", "nome", "primer nombre", "primeiro nome")
)
_LAST = frozenset(
    (
        *("last name", "lastname", "surname", "family name", "nachname", "familienname", "nom", "nom de famille"),
        *("apellido", "apellidos", "sobrenome", "ultimo nome", "apelido"),
    )
)


@dataclass
class Draft:
    """A source while it is being proposed: `fit` says its table; `lines` and `segments` fill as its columns are understood."""

    name: str
    files: Together
    profile: Profile
    fit: Fit
    confidence: float
    reason: str
    layout: Layout | None
    rival: str = ""
    columns: list[Line] = field(default_factory=list)
    segments: list[Line] = field(default_factory=list)
    survey: questions.Read | None = None
    notes: list[str] = field(default_factory=list)
    long: long_surveys.Long | None = None

    @property
    def table(self) -> str:
        """The vocabulary table."""
        return self.fit.table

    @property
    def key(self) -> Filled | None:
        """What fills the record's own id."""
        return self.fit.of(key_of(self.table))

    @property
    def zone(self) -> str:
        """The time zone the file states, '' when it states none."""
        return zone_of(self.profile.headers)


def key_of(table: str) -> str:
    """The name in [source.columns] of a table's own key."""
    return {"interactions": "id", "competitors": "id"}.get(table) or KEYS.get(table, ("id",))[0]


def draft(name: str, files: Together, profile: Profile) -> Draft | str:
    """A source, or why the file is no table of the vocabulary."""
    columns = profile.columns
    if len(columns) < 2:
        return "it has one column only: no table, or the delimiter was not found"
    layout = recognised([column.name for column in columns])
    long = long_surveys.recognised(profile) if layout is None else None
    if long is not None:
        return _long(name, files, profile, long)
    if layout is not None:
        held = found_in(layout, [column.name for column in columns])
        filled = tuple(
            Filled(role, names[0], SURE, f"the layout of {layout.name}") for role, names in held.items() if len(names) == 1
        )
        reason = (
            f"the headers are those of a {layout.name}" if "survey" in layout.name else f"the headers are those of {layout.name}"
        )
        return Draft(name, files, profile, Fit(layout.table, 9.0, filled), SURE, reason, layout)
    fits = sorted((_weighed(profile, table.table) for table in lexicon()), key=lambda each: -each.weight)
    best, second = fits[0], fits[1]
    if best.weight < ENOUGH:
        held_by = f", which might be {best.table}" if best.weight > ENOUGH / 2 else ""
        return f"no table of the vocabulary fits its {len(columns)} columns{held_by}"
    ahead = (best.weight - second.weight) / best.weight
    sure = round(min(0.97, 0.55 + 0.6 * ahead) * (1.0 if best.weight >= 4 else 0.85), 2)
    said = ", ".join(each.role for each in best.filled[:5]) or "answers on scales"
    rival = second.table if second.weight >= ENOUGH and sure < UNSURE else ""
    return Draft(
        name, files, profile, best, sure, f"by its columns ({said}) and its name; the next best is {second.table}", None, rival
    )


def _long(name: str, files: Together, profile: Profile, long: long_surveys.Long) -> Draft:
    """A survey with one answer a row; its other columns are those of any survey."""
    words = next(each for each in lexicon() if each.table == "responses")
    taken = {each.role: each.column for each in long.filled}
    others = [column for column in profile.columns if column.name not in long.columns]
    rest = tuple(each for each in fit(profile, words, others, taken).filled if each.role not in taken)
    reason = f"{long.filled[0].reason}, {len(long.survey.questions)} questions"
    return Draft(name, files, profile, Fit("responses", 9.0, (*long.filled, *rest)), 0.92, reason, None, long=long)


def drafted_as(name: str, files: Together, profile: Profile, table: str = "", reason: str = "") -> Draft:
    """A source as the table somebody chose for it; without one as the likeliest, however unlikely, with the `reason` for that."""
    fits = [_weighed(profile, each.table) for each in lexicon() if not table or each.table == table]
    best = max(fits, key=lambda each: each.weight)
    layout = recognised([column.name for column in profile.columns])
    known = layout if layout is not None and layout.table == best.table else None
    return Draft(name, files, profile, best, 1.0 if table else 0.2, reason or "chosen by you", known)


def _weighed(profile: Profile, table: str) -> Fit:
    """The fit of a table, with what speaks against it or for a survey."""
    words = next(each for each in lexicon() if each.table == table)
    found = fit(profile, words, profile.columns)
    if table == "consents" and not _states(profile, found):
        return Fit(table, min(found.weight, ENOUGH / 2), found.filled)
    if table != "responses":
        key = found.of(key_of(table))
        if table == "order_lines" and (order := found.of("order")):
            column = profile.column(order.column)
            if column is not None and column.unique > 0.99:
                return Fit(table, found.weight / 2, found.filled)
            if not (found.of("product") or found.of("freight") or found.of("seller")):
                return Fit(table, min(found.weight, ENOUGH / 2), found.filled)
        if table in ("people", "accounts", "employees") and key is None and found.of("email") is None:
            return Fit(table, min(found.weight, ENOUGH / 2), found.filled)
        return found
    taken = {each.column for each in found.filled}
    survey = questions.read(profile, [column for column in profile.columns if column.name not in taken])
    scaled = [each for each in survey.questions if each.kind in ("nps", "rating")]
    texts = [each for each in survey.questions if each.kind == "text"]
    named = bool(words.file_words & set(file_words(profile)))
    telling = [each for each in scaled if questions.OVERALL.search(words_of(f"{each.column} {each.label}")) or each.kind == "nps"]
    someone = any(found.of(role) for role in ("response", "at", "person", "email", "order", "case"))
    # A survey may hold nothing but ratings; then nearly all of its columns are some.
    mostly = len(scaled) >= 8 and len(scaled) >= 0.6 * len(profile.columns)
    if not named and not mostly and not ((texts or telling or len(scaled) >= 3) and someone):
        return Fit(table, min(found.weight, ENOUGH / 2), found.filled)
    asked = 1.2 * min(len(scaled), 6) + (0.6 if texts and scaled else 0.0)
    return Fit(table, found.weight + asked if scaled else min(found.weight, ENOUGH / 2), found.filled)


def _states(profile: Profile, found: Fit) -> bool:
    """Whether the column of states says given, refused or withdrawn, in words a run understands."""
    state = found.of("state")
    column = profile.column(state.column) if state else None
    values = [each.strip().casefold() for each in column.values] if column else []
    return bool(values) and sum(each in STATES for each in values) >= 0.5 * len(values)


def understand(drafts: Sequence[Draft], known: Mapping[str, Sequence[Keys]] = MappingProxyType({})) -> None:
    """Fill every draft's lines: columns, cuts, questions. Keys are looked for in all of them, so all are given at once.

    `known` are, by table (people, accounts, orders), the keys of sources that are there already.
    """
    targets: dict[str, list[Keys]] = {name: list(known.get(name, ())) for name in ("people", "accounts", "orders")}
    for each in drafts:
        if each.table in targets and each.key is not None:
            column = each.profile.column(each.key.column)
            if column is not None:
                targets[each.table].append(Keys(each.name, column.name, column.values, each.profile.sampled / each.profile.rows))
    for each in drafts:
        _columns(each, targets)
        _names(each)
        taken = _taken(each)
        rest = [column for column in each.profile.columns if column.name not in taken and not _aside(each, column)]
        if each.long is not None:
            # Each cell of an answer is read; what else there is of few values tells responses apart.
            each.survey = each.long.survey
            each.segments = _cuts(each, rest)
        elif each.table == "responses":
            each.survey = questions.read(each.profile, rest)
            cuts = list(each.survey.segments.items())[:8]
            each.segments = [_cut(name, 0.7, f"{why}, by which answers can be shown") for name, why in cuts]
        else:
            each.segments = _cuts(each, rest)


def _taken(each: Draft) -> set[str]:
    held = {filled.column for filled in each.fit.filled}
    if each.layout is not None:
        held |= {name for names in found_in(each.layout, [c.name for c in each.profile.columns]).values() for name in names}
    return held | {name for line in each.columns for name in re.findall(r'column = "([^"]*)"', line.value)}


def _aside(each: Draft, column: Column) -> bool:
    """Whether a layout says a column is no question."""
    return bool(each.layout and each.layout.aside and re.fullmatch(each.layout.aside, column.name.strip().casefold()))


def _columns(each: Draft, targets: Mapping[str, Sequence[Keys]]) -> None:
    for filled in each.fit.filled:
        column = each.profile.column(filled.column)
        if column is not None:
            each.columns.append(_line(each, filled, column, targets))
    have = {filled.role for filled in each.fit.filled}
    if each.table not in ("competitors", "employees", "relations"):
        free = [column for column in each.profile.columns if column.name not in _taken(each)]
        for role in ("person", "account", "order"):
            table = _REFERS[role]
            allowed = role in TABLES[each.table].names and role not in have and each.table != table
            others = [keys for keys in targets[table] if keys.source != each.name]
            found = unnamed(free, others) if allowed and others else None
            if found:
                each.columns.append(_reference(role, found, 0.8, f"its values are keys of {found.source}"))
                free = [column for column in free if column.name != found.column]
    _own_key(each)
    if each.table == "deals":
        _decided(each)
    if each.table == "consents" and "purpose" not in have:
        ask = "what did they agree to? One list is of one purpose here; with contact, only being written to is refused"
        other = (f"purpose = {value({'value': ANALYSIS})}",)
        each.columns.append(Line("purpose", value({"value": CONTACT}), 0.4, "no column says what they agreed to", ask, other))
    if each.layout is not None:
        for role, text in each.layout.values.items():
            if role not in have:
                each.columns.append(Line(role, value({"value": text}), 0.8, "the same for every record of this kind of export"))


def _line(each: Draft, filled: Filled, column: Column, targets: Mapping[str, Sequence[Keys]]) -> Line:
    """The line of one column: its date form, its expression where text must be made a number, whose key it is."""
    role, reason = filled.role, filled.reason
    kind = TABLES[each.table].column(role).kind if role in TABLES[each.table].names else "text"
    if kind in ("time", "date"):
        return _time(each, filled, column)
    if kind in ("number", "whole") and column.kind == "money":
        made = {"sql": f"regexp_replace({identifier(column.name)}, '[^0-9.,-]', '', 'g')"}
        return Line(role, value(made), filled.confidence, f"{reason}; the sign of the currency is taken away")
    wanted = _REFERS.get(role) if role != key_of(each.table) else None
    if wanted and role != "parent":
        others = [keys for keys in targets[wanted] if keys.source != each.name]
        found = refers(column, others)
        if found:
            return _reference(
                role, found, filled.confidence, f"{reason}; {found.share:.0%} of its values are keys of {found.source}"
            )
        if len(others) > 1:
            ask = f"whose key is {column.name!r}? None of its values stand in {', '.join(keys.source for keys in others)}"
            return Line(role, value(column.name), 0.4, reason, ask, (), active=False)
    if each.table == "accounts" and role == "revenue":
        ask = f"is {column.name!r} the yearly revenue with you? The account's own revenue does not belong here"
        return Line(role, value(column.name), 0.4, reason, ask, (), active=False)
    if role == "person" and words_of(column.name) in ("customer", "client", "buyer") and not targets["people"]:
        ask = f"is {column.name!r} a person, or a company that buys?"
        return Line(role, value(column.name), 0.6, reason, ask, (f"account = {string(column.name)}   # instead of person",))
    ask = ""
    others_lines: tuple[str, ...] = ()
    if filled.confidence < UNSURE:
        ask = f"is {column.name!r} the {role} of {_thing(each.table)}?"
        ask += f" It may be {filled.other!r}" if filled.other else ""
        if filled.other:
            others_lines = (f"{role} = {string(filled.other)}",)
    return Line(role, value(column.name), filled.confidence, reason, ask, others_lines)


def _thing(table: str) -> str:
    return {"people": "a person", "responses": "a response"}.get(table, f"{TABLES[table].row}")


def _reference(role: str, found: Reference, sure: float, reason: str) -> Line:
    made = value({"column": found.column, "of": found.source})
    if found.rival:
        ask = f"are these keys of {found.source} or of {found.rival}? Both hold them"
        return Line(role, made, 0.55, reason, ask, (f"{role} = {value({'column': found.column, 'of': found.rival})}",))
    return Line(role, made, max(sure, 0.9 if found.share >= 0.9 else sure), reason)


def _time(each: Draft, filled: Filled, column: Column) -> Line:
    role, reason, name = filled.role, filled.reason, column.name
    layout = each.layout
    if excel(column):
        return Line(role, value({"column": name, "format": "excel"}), 0.85, f"{reason}; a spreadsheet's day numbers")
    if column.order == "format":
        forms = [form for form in column.formats if layout is None or not layout.formats or form in layout.formats] or list(
            column.formats
        )
        others = tuple(f"{role} = {value({'column': name, 'format': form})}" for form in forms[1:])
        ask = "day or month first? All its dates can be read both ways" if others else ""
        sure = 0.55 if others else filled.confidence
        return Line(role, value({"column": name, "format": forms[0]}), sure, f"{reason}, written {forms[0]}", ask, others)
    if layout is not None and layout.utc and column.clocked and not column.zoned:
        made = {"sql": f"{identifier(name)} || ' UTC'"}
        return Line(role, value(made), filled.confidence, f"{reason}; its times are in UTC")
    if column.order == "undecided":
        other = f"{role} = {value({'column': name, 'format': column.form(month_first=True)})}"
        ask = "day or month first? No date has a number beyond 12 that would tell; read as day/month"
        return Line(role, value(name), 0.5, reason, ask, (other,))
    day, month = column.beyond_twelve
    if column.order in ("day first", "month first"):
        reason += f"; {column.order}, told by {max(day, month):,} dates with a number beyond 12"
    ask = ""
    others = ()
    if filled.confidence < UNSURE:
        ask = f"is {name!r} when it was?" if role == "at" else f"is {name!r} {role}?"
        others = (f"{role} = {string(filled.other)}",) if filled.other else ()
    return Line(role, value(name), filled.confidence, reason, ask, others)


def _own_key(each: Draft) -> None:
    """A key of two columns where no column is one; a word on repeated keys."""
    role = key_of(each.table)
    profile, key = each.profile, each.key
    if each.long is not None or (each.table in ("people", "accounts", "employees") and key is None):
        return
    column = profile.column(key.column) if key else None
    if column is not None and column.unique >= 0.9999:
        return
    pair = together(profile, profile.columns, column.name if column else "") if each.table != "interactions" or column else None
    if pair:
        sql = f"{identifier(pair[0])} || '/' || {identifier(pair[1])}"
        reason = f"{pair[0]!r} and {pair[1]!r} together tell every row apart"
        others = (f"{role} = {string(column.name)}",) if column else ()
        ask = f"{column.filled - column.distinct:,} rows repeat {column.name!r}: are they records of their own?" if column else ""
        each.columns = [Line(role, value({"sql": sql}), 0.8 if not column else 0.65, reason, ask, others)] + [
            line for line in each.columns if line.key != role
        ]
    elif column is not None:
        each.notes.append(f"{column.filled - column.distinct:,} rows repeat {column.name!r}: those will be in the quarantine")
    else:
        each.notes.append("no column is a value of its own in every row: the line number serves as the record's id")


def _decided(each: Draft) -> None:
    """Won, lost or open, from the stage of a deal."""
    stage = next((filled for filled in each.fit.filled if filled.role in ("outcome", "stage")), None)
    column = each.profile.column(stage.column) if stage else None
    if column is None or any(line.key == "outcome" for line in each.columns):
        return
    words = " ".join(column.values).casefold()
    if "won" in words or "lost" in words:
        name = identifier(column.name)
        sql = f"case when lower({name}) like '%won%' then 'won' when lower({name}) like '%lost%' then 'lost' else 'open' end"
        each.columns.append(Line("outcome", value({"sql": sql}), 0.9, f"told by the words won and lost in {column.name!r}"))


def _names(each: Draft) -> None:
    """A full name of two columns, and the joined columns of a layout."""
    columns = each.profile.columns
    pairs: dict[str, tuple[str, str]] = {}
    if each.layout is not None:
        held = found_in(each.layout, [column.name for column in columns])
        pairs |= {role: (names[0], names[1]) for role, names in held.items() if len(names) == 2}
    first = next((column.name for column in columns if words_of(column.name) in _FIRST), "")
    last = next((column.name for column in columns if words_of(column.name) in _LAST), "")
    if not pairs and first and last and each.table not in ("competitors", "order_lines", "relations"):
        pairs["name"] = (first, last)
    for role, (one, two) in pairs.items():
        if role not in IDENTITY_COLUMNS:
            continue
        each.columns = [line for line in each.columns if line.key != role]
        sql = f"trim(coalesce({identifier(one)}, '') || ' ' || coalesce({identifier(two)}, ''))"
        each.columns.append(Line(role, value({"sql": sql}), 0.93, f"{one!r} and {two!r} joined"))


def _cuts(each: Draft, rest: Sequence[Column]) -> list[Line]:
    """Columns of a few words by which figures can be shown."""
    if each.table not in ("people", "accounts", "orders", "deals", "interactions", "responses"):
        return []
    roles = {filled.column: filled.role for filled in each.fit.filled if filled.role in ("sector", "country", "product")}
    held = [(column, 0.8) for column in each.profile.columns if column.name in roles]
    held += [(column, 0.7) for column in rest if set(words_of(column.name).split()) & set(_CUTS)]
    good = [(column, sure) for column, sure in held if column.kind == "word" and 2 <= column.distinct <= 40 and column.unique < 0.5]
    return [
        _cut(roles.get(column.name, column.name), sure, f"{column.distinct} values, by which figures can be shown", column.name)
        for column, sure in good[:4]
    ]


def _cut(name: str, sure: float, reason: str, column: str = "") -> Line:
    return Line(slug(name).replace("-", "_"), value(column or name), sure, reason)
