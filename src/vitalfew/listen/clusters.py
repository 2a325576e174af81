"""Which nodes are one person: pure arrays in, labels out. Used by `identity`, which knows where nodes come from.

A node is one distinct content of identity columns in one source. Nodes must come sorted by (source, key, content), so that labels
do not depend on the order of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from vitalfew.listen.belonging import ordinary
from vitalfew.listen.names import Verdict, compare, name_key, within

Codes = NDArray[np.int64]

KINDS: tuple[tuple[str, float], ...] = (
    ("decided", 1.0),
    ("key", 1.0),
    ("national id", 0.99),
    ("e-mail", 0.98),
    ("handle", 0.96),
    ("phone", 0.95),
    ("name and birthday", 0.95),
    ("name at address", 0.92),
    ("name in account", 0.92),
    ("name at company", 0.9),
    ("like name in account", 0.85),
    ("like name at company", 0.82),
    ("score", 0.5),
)
"""What two nodes can share, strongest first, with the confidence of a join through it; that of a score is the least one. What
people decided comes before everything."""

NAMES = tuple(name for name, _ in KINDS)
KEY = NAMES.index("key")
SHARED = ("national id", "e-mail", "handle", "phone")

_ALLOWED: dict[str, frozenset[Verdict]] = {
    "key": frozenset({"same", "compatible", "renamed", "related", "different"}),
    "national id": frozenset({"same", "compatible", "renamed", "related"}),
    "e-mail": frozenset({"same", "compatible", "renamed"}),
    "handle": frozenset({"same", "compatible", "renamed"}),
    "phone": frozenset({"same", "compatible"}),
}
"""Which names may be one person's when their records share a value. Families and offices share phones; a married person keeps a
mailbox; nobody shares a national id, but ids are mistyped, so two names without a word in common are not joined even by one."""

_MANY_NAMES = 40
"""Behind more names than this a value is shared whatever the names are: they are not compared pair by pair."""


@dataclass(frozen=True)
class Nodes:
    """The nodes, as codes into lists of distinct values; -1 where there is none. Every array has shape (n,)."""

    names: Codes
    words: Sequence[tuple[str, ...]]
    account: Codes
    company: Codes
    """Where no account is known, that of the e-mail's domain or of the switchboard (`belonging.companies`)."""
    values: Mapping[str, Codes]
    texts: Mapping[str, Sequence[str]]
    listed: Mapping[str, NDArray[np.bool_]]
    birthday: Codes
    address: Codes
    key: Codes
    pairs: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return int(self.names.size)


@dataclass(frozen=True)
class Apart:
    """Two nodes that share a value and are kept apart, and why."""

    left: int
    right: int
    kind: str
    rule: str
    value: str
    by: str = "rule"


@dataclass
class Clusters:
    """The answer: `label` of each node, edges that joined (left, right, kind), the usable nodes, and what was kept apart."""

    label: Codes
    edges: NDArray[np.int64]
    usable: NDArray[np.bool_]
    guarded: dict[str, NDArray[np.bool_]]
    apart: list[Apart] = field(default_factory=list)
    scored: Mapping[tuple[int, int], tuple[float, str]] = field(default_factory=dict, repr=False)
    """For the two nodes of each pair that a fitted model decided: its probability, and the fields compared."""


def cluster(nodes: Nodes) -> Clusters:
    """Label the nodes: the same label is the same person.

    1. Shared values are judged by the names behind them (`_judge`); guarded ones join nobody but equal names.
    2. Components of what is left are found; where a component holds names that contradict each other it is built again edge by
       edge, strongest first, refusing every join that would bring them together.
    3. Components with one full name in one context (birthday, address, account) are joined unless something speaks against it.
    """
    apart: list[Apart] = []
    effective: dict[str, Codes] = {"key": nodes.key}
    guarded: dict[str, NDArray[np.bool_]] = {}
    for kind in SHARED:
        effective[kind], guarded[kind] = _judge(nodes, kind, apart)
    edges = _star_edges(nodes, effective)
    label = components(nodes.count, edges)
    edges, label = _without_contradiction(nodes, effective, edges, label, apart)
    usable = np.zeros(nodes.count, dtype=bool)
    for codes in effective.values():
        usable |= codes >= 0
    usable[nodes.pairs.ravel()] = True
    keys = [name_key(words) for words in nodes.words]
    name_codes = {key: code for code, key in enumerate(sorted({key for key in keys if key}))}
    full = np.array([name_codes[key] if key else -1 for key in keys] + [-1], dtype=np.int64)[nodes.names]
    first_word, last_word = _word_codes(nodes, 0), _word_codes(nodes, -1)
    for kind, name, context in (
        ("name and birthday", full, nodes.birthday),
        ("name at address", full, nodes.address),
        ("name in account", full, nodes.account),
        ("name at company", full, nodes.company),
        # Names that are alike share their family name or their given name, so only those are compared.
        ("like name in account", last_word, nodes.account),
        ("like name in account", first_word, nodes.account),
        ("like name at company", last_word, nodes.company),
        ("like name at company", first_word, nodes.company),
    ):
        if context is nodes.company:
            name = np.where(ordinary(name, context, label), name, -1)  # noqa: PLW2901
        usable |= (name >= 0) & (context >= 0)
        more = _by_name(nodes, guarded, label, kind, name, context, apart)
        if len(more):
            edges = np.concatenate([edges, more])
            label = components(nodes.count, edges)
    return Clusters(label, edges, usable, guarded, apart)


