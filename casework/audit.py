"""The audit trail: one plain row for each thing that was done, without personal data."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from casework.clock import Clock, now
from casework.ledger import Ledger
from casework.tables import AUDIT
from graph.errors import UsageError


class Event(StrEnum):
    """Everything that leaves an entry."""

    KEYS_CREATED = "keys.created"
    LOAD_OPENED = "load.opened"
    LOAD_CLOSED = "load.closed"
    LOAD_ABANDONED = "load.abandoned"
    LOAD_UNBALANCED = "load.unbalanced"
    QUARANTINE_EXPORTED = "quarantine.exported"
    QUARANTINE_REFUSED = "quarantine.export_refused"
    VALUE_REVEALED = "value.revealed"
    REVEAL_REFUSED = "value.reveal_refused"
    SWEEP_BEGUN = "sweep.begun"
    SWEEP_TAKEN_OVER = "sweep.taken_over"
    SWEEP_PUBLISHED = "sweep.published"
    SWEEP_FAILED = "sweep.failed"
    SWEEP_ROLLED_BACK = "sweep.rolled_back"
    DECISION_READ = "decision.read"
    DECISION_REPLAYED = "decision.replayed"
    RING_READ = "ring.read"
    APPLICATION_READ = "application.read"
    GRAPH_SEARCHED = "graph.searched"
    EXPORT_WRITTEN = "export.written"
    CLIENT_ADDED = "client.added"
    CLIENT_KEY_ISSUED = "client.key_issued"
    CLIENT_KEY_REVOKED = "client.key_revoked"
    CLIENT_REVOKED = "client.revoked"


Detail = Mapping[str, str | int]

# Codes, ids, digests and counts only: a name has a blank or letters beyond ASCII; phones, IDs and accounts are digits.
CODE: Final = re.compile(r"[A-Za-z0-9_.:/+=,-]{0,400}")  # every scope there is takes 210 characters
DIGITS: Final = re.compile(r"[+]?\d{7,20}[Xx]?")
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it lies in the ledger."""

    entry_id: int
    at: int
    actor: str
    event: str
    subject: str
    detail: dict[str, Any]


class Audit:
    """Writes and reads the trail."""

    def __init__(self, ledger: Ledger, *, clock: Clock = now) -> None:
        self._ledger = ledger
        self._clock = clock

    def record(
        self, actor: str, event: Event, subject: str, detail: Detail | None = None, *, within: Connection | None = None
    ) -> None:
        """Add an entry; `within` puts it into the caller's transaction, so that deed and entry stand or fall together.

        Raises UsageError when detail could be personal data: its words must be codes, its numbers ints.
        """
        row = {
            "at": self._clock(),
            "actor": actor[:LONGEST],
            "event": event.value,
            "subject": subject[:LONGEST],
            "detail": _checked(detail or {}),
        }
        if within is not None:
            within.execute(insert(AUDIT), row)
            return
        with self._ledger.transaction() as connection:
            connection.execute(insert(AUDIT), row)

    def entries(self, *, after: int = 0, limit: int = 100) -> tuple[Entry, ...]:
        """Entries with an id greater than `after`, oldest first."""
        query = select(AUDIT).where(AUDIT.c.entry_id > after).order_by(AUDIT.c.entry_id).limit(limit)
        with self._ledger.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(Entry(r.entry_id, r.at, r.actor, r.event, r.subject, json.loads(r.detail)) for r in rows)


def _checked(detail: Detail) -> bytes:
    for key, value in detail.items():
        if isinstance(value, str) and (not CODE.fullmatch(value) or DIGITS.fullmatch(value)):
            raise UsageError(f"the audit detail {key!r} is not a code", "give ids, codes and counts only")
    return json.dumps(detail, sort_keys=True, separators=(",", ":")).encode()
