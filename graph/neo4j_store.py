"""The Neo4j graph store: official driver, sorted batches, read-only sessions for readers, no plugins."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

import neo4j
import numpy as np
import polars as pl
from neo4j import exceptions as failures
from numpy.typing import NDArray

from graph import cypher, cypher_read, cypher_write
from graph.arrival import HELD_IDENTIFIER
from graph.cypher_read import FOREVER, Run
from graph.errors import SettingsError, StoreError, StoreRefused, StoreUnavailable
from graph.migrations import pending
from graph.migrations.cypher import MIGRATIONS
from graph.neighbours import grow
from graph.schema import APPLICATION_SCHEMA, NETWORK_SCHEMA
from graph.store import OPEN, Batch, Caps, Links, Neighbourhood, Node, RingCopy

NIDS_A_PAGE: Final = 20_000  # 5,000 is 1.4 times slower
OLDEST_SERVER: Final = (5, 23)  # the first that knows CALL (a) { ... }
T = TypeVar("T")
_START: Final = "start the server, or check RINGSIGHT_STORE"
_SIGN_IN: Final = "check RINGSIGHT_NEO4J_USER and RINGSIGHT_NEO4J_PASSWORD (or RINGSIGHT_NEO4J_PASSWORD_FILE)"


class Neo4jStore:
    """GraphStore and RingShelf on a Neo4j 5.26 or 2026.x server. Safe to share between threads.

    (:Application) carries its live version's attributes; every version is a (:Version)-[:VERSION_OF]->(:Application);
    links lead from the application to (:Identifier) nodes, with `role`, `version`, `seq`, `mark` where a name stands
    beside the value and, once superseded, `closed_seq`. `warn_notifications` turns the server's notifications into
    Python warnings.
    """

    def __init__(
        self, uri: str, user: str, password: str, database: str = "neo4j", *, warn_notifications: bool = False
    ) -> None:
        self._database = database
        lowest: Final = "INFORMATION" if warn_notifications else "WARNING"
        with _translated():
            self._driver = neo4j.GraphDatabase.driver(
                uri,
                auth=(user, password),
                connection_timeout=5.0,
                connection_acquisition_timeout=10.0,
                max_transaction_retry_time=15.0,
                notifications_min_severity=lowest,
                # A young book has no relationship of most types yet: names the server has not met are no news.
                notifications_disabled_classifications=["UNRECOGNIZED"],
                warn_notification_severity=lowest if warn_notifications else "OFF",
            )
        try:
            self._migrate()
        except BaseException:
            self._driver.close()
            raise

    def write(self, batch: Batch) -> NDArray[np.uint8]:
        """See GraphStore.write; a transaction for some hundred versions, each whole with its links and closings."""
        verdicts = [np.empty(0, np.uint8)]
        with _translated(), self._session(neo4j.WRITE_ACCESS) as session:
            for piece in cypher_write.pieces(batch):
                verdicts.append(session.execute_write(_write, piece))
        return np.concatenate(verdicts)

    def links(self, *, as_of: int | None = None, known_at: int | None = None) -> Links:
        """See GraphStore.links.

        Versions and links never change but for their closing, and every nid below the allocator's is committed. So
        what lies below it, with the closings worked out again, is one snapshot though the pages are read one by one.
        """
        allocated = self._read(lambda run: run(cypher.ALLOCATED, {}))
        applications, versions, identifiers = allocated[0] if allocated else (0, 0, 0)
        table = self._pages(cypher.READ_VERSIONS, versions, cypher_read.VERSION)
        live = cypher_read.live(table, FOREVER if as_of is None else as_of, OPEN - 1 if known_at is None else known_at)
        links = cypher_read.marked(self._pages(cypher.READ_LINKS, applications, cypher_read.LINK))
        links = links.join(live, left_on="application", right_on="nid", how="semi")
        found = self._pages(cypher.READ_IDENTIFIERS, identifiers, HELD_IDENTIFIER)
        found = found.join(links, left_on="nid", right_on="identifier", how="semi")
        links = links.join(found.select("nid", "kind"), left_on="identifier", right_on="nid", how="inner")
        return Links(
            live.sort("application_id").select("nid", *APPLICATION_SCHEMA, "closed_seq"),
            found.select("nid", *NETWORK_SCHEMA),
            links.select("application", "identifier", "kind", "role", "mark"),
        )

    def recent(self, tokens: Sequence[tuple[int, str]], *, after: int) -> Batch:
        """See GraphStore.recent."""
        return self._read(lambda run: cypher_read.recent(run, tokens, after))

    def neighbourhood(
        self, node: str, *, hops: int = 2, caps: Caps = Caps(), as_of: int | None = None
    ) -> Neighbourhood:
        """See GraphStore.neighbourhood."""
        return self._read(lambda run: grow(cypher_read.CypherReach(run, as_of), node, hops, caps))

    def find(self, text: str, *, limit: int = 20) -> tuple[Node, ...]:
        """See GraphStore.find; labels are compared without regard to case."""
        if not text or limit < 1:
            return ()
        return self._read(lambda run: cypher_read.find(run, text, limit))

    def count(self) -> dict[str, int]:
        """See GraphStore.count; versions and identifiers are all that are stored."""
        (row,) = self._read(lambda run: run(cypher.COUNT, {}))
        return dict(zip(("applications", "versions", "identifiers", "links"), row, strict=True))

    def publish_rings(self, rings: Sequence[RingCopy]) -> None:
        """See RingShelf.publish_rings; one transaction."""
        with _translated(), self._session(neo4j.WRITE_ACCESS) as session:
            session.execute_write(lambda tx: cypher_write.publish(_runner(tx), rings))

    def close(self) -> None:
        """See GraphStore.close."""
        self._driver.close()

    def _session(self, access: str, **settings: Any) -> neo4j.Session:
        return self._driver.session(database=self._database, default_access_mode=access, **settings)

    def _read(self, work: Callable[[Run], T]) -> T:
        with _translated(), self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(lambda tx: work(_runner(tx)))

    def _pages(self, text: str, end: int, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """All rows below `end`, a range of nids a transaction."""
        pages = [pl.DataFrame(schema=dict(schema))]
        for first in range(0, end, NIDS_A_PAGE):
            page = partial(cypher_read.packed, text=text, schema=schema, first=first, end=min(first + NIDS_A_PAGE, end))
            pages.append(self._read(page))
        return pl.concat(pages)

    def _migrate(self) -> None:
        with _translated():
            _check_server(self._driver.get_server_info().agent)
            # That something exists already is what IF NOT EXISTS is for, not news.
            with self._session(neo4j.WRITE_ACCESS, notifications_min_severity="WARNING") as session:
                applied = [record[0] for record in session.run("MATCH (m:Migration) RETURN m.id")]
                missing = pending(MIGRATIONS, applied)
                for migration in missing:
                    for statement in migration.statements:
                        session.run(statement).consume()
                    session.run("MERGE (:Migration {id: $id})", id=migration.id).consume()
                if missing:
                    session.run("CALL db.awaitIndexes(600)").consume()


def _write(tx: neo4j.ManagedTransaction, piece: Batch) -> NDArray[np.uint8]:
    return cypher_write.write_piece(_runner(tx), piece)


def _runner(tx: neo4j.ManagedTransaction) -> Run:
    def run(text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        return [tuple(record.values()) for record in tx.run(text, dict(parameters))]

    return run


@contextmanager
def _translated() -> Iterator[None]:
    """The driver's errors as ours."""
    try:
        yield
    except failures.AuthError as error:
        raise StoreRefused("Neo4j refused the user or the password", _SIGN_IN) from error
    except failures.ConfigurationError as error:
        raise SettingsError(f"Neo4j cannot be reached with these settings: {_first_line(error)}", _START) from error
    except failures.ClientError as error:
        raise _refusal(error) from error
    except (failures.Neo4jError, failures.DriverError) as error:
        raise StoreUnavailable(f"Neo4j does not answer: {_first_line(error)}", _START) from error


def _refusal(error: failures.ClientError) -> StoreError:
    code = error.code or ""
    if code.endswith("AuthenticationRateLimit"):
        return StoreRefused("Neo4j locked us out after wrong passwords", f"wait a few seconds, then {_SIGN_IN}")
    if code.startswith("Neo.ClientError.Transaction"):
        return StoreUnavailable(f"Neo4j ended the transaction: {_first_line(error)}", "run the same command again")
    return StoreRefused(f"Neo4j refused: {_first_line(error)}", "see the server's log")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _check_server(agent: str) -> None:
    """Raises StoreRefused for a server too old for our Cypher; an agent is `Neo4j/5.26.30`."""
    name, _, version = agent.partition("/")
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if name != "Neo4j" or numbers < OLDEST_SERVER:
        raise StoreRefused(f"{agent} is too old", "run Neo4j 5.26 or newer")
