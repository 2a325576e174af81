"""One customer at every touchpoint: which records are one person's, how we know, and what was kept apart.

The page docs/algorithms/identity.md says what joins, what does not, and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vitalfew.engine import Context
from vitalfew.listen import accounts as account_part
from vitalfew.listen import alike, contacts, decided, ledger, names, normalise, review
from vitalfew.listen.accounts import Accounts, short_hash
from vitalfew.listen.ambiguity import refuse
from vitalfew.listen.belonging import companies
from vitalfew.listen.clusters import KINDS, NAMES, SHARED, Codes, Nodes, cluster, spanning
from vitalfew.listen.decided import Decisions
from vitalfew.listen.mapped import Mapped
from vitalfew.listen.profiles import Profiles, factor, gather
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.vocabulary import IDENTITY_COLUMNS, TABLES, arrow_table

_PERSONAL = ("person", "name", "email", "phone", "handle", "born", "street", "national_id")
"""Fields that say something about a person, and not only about an account."""


def resolve(mapped: Sequence[Mapped], company: Company, context: Context, remarks: list[dict[str, Any]] | None = None) -> Outputs:
    """Tables identities, links, people, accounts, contacts, review, person_ledger and person_changes.

    `identities` is an expression over a file in `context.folder`: one row for each record that has a person key, an account or
    an identity column (a relation has two: its key with `/from` and `/to`). A record that tells no person, e.g. a shared mailbox
    without a name, has its account, if that is known, and no person. The other tables are Arrow. The order of rows in the sources
    does not matter; ids go on from the run whose ledger `context.known` is. Decisions on records that are not in the data are
    added to `remarks`. Raises `faults.Refused` when a key stands in two sources for different people, or accounts, and no `of` says
    whose it is.
    """
    on_companies, decisions = Decisions.of(company).on_accounts({each.source.name: each.source.table for each in mapped})
    profiles = gather(mapped, context, decisions.named())
    context.progress("joining accounts")
    own = company.company
    home = normalise.home_region(own.time_zone, own.currency, own.language)
    accounts = account_part.resolve(mapped, profiles, context, home, on_companies.listed)
    context.progress("joining people")
    people = _Resolving(mapped, profiles, accounts, company, context, decisions)
    if remarks is not None:
        remarks.extend(_waiting(source, key) for source, key in (*people.decisions.missing, *accounts.missing))
    forest = spanning(people.nodes.count, people.clusters.edges)
    settled = ledger.settle(people.identities(), people.people(), context)
    return Outputs(
        {
            "identities": settled.identities,
            "links": _links(people, accounts, forest),
            "people": settled.people,
            "accounts": accounts.table,
            "review": _review(people, forest),
            "person_ledger": settled.ledger,
            "person_changes": settled.changes,
            "contacts": people.contacts(settled.renamed),
        }
    )


def _waiting(source: str, key: str) -> dict[str, Any]:
    what = "a decision on who is who names this record, which is not in the data: it waits until the record is"
    return {"source": source, "column": "key", "value": key, "n": 1, "remark": what}


@dataclass(frozen=True)
class _Values:
    """Normal forms of one column, for each profile: codes into `texts`; `shown` is what tables show."""

    codes: Codes
    texts: list[str]
    shown: list[str | None]


def _values(column: Sequence[str | None], normal: Mapping[str, str | None], key: Mapping[str, str] | None = None) -> _Values:
    shown = [None if each is None else normal[each] for each in column]
    keyed = [None if each is None else (key[each] if key else each) for each in shown]
    codes, texts = factor(pa.array(keyed, pa.string()))
    return _Values(codes, texts, shown)


def _distinct(column: Sequence[str | None]) -> list[str]:
    return [each for each in factor(pa.array(column, pa.string()))[1] if each is not None]


class _Resolving:
    """The state of one resolution: profiles, their nodes, their clusters, and the tables made of them."""

    def __init__(
        self,
        mapped: Sequence[Mapped],
        profiles: Profiles,
        accounts: Accounts,
        company: Company,
        context: Context,
        decisions: Decisions,
    ) -> None:
        self.mapped, self.profiles, self.accounts = mapped, profiles, accounts
        self.company, self.context = company, context
        self.size = profiles.table.num_rows
        self.source, self.key = profiles.text("source"), profiles.text("key")
        self.is_people = np.array([table == "people" for table in profiles.text("table")], dtype=bool)
        self.n: Codes = profiles.table.column("n").to_numpy().astype(np.int64)
        self.names = profiles.text("name")
        self.emails, self.phones = self._emails(), self._phones()
        self.nodes, ambiguous = self._nodes(mapped)
        self.clusters = cluster(self.nodes)
        if ambiguous:
            pairs = self._settle(ambiguous)
            self.nodes = replace(self.nodes, pairs=np.concatenate([self.nodes.pairs, pairs]))
            self.clusters = cluster(self.nodes)
        twins = self._twins()
        # A record that a decision names is met as often as those that say the same: the model is fitted as without it.
        met = np.bincount(twins, weights=self.n)[twins].astype(np.int64) if self.size else self.n
        self.clusters = alike.join(self.nodes, self.clusters, profiles, accounts.of_profile, self.n, met, self.source, context)
        self.decisions = decided.placed(decisions, profiles, twins)
        self.clusters = decided.lay(self.nodes, self.clusters, self.decisions)
        self._label()

    def _twins(self) -> Codes:
        """Codes of (source, what a record says): nodes that only a decision tells apart have one code."""
        column = pa.array([f"{a}\x1f{b}" for a, b in zip(self.source, self.profiles.text("twin"), strict=True)], pa.string())
        return factor(column)[0]

    # What the records say, in normal form

    def _emails(self) -> _Values:
        # A person key that is an e-mail address says as much as an e-mail column.
        column = [mail or key for mail, key in zip(self.profiles.text("email"), self.profiles.text("person"), strict=True)]
        normal = {text: normalise.email(text) for text in _distinct(column)}
        return _values(column, normal, {mail: normalise.email_key(mail) for mail in normal.values() if mail})

    def _phones(self) -> _Values:
        home = normalise.home_region(self.company.company.time_zone, self.company.company.currency, self.company.company.language)
        regions = [self.accounts.region_of.get(account or "", home) for account in self.accounts.of_profile]
        column = [
            None if text is None else f"{region or ''}\x1f{text}"
            for text, region in zip(self.profiles.text("phone"), regions, strict=True)
        ]
        normal = {}
        for text in _distinct(column):
            region, _, digits = text.partition("\x1f")
            normal[text] = normalise.phone(digits, region or None)
        return _values(column, normal)

    def _plain(self, column: str) -> _Values:
        texts = self.profiles.text(column)
        return _values(texts, {text: normalise.identifier(text) for text in _distinct(texts)})

    def _addresses(self) -> Codes:
        parts = [self.profiles.text(column) for column in ("street", "postcode", "city")]
        known = {three: normalise.address(*three) for three in set(zip(*parts, strict=True))}
        return factor(pa.array([known[three] for three in zip(*parts, strict=True)], pa.string()))[0]

    def _nodes(self, mapped: Sequence[Mapped]) -> tuple[Nodes, dict[str, list[str]]]:
        values = {"e-mail": self.emails, "phone": self.phones, "handle": self._plain("handle")}
        values["national id"] = self._plain("national_id")
        words_of = {name: names.words(name) for name in _distinct(self.names)}
        words = sorted(set(words_of.values()) - {()})
        place = {each: code for code, each in enumerate(words)} | {(): -1}
        name_codes = np.array([-1 if name is None else place[words_of[name]] for name in self.names], dtype=np.int64)
        births = self.profiles.text("born")
        known = {text: normalise.birthday(text) for text in _distinct(births)}
        keys, pairs, ambiguous = self._keys(mapped)
        listed = {kind: np.zeros(len(each.texts), dtype=bool) for kind, each in values.items()}
        listed["e-mail"] = np.array([normalise.is_role_mailbox(text) for text in self.emails.texts], dtype=bool)
        account = factor(pa.array(self.accounts.of_profile, pa.string()))[0]
        sites = factor(pa.array([None if mail is None else normalise.domain(mail) for mail in self.emails.texts], pa.string()))[0]
        nodes = Nodes(
            names=name_codes,
            words=words,
            account=account,
            company=companies(account, np.append(sites, -1)[self.emails.codes], self.phones.codes),
            values={kind: values[kind].codes for kind in SHARED},
            texts={kind: values[kind].texts for kind in SHARED},
            listed=listed,
            birthday=_values(births, known).codes,
            address=self._addresses(),
            key=keys,
            pairs=pairs,
        )
        return nodes, ambiguous

    # Person keys

    def _keys(self, mapped: Sequence[Mapped]) -> tuple[Codes, NDArray[np.int64], dict[str, list[str]]]:
        """Codes of (space, key) for each profile; pairs of profiles joined by a record's key; keys of several people sources."""
        tables = {each.source.name: each.source.table for each in mapped}
        people_sources = {name for name, table in tables.items() if table == "people"}
        person, spaces = self.profiles.text("person"), self.profiles.text("person_of")
        holders: dict[str, list[str]] = {}
        for row in np.flatnonzero(self.is_people).tolist():
            if person[row] is not None:
                holders.setdefault(person[row] or "", []).append(self.source[row] or "")
        made: list[str | None] = []
        ambiguous: dict[str, list[str]] = {}
        wanted: dict[str, dict[str, list[int]]] = {}
        pairs: list[tuple[int, int]] = []
        for row, (key, space) in enumerate(zip(person, spaces, strict=True)):
            own = self.source[row] or ""
            if key is None:
                made.append(None)
                continue
            if self.is_people[row]:
                made.append(f"{own}\x1f{key}")
            elif not space:
                found = sorted(set(holders.get(key, ())))
                if len(found) > 1:
                    ambiguous[key] = found
                made.append(f"{found[0] if found else ''}\x1f{key}" if len(found) < 2 else None)
            else:
                made.append(f"{space}\x1f{key}")
            if (space and space != own and space in tables and space not in people_sources) or (
                space and space != own and self.is_people[row] and space in people_sources
            ):
                wanted.setdefault(space, {}).setdefault(key, []).append(row)
        pairs.extend(self._record_pairs(wanted))
        codes, _ = factor(pa.array(made, pa.string()))
        return codes, np.array(pairs, dtype=np.int64).reshape(-1, 2), ambiguous

    def _record_pairs(self, wanted: Mapping[str, Mapping[str, Sequence[int]]]) -> list[tuple[int, int]]:
        """Pairs of a profile that names a record of another source by its key, and the profile of that record."""
        found: list[tuple[int, int]] = []
        engine = self.context.engine
        for working in self.profiles.working:
            keys = wanted.get(working.mapped.source.name)
            if not keys:
                continue
            asked = engine.table(pa.table({"asked": pa.array(sorted(keys), pa.string())}))
            records = working.records
            joined = records.join(asked, records["key"] == asked["asked"]).select("asked", "content")
            place = self._place_of(working.mapped.source.name)
            for row in engine.collect(joined).to_pylist():
                target = place.get(row["content"])
                if target is not None:
                    found.extend((source_row, target) for source_row in keys[row["asked"]])
        return sorted(found)

    def _place_of(self, source: str) -> dict[str, int]:
        contents = self.profiles.text("content")
        return {contents[row] or "": row for row in range(self.size) if self.source[row] == source}

    def _settle(self, ambiguous: Mapping[str, Sequence[str]]) -> NDArray[np.int64]:
        """Join keys that stand in several people sources for one person; refuse those that stand there for different people."""
        person, spaces = self.profiles.text("person"), self.profiles.text("person_of")
        holders: dict[str, list[int]] = {}
        users: dict[str, list[int]] = {}
        for row, key in enumerate(person):
            if key is not None and key in ambiguous:
                if self.is_people[row]:
                    holders.setdefault(key, []).append(row)
                elif not spaces[row]:
                    users.setdefault(key, []).append(row)
        unclear: dict[str, tuple[str, Sequence[str]]] = {}
        pairs: list[tuple[int, int]] = []
        for key in sorted(users):
            if len({int(self.clusters.label[row]) for row in holders[key]}) > 1:
                for row in users[key]:
                    unclear.setdefault(self.source[row] or "", (key, ambiguous[key]))
            pairs.extend((holders[key][0], row) for row in users[key])
        refuse(self.mapped, self.context, "person", unclear)
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def record(self, row: int) -> str:
        """What decisions and links call the record: source#key."""
        return f"{self.source[row]}#{self.key[row]}"

    # From clusters to people

    def _label(self) -> None:
        """Ids, rules and scores of profiles; which profiles tell no person, and which are one person a record."""
        named = self.nodes.names >= 0
        loose = ~self.clusters.usable
        self.own = loose & (named | self.is_people)
        self.nobody = loose & ~self.own
        ids: dict[int, str] = {}
        order = np.lexsort((np.arange(self.size), ~self.is_people))
        label = self.clusters.label
        anchors: dict[int, int] = {}
        for row in order.tolist():
            anchors.setdefault(int(label[row]), row)
        self.anchor = np.zeros(self.size, dtype=bool)
        self.anchor[list(anchors.values())] = True
        taken: set[str] = set()
        for each, row in sorted(anchors.items(), key=lambda item: item[1]):
            # Twelve digits are shared by two people once in hundreds of runs of a million: then the second takes more digits.
            digits = 12
            made = self._id(row, digits)
            while made in taken:
                digits += 4
                made = self._id(row, digits)
            taken.add(made)
            ids[each] = made
        self.person = [None if nobody else ids[int(each)] for each, nobody in zip(label, self.nobody, strict=True)]
        self._rules()

    def _id(self, row: int, digits: int) -> str:
        return f"person:{short_hash(self.source[row] or '', self.key[row] or '', length=digits)}"

    def _rules(self) -> None:
        strongest = np.full(self.size, len(NAMES), dtype=np.int64)
        edges = self.clusters.edges
        if len(edges):
            np.minimum.at(strongest, edges[:, 0], edges[:, 2])
            np.minimum.at(strongest, edges[:, 1], edges[:, 2])
        rules = np.array([*NAMES, "own record"], dtype=object)[strongest]
        scores = np.array([*(score for _, score in KINDS), 1.0])[strongest]
        alone = strongest == len(NAMES)
        for (left, right), (probability, _) in self.clusters.scored.items():
            for row in (left, right):
                if strongest[row] == alike.SCORE:
                    scores[row] = max(scores[row], probability)
        # Records of one content are one node: what holds them together is the value they share.
        for kind in reversed(SHARED):
            several = alone & (self.n > 1) & (self.nodes.values[kind] >= 0)
            rules[several], scores[several] = kind, dict(KINDS)[kind]
        keyed = alone & (self.nodes.key >= 0) & ~self.is_people
        rules[keyed], scores[keyed] = "key", 1.0
        first = self.anchor & self.is_people
        rules[first | self.own], scores[first | self.own] = "own record", 1.0
        said = np.array([any(four) for four in zip(*map(self.profiles.text, _PERSONAL), strict=True)], dtype=bool)
        rules[self.nobody & said], rules[self.nobody & ~said] = "no person: nothing that is one person's", "no person: account only"
        scores[self.nobody] = np.nan
        self.rules, self.scores = rules, scores
        self.person_account = self._person_accounts()

    def _person_accounts(self) -> dict[int, str]:
        account = self.accounts.of_profile
        has = np.array([each is not None for each in account], dtype=bool) & ~self.nobody
        chosen = self._best(has, ~self.is_people, -self.n)
        return {each: account[row] or "" for each, row in chosen.items()}

    def _best(self, allowed: NDArray[np.bool_], *priorities: NDArray[Any]) -> dict[int, int]:
        """For each label the allowed profile that comes first by `priorities`, then by its place."""
        rows = np.flatnonzero(allowed)
        label = self.clusters.label[rows]
        order = np.lexsort((rows, *(each[rows] for each in reversed(priorities)), label))
        first = np.r_[True, np.diff(label[order]) != 0] if order.size else np.empty(0, dtype=bool)
        return {int(label[place]): int(rows[place]) for place in order[first]}

    # Tables

    def identities(self) -> ir.Table:
        """The table identities, as an expression: the profiles' answers joined to every record in the engine."""
        engine = self.context.engine
        label = self.clusters.label.tolist()
        account = [
            own or (None if nobody else self.person_account.get(each))
            for own, each, nobody in zip(self.accounts.of_profile, label, self.nobody, strict=True)
        ]
        answers = pa.table(
            {
                "of_source": pa.array(self.source, pa.string()),
                "of_content": self.profiles.table.column("content"),
                "table": self.profiles.table.column("table"),
                "person": pa.array([None if own else each for own, each in zip(self.own, self.person, strict=True)], pa.string()),
                "own": pa.array(self.own),
                "account": pa.array(account, pa.string()),
                "name": pa.array(self.names, pa.string()),
                "email": pa.array(self.emails.shown, pa.string()),
                "phone": pa.array(self.phones.shown, pa.string()),
                "score": pa.array(self.scores, pa.float64(), from_pandas=True),
                "rule": pa.array(self.rules, pa.string()),
            }
        )
        parts = [engine.table(arrow_table("identities", self.accounts.identities))]
        answered = engine.table(answers)
        for working in self.profiles.working:
            mine = answered.filter(answered["of_source"] == working.mapped.source.name)
            parts.append(_of_records(working.records, mine))
        path = self.context.folder / "identities.parquet"
        # A key that stands on several lines (a person told twice) is one row.
        together = ibis.union(*parts) if len(parts) > 1 else parts[0]
        rest = [name for name in TABLES["identities"].names if name not in ("source", "key")]
        first = ibis.row_number().over(
            ibis.window(group_by=["source", "key"], order_by=["rule", "name", "email", "phone", "account"])
        )
        numbered = together.mutate(place=first)
        engine.write(numbered.filter(numbered["place"] == 0).select("source", "key", *rest), path, ("source", "key"))
        return engine.read(path)

    def contacts(self, renamed: Mapping[str, str]) -> pa.Table:
        """The table contacts: every profile that is a person's or an account's, with its values in normal form.

        `renamed` gives the ids of persons who are called as in the run before.
        """
        person = [None if own or each is None else renamed.get(each, each) for own, each in zip(self.own, self.person, strict=True)]
        account = self.accounts.of_profile
        return contacts.table(self.profiles, self.nodes, self.clusters, person, account, self.emails.shown, self.phones.shown)

    def _alone(self) -> list[dict[str, Any]]:
        """Records that are a person of their own though they share their content with others, e.g. a name without anything else."""
        engine = self.context.engine
        found: list[dict[str, Any]] = []
        for working in self.profiles.working:
            source = working.mapped.source.name
            place = {content: row for content, row in self._place_of(source).items() if self.own[row]}
            if not place:
                continue
            asked = engine.table(pa.table({"asked": pa.array(sorted(place), pa.string())}))
            records = working.records
            joined = records.join(asked, records["content"] == asked["asked"]).select("key", "content", "first", "last")
            for row in engine.collect(joined.order_by("key")).to_pylist():
                at = place[row["content"]]
                found.append(
                    {
                        "person": f"person:{short_hash(source, row['key'])}",
                        "account": self.accounts.of_profile[at],
                        "name": normalise.text_or_none(self.names[at]),
                        "email": self.emails.shown[at],
                        "phone": self.phones.shown[at],
                        "role": self.profiles.table.column("role")[at].as_py(),
                        "records": 1,
                        "first_seen": row["first"],
                        "last_seen": row["last"],
                    }
                )
        return found

    def people(self) -> pa.Table:
        """The table people: for each person the fullest name, the best e-mail and phone, and when they were seen."""
        body = ~self.nobody & ~self.own
        label = self.clusters.label
        roles = self.profiles.text("role")
        length = np.array([len(name or "") for name in self.names])
        many = np.array([len(self.nodes.words[code]) if code >= 0 else 0 for code in self.nodes.names], dtype=np.int64)
        other = ~self.is_people
        name = self._best(body & (self.nodes.names >= 0), -many, -length, other)
        email = self._best(body & (self.emails.codes >= 0), self._guarded("e-mail"), other, -self.n)
        phone = self._best(body & (self.phones.codes >= 0), self._guarded("phone"), other, -self.n)
        role = self._best(body & np.array([each is not None for each in roles], dtype=bool), other)
        records = np.bincount(label[body], weights=self.n[body], minlength=int(label.max(initial=-1)) + 1)
        seen = self._seen(body)
        person_of = {int(each): made for each, made, keep in zip(label, self.person, body, strict=True) if keep}
        rows = [
            {
                "person": made,
                "account": self.person_account.get(each),
                "name": normalise.text_or_none(self.names[name[each]]) if each in name else None,
                "email": self.emails.shown[email[each]] if each in email else None,
                "phone": self.phones.shown[phone[each]] if each in phone else None,
                "role": roles[role[each]] if each in role else None,
                "records": int(records[each]),
                "first_seen": seen[each][0],
                "last_seen": seen[each][1],
            }
            for each, made in person_of.items()
        ]
        return arrow_table("people", rows + self._alone())

    def _guarded(self, kind: str) -> NDArray[np.bool_]:
        return np.append(self.clusters.guarded[kind], False)[self.nodes.values[kind]]

    def _seen(self, body: NDArray[np.bool_]) -> dict[int, tuple[Any, Any]]:
        table = pa.table(
            {
                "label": pa.array(self.clusters.label[body]),
                "first": self.profiles.table.column("first").filter(pa.array(body)),
                "last": self.profiles.table.column("last").filter(pa.array(body)),
            }
        )
        grouped = table.group_by("label").aggregate([("first", "min"), ("last", "max")]).to_pydict()
        return {
            each: (first, last)
            for each, first, last in zip(grouped["label"], grouped["first_min"], grouped["last_max"], strict=True)
        }


