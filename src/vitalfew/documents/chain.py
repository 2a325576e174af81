"""The chain of evidence as people read it: claims with their names and figures, and what each rests on, down to records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir

from vitalfew.documents import words
from vitalfew.documents.book import Row, clean, heard, owned, rows
from vitalfew.engine import Tables
from vitalfew.evidence import children, claim_id, parse_selection
from vitalfew.settings import slug
from vitalfew.vocabulary import TABLES

SHOWN = 3
HEAVY = ("responses", "interactions", "orders", "mentions", "promise_checks", "timeline", "identities", "people", "customers")
KINDS = {
    "initiative": "Initiative",
    "issue": "Issue",
    "driver": "Driver",
    "theme": "Theme",
    "promise": "Promise",
    "metric": "Metric",
    "expectation": "Expectation",
    "benefit": "Benefit",
    "effect": "Effect",
    "action": "Action",
    "risk": "Risk",
    "cause": "Why",
}
RECORDS = {
    "mentions": ("comment", "comments"),
    "responses": ("survey answer", "survey answers"),
    "interactions": ("contact", "contacts"),
    "orders": ("order", "orders"),
    "order_lines": ("order line", "order lines"),
    "promise_checks": ("checked promise", "checked promises"),
    "deals": ("deal", "deals"),
    "contracts": ("contract", "contracts"),
    "customers": ("customer", "customers"),
    "people": ("person", "people"),
    "segments": ("attribute", "attributes"),
    "identities": ("identity", "identities"),
    "links": ("link", "links"),
    "timeline": ("event", "events"),
}


@dataclass(frozen=True)
class Claim:
    """A claim as a person reads it: kind, name, and one sentence with its figures."""

    kind: str
    name: str
    sentence: str = ""


@dataclass
class Chain:
    """Claims, their supports, and the records behind them. `currency` is written before amounts when it is known.

    Records are fetched for many supports at once (`fetch`), since one query a support would be slow.
    """

    tables: Tables
    currency: str = ""
    supports: dict[str, list[Mapping[str, object]]] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    _records: dict[str, tuple[int, list[Row]]] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Tables, currency: str = "") -> Chain:
        """The chain of a run."""
        made = cls(tables, currency, children(rows(tables, "evidence")))
        made.claims = dict(_named(made))
        return made

    def money(self, value: float | None) -> str:
        """An amount; without a currency sign when the currency is not known."""
        return words.money(value, self.currency) if self.currency else words.number(value, 0)

    def say(self, text: object) -> str:
        """A role or reason of another room, as people read it."""
        return words.plainly(str(text or ""), self.currency)

    def knows(self, claim: str) -> bool:
        """Whether the claim is in a table or rests on something."""
        return claim in self.claims or claim in self.supports

    def claim(self, found: str) -> Claim:
        """The claim as a person reads it; an id nobody described is spelled out."""
        if found in self.claims:
            return self.claims[found]
        kind, _, rest = found.partition(":")
        return Claim(KINDS.get(kind, kind.replace("_", " ").capitalize()), rest.replace("-", " ").replace("/", ", ") or found)

    def reachable(self, starts: Iterable[str], most: int) -> list[str]:
        """Claims reached from `starts` breadth first, each once, at most `most`."""
        queue = [each for each in dict.fromkeys(starts) if self.knows(each)]
        seen = set(queue)
        position = 0
        while position < len(queue) and len(queue) < most:
            for step in self.supports.get(queue[position], ()):
                support = str(step["support"])
                if support not in seen and self.knows(support):
                    seen.add(support)
                    queue.append(support)
            position += 1
        return queue[:most]

    def fetch(self, claims: Iterable[str], most_supports: int = 12) -> None:
        """Fetch the records behind the heaviest supports of `claims`, a query per table and kind of condition."""
        picked: dict[tuple[str, tuple[str, ...]], dict[str, dict[str, str]]] = {}
        for claim in claims:
            for step in self.supports.get(claim, ())[:most_supports]:
                support = str(step["support"])
                asked = record_conditions(support)
                if asked is not None and support not in self._records and not self.knows(support):
                    picked.setdefault((asked[0], tuple(sorted(asked[1]))), {})[support] = asked[1]
        for (table, columns), wanted in picked.items():
            self._records.update(_select(self.tables, table, columns, wanted))

    def records(self, support: str) -> tuple[int, list[Row]] | None:
        """How many records a selection or record id names, and the first three; None when it was not fetched."""
        return self._records.get(support)

    def left(self, step: Mapping[str, object]) -> int:
        """How many of a support's records are not shown: of those the claim used when it says so, else of all that fit."""
        counted, shown = self._records.get(str(step["support"])) or (0, [])
        used = step["n"] if isinstance(step["n"], int) else counted
        return max(0, min(used, counted) - len(shown)) if shown else 0

    def support_phrase(self, step: Mapping[str, object]) -> str:
        """What a support is, in words: the name of a claim, a record, or how many records with which values."""
        support = str(step["support"])
        if self.knows(support):
            claim = self.claim(support)
            return f"{claim.kind}: {claim.name}"
        asked = record_conditions(support)
        if support.startswith("setting:"):
            return self._setting(support.partition(":")[2])
        if asked is None:
            return support
        table, conditions = asked
        one, several = RECORDS.get(table, (table, table))
        if "#" in support and not support.endswith("]"):
            return f"{one.capitalize()} {support.partition(':')[2]}"
        n = step["n"] if isinstance(step["n"], int) else (self._records.get(support) or (None, []))[0]
        values = [f"{column} {self._value(value)}" for column, value in sorted(conditions.items())]
        return words.count(n, one, several) + (f" with {words.listing(values)}" if values else "")

    def _setting(self, named: str) -> str:
        kind, _, name = named.partition("/")
        claim = self.claims.get(f"{kind}:{name}")
        spelled = claim.name if claim else name.replace("-", " ").replace("_", " ").replace("/", ", ").capitalize()
        return f"Stated in company.toml: {kind.replace('_', ' ')}" + (f" “{spelled}”" if spelled else "")

    def _value(self, value: str) -> str:
        return f"“{self.claims[value].name}”" if value in self.claims else f"“{value}”"

    def record_text(self, table: str, row: Row) -> str:
        """A record in a line a manager reads."""
        return _record_text(self, table, row)


