import time
from typing import cast

import pytest

from api.door import FAILURES, REST_SECONDS, Breaker, StoreDoor
from graph.errors import NotFound, StoreUnavailable
from graph.store import GraphStore


class Store:
    """Counts what it is asked; fails or sleeps when told."""

    def __init__(self) -> None:
        self.asked = 0
        self.closed = 0
        self.sleep = 0.0
        self.error: Exception | None = None

    def count(self) -> dict[str, int]:
        self.asked += 1
        time.sleep(self.sleep)
        if self.error is not None:
            raise self.error
        return {"links": 1}

    def close(self) -> None:
        self.closed += 1


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make(*, waits: bool = False) -> tuple[Store, StoreDoor, Clock]:
    store, clock = Store(), Clock()
    return store, StoreDoor(lambda: cast(GraphStore, store), waits=waits, breaker=Breaker(clock)), clock


def ask(door: StoreDoor, seconds: float = 1.0) -> dict[str, int]:
    return door.ask(lambda store: store.count(), seconds=seconds)


def test_rests_after_failures_and_lets_one_try() -> None:
    store, door, clock = make()
    store.error = StoreUnavailable("down")
    for _ in range(FAILURES + 5):
        with pytest.raises(StoreUnavailable):
            ask(door)
    assert store.asked == FAILURES
    clock.now = REST_SECONDS + 0.1
    store.error = None
    assert ask(door) == {"links": 1}
    assert ask(door) == {"links": 1}


def test_a_failed_try_rests_again() -> None:
    store, door, clock = make()
    store.error = StoreUnavailable("down")
    for _ in range(FAILURES):
        with pytest.raises(StoreUnavailable):
            ask(door)
    clock.now = REST_SECONDS + 0.1
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            ask(door)
    assert store.asked == FAILURES + 1


def test_what_is_not_there_is_no_failure() -> None:
    store, door, _ = make()
    store.error = NotFound("no such node")
    for _ in range(FAILURES + 2):
        with pytest.raises(NotFound):
            ask(door)
    assert store.asked == FAILURES + 2


def test_a_slow_store_is_given_up() -> None:
    store, door, _ = make(waits=True)
    store.sleep = 0.3
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match="in time"):
        ask(door, seconds=0.02)
    assert time.monotonic() - started < 0.2
    door.close()


def test_no_time_left_is_not_the_stores_failure() -> None:
    store, door, _ = make(waits=True)
    for _ in range(FAILURES + 2):
        with pytest.raises(StoreUnavailable, match="no time"):
            ask(door, seconds=0.0)
    assert ask(door) == {"links": 1}
    assert store.asked == 1
    door.close()


def test_close_twice() -> None:
    store, door, _ = make()
    ask(door)
    door.close()
    door.close()
    assert store.closed == 1