def _word_codes(nodes: Nodes, place: int) -> Codes:
    """For each node a code of its name's word at `place`; -1 for names of one word."""
    listed = sorted({words[place] for words in nodes.words if len(words) > 1})
    code_of = {word: code for code, word in enumerate(listed)}
    codes = [code_of[words[place]] if len(words) > 1 else -1 for words in nodes.words]
    return np.array([*codes, -1], dtype=np.int64)[nodes.names]


def spanning(count: int, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """A spanning forest of the strongest edges: rows (left, right, kind), one less than nodes in each component."""
    if not len(edges):
        return edges
    low, high = edges[:, :2].min(axis=1), edges[:, :2].max(axis=1)
    order = np.lexsort((edges[:, 2], high, low))
    low, high, kind = low[order], high[order], edges[order, 2]
    first = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])]
    low, high, kind = low[first], high[first], kind[first]
    # Weights are distinct, so the forest is unique; + 1 because zero means no edge.
    rank = np.empty(len(low))
    rank[np.lexsort((high, low, kind))] = np.arange(1, len(low) + 1)
    forest = minimum_spanning_tree(coo_array((rank, (low, high)), shape=(count, count)).tocsr()).tocoo()
    by_rank = np.argsort(rank)
    picked = by_rank[np.sort(forest.data).astype(np.int64) - 1]
    found: NDArray[np.int64] = np.column_stack([low[picked], high[picked], kind[picked]])
    return found


def _judge(nodes: Nodes, kind: str, apart: list[Apart]) -> tuple[Codes, NDArray[np.bool_]]:
    """Which nodes may be joined through each value of `kind`: codes of shape (n,), and whether each value is guarded."""
    codes, listed = nodes.values[kind], nodes.listed[kind]
    effective = codes.copy()
    guarded = listed.copy()
    carried = codes >= 0
    named = np.flatnonzero(carried & (nodes.names >= 0))
    pairs = np.unique(np.column_stack([codes[named], nodes.names[named]]), axis=0) if named.size else np.empty((0, 2), np.int64)
    names_behind = np.bincount(pairs[:, 0], minlength=len(listed))
    accounts_behind = _distinct(codes, nodes.account, len(listed))
    # Nobody is named: a value seen in many accounts is a switchboard, a buying service or a typed-in dummy.
    guarded |= (names_behind == 0) & (accounts_behind > 3)
    contested = (names_behind > 1) | guarded
    following = len(listed)
    slices = _groups(np.where(np.append(contested, False)[codes], codes, -1))
    for members in slices:
        value = int(codes[members[0]])
        effective[members] = -1
        behind = sorted({int(name) for name in nodes.names[members] if name >= 0}, key=lambda name: nodes.words[name])
        parts = _name_groups(nodes.words, behind, _ALLOWED[kind]) if len(behind) <= _MANY_NAMES else [[name] for name in behind]
        if len(parts) == 1 and not guarded[value]:
            effective[members] = value
            continue
        everywhere = len(parts) > 2 and accounts_behind[value] > 2
        strict = bool(guarded[value]) or len(parts) > 2
        guarded[value] |= strict
        groups = _by_full_name(nodes.words, behind) if strict else parts
        group_of = {name: number for number, group in enumerate(groups) for name in group}
        if not everywhere:
            for node in members:
                if nodes.names[node] in group_of:
                    effective[node] = following + group_of[int(nodes.names[node])]
            following += len(groups)
        apart.extend(_kept_apart(nodes, members, parts, kind, nodes.texts[kind][value], bool(listed[value])))
    return effective, guarded


