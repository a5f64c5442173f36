"""The books of loads: what was read, where each record went, and which numbers of arrival are settled."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from casework import sequence
from casework.audit import Audit, Event
from casework.clock import SECOND, Clock, Ids, new_id, now
from casework.ledger import Ledger
from casework.owner import Life, life, mine
from casework.tables import DECISIONS, LOADS, PENDING, RANGES
from graph.errors import AccountsDoNotBalance, Conflict, NotFound, UsageError
from ingest.ports import Counts, SourceFile

QUIET: Final = 60 * SECOND
"""A load on another machine that did nothing for this long may be begun again by somebody else."""
DEAD: Final = 3600 * SECOND
"""A load that did nothing for this long no longer holds the watermark back, wherever it runs."""
COUNTED: Final = ("read", "loaded", "updated", "duplicate", "quarantined")


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """One load: state is open, closed, abandoned or unbalanced; times in microseconds."""

    load_id: str
    kind: str
    file_name: str
    file_digest: str
    state: str
    opened_at: int
    closed_at: int | None
    counts: Counts


class LoadAccounts:
    """Implements ingest.ports.Accounts, and tells sweeps up to which number the book is complete."""

    def __init__(self, ledger: Ledger, *, clock: Clock = now, ids: Ids = new_id) -> None:
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._audit = Audit(ledger, clock=clock)

    def open(self, source: SourceFile) -> str:
        """Begin a load; returns its id. An unfinished load of the same file is closed as `abandoned` first.

        Raises Conflict while another live process loads this very file.
        """
        load_id, at = self._ids("load"), self._clock()
        same = (LOADS.c.file_digest == source.sha256) & (LOADS.c.kind == source.kind) & (LOADS.c.state == "open")
        with self._ledger.transaction() as connection:
            for row in connection.execute(select(LOADS).where(same)).all():
                if _still_running(row.owner, at - row.active_at):
                    raise Conflict(
                        f"{source.name} is being loaded by another process",
                        "wait for it, or stop it and run this again",
                    )
                self._abandon(connection, row.load_id, at)
            connection.execute(insert(LOADS), _load_row(load_id, source, at))
            detail = {"kind": source.kind, "file": source.sha256, "mapping": source.mapping_digest}
            self._audit.record("system", Event.LOAD_OPENED, f"load:{load_id}", detail, within=connection)
        return load_id

    def reserve(self, load_id: str, count: int) -> int:
        """Reserve `count` numbers of the order of arrival; returns the first. They stay open until `record`."""
        if count < 0:
            raise UsageError("a load cannot reserve fewer than no numbers")
        at = self._clock()
        with self._ledger.transaction() as connection:
            self._touch(connection, load_id, at)
            first = sequence.take(connection, count)
            if count:
                row = {"first": first, "count": count, "load_id": load_id, "reserved_at": at, "settled_at": None}
                connection.execute(insert(RANGES), row)
        return first

    def record(self, load_id: str, counts: Counts) -> None:
        """Add the counts of one batch, after the batch is in the graph store; settles the load's oldest open range.

        Batches of one load are recorded in the order in which they reserved.
        """
        at = self._clock()
        oldest = select(func.min(RANGES.c.first)).where(RANGES.c.load_id == load_id, RANGES.c.settled_at.is_(None))
        with self._ledger.transaction() as connection:
            self._touch(connection, load_id, at)
            more = {name: LOADS.c[name] + getattr(counts, name) for name in COUNTED}
            connection.execute(update(LOADS).where(LOADS.c.load_id == load_id).values(more))
            if counts.loaded + counts.duplicate:
                first = connection.execute(oldest).scalar_one()
                connection.execute(update(RANGES).where(RANGES.c.first == first).values(settled_at=at))

    def close(self, load_id: str, read: int) -> Counts:
        """End the load. Raises AccountsDoNotBalance unless the recorded counts balance and add up to `read`."""
        at = self._clock()
        with self._ledger.transaction() as connection:
            counts = _counts(self._touch(connection, load_id, at))
            balanced = counts.balanced and counts.read == read
            state, event = ("closed", Event.LOAD_CLOSED) if balanced else ("unbalanced", Event.LOAD_UNBALANCED)
            connection.execute(update(LOADS).where(LOADS.c.load_id == load_id).values(state=state, closed_at=at))
            _settle(connection, load_id, at)
            detail = {"expected": read, **{name: getattr(counts, name) for name in COUNTED}}
            self._audit.record("system", event, f"load:{load_id}", detail, within=connection)
        if not balanced:
            raise AccountsDoNotBalance(
                f"load {load_id}: {read} records in the file, {counts.read} accounted for: {counts.loaded} loaded,"
                f" {counts.duplicate} duplicate, {counts.quarantined} quarantined",
                "run the same load again; if it says this once more, report it",
            )
        return counts

    def abandon(self, load_id: str) -> None:
        """Give up a load that will not be closed, so that sweeps need not wait for it; a closed one is left alone."""
        with self._ledger.transaction() as connection:
            state = connection.execute(select(LOADS.c.state).where(LOADS.c.load_id == load_id)).scalar_one_or_none()
            if state == "open":
                self._abandon(connection, load_id, self._clock())

    def watermark(self, at: int | None = None) -> int:
        """The greatest number below everything that is not yet in the graph store; 0 for an empty book.

        Open ranges of living loads and pending links hold it back; ranges of loads that died do not. With `at`
        (microseconds), also below every number handed out after that moment.
        """
        self._bury_dead()
        open_ranges = select(func.min(RANGES.c.first)).where(RANGES.c.settled_at.is_(None))
        pending = select(func.min(PENDING.c.seq)).where(PENDING.c.applied_at.is_(None))
        with self._ledger.reading() as connection:
            bounds = [sequence.last(connection) if at is None else _handed_out(connection, at)]
            for query in (open_ranges, pending):
                first = connection.execute(query).scalar_one()
                if first is not None:
                    bounds.append(first - 1)
        return int(min(bounds))

    def loads(self, *, limit: int = 100) -> tuple[LoadRecord, ...]:
        """The latest loads, newest first."""
        query = select(LOADS).order_by(LOADS.c.opened_at.desc(), LOADS.c.load_id.desc()).limit(limit)
        with self._ledger.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            LoadRecord(r.load_id, r.kind, r.file_name, r.file_digest, r.state, r.opened_at, r.closed_at, _counts(r))
            for r in rows
        )

    def _touch(self, connection: Connection, load_id: str, at: int) -> Any:
        changed = (
            update(LOADS)
            .where(LOADS.c.load_id == load_id, LOADS.c.state == "open")
            .values(active_at=at)
            .returning(*LOADS.c)
        )
        row = connection.execute(changed).one_or_none()
        if row is None:
            self._refuse(connection, load_id)
        return row

    def _refuse(self, connection: Connection, load_id: str) -> None:
        state = connection.execute(select(LOADS.c.state).where(LOADS.c.load_id == load_id)).scalar_one_or_none()
        if state is None:
            raise NotFound(f"there is no load {load_id}")
        raise Conflict(f"load {load_id} is {state}: the same file was begun again elsewhere", "let that load finish")

    def _abandon(self, connection: Connection, load_id: str, at: int) -> None:
        connection.execute(update(LOADS).where(LOADS.c.load_id == load_id).values(state="abandoned", closed_at=at))
        _settle(connection, load_id, at)
        self._audit.record("system", Event.LOAD_ABANDONED, f"load:{load_id}", within=connection)

    def _bury_dead(self) -> None:
        at = self._clock()
        query = select(LOADS.c.load_id, LOADS.c.owner, LOADS.c.active_at).where(LOADS.c.state == "open")
        with self._ledger.reading() as connection:
            dead = [r.load_id for r in connection.execute(query).all() if _dead(r.owner, at - r.active_at)]
        if dead:
            with self._ledger.transaction() as connection:
                for load_id in dead:
                    self._abandon(connection, load_id, at)


def _still_running(owner: str, quiet: int) -> bool:
    if owner == mine():
        return False  # our own earlier attempt, which ended in an exception
    state = life(owner)
    return state is Life.ALIVE or (state is Life.UNKNOWN and quiet < QUIET)


def _dead(owner: str, quiet: int) -> bool:
    return quiet >= DEAD or life(owner) is Life.DEAD


def _settle(connection: Connection, load_id: str, at: int) -> None:
    open_ones = (RANGES.c.load_id == load_id) & RANGES.c.settled_at.is_(None)
    connection.execute(update(RANGES).where(open_ones).values(settled_at=at))


def _handed_out(connection: Connection, at: int) -> int:
    """The greatest number given to an application at or before a moment."""
    ranges = select(func.max(RANGES.c.first + RANGES.c.count - 1)).where(RANGES.c.reserved_at <= at)
    decisions = select(DECISIONS.c.seq).where(DECISIONS.c.created_at <= at).order_by(DECISIONS.c.seq.desc()).limit(1)
    return max(connection.execute(query).scalar() or 0 for query in (ranges, decisions))


def _counts(row: Any) -> Counts:
    return Counts(*(int(getattr(row, name)) for name in COUNTED))


def _load_row(load_id: str, source: SourceFile, at: int) -> dict[str, Any]:
    return {
        "load_id": load_id,
        "kind": source.kind,
        "file_name": source.name,
        "file_digest": source.sha256,
        "size": source.size,
        "mapping_digest": source.mapping_digest,
        "state": "open",
        "owner": mine(),
        "opened_at": at,
        "active_at": at,
        "closed_at": None,
        **dict.fromkeys(COUNTED, 0),
    }
