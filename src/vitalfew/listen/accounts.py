"""Customer companies: from account sources, from keys and names that other records carry, joined by name and domain."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from itertools import combinations
from typing import Any

import pyarrow as pa

from vitalfew.engine import Context
from vitalfew.listen import normalise
from vitalfew.listen.ambiguity import refuse
from vitalfew.listen.companies import Words, common_words, country_named, pairs, regions_of, words
from vitalfew.listen.decided import Decision, Growing, Record
from vitalfew.listen.mapped import Mapped
from vitalfew.listen.masking import mask
from vitalfew.listen.names import within
from vitalfew.listen.profiles import Profiles, column, factor, record_key
from vitalfew.settings import slug
from vitalfew.vocabulary import arrow_table

_SAID = ("name", "company", "domain", "email", "city", "phone", "street", "postcode")
_MOST_SHARING = 60
"""A number or an address of more records than this is nobody's own."""
ATTRIBUTES = ("sector", "country", "city", "owner", "employees", "revenue", "since")


@dataclass
class _Node:
    """One record, key or mention of an account. `rank` orders nodes: records of account sources first."""

    rank: tuple[int, str, str]
    source: str
    key: str
    name: str | None
    plain: str | None
    domain: str | None
    regions: frozenset[str] = frozenset()
    """Where it may be from, as its number or its legal form tells; empty when neither does."""
    stated: str | None = None
    """Its country, as a region: where a source states it, or its name ends with it."""
    phone: str | None = None
    address: str | None = None
    row: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Accounts:
    """Resolved accounts: the table, the account of each profile (None when unknown), identities of account records, links."""

    table: pa.Table
    of_profile: list[str | None]
    region_of: dict[str, str]
    identities: list[dict[str, Any]]
    links: list[dict[str, Any]]
    missing: tuple[Record, ...] = ()
    """Records that decisions name and that are not in the data."""


def resolve(
    mapped: Sequence[Mapped],
    profiles: Profiles,
    context: Context,
    home: str | None = None,
    decisions: Sequence[Decision] = (),
) -> Accounts:
    """Resolve the accounts of all sources; `home` is where numbers without a country code are from, `decisions` those on accounts.

    A key is looked up in the account sources (`of` says in which), else by name, else it is an account of its own. Raises
    `faults.Refused` when a key stands in two account sources for different accounts and no `of` says which is meant.
    """
    nodes = _records(mapped, context, home)
    by_key: dict[str, list[_Node]] = {}
    for node in nodes:
        by_key.setdefault(node.key, []).append(node)
    references = _references(profiles)
    meant: dict[tuple[str, str], list[_Node]] = {}
    for space, key in references:
        found = [node for node in by_key.get(key, []) if not space or node.source == space]
        if not found:
            name = normalise.company_name(key) if _is_name(key) else None
            found = [_Node((1, space, key), space, key, key, name, None)]
            nodes.append(found[0])
        meant[space, key] = found
    mentions = _mentions(profiles)
    mentioned: dict[tuple[str | None, str | None], _Node] = {}
    for name, domain in mentions:
        plain, stated = normalise.company_name(name), country_named(words(name))[0]
        node = _Node((2, name or "", domain or ""), "", "", name, plain, domain, regions_of(name), stated)
        if node.plain or node.domain:
            mentioned[name, domain] = node
            nodes.append(node)
    nodes.sort(key=lambda node: node.rank)
    links: list[dict[str, Any]] = []
    joining = _Joining(nodes, links, decisions)
    label = joining.label()
    refuse(mapped, context, "account", _unclear(meant, label, profiles))
    ids = _ids(nodes, label)
    id_of = {id(node): ids[label[id(node)]] for node in nodes}
    table = _table(nodes, id_of, by_key)
    of_profile = _of_profiles(profiles, meant, mentioned, id_of, nodes)
    regions = {id_of[id(node)]: node.stated for node in reversed(nodes) if node.stated}
    identities = [
        _identity(node, id_of[id(node)], len(members)) for node, members in _with_members(nodes, label) if node.rank[0] == 0
    ]
    return Accounts(table, of_profile, regions, identities, links, joining.missing())


def _is_name(key: str) -> bool:
    """Whether a key reads like a name: more letters than digits. Numbers of two systems are not compared."""
    letters, digits = sum(map(str.isalpha, key)), sum(map(str.isdigit, key))
    return letters >= 2 and letters > digits


