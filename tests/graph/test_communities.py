"""Communities: independent of the order of edges and of other components, and as good as an exhaustive search."""

import random
import time
from collections.abc import Iterator

import igraph
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph.communities import components, cpm, louvain
from graph.errors import UsageError

Edges = list[tuple[int, int, int]]
VERTICES = 9
BOOKS = st.lists(
    st.tuples(st.integers(0, VERTICES - 1), st.integers(0, VERTICES - 1), st.integers(1, 50)).filter(
        lambda e: e[0] != e[1]
    ),
    max_size=20,
)


def columns(edges: Edges) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    table = np.asarray(edges, np.int64).reshape(-1, 3)
    return table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy()


def two_cliques(bridge: int = 1) -> Edges:
    left = [(a, b, 10) for a in range(4) for b in range(a + 1, 4)]
    return [*left, *[(a + 4, b + 4, w) for a, b, w in left], (3, 4, bridge)]


def quality(labels: NDArray[np.int64], edges: Edges, resolution: float) -> float:
    inner = sum(w for a, b, w in edges if labels[a] == labels[b])
    sizes = np.unique(labels, return_counts=True)[1]
    return float(inner - resolution * (sizes * (sizes - 1) / 2).sum())


def partitions(n: int) -> Iterator[list[int]]:
    """Every way to part n vertices, as restricted growth strings."""

    def grow(head: list[int]) -> Iterator[list[int]]:
        if len(head) == n:
            yield head
            return
        for label in range(max(head, default=-1) + 2):
            yield from grow([*head, label])

    return grow([])


def test_two_cliques_and_a_bridge() -> None:
    labels = cpm(9, *columns(two_cliques()), resolution=4.0, seed=1)
    assert labels.tolist() == [0, 0, 0, 0, 4, 4, 4, 4, 8]
    assert components(9, *columns(two_cliques())[:2]).tolist() == [0] * 8 + [8]
    assert louvain(9, *columns(two_cliques()), seed=1).tolist() == [0, 0, 0, 0, 4, 4, 4, 4, 8]


def test_the_resolution_is_the_weight_that_holds_a_pair_together() -> None:
    pair = columns([(0, 1, 10)])
    assert cpm(2, *pair, resolution=9.5, seed=1).tolist() == [0, 0]
    assert cpm(2, *pair, resolution=10.5, seed=1).tolist() == [0, 1]
    triangle = columns([(0, 1, 10), (1, 2, 10), (0, 2, 10)])
    assert cpm(3, *triangle, resolution=9.5, seed=1).tolist() == [0, 0, 0]
    assert cpm(3, *triangle, resolution=10.5, seed=1).tolist() == [0, 1, 2]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(edges=BOOKS, shuffle=st.randoms(use_true_random=False), seed=st.integers(0, 5))
def test_order_direction_and_repetition_do_not_matter(edges: Edges, shuffle: random.Random, seed: int) -> None:
    first = cpm(VERTICES, *columns(edges), resolution=7.5, seed=seed)
    other = [(b, a, w) if shuffle.random() < 0.5 else (a, b, w) for a, b, w in edges]
    other = [part for a, b, w in other for part in ([(a, b, w - 1), (a, b, 1)] if w > 1 else [(a, b, w)])]
    shuffle.shuffle(other)
    assert (first == cpm(VERTICES, *columns(other), resolution=7.5, seed=seed)).all()
    assert (louvain(VERTICES, *columns(edges), seed=seed) == louvain(VERTICES, *columns(other), seed=seed)).all()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(edges=BOOKS, seed=st.integers(0, 3))
def test_labels_are_smallest_members_of_connected_communities(edges: Edges, seed: int) -> None:
    labels = cpm(VERTICES, *columns(edges), resolution=7.5, seed=seed)
    whole: nx.Graph[int] = nx.Graph()
    whole.add_nodes_from(range(VERTICES))
    whole.add_edges_from((a, b) for a, b, _ in edges)
    for label in set(labels.tolist()):
        members = np.flatnonzero(labels == label).tolist()
        assert min(members) == label
        assert nx.is_connected(whole.subgraph(members))
    oracle = {min(part): set(part) for part in nx.connected_components(whole)}
    found = components(VERTICES, *columns(edges)[:2])
    assert {label: set(np.flatnonzero(found == label).tolist()) for label in set(found.tolist())} == oracle


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    edges=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 20)).filter(lambda e: e[0] != e[1]))
)
def test_no_way_to_part_a_small_book_is_much_better(edges: Edges) -> None:
    edges = edges[:12]
    best = max(quality(np.asarray(p), edges, 4.5) for p in partitions(6))
    mine = max(quality(cpm(6, *columns(edges), resolution=4.5, seed=s), edges, 4.5) for s in range(3))
    assert mine >= 0.95 * best