def _kept_apart(
    nodes: Nodes, members: NDArray[np.int64], parts: list[list[int]], kind: str, text: str, listed: bool
) -> Iterator[Apart]:
    """One pair for each further name behind a shared value (20 at most), or for each further nameless node."""
    why = f"shared {kind}: {len(parts)} names" if len(parts) > 1 else f"shared {kind}: mailbox of a function" if listed else ""
    if not why:
        why = f"shared {kind}: several accounts"
    part_of = {name: number for number, part in enumerate(parts) for name in part}
    first: dict[int, int] = {}
    for node in members:
        first.setdefault(part_of.get(int(nodes.names[node]), -1), int(node))
    ordered = sorted(first.values())[:21]
    if len(ordered) == 1 and len(members) > 1:
        ordered = [int(members[0]), int(members[1])]
    yield from (Apart(ordered[0], other, kind, why, text) for other in ordered[1:])


def _name_groups(words: Sequence[tuple[str, ...]], names: list[int], allowed: frozenset[Verdict]) -> list[list[int]]:
    """Names that can be one person's, together: components of the pairs whose verdict is allowed."""
    groups: list[list[int]] = []
    for name in names:
        near = [group for group in groups if any(compare(words[name], words[other]) in allowed for other in group)]
        groups = [group for group in groups if group not in near] + [sorted([name, *(other for group in near for other in group)])]
    return sorted(groups)


def _by_full_name(words: Sequence[tuple[str, ...]], names: list[int]) -> list[list[int]]:
    """Names equal but for the order of words; names of one word are left out."""
    found: dict[str, list[int]] = {}
    for name in names:
        key = name_key(words[name])
        if key:
            found.setdefault(key, []).append(name)
    return [found[key] for key in sorted(found)]


def _groups(codes: Codes, least: int = 1) -> list[NDArray[np.int64]]:
    """The places of each code from 0 up that stands at `least` times, in order of code, places ascending."""
    places = np.flatnonzero(codes >= 0)
    if not places.size:
        return []
    order = places[np.argsort(codes[places], kind="stable")]
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    return [group for group in np.split(order, cuts) if len(group) >= least]


def _distinct(codes: Codes, other: Codes, size: int) -> NDArray[np.int64]:
    both = (codes >= 0) & (other >= 0)
    if not both.any():
        return np.zeros(size, dtype=np.int64)
    pairs = np.unique(np.column_stack([codes[both], other[both]]), axis=0)
    return np.bincount(pairs[:, 0], minlength=size).astype(np.int64)


def _star_edges(nodes: Nodes, effective: Mapping[str, Codes]) -> NDArray[np.int64]:
    """Rows (left, right, kind): the first node of each value with each other node of it, never all pairs."""
    made = [np.column_stack([nodes.pairs, np.full(len(nodes.pairs), KEY)])]
    for kind, codes in effective.items():
        places = np.flatnonzero(codes >= 0)
        order = places[np.argsort(codes[places], kind="stable")]
        if order.size < 2:
            continue
        starts = np.r_[True, np.diff(codes[order]) != 0]
        head = order[np.flatnonzero(starts)][np.cumsum(starts) - 1]
        tail = ~starts
        made.append(np.column_stack([head[tail], order[tail], np.full(int(tail.sum()), NAMES.index(kind))]))
    return np.concatenate(made).astype(np.int64)


def components(count: int, edges: NDArray[np.int64]) -> Codes:
    """The label of each node: nodes that edges (left, right, kind) connect have one."""
    if not count:
        return np.empty(0, dtype=np.int64)
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), shape=(count, count))
    _, label = connected_components(graph.tocsr(), directed=False)
    return np.asarray(label, dtype=np.int64)