def _records(mapped: Sequence[Mapped], context: Context, home: str | None) -> list[_Node]:
    found: list[_Node] = []
    for each in mapped:
        if each.source.table != "accounts":
            continue
        records = each.records
        texts = {name: column(records, name) for name in ("name", "domain", "parent", "sector", "country", "city", "owner")}
        texts |= {f"_{name}": column(records, f"_{name}") for name in _SAID}
        numbers = {name: column(records, name, "float64") for name in ("employees", "revenue")}
        selected = records.select(key=record_key(each), **texts, **numbers, since=column(records, "since", "date"))
        for row in context.engine.collect(selected.order_by(selected.columns)).to_pylist():
            name = row["name"] or mask(row["_name"] or row["_company"] or "") or row["key"]
            site = next(filter(None, (normalise.domain(row[each]) for each in ("domain", "_domain", "_email"))), None)
            row["city"] = row["city"] or row["_city"]
            stated = normalise.region(row["country"]) or country_named(words(name))[0]
            number = normalise.phone(row["_phone"], stated or home)
            found.append(
                _Node(
                    (0, f"{each.index:06d}", row["key"]),
                    each.source.name,
                    row["key"],
                    normalise.text_or_none(name),
                    normalise.company_name(name),
                    site,
                    regions_of(name, row["_phone"], number),
                    stated,
                    number,
                    normalise.address(row["_street"], row["_postcode"], row["city"]),
                    row,
                )
            )
    return found


def _references(profiles: Profiles) -> list[tuple[str, str]]:
    """The distinct (space, key) by which records name their account, in order."""
    pairs = {
        (space or "", key)
        for space, key in zip(profiles.text("account_of"), profiles.text("account"), strict=True)
        if key is not None
    }
    return sorted(pairs)


def _mentions(profiles: Profiles) -> list[tuple[str | None, str | None]]:
    """The distinct (company, domain) of records that have no account key, in order."""
    pairs = {
        (_mentioned(name), normalise.domain(site))
        for key, name, site in zip(profiles.text("account"), profiles.text("company"), profiles.text("domain"), strict=True)
        if key is None and (name or site)
    }
    return sorted(pairs, key=lambda pair: (pair[0] or "", pair[1] or ""))


@lru_cache(maxsize=100_000)
def _mentioned(name: str | None) -> str | None:
    """The name by which a record calls a company, with addresses and numbers of people masked."""
    return normalise.text_or_none(mask(name) if name else name)


@dataclass(frozen=True)
class _Known:
    """What is known of a company: its domains without their ends, the countries it says it is from, and those it may be from."""

    stems: frozenset[str]
    stated: frozenset[str]
    regions: frozenset[str]

    def agrees(self, other: _Known) -> bool:
        """Whether the two can be one. A domain weighs more than where a number or a legal form is from, not more than a country."""
        if self.stems and other.stems and not self.stems & other.stems:
            return False
        if self.stated and other.stated:
            return bool(self.stated & other.stated)
        mine, theirs = self.stated or self.regions, other.stated or other.regions
        return bool(self.stems & other.stems) or not (mine and theirs) or bool(mine & theirs)

    def with_(self, other: _Known) -> _Known:
        """The two as one: of the countries each may be from those that fit both."""
        regions = self.regions & other.regions or self.regions | other.regions
        return _Known(self.stems | other.stems, self.stated | other.stated, regions)

    @property
    def order(self) -> tuple[list[str], list[str], int, list[str]]:
        """Those with a domain come last, then those that say where they are from, then those that tell it most surely."""
        return sorted(self.stems), sorted(self.stated), -len(self.regions), sorted(self.regions)


_NOTHING = _Known(frozenset(), frozenset(), frozenset())


