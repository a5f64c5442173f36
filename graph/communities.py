"""Communities of a weighted projection: Leiden with the CPM objective, one component at a time; two more to compare.

Edges come as columns: vertex numbers 0..n-1 in canonical order and integer weights; order, direction and repetition
of edges do not matter. Every label is the smallest vertex number of its community.
"""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from graph.errors import UsageError
from graph.ordering import numbered, stable_order

if TYPE_CHECKING:
    import igraph

Vertices = NDArray[np.int64]
_SEED_BITS: Final = 64
_ROUNDS: Final = 100
_LARGEST_WEIGHT: Final = 2**53  # igraph sums weights as doubles: exact below
_igraph_generator = threading.Lock()  # igraph has one random number generator for the whole process


def cpm(
    n: int, source: Vertices, target: Vertices, weight: Vertices, *, resolution: float, seed: int,
    names: Vertices | None = None,
) -> Vertices:  # fmt: skip
    """Leiden communities under the constant Potts model, every vertex of size 1 (Traag et al., 2011 and 2019).

    `resolution` is absolute: a community holds together while its inner weight per pair of vertices is above it. Each
    component is worked out by itself, its generator seeded from `seed` and its smallest vertex number (or that
    vertex's entry in `names`, a number that outlives renumbering), so a component's answer depends on nothing else.
    Components are the pieces of `_apart`.
    Raises UsageError for edges that are no edges, or a resolution that is not above zero.
    """
    if not (np.isfinite(resolution) and resolution > 0):
        raise UsageError(f"a resolution must be above zero, not {resolution}")

    def leiden(part: "igraph.Graph") -> list[int]:
        return _settled(part, resolution)

    edges = _apart(n, _canonical(n, source, target, weight), resolution)
    labels = np.arange(n, dtype=np.int64)
    _join_pairs(edges, labels, resolution)
    return _by_component(edges, labels, leiden, seed, names)


def _apart(n: int, edges: "_Edges", resolution: float) -> "_Edges":
    """The edges inside each piece that edges of at least `resolution` hold together; no community reaches beyond it.

    However an optimal community is cut in two, S and R, the weight between them is at least resolution * |S| * |R|
    (Traag et al., 2019), so that one of those |S| * |R| pairs alone has the resolution. In a book most edges are
    weaker: what hung together by them is one component of nine tenths of it, and nine tenths of the time.
    """
    strong = edges.weight >= resolution
    piece = _components(n, edges.lower[strong], edges.upper[strong])
    inside = piece[edges.lower] == piece[edges.upper]
    lower, upper, weight = edges.lower[inside], edges.upper[inside], edges.weight[inside]
    order = stable_order(piece[lower])
    return _Edges(lower[order], upper[order], weight[order], piece, _sizes(piece))


def _settled(part: "igraph.Graph", resolution: float) -> list[int]:
    """Leiden round after round until one changes nothing.

    igraph's own "until nothing changes" (n_iterations=-1, igraph 1.0) never ends on some graphs of six vertices: a
    round that only moves a vertex there and back counts as a change.
    """
    membership: list[int] | None = None
    for _ in range(_ROUNDS):
        found = part.community_leiden(
            "CPM", weights="weight", resolution=resolution, n_iterations=1, initial_membership=membership
        )
        if list(found.membership) == membership:
            break
        membership = list(found.membership)
    return membership or []


def louvain(
    n: int, source: Vertices, target: Vertices, weight: Vertices, *, seed: int, names: Vertices | None = None
) -> Vertices:
    """Multilevel modularity communities (Blondel et al., 2008), a component at a time, for comparison only."""

    def multilevel(part: "igraph.Graph") -> list[int]:
        return list(part.community_multilevel(weights="weight").membership)

    edges = _canonical(n, source, target, weight)
    labels = np.arange(n, dtype=np.int64)
    _join_pairs(edges, labels, 0.0)
    return _by_component(edges, labels, multilevel, seed, names)


def components(n: int, source: Vertices, target: Vertices) -> Vertices:
    """Connected components."""
    edges = _canonical(n, source, target, np.ones(len(source), np.int64))
    return edges.component


@dataclass(frozen=True, slots=True)
class _Edges:
    """Each pair once, lower < upper, sorted by component, then by pair; `component` labels all vertices."""

    lower: Vertices
    upper: Vertices
    weight: Vertices
    component: Vertices
    size: Vertices  # of the component of each vertex


