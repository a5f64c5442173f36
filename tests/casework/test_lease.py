"""A lease has one holder; whoever lost it is told apart by its fence, even under the same name."""

from typing import Any

import pytest

from casework import lease
from casework.ledger import Ledger
from graph.errors import Conflict

PATIENCE = 60_000_000


def taken(ledger: Ledger, clock: Any, holder: str) -> lease.Lease:
    with ledger.transaction() as connection:
        return lease.take(connection, "x", holder, at=clock(), patience=PATIENCE)


def kept(ledger: Ledger, clock: Any, held: lease.Lease) -> None:
    with ledger.transaction() as connection:
        lease.keep(connection, held, at=clock())


def freed(ledger: Ledger, held: lease.Lease) -> None:
    with ledger.transaction() as connection:
        lease.give_back(connection, held)


def test_a_freed_lease_is_taken_from_nobody(ledger: Ledger, clock: Any) -> None:
    first = taken(ledger, clock, "a")
    freed(ledger, first)
    second = taken(ledger, clock, "b")
    assert (first.fence, second.fence, second.taken_from) == (1, 2, None)


def test_an_earlier_holder_of_the_same_name_is_told_apart(ledger: Ledger, clock: Any) -> None:
    old = taken(ledger, clock, "a")
    clock.pass_seconds(61)
    new = taken(ledger, clock, "a")
    with pytest.raises(Conflict):
        kept(ledger, clock, old)
    freed(ledger, old)
    kept(ledger, clock, new)
    with pytest.raises(Conflict):
        taken(ledger, clock, "b")


def test_a_clock_set_back_does_not_make_the_holder_dead(ledger: Ledger, clock: Any) -> None:
    taken(ledger, clock, "a")
    clock.pass_seconds(-86_400)
    with pytest.raises(Conflict):
        taken(ledger, clock, "b")
