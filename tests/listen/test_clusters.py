"""The vectorised parts of clustering, beside the plain loops they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from identity_world import World, company

from vitalfew.engine import Context
from vitalfew.listen import clusters, identity
from vitalfew.listen.clusters import SHARED, Nodes


def nodes_of(seed: int, context: Context, monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """The nodes that a made-up world becomes."""
    seen: list[Nodes] = []

    def kept(nodes: Nodes) -> clusters.Clusters:
        seen.append(nodes)
        return clusters.cluster(nodes)

    monkeypatch.setattr(identity, "cluster", kept)
    identity.resolve(World(seed, people=120, accounts=25).sources(context.engine), company(), context)
    return seen[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_known_of_components_is_what_a_loop_over_their_nodes_finds(
    context: Context, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    nodes = nodes_of(seed, context, monkeypatch)
    draw = np.random.default_rng(seed)
    label = draw.integers(nodes.count // 3, size=nodes.count)
    guarded = {kind: draw.random(len(nodes.texts[kind])) < 0.2 for kind in SHARED}
    wanted = np.unique(label)[::2]
    found = clusters._facts(nodes, guarded, label, wanted)
    assert sorted(found) == wanted.tolist()
    for each, facts in found.items():
        mine = [node for node in range(nodes.count) if label[node] == each]
        assert facts.names == {int(nodes.names[node]) for node in mine} - {-1}
        assert facts.known["birthday"] == {str(nodes.birthday[node]) for node in mine} - {"-1"}
        for kind in SHARED:
            codes = {int(nodes.values[kind][node]) for node in mine} - {-1}
            assert facts.known[kind] == {nodes.texts[kind][code] for code in codes if not guarded[kind][code]}


def test_edges_of_a_star_join_what_a_loop_joins() -> None:
    draw = np.random.default_rng(3)
    edges = np.column_stack([draw.integers(60, size=40), draw.integers(60, size=40), np.zeros(40, np.int64)])
    label = clusters.components(60, edges)
    parent = list(range(60))
    for _ in range(60):
        for a, b, _ in edges.tolist():
            parent[a] = parent[b] = min(parent[a], parent[b])
    assert (label[:, None] == label).tolist() == [[one == other for other in parent] for one in parent]
