"""Whom an innocent cause excuses: a few of a family in one window, colleagues of a firm that has been there a while."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from graph.book import DAY, Book, LinkTable, lay_out
from graph.network import NO_MARK, NO_OFFSET
from graph.projection import (
    COLLEAGUE,
    FAMILY,
    FAMILY_BUYS,
    HOME,
    RELATIVE,
    SAME_DEALER,
    WINDOW,
    Channel,
    entries,
    touches,
)
from graph.schema import KIND, ROLE

OWN = ROLE["own"].code
ACCOUNT, PHONE, WORK = 501, 601, 701
"""Token numbers of the values that people share."""


@dataclass(frozen=True)
class One:
    """An application of a person of its own: the values that it uses, and what may excuse it; 0 is nothing."""

    day: float
    uses: tuple[int, ...] = (ACCOUNT,)
    surname: int = 0
    employer: int = 0
    established: int = 1


CHANNELS = (
    Channel("account", KIND["account"].code, OWN, OWN, 1.0, causes=RELATIVE | COLLEAGUE | SAME_DEALER),
    Channel("phone", KIND["phone"].code, OWN, OWN, 1.0, causes=RELATIVE | COLLEAGUE),
    Channel("work", KIND["vehicle"].code, OWN, OWN, 1.0, causes=COLLEAGUE, burst=True),
)
KIND_OF = {ACCOUNT: CHANNELS[0].kind, PHONE: CHANNELS[1].kind, WORK: CHANNELS[2].kind}


def book_of(people: Sequence[One]) -> Book:
    size = len(people)
    uses = [(row, value) for row, one in enumerate(people) for value in one.uses]
    values = np.array([value for _, value in uses], np.int64)
    links = LinkTable(
        np.array([row for row, _ in uses], np.int32),
        values,
        np.array([KIND_OF[value] for _, value in uses], np.uint8),
        np.full(len(uses), OWN, np.uint8),
        np.full(len(uses), NO_OFFSET, np.int32),
        np.full(len(uses), NO_MARK, np.int32),
    )
    columns = {
        "event_at": np.array([round(one.day * DAY) for one in people], np.int64),
        "person": np.arange(size, dtype=np.int32),
        "surname": np.array([one.surname for one in people], np.int64),
        "employer_core": np.array([one.employer for one in people], np.int64),
        "established": np.array([one.established for one in people], np.int8),
        "dealer": np.zeros(size, np.int64),
        "address": np.zeros(size, np.int64),
        "home_persons": np.full(size, HOME, np.int32),
    }
    return lay_out(columns, links)


def causes(people: Sequence[One], row: int = 0) -> dict[tuple[str, int], int]:
    """(channel, other) -> innocent causes, of one row."""
    book, rows = book_of(people), np.array([row], np.int32)
    found = entries(book, rows, CHANNELS)
    met = touches(book, rows, found, CHANNELS)
    channel = [CHANNELS[int(number)].name for number in found.channel[met.entry]]
    return dict(zip(zip(channel, met.other.tolist(), strict=True), met.cause.tolist(), strict=True))


def relatives(count: int, apart: float = 1.0) -> list[One]:
    return [One(100 + n * apart, surname=9) for n in range(count)]


@pytest.mark.parametrize(("others", "excused"), [(FAMILY_BUYS, True), (FAMILY_BUYS + 1, False)])
def test_kinship_excuses_so_many_others_and_no_more(others: int, excused: bool) -> None:
    """One too many takes the excuse from all of them."""
    found = causes(relatives(1 + others))
    assert len(found) == others
    assert {bool(cause & FAMILY) for cause in found.values()} == {excused}


def test_one_beyond_the_window_is_not_too_many() -> None:
    far = One(100 + WINDOW / DAY + 1, surname=9)
    people = [*relatives(1 + FAMILY_BUYS), far]
    assert {bool(cause & FAMILY) for cause in causes(people).values()} == {True}


def test_a_crowd_takes_the_excuse_of_those_beyond_the_window_too() -> None:
    """They are of the same family as the crowd."""
    far = One(100 + WINDOW / DAY + 1, surname=9)
    found = causes([*relatives(2 + FAMILY_BUYS), far])
    assert found["account", 2 + FAMILY_BUYS] == 0


def test_a_colleague_stays_excused_and_makes_no_family_too_large() -> None:
    """Who is a colleague as well is excused by that, and is none of the crowd."""
    both = One(105, surname=9, employer=7)
    few = [One(100, surname=9, employer=7), *relatives(1 + FAMILY_BUYS)[1:], both]
    found = causes(few)
    assert found["account", len(few) - 1] == RELATIVE | COLLEAGUE
    assert {cause for (_, other), cause in found.items() if other < len(few) - 1} == {RELATIVE}
    many = [One(100, surname=9, employer=7), *relatives(2 + FAMILY_BUYS)[1:], both]
    found = causes(many)
    assert found["account", len(many) - 1] == COLLEAGUE
    assert {cause for (_, other), cause in found.items() if other < len(many) - 1} == {0}


def test_a_family_at_another_value_keeps_its_excuse() -> None:
    crowd = [One(100 + n, (ACCOUNT, PHONE) if n < 2 else (ACCOUNT,), surname=9) for n in range(2 + FAMILY_BUYS)]
    found = causes(crowd)
    assert found.pop(("phone", 1)) == RELATIVE
    assert set(found.values()) == {0}


def test_persons_count_not_applications() -> None:
    """One relative who applies three times is one relative."""
    people = relatives(1 + FAMILY_BUYS + 2)
    book = book_of(people)
    person = book.columns["person"].copy()
    person[-3:] = person[-1]
    rows = np.zeros(1, np.int32)
    book = book.with_columns(person=person)
    met = touches(book, rows, entries(book, rows, CHANNELS), CHANNELS)
    assert len(met.other) == FAMILY_BUYS + 2
    assert (met.cause & FAMILY).all()


@pytest.mark.parametrize("established", [0, 1])
def test_a_young_employer_excuses_nobody_as_colleague(established: int) -> None:
    """But on channels of bursts, where the surprise itself tells how young the firm is."""
    people = [One(100 + n, (ACCOUNT, WORK), employer=7, established=established) for n in range(3)]
    found = causes(people)
    assert {found["work", n] for n in (1, 2)} == {COLLEAGUE}
    assert {found["account", n] for n in (1, 2)} == {COLLEAGUE * established}


def test_a_young_employer_takes_no_other_excuse() -> None:
    people = [One(100 + n, surname=9, employer=7, established=0) for n in range(3)]
    assert set(causes(people).values()) == {RELATIVE}


def test_a_row_alone_meets_what_it_meets_in_company() -> None:
    draw = np.random.default_rng(4)
    people = [
        One(float(day), (ACCOUNT, PHONE)[: 1 + n % 2], surname=n % 3, employer=n % 4, established=n % 4 % 2)
        for n, day in enumerate(draw.integers(0, 90, 30))
    ]
    book, rows = book_of(people), np.arange(len(people), dtype=np.int32)
    found = entries(book, rows, CHANNELS)
    met = touches(book, rows, found, CHANNELS)
    for row in range(len(people)):
        mine = found.row[met.entry] == row
        channel = [CHANNELS[int(number)].name for number in found.channel[met.entry[mine]]]
        pairs = zip(channel, met.other[mine].tolist(), strict=True)
        assert dict(zip(pairs, met.cause[mine].tolist(), strict=True)) == causes(people, row)
