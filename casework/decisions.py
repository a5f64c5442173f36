"""Stored answers of the score endpoint: one durable transaction holds the answer, its inputs and its pending links."""

from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, bindparam, insert, select

from casework import pending, sequence
from casework.access import Actor, Scope, require
from casework.audit import Audit, Event
from casework.cipher import Cipher
from casework.clock import Clock, now
from casework.keys import VaultKeys
from casework.ledger import Ledger
from casework.tables import DECISIONS, IDEMPOTENCY
from casework.vault import Vault
from graph.errors import IdempotencyMismatch, NotFound, UsageError
from graph.store import Batch

KEY_LENGTH: Final = 255
DIGEST_BYTES: Final = 32

# built once: building a statement costs more than running it
ADD: Final = insert(DECISIONS)
REMEMBER: Final = insert(IDEMPOTENCY)
FIRST: Final = (
    select(DECISIONS.c.score_id, DECISIONS.c.seq, DECISIONS.c.answer, IDEMPOTENCY.c.body_digest)
    .join(DECISIONS, DECISIONS.c.score_id == IDEMPOTENCY.c.score_id)
    .where(IDEMPOTENCY.c.client_id == bindparam("client_id"), IDEMPOTENCY.c.key == bindparam("key"))
)


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A client's own name for a request, and the SHA-256 of the body it came with."""

    client_id: str
    key: str
    body_digest: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= KEY_LENGTH:
            raise UsageError(f"an idempotency key has 1 to {KEY_LENGTH} characters")
        if len(self.body_digest) != DIGEST_BYTES:
            raise UsageError("the body digest is not a SHA-256")


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer as it goes out, with everything that made it. Digests are hex text, "" where there is none.

    batch: the one application with its links, None when the request asked not to ingest. clear: vault frame (type,
    token, clear) of the same application. `payload` and `clear` are encrypted before they are written.
    """

    score_id: str
    application_id: str
    client_id: str
    answer: bytes
    payload: bytes = field(repr=False)
    features: bytes = field(repr=False)
    policy_digest: str
    model_digest: str
    sweep_digest: str
    sweep_id: str | None
    batch: Batch | None = field(default=None, repr=False)
    clear: pl.DataFrame | None = field(default=None, repr=False)
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What the ledger holds for a request. `repeated`: an earlier request with this key made it; send its `answer`."""

    score_id: str
    seq: int
    answer: bytes
    repeated: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """Everything needed to compute a decision again; `seq` is the known_at of its view."""

    score_id: str
    application_id: str
    seq: int
    created_at: int
    answer: bytes
    payload: bytes = field(repr=False)
    features: bytes = field(repr=False)
    policy_digest: str
    model_digest: str
    sweep_digest: str
    sweep_id: str | None


class Decisions:
    """Stores and reads decisions."""

    def __init__(self, ledger: Ledger, keys: VaultKeys, *, clock: Clock = now) -> None:
        self._ledger = ledger
        self._cipher = Cipher(keys)
        self._vault = Vault(ledger, keys, clock=clock)
        self._clock = clock
        self._audit = Audit(ledger, clock=clock)

    def store(self, decision: Decision) -> Stored:
        """Store once, durably, before it returns. Raises IdempotencyMismatch when the key came with another body.

        Encryption and packing happen before the transaction, which holds a handful of inserts.
        """
        packed = None if decision.batch is None else pending.pack(decision.batch)
        secrets = [] if decision.clear is None else self._vault.sealed(decision.clear)
        values = self._values(decision)
        with self._ledger.transaction() as connection:
            if decision.idempotency is not None:
                first = _first(connection, decision.idempotency)
                if first is not None:
                    return first
            seq = sequence.take(connection, 1)
            connection.execute(ADD, {**values, "seq": seq})
            if packed is not None:
                pending.add(connection, packed, seq=seq, score_id=decision.score_id)
            self._vault.store(connection, secrets)
            if decision.idempotency is not None:
                _remember(connection, decision.idempotency, decision.score_id, values["created_at"])
        return Stored(decision.score_id, seq, decision.answer, repeated=False)

    def recall(self, idempotency: Idempotency) -> Stored | None:
        """The first decision of a key, to be asked before computing. Raises IdempotencyMismatch."""
        with self._ledger.reading() as connection:
            return _first(connection, idempotency)

    def get(self, score_id: str) -> bytes:
        """The answer, byte for byte as it was sent. Raises NotFound."""
        with self._ledger.reading() as connection:
            query = select(DECISIONS.c.answer).where(DECISIONS.c.score_id == score_id)
            answer: bytes | None = connection.execute(query).scalar_one_or_none()
        if answer is None:
            raise _unknown(score_id)
        return answer

    def of_application(self, application_id: str) -> tuple[str, ...]:
        """The score ids of an application, oldest first."""
        query = select(DECISIONS.c.score_id).where(DECISIONS.c.application_id == application_id)
        with self._ledger.reading() as connection:
            return tuple(connection.execute(query.order_by(DECISIONS.c.seq)).scalars())

    def replay(self, score_id: str, actor: Actor) -> Replay:
        """A decision with its decrypted inputs. Needs pii:reveal; the audit entry comes first. Raises NotFound."""
        require(actor, Scope.PII_REVEAL)
        with self._ledger.transaction() as connection:
            row = connection.execute(select(DECISIONS).where(DECISIONS.c.score_id == score_id)).one_or_none()
            if row is None:
                raise _unknown(score_id)
            self._audit.record(actor.id, Event.DECISION_REPLAYED, f"decision:{score_id}", within=connection)
        payload = self._cipher.open(row.key_id, row.payload, _context(score_id))
        return Replay(
            row.score_id,
            row.application_id,
            row.seq,
            row.created_at,
            row.answer,
            payload,
            row.features,
            row.policy_digest,
            row.model_digest,
            row.sweep_digest,
            row.sweep_id,
        )

    def _values(self, decision: Decision) -> dict[str, Any]:
        return {
            "score_id": decision.score_id,
            "application_id": decision.application_id,
            "client_id": decision.client_id,
            "answer": decision.answer,
            "key_id": self._cipher.key_id,
            "payload": self._cipher.seal(decision.payload, _context(decision.score_id)),
            "features": decision.features,
            "policy_digest": decision.policy_digest,
            "model_digest": decision.model_digest,
            "sweep_digest": decision.sweep_digest,
            "sweep_id": decision.sweep_id,
            "created_at": self._clock(),
        }


def _first(connection: Connection, asked: Idempotency) -> Stored | None:
    row = connection.execute(FIRST, {"client_id": asked.client_id, "key": asked.key}).one_or_none()
    if row is None:
        return None
    if row.body_digest != asked.body_digest:
        raise IdempotencyMismatch("this idempotency key was used with another body", "use a new key for a new request")
    return Stored(row.score_id, row.seq, row.answer, repeated=True)


def _remember(connection: Connection, asked: Idempotency, score_id: str, at: int) -> None:
    values = {
        "client_id": asked.client_id,
        "key": asked.key,
        "body_digest": asked.body_digest,
        "score_id": score_id,
        "created_at": at,
    }
    connection.execute(REMEMBER, values)


def _context(score_id: str) -> bytes:
    return f"decision\0{score_id}".encode()


def _unknown(score_id: str) -> NotFound:
    return NotFound(f"there is no decision {score_id}")
