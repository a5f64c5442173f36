"""Single dates and times worked out in place, as Polars works out whole columns of them."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_MOMENT: Final = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2}) ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\.([0-9]+)"
).fullmatch
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)


def moment(text: str) -> int | None:
    """Microseconds since 1970 as if UTC of `2026-3-1 9:5:0.0`; a leap second is the next minute's first."""
    found = _MOMENT(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    leap, micros = second == 60, int(found[7][:6].ljust(6, "0"))
    try:
        then = datetime(year, month, day, hour, minute, 59 if leap else second, micros, tzinfo=UTC)
    except ValueError:
        return None
    return (then - _EPOCH) // _MICRO + (1_000_000 if leap else 0)


def day(text: str) -> str | None:
    """`19900307` as `1990-03-07`; None for a day that never was."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        return None


def located(local: int, zone: ZoneInfo) -> int | None:
    """Local microseconds to UTC; None in an hour that the clocks skip."""
    try:
        naive = _EPOCH.replace(tzinfo=None) + local * _MICRO
        utc = naive.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return None
    if utc.astimezone(zone).replace(tzinfo=None) != naive:
        return None
    return (utc - _EPOCH) // _MICRO


def calendar_day(micros: int) -> str:
    """Microseconds since 1970 as `YYYY-MM-DD`."""
    return (_EPOCH + micros * _MICRO).strftime("%Y-%m-%d")
