"""The order of arrival: one row hands out numbers to loads, facts and decisions alike."""

from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from casework.tables import SEQUENCE

ARRIVAL: Final = "arrival"

# built once: every score request takes a number
TAKE: Final = (
    update(SEQUENCE)
    .where(SEQUENCE.c.name == ARRIVAL)
    .values(next=SEQUENCE.c.next + bindparam("count"))
    .returning(SEQUENCE.c.next)
)
LAST: Final = select(SEQUENCE.c.next).where(SEQUENCE.c.name == ARRIVAL)


def take(connection: Connection, count: int) -> int:
    """Take `count` numbers inside the caller's writing transaction; returns the first. Gaps are legal."""
    return int(connection.execute(TAKE, {"count": count}).scalar_one()) - count


def last(connection: Connection) -> int:
    """The greatest number handed out so far, 0 when none was."""
    return int(connection.execute(LAST).scalar_one()) - 1
