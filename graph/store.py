"""The graph store: one Protocol, two implementations (embedded_store, neo4j_store), one shared test file."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.schema import APPLICATION_SCHEMA, IDENTIFIER_SCHEMA, LINK_SCHEMA

OPEN: Final = 2**62
"""`closed_seq` of a version that nothing has superseded."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Versions of applications with the identifiers they use: frames in the schemas of graph.schema.

    `applications` are in order of `seq`; (application_id, digest) may repeat. `identifiers` are unique by
    (kind, token) and hold every token that `links` names. `links` are unique by (row, kind, role, token), so that each
    has one `mark` or none.
    """

    applications: pl.DataFrame
    identifiers: pl.DataFrame
    links: pl.DataFrame

    @staticmethod
    def empty() -> "Batch":
        """A batch of nothing, with the right columns."""
        return Batch(
            pl.DataFrame(schema=APPLICATION_SCHEMA),
            pl.DataFrame(schema=IDENTIFIER_SCHEMA),
            pl.DataFrame(schema=LINK_SCHEMA),
        )


class Verdict(IntEnum):
    """What `write` did with one version."""

    NEW = 0  # an application not known before
    UPDATED = 1  # another version of a known application, newer or older than the stored ones
    DUPLICATE = 2  # equal (application_id, digest) to a version already stored or earlier in the batch


@dataclass(frozen=True, slots=True)
class Caps:
    """Bounds of one neighbourhood, for people: beyond them the answer says `truncated`."""

    hub: int = 50  # an identifier with more applications is shown with its degree and not passed through
    per_value: int = 25
    nodes: int = 150


@dataclass(frozen=True, slots=True)
class Node:
    """A node for people. `id` is `application:A-7` or `phone:t1:...`; `degree` counts live applications."""

    id: str
    kind: str
    label: str
    degree: int
    hub: bool
    event_at: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """One live link, by node ids."""

    application: str
    identifier: str
    role: str


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A bounded piece of the graph; `truncated` names the nodes whose neighbours were cut."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    truncated: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Links:
    """The live link table as columns, and what its numbers mean.

    applications: nid (Int64), seq, closed_seq and the application columns, one row a live version, by application_id.
    identifiers: nid (Int64) and the columns of NETWORK_SCHEMA, only those that a live link uses, any order.
    links: application (Int64 nid), identifier (Int64 nid), kind (UInt8), role (UInt8), mark (Int32 or null), any order.
    """

    applications: pl.DataFrame
    identifiers: pl.DataFrame
    links: pl.DataFrame


class GraphStore(Protocol):
    """Nodes, versions and links. Every method raises StoreUnavailable or StoreRefused, nothing of the driver's.

    A version is live at `known_at` (a seq) when its own seq <= known_at and no version of the same application with a
    greater (version_at, digest) has seq <= known_at. `as_of` bounds event_at (microseconds, inclusive). None: no bound.
    """

    def write(self, batch: Batch) -> NDArray[np.uint8]:
        """Upsert; returns a Verdict for each row of batch.applications. The same batch twice changes nothing.

        One transaction for SQLite; for Neo4j several, and safe to repeat after any of them.
        """
        ...

    def links(self, *, as_of: int | None = None, known_at: int | None = None) -> Links:
        """The whole book as columns, one consistent snapshot."""
        ...

    def recent(self, tokens: Sequence[tuple[int, str]], *, after: int) -> Batch:
        """Live versions with seq > `after` that use any of the (kind, token) pairs, with all their links."""
        ...

    def neighbourhood(
        self, node: str, *, hops: int = 2, caps: Caps = Caps(), as_of: int | None = None
    ) -> Neighbourhood:
        """What lies within `hops` of an application or identifier; goes to a hub, never through it.

        Raises NotFound. Nearest first, then by event time, then by id, so that two stores answer alike.
        """
        ...

    def find(self, text: str, *, limit: int = 20) -> tuple[Node, ...]:
        """Nodes whose application_id or token starts with `text`, or whose label contains it; exact ones first."""
        ...

    def count(self) -> dict[str, int]:
        """Live applications, versions, identifiers and links by these four names."""
        ...

    def close(self) -> None:
        """Free connections. Safe to call twice."""
        ...


@dataclass(frozen=True, slots=True)
class RingCopy:
    """A published ring for people with the graph database's own browser."""

    ring_id: str
    score: int
    band: str
    typology: str
    sweep_id: str
    members: tuple[str, ...]


class RingShelf(Protocol):
    """A store that also keeps a copy of the published rings (Neo4j). Nothing of ours reads them."""

    def publish_rings(self, rings: Sequence[RingCopy]) -> None:
        """Replace the copies of the last sweep."""
        ...
