"""Growth of a bounded neighbourhood: a store answers small questions about sets, this decides what is shown."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from graph.errors import NotFound
from graph.schema import KIND, KIND_OF_CODE, ROLE, ROLE_OF_CODE
from graph.store import Caps, Edge, Neighbourhood, Node

APPLICATION: Final = "application"
Key = tuple[int, str]  # (kind code, token)


@dataclass(frozen=True, slots=True, order=True)
class Application:
    """A live application; ordered as people see it: by event time, then by id."""

    event_at: int
    application_id: str
    label: str = field(compare=False)
    degree: int = field(compare=False)  # identifiers it uses

    @property
    def node_id(self) -> str:
        return f"{APPLICATION}:{self.application_id}"


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier with the number of live applications that use it."""

    kind: int
    token: str
    label: str | None
    degree: int

    @property
    def key(self) -> Key:
        return (self.kind, self.token)

    @property
    def node_id(self) -> str:
        return f"{KIND_OF_CODE[self.kind].name}:{self.token}"


@dataclass(frozen=True, slots=True)
class Use:
    """One live link."""

    application_id: str
    kind: int
    token: str
    role: int

    @property
    def key(self) -> Key:
        return (self.kind, self.token)


class Reach(Protocol):
    """What a store answers for growth, of live applications with event_at <= as_of, each question in one query."""

    def applications(self, ids: Collection[str]) -> list[Application]:
        """Those of the ids that are live; their labels are the masked name, else the id."""
        ...

    def identifiers(self, keys: Collection[Key]) -> list[Identifier]:
        """Those that are stored; one that nobody uses any more has degree 0."""
        ...

    def uses(self, ids: Collection[str]) -> list[Use]:
        """All links of these applications."""
        ...

    def users(self, keys: Collection[Key], limit: int) -> list[tuple[Key, str]]:
        """(identifier, application_id): of each identifier its first `limit` users by (event_at, application_id)."""
        ...


def application_node(found: Application) -> Node:
    """The node of an application as people see it."""
    return Node(found.node_id, APPLICATION, found.label, found.degree, hub=False, event_at=found.event_at)


def identifier_node(found: Identifier, hub: int) -> Node:
    """The node of an identifier as people see it."""
    label = found.token if found.label is None else found.label
    return Node(found.node_id, KIND_OF_CODE[found.kind].name, label, found.degree, hub=found.degree > hub)


def listed(reach: Reach, found: Sequence[Key], hub: int) -> tuple[Node, ...]:
    """The nodes of what a search found, in its order: (kind code, token), or (0, application_id)."""
    applications = {a.application_id: a for a in reach.applications([key for kind, key in found if not kind])}
    identifiers = {i.key: i for i in reach.identifiers([one for one in found if one[0]])}
    return tuple(
        identifier_node(identifiers[kind, key], hub) if kind else application_node(applications[key])
        for kind, key in found
    )


def parse(node: str) -> str | Key:
    """The application id, or the (kind, token), that a node id names. Raises NotFound."""
    kind, mark, rest = node.partition(":")
    if mark and kind == APPLICATION:
        return rest
    if mark and kind in KIND:
        return (KIND[kind].code, rest)
    raise NotFound(
        f"no such node: {node!r}",
        "name it `application:<id>` or `<kind>:<token>`, for example `phone:t1:...`",
    )


def grow(reach: Reach, start: str, hops: int, caps: Caps) -> Neighbourhood:
    """Breadth first from `start`, within `caps`; see GraphStore.neighbourhood. Raises NotFound."""
    piece = _Piece(reach, caps)
    frontier = piece.begin(start)
    for _ in range(hops):
        if not frontier:
            break
        frontier = piece.step(frontier)
    return piece.finish()


class _Piece:
    """What has been gathered so far; a frontier is a list of application ids or of identifier keys."""

    def __init__(self, reach: Reach, caps: Caps) -> None:
        self._reach = reach
        self._caps = caps
        self._applications: dict[str, Application] = {}
        self._identifiers: dict[Key, Identifier] = {}
        self._nodes: list[Node] = []
        self._cut: set[str] = set()

    def begin(self, start: str) -> list[str] | list[Key]:
        """The start node, a hub or not: to it one always goes."""
        wanted = parse(start)
        if isinstance(wanted, str):
            applications = self._keep_applications(self._reach.applications([wanted]))
            if applications:
                return applications
        else:
            identifiers = self._keep_identifiers(self._reach.identifiers([wanted]))
            if identifiers:
                return identifiers
        raise NotFound(f"no such node: {start!r}", "search for it first")

    def step(self, frontier: list[str] | list[Key]) -> list[str] | list[Key]:
        """One hop on; neighbours of applications are identifiers and the other way round."""
        applications = [f for f in frontier if isinstance(f, str)]
        if applications:
            return self._to_identifiers(applications)
        return self._to_applications([f for f in frontier if not isinstance(f, str)])

    def _to_identifiers(self, frontier: Sequence[str]) -> list[Key]:
        uses = [u for u in self._reach.uses(frontier) if u.key not in self._identifiers]
        found = self._reach.identifiers({u.key for u in uses})
        kept = self._keep_identifiers(sorted(found, key=lambda i: i.node_id))
        self._cut.update(f"{APPLICATION}:{u.application_id}" for u in uses if u.key not in self._identifiers)
        return [key for key in kept if self._identifiers[key].degree <= self._caps.hub]

    def _to_applications(self, frontier: Sequence[Key]) -> list[str]:
        users = self._reach.users(frontier, self._caps.per_value)
        new = {application_id for _, application_id in users} - self._applications.keys()
        kept = self._keep_applications(sorted(self._reach.applications(new)))
        cut = {key for key in frontier if self._identifiers[key].degree > self._caps.per_value}
        cut |= {key for key, application_id in users if application_id not in self._applications}
        self._cut.update(self._identifiers[key].node_id for key in cut)
        return kept

    def _room(self) -> int:
        return max(self._caps.nodes - len(self._nodes), 0)

    def _keep_applications(self, found: Sequence[Application]) -> list[str]:
        kept = found[: self._room()]
        self._applications.update((a.application_id, a) for a in kept)
        self._nodes += [application_node(a) for a in kept]
        return [a.application_id for a in kept]

    def _keep_identifiers(self, found: Sequence[Identifier]) -> list[Key]:
        kept = found[: self._room()]
        self._identifiers.update((i.key, i) for i in kept)
        self._nodes += [identifier_node(i, self._caps.hub) for i in kept]
        return [i.key for i in kept]

    def finish(self) -> Neighbourhood:
        """All live links among the nodes kept, in the order of the nodes, then of the roles."""
        place = {node.id: n for n, node in enumerate(self._nodes)}
        edges = [
            Edge(f"{APPLICATION}:{u.application_id}", self._identifiers[u.key].node_id, ROLE_OF_CODE[u.role].name)
            for u in self._reach.uses(self._applications)
            if u.key in self._identifiers
        ]
        edges.sort(key=lambda e: (place[e.application], place[e.identifier], ROLE[e.role].code))
        return Neighbourhood(tuple(self._nodes), tuple(edges), tuple(sorted(self._cut, key=place.__getitem__)))