def record_conditions(support: str) -> tuple[str, dict[str, str]] | None:
    """Table and conditions of a selection or of one record's id; None when it is neither, or names columns that do not exist."""
    parsed = parse_selection(support)
    if parsed is None:
        table, _, rest = support.partition(":")
        source, _, key = rest.partition("#")
        if table not in TABLES or not key:
            return None
        parsed = table, {"source": source, "key": key}
    table, conditions = parsed
    return parsed if set(conditions) <= set(TABLES[table].names) else None


def record_name(table: str, row: Row) -> str:
    """The id of a record row, readable by `vitalfew table`."""
    if "source" in row and "key" in row:
        return f"{row.get('table') or table}:{row['source']}#{row['key']}"
    return f"{table}:{row.get('id') or row.get('person') or ''}"


def _select(
    tables: Tables, name: str, columns: tuple[str, ...], wanted: Mapping[str, Mapping[str, str]]
) -> dict[str, tuple[int, list[Row]]]:
    """For each support: the number of records whose `columns` have its values, and the first three of them."""
    table = tables[name]
    marked = table.mutate(**{f"is_{column}": _as_text(table[column]) for column in columns})
    marks = [f"is_{column}" for column in columns]
    for column in columns:
        marked = marked.filter(marked[f"is_{column}"].isin(sorted({each[column] for each in wanted.values()})))
    counted = tables.rows(
        marked.group_by(marks).aggregate(counted=marked.count()) if marks else marked.aggregate(counted=marked.count())
    )
    totals = {tuple(row[mark] for mark in marks): int(row["counted"]) for row in counted}
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in _first(tables, marked, marks, name):
        found.setdefault(tuple(row[mark] for mark in marks), []).append(row)
    made: dict[str, tuple[int, list[Row]]] = {}
    for support, conditions in wanted.items():
        at = tuple(conditions[column] for column in columns)
        made[support] = totals.get(at, 0), _described(tables, name, found.get(at, []))
    return made