@given(BOOKS)
@settings(max_examples=60, deadline=None)
def test_no_best_way_to_part_a_book_reaches_beyond_strong_edges(edges: Edges) -> None:
    edges = [(a, b, w) for a, b, w in edges if max(a, b) < 6]
    sums: dict[tuple[int, int], int] = {}
    for a, b, w in edges:
        sums[min(a, b), max(a, b)] = sums.get((min(a, b), max(a, b)), 0) + w
    source, target, _ = columns([(a, b, w) for (a, b), w in sums.items() if w >= 40])
    piece = components(6, source, target)
    ways = [np.array(way) for way in partitions(6)]
    best = max(quality(way, edges, 40.0) for way in ways)
    for way in (way for way in ways if quality(way, edges, 40.0) == best):
        assert quality(way * 6 + piece, edges, 40.0) == best  # it joined pieces for nothing, or not at all


def test_a_component_does_not_feel_the_others() -> None:
    rng = np.random.default_rng(5)
    blob = [
        (int(a), int(b), int(w)) for a, b, w in zip(*rng.integers(0, 30, (2, 90)), rng.integers(1, 99, 90), strict=True)
    ]
    blob = [edge for edge in blob if edge[0] != edge[1]]
    alone = cpm(30, *columns(blob), resolution=20.0, seed=3)
    beside = cpm(50, *columns([*blob, *[(a + 30, b + 30, w) for a, b, w in two_cliques()]]), resolution=20.0, seed=3)
    assert (alone == beside[:30]).all()


def test_a_component_keeps_its_answer_when_it_is_renumbered() -> None:
    rng = np.random.default_rng(6)
    a, b, w = rng.integers(0, 40, 200), rng.integers(0, 40, 200), rng.integers(1, 99, 200)
    keep = a != b
    a, b, w = a[keep], b[keep], w[keep]
    names = np.arange(40, dtype=np.int64) + 1_000
    moved = np.concatenate([np.arange(7, dtype=np.int64), names])
    one = cpm(40, a, b, w, resolution=30.0, seed=3, names=names)
    two = cpm(47, a + 7, b + 7, w, resolution=30.0, seed=3, names=moved)
    assert (one + 7 == two[7:]).all()


def test_the_generator_of_others_is_left_alone() -> None:
    random.seed(11)
    expected = random.random()
    random.seed(11)
    cpm(9, *columns(two_cliques()), resolution=4.0, seed=1)
    assert random.random() == expected
    random.seed(12)
    first = igraph.Graph.Erdos_Renyi(20, 0.3).get_edgelist()
    random.seed(12)
    assert igraph.Graph.Erdos_Renyi(20, 0.3).get_edgelist() == first


def test_empty_and_lonely() -> None:
    none = columns([])
    assert cpm(0, *none, resolution=1.0, seed=1).tolist() == []
    assert cpm(2, *none, resolution=1.0, seed=1).tolist() == [0, 1]
    assert louvain(1, *none, seed=1).tolist() == [0]
    assert components(3, *none[:2]).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("edges", "resolution"),
    [
        ([(0, 0, 1)], 1.0), ([(0, 9, 1)], 1.0), ([(-1, 0, 1)], 1.0), ([(0, 1, 0)], 1.0), ([(0, 1, -4)], 1.0),
        ([(0, 1, 2**53)], 1.0), ([(0, 1, 1)], 0.0), ([(0, 1, 1)], float("nan")),
    ],
)  # fmt: skip
def test_what_is_no_graph_is_refused(edges: Edges, resolution: float) -> None:
    with pytest.raises(UsageError):
        cpm(3, *columns(edges), resolution=resolution, seed=1)


def test_fractional_weights_are_refused() -> None:
    source, target, _ = columns([(0, 1, 1)])
    with pytest.raises(UsageError, match="integers"):
        cpm(2, source, target, np.asarray([0.5]), resolution=1.0, seed=1)  # type: ignore[arg-type]


def test_many_small_components_are_quick() -> None:
    groups = np.arange(3_000, dtype=np.int64)[:, None] * 6
    a, b = np.triu_indices(6, 1)
    source, target = (groups + a).ravel(), (groups + b).ravel()
    began = time.process_time()
    labels = cpm(18_000, source, target, np.full(len(source), 100, np.int64), resolution=10.0, seed=1)
    assert time.process_time() - began < 5
    assert (labels == np.repeat(groups.ravel(), 6)).all()


def test_ends_where_a_round_moves_a_vertex_there_and_back() -> None:
    """With this generator, igraph's own loop until nothing changes never ends on these six vertices."""
    edges = [
        *((0, 4, 889), (0, 5, 1819), (1, 2, 8943), (1, 3, 7083), (1, 5, 860)),
        *((2, 3, 7083), (2, 5, 860), (3, 5, 860), (4, 5, 889)),
    ]
    names = np.array([6014, 1, 2, 3, 4, 5])
    assert cpm(6, *columns(edges), resolution=300.0, seed=0, names=names).tolist() == [0] * 6
