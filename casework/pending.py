"""Links that wait for the graph store: written with a decision, read beside the store, drained in order of arrival."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import polars as pl
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from casework import lease
from casework.clock import SECOND, Clock, Ids, new_id, now
from casework.lease import Lease
from casework.ledger import Ledger
from casework.tables import PENDING, PENDING_LINKS
from graph.errors import Conflict, UsageError
from graph.network import DERIVED_KIND
from graph.schema import APPLICATION_SCHEMA, IDENTIFIER_SCHEMA, LINK_SCHEMA
from graph.store import Batch, GraphStore

LEASE: Final = "drain"
PATIENCE: Final = 60 * SECOND
ROWS: Final = 500  # applications written to the store at a time
LOOK_AGAIN_SECONDS: Final = 0.05
Row = tuple[Any, ...]

# Built once: building a statement costs more than running it, and these are on the way of every score request.
ADD: Final = insert(PENDING)
ADD_LINKS: Final = insert(PENDING_LINKS)
USES: Final = select(PENDING_LINKS).where(PENDING_LINKS.c.token.in_(bindparam("tokens", expanding=True)))
BATCHES: Final = (
    select(PENDING.c.seq, PENDING.c.batch)
    .where(PENDING.c.seq.in_(bindparam("seqs", expanding=True)))
    .order_by(PENDING.c.seq)
)
NOTHING: Final = Batch.empty()


@dataclass(frozen=True, slots=True)
class Packed:
    """A batch of one application, ready to be stored: its bytes, and the (kind, token) pairs it is found by."""

    batch: bytes
    uses: tuple[tuple[int, str], ...]


def pack(batch: Batch) -> Packed:
    """Serialise a batch of one application, whose `seq` the ledger gives later. Raises UsageError for another size."""
    if batch.applications.height != 1:
        raise UsageError(f"a decision is about one application, not {batch.applications.height}")
    frames = (batch.applications, batch.identifiers, batch.links)
    content = [{"columns": frame.columns, "rows": frame.rows()} for frame in frames]
    return Packed(orjson.dumps(content), tuple(sorted(_uses(batch))))


def add(connection: Connection, packed: Packed, *, seq: int, score_id: str) -> None:
    """Write a packed batch inside the caller's transaction."""
    connection.execute(insert(PENDING), {"seq": seq, "score_id": score_id, "batch": packed.batch, "applied_at": None})
    if packed.uses:
        rows = [{"kind": kind, "token": token, "seq": seq} for kind, token in packed.uses]
        connection.execute(ADD_LINKS, rows)


