"""Loads balance, also after a kill, and the watermark never passes a number whose rows are not in the store."""

import dataclasses
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from casework import owner, sequence
from casework.accounts import LoadAccounts
from casework.audit import Audit
from casework.ledger import Ledger
from casework.tables import LOADS
from graph.errors import AccountsDoNotBalance, Conflict, NotFound, UsageError
from ingest.ports import Counts, SourceFile


@pytest.fixture
def accounts(ledger: Ledger, clock: Any) -> LoadAccounts:
    return LoadAccounts(ledger, clock=clock)


def test_a_load_that_balances_closes_with_its_sums(accounts: LoadAccounts, source: SourceFile) -> None:
    load = accounts.open(source)
    assert accounts.reserve(load, 3) == 1
    accounts.record(load, Counts(4, 2, 1, 1, 1))
    assert accounts.reserve(load, 2) == 4
    accounts.record(load, Counts(2, 2, 0, 0, 0))
    assert accounts.close(load, 6) == Counts(6, 4, 1, 1, 1)
    assert [(record.load_id, record.state) for record in accounts.loads()] == [(load, "closed")]


@pytest.mark.parametrize(("counts", "read"), [(Counts(3, 1, 0, 1, 0), 3), (Counts(3, 1, 0, 1, 1), 4), (Counts(), 1)])
def test_a_load_that_does_not_balance_does_not_close(
    accounts: LoadAccounts, source: SourceFile, ledger: Ledger, counts: Counts, read: int
) -> None:
    load = accounts.open(source)
    accounts.record(load, counts)
    with pytest.raises(AccountsDoNotBalance):
        accounts.close(load, read)
    assert accounts.loads()[0].state == "unbalanced"
    assert Audit(ledger).entries()[-1].event == "load.unbalanced"


def test_an_unfinished_load_of_the_same_file_is_abandoned(accounts: LoadAccounts, source: SourceFile) -> None:
    first = accounts.open(source)
    accounts.reserve(first, 5)
    second = accounts.open(source)
    assert {record.load_id: record.state for record in accounts.loads()} == {first: "abandoned", second: "open"}
    for late in (
        lambda: accounts.reserve(first, 1),
        lambda: accounts.record(first, Counts()),
        lambda: accounts.close(first, 0),
    ):
        with pytest.raises(Conflict):
            late()


def test_loads_of_other_files_and_kinds_are_left_alone(accounts: LoadAccounts, source: SourceFile) -> None:
    others = [accounts.open(source), accounts.open(dataclasses.replace(source, kind="outcomes"))]
    others.append(accounts.open(dataclasses.replace(source, sha256="ff" * 32)))
    assert {record.state for record in accounts.loads()} == {"open"}
    assert len(set(others)) == 3


def test_unknown_loads_and_negative_reservations_are_refused(accounts: LoadAccounts, source: SourceFile) -> None:
    with pytest.raises(NotFound):
        accounts.record("load-x", Counts())
    with pytest.raises(UsageError):
        accounts.reserve(accounts.open(source), -1)


def test_the_watermark_waits_for_open_ranges_only(accounts: LoadAccounts, source: SourceFile) -> None:
    assert accounts.watermark() == 0
    one, two = accounts.open(source), accounts.open(dataclasses.replace(source, sha256="ff" * 32))
    accounts.reserve(one, 10)  # 1..10
    accounts.reserve(two, 10)  # 11..20
    accounts.record(two, Counts(10, 10))
    assert accounts.watermark() == 0
    accounts.record(one, Counts(10, 9, 0, 1))
    assert accounts.watermark() == 20
    accounts.reserve(one, 5)
    assert accounts.watermark() == 20
    accounts.record(one, Counts(5, 0, 0, 0, 5))  # nothing of it went to the store: the range stays until the end
    assert accounts.watermark() == 20
    accounts.close(one, 15)
    assert accounts.watermark() == 25


def test_batches_reserved_ahead_are_settled_in_order(accounts: LoadAccounts, source: SourceFile) -> None:
    load = accounts.open(source)
    accounts.reserve(load, 10)
    accounts.reserve(load, 10)
    accounts.record(load, Counts(10, 10))
    assert accounts.watermark() == 10


def test_an_abandoned_load_no_longer_holds_the_watermark(accounts: LoadAccounts, source: SourceFile) -> None:
    load = accounts.open(source)
    accounts.reserve(load, 10)
    accounts.abandon(load)
    accounts.abandon(load)
    assert accounts.watermark() == 10
    assert accounts.loads()[0].state == "abandoned"