def _of_records(records: ir.Table, answers: ir.Table) -> ir.Table:
    joined = records.join(answers, records["content"] == answers["of_content"])
    alone = ibis.literal("person:") + (joined["source"] + "#" + joined["key"]).hexdigest("sha256").substr(0, 12)
    made = joined.mutate(resolved=ibis.ifelse(joined["own"], alone, joined["person_right"]))
    return made.select(
        source="source",
        key="key",
        table="table",
        person="resolved",
        account="account_right",
        name="name_right",
        email="email_right",
        phone="phone_right",
        score="score",
        rule="rule",
    )


def _links(people: _Resolving, accounts: Accounts, forest: NDArray[np.int64]) -> pa.Table:
    """The table links: a spanning forest of what joined, and what was kept apart."""
    nodes, clusters = people.nodes, people.clusters
    person = people.profiles.text("person")

    def value(kind: str, row: int) -> str:
        if kind in SHARED:
            return nodes.texts[kind][int(nodes.values[kind][row])]
        return (person[row] if kind == "key" else people.names[row]) or ""

    found: dict[tuple[str, str, str], dict[str, Any]] = {}

    def told(left: int, right: int, otherwise: float) -> tuple[float, str | None]:
        return clusters.scored.get((left, right)) or clusters.scored.get((right, left)) or (otherwise, None)

    def add(
        left: int, right: int, score: float, rule: str, decision: str, text: str, fields: str | None = None, by: str = "rule"
    ) -> None:
        pair = sorted((people.record(left), people.record(right)))
        if pair[0] != pair[1]:
            row = {"left": pair[0], "right": pair[1], "score": score, "rule": rule, "decision": decision, "by": by}
            found.setdefault((pair[0], pair[1], rule), row | {"value": text[:60], "fields": fields})

    for each in decided.rows_of(people.decisions, people.record):
        found[str(each["left"]), str(each["right"]), str(each["rule"])] = each
    for left, right, kind in forest[forest[:, 2] != decided.DECIDED].tolist() if len(forest) else ():
        probability, fields = told(left, right, KINDS[kind][1]) if kind == alike.SCORE else (KINDS[kind][1], None)
        add(left, right, probability, NAMES[kind], "joined", value(NAMES[kind], left), fields)
    for apart in clusters.apart:
        if clusters.label[apart.left] != clusters.label[apart.right]:
            probability, fields = told(apart.left, apart.right, 0.0) if apart.kind == "score" else (0.0, None)
            add(apart.left, apart.right, probability, apart.rule, "kept apart", apart.value, fields, apart.by)
    for row in accounts.links:
        found.setdefault((row["left"], row["right"], row["rule"]), row)
    return arrow_table("links", list(found.values()) or arrow_table("links", []))


