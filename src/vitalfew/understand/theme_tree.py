"""Themes told nothing: a vector per thought, a graph of who is near whom, communities in it, and a tree of two levels.

Method: TF-IDF -> truncated SVD (latent semantic analysis, Deerwester et al. 1990, JASIS 41(6)) -> nearest neighbours by cosine ->
shared-neighbour weights (Jarvis & Patrick 1973, IEEE Trans. Computers C-22) -> Louvain communities (Blondel et al. 2008, J.
Stat. Mech. P10008) at the resolution whose communities are found again in parts of the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics import adjusted_rand_score
from sknetwork.clustering import Louvain

from vitalfew.understand.words import Features, Tokens

# Doubles, because neighbours and communities are choices: with single precision the last bits, which differ from one processor to
# another, decide some of them.
Vectors = NDArray[np.float64]
Labels = NDArray[np.int64]
OTHER = -1
_DIMENSIONS = 200
_NEIGHBOURS = 15
_RESOLUTIONS = (1.0, 1.5, 2.0, 3.0)
_BLOCK = 500
# Likeness is compared at this precision, far above the last bits of a matrix product.
_DECIMALS = 6
_SAME = 0.35
# Complaints about one work group are more likely one trouble said in two ways, so less likeness is asked of them.
_SAME_OWNED = 0.15
_SAME_UNOWNED = 0.25
_MOST_THEMES = 80
_OWN_WORDS = 0.5
_FEW = 30


class Space:
    """Vectors of length 1 for texts; a text without a known word or letter group has the zero vector."""

    def __init__(self, tokens: Tokens, seed: int) -> None:
        self._features = Features(tokens)
        known = self._features.apply(tokens)
        size = min(_DIMENSIONS, known.shape[0] // 2, known.shape[1] - 1)
        self._axes: Vectors | None = None
        # A few thoughts have nothing to generalise from: their features stay as they are.
        if known.shape[0] >= 2 * _FEW:
            fitted = TruncatedSVD(size, random_state=seed % 2**32, n_iter=4).fit(known)
            self._axes = np.ascontiguousarray(fitted.components_.T, dtype=np.float64)
        self._mean = np.zeros(size if self._axes is not None else known.shape[1], dtype=np.float64)
        raw = self._raw(known)
        if self._axes is not None:
            self._mean = raw.mean(axis=0)
        self.fitted = self._centred(raw)

    def vectors(self, tokens: Tokens) -> Vectors:
        """Shape (n, dimensions), rows of length 1 or 0."""
        return self._centred(self._raw(self._features.apply(tokens)))

    def _raw(self, known: sparse.csr_matrix) -> Vectors:
        return unit(known @ self._axes if self._axes is not None else known.toarray().astype(np.float64))

    def _centred(self, raw: Vectors) -> Vectors:
        empty = ~raw.any(axis=1)
        moved = unit(raw - self._mean)
        moved[empty] = 0
        return moved


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Rows scaled to length 1; zero rows stay."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(length > 0, length, 1)).astype(np.float64)


def neighbours(vectors: Vectors, count: int) -> sparse.csr_matrix:
    """Shared-neighbour graph: Jaccard overlap of the `count` nearest of each of two, where one is among the other's nearest."""
    size = len(vectors)
    count = min(count, size - 1)
    nearest = np.empty((size, count), dtype=np.int64)
    for begin in range(0, size, _BLOCK):
        likeness = np.round(vectors[begin : begin + _BLOCK] @ vectors.T * 10**_DECIMALS).astype(np.int64)
        rows = np.arange(len(likeness))
        likeness[rows, begin + rows] = -(2 * 10**_DECIMALS)
        # No two keys of a row are equal: of two equally near the first in order is taken, on every processor.
        keys = np.arange(size) - likeness * size
        nearest[begin : begin + _BLOCK] = np.argpartition(keys, count - 1, axis=1)[:, :count]
    edges = sparse.csr_matrix(
        (np.ones(size * count, dtype=np.float32), nearest.ravel(), np.arange(0, size * count + 1, count)), shape=(size, size)
    )
    closed = edges + sparse.eye(size, dtype=np.float32, format="csr")
    shared = (closed @ closed.T).multiply(closed.maximum(closed.T)).tocsr()
    shared.data = shared.data / (2 * (count + 1) - shared.data)
    shared.setdiag(0)
    shared.eliminate_zeros()
    shared.sort_indices()
    return shared


