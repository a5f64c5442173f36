"""How two nodes are linked: bounded growth from both ends, then the shortest simple paths that run through no hub."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

import networkx as nx

from graph.errors import UsageError
from graph.store import Caps, Edge, GraphStore, Neighbourhood, Node

PATH_CAPS: Final = Caps(hub=50, per_value=50, nodes=600)
"""Wider than for a picture: only the paths are shown."""
MOST_HOPS: Final = 12
_TIES: Final = 50  # paths looked at beyond the k wanted, to break ties by what they are and not by how they were found


@dataclass(frozen=True, slots=True)
class Path:
    """`nodes` from source to target; `edges` are the links between neighbours on it, in the same order, every role."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def hops(self) -> int:
        """Number of links on the way."""
        return len(self.nodes) - 1


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths, shortest first; `through_hubs`: how many hubs would link the two as well; `truncated`: the growth met
    a cap, so that a path may be missing."""

    paths: tuple[Path, ...]
    through_hubs: int
    truncated: bool


def paths(
    store: GraphStore, source: str, target: str, *, k: int = 5, max_hops: int = 6, caps: Caps = PATH_CAPS
) -> Paths:
    """Up to `k` simple paths of at most `max_hops` links between two node ids, by length, then by the nodes on them.

    Raises NotFound for an unknown node, UsageError for equal nodes or bounds that make no sense.
    """
    if source == target:
        raise UsageError("a path needs two different nodes")
    if k < 1 or not 1 <= max_hops <= MOST_HOPS:
        raise UsageError(f"ask for at least one path, of 1 to {MOST_HOPS} links")
    found = Paths((), 0, truncated=False)
    for radius in range(1, (max_hops + 1) // 2 + 1):
        reach = min(2 * radius, max_hops)
        near = store.neighbourhood(source, hops=radius, caps=caps)
        far = store.neighbourhood(target, hops=reach - radius or 1, caps=caps)
        piece = _Piece((near, far), source, target)
        found = Paths(
            piece.shortest(k, reach), piece.through_hubs(max_hops), truncated=bool(near.truncated or far.truncated)
        )
        if len(found.paths) == k:
            break  # growing further only finds longer ones
    return found


class _Piece:
    """The two neighbourhoods as one graph, in canonical order so that the answer does not depend on the store."""

    def __init__(self, parts: Iterable[Neighbourhood], source: str, target: str) -> None:
        self._nodes = {node.id: node for part in parts for node in part.nodes}
        self._edges: dict[frozenset[str], set[Edge]] = {}
        for edge in sorted({edge for part in parts for edge in part.edges}, key=_edge_order):
            self._edges.setdefault(frozenset((edge.application, edge.identifier)), set()).add(edge)
        self._source, self._target = source, target
        self._graph: nx.Graph[str] = nx.Graph()
        self._graph.add_nodes_from(sorted(self._nodes))
        self._graph.add_edges_from(sorted((min(pair), max(pair)) for pair in self._edges))
        ends = {source, target}
        self._hubs = {node.id for node in self._nodes.values() if node.hub and node.id not in ends}

    def shortest(self, k: int, longest: int) -> tuple[Path, ...]:
        """The k first by (length, nodes) of those that run through no hub."""
        open_graph = self._graph.subgraph(self._graph.nodes - self._hubs)
        if not nx.has_path(open_graph, self._source, self._target):
            return ()
        wanted: list[Path] = []
        for ids in islice(nx.shortest_simple_paths(nx.Graph(open_graph), self._source, self._target), k + _TIES):
            path = self._path(ids)
            if path.hops > longest or (len(wanted) >= k and path.hops > wanted[-1].hops):
                break
            wanted.append(path)
        return tuple(sorted(wanted, key=_path_order)[:k])

    def through_hubs(self, longest: int) -> int:
        """Hubs that both ends reach, through no other hub, within `longest` links together."""
        near, far = self._distances(self._source), self._distances(self._target)
        return sum(hub in near and hub in far and near[hub] + far[hub] <= longest for hub in self._hubs)

    def _distances(self, end: str) -> dict[str, int]:
        """Links from `end` to every node, hubs as dead ends."""
        other = {self._source, self._target} - {end}
        directed = nx.DiGraph(self._graph)
        directed.remove_edges_from([e for e in directed.edges if e[0] in self._hubs or e[0] in other])
        return dict(nx.single_source_shortest_path_length(directed, end))

    def _path(self, ids: list[str]) -> Path:
        edges = (sorted(self._edges[frozenset(step)], key=_edge_order) for step in pairwise(ids))
        return Path(tuple(self._nodes[i] for i in ids), tuple(edge for step in edges for edge in step))


def _edge_order(edge: Edge) -> tuple[str, str, str]:
    return (edge.application, edge.identifier, edge.role)


def _path_order(path: Path) -> tuple[int, list[tuple[str, int, str]], list[str]]:
    """By length, then by what is on it: kind, time and label decide before an id does, since tokens differ by home."""
    shown = [(node.kind, node.event_at or 0, node.label) for node in path.nodes]
    return (path.hops, shown, [node.id for node in path.nodes])
