"""Our own clock and ids, as plain functions so that tests can pass others."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

Clock = Callable[[], int]
"""Returns microseconds since 1970-01-01T00:00:00Z. Only `seq` orders anything; times are for people and expiry."""

Ids = Callable[[str], str]
"""Makes an id that was never used, from a short prefix that says what it names."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND: Final = 1_000_000  # microseconds


def now() -> int:
    """Microseconds since 1970-01-01T00:00:00Z."""
    return (datetime.now(UTC) - EPOCH) // timedelta(microseconds=1)


def new_id(prefix: str) -> str:
    """`prefix`, the second in UTC (so that folders sort by time) and 64 random bits: load-20261122T081500-9f..."""
    return f"{prefix}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(8)}"
