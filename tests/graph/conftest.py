"""A small builder of batches, for the tests of this room."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl
import pytest

from graph.embedded_store import EmbeddedStore
from graph.schema import APPLICATION_SCHEMA, IDENTIFIER_SCHEMA, KIND, LINK_SCHEMA, ROLE
from graph.store import Batch, GraphStore


def token(kind: str, value: str) -> str:
    """A token of the real form, the same for the same value."""
    return "t1:" + hashlib.blake2b(f"{kind}\x00{value}".encode(), digest_size=12).hexdigest()


@dataclass(frozen=True)
class Row:
    """One version: `uses` are "kind/role/value" texts, `label` what people see of the identifiers, `marks` by use."""

    application_id: str
    uses: tuple[str, ...] = ()
    seq: int = 1
    event_at: int = 1_000
    version_at: int | None = None
    attributes: dict[str, object] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        content = repr(
            (self.application_id, self.uses, self.event_at, self.version_at, sorted(self.attributes.items()))
        )
        return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def build(rows: Sequence[Row]) -> Batch:
    """A batch in the schemas of graph.schema, in the order of `rows`."""
    applications = [
        {
            "application_id": row.application_id,
            "event_at": row.event_at,
            "version_at": row.event_at if row.version_at is None else row.version_at,
            "digest": row.digest,
            "seq": row.seq,
            **row.attributes,
        }
        for row in rows
    ]
    links: dict[tuple[int, int, int, str], int | None] = {}
    identifiers: dict[tuple[int, str], str] = {}
    for place, row in enumerate(rows):
        for use in row.uses:
            kind, role, value = use.split("/", 2)
            key = (KIND[kind].code, token(kind, value))
            links[place, key[0], ROLE[role].code, key[1]] = row.marks.get(use)
            label = row.labels.get(value, value)
            identifiers[key] = min(identifiers.get(key, label), label)
    return Batch(
        pl.DataFrame(applications, schema=APPLICATION_SCHEMA),
        pl.DataFrame(
            [{"kind": k, "token": t, "label": label} for (k, t), label in identifiers.items()], schema=IDENTIFIER_SCHEMA
        ),
        pl.DataFrame([(*link, mark) for link, mark in links.items()], schema=LINK_SCHEMA, orient="row"),
    )


@pytest.fixture(scope="session")
def row() -> type[Row]:
    """The class of one version."""
    return Row


@pytest.fixture(scope="session")
def batch_of() -> Callable[[Sequence[Row]], Batch]:
    """Builds a batch from rows."""
    return build


@pytest.fixture(scope="session")
def token_of() -> Callable[[str, str], str]:
    """The token that the builder gives a value of a kind."""
    return token


STORES = (
    "sqlite",
    pytest.param("neo4j", marks=[pytest.mark.neo4j, pytest.mark.xdist_group("neo4j"), pytest.mark.timeout(300)]),
)
EMPTY = "MATCH (n) WHERE NOT n:Migration CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"


class Shelf:
    """Hands out stores of one make and closes them in the end."""

    def __init__(self, make: Callable[[], GraphStore], clear: Callable[[], None] | None = None) -> None:
        self._make = make
        self._clear = clear
        self._open: list[GraphStore] = []

    @property
    def on_server(self) -> bool:
        """Whether all its stores are one database."""
        return self._clear is not None

    def fresh(self) -> GraphStore:
        """An empty store; on a server the same one, emptied."""
        if self._clear is None:
            return self.another()
        self._clear()
        return self._open[0] if self._open else self.another()

    def another(self) -> GraphStore:
        """A store nobody else has in hand."""
        self._open.append(self._make())
        return self._open[-1]

    def close(self) -> None:
        for store in self._open:
            store.close()


def empty_server(uri: str, user: str, password: str) -> None:
    """Removes all nodes, in batches; the constraints stay."""
    import neo4j

    with neo4j.GraphDatabase.driver(uri, auth=(user, password)) as driver, driver.session() as session:
        session.run(EMPTY).consume()


@pytest.fixture(scope="module")
def server_shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """Stores on the real server; every notification of the server is a warning, and so an error."""
    from graph.neo4j_store import Neo4jStore

    server = request.getfixturevalue("neo4j_server")
    made = Shelf(
        lambda: Neo4jStore(server.uri, server.user, server.password, warn_notifications=True),
        lambda: empty_server(server.uri, server.user, server.password),
    )
    yield made
    made.close()


@pytest.fixture(scope="module", params=STORES)
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Stores of each make in turn."""
    if request.param == "neo4j":
        yield request.getfixturevalue("server_shelf")
        return
    made = Shelf(lambda: EmbeddedStore(tmp_path_factory.mktemp("store") / "graph.db"))
    yield made
    made.close()


@pytest.fixture
def store(shelf: Shelf) -> GraphStore:
    """An empty store."""
    return shelf.fresh()
