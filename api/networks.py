"""Bounded pieces of the graph for people: around a node, of a ring, and the paths between two nodes."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from api.language import Language
from api.published import Current
from api.schemas import GraphEdge, GraphNode, LinkPath, Network, Paths
from api.times import iso_or_none
from api.wording import kind_text, role_text
from detectors.ringview import CoarseValue, coarse_values
from graph.network import DERIVED_KIND, VALUE_NAMES
from graph.paths import paths
from graph.store import Caps, Edge, GraphStore, Neighbourhood, Node

NODES: Final = 150
"""Nodes of one picture; more cannot be read."""
RING_CAPS: Final = Caps(nodes=60)
APPLICATION: Final = "application:"
FINER: Final = {VALUE_NAMES[coarse]: VALUE_NAMES[kind] for kind, coarse in DERIVED_KIND.items()}
"""The kind of identifier that a coarser value is made from: phone of phone_block."""


@dataclass(frozen=True, slots=True)
class Drawer:
    """Whose scores colour the applications, and in which language kinds and roles are named."""

    current: Current | None
    language: Language

    def node(self, node: Node, *, member: bool = False) -> GraphNode:
        """A node with its score, where the published sweep has one."""
        row = None
        if self.current is not None and node.kind == "application":
            row = self.current.published.row(node.id.removeprefix(APPLICATION))
        return GraphNode(
            id=node.id,
            kind=node.kind,
            kind_text=kind_text(node.kind, self.language),
            label=node.label,
            degree=node.degree,
            hub=node.hub,
            score=None if row is None else row["score"],
            band=None if row is None else row["band"],
            event_at=iso_or_none(node.event_at),
            member=member,
        )

    def edge(self, edge: Edge) -> GraphEdge:
        """A link with its role in words."""
        return GraphEdge(
            source=edge.application,
            target=edge.identifier,
            role=edge.role,
            role_text=role_text(edge.role, self.language),
        )

    def network(self, found: Neighbourhood, *, members: Iterable[str] = (), omitted: int = 0) -> Network:
        """The picture of a neighbourhood."""
        inside = frozenset(members)
        return Network(
            nodes=[self.node(node, member=node.id in inside) for node in found.nodes],
            edges=[self.edge(edge) for edge in found.edges],
            truncated=list(found.truncated),
            omitted=omitted,
            sweep_id=None if self.current is None else self.current.sweep_id,
        )


def around(store: GraphStore, drawer: Drawer, node: str, *, hops: int) -> Network:
    """What lies around one node. Raises NotFound."""
    found = store.neighbourhood(node, hops=hops, caps=Caps(nodes=NODES))
    members = [node] if node.startswith(APPLICATION) else []
    return drawer.network(found, members=members, omitted=len(found.truncated))


def of_ring(
    store: GraphStore, drawer: Drawer, application_ids: Sequence[str], *, named: Collection[str] = ()
) -> Network:
    """Members and what at least two of them share, in the order of membership, at most NODES nodes.

    Beside identifiers these are coarser values (a run of phone numbers, a building), as the sweep saw them, where they
    join more members in a role than one identifier does, or are `named`: node ids that the ring's reasons rest on.
    """
    pieces = [store.neighbourhood(APPLICATION + one, hops=1, caps=RING_CAPS) for one in application_ids[:NODES]]
    members = [APPLICATION + one for one in application_ids[:NODES]]
    whole = _shared(pieces, frozenset(members))
    if drawer.current is not None:
        whole = _with_coarse(whole, coarse_values(drawer.current.published, application_ids[:NODES]), named)
    kept = _capped(whole, members)
    omitted = len(whole.nodes) - len(kept.nodes) + max(0, len(application_ids) - NODES)
    return drawer.network(kept, members=members, omitted=omitted)


def _shared(pieces: Iterable[Neighbourhood], members: frozenset[str]) -> Neighbourhood:
    """The union of the members' own pieces, without identifiers that only one member uses."""
    nodes: dict[str, Node] = {}
    edges: dict[Edge, None] = {}
    for piece in pieces:
        nodes |= {node.id: node for node in piece.nodes}
        edges |= dict.fromkeys(edge for edge in piece.edges if edge.application in members)
    users = Counter(identifier for identifier, _ in {(edge.identifier, edge.application) for edge in edges})
    kept = [node for node in nodes.values() if node.id in members or users[node.id] > 1]
    names = {node.id for node in kept}
    return Neighbourhood(tuple(kept), tuple(e for e in edges if e.identifier in names and e.application in names), ())


def _with_coarse(whole: Neighbourhood, values: Iterable[CoarseValue], named: Collection[str]) -> Neighbourhood:
    """Adds the values that are named, or say more than the picture does: one shared phone is no run of numbers."""
    uses: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for edge in whole.edges:
        uses[edge.identifier].add((edge.application, edge.role))
    nodes, edges = list(whole.nodes), list(whole.edges)
    for value in values:
        node = f"{value.kind}:{value.token}"
        mine = [Edge(APPLICATION + one, node, role) for one, role in value.uses]
        finer = [pairs for key, pairs in uses.items() if key.startswith(f"{FINER[value.kind]}:")]
        if node in named or not any(
            pairs.issuperset((edge.application, edge.role) for edge in mine) for pairs in finer
        ):
            nodes.append(Node(node, value.kind, value.label, value.degree, hub=value.degree > RING_CAPS.hub))
            edges += mine
    return replace(whole, nodes=tuple(nodes), edges=tuple(edges))


def _capped(whole: Neighbourhood, members: Sequence[str]) -> Neighbourhood:
    """At most NODES nodes: the members that belong most take two thirds at most when identifiers need the room."""
    if len(whole.nodes) <= NODES:
        return whole
    place = {one: n for n, one in enumerate(members)}
    persons = sorted((n for n in whole.nodes if n.id in place), key=lambda n: place[n.id])
    used = Counter(edge.identifier for edge in whole.edges)
    values = sorted((n for n in whole.nodes if n.id not in place), key=lambda n: (-used[n.id], n.hub, n.id))
    room = max(NODES * 2 // 3, NODES - len(values))
    chosen = persons[:room]
    chosen += values[: NODES - len(chosen)]
    names = {node.id for node in chosen}
    edges = tuple(e for e in whole.edges if e.application in names and e.identifier in names)
    cut = tuple(sorted({e.application for e in whole.edges if e.application in names} - {e.application for e in edges}))
    return replace(whole, nodes=tuple(chosen), edges=edges, truncated=cut)


def between(store: GraphStore, drawer: Drawer, source: str, target: str) -> Paths:
    """The shortest simple paths between two nodes, with the picture they make together. Raises NotFound, UsageError."""
    found = paths(store, source, target)
    nodes = {node.id: node for path in found.paths for node in path.nodes}
    edges = dict.fromkeys(edge for path in found.paths for edge in path.edges)
    cut = (source, target) if found.truncated else ()
    picture = Neighbourhood(tuple(nodes.values()), tuple(edges), cut)
    return Paths(
        paths=[LinkPath(nodes=[node.id for node in path.nodes], length=path.hops) for path in found.paths],
        network=drawer.network(picture, members=(source, target)),
        through_hubs=found.through_hubs,
    )