def _first(tables: Tables, marked: ir.Table, marks: list[str], name: str) -> list[Row]:
    order = [each for each in dict.fromkeys(["rank", *TABLES[name].order]) if each in TABLES[name].names]
    window = ibis.window(group_by=marks or None, order_by=order)
    numbered = marked.mutate(position=ibis.row_number().over(window))
    if "quote" in TABLES[name].names:
        # Three different quotes tell more than one three times.
        same = ibis.window(group_by=[*marks, "quote"], order_by=order)
        different = marked.mutate(repeat=ibis.row_number().over(same))
        numbered = different.filter(different["repeat"] == 0).mutate(position=ibis.row_number().over(window))
    few = numbered.filter(numbered["position"] < SHOWN).order_by([*marks, "position"])
    return [clean(row) for row in tables.rows(few)]


def _as_text(column: ir.Column) -> ir.StringColumn:
    return column if column.type().is_string() else column.cast("string")


def _described(tables: Tables, name: str, found: list[Row]) -> list[Row]:
    return [{column: value for column, value in row.items() if column in TABLES[name].names} for row in found]


def _record_text(chain: Chain, table: str, row: Row) -> str:
    when = f"{words.day(row['at'])}: " if row.get("at") else ""
    if table == "mentions":
        return f"“{words.clip(row['quote'], 300)}”"
    if table == "responses":
        said = (
            f"“{words.clip(row['text'], 300)}”"
            if row["text"]
            else words.number(row["value"])
            if row["value"] is not None
            else row["choice"]
        )
        return f"{when}{row['question']}: {said or 'no answer'}"
    if table == "orders":
        return when + _order_text(chain, row)
    if table == "promise_checks":
        verdict = "kept" if row["kept"] else "broken"
        return f"{when}{verdict}, on {row['table']}:{row['source']}#{row['key']}"
    if table == "interactions":
        parts = [row["step"], row["touchpoint"], row["channel"], f"by {row['group']}" if row["group"] else None, row["outcome"]]
        said = f": “{words.clip(row['text'], 300)}”" if row["text"] else ""
        return when + (", ".join(words.clip(each, 60) for each in parts if each) or "contact") + said
    told = [(name, value) for name, value in row.items() if words.known(value) and name not in ("source", "key", "at", "kind")]
    return when + ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in told[:6])


def _order_text(chain: Chain, row: Row) -> str:
    parts = [f"order of {chain.money(row['amount'])}" if row["amount"] is not None else "order"]
    if row["promised_at"]:
        parts.append(f"promised for {words.day(row['promised_at'])}")
    if row["delivered_at"]:
        late = (row["delivered_at"] - row["promised_at"]).total_seconds() / 86400 if row["promised_at"] else 0.0
        parts.append(f"delivered on {words.day(row['delivered_at'])}" + (f", {words.duration(late)} late" if late > 0 else ""))
    return ", ".join(parts)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return words.number(value)
    return words.clip(str(value), 80)


def _named(chain: Chain) -> Iterable[tuple[str, Claim]]:
    """Every claim that is a row of a table, with its name and figures."""
    tables, money = chain.tables, chain.money
    points_only = any("point" in (row["objective"] or "") for row in rows(tables, "portfolio"))
    worth = words.points if points_only else money
    for row in rows(tables, "initiatives"):
        told = (
            f"Worth {words.figure(row['value'], row['low'], row['high'], form=worth)}. {words.sentence(chain.say(row['reason']))}"
        )
        yield row["initiative"], Claim("Initiative", row["name"] or row["initiative"], told.strip())
    for row in rows(tables, "issues"):
        stake = f"Value at stake a year {words.figure(row['value'], row['low'], row['high'], row['n_people'], money, row['note'])}."
        if row["value"] is None and row["points"] is not None:
            lost = words.figure(row["points"], row["points_low"], row["points_high"], row["n_people"])
            stake = f"Points of {row['outcome']} lost {lost}. {words.sentence(row['note'])}"
        yield row["issue"], Claim("Issue", f"{row['name']} ({row['group'] if owned(row) else 'no group yet'})", stake)
    for row in rows(tables, "drivers"):
        if row["segment"] in ("all", None):
            told = words.figure(row["share"], row["low"], row["high"], row["n"], words.share, row["note"])
            yield row["driver_id"], Claim("Driver", row["driver"], f"Share of what moves {row['outcome']}: {told}.")
    for row in rows(tables, "themes"):
        impact = words.figure(row["impact"], row["low"], row["high"], row["n_people"], words.points)
        told = f"{words.count(row['n_comments'], 'comment')}; impact on the score {impact}."
        yield row["theme"], Claim("Theme", row["name"] or row["theme"], told)
    for row in rows(tables, "promises"):
        if row["segment"] in ("all", None):
            told = words.figure(row["kept"], row["low"], row["high"], row["n"], words.share, row["note"])
            yield row["promise"], Claim("Promise", row["name"] or row["promise"], f"Kept {told}.")
    yield from _named_small(chain)