def _without_contradiction(
    nodes: Nodes, effective: Mapping[str, Codes], edges: NDArray[np.int64], label: Codes, apart: list[Apart]
) -> tuple[NDArray[np.int64], Codes]:
    """Build again each component that holds names of different people, strongest edges first, refusing what would join them."""
    named = nodes.names >= 0
    pairs = np.unique(np.column_stack([label[named], nodes.names[named]]), axis=0)
    torn = [
        int(label_of)
        for label_of, names in _slices(pairs)
        if len(names) > 1 and not _agree(nodes.words, names, names, _ALLOWED["phone"])
    ]
    if not torn:
        return edges, label
    torn_nodes = np.flatnonzero(np.isin(label, torn))
    kept = [edges[~np.isin(label[edges[:, 0]], torn)]]
    candidates = [(KEY, int(left), int(right)) for left, right in nodes.pairs if label[left] in set(torn)]
    for kind, codes in effective.items():
        inside = np.full(nodes.count, -1, dtype=np.int64)
        inside[torn_nodes] = codes[torn_nodes]
        for group in _groups(inside, least=2):
            listed = [int(node) for node in group]
            # All pairs of few, so that a refused one does not cut off the rest; neighbours of many.
            some = [(a, b) for i, a in enumerate(listed) for b in listed[i + 1 :]] if len(listed) <= 12 else pairwise(listed)
            candidates.extend((NAMES.index(kind), a, b) for a, b in some)
    again = _grow(nodes, sorted(candidates), apart)
    if again:
        kept.append(np.array(again, dtype=np.int64))
    edges = np.concatenate(kept)
    return edges, components(nodes.count, edges)


def _grow(nodes: Nodes, candidates: list[tuple[int, int, int]], apart: list[Apart]) -> list[tuple[int, int, int]]:
    """Union-find that refuses to bring names together that `_ALLOWED` of the edge's kind forbids."""
    parent: dict[int, int] = {}
    names: dict[int, set[int]] = {}

    def root(node: int) -> int:
        if node not in parent:
            parent[node] = node
            names[node] = {int(nodes.names[node])} - {-1}
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    joined = []
    refused: dict[tuple[int, int], Apart] = {}
    for kind, left, right in candidates:
        a, b = root(left), root(right)
        if a == b:
            continue
        allowed = _ALLOWED[NAMES[kind]]
        if not _agree(nodes.words, sorted(names[a]), sorted(names[b]), allowed):
            text = _shared_text(nodes, NAMES[kind], left)
            refused.setdefault((min(a, b), max(a, b)), Apart(left, right, NAMES[kind], f"{NAMES[kind]}, but different names", text))
            continue
        low, high = min(a, b), max(a, b)
        parent[high] = low
        names[low] |= names.pop(high)
        joined.append((left, right, kind))
    apart.extend(each for each in refused.values() if root(each.left) != root(each.right))
    return joined


def _shared_text(nodes: Nodes, kind: str, node: int) -> str:
    if kind not in nodes.values:
        return ""
    return nodes.texts[kind][int(nodes.values[kind][node])]


def _agree(words: Sequence[tuple[str, ...]], left: Iterable[int], right: Iterable[int], allowed: frozenset[Verdict]) -> bool:
    others = list(right)
    return all(a == b or compare(words[a], words[b]) in allowed for a in left for b in others)


def _slices(pairs: NDArray[np.int64]) -> Iterator[tuple[int, list[int]]]:
    """First column of sorted pairs, with the list of its second; only where there are two or more."""
    if not len(pairs):
        return
    cuts = np.r_[0, np.flatnonzero(np.diff(pairs[:, 0])) + 1, len(pairs)]
    for start in np.flatnonzero(np.diff(cuts) > 1):
        yield int(pairs[cuts[start], 0]), [int(each) for each in pairs[cuts[start] : cuts[start + 1], 1]]


@dataclass
class _Facts:
    """What is known of a component, to find what speaks against joining it."""

    names: set[int]
    known: dict[str, set[str]]


