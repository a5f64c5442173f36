"""Pending links are found by value, drained in order of arrival, and neither lost nor doubled by a kill."""

from collections.abc import Callable
from typing import Any

import orjson
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from casework import pending as module
from casework import sequence
from casework.accounts import LoadAccounts
from casework.ledger import Ledger
from casework.pending import PendingLinks, add, pack, unpack
from casework.tables import DECISIONS
from graph.errors import Conflict, StoreUnavailable
from graph.network import DERIVED_KIND
from graph.store import Batch

MakeBatch = Callable[..., Batch]
PHONE, EMPLOYER = 1, 4


class FakeStore:
    """Keeps what is written, as a graph store does: equal (application_id, digest) once."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], int] = {}
        self.writes: list[list[int]] = []
        self.fails_after: int | None = None
        self.during: Callable[[], object] = lambda: None

    def write(self, batch: Batch) -> None:
        if self.fails_after is not None and len(self.writes) >= self.fails_after:
            raise StoreUnavailable("down")
        self.during()
        self.writes.append(batch.applications["seq"].to_list())
        for application, digest, seq in batch.applications.select("application_id", "digest", "seq").iter_rows():
            self.kept.setdefault((application, digest), seq)


@pytest.fixture
def store() -> Any:
    return FakeStore()


@pytest.fixture
def pending(ledger: Ledger, clock: Any) -> PendingLinks:
    return PendingLinks(ledger, clock=clock, sleep=lambda seconds: clock.pass_seconds(seconds))


@pytest.fixture
def arrive(ledger: Ledger) -> Callable[[Batch], int]:
    def write(batch: Batch) -> int:
        blank = dict.fromkeys(("client_id", "key_id", "policy_digest", "model_digest", "sweep_digest"), "")
        blobs = dict.fromkeys(("answer", "payload", "features"), b"")
        with ledger.transaction() as connection:
            seq = sequence.take(connection, 1)
            row = {"score_id": f"s{seq}", "seq": seq, "application_id": "x", "created_at": 0, **blank, **blobs}
            connection.execute(DECISIONS.insert(), row)
            add(connection, pack(batch), seq=seq, score_id=f"s{seq}")
        return seq

    return write


def test_a_packed_batch_comes_back_equal(make_batch: MakeBatch) -> None:
    batch = make_batch("A-1", core="t1:core")
    back = unpack([(77, pack(batch).batch)])
    assert_frame_equal(back.applications, batch.applications.with_columns(seq=pl.lit(77, pl.Int64)))
    assert_frame_equal(back.identifiers, batch.identifiers)
    assert_frame_equal(back.links, batch.links)


def test_joined_batches_keep_their_links_apart_and_identifiers_once(make_batch: MakeBatch) -> None:
    packed = [(n, pack(make_batch(f"A-{n}", employer=f"t1:e{n % 2}")).batch) for n in (3, 5, 9)]
    joined = unpack(packed)
    assert joined.applications["seq"].to_list() == [3, 5, 9]
    assert joined.identifiers.select("kind", "token").rows() == [(1, "t1:p1"), (4, "t1:e1")]
    assert joined.links["row"].to_list() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert joined.links.select("row", "kind", "role", "token").is_unique().all()


def test_rows_of_an_older_release_have_nulls_in_new_columns(make_batch: MakeBatch) -> None:
    batch = make_batch("A-1")
    older = Batch(batch.applications.drop("loan_amount"), batch.identifiers.drop("sort"), batch.links)
    back = unpack([(1, pack(older).batch)])
    assert back.applications.schema == batch.applications.schema
    assert back.applications["loan_amount"].to_list() == [None]
    assert back.applications["holder_is_applicant"].to_list() == [True]
    newer = orjson.loads(pack(batch).batch)
    newer[0]["columns"].append("column_of_the_future")
    newer[0]["rows"][0].append(1)
    assert unpack([(1, orjson.dumps(newer))]).applications.schema == batch.applications.schema


def test_users_are_found_by_kind_and_token(pending: PendingLinks, make_batch: MakeBatch, arrive: Any) -> None:
    arrive(make_batch("A-1", phone="t1:p1", employer="t1:e1"))
    arrive(make_batch("A-2", phone="t1:p2", employer="t1:e1"))
    arrive(make_batch("A-3", phone="t1:p3", employer="t1:e3", core="t1:core"))

    def found(*tokens: tuple[int, str]) -> list[str]:
        return pending.users(tokens).applications["application_id"].to_list()

    assert found((PHONE, "t1:p2")) == ["A-2"]
    assert found((EMPLOYER, "t1:e1"), (PHONE, "t1:p1")) == ["A-1", "A-2"]
    assert found((EMPLOYER, "t1:p1"), (PHONE, "t1:nobody")) == []
    assert found((DERIVED_KIND[EMPLOYER], "t1:core")) == ["A-3"]
    assert found() == []
    assert pending.users([(PHONE, "t1:p1")]).links.height == 3, "with all their links"


def test_draining_writes_in_order_of_arrival_and_once(
    pending: PendingLinks, make_batch: MakeBatch, arrive: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 3)
    seqs = [arrive(make_batch(f"A-{n}")) for n in range(7)]
    assert pending.count() == 7
    assert pending.drain(store) == 7
    assert store.writes == [seqs[:3], seqs[3:6], seqs[6:]]
    assert pending.count() == 0
    assert pending.users([(PHONE, "t1:p1")]).applications.is_empty()
    assert pending.drain(store) == 0
    assert len(store.writes) == 3


def test_a_store_that_goes_down_loses_nothing(
    pending: PendingLinks, make_batch: MakeBatch, arrive: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 2)
    seqs = [arrive(make_batch(f"A-{n}")) for n in range(5)]
    store.fails_after = 1
    with pytest.raises(StoreUnavailable):
        pending.drain(store)
    assert pending.count() == 3
    store.fails_after = None
    assert pending.drain(store) == 3, "the lease was given back"
    assert list(store.kept.values()) == seqs


def test_killed_between_store_and_mark_the_row_is_not_doubled(
    pending: PendingLinks, make_batch: MakeBatch, arrive: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(make_batch("A-1"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(PendingLinks, "_mark", killed)
        with pytest.raises(KeyboardInterrupt):
            pending.drain(store)
    assert pending.count() == 1
    assert pending.drain(store) == 1
    assert store.writes == [[1], [1]]
    assert len(store.kept) == 1


def test_one_drainer_at_a_time(pending: PendingLinks, make_batch: MakeBatch, arrive: Any, store: Any) -> None:
    arrive(make_batch("A-1"))
    refused = []

    def second() -> None:
        with pytest.raises(Conflict):
            pending.drain(FakeStore(), wait_seconds=1)  # type: ignore[arg-type]
        refused.append(1)

    store.during = second
    assert pending.drain(store) == 1
    assert refused == [1]


def test_a_drainer_that_lost_its_lease_marks_nothing(
    pending: PendingLinks, make_batch: MakeBatch, arrive: Any, store: Any, clock: Any
) -> None:
    arrive(make_batch("A-1"))
    heir = FakeStore()

    def too_slow() -> None:
        clock.pass_seconds(61)
        pending.drain(heir)  # type: ignore[arg-type]

    store.during = too_slow
    with pytest.raises(Conflict):
        pending.drain(store)
    assert heir.writes == [[1]]
    assert pending.count() == 0


def test_rows_that_arrive_while_draining_wait_for_the_next_time(
    pending: PendingLinks, make_batch: MakeBatch, arrive: Any, store: Any
) -> None:
    arrive(make_batch("A-1"))
    store.during = lambda: arrive(make_batch(f"B-{pending.count()}"))
    assert pending.drain(store) == 1
    assert pending.count() == 1


def test_the_watermark_is_below_what_waits(
    pending: PendingLinks, ledger: Ledger, make_batch: MakeBatch, arrive: Any, store: Any
) -> None:
    accounts = LoadAccounts(ledger)
    assert [arrive(make_batch(f"A-{n}")) for n in range(2)] == [1, 2]
    assert accounts.watermark() == 0
    pending.drain(store)
    assert accounts.watermark() == 2