def _named_small(chain: Chain) -> Iterable[tuple[str, Claim]]:
    tables, money = chain.tables, chain.money
    for row in rows(tables, "portfolio"):
        told = f"{words.count(row['chosen'], 'initiative')} of {words.count(row['candidates'], 'candidate')}, {row['status']}"
        yield claim_id("portfolio", "plan"), Claim("Plan", "the initiatives chosen together", f"{words.sentence(told)}")
    for group in dict.fromkeys(row["group"] for row in rows(tables, "one_pages") if row["group"]):
        yield claim_id("one_page", group), Claim("One-page strategy", group)
    for row in map(clean, tables.rows(tables["metrics"])):
        form = (
            words.share
            if row["statistic"] in ("top2", "share", "rate")
            else words.whole
            if row["statistic"] == "nps"
            else words.points
        )
        cut = "" if row["segment"] == "all" else f", {row['segment']}"
        cut += "" if row["period"] == "all" else f", {row['period']}"
        told = words.figure(row["value"], row["low"], row["high"], row["n"], form, row["note"])
        yield row["metric"], Claim("Metric", f"{row['question']} ({row['statistic']}){cut}", f"{told}.")
    for row in rows(tables, "point_value"):
        told = words.figure(row["revenue_share"], row["low"], row["high"], row["n"], words.fine_share, row["note"])
        claim = Claim(
            "Value of a point",
            f"what one point of {row['outcome']} is worth",
            f"Share of a year's revenue: {told}" + (f"; {row['basis']}." if row["basis"] else "."),
        )
        for kind in ("point_value", "point-value"):
            yield claim_id(kind, row["outcome"] or ""), claim
    for row in rows(tables, "expectations"):
        yield (
            row["expectation"],
            Claim("Expectation", words.clip(heard(row["statement"])[0], 120), f"{words.share(row['share_people'])} of people."),
        )
    issues = {row["issue"]: row["name"] for row in rows(tables, "issues")}
    for row in rows(tables, "benefits"):
        told = words.figure(row["money"], row["low"], row["high"], None, money, row["note"])
        yield (
            row["benefit"],
            Claim("Benefit", f"{issues.get(row['issue']) or row['issue']} ({row['whose']})", f"{told} a year, {row['grade']}."),
        )
    for row in rows(tables, "effects"):
        told = words.figure(row["value"], row["low"], row["high"], row["n"], words.number, row["note"])
        yield row["effect"], Claim("Effect", f"{row['kind']}: {row['metric']}", f"{told}, {row['grade']}.")
    for row in rows(tables, "actions"):
        yield (
            row["action"],
            Claim("Action", words.clip(row["what"], 120), f"{row['owner'] or 'No owner'}, due {words.day(row['due'])}."),
        )
    for row in rows(tables, "risks"):
        told = f"Because {row['because']}, {row['may']} may happen, leading to {row['leading_to']}."
        yield row["risk"], Claim("Risk", words.clip(row["may"], 120), told)
    for row in rows(tables, "causes"):
        yield claim_id("cause", row["issue"] or "", f"{row['branch']}-{row['depth']}"), Claim("Why", words.clip(row["text"], 120))


def anchor(claim: str) -> str:
    """A claim's anchor in why.html: readable, and different for different claims."""
    kind, _, rest = claim.partition(":")
    return f"{slug(kind)}--" + "--".join(slug(part) for part in rest.split("/"))
