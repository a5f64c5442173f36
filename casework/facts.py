"""What was learned from outside: outcomes of applications, watch-lists and the employer registry."""

import hashlib
import json
from typing import Any, Final

import polars as pl
from sqlalchemy import ColumnElement, Select, Table, select

from casework import sequence
from casework.clock import Clock, now
from casework.ledger import Ledger, insert_new
from casework.tables import EMPLOYERS, OUTCOMES, WATCHLIST

ROWS: Final = 20_000  # a transaction, so that other writers wait for about 0.1 s at most
NEVER: Final = 2**62
"""Stored expiry of an entry that does not expire: NULLs would not be equal to each other in a unique key."""
I64: Final = pl.Int64()
TEXT: Final = pl.String()
OUTCOME_SCHEMA: Final[dict[str, pl.DataType]] = {
    "application_id": TEXT,
    "event": TEXT,
    "event_at": I64,
    "known_at": I64,
    "seq": I64,
}
WATCHLIST_SCHEMA: Final[dict[str, pl.DataType]] = {
    "kind": TEXT,
    "token": TEXT,
    "reason": TEXT,
    "added_at": I64,
    "expires_at": I64,
    "seq": I64,
}
EMPLOYER_SCHEMA: Final[dict[str, pl.DataType]] = {
    "token": TEXT,
    "core_token": TEXT,
    "registration": TEXT,
    "phone_token": TEXT,
    "address_token": TEXT,
    "insured_heads": I64,
    "seq": I64,
}
REGISTRY: Final = ("token", "core_token", "registration", "phone_token", "address_token", "insured_heads")
Row = dict[str, Any]


class LedgerFacts:
    """Implements ingest.ports.Facts, and reads them back as frames.

    A fact is known from its own time on (known_at, added_at) and from its `seq`, the moment it reached us.
    """

    def __init__(self, ledger: Ledger, *, clock: Clock = now) -> None:
        self._ledger = ledger
        self._clock = clock

    def put_outcomes(self, rows: pl.DataFrame) -> int:
        """application_id, event, event_at (us), known_at (us); returns how many were new."""
        return self._put(OUTCOMES, rows.select("application_id", "event", "event_at", "known_at"))

    def put_watchlist(self, rows: pl.DataFrame) -> int:
        """kind (node kind name), token, reason, added_at (us), expires_at (us or null); returns how many were new."""
        filled = rows.select(
            "kind",
            "token",
            pl.col("reason").cast(pl.String).fill_null(""),
            "added_at",
            pl.col("expires_at").cast(pl.Int64).fill_null(NEVER),
        )
        return self._put(WATCHLIST, filled)

    def put_employers(self, rows: pl.DataFrame) -> int:
        """token, core_token, registration, phone_token, address_token, insured_heads; returns how many were new."""
        picked = rows.select(REGISTRY)
        digests = pl.Series("digest", [_digest(row) for row in picked.iter_rows()], dtype=pl.String)
        return self._put(EMPLOYERS, picked.with_columns(digests))

    def outcomes(self, known_at: int | None = None, *, seq: int | None = None) -> pl.DataFrame:
        """OUTCOME_SCHEMA, by application, event and time: those known at a moment (us), and arrived by a number."""
        where = _bounds((OUTCOMES.c.known_at, known_at), (OUTCOMES.c.seq, seq))
        c = OUTCOMES.c
        return self._read(
            _columns(OUTCOMES, OUTCOME_SCHEMA)
            .where(*where)
            .order_by(c.application_id, c.event_at, c.event, c.known_at),
            OUTCOME_SCHEMA,
        )

    def watchlist(self, at: int | None = None, *, seq: int | None = None) -> pl.DataFrame:
        """WATCHLIST_SCHEMA, by kind, token and time: entries in force at a moment (us), or every one there ever was."""
        c = WATCHLIST.c
        where = _bounds((c.added_at, at), (c.seq, seq))
        if at is not None:
            where.append(c.expires_at > at)
        frame = self._read(
            _columns(WATCHLIST, WATCHLIST_SCHEMA)
            .where(*where)
            .order_by(c.kind, c.token, c.added_at, c.reason, c.expires_at),
            WATCHLIST_SCHEMA,
        )
        return frame.with_columns(pl.when(pl.col("expires_at") < NEVER).then("expires_at"))

    def employers(self, *, seq: int | None = None) -> pl.DataFrame:
        """EMPLOYER_SCHEMA, one row a token: the entry that arrived last (by number `seq`, if given)."""
        query = _columns(EMPLOYERS, EMPLOYER_SCHEMA).where(*_bounds((EMPLOYERS.c.seq, seq)))
        frame = self._read(query.order_by(EMPLOYERS.c.token, EMPLOYERS.c.seq), EMPLOYER_SCHEMA)
        return frame.unique("token", keep="last", maintain_order=True)

    def _put(self, table: Table, rows: pl.DataFrame) -> int:
        return sum(self._put_part(table, part) for part in rows.iter_slices(ROWS))

    def _put_part(self, table: Table, rows: pl.DataFrame) -> int:
        at = self._clock()
        with self._ledger.transaction() as connection:
            first = sequence.take(connection, rows.height)
            numbered = rows.with_columns(
                pl.int_range(first, first + rows.height, dtype=pl.Int64).alias("seq"), pl.lit(at).alias("recorded_at")
            )
            result = connection.execute(insert_new(connection, table), numbered.to_dicts())
            return int(result.rowcount)

    def _read(self, query: Select[Any], schema: dict[str, pl.DataType]) -> pl.DataFrame:
        with self._ledger.reading() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
        return pl.DataFrame(rows, schema=schema, orient="row")


def _columns(table: Table, schema: dict[str, pl.DataType]) -> Select[Any]:
    return select(*(table.c[name] for name in schema))


def _bounds(*pairs: tuple[ColumnElement[int], int | None]) -> list[ColumnElement[bool]]:
    return [column <= bound for column, bound in pairs if bound is not None]


def _digest(row: tuple[Any, ...]) -> str:
    return hashlib.sha256(json.dumps(row, separators=(",", ":")).encode()).hexdigest()
