"""Runs over the whole book: one at a time, published by one pointer, rolled back by the same pointer."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from casework import lease
from casework.access import OPERATOR, Actor, Scope, require
from casework.audit import Audit, Detail, Event
from casework.clock import SECOND, Clock, Ids, new_id, now
from casework.lease import Lease
from casework.ledger import Ledger, insert_new
from casework.tables import DECISIONS, POINTER, SWEEPS
from graph.errors import Conflict, NotFound, StoreError, UsageError


class State(StrEnum):
    """Where a sweep stands. PUBLISHED is the one that readers see; SUPERSEDED ones were it once."""

    PLANNED = "planned"
    SNAPSHOT = "snapshot"
    DETECT = "detect"
    SCORE = "score"
    VALIDATE = "validate"
    PUBLISHED = "published"
    FAILED = "failed"
    SUPERSEDED = "superseded"


STEPS: Final = (State.PLANNED, State.SNAPSHOT, State.DETECT, State.SCORE, State.VALIDATE)
SHOWN: Final = "published"  # name of the one pointer
LEASE: Final = "sweep"
PATIENCE_SECONDS: Final = 300
"""Age of a heartbeat that counts as dead on another machine; long, because native code may keep a beat waiting."""
BEAT_SECONDS: Final = 15.0
KEPT: Final = 8
REASON_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """One sweep. Times in microseconds; `watermark` bounds seq; `as_of` and `known_at` are None where unbounded."""

    sweep_id: str
    number: int
    state: State
    watermark: int
    as_of: int | None
    known_at: int | None
    policy_version: str
    started_at: int
    state_at: int
    published_at: int | None
    reason: str | None
    summary: dict[str, Any]


class Sweeps:
    """Begins sweeps, and tells which one readers see."""

    def __init__(
        self, ledger: Ledger, *, clock: Clock = now, ids: Ids = new_id, patience_seconds: int = PATIENCE_SECONDS
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._patience = patience_seconds * SECOND
        self._audit = Audit(ledger, clock=clock)

    def begin(
        self, watermark: int, as_of: int | None, known_at: int | None, policy_version: str, *, actor: Actor = OPERATOR
    ) -> "SweepRun":
        """Take the lease and open a sweep in state `planned`. Raises Conflict while another sweep lives.

        A dead sweep is marked failed and named by the run's `took_over`; the new one starts from the beginning.
        """
        require(actor, Scope.SWEEP_ADMIN)
        sweep_id, at = self._ids("sweep"), self._clock()
        with self._ledger.transaction() as connection:
            held = lease.take(connection, LEASE, sweep_id, at=at, patience=self._patience)
            if held.taken_from is not None:
                self._bury(connection, held.taken_from, sweep_id, at)
            values = {
                "sweep_id": sweep_id,
                "number": held.fence,
                "state": State.PLANNED.value,
                "watermark": watermark,
                "as_of": as_of,
                "known_at": known_at,
                "policy_version": policy_version,
                "started_at": at,
                "state_at": at,
                "summary": b"{}",
            }
            connection.execute(insert(SWEEPS), values)
            detail: Detail = {"watermark": watermark, "policy": policy_version}
            self._audit.record(actor.id, Event.SWEEP_BEGUN, f"sweep:{sweep_id}", detail, within=connection)
        return SweepRun(self._ledger, self._audit, self._clock, held, actor)

    def current(self) -> SweepRecord | None:
        """The sweep that readers see, None before the first one."""
        query = select(SWEEPS).join(POINTER, POINTER.c.sweep_id == SWEEPS.c.sweep_id).where(POINTER.c.name == SHOWN)
        with self._ledger.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _record(row)

    def get(self, sweep_id: str) -> SweepRecord:
        """One sweep. Raises NotFound."""
        with self._ledger.reading() as connection:
            return _record(_row(connection, sweep_id))

    def list(self, *, limit: int = 100) -> tuple[SweepRecord, ...]:
        """The latest sweeps of any state, newest first."""
        with self._ledger.reading() as connection:
            rows = connection.execute(select(SWEEPS).order_by(SWEEPS.c.number.desc()).limit(limit)).all()
        return tuple(_record(row) for row in rows)

    def rollback(self, to_id: str, actor: Actor) -> SweepRecord:
        """Show an earlier sweep again. Raises NotFound, and Conflict when it was not shown before or is shown now."""
        require(actor, Scope.SWEEP_ADMIN)
        at = self._clock()
        with self._ledger.transaction() as connection:
            row = _row(connection, to_id)
            if row.state != State.SUPERSEDED:
                raise Conflict(
                    f"sweep {to_id} is {row.state}", "choose one that was published before and is superseded"
                )
            left = _show(connection, to_id, at)
            _set(connection, to_id, state=State.PUBLISHED.value, state_at=at)
            detail = {"from": left or ""}
            self._audit.record(actor.id, Event.SWEEP_ROLLED_BACK, f"sweep:{to_id}", detail, within=connection)
        return self.get(to_id)

    def expendable(self, *, keep: int = KEPT) -> tuple[str, ...]:
        """Sweeps whose files may go: failed ones, and those beyond the newest `keep` that no decision names."""
        if keep < KEPT:
            raise UsageError(f"at least {KEPT} sweeps are kept")
        named = select(DECISIONS.c.sweep_id).where(DECISIONS.c.sweep_id == SWEEPS.c.sweep_id).exists()
        query = select(SWEEPS.c.sweep_id, SWEEPS.c.state).where(~named).order_by(SWEEPS.c.number)
        published = select(SWEEPS.c.sweep_id).where(SWEEPS.c.state.in_([State.PUBLISHED, State.SUPERSEDED]))
        newest = published.order_by(SWEEPS.c.number.desc()).limit(keep)
        with self._ledger.reading() as connection:
            kept = set(connection.execute(newest).scalars())
            rows = connection.execute(query).all()
        return tuple(r.sweep_id for r in rows if r.state in (State.FAILED, State.SUPERSEDED) and r.sweep_id not in kept)

    def _bury(self, connection: Connection, dead_id: str, heir_id: str, at: int) -> None:
        row = _row(connection, dead_id)
        reason = f"killed during {row.state}; {heir_id} took over and started from the beginning"
        _set(connection, dead_id, state=State.FAILED.value, state_at=at, reason=reason)
        detail = {"heir": heir_id, "state": str(row.state)}
        self._audit.record("system", Event.SWEEP_TAKEN_OVER, f"sweep:{dead_id}", detail, within=connection)


class SweepRun:
    """A sweep that we are running. Every method raises Conflict once another process took the lease."""

    def __init__(self, ledger: Ledger, audit: Audit, clock: Clock, held: Lease, actor: Actor) -> None:
        self._ledger = ledger
        self._audit = audit
        self._clock = clock
        self._lease = held
        self._actor = actor
        self.sweep_id = held.holder
        self.fence = held.fence
        self.took_over = held.taken_from

    def step(self, state: State | str) -> None:
        """Enter the next state: snapshot, detect, score, validate, in this order."""
        entered = State(state)
        with self._writing() as (connection, row):
            if entered not in STEPS or STEPS.index(entered) != STEPS.index(State(row.state)) + 1:
                raise UsageError(f"a sweep cannot go from {row.state} to {entered.value}")
            _set(connection, self.sweep_id, state=entered.value, state_at=self._clock())

    def heartbeat(self) -> None:
        """Say that the sweep lives."""
        with self._ledger.transaction() as connection:
            lease.keep(connection, self._lease, at=self._clock())

    @contextmanager
    def beating(self, every_seconds: float = BEAT_SECONDS) -> Iterator[None]:
        """Heartbeats from a thread while the block runs."""
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=(stop, every_seconds), name="sweep-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def publish(self, summary: Mapping[str, Any]) -> None:
        """Show this sweep to readers and give the lease back, in one transaction. It must stand at `validate`."""
        at = self._clock()
        with self._writing() as (connection, row):
            if row.state != State.VALIDATE:
                raise UsageError(f"a sweep is published from validate, not from {row.state}")
            left = _show(connection, self.sweep_id, at)
            stored = json.dumps(summary, sort_keys=True).encode()
            values = {"state": State.PUBLISHED.value, "state_at": at, "published_at": at, "summary": stored}
            _set(connection, self.sweep_id, **values)
            lease.give_back(connection, self._lease)
            detail = {"from": left or ""}
            subject = f"sweep:{self.sweep_id}"
            self._audit.record(self._actor.id, Event.SWEEP_PUBLISHED, subject, detail, within=connection)

    def fail(self, reason: str) -> None:
        """End this sweep unpublished and give the lease back; the one that is shown stays."""
        at = self._clock()
        with self._writing() as (connection, row):
            if row.state not in STEPS:
                raise Conflict(f"sweep {self.sweep_id} is {row.state} already")
            _set(connection, self.sweep_id, state=State.FAILED.value, state_at=at, reason=reason[:REASON_LENGTH])
            lease.give_back(connection, self._lease)
            detail = {"state": str(row.state)}
            self._audit.record(self._actor.id, Event.SWEEP_FAILED, f"sweep:{self.sweep_id}", detail, within=connection)

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, Any]]:
        with self._ledger.transaction() as connection:
            lease.keep(connection, self._lease, at=self._clock())
            yield connection, _row(connection, self.sweep_id)

    def _beat(self, stop: threading.Event, every_seconds: float) -> None:
        while not stop.wait(every_seconds):
            try:
                self.heartbeat()
            except Conflict:
                return  # the lease is lost: the next step says so
            except StoreError:
                continue  # the ledger was busy: the next beat may get through


def _row(connection: Connection, sweep_id: str) -> Any:
    row = connection.execute(select(SWEEPS).where(SWEEPS.c.sweep_id == sweep_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no sweep {sweep_id}")
    return row


def _set(connection: Connection, sweep_id: str, **values: Any) -> None:
    connection.execute(update(SWEEPS).where(SWEEPS.c.sweep_id == sweep_id).values(values))


def _show(connection: Connection, sweep_id: str, at: int) -> str | None:
    """Move the pointer; returns the sweep that it left."""
    query = select(POINTER.c.sweep_id).where(POINTER.c.name == SHOWN).with_for_update()
    left: str | None = connection.execute(query).scalar_one_or_none()
    if left is not None:
        _set(connection, left, state=State.SUPERSEDED.value, state_at=at)
    values = {"sweep_id": sweep_id, "moved_at": at}
    connection.execute(insert_new(connection, POINTER), {"name": SHOWN, **values})
    connection.execute(update(POINTER).where(POINTER.c.name == SHOWN).values(values))
    return left


def _record(row: Any) -> SweepRecord:
    return SweepRecord(
        row.sweep_id,
        row.number,
        State(row.state),
        row.watermark,
        row.as_of,
        row.known_at,
        row.policy_version,
        row.started_at,
        row.state_at,
        row.published_at,
        row.reason,
        json.loads(row.summary),
    )