class _Joining:
    """Nodes on their way to accounts. What people decided stands above every rule; none makes a company one with its parent."""

    def __init__(self, nodes: list[_Node], links: list[dict[str, Any]], decisions: Sequence[Decision]) -> None:
        self.nodes, self.links, self.decisions = nodes, links, decisions
        self.at: dict[Record, list[int]] = {}
        for place, node in enumerate(nodes):
            if node.rank[0] == 0:
                self.at.setdefault((node.source, node.key), []).append(place)
        # What people say is one company is one, though a source names the one as the other's parent.
        said = Growing([])
        for left, right in self._decided(True):
            said.join(left, right)
        parents = [(a, b) for a, b in self._parents() if said.root(a) != said.root(b)]
        self.growing = Growing([*parents, *self._decided(False)])

    def label(self) -> dict[int, int]:
        """The label of each node, by its id(): nodes of one label are one account."""
        for left, right in self._decided(True):
            self.growing.join(left, right)
        for decision in self.decisions:
            if decision.left in self.at and decision.right in self.at:
                self._tell_decision(decision)
        # The same key twice in one account source is one account, told twice.
        for record in sorted(self.at):
            self._join(self.at[record], "key", 1.0, record[1])
        # A number or an address beside a name says more than a name alone: what it tells of countries parts equal names later.
        common = common_words(words(node.name) for node in self.nodes if node.rank[0] == 0 and node.name)
        for attribute, rule in (("phone", "phone"), ("address", "address")):
            for value, places in self._grouped(attribute):
                named = [(place, node.source, words(node.name)) for place in places if (node := self.nodes[place]).name]
                for left, right in pairs(named, common) if len(named) <= _MOST_SHARING else ():
                    self._join([left, right], rule, 0.9, value)
        for name, places in self._grouped("plain"):
            for part in _same_company(places, self._known(places)):
                self._join(part, "company name", 0.95, name)
        for name, places in self._in_country():
            self._join(places, "company name", 0.95, name)
        for site, places in self._grouped("domain"):
            for part in _by_domain(self.nodes, places):
                self._join(part, "domain", 0.95, site)
        return {id(node): self.growing.root(place) for place, node in enumerate(self.nodes)}

    def _grouped(self, attribute: str) -> list[tuple[str, list[int]]]:
        found: dict[str, list[int]] = {}
        for place, node in enumerate(self.nodes):
            value = getattr(node, attribute)
            if value:
                found.setdefault(value, []).append(place)
        return [(value, places) for value, places in sorted(found.items()) if len(places) > 1]

    def _known(self, places: Sequence[int]) -> list[_Known]:
        """What is known of the company of each place: of all records that are joined with it so far."""
        found: dict[int, _Known] = {}
        for root in map(self.growing.root, places):
            if root not in found:
                parts = [self._said(self.nodes[member]) for member in self.growing.members(root)]
                found[root] = reduce(_Known.with_, parts)
        return [found[self.growing.root(place)] for place in places]

    @staticmethod
    def _said(node: _Node) -> _Known:
        stem = frozenset((node.domain.split(".")[-2],)) if node.domain else frozenset()
        return _Known(stem, frozenset((node.stated,)) if node.stated else frozenset(), node.regions)

    def _in_country(self) -> list[tuple[str, list[int]]]:
        """Places whose names are equal but for a country that ends one of them, and that are from that country."""
        found: dict[tuple[Words, str], list[int]] = {}
        for place, known in enumerate(self._known(range(len(self.nodes)))):
            base, regions = country_named(words(self.nodes[place].name))[1], known.stated or known.regions
            if base and len(regions) == 1:
                found.setdefault((base, min(regions)), []).append(place)
        return [
            (" ".join(base), places)
            for (base, _), places in sorted(found.items())
            if len({self.nodes[place].plain for place in places}) > 1
        ]

    def _join(self, places: Sequence[int], rule: str, score: float, value: str) -> None:
        """Join places of one value; one that may not be with the first is joined with the next it may be with."""
        anchors = list(places[:1])
        for other in places[1:]:
            for anchor in anchors:
                if self.growing.root(anchor) == self.growing.root(other):
                    break
                if self.growing.join(anchor, other):
                    _link(self.links, self.nodes[anchor], self.nodes[other], rule, score, value)
                    break
            else:
                anchors.append(other)

    def _parents(self) -> list[tuple[int, int]]:
        """Pairs of a record and the one of its source that it names as its parent, by key or else by name."""
        by_name: dict[tuple[str, str], list[int]] = {}
        for place, node in enumerate(self.nodes):
            if node.plain and node.rank[0] == 0:
                by_name.setdefault((node.source, node.plain), []).append(place)
        found: list[tuple[int, int]] = []
        for place, node in enumerate(self.nodes):
            parent = node.row.get("parent")
            if parent:
                named = by_name.get((node.source, normalise.company_name(parent) or ""), [])
                above = self.at.get((node.source, parent)) or named
                # A record that names another of its own name as its parent says nothing.
                found.extend((place, other) for other in above if other != place and self.nodes[other].plain != node.plain)
        return found

    def _decided(self, same: bool) -> list[tuple[int, int]]:
        return [
            (self.at[each.left][0], self.at[each.right][0])
            for each in self.decisions
            if each.same == same and each.left in self.at and each.right in self.at
        ]

    def missing(self) -> tuple[Record, ...]:
        """Records that decisions name and that are not in the data."""
        named = {record for each in self.decisions for record in (each.left, each.right)}
        return tuple(sorted(named - self.at.keys()))

    def _tell_decision(self, decision: Decision) -> None:
        left, right = sorted(("#".join(decision.left), "#".join(decision.right)))
        told = {"left": left, "right": right, "score": 1.0 if decision.same else 0.0, "rule": "account: decided"}
        done = "joined" if decision.same else "kept apart"
        self.links.append(told | {"decision": done, "by": "person", "value": decision.reason[:60]})