def _canonical(n: int, source: Vertices, target: Vertices, weight: Vertices) -> _Edges:
    _check(n, source, target, weight)
    pair = np.minimum(source, target) * n + np.maximum(source, target)
    pairs, place = numbered(pair)
    total = np.zeros(len(pairs), np.int64)
    np.add.at(total, place, weight)
    lower, upper = pairs // max(n, 1), pairs % max(n, 1)
    component = _components(n, lower, upper)
    order = stable_order(component[lower])
    return _Edges(lower[order], upper[order], total[order], component, _sizes(component))


def _sizes(component: Vertices) -> Vertices:
    """[n] how many vertices each one's component has."""
    return np.bincount(component, minlength=len(component))[component].astype(np.int64)


def _check(n: int, source: Vertices, target: Vertices, weight: Vertices) -> None:
    if not len(source) == len(target) == len(weight):
        raise UsageError("sources, targets and weights differ in number")
    if len(source) == 0:
        return
    if min(source.min(), target.min()) < 0 or max(source.max(), target.max()) >= n:
        raise UsageError(f"an edge names a vertex outside 0..{n - 1}")
    if (source == target).any():
        raise UsageError("an edge joins a vertex to itself")
    if not np.issubdtype(weight.dtype, np.integer) or weight.min() <= 0:
        raise UsageError("weights must be integers above zero")
    if float(weight.sum(dtype=np.float64)) >= _LARGEST_WEIGHT:
        raise UsageError("weights add up to more than can be summed exactly; scale them down")


def _components(n: int, lower: Vertices, upper: Vertices) -> Vertices:
    matrix = coo_array((np.ones(len(lower), np.int8), (lower, upper)), shape=(n, n))
    count, found = connected_components(matrix, directed=False)
    first = np.full(count, n, np.int64)
    np.minimum.at(first, found, np.arange(n, dtype=np.int64))
    return first[found]


def _join_pairs(edges: _Edges, labels: Vertices, resolution: float) -> None:
    """Components of two: joining gains weight - resolution."""
    alone = (edges.size[edges.lower] == 2) & (edges.weight > resolution)
    labels[edges.upper[alone]] = edges.lower[alone]


def ready() -> None:
    """Load the graph library, which takes most of a second: whoever knows that it will be asked can do so beside other
    work, and who only reads a sweep need not wait."""
    import igraph  # noqa: F401


def _by_component(
    edges: _Edges, labels: Vertices, method: Callable[["igraph.Graph"], list[int]], seed: int, names: Vertices | None
) -> Vertices:
    import igraph  # here for the reason of `ready`

    with _igraph_generator:
        try:
            for first, members, lower, upper, weight in _parts(edges):
                name = first if names is None else int(names[first])
                igraph.set_random_number_generator(random.Random(f"{seed}:{name}"))  # noqa: S311 - not a secret
                part = igraph.Graph(n=len(members), edges=list(zip(lower.tolist(), upper.tolist(), strict=True)))
                part.es["weight"] = weight.tolist()
                membership = np.asarray(method(part), np.int64)
                labels[members] = members[_first_of(membership)]
        finally:
            igraph.set_random_number_generator(random)
    return labels


def _parts(edges: _Edges) -> Iterator[tuple[int, Vertices, Vertices, Vertices, Vertices]]:
    """Components of three and more: smallest vertex, vertices ascending, edges in their local numbers, weights."""
    large = edges.size > 2
    vertices = np.flatnonzero(large)
    vertices = vertices[np.argsort(edges.component[vertices], kind="stable")]
    firsts, starts = np.unique(edges.component[vertices], return_index=True)
    local = np.zeros(len(edges.component), np.int64)
    ends = np.append(starts[1:], len(vertices))
    local[vertices] = np.arange(len(vertices)) - np.repeat(starts, ends - starts)
    keys = edges.component[edges.lower]
    begin, end = np.searchsorted(keys, firsts, "left"), np.searchsorted(keys, firsts, "right")
    for number, first in enumerate(firsts.tolist()):
        some = slice(begin[number], end[number])
        members = vertices[starts[number] : ends[number]]
        yield first, members, local[edges.lower[some]], local[edges.upper[some]], edges.weight[some]


def _first_of(membership: Vertices) -> Vertices:
    """For each vertex the smallest local number in its community."""
    first = np.full(int(membership.max()) + 1, len(membership), np.int64)
    np.minimum.at(first, membership, np.arange(len(membership), dtype=np.int64))
    return first[membership]
