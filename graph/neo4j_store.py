"""The Neo4j graph store: official driver, sorted batches, read-only sessions for readers, no plugins."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, LiteralString, TypeVar, cast

import neo4j
import numpy as np
import polars as pl
from neo4j import exceptions as failures
from numpy.typing import NDArray

from graph import cypher
from graph.arrival import (
    HELD_IDENTIFIER,
    HELD_VERSION,
    VERSION_COLUMNS,
    LinkPlan,
    VersionPlan,
    plan_links,
    plan_versions,
    used_identifiers,
    with_closing,
)
from graph.cypher_reach import FOREVER, CypherReach, Run, packed
from graph.errors import SettingsError, StoreError, StoreRefused, StoreUnavailable
from graph.migrations import pending
from graph.migrations.cypher import MIGRATIONS
from graph.neighbours import application_node, grow, identifier_node
from graph.schema import APPLICATION_SCHEMA, IDENTIFIER_SCHEMA, KIND_OF_CODE, LINK_SCHEMA, ROLE_OF_CODE
from graph.store import OPEN, Batch, Caps, Links, Neighbourhood, Node, RingCopy, Verdict

VERSIONS_A_TRANSACTION: Final = 1_000  # about 10,000 links, one second: far below the server's time limit
ROWS_AN_UNWIND: Final = 5_000
NIDS_A_PAGE: Final = 20_000  # 5,000 is 1.4 times slower
RINGS_AN_UNWIND: Final = 500
OLDEST_SERVER: Final = (5, 23)  # the first that knows CALL (a) { ... }
_INTEGER: Final = pl.Int64()
_LINK_COLUMNS: Final = {"application": _INTEGER, "identifier": _INTEGER, "role": pl.UInt8()}
_VERSION: Final = {"nid": _INTEGER, **VERSION_COLUMNS}
T = TypeVar("T")
_START: Final = "start the server, or check RINGSIGHT_STORE"
_SIGN_IN: Final = "check RINGSIGHT_NEO4J_USER and RINGSIGHT_NEO4J_PASSWORD (or RINGSIGHT_NEO4J_PASSWORD_FILE)"


class Neo4jStore:
    """GraphStore and RingShelf on a Neo4j 5.26 or 2026.x server. Safe to share between threads.

    (:Application) carries its live version's attributes; every version is a (:Version)-[:VERSION_OF]->(:Application);
    links lead from the application to (:Identifier) nodes, with `role`, `version`, `seq` and, once superseded,
    `closed_seq`. `warn_notifications` turns the server's notifications into Python warnings.
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
        """See GraphStore.write; a transaction for each thousand versions, each whole with its links and closings."""
        pieces = [np.empty(0, np.uint8)]
        with _translated(), self._session(neo4j.WRITE_ACCESS) as session:
            for piece in _pieces(batch):
                pieces.append(session.execute_write(lambda tx, piece=piece: _write_piece(_runner(tx), piece)))
        return np.concatenate(pieces)

    def links(self, *, as_of: int | None = None, known_at: int | None = None) -> Links:
        """See GraphStore.links.

        Versions and links never change but for their closing, and every nid below the allocator's is committed. So
        what lies below it, with the closings worked out again, is one snapshot though the pages are read one by one.
        """
        allocated = self._read(lambda run: run(cypher.ALLOCATED, {}))
        applications, versions, identifiers = allocated[0] if allocated else (0, 0, 0)
        table = self._pages(cypher.READ_VERSIONS, versions, _VERSION)
        live = _live(table, FOREVER if as_of is None else as_of, OPEN - 1 if known_at is None else known_at)
        links = self._pages(cypher.READ_LINKS, applications, _LINK_COLUMNS)
        links = links.join(live, left_on="application", right_on="nid", how="semi")
        found = self._pages(cypher.READ_IDENTIFIERS, identifiers, HELD_IDENTIFIER)
        found = found.join(links, left_on="nid", right_on="identifier", how="semi")
        links = links.join(found.select("nid", "kind"), left_on="identifier", right_on="nid", how="inner")
        return Links(
            live.sort("application_id").select("nid", *APPLICATION_SCHEMA, "closed_seq"),
            found.select("nid", *IDENTIFIER_SCHEMA),
            links.select("application", "identifier", "kind", "role"),
        )

    def recent(self, tokens: Sequence[tuple[int, str]], *, after: int) -> Batch:
        """See GraphStore.recent."""
        return self._read(lambda run: _recent(run, tokens, after))

    def neighbourhood(
        self, node: str, *, hops: int = 2, caps: Caps = Caps(), as_of: int | None = None
    ) -> Neighbourhood:
        """See GraphStore.neighbourhood."""
        return self._read(lambda run: grow(CypherReach(run, as_of), node, hops, caps))

    def find(self, text: str, *, limit: int = 20) -> tuple[Node, ...]:
        """See GraphStore.find; labels are compared without regard to case."""
        if not text or limit < 1:
            return ()
        return self._read(lambda run: _find(run, text, limit))

    def count(self) -> dict[str, int]:
        """See GraphStore.count; versions and identifiers are all that are stored."""
        (row,) = self._read(lambda run: run(cypher.COUNT, {}))
        return dict(zip(("applications", "versions", "identifiers", "links"), row, strict=True))

    def publish_rings(self, rings: Sequence[RingCopy]) -> None:
        """See RingShelf.publish_rings; one transaction."""
        rows = [
            {
                "properties": {
                    "ring_id": ring.ring_id, "score": ring.score, "band": ring.band, "typology": ring.typology,
                    "sweep_id": ring.sweep_id, "size": len(ring.members),
                },
                "members": sorted(ring.members),
            }
            for ring in rings
        ]  # fmt: skip
        with _translated(), self._session(neo4j.WRITE_ACCESS) as session:
            session.execute_write(lambda tx: _publish(_runner(tx), rows))

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
            bounds = {"from": first, "to": min(first + NIDS_A_PAGE, end)}
            pages.append(self._read(lambda run, bounds=bounds: packed(run, text, schema, **bounds)))
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
                        session.run(_text(statement)).consume()
                    session.run("MERGE (:Migration {id: $id})", id=migration.id).consume()
                if missing:
                    session.run("CALL db.awaitIndexes(600)").consume()


