"""Entries are kept in order, with the deed they tell of, and personal data is refused at the door."""

from typing import Any

import pytest
from sqlalchemy import select

from casework.access import Scope
from casework.audit import Audit, Event
from casework.ledger import Ledger
from casework.tables import AUDIT
from graph.errors import UsageError


@pytest.fixture
def audit(ledger: Ledger, clock: Any) -> Audit:
    return Audit(ledger, clock=clock)


def test_entries_are_kept_in_order(audit: Audit, clock: Any) -> None:
    audit.record("client:u", Event.RING_READ, "ring:RG-1", {"rows": 3})
    clock.pass_seconds(-86_400)
    audit.record("person:i", Event.APPLICATION_READ, "application:A-1")
    first, second = audit.entries()
    assert (first.actor, first.event, first.subject, first.detail) == (
        "client:u",
        "ring.read",
        "ring:RG-1",
        {"rows": 3},
    )
    assert second.at < first.at
    assert audit.entries(after=first.entry_id) == (second,)
    assert audit.entries(limit=1) == (first,)


def test_an_entry_stands_or_falls_with_its_deed(audit: Audit, ledger: Ledger) -> None:
    def tell_and_fail() -> None:
        with ledger.transaction() as connection:
            audit.record("x", Event.EXPORT_WRITTEN, "y", within=connection)
            raise KeyError

    with pytest.raises(KeyError):
        tell_and_fail()
    assert audit.entries() == ()


@pytest.mark.parametrize(
    "value",
    [
        "张三",
        "John Smith",
        "13800001234",
        "+8613800001234",
        "11010519491231002X",
        "a@b.cn",
        "x\n",
        "6222021234567890123",
    ],
)
def test_what_could_be_personal_is_refused(audit: Audit, value: str) -> None:
    with pytest.raises(UsageError):
        audit.record("x", Event.RING_READ, "y", {"value": value})
    assert audit.entries() == ()


@pytest.mark.parametrize(
    "value", ["", "t1:0123456789abcdef01234567", "case:RG-0012", "score:write,ring:read", ",".join(Scope), "0" * 64, 7]
)
def test_codes_ids_digests_and_counts_are_fine(audit: Audit, value: str | int) -> None:
    audit.record("x", Event.RING_READ, "y", {"value": value})
    assert audit.entries()[0].detail == {"value": value}


def test_a_sealer_finds_its_place_and_stored_bytes(audit: Audit, ledger: Ledger) -> None:
    audit.record("x", Event.RING_READ, "y", {"b": 2, "a": 1})
    with ledger.reading() as connection:
        row = connection.execute(select(AUDIT)).one()
    assert (row.chain, row.detail) == (None, b'{"a":1,"b":2}')
