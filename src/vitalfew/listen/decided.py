"""What people decided about who is who, laid on what the rules and scores found: two records are one person's, or two people's.

A decision changes what it names and nothing else: rules are judged and the model is fitted without it. Joins that people want are
made whatever speaks against them. Where people keep two records apart that something joins, through others too, their person is
built again, strongest evidence first, and what would bring the two together is refused: so the weakest evidence between them gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from vitalfew.listen.clusters import KEY, NAMES, SHARED, Apart, Clusters, Codes, Nodes, components
from vitalfew.listen.names import compare
from vitalfew.listen.profiles import Profiles
from vitalfew.settings import Company, record_of

DECIDED = NAMES.index("decided")
_TWIN = 1
"""Rank of a join of two records that say the same; below it stand what people decided, above it the kinds of evidence."""
_LIKE = {"same": 0, "compatible": 1, "renamed": 3, "related": 4, "different": 5}
_UNNAMED = 2
_FEW = 12

Record = tuple[str, str]


@dataclass(frozen=True)
class Decision:
    """Two records by (source, key), as people see them."""

    left: Record
    right: Record
    same: bool
    reason: str


@dataclass(frozen=True)
class Decisions:
    """Every decision of the settings whose sources there are."""

    listed: tuple[Decision, ...] = ()

    @classmethod
    def of(cls, company: Company) -> Decisions:
        """Those of `[[link]]`; company.toml was judged before, so the sources are there."""
        sources = [source.name for source in company.source]
        found = []
        for link in company.link:
            left, right = record_of(link.left, sources), record_of(link.right, sources)
            if left is not None and right is not None:
                found.append(Decision(left, right, link.decision == "same", link.reason))
        return cls(tuple(sorted(found, key=lambda each: (each.left, each.right, each.same))))

    def on_accounts(self, tables: Mapping[str, str]) -> tuple[Decisions, Decisions]:
        """Those on companies, and those on people; `tables` has the table of each source."""
        companies = tuple(each for each in self.listed if tables.get(each.left[0]) == "accounts")
        return Decisions(companies), Decisions(tuple(each for each in self.listed if each not in companies))

    def named(self) -> dict[str, set[str]]:
        """The keys of records named, by source."""
        found: dict[str, set[str]] = {}
        for each in self.listed:
            for source, key in (each.left, each.right):
                found.setdefault(source, set()).add(key)
        return found


@dataclass(frozen=True)
class Placed:
    """Decisions over nodes: pairs of nodes with the decision they come from, and the records that are not in the data."""

    same: tuple[tuple[int, int, Decision | None], ...] = ()
    different: tuple[tuple[int, int, Decision], ...] = ()
    missing: tuple[Record, ...] = ()
    twins: Codes = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """For each node a code of what it says: nodes with one code cannot be told apart but by their decisions."""


def placed(decisions: Decisions, profiles: Profiles, twins: Codes) -> Placed:
    """Where the named records stand among the profiles. A record on several lines is one record, whatever they say."""
    if not decisions.listed:
        return Placed(twins=twins)
    contents, sources, keys = (profiles.text(name) for name in ("content", "source", "key"))
    at: dict[Record, list[int]] = {}
    for row, content in enumerate(contents):
        if "-" in (content or ""):
            at.setdefault((sources[row] or "", keys[row] or ""), []).append(row)
    same: list[tuple[int, int, Decision | None]] = [
        (rows[0], other, None) for rows in (at[record] for record in sorted(at)) for other in rows[1:]
    ]
    different: list[tuple[int, int, Decision]] = []
    missing: set[Record] = set()
    for each in decisions.listed:
        left, right = at.get(each.left), at.get(each.right)
        missing |= {record for record, rows in ((each.left, left), (each.right, right)) if not rows}
        if left and right:
            if each.same:
                same.append((left[0], right[0], each))
            else:
                different.append((left[0], right[0], each))
    return Placed(tuple(same), tuple(different), tuple(sorted(missing)), twins)


def lay(nodes: Nodes, clusters: Clusters, decisions: Placed) -> Clusters:
    """The clusters with what people decided on top; unchanged without decisions.

    Whatever joins what people keep apart is listed in `apart`, by "person", with the evidence that gave.
    """
    if not decisions.same and not decisions.different:
        return clusters
    wanted = np.array([(a, b, DECIDED) for a, b, _ in decisions.same], dtype=np.int64).reshape(-1, 3)
    edges = np.concatenate([clusters.edges, wanted])
    usable = clusters.usable.copy()
    usable[wanted[:, :2].ravel()] = True
    label = components(nodes.count, edges)
    torn = sorted({int(label[a]) for a, b, _ in decisions.different if label[a] == label[b]})
    if not torn:
        return replace(clusters, label=label, edges=edges, usable=usable)
    inside = np.isin(label, torn)
    of_torn = inside[edges[:, 0]]
    candidates = _ordered(nodes, clusters, [*map(tuple, edges[of_torn].tolist()), *_more(nodes, clusters, decisions, inside)])
    grown = Growing([(a, b) for a, b, _ in decisions.different])
    kept = [edge for edge in candidates if grown.join(edge[0], edge[1])]
    fresh = int(label.max()) + 1
    label = label.copy()
    # Every node of what was torn is labelled anew, by its root.
    for node in np.flatnonzero(inside).tolist():
        label[node] = fresh + grown.root(node)
    label = np.unique(label, return_inverse=True)[1].astype(np.int64)
    made = np.array([edge[:3] for edge in kept], dtype=np.int64).reshape(-1, 3)
    refused: dict[tuple[int, int], tuple[int, int, str]] = {}
    for left, right, kind in candidates:
        if label[left] != label[right]:
            pair = (int(min(label[left], label[right])), int(max(label[left], label[right])))
            refused.setdefault(pair, (left, right, NAMES[kind]))
    apart = [
        Apart(left, right, kind, f"{kind}, but decided: different people", _shared(nodes, kind, left), "person")
        for left, right, kind in refused.values()
    ]
    return replace(
        clusters,
        label=label,
        edges=np.concatenate([edges[~of_torn], made]),
        usable=usable,
        apart=[*clusters.apart, *apart],
    )


def _shared(nodes: Nodes, kind: str, node: int) -> str:
    """What the two had in common, as `links` shows it."""
    if kind in SHARED and nodes.values[kind][node] >= 0:
        return nodes.texts[kind][int(nodes.values[kind][node])]
    named = "name" in kind or kind == "score"
    return " ".join(nodes.words[int(nodes.names[node])]) if named and nodes.names[node] >= 0 else ""


Edge = tuple[int, int, int]


def _more(nodes: Nodes, clusters: Clusters, decisions: Placed, inside: NDArray[np.bool_]) -> list[Edge]:
    """Joins within what is torn that the edges leave out because others made them needless: through each shared value."""
    found: list[Edge] = []
    rows = np.flatnonzero(inside)
    for kind in ("key", *SHARED):
        codes = nodes.key if kind == "key" else nodes.values[kind]
        free = codes >= 0
        if kind != "key":
            free &= ~np.append(clusters.guarded[kind], False)[codes]
        found.extend((a, b, NAMES.index(kind)) for a, b in _pairs(rows[free[rows]], codes))
    twins = decisions.twins
    alike = rows[clusters.usable[rows]]
    for a, b in _pairs(alike, twins):
        if clusters.label[a] == clusters.label[b]:
            found.append((a, b, _kind_of_twins(nodes, a)))
    return found


def _pairs(rows: Codes, codes: Codes) -> list[tuple[int, int]]:
    """All pairs of few rows with one code, neighbours of many."""
    order = rows[np.argsort(codes[rows], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if order.size else []
    found: list[tuple[int, int]] = []
    for group in groups:
        listed = [int(row) for row in group]
        found.extend(combinations(listed, 2) if len(listed) <= _FEW else pairwise(listed))
    return found


def _kind_of_twins(nodes: Nodes, node: int) -> int:
    """Through what two nodes that say the same are joined: the strongest thing they say."""
    if nodes.key[node] >= 0:
        return KEY
    for kind in SHARED:
        if nodes.values[kind][node] >= 0:
            return NAMES.index(kind)
    context = (("name and birthday", nodes.birthday), ("name at address", nodes.address))
    return NAMES.index(next((kind for kind, codes in context if codes[node] >= 0), "name in account"))


def _ordered(nodes: Nodes, clusters: Clusters, edges: Sequence[Edge]) -> list[Edge]:
    """Edges without repetition: what people decided, records that say the same, then by kind, score, names, and place."""
    verdicts: dict[tuple[int, int], int] = {}

    def likeness(left: int, right: int) -> int:
        a, b = int(nodes.names[left]), int(nodes.names[right])
        if a < 0 or b < 0:
            return _UNNAMED
        if (a, b) not in verdicts:
            verdicts[a, b] = 0 if a == b else _LIKE[compare(nodes.words[a], nodes.words[b])]
        return verdicts[a, b]

    def rank(edge: Edge) -> tuple[int, float, int, int, int]:
        left, right, kind = edge
        told = clusters.scored.get((left, right)) or clusters.scored.get((right, left)) or (0.0, "")
        first = 0 if kind == DECIDED else _TWIN if (left, right) in alike else kind + _TWIN + 1
        return first, -told[0] if NAMES[kind] == "score" else 0.0, likeness(left, right), left, right

    alike = _twin_pairs(nodes, edges)
    return sorted({(min(a, b), max(a, b), kind) for a, b, kind in edges}, key=rank)


def _twin_pairs(nodes: Nodes, edges: Sequence[Edge]) -> set[tuple[int, int]]:
    """Pairs of nodes that say the same of whom they are about."""

    def said(node: int) -> tuple[int, ...]:
        values = [int(nodes.values[kind][node]) for kind in SHARED]
        return (int(nodes.names[node]), int(nodes.key[node]), int(nodes.birthday[node]), int(nodes.address[node]), *values)

    return {(min(a, b), max(a, b)) for a, b, _ in edges if said(a) == said(b)}


class Growing:
    """Union-find that never brings the two nodes of a forbidden pair together."""

    def __init__(self, forbidden: Sequence[tuple[int, int]]) -> None:
        self._parent: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._against: dict[int, set[int]] = {}
        for a, b in forbidden:
            self._against.setdefault(a, set()).add(b)
            self._against.setdefault(b, set()).add(a)

    def root(self, node: int) -> int:
        """The smallest node joined with `node`."""
        parent = self._parent
        while parent.get(node, node) != node:
            above = parent[node]
            parent[node] = parent.get(above, above)
            node = parent[node]
        return node

    def members(self, root: int) -> Sequence[int]:
        """The nodes joined with a root, itself among them."""
        return self._members.get(root, [root])

    def join(self, left: int, right: int) -> bool:
        """Join the two unless that is forbidden or needless; whether they were joined now."""
        a, b = sorted((self.root(left), self.root(right)))
        if a == b:
            return False
        against = self._against
        few, other = (a, b) if len(against.get(a, ())) <= len(against.get(b, ())) else (b, a)
        if any(self.root(node) == other for node in against.get(few, ())):
            return False
        self._parent[b] = a
        self._members.setdefault(a, [a]).extend(self._members.pop(b, [b]))
        if b in against:
            against.setdefault(a, set()).update(against.pop(b))
        return True


def rows_of(decisions: Placed, name: Callable[[int], str]) -> list[dict[str, object]]:
    """The rows of `links` that tell the decisions; `name` calls a node by source#key."""
    found: list[dict[str, object]] = []
    told = [(a, b, each, True) for a, b, each in decisions.same if each is not None]
    for a, b, each, same in [*told, *((a, b, each, False) for a, b, each in decisions.different)]:
        left, right = sorted((name(a), name(b)))
        found.append(
            {
                **{"left": left, "right": right, "score": 1.0 if same else 0.0, "rule": "decided"},
                **{"decision": "joined" if same else "kept apart", "by": "person", "value": each.reason[:60], "fields": None},
            }
        )
    return found