class PendingLinks:
    """Reads and drains what decisions wrote.

    Whoever joins pending links with the store reads them first and the store second: a row that moves in between is
    then seen twice, equal in (application_id, digest), and never missed.
    """

    def __init__(
        self, ledger: Ledger, *, clock: Clock = now, ids: Ids = new_id, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._sleep = sleep

    def users(self, tokens: Sequence[tuple[int, str]]) -> Batch:
        """Pending applications that use any of the (kind, token) pairs, with all their links, in order of `seq`.

        Kinds are those of graph.schema, or of graph.network.DERIVED_KIND for the coarser value of an identifier.
        """
        if not tokens:
            return NOTHING
        wanted = {(int(kind), token) for kind, token in tokens}
        with self._ledger.reading() as connection:
            # by token alone, so that the index is used; the same token under two kinds is sorted out here
            uses = connection.execute(USES, {"tokens": [token for _, token in tokens]}).all()
            seqs = {row.seq for row in uses if (row.kind, row.token) in wanted}
            rows = connection.execute(BATCHES, {"seqs": sorted(seqs)}).all() if seqs else []
        return unpack([(row.seq, row.batch) for row in rows]) if rows else NOTHING

    def count(self) -> int:
        """How many applications wait."""
        with self._ledger.reading() as connection:
            query = select(func.count()).select_from(PENDING).where(PENDING.c.applied_at.is_(None))
            return int(connection.execute(query).scalar_one())

    def drain(self, store: GraphStore, *, wait_seconds: float = 0.0) -> int:
        """Write everything that waits now to the store, oldest first; returns how many applications.

        Killed anywhere, run again: a row that was written already is a duplicate there. Raises Conflict when another
        drainer is still at work after `wait_seconds`.
        """
        held = self._take(self._clock() + int(wait_seconds * SECOND))
        try:
            return self._drain(store, held)
        finally:
            with self._ledger.transaction() as connection:
                lease.give_back(connection, held)

    def _take(self, until: int) -> Lease:
        holder = self._ids("drain")
        while True:
            at = self._clock()
            try:
                with self._ledger.transaction() as connection:
                    return lease.take(connection, LEASE, holder, at=at, patience=PATIENCE)
            except Conflict:
                if at >= until:
                    raise
            self._sleep(LOOK_AGAIN_SECONDS)

    def _drain(self, store: GraphStore, held: Lease) -> int:
        with self._ledger.reading() as connection:
            query = select(func.max(PENDING.c.seq)).where(PENDING.c.applied_at.is_(None))
            through = connection.execute(query).scalar_one()
        done = 0
        while through is not None and (rows := self._next(through)):
            store.write(unpack(rows))
            self._mark(held, [seq for seq, _ in rows])
            done += len(rows)
        return done

    def _next(self, through: int) -> list[tuple[int, bytes]]:
        waiting = select(PENDING.c.seq, PENDING.c.batch).where(PENDING.c.applied_at.is_(None), PENDING.c.seq <= through)
        with self._ledger.reading() as connection:
            rows = connection.execute(waiting.order_by(PENDING.c.seq).limit(ROWS)).all()
        return [(row.seq, row.batch) for row in rows]

    def _mark(self, held: Lease, seqs: list[int]) -> None:
        at = self._clock()
        with self._ledger.transaction() as connection:
            lease.keep(connection, held, at=at)
            connection.execute(update(PENDING).where(PENDING.c.seq.in_(seqs)).values(applied_at=at))
            connection.execute(delete(PENDING_LINKS).where(PENDING_LINKS.c.seq.in_(seqs)))


def unpack(packed: Sequence[tuple[int, bytes]]) -> Batch:
    """Join packed batches of one, given with their `seq` in order, into one batch."""
    applications: list[Row] = []
    identifiers: dict[Row, Row] = {}
    links: list[Row] = []
    for number, (seq, content) in enumerate(packed):
        application, used, linked = orjson.loads(content)
        applications += _rows(application, APPLICATION_SCHEMA, {"seq": seq})
        links += _rows(linked, LINK_SCHEMA, {"row": number})
        for row in _rows(used, IDENTIFIER_SCHEMA, {}):
            identifiers.setdefault(row[:2], row)
    return Batch(
        pl.DataFrame(applications, schema=APPLICATION_SCHEMA, orient="row"),
        pl.DataFrame(list(identifiers.values()), schema=IDENTIFIER_SCHEMA, orient="row"),
        pl.DataFrame(links, schema=LINK_SCHEMA, orient="row"),
    )


def _rows(content: dict[str, Any], schema: Mapping[str, pl.DataType], given: Mapping[str, int]) -> list[Row]:
    """Rows in the order of `schema`; a column that this release added is null in rows that an older one wrote."""
    places = {name: place for place, name in enumerate(content["columns"]) if name not in given}
    return [
        tuple(row[places[name]] if name in places else given.get(name) for name in schema) for row in content["rows"]
    ]


def _uses(batch: Batch) -> set[tuple[int, str]]:
    uses = set(zip(batch.links["kind"].to_list(), batch.links["token"].to_list(), strict=True))
    groups = zip(batch.identifiers["kind"].to_list(), batch.identifiers["group"].to_list(), strict=True)
    return uses | {(DERIVED_KIND[kind], group) for kind, group in groups if group is not None and kind in DERIVED_KIND}