def _same_company(places: Sequence[int], known: Sequence[_Known]) -> list[list[int]]:
    """Places of one name, parted where domains or countries say they are different companies; `known` says what each tells.

    Domains of one company may end differently (acme.com, acme.it). A record with neither goes with the others only when they agree.
    """
    parts: dict[_Known, list[int]] = {}
    for place, each in zip(places, known, strict=True):
        parts.setdefault(each, []).append(place)
    bare = parts.pop(_NOTHING, [])
    merged: list[tuple[_Known, list[int]]] = []
    for told in sorted(parts, key=lambda each: each.order, reverse=True):
        for number, (company, into) in enumerate(merged):
            if company.agrees(told):
                merged[number] = (company.with_(told), [*into, *parts[told]])
                break
        else:
            merged.append((told, parts[told]))
    groups = [sorted(into) for _, into in merged]
    if len(groups) <= 1:
        return [sorted([*bare, *(groups[0] if groups else [])])]
    return [*groups, bare]


def _by_domain(nodes: list[_Node], places: list[int]) -> list[list[int]]:
    """Places of one domain that are one company.

    All of them, unless one source lists several companies there, under names that are not alike or from several countries: then it
    is a group's or an agency's domain, and only equal names are joined (which `_same_company` has done).
    """
    listed: dict[str, set[str]] = {}
    countries: dict[str, set[str]] = {}
    for place in places:
        node = nodes[place]
        if node.rank[0] == 0 and node.plain:
            listed.setdefault(node.source, set()).add(node.plain)
            countries.setdefault(node.source, set()).update({node.stated} if node.stated else ())
    several = any(len(each) > 1 for each in countries.values())
    if several or any(not _alike(a, b) for names in listed.values() for a, b in combinations(sorted(names), 2)):
        return []
    return [places]


def _alike(a: str, b: str) -> bool:
    left, right = set(a.split()), set(b.split())
    return left <= right or right <= left or within(a, b, 2)


def _link(links: list[dict[str, Any]], left: _Node, right: _Node, rule: str, score: float, value: str) -> None:
    if left.rank[0] == 0 and right.rank[0] == 0 and (left.source, left.key) != (right.source, right.key):
        names = sorted((f"{left.source}#{left.key}", f"{right.source}#{right.key}"))
        pair = {"left": names[0], "right": names[1], "score": score, "rule": f"account: {rule}", "value": value[:60]}
        links.append(pair | {"decision": "joined", "by": "rule"})


def _unclear(
    meant: Mapping[tuple[str, str], list[_Node]], label: Mapping[int, int], profiles: Profiles
) -> dict[str, tuple[str, Sequence[str]]]:
    """For each source, a key that stands in several account sources for different accounts, and those sources."""
    unclear = {key for (space, key), found in meant.items() if not space and len({label[id(node)] for node in found}) > 1}
    users: dict[str, set[str]] = {}
    for source, space, key in zip(*map(profiles.text, ("source", "account_of", "account")), strict=True):
        if not space and key is not None and key in unclear:
            users.setdefault(source or "", set()).add(key)
    found = {source: min(keys) for source, keys in users.items()}
    return {source: (key, sorted({node.source for node in meant["", key]})) for source, key in found.items()}


def _with_members(nodes: list[_Node], label: Mapping[int, int]) -> list[tuple[_Node, list[_Node]]]:
    members: dict[int, list[_Node]] = {}
    for node in nodes:
        members.setdefault(label[id(node)], []).append(node)
    return [(node, members[label[id(node)]]) for node in nodes]


