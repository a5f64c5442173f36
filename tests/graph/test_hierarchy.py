"""A hierarchy by average linkage, and the best cut through it, against what a few lines of plain Python find."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import UsageError
from graph.hierarchy import Hierarchy, best_cut, hierarchy

Edges = dict[tuple[int, int], float]


def tree_of(n: int, edges: Edges) -> Hierarchy:
    ends = np.array(list(edges), np.int64).reshape(-1, 2)
    return hierarchy(n, ends[:, 0], ends[:, 1], np.array(list(edges.values()), np.float64))


def members(tree: Hierarchy, group: int) -> frozenset[int]:
    return frozenset(tree.leaf[tree.start[group] : tree.start[group] + tree.size[group]].tolist())


def every_group(tree: Hierarchy) -> set[frozenset[int]]:
    return {members(tree, group) for group in range(tree.vertices, len(tree.size))}


def plainly(n: int, edges: Edges) -> set[frozenset[int]]:
    """Merge the two groups between which a pair weighs most on the mean, until no edge is left."""
    groups = [frozenset([vertex]) for vertex in range(n)]
    found = set()
    while True:
        near = {
            (a, b): sum(edges.get((min(x, y), max(x, y)), 0.0) for x in a for y in b) / len(a) / len(b)
            for a, b in combinations(groups, 2)
        }
        best = max(near, key=lambda pair: near[pair], default=None)
        if best is None or near[best] == 0:
            return found
        groups = [g for g in groups if g not in best] + [best[0] | best[1]]
        found.add(groups[-1])


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Edges]:
    n = draw(st.integers(1, 9))
    pairs = [pair for pair in combinations(range(n), 2) if draw(st.booleans())]
    order = draw(st.permutations(range(len(pairs))))
    return n, {pair: 1.0 + place + 0.37 * place**2 for pair, place in zip(pairs, order, strict=True)}


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_groups_merge_by_mean_weight(graph: tuple[int, Edges]) -> None:
    tree = tree_of(*graph)
    assert every_group(tree) == plainly(*graph)


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_a_group_is_what_it_was_made_of(graph: tuple[int, Edges]) -> None:
    tree = tree_of(*graph)
    assert sorted(tree.leaf.tolist()) == list(range(tree.vertices))
    for k, (one, other) in enumerate(zip(tree.left.tolist(), tree.right.tolist(), strict=True)):
        whole = tree.vertices + k
        assert members(tree, one) | members(tree, other) == members(tree, whole)
        assert not members(tree, one) & members(tree, other)
        assert tree.parent[one] == tree.parent[other] == whole
    assert (tree.distance > 0).all()


def test_two_triangles_on_a_thread_are_two_groups_first() -> None:
    edges = {(0, 1): 1.0, (0, 2): 1.0, (1, 2): 1.0, (3, 4): 1.0, (3, 5): 1.0, (4, 5): 1.0, (2, 3): 0.2}
    groups = every_group(tree_of(8, edges))
    assert {frozenset({0, 1, 2}), frozenset({3, 4, 5}), frozenset(range(6))} <= groups
    assert not any(6 in group or 7 in group for group in groups), "what nothing ties merges with nobody"


def test_without_edges_there_are_no_groups() -> None:
    tree = tree_of(3, {})
    assert len(tree.left) == 0
    assert tree.size.tolist() == [1, 1, 1]
    assert best_cut(tree, np.zeros(0, np.int64), np.zeros(0)).tolist() == []


@pytest.mark.parametrize(("edges", "said"), [({(0, 3): 1.0}, "outside"), ({(0, 1): 0.0}, "weighs nothing")])
def test_an_edge_that_is_none_is_refused(edges: Edges, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        tree_of(3, edges)


@settings(max_examples=200, deadline=None)
@given(graphs(), st.lists(st.integers(-5, 9), min_size=8, max_size=8))
def test_the_cut_is_the_best_of_all(graph: tuple[int, Edges], worth: list[int]) -> None:
    tree = tree_of(*graph)
    group = np.arange(tree.vertices, len(tree.size))
    value = np.array(worth[: len(group)], np.float64)
    chosen = best_cut(tree, group, value)
    taken = [members(tree, int(g)) for g in group[chosen]]
    assert not any(a & b for a, b in combinations(taken, 2)), "one lies in another"
    sets = [(members(tree, int(g)), float(v)) for g, v in zip(group, value, strict=True)]
    best = max(
        sum(v for _, v in some)
        for many in range(len(sets) + 1)
        for some in combinations(sets, many)
        if not any(a & b for (a, _), (b, _) in combinations(some, 2))
    )
    assert value[chosen].sum() == best
    assert (value[chosen] > 0).all()
