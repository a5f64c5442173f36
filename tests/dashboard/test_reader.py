"""What a session keeps of the API's answers."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.reader import FRESH, KEPT, Reader
from graph.errors import NotFound, StoreUnavailable


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def down() -> int:
    raise StoreUnavailable("no answer")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_an_answer_is_fresh_for_half_a_minute(clock: Clock) -> None:
    reader = Reader(clock)
    assert reader.read("k", lambda: 1).value == 1
    clock.now += FRESH - timedelta(seconds=1)
    assert reader.read("k", lambda: 2).value == 1
    clock.now += timedelta(seconds=1)
    assert reader.read("k", lambda: 2).value == 2


def test_the_last_good_answer_is_kept_when_the_api_is_down(clock: Clock) -> None:
    reader = Reader(clock)
    first = reader.read("k", lambda: 1)
    clock.now += timedelta(hours=1)
    kept = reader.read("k", down)
    assert (kept.value, kept.at, kept.stale) == (1, first.at, True)
    assert not reader.read("k", lambda: 3).stale


def test_nothing_kept_is_an_error(clock: Clock) -> None:
    with pytest.raises(StoreUnavailable):
        Reader(clock).read("k", down)


def test_other_errors_are_not_hidden_by_an_old_answer(clock: Clock) -> None:
    reader = Reader(clock)
    reader.read("k", lambda: 1)
    clock.now += timedelta(hours=1)

    def gone() -> int:
        raise NotFound("gone")

    with pytest.raises(NotFound):
        reader.read("k", gone)


def test_forget_asks_again_and_keeps_the_fall_back(clock: Clock) -> None:
    reader = Reader(clock)
    reader.read("k", lambda: 1)
    clock.now += timedelta(seconds=1)
    reader.forget()
    assert reader.read("k", down).stale
    assert reader.read("k", lambda: 2).value == 2


def test_only_so_many_answers_are_kept(clock: Clock) -> None:
    reader = Reader(clock)
    for number in range(KEPT + 1):
        reader.read(number, lambda: "old")
    assert reader.read(0, lambda: "new").value == "new"
    assert reader.read(KEPT, lambda: "new").value == "old"