def _ids(nodes: list[_Node], label: Mapping[int, int]) -> dict[int, str]:
    """A readable id for each label: the name of its first node, with six digits of a hash where two accounts have one name."""
    first: dict[int, _Node] = {}
    for node in nodes:
        first.setdefault(label[id(node)], node)
    names = {each: slug(node.name or node.domain or node.key)[:60] for each, node in first.items()}
    times = Counter(names.values())
    found: dict[int, str] = {}
    for each, name in names.items():
        rank = first[each].rank
        found[each] = (
            f"account:{name}" if times[name] == 1 else f"account:{name}-{short_hash(first[each].source, *rank[1:], length=6)}"
        )
    return found


def short_hash(*parts: str, length: int = 12) -> str:
    """Hexadecimal digits of a hash of the parts, the same in every run."""
    return hashlib.sha256("#".join(parts).encode()).hexdigest()[:length]


def _table(nodes: list[_Node], id_of: Mapping[int, str], by_key: Mapping[str, list[_Node]]) -> pa.Table:
    rows: dict[str, dict[str, Any]] = {}
    for node in nodes:
        account = id_of[id(node)]
        row = rows.setdefault(
            account,
            {
                "account": account,
                "name": node.name or node.domain or node.key,
                "source": node.source or None,
                "key": node.key or None,
            },
        )
        row["domain"] = row.get("domain") or node.domain
        for name in ATTRIBUTES:
            if row.get(name) is None:
                row[name] = node.row.get(name)
        parent = node.row.get("parent")
        if parent and not row.get("parent"):
            row["parent"] = _parent(parent, node, account, nodes, id_of, by_key)
    return arrow_table("accounts", list(rows.values()) or arrow_table("accounts", []))


def _parent(
    parent: str, node: _Node, account: str, nodes: list[_Node], id_of: Mapping[int, str], by_key: Mapping[str, list[_Node]]
) -> str | None:
    found = [each for each in by_key.get(parent, []) if each.source == node.source]
    wanted = normalise.company_name(parent)
    found = found or [each for each in nodes if each.plain == wanted and wanted]
    above = id_of[id(found[0])] if found else None
    return above if above != account else None


def _of_profiles(
    profiles: Profiles,
    meant: Mapping[tuple[str, str], list[_Node]],
    mentioned: Mapping[tuple[str | None, str | None], _Node],
    id_of: Mapping[int, str],
    nodes: list[_Node],
) -> list[str | None]:
    """The account of each profile: its key, else its company or domain, else the domain of its e-mail."""
    keys, spaces = profiles.text("account"), profiles.text("account_of")
    companies, sites, mails = profiles.text("company"), profiles.text("domain"), profiles.text("email")
    found: list[str | None] = []
    for key, space, name, site in zip(keys, spaces, companies, sites, strict=True):
        if key is not None:
            found.append(id_of[id(meant[space or "", key][0])])
        elif name or site:
            node = mentioned.get((_mentioned(name), normalise.domain(site)))
            found.append(id_of[id(node)] if node else None)
        else:
            found.append(None)
    mail_domains = _mail_domains(mails)
    owner = _domain_owners(nodes, id_of, found, mail_domains)
    return [account or owner.get(site or "") for account, site in zip(found, mail_domains, strict=True)]


def _mail_domains(mails: list[str | None]) -> list[str | None]:
    codes, texts = factor(pa.array(mails, pa.string()))
    domains = [normalise.domain(normalise.email(text)) for text in texts] + [None]
    return [domains[code] for code in codes.tolist()]


def _domain_owners(
    nodes: list[_Node], id_of: Mapping[int, str], accounts: Sequence[str | None], domains: Sequence[str | None]
) -> dict[str, str]:
    """The account whose people write from a domain: the one that states it, else the one 9 in 10 of its known writers belong to."""
    stated: dict[str, set[str]] = {}
    for node in nodes:
        if node.domain:
            stated.setdefault(node.domain, set()).add(id_of[id(node)])
    writers: dict[str, Counter[str]] = {}
    for account, site in zip(accounts, domains, strict=True):
        if account and site and site not in stated:
            writers.setdefault(site, Counter())[account] += 1
    owner = {site: min(found) for site, found in stated.items() if len(found) == 1}
    for site, counted in writers.items():
        account, most = min(counted.items(), key=lambda item: (-item[1], item[0]))
        if most >= 2 and most >= 0.9 * counted.total():
            owner[site] = account
    return owner


def _identity(node: _Node, account: str, members: int) -> dict[str, Any]:
    return {
        "source": node.source,
        "key": node.key,
        "table": "accounts",
        "account": account,
        "name": node.name,
        "score": 1.0 if members == 1 else 0.95,
        "rule": "own record" if members == 1 else "company name or domain",
    }
