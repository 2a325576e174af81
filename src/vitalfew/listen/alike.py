"""What keys leave apart, joined by score: a model fitted to the records themselves says which of them are one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vitalfew.engine import Context
from vitalfew.listen import normalise, scoring
from vitalfew.listen.acceptance import Accepted, accept
from vitalfew.listen.clusters import NAMES, Apart, Clusters, Codes, Nodes, components
from vitalfew.listen.names import compare
from vitalfew.listen.profiles import Profiles, factor

SCORE = NAMES.index("score")
_LEAST_CROSS = 100
"""A source has shown that it holds nobody twice when this many of its records met another source's and none its own."""

_CONFLICT = 20.0
"""Bits against two records that cannot be one person."""
_FEW_RENAMED = 0.1

_WHY = {
    "contradicted": "score, but their other records contradict it",
    "one to one": "score, but one source that holds nobody twice has both",
    "too low": "score, but below the threshold",
    "conflict": "score, but different names or another mailbox",
}


def join(
    nodes: Nodes,
    clusters: Clusters,
    profiles: Profiles,
    accounts: Sequence[str | None],
    n: Codes,
    met: Codes,
    source: Sequence[str | None],
    context: Context,
) -> Clusters:
    """The clusters of keys, joined further where a fitted model says so; unchanged when there is too little to fit one to.

    `n` has the records of each node, `met` how many records of its source say the same. A record that tells no person of its own (a
    name and nothing else, met several times) takes no part.
    """
    place, records = _records(nodes, clusters, profiles, accounts, met)
    fitted = scoring.fit(records, context) if records.num_rows else None
    if fitted is None:
        return clusters
    context.progress("joining what is alike")
    label = records.column("label").to_numpy()
    left, right = fitted.scored.left, fitted.scored.right
    conflicts = _conflicts(nodes, place, records, fitted)
    odds = np.where(conflicts, -_CONFLICT, fitted.scored.odds)
    count = int(clusters.label.max()) + 1
    inside, single = _sources(clusters.label, source, n)
    size = np.bincount(label, minlength=count).astype(np.int64)
    answer = accept(label[left], label[right], odds, size, inside, single)
    told = np.flatnonzero(conflicts)
    told = told[np.sort(np.unique(np.column_stack([label[left[told]], label[right[told]]]), axis=0, return_index=True)[1])]
    answer = replace(answer, refused=np.r_[answer.refused, told], why=(*answer.why, *("conflict" for _ in told)))
    return _joined(nodes, clusters, place, answer, fitted, records)


def _conflicts(nodes: Nodes, place: Codes, records: pa.Table, fitted: scoring.Fitted) -> NDArray[np.bool_]:
    """Which scored pairs cannot be one person whatever their score: mailboxes that differ in their number, and other names.

    Names contradict only where the fitted model finds that matches hardly ever have unlike names; in files full of slips they do.
    """
    scored = fitted.scored
    found = np.zeros(len(scored.odds), dtype=bool)
    likely = np.flatnonzero(scored.odds >= 0)
    left, right = scored.left[likely], scored.right[likely]
    mails = records.column("email").to_pylist()
    numbered = [_numbered(mails[a], mails[b]) for a, b in zip(left.tolist(), right.tolist(), strict=True)]
    found[likely] = np.array(numbered, dtype=bool)
    if fitted.renamed <= _FEW_RENAMED:
        names = nodes.names[place]
        pairs = zip(names[left].tolist(), names[right].tolist(), strict=True)
        unlike = [
            a >= 0 and b >= 0 and a != b and compare(nodes.words[a], nodes.words[b]) not in ("same", "compatible") for a, b in pairs
        ]
        found[likely] |= np.array(unlike, dtype=bool)
    return found


def _numbered(a: str | None, b: str | None) -> bool:
    if a is None or b is None or a == b or a.rpartition("@")[2] != b.rpartition("@")[2]:
        return False
    return [each for each in a if not each.isdigit()] == [each for each in b if not each.isdigit()]


def _joined(
    nodes: Nodes, clusters: Clusters, place: Codes, answer: Accepted, fitted: scoring.Fitted, records: pa.Table
) -> Clusters:
    scored = fitted.scored
    both = np.concatenate([answer.joined, answer.refused])
    left, right, probability = scored.left[both], scored.right[both], 1 / (1 + np.exp2(-scored.odds[both]))
    fields = scoring.told(records, left, right, fitted.fields)
    a, b = place[left], place[right]
    joined = len(answer.joined)
    edges = np.column_stack([a[:joined], b[:joined], np.full(joined, SCORE)]).astype(np.int64)
    usable = clusters.usable.copy()
    usable[edges[:, :2].ravel()] = True
    told = {
        (int(one), int(other)): (round(float(value), 6), text)
        for one, other, value, text in zip(a, b, probability, fields, strict=True)
    }
    apart = [Apart(int(a[joined + i]), int(b[joined + i]), "score", _WHY[why], "") for i, why in enumerate(answer.why)]
    all_edges = np.concatenate([clusters.edges, edges])
    return replace(
        clusters,
        label=components(nodes.count, all_edges),
        edges=all_edges,
        usable=usable,
        apart=[*clusters.apart, *apart],
        scored=told,
    )


