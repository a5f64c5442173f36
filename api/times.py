"""Times and money as people and JSON see them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from graph.errors import UsageError
from ingest.countries import MINOR_DIGITS

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def iso(microseconds: int) -> str:
    """RFC 3339 in UTC, to the second."""
    moment = EPOCH + timedelta(microseconds=microseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_or_none(microseconds: int | None) -> str | None:
    """`iso`, None for None."""
    return None if microseconds is None else iso(microseconds)


def money(minor: int, currency: str) -> Decimal:
    """An exact amount in whole units of `currency` from its minor units."""
    return Decimal(minor).scaleb(-MINOR_DIGITS[currency])


def money_or_none(minor: int | None, currency: str) -> Decimal | None:
    """`money`, None for None."""
    return None if minor is None else money(minor, currency)


def microseconds_of(text: str) -> int:
    """A time an operator typed: a date or an RFC 3339 time, UTC unless it says otherwise. Raises UsageError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a time", remedy="write 2026-11-22 or 2026-11-22T08:00:00Z") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(microseconds=1)
