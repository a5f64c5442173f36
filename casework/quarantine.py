"""The quarantine: records that cannot be applications, kept encrypted, explained, and given back for mending."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from casework.access import Actor, Scope, require
from casework.audit import Audit, Detail, Event
from casework.cipher import Cipher
from casework.clock import Clock, now
from casework.keys import VaultKeys
from casework.ledger import Ledger, insert_new
from casework.tables import LOADS, QUARANTINE
from graph.errors import Forbidden, NotFound
from ingest.ports import QuarantinedRow, SourceFile


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a record was set aside, and on which lines of its file it stands (from 1)."""

    first_line: int
    last_line: int
    code: str
    detail: str


class EncryptedQuarantine:
    """Implements ingest.ports.Quarantine."""

    def __init__(self, ledger: Ledger, keys: VaultKeys, *, clock: Clock = now) -> None:
        self._ledger = ledger
        self._cipher = Cipher(keys)
        self._clock = clock
        self._audit = Audit(ledger, clock=clock)

    def put(self, load_id: str, source: SourceFile, rows: Sequence[QuarantinedRow]) -> None:
        """Keep rows encrypted; one that is already there is not stored again."""
        if not rows:
            return
        at = self._clock()
        contexts = [_context(source.sha256, row.first_line) for row in rows]
        blobs = self._cipher.seal_many([row.raw for row in rows], contexts)
        key_id = self._cipher.key_id
        values = [_stored(load_id, source, row, key_id, blob, at) for row, blob in zip(rows, blobs, strict=True)]
        with self._ledger.transaction() as connection:
            connection.execute(insert_new(connection, QUARANTINE), values)

    def explain(self, reference: str) -> tuple[Explanation, ...]:
        """Every record set aside from a file, in its order; `reference` is a load's id or the file's digest.

        A record that a second load met again is listed for both. Raises NotFound when neither names a load.
        """
        with self._ledger.reading() as connection:
            rows = self._rows(connection, reference)
        return tuple(Explanation(r.first_line, r.last_line, r.code, r.detail) for r in rows)

    def export(self, reference: str, actor: Actor) -> bytes:
        """The records as they were read, each ended by a line feed: add the heading, mend them, load.

        The audit entry is committed before the bytes leave. Raises Forbidden without quarantine:export (that leaves an
        entry too), NotFound.
        """
        subject = f"quarantine:{reference}"
        try:
            require(actor, Scope.QUARANTINE_EXPORT)
        except Forbidden:
            self._audit.record(actor.id, Event.QUARANTINE_REFUSED, subject)
            raise
        with self._ledger.transaction() as connection:
            rows = self._rows(connection, reference)
            detail: Detail = {"file": rows[0].file_digest if rows else "", "rows": len(rows)}
            self._audit.record(actor.id, Event.QUARANTINE_EXPORTED, subject, detail, within=connection)
        return b"".join(_ended(self._open(row)) for row in rows)

    def _open(self, row: Any) -> bytes:
        return self._cipher.open(row.key_id, row.sealed, _context(row.file_digest, row.first_line))

    def _rows(self, connection: Connection, reference: str) -> Sequence[Any]:
        known = select(LOADS.c.file_digest).where((LOADS.c.load_id == reference) | (LOADS.c.file_digest == reference))
        digest = connection.execute(known.limit(1)).scalar_one_or_none()
        if digest is None:
            raise NotFound(f"no load and no loaded file is called {reference}", "give a load id or a file's SHA-256")
        order = (QUARANTINE.c.first_line, QUARANTINE.c.row_id)
        return connection.execute(select(QUARANTINE).where(QUARANTINE.c.file_digest == digest).order_by(*order)).all()


def _stored(
    load_id: str, source: SourceFile, row: QuarantinedRow, key_id: str, sealed: bytes, at: int
) -> dict[str, Any]:
    return {
        "file_digest": source.sha256,
        "first_line": row.first_line,
        "last_line": row.last_line,
        # cut short on purpose: enough to tell two records of one line apart, too little to confirm a guessed record
        "mark": hashlib.sha256(row.raw).hexdigest()[:8],
        "code": row.code,
        "detail": row.detail,
        "key_id": key_id,
        "sealed": sealed,
        "load_id": load_id,
        "stored_at": at,
    }


def _context(file_digest: str, first_line: int) -> bytes:
    return f"quarantine\0{file_digest}\0{first_line}".encode()


def _ended(raw: bytes) -> bytes:
    return raw if raw.endswith(b"\n") else raw + b"\n"