def _by_name(
    nodes: Nodes,
    guarded: Mapping[str, NDArray[np.bool_]],
    label: Codes,
    kind: str,
    name: Codes,
    context: Codes,
    apart: list[Apart],
) -> NDArray[np.int64]:
    """Edges between components with one name in one context, where nothing speaks against it.

    Within a name and context, components that do not contradict each other are drawn as a graph; only groups in which everybody
    agrees with everybody are joined. So a record that would fit two people goes to neither.
    """
    both = np.flatnonzero((name >= 0) & (context >= 0))
    if not both.size:
        return np.empty((0, 3), dtype=np.int64)
    rows = np.unique(np.column_stack([name[both], context[both], label[both]]), axis=0)
    new = np.r_[True, (np.diff(rows[:, 0]) != 0) | (np.diff(rows[:, 1]) != 0)]
    group = np.cumsum(new) - 1
    several = np.bincount(group)[group] > 1
    rows, group = rows[several], group[several]
    wanted = np.unique(rows[:, 2])
    facts = _facts(nodes, guarded, label, wanted)
    every, places = np.unique(label, return_index=True)
    first = dict(zip(wanted.tolist(), places[np.searchsorted(every, wanted)].tolist(), strict=True))
    edges: list[tuple[int, int, int]] = []
    for _, members in _slices(np.column_stack([group, rows[:, 2]])):
        if len(members) > _MANY_NAMES:
            continue
        near = {a: {b for b in members if a != b and not _contradiction(nodes, facts[a], facts[b], kind)} for a in members}
        for each in members:
            whole = near[each] | {each}
            if len(whole) > 1 and each == min(whole) and all(near[other] | {other} == whole for other in whole):
                edges.extend((first[each], first[other], NAMES.index(kind)) for other in sorted(near[each]))
        for other in members[1:]:
            if not kind.startswith("like") and not near[members[0]] >= {other}:
                why = _contradiction(nodes, facts[members[0]], facts[other], kind) or "fits several people"
                text = " ".join(nodes.words[min(facts[other].names)]) if facts[other].names else ""
                apart.append(Apart(first[members[0]], first[other], kind, f"{kind}, but {why}", text))
    return np.array(edges, dtype=np.int64).reshape(-1, 3)


def _facts(nodes: Nodes, guarded: Mapping[str, NDArray[np.bool_]], label: Codes, wanted: Codes) -> dict[int, _Facts]:
    found = {int(each): _Facts(set(), {kind: set() for kind in (*SHARED, "birthday")}) for each in wanted}
    places = np.flatnonzero(np.isin(label, wanted))

    def told(codes: Codes) -> Iterator[tuple[int, int]]:
        """The distinct (label, code) of the places that have one."""
        mine = codes[places]
        known = mine >= 0
        yield from zip(*np.unique(np.column_stack([label[places][known], mine[known]]), axis=0).T.tolist(), strict=True)

    for owner, name in told(nodes.names):
        found[owner].names.add(name)
    for kind in SHARED:
        texts = nodes.texts[kind]
        own = np.append(~guarded[kind], False)[nodes.values[kind]]
        for owner, code in told(np.where(own, nodes.values[kind], -1)):
            found[owner].known[kind].add(texts[code])
    for owner, code in told(nodes.birthday):
        found[owner].known["birthday"].add(str(code))
    return found


def _contradiction(nodes: Nodes, a: _Facts, b: _Facts, kind: str) -> str:
    """What speaks against one person: '' when nothing does.

    Different birthdays or national ids; names that disagree; mailboxes of one company that differ in their number (rossi1@,
    rossi2@); an e-mail and a phone that both differ. People have several addresses and phones, so one of them alone says little;
    when the names are only alike, it says enough.
    """
    for fact in ("birthday", "national id"):
        left, right = a.known[fact], b.known[fact]
        # Beside an equal name and birthday an id that is one slip away is a slip.
        slip = kind == "name and birthday" and any(within(one, other, 1) for one in left for other in right)
        if left and right and not left & right and not slip:
            return f"another {fact}"
    if not _agree(nodes.words, sorted(a.names), sorted(b.names), _ALLOWED["phone"]):
        return "different names"
    mail = _mail_differs(a.known["e-mail"], b.known["e-mail"])
    if mail == "number":
        return "another mailbox of the same name"
    phone = bool(a.known["phone"] and b.known["phone"] and not a.known["phone"] & b.known["phone"])
    if mail and phone:
        return "another e-mail and phone"
    if kind.startswith("like") and (mail or phone):
        return "another e-mail or phone"
    return ""


def _mail_differs(a: set[str], b: set[str]) -> str:
    """'' when the addresses agree or one side has none; 'number' when they differ by digits at one domain; 'yes' otherwise."""
    if not a or not b or a & b:
        return ""
    for left in sorted(a):
        for right in sorted(b):
            (x, _, at), (y, _, there) = left.rpartition("@"), right.rpartition("@")
            digits = ["".join(filter(str.isdigit, each)) for each in (x, y)]
            if at == there and digits[0] != digits[1]:
                return "number"
            if digits[0] == digits[1] and within(left, right, 2):
                return ""
    return "yes"
