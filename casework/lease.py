"""Leases: at most one sweep and one drainer at a time, also when one of them was killed."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from casework.ledger import insert_new
from casework.owner import Life, life, mine
from casework.tables import LEASES
from graph.errors import Conflict


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that we hold. `fence` grows with every taking; `taken_from` names the dead holder before us."""

    name: str
    holder: str
    fence: int
    taken_from: str | None


def take(connection: Connection, name: str, holder: str, *, at: int, patience: int) -> Lease:
    """Take a lease inside the caller's transaction. Raises Conflict while its holder lives.

    A holder is dead when its process on this machine is gone, or when its heartbeat is older than `patience`
    (microseconds).
    """
    blank = {"name": name, "holder": None, "owner": "", "fence": 0, "heartbeat_at": at}
    connection.execute(insert_new(connection, LEASES), blank)
    row = connection.execute(select(LEASES).where(LEASES.c.name == name).with_for_update()).one()
    if row.holder is not None and _alive(row, at, patience):
        raise Conflict(
            f"{row.holder} is running", f"wait for it; if it is dead, in {patience // 1_000_000} s it is taken over"
        )
    changes = {"holder": holder, "owner": mine(), "fence": row.fence + 1, "heartbeat_at": at}
    connection.execute(update(LEASES).where(LEASES.c.name == name).values(changes))
    return Lease(name, holder, row.fence + 1, row.holder)


def keep(connection: Connection, lease: Lease, *, at: int) -> None:
    """Heartbeat. Raises Conflict when somebody else took the lease: whoever lost it may write no more."""
    ours = (LEASES.c.name == lease.name) & (LEASES.c.holder == lease.holder) & (LEASES.c.fence == lease.fence)
    if connection.execute(update(LEASES).where(ours).values(heartbeat_at=at)).rowcount != 1:
        raise Conflict(f"{lease.holder} was taken for dead and lost its lease", "let the run that took over finish")


def give_back(connection: Connection, lease: Lease) -> None:
    """Free a lease; nothing happens when it was lost already."""
    ours = (LEASES.c.name == lease.name) & (LEASES.c.fence == lease.fence)
    connection.execute(update(LEASES).where(ours).values(holder=None))


def _alive(row: Any, at: int, patience: int) -> bool:
    return life(row.owner) is not Life.DEAD and at - row.heartbeat_at < patience