def _text(statement: str) -> LiteralString:
    """The driver wants literals; ours are built from declarations, with every value a parameter."""
    return cast(LiteralString, statement)


def _runner(tx: neo4j.ManagedTransaction) -> Run:
    def run(text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        return [tuple(record.values()) for record in tx.run(_text(text), dict(parameters))]

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


def _pieces(batch: Batch) -> Iterator[Batch]:
    """The batch in pieces that each fill one transaction, rows counted anew in each."""
    for first in range(0, batch.applications.height, VERSIONS_A_TRANSACTION):
        inside = pl.col("row").is_between(first, first + VERSIONS_A_TRANSACTION - 1)
        yield Batch(
            batch.applications.slice(first, VERSIONS_A_TRANSACTION),
            batch.identifiers,
            batch.links.filter(inside).with_columns(pl.col("row") - first),
        )


def _write_piece(run: Run, piece: Batch) -> NDArray[np.uint8]:
    ((applications, versions, identifiers),) = run(cypher.LOCK_ALLOCATOR, {})
    ids = piece.applications["application_id"].unique(maintain_order=True).to_list()
    held = packed(run, cypher.HELD_VERSIONS, HELD_VERSION, ids=ids).with_columns(pl.col("closed_seq").fill_null(OPEN))
    plan = plan_versions(piece.applications, held, versions)
    if plan.fresh.is_empty():
        return plan.verdicts
    used, links = used_identifiers(piece, plan.fresh)
    link_plan = plan_links(used, links, _held_identifiers(run, used), identifiers)
    new = plan.fresh.filter(pl.Series(plan.verdicts[plan.fresh["row"]]) == int(Verdict.NEW))["row"]
    _write_identifiers(run, link_plan)
    _write_versions(run, plan, dict(zip(new, range(applications, applications + len(new)), strict=True)))
    _write_links(run, plan, link_plan)
    _close_versions(run, plan)
    end = {
        "application": applications + len(new),
        "version": versions + plan.fresh.height,
        "identifier": identifiers + link_plan.fresh.height,
    }
    run(cypher.ADVANCE_ALLOCATOR, {"next": end})
    return plan.verdicts


def _held_identifiers(run: Run, used: pl.DataFrame) -> pl.DataFrame:
    schema = {name: dtype for name, dtype in HELD_IDENTIFIER.items() if name != "kind"}
    parts = [pl.DataFrame(schema=HELD_IDENTIFIER)]
    for (code,), some in used.group_by("kind", maintain_order=True):
        kind = KIND_OF_CODE[cast(int, code)]
        for page in some.iter_slices(ROWS_AN_UNWIND):
            held = packed(run, cypher.held_identifiers(kind), schema, tokens=page["token"].to_list())
            parts.append(held.select("nid", pl.lit(kind.code, pl.UInt8).alias("kind"), pl.exclude("nid")))
    return pl.concat(parts)


def _unwind(run: Run, text: str, rows: Sequence[object], name: str = "rows") -> None:
    for first in range(0, len(rows), ROWS_AN_UNWIND):
        run(text, {name: rows[first : first + ROWS_AN_UNWIND]})


def _write_identifiers(run: Run, plan: LinkPlan) -> None:
    search = pl.coalesce("label", "token").str.to_lowercase().alias("search")
    for (code,), some in plan.fresh.sort("kind", "token").group_by("kind", maintain_order=True):
        rows = some.with_columns(search).to_dicts()
        _unwind(run, cypher.create_identifiers(KIND_OF_CODE[cast(int, code)]), rows)
    _unwind(run, cypher.UPDATE_IDENTIFIERS, plan.changed.with_columns(search).to_dicts())


def _write_versions(run: Run, plan: VersionPlan, nids: Mapping[int, int]) -> None:
    """`nids`: of the applications that are new, by row."""
    search = pl.coalesce("name_label", "application_id").str.to_lowercase().alias("search")
    properties = plan.fresh.select("nid", *VERSION_COLUMNS, _open_as_null(), search).to_dicts()
    rows = [
        {"application_id": p["application_id"], "application_nid": nids.get(row), "properties": p}
        for row, p in zip(plan.fresh["row"], properties, strict=True)
    ]
    _unwind(run, cypher.CREATE_VERSIONS, rows)


def _write_links(run: Run, plan: VersionPlan, links: LinkPlan) -> None:
    versions = plan.fresh.select("application_id", "seq", _open_as_null(), version="nid")
    every = links.links.join(versions, on="version").with_columns(
        role=pl.col("role").replace_strict({code: role.name for code, role in ROLE_OF_CODE.items()})
    )
    for (code,), some in every.sort("kind", "token", "version", "role").group_by("kind", maintain_order=True):
        rows = some.select("application_id", "token", "role", "version", "seq", "closed_seq").to_dicts()
        _unwind(run, cypher.create_links(KIND_OF_CODE[cast(int, code)]), rows)


def _close_versions(run: Run, plan: VersionPlan) -> None:
    _unwind(run, cypher.CLOSE_VERSIONS, plan.closed.select("nid", "closed_seq").to_dicts())
    ids = plan.fresh["application_id"].unique(maintain_order=True).to_list()
    _unwind(run, cypher.SHOW_LATEST, ids, name="ids")


def _open_as_null() -> pl.Expr:
    return pl.when(pl.col("closed_seq") != OPEN).then("closed_seq").alias("closed_seq")


def _live(versions: pl.DataFrame, as_of: int, known_at: int) -> pl.DataFrame:
    """The versions live at `known_at`, with `closed_seq` OPEN: nothing closed them as far as was known."""
    known = with_closing(versions.filter(pl.col("seq") <= known_at), "closed_seq")
    return known.filter((pl.col("closed_seq") == OPEN) & (pl.col("event_at") <= as_of))


def _recent(run: Run, tokens: Sequence[tuple[int, str]], after: int) -> Batch:
    keys = [list(key) for key in tokens]
    found = packed(run, cypher.RECENT, _VERSION, keys=keys, after=after)
    if found.is_empty():
        return Batch.empty()
    applications = found.sort("seq", "application_id")
    ids = applications["application_id"].to_list()
    schema = {"nid": _INTEGER, "role": pl.UInt8(), "kind": pl.UInt8(), "token": pl.String()}
    links = packed(run, cypher.RECENT_LINKS, schema, ids=ids)
    identifiers = packed(run, cypher.RECENT_IDENTIFIERS, IDENTIFIER_SCHEMA, ids=ids)
    rows = applications.select("nid").with_row_index("row")
    return Batch(
        applications.select(list(APPLICATION_SCHEMA)),
        identifiers.sort("kind", "token"),
        links.join(rows, on="nid").select(list(LINK_SCHEMA)).sort(list(LINK_SCHEMA)),
    )


def _find(run: Run, text: str, limit: int) -> tuple[Node, ...]:
    needle = pl.Series([text]).str.to_lowercase()[0]
    found = run(cypher.FIND, {"text": text, "needle": needle, "limit": limit})
    reach = CypherReach(run, None)
    applications = {a.application_id: a for a in reach.applications([key for key, kind in found if not kind])}
    identifiers = {i.key: i for i in reach.identifiers([(kind, key) for key, kind in found if kind])}
    hub = Caps().hub
    return tuple(
        identifier_node(identifiers[kind, key], hub) if kind else application_node(applications[key])
        for key, kind in found
    )


def _publish(run: Run, rows: Sequence[Mapping[str, object]]) -> None:
    run(cypher.REMOVE_RINGS, {})
    for first in range(0, len(rows), RINGS_AN_UNWIND):
        run(cypher.CREATE_RINGS, {"rows": rows[first : first + RINGS_AN_UNWIND]})