def _sources(label: Codes, source: Sequence[str | None], n: Codes) -> tuple[NDArray[np.int64], int]:
    """For each label the sources it stands in, as bits, and the bits of sources that hold nobody twice (62 sources at most)."""
    codes, _ = factor(pa.array(source, pa.string()))
    inside = np.zeros(int(label.max()) + 1, dtype=np.int64)
    if codes.max(initial=0) >= 62:
        return inside, 0
    np.bitwise_or.at(inside, label, np.left_shift(np.int64(1), codes))
    single = 0
    for code in range(int(codes.max(initial=-1)) + 1):
        mine = codes == code
        own = np.bincount(label[mine], weights=n[mine], minlength=len(inside))
        cross = (own > 0) & (inside != 1 << code)
        if own.max(initial=0) <= 1 and int(cross.sum()) >= _LEAST_CROSS:
            single |= 1 << code
    return inside, single


def _records(
    nodes: Nodes, clusters: Clusters, profiles: Profiles, accounts: Sequence[str | None], n: Codes
) -> tuple[Codes, pa.Table]:
    """The nodes that take part, and the table `scoring.fit` reads: one row for each distinct content of a label."""
    taking = np.flatnonzero(((nodes.names >= 0) | clusters.usable) & (clusters.usable | (n == 1)))
    columns = _columns(nodes, clusters, profiles, accounts, taking)
    if not taking.size:
        return taking, pa.table({"label": pa.array([], pa.int64())})
    codes = np.column_stack([clusters.label[taking], *(factor(each)[0] for each in columns.values())])
    # One integer for each distinct row, column by column: np.unique over rows would sort them as bytes and take ten times as long.
    number = reduce(lambda one, other: np.unique(one * (int(other.max()) + 2) + other + 1, return_inverse=True)[1], codes.T)
    first = np.sort(np.unique(number, return_index=True)[1])
    table = pa.table({name: each.take(pa.array(first)) for name, each in columns.items()})
    place = taking[first]
    table = table.append_column("label", pa.array(clusters.label[place]))
    return place, table.append_column("row", pa.array(np.arange(len(place), dtype=np.int64)))


def _columns(
    nodes: Nodes, clusters: Clusters, profiles: Profiles, accounts: Sequence[str | None], taking: Codes
) -> dict[str, pa.Array]:
    parted: dict[str, set[str]] = {"phone": {each.value for each in clusters.apart if each.rule.startswith("shared phone")}}

    def of_names(form: Callable[[tuple[str, ...]], str | None]) -> pa.Array:
        return _taken([form(words) for words in nodes.words], nodes.names[taking])

    def of_values(kind: str, form: Callable[[str], str | None]) -> pa.Array:
        # A value that several people share says little, and says it of pairs that share an account too: it is left out.
        several, guarded = parted.get(kind, set()), clusters.guarded[kind].tolist()
        texts = [None if alone or text in several else form(text) for text, alone in zip(nodes.texts[kind], guarded, strict=True)]
        return _taken(texts, nodes.values[kind][taking])

    def of_column(column: str, form: Callable[[str], str | None]) -> pa.Array:
        codes, texts = factor(profiles.table.column(column))
        return _taken([form(text) for text in texts], codes[taking])

    return {
        "given": of_names(lambda words: words[0] if len(words) > 1 else None),
        "family": of_names(lambda words: words[-1]),
        "full": of_names(" ".join),
        "ordered": of_names(lambda words: " ".join(sorted(words))),
        "born": of_column("born", _born),
        "email": of_values("e-mail", str),
        "mailbox": of_values("e-mail", lambda text: text.rpartition("@")[0]),
        "local": _own_locals(nodes, clusters, taking),
        "phone": of_values("phone", str),
        "national_id": of_values("national id", str),
        "street": of_column("street", plain),
        "city": of_column("city", plain),
        "postcode": of_column("postcode", lambda text: (plain(text) or "").replace(" ", "") or None),
        "role": of_column("role", plain),
        "account": pa.array(accounts, pa.string()).take(pa.array(taking)),
    }


def _own_locals(nodes: Nodes, clusters: Clusters, taking: Codes) -> pa.Array:
    """The part of each e-mail before the @, where it says more than the name: anna.rossi@ is every Anna Rossi's."""
    mails, texts, shared = nodes.values["e-mail"][taking], nodes.texts["e-mail"], clusters.guarded["e-mail"]
    found: list[str | None] = []
    for name, mail in zip(nodes.names[taking].tolist(), mails.tolist(), strict=True):
        local = texts[mail].rpartition("@")[0] if mail >= 0 and not shared[mail] else None
        found.append(None if local is None or (name >= 0 and _made_of(local, nodes.words[name])) else local)
    return pa.array(found, pa.string())


def _made_of(local: str, words: tuple[str, ...]) -> bool:
    """Whether an address is a word of the name and more letters (anna.rossi, not anna255)."""
    letters = [each for each in local if each.isalpha()]
    return any(len(word) > 2 and word in local and len(letters) > len(word) + 1 for word in words)


def _taken(texts: Sequence[str | None], codes: Codes) -> pa.Array:
    return pa.array(texts, pa.string()).take(pa.array(codes, mask=codes < 0))


def plain(text: str) -> str | None:
    """A text without accents, case and spare blanks; None when nothing is left."""
    return " ".join(normalise.plain(text).split()) or None


def _born(text: str) -> str | None:
    return normalise.birthday(text)


Told = Mapping[tuple[int, int], tuple[float, str]]
"""For the two nodes of a scored pair its probability, and the fields compared."""