def test_a_load_that_stood_still_for_an_hour_no_longer_holds_it(
    accounts: LoadAccounts, source: SourceFile, clock: Any
) -> None:
    load = accounts.open(source)
    accounts.reserve(load, 10)
    clock.pass_seconds(3500)
    assert accounts.watermark() == 0
    clock.pass_seconds(101)
    assert accounts.watermark() == 10


def test_the_watermark_of_a_moment(accounts: LoadAccounts, source: SourceFile, clock: Any) -> None:
    load, before = accounts.open(source), clock()
    clock.pass_seconds(10)
    for expected in (4, 8):
        accounts.reserve(load, 4)
        accounts.record(load, Counts(4, 4))
        assert accounts.watermark(clock()) == expected
        clock.pass_seconds(10)
    assert accounts.watermark(before) == 0
    assert accounts.watermark(clock() - 15_000_000) == 4


def _owned_by(ledger: Ledger, mark: str) -> None:
    with ledger.transaction() as connection:
        connection.execute(update(LOADS).values(owner=mark))


def test_a_file_that_a_living_process_loads_is_refused(
    accounts: LoadAccounts, source: SourceFile, ledger: Ledger
) -> None:
    load = accounts.open(source)
    parent = os.getppid()
    _owned_by(ledger, f"{owner._machine()}|{parent}|{owner._started(parent)}")
    with pytest.raises(Conflict, match="another process"):
        accounts.open(source)
    accounts.reserve(load, 1)


def test_another_machine_is_believed_for_a_minute(
    accounts: LoadAccounts, source: SourceFile, ledger: Ledger, clock: Any
) -> None:
    accounts.open(source)
    _owned_by(ledger, "elsewhere|pid:[1]|7|99")
    clock.pass_seconds(59)
    with pytest.raises(Conflict):
        accounts.open(source)
    clock.pass_seconds(2)
    accounts.open(source)


def test_killed_anywhere_and_run_again_it_balances(
    ledger: Ledger, ledger_path: Path, source: SourceFile, killed_before: Callable[[int, Callable[[], object]], bool]
) -> None:
    url = f"sqlite:///{ledger_path}"

    def load() -> None:
        own = Ledger.open(url)
        accounts = LoadAccounts(own)
        load_id = accounts.open(source)
        for _ in range(2):
            accounts.reserve(load_id, 5)
            accounts.record(load_id, Counts(6, 4, 1, 1, 1))
        assert accounts.close(load_id, 12) == Counts(12, 8, 2, 2, 2)
        assert accounts.watermark() >= 10
        own.close()

    ledger.close()
    point, killed = 1, 0
    while killed_before(point, load):
        killed += 1
        ledger.close()
        point += 3
    assert killed > 10
    accounts = LoadAccounts(ledger)
    closed = [record for record in accounts.loads() if record.state == "closed"]
    assert closed
    assert {record.counts for record in closed} == {Counts(12, 8, 2, 2, 2)}
    with ledger.reading() as connection:
        given_out = sequence.last(connection)
    assert accounts.watermark() == given_out, "nobody that was killed holds it back"
    assert {record.state for record in accounts.loads(limit=1000)} == {"closed", "abandoned"}


def test_a_killed_load_does_not_block_a_sweep(ledger: Ledger, ledger_path: Path, source: SourceFile) -> None:
    ledger.close()
    child = os.fork()
    if child == 0:
        own = Ledger.open(f"sqlite:///{ledger_path}")
        accounts = LoadAccounts(own)
        accounts.reserve(accounts.open(source), 10)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    accounts = LoadAccounts(ledger)
    assert accounts.watermark() == 10
    assert accounts.loads()[0].state == "abandoned"


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.booleans()), max_size=12))
def test_the_watermark_is_below_every_open_range(blank_ledger: Path, steps: list[tuple[int, int, bool]]) -> None:
    path = blank_ledger.with_name("hypothesis.db")
    path.write_bytes(blank_ledger.read_bytes())
    ledger = Ledger.open(f"sqlite:///{path}")
    accounts = LoadAccounts(ledger)
    loads = [accounts.open(SourceFile("f", f"{n:064d}", 1, "applications", "")) for n in range(4)]
    waiting: dict[int, list[tuple[int, int]]] = {n: [] for n in range(4)}
    given_out = 0
    for which, count, settle in steps:
        first = accounts.reserve(loads[which], count)
        given_out += count
        if count:
            waiting[which].append((first, count))
        if settle and waiting[which]:
            _, rows = waiting[which].pop(0)
            accounts.record(loads[which], Counts(rows, rows))
        starts = [first for ranges in waiting.values() for first, _ in ranges]
        assert accounts.watermark() == (min(starts) - 1 if starts else given_out)
    ledger.close()
    for rest in path.parent.glob("hypothesis.db*"):
        rest.unlink()
