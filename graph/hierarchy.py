"""A hierarchy over a weighted graph: groups that merge, the closest first, and the best cut through it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from graph.errors import UsageError

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Groups 0..n-1 are the vertices; group n + k is what merge k makes of two earlier ones, left and right.

    left, right, distance: [K] of each merge; never of vertices that no path joins. size, start: [n + K] members of each
    group, which are leaf[start : start + size]; leaf: [n] vertices. parent: [n + K] the group that it merges into, or
    -1.
    """

    left: I64
    right: I64
    distance: F64
    size: I64
    start: I64
    leaf: I64
    parent: I64

    @property
    def vertices(self) -> int:
        """How many vertices there are."""
        return len(self.leaf)


def ready() -> None:
    """Load the library, which takes a second; who draws no ring needs none of it."""
    import sknetwork.hierarchy  # noqa: F401


def hierarchy(n: int, source: I64, target: I64, weight: F64) -> Hierarchy:
    """Average linkage: those two groups merge first between which a pair of vertices weighs most on the mean.

    Paris with uniform node weights (Bonald, Charpentier, Galland and Hollocou, Hierarchical graph clustering using node
    pair sampling, 2018), by scikit-network. source, target: [E] unique edges between vertices 0..n-1; weight: [E] above
    zero. Raises UsageError for edges that are no edges.
    """
    if len(source) and (min(source.min(), target.min()) < 0 or max(source.max(), target.max()) >= n):
        raise UsageError(f"an edge names a vertex outside 0..{n - 1}")
    if not (weight > 0).all():
        raise UsageError("an edge weighs nothing")
    used, ends = np.unique(np.concatenate([source, target]), return_inverse=True)
    many = len(used)
    if many < 2:
        return _grown(n, np.zeros((0, 4)))
    from sknetwork.hierarchy import Paris  # here: see ready

    a, b = ends[: len(source)], ends[len(source) :]
    matrix = csr_matrix((np.tile(weight, 2), (np.concatenate([a, b]), np.concatenate([b, a]))), shape=(many, many))
    merges = Paris(weights="uniform", reorder=False).fit_predict(matrix)
    joined = merges[np.isfinite(merges[:, 2])]  # the rest would join what nothing ties
    return _grown(n, np.column_stack([_named(joined[:, :2].astype(np.int64), used, n), joined[:, 2:]]))


def _named(child: I64, used: I64, n: int) -> I64:
    """[K, 2] vertices by their own numbers, merges after all of these."""
    many = len(used)
    return np.where(child < many, used[np.minimum(child, many - 1)], child - many + n)


def _grown(n: int, merges: F64) -> Hierarchy:
    """The hierarchy of merges [K, 4]: left, right, distance, size."""
    left, right = merges[:, 0].astype(np.int64), merges[:, 1].astype(np.int64)
    size = np.concatenate([np.ones(n, np.int64), merges[:, 3].astype(np.int64)])
    parent = np.full(n + len(left), -1)
    parent[left] = parent[right] = n + np.arange(len(left))
    roots = np.flatnonzero(parent < 0)
    start = np.zeros(n + len(left), np.int64)
    start[roots] = np.cumsum(size[roots]) - size[roots]
    at, width, pairs = start.tolist(), size.tolist(), list(zip(left.tolist(), right.tolist(), strict=True))
    for k in range(len(pairs) - 1, -1, -1):  # each after the group that it merges into
        one, other = pairs[k]
        at[one], at[other] = at[n + k], at[n + k] + width[one]
    start = np.array(at, np.int64)
    leaf = np.empty(n, np.int64)
    leaf[start[:n]] = np.arange(n)
    return Hierarchy(left, right, merges[:, 2], size, start, leaf, parent)


def best_cut(tree: Hierarchy, group: I64, worth: F64) -> Bool:
    """[G] which of some groups to take so that none lies in another and their worth is greatest in all.

    group: [G] numbers of groups; worth: [G]; what is worth nothing is not taken. By dynamic programming from the leaves
    up; of equal worth the smaller groups win.
    """
    n, pairs = tree.vertices, list(zip(tree.left.tolist(), tree.right.tolist(), strict=True))
    total = np.full(n + len(pairs), -np.inf)
    total[group] = worth
    own, taken, best = total.tolist(), (total > 0).tolist(), np.maximum(total[:n], 0.0).tolist()
    for here, (one, other) in enumerate(pairs, start=n):
        apart = best[one] + best[other]
        taken[here] = own[here] > apart
        best.append(max(own[here], apart))
    hidden = [False] * len(own)
    for here in range(len(own) - 1, n - 1, -1):
        one, other = pairs[here - n]
        hidden[one] = hidden[other] = hidden[here] or taken[here]
    chosen: Bool = np.array(taken, bool)[group] & ~np.array(hidden, bool)[group]
    return chosen