def _review(people: _Resolving, forest: NDArray[np.int64]) -> pa.Table:
    """The table review: the pairs most worth a person's look."""
    nodes, profiles, texts = people.nodes, people.profiles, {}
    for name in (*IDENTITY_COLUMNS, "role"):
        texts[name] = profiles.text(name)
    texts |= {"email": people.emails.shown, "phone": people.phones.shown, "account": people.accounts.of_profile}
    coded = {"name": nodes.names, "email": nodes.values["e-mail"], "phone": nodes.values["phone"], "handle": nodes.values["handle"]}
    coded |= {"national_id": nodes.values["national id"], "born": nodes.birthday}

    def says(node: int) -> dict[str, str]:
        return {name: text for name, column in texts.items() if (text := normalise.text_or_none(column[node]))}

    def alike_in(name: str, left: int, right: int) -> bool:
        if name in coded:
            return bool(coded[name][left] == coded[name][right] >= 0)
        form = normalise.company_name if name == "company" else alike.plain
        return form(texts[name][left] or "") == form(texts[name][right] or "")

    def same(left: int, right: int) -> str:
        one, other = says(left), says(right)
        both = [name for name in texts if name in one and name in other]
        equal = [name for name in both if alike_in(name, left, right)]
        rest = [name for name in both if name not in equal]
        return "; ".join(f"{how}: {', '.join(names)}" for how, names in (("same", equal), ("other", rest)) if names)

    is_answers = np.array([table == "responses" for table in profiles.text("table")], dtype=bool)
    amount = np.array(profiles.table.column("amount").to_pylist(), dtype=np.float64)
    weights = review.weights_of(people.n, is_answers, amount)
    # Records that tell no person, and those that are a person each though they say the same, are no pair to ask about.
    asked = ~people.nobody & ~(people.own & (people.n > 1))

    def names_of(left: int, right: int) -> str:
        a, b = int(nodes.names[left]), int(nodes.names[right])
        return "unnamed" if a < 0 or b < 0 else names.compare(nodes.words[a], nodes.words[b])

    pairs = review.candidates(people.clusters, forest, np.where(asked[:, None], weights, 0.0), names_of)
    decided_pairs = {
        review.pair_of(people.record(a), people.record(b)) for a, b, *_ in (*people.decisions.same, *people.decisions.different)
    }
    rows = review.queue(pairs, weights.sum(axis=0).tolist(), people.record, says, same, decided_pairs)
    return arrow_table("review", rows or arrow_table("review", []))