def communities(graph: sparse.csr_matrix, seed: int) -> Labels:
    """Louvain communities at the resolution that is found again best on three random four fifths of the graph."""
    random = np.random.default_rng(seed)
    parts = [np.sort(random.permutation(graph.shape[0])[: graph.shape[0] * 4 // 5]) for _ in range(3)]
    smaller = [graph[part][:, part] for part in parts]
    best, kept = -np.inf, np.zeros(graph.shape[0], dtype=np.int64)
    for resolution in _RESOLUTIONS:
        whole = _louvain(graph, resolution)
        again = [adjusted_rand_score(whole[part], _louvain(piece, resolution)) for part, piece in zip(parts, smaller, strict=True)]
        found = float(np.mean(again))
        if found > best + 0.01:
            best, kept = found, whole
    return kept


def _louvain(graph: sparse.csr_matrix, resolution: float) -> Labels:
    if graph.nnz == 0:
        return np.arange(graph.shape[0], dtype=np.int64)
    labels: Labels = Louvain(resolution=resolution, shuffle_nodes=False, random_state=0).fit_predict(graph).astype(np.int64)
    return labels


def centroids(vectors: Vectors, labels: Labels, count: int) -> Vectors:
    """Mean direction of each of `count` labels."""
    inside = np.flatnonzero(labels >= 0)
    member = sparse.csr_matrix((np.ones(len(inside)), (labels[inside], inside)), shape=(count, len(labels)))
    return unit(np.asarray(member @ vectors))


@dataclass(frozen=True)
class Found:
    """Fine themes: `centres` (themes, dimensions), `sign` (themes,) of what is said (1 praise, -1 complaint, 0 neither)."""

    centres: Vectors
    sign: NDArray[np.int8]

    def assign(self, vectors: Vectors, sign: NDArray[np.int8], floor: float) -> Labels:
        """The nearest theme that does not say the opposite; OTHER where none is nearer than `floor`."""
        labels = np.full(len(vectors), OTHER, dtype=np.int64)
        if not len(self.centres):
            return labels
        for begin in range(0, len(vectors), 50_000):
            part = slice(begin, begin + 50_000)
            near = np.round(vectors[part] @ self.centres.T, _DECIMALS)
            near -= 0.5 * (sign[part, None] * self.sign[None, :] < 0)
            best = near.argmax(axis=1)
            labels[part] = np.where(near[np.arange(len(near)), best] > floor, best, OTHER)
        return labels


def find(vectors: Vectors, sign: NDArray[np.int8], mass: NDArray[np.int64], seed: int) -> tuple[Labels, Found]:
    """Fine themes of distinct thoughts: a label each (OTHER when nothing is known of it) and the themes found.

    `vectors` (n, d) of length 1 or 0, in canonical order; `sign` (n,) says praise, complaint or neither; `mass` (n,) is how often
    each was said. Praise and complaints about one subject become two themes. Themes said less often than 1 time in 200 (3 at least,
    30 at most) join the nearest. Fewer than 30 thoughts are linked by their cosine alone.
    """
    known = np.flatnonzero(vectors.any(axis=1))
    labels = np.full(len(vectors), OTHER, dtype=np.int64)
    if len(known) == 0:
        return labels, Found(np.zeros((0, vectors.shape[1])), np.zeros(0, dtype=np.int8))
    inside, said, often = vectors[known], sign[known], mass[known]
    if len(known) < _FEW:
        alone = np.zeros((len(known), len(known)), dtype=bool)
        first = _linked(inside, alone, 1 - _SAME, "distance") if len(known) > 1 else np.zeros(1, dtype=np.int64)
    else:
        first = communities(neighbours(inside, min(_NEIGHBOURS, len(known) // 10)), seed)
    # Praise and complaints part: each community becomes up to three, and the small ones join the nearest of their sign below.
    small = max(3, min(int(often.sum()) // 200, 30))
    parted = _settled(inside, said, often, first, small)
    parted = _joined(inside, said, parted)
    labels[known] = parted
    count = int(parted.max()) + 1
    return labels, Found(centroids(inside, parted, count), _signs(said, parted, count))


def _settled(vectors: Vectors, said: NDArray[np.int8], often: NDArray[np.int64], first: Labels, small: int) -> Labels:
    """Praise and complaints part where they are said in other words; parts below `small` join the nearest that agrees."""
    parted = _parted(vectors, said, often, first, small)
    home = np.where(parted[first], first * 3 + (said + 1), first * 3 + 1)
    sizes = np.bincount(home, weights=often, minlength=3 * (int(first.max()) + 1)).reshape(-1, 3)
    larger = np.where(sizes[:, 0] >= sizes[:, 2], 0, 2)
    home = np.where(parted[first] & (said == 0), first * 3 + larger[first], home)
    home = np.unique(home, return_inverse=True)[1].astype(np.int64)
    for _ in range(3):
        count = int(home.max()) + 1
        weight = np.bincount(home, weights=often, minlength=count)
        large = np.flatnonzero(weight >= small)
        if not len(large):
            large = np.array([int(weight.argmax())])
        if len(large) == count and count <= _MOST_THEMES:
            break
        large = large[np.argsort(-weight[large], kind="stable")][:_MOST_THEMES]
        signs = _signs(said, home, count)
        loose = np.flatnonzero(~np.isin(home, large))
        themes = Found(centroids(vectors, home, count)[large], signs[large])
        home[loose] = large[themes.assign(vectors[loose], said[loose], -2.0)]
        home = np.unique(home, return_inverse=True)[1].astype(np.int64)
    return home


def _parted(vectors: Vectors, said: NDArray[np.int8], often: NDArray[np.int64], first: Labels, small: int) -> NDArray[np.bool_]:
    """Communities that hold both praise and complaints, each said often enough, in words of their own (cosine below 0.5).

    A happy customer who names the one thing to mend says it in the words of the unhappy: the score alone must not part them.
    """
    count = int(first.max()) + 1
    parts = {sign: np.where(said == sign, first, OTHER) for sign in (-1, 1)}
    mass = {sign: np.bincount(first[said == sign], weights=often[said == sign], minlength=count) for sign in (-1, 1)}
    near = (centroids(vectors, parts[-1], count) * centroids(vectors, parts[1], count)).sum(axis=1)
    apart: NDArray[np.bool_] = (np.minimum(mass[-1], mass[1]) >= small) & (np.round(near, 5) < _OWN_WORDS)
    return apart


def _joined(vectors: Vectors, said: NDArray[np.int8], home: Labels) -> Labels:
    """Communities that say nearly the same (cosine of centres at least 0.35, average linkage) are one theme.

    Without this the number of themes grows with the number of comments: 15 neighbours of one turn of phrase make a community.
    """
    count = int(home.max()) + 1
    if count < 2:
        return home
    centres, sign = centroids(vectors, home, count), _signs(said, home, count)
    group = _linked(centres, sign[:, None] * sign[None, :] < 0, 1 - _SAME, "distance")
    return np.unique(group[home], return_inverse=True)[1].astype(np.int64)


def one_trouble(centres: Vectors, groups: Sequence[str | None], drivers: Sequence[str], named: Sequence[bool]) -> Labels:
    """Which of the fine themes are one trouble said in several ways: a number per theme, equal for those that are one.

    `groups` holds the work group of each complaint, '' without one, None for what is no complaint. Complaints of the same group,
    and of no two drivers, are one from a cosine of 0.15 (average linkage), those of no known group from 0.25: the same people
    would have to mend them, and a plan that lists both promises the same thing twice. What the company named stays as it named
    it: two of its names never become one.
    """
    labels = np.arange(len(centres), dtype=np.int64)
    rows = [row for row, group in enumerate(groups) if group is not None]
    if len(rows) < 2:
        return labels
    group, driver = (np.array([str(each[row]) for row in rows]) for each in (groups, drivers))
    given = np.array([named[row] for row in rows])
    known = (group[:, None] != "") & (group[None, :] != "")
    # What nobody owns may be a plain request in the words of a complaint: it never swells a group's issue.
    other = group[:, None] != group[None, :]
    other |= (driver[:, None] != "") & (driver[None, :] != "") & (driver[:, None] != driver[None, :])
    distance = np.clip(1 - centres[rows] @ centres[rows].T, 0, 2).astype(np.float64)
    # Rounded, so that the last bits of a matrix product never decide.
    distance = np.round(distance, 5) + 2.0 * (other | (given[:, None] & given[None, :]))
    distance += np.where(known, 0.0, _SAME_UNOWNED - _SAME_OWNED)
    tree = linkage(distance[np.triu_indices(len(rows), 1)], method="average")
    joined = fcluster(tree, 1 - _SAME_OWNED, criterion="distance")
    for cluster in np.unique(joined):
        members = np.array(rows)[joined == cluster]
        labels[members] = members[0]
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _linked(centres: Vectors, apart: NDArray[np.bool_], cut: float, criterion: Literal["distance", "maxclust"]) -> Labels:
    distance = np.round(np.clip(1 - centres @ centres.T, 0, 2).astype(np.float64), 5) + 2.0 * apart
    condensed = distance[np.triu_indices(len(centres), 1)]
    groups: Labels = fcluster(linkage(condensed, method="average"), cut, criterion=criterion).astype(np.int64) - 1
    return groups


def _signs(said: NDArray[np.int8], labels: Labels, count: int) -> NDArray[np.int8]:
    plus = np.bincount(labels[said > 0], minlength=count)
    minus = np.bincount(labels[said < 0], minlength=count)
    size = np.bincount(labels, minlength=count)
    known = (plus + minus) * 5 >= size
    return np.where(known & (plus > 2 * minus), 1, np.where(known & (minus > 2 * plus), -1, 0)).astype(np.int8)


def parents(centres: Vectors, sign: Sequence[int], most: int = 14) -> Labels:
    """The theme above each fine theme: at most `most` groups by average linkage of cosine distance, praise apart from the rest."""
    count = len(centres)
    if count <= most:
        return np.arange(count, dtype=np.int64)
    praise = np.array(sign) > 0
    return _linked(centres, praise[:, None] != praise[None, :], most, "maxclust")
