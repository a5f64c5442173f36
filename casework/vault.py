"""The vault: clear values by token, encrypted; reading one needs a permission and leaves an audit entry."""

import re
from operator import itemgetter
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, select

from casework.access import Actor, Scope, require
from casework.audit import Audit, Event
from casework.cipher import Cipher
from casework.clock import Clock, now
from casework.keys import VaultKeys
from casework.ledger import Ledger, insert_new
from casework.tables import VAULT
from graph.errors import Forbidden, NotFound, UsageError

ROWS: Final = 20_000  # a transaction: about 0.1 s, short enough for the score endpoint to wait for
PURPOSES: Final = frozenset({"case", "customer_contact", "subject_request", "quality_check", "court_order"})
REFERENCE: Final = re.compile(r"[A-Za-z]{1,8}-[A-Za-z0-9-]{1,32}")
Row = dict[str, Any]


class Vault:
    """Implements ingest.ports.Vault, and reveals."""

    def __init__(self, ledger: Ledger, keys: VaultKeys, *, clock: Clock = now) -> None:
        self._ledger = ledger
        self._cipher = Cipher(keys)
        self._audit = Audit(ledger, clock=clock)

    def put(self, items: pl.DataFrame) -> None:
        """Keep clear values (columns type, token, clear) by token; one that is there already is left alone.

        Safe to repeat. Rows without token or clear value are passed over.
        """
        for part in items.iter_slices(ROWS):
            # in the order of the table: neighbours share pages, which matters once there are millions
            rows = sorted(self.sealed(part), key=itemgetter("type", "token"))
            if rows:
                with self._ledger.transaction() as connection:
                    self.store(connection, rows)

    def sealed(self, items: pl.DataFrame) -> list[Row]:
        """Encrypt without writing: for callers that store inside a transaction of their own."""
        columns = (items[name].to_list() for name in ("type", "token", "clear"))
        clear: dict[tuple[str, str], str] = {}
        for kind, token, value in zip(*columns, strict=True):
            if token is not None and value is not None:
                clear.setdefault((kind, token), value)
        contexts = [_context(kind, token) for kind, token in clear]
        blobs = self._cipher.seal_many([value.encode() for value in clear.values()], contexts)
        key_id = self._cipher.key_id
        return [
            {"type": kind, "token": token, "key_id": key_id, "sealed": blob}
            for (kind, token), blob in zip(clear, blobs, strict=True)
        ]

    @staticmethod
    def store(connection: Connection, rows: list[Row]) -> None:
        """Write rows of `sealed` inside the caller's transaction."""
        if rows:
            connection.execute(insert_new(connection, VAULT), rows)

    def reveal(self, type: str, token: str, actor: Actor, purpose: str) -> str:
        """The clear value of a token. The audit entry is committed before the value leaves.

        `purpose` is one of PURPOSES, with a reference if there is one (`case:RG-0012`); never free text, which could
        itself be personal. Raises Forbidden without pii:reveal, NotFound, UsageError.
        """
        stated = _purpose(purpose)
        subject, detail = f"{type}:{token}", {"purpose": stated}
        try:
            require(actor, Scope.PII_REVEAL)
        except Forbidden:
            self._audit.record(actor.id, Event.REVEAL_REFUSED, subject, detail)
            raise
        query = select(VAULT.c.key_id, VAULT.c.sealed).where(VAULT.c.type == type, VAULT.c.token == token)
        with self._ledger.transaction() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise NotFound("the vault holds no such value", "check type and token")
            self._audit.record(actor.id, Event.VALUE_REVEALED, subject, detail, within=connection)
        return self._cipher.open(row.key_id, row.sealed, _context(type, token)).decode()


def _context(kind: str, token: str) -> bytes:
    return f"vault\0{kind}\0{token}".encode()


def _purpose(text: str) -> str:
    word, _, reference = text.partition(":")
    if word not in PURPOSES or (reference and not REFERENCE.fullmatch(reference)):
        raise UsageError(
            "the purpose is not one that the audit trail knows",
            f"give one of {', '.join(sorted(PURPOSES))}, with a reference such as case:RG-0012 if there is one",
        )
    return text
