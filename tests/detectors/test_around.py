"""What surrounds a row, against loops that a reader can check; a row's own outcome is in none of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from detectors import around
from detectors.around import (
    COUNTED,
    DEFAULT,
    FLAGS,
    FRAUD,
    HOLDERS,
    NEIGHBOURS,
    NONE,
    OUTCOME,
    SHARE,
    SPREAD,
    STRONG,
    TENTHS,
    group_names,
)
from detectors.columns import norms
from detectors.model import blind_names
from detectors.policy import Policy
from detectors.survey import Survey, blind_columns, outcome_columns, survey
from detectors.sweep import read_book
from detectors.tails import DECADE
from graph.book import DAY, Book
from tests.detectors import lessons
from tests.detectors.lessons import Lesson

Toolbox = dict[str, Callable[..., Any]]
NOTHING = lessons.outcomes([], [])


@dataclass(frozen=True)
class Meeting:
    """One row's view of another."""

    other: int
    weight: int
    explained: bool
    channels: int


def meetings(seen: Survey, size: int) -> list[list[Meeting]]:
    found: list[list[Meeting]] = [[] for _ in range(size)]
    pairs = seen.pairs
    columns = (pairs.row, pairs.other, pairs.raw // DECADE, pairs.explained, pairs.channels)
    for row, *rest in zip(*(column.tolist() for column in columns), strict=True):
        found[row].append(Meeting(*rest))
    return found


@pytest.fixture(scope="module")
def lesson(toolbox: Toolbox, policy: Policy) -> Lesson:
    return lessons.lesson(toolbox, policy, taught=True)


def blind(book: Book, seen: Survey, policy: Policy) -> list[dict[str, int]]:
    """What the label-blind model reads, by name."""
    return [dict(zip(blind_names(policy), row, strict=True)) for row in blind_columns(book, seen).tolist()]


def test_neighbours_by_hand(lesson: Lesson, policy: Policy) -> None:
    seen, size = lesson.seen, lesson.book.applications
    found = blind(lesson.book, seen, policy)
    strength = seen.first.tolist()
    busy = 0
    for row, met in enumerate(meetings(seen, size)):
        total = sum(m.weight for m in met)
        sums = sum(m.weight * strength[m.other] for m in met)
        free = [strength[m.other] for m in met if not m.explained]
        expected = {
            "own_strength": int(seen.own[row]),
            "near_mean": sums // total if total else NONE,
            "near_most": max((strength[m.other] for m in met), default=NONE),
            "near_most_free": max(free, default=NONE),
            "near_strong": sum(strength[m.other] >= STRONG for m in met),
            "near_strong_free": sum(value >= STRONG for value in free),
            "near_sum": sums // DECADE,
        }
        assert tuple(expected) == NEIGHBOURS
        assert {name: found[row][name] for name in NEIGHBOURS} == expected
        busy += bool(met)
    assert busy > 50


def group_by_hand(book: Book, seen: Survey, row: int, met: list[list[Meeting]], channels: list[str]) -> dict[str, int]:
    label = seen.community.label
    members = np.flatnonzero(label == label[row]).tolist()
    inside = [(m, label[m.other] == label[row]) for one in members for m in met[one]]
    times = [int(book.columns["event_at"][one]) for one in members]
    return {
        "group_size": len(members),
        "group_mean": sum(int(seen.first[one]) for one in members) // len(members),
        "group_strong": sum(int(seen.first[one]) >= STRONG for one in members),
        "group_inner": sum(m.weight for m, here in inside if here) // len(members),
        "group_inner_free": sum(m.weight for m, here in inside if here and not m.explained) // len(members),
        "group_outer": sum(m.weight for m, here in inside if not here) // len(members),
        "group_days": (max(times) - min(times)) // DAY,
        **{f"group_{name}": len({int(book.columns[name][one]) for one in members}) for name in COUNTED},
        **{
            f"group_{word}_{name}": TENTHS
            * sum(here and m.explained == told and bool(m.channels >> n & 1) for m, here in inside)
            // len(members)
            for told, word in ((False, "free"), (True, "excused"))
            for n, name in enumerate(channels)
        },
    }


def test_groups_by_hand(lesson: Lesson, policy: Policy) -> None:
    book, seen = lesson.book, lesson.seen
    channels = [channel.name for channel in policy.channels]
    met, found = meetings(seen, book.applications), blind(book, seen, policy)
    for row in range(book.applications):
        expected = group_by_hand(book, seen, row, met, channels)
        assert {name: found[row][name] for name in expected} == expected
    assert set(expected) == set(group_names(channels))


def spread_by_hand(book: Book, seen: Survey, row: int, flag: str, met: list[list[Meeting]]) -> dict[str, int]:
    """Everything but the row's own outcome."""
    known = {n for n in np.flatnonzero(book.columns[flag]).tolist() if n != row}
    mine = met[row]
    label = seen.community.label
    group = [n for n in np.flatnonzero(label == label[row]).tolist() if n != row]
    steps = 0
    for m in mine:
        beyond = sum(back.weight for x in known for back in met[x] if back.other == m.other)
        steps += min(m.weight, DECADE) * beyond
    found = {
        "weight": sum(m.weight for m in mine if m.other in known),
        "weight_free": sum(m.weight for m in mine if m.other in known and not m.explained),
        "near": sum(m.other in known for m in mine),
        "two_steps": steps // max(sum(m.weight for m in mine), 1),
        "group": sum(n in known for n in group),
        "group_share": sum(n in known for n in group) * SHARE // max(len(group), 1),
    }
    for name in HOLDERS:
        value = book.columns[name][row]
        others = [n for n in np.flatnonzero(book.columns[name] == value).tolist() if n != row] if value else []
        hits = sum(n in known for n in others)
        found |= {name: hits, f"{name}_share": hits * SHARE // max(len(others), 1)}
    return {f"{flag}_{name}": found[name] for name in SPREAD}


def table(book: Book, seen: Survey, policy: Policy, flag: str) -> list[dict[str, int]]:
    """A flag's columns by name, from wherever the learner reads them."""
    if flag == FRAUD:
        return [dict(zip(OUTCOME, row, strict=True)) for row in outcome_columns(book, seen).tolist()]
    return [{f"{flag}_{name}": row[f"{flag}_{name}"] for name in SPREAD} for row in blind(book, seen, policy)]


@pytest.fixture(scope="module")
def flagged(lesson: Lesson, policy: Policy) -> tuple[Book, Survey]:
    """The book with defaults besides: every third of the rings' members, and every ninth application."""
    column = np.zeros(lesson.book.applications, np.int8)
    column[::9] = 1
    column[[start + n for start in lessons.RINGS for n in (1, 4)]] = 1
    book = lesson.book.with_columns(**{DEFAULT: column})
    return book, survey(book, policy, norms(dict(book.columns)), learns=True)


@pytest.mark.parametrize("flag", FLAGS)
def test_outcomes_by_hand(flagged: tuple[Book, Survey], policy: Policy, flag: str) -> None:
    book, seen = flagged
    met = meetings(seen, book.applications)
    found = table(book, seen, policy, flag)
    for row in range(book.applications):
        assert found[row] == spread_by_hand(book, seen, row, flag, met), row
    assert sum(row[f"{flag}_near"] > 0 for row in found) > 50
    assert sum(row[f"{flag}_two_steps"] > 0 for row in found) > 50


def flipped(book: Book, seen: Survey, policy: Policy, row: int, flag: str) -> dict[str, int]:
    """The row's outcome columns if its own outcome were the other one."""
    column = book.columns[flag].copy()
    column[row] = 1 - column[row]
    other = book.with_columns(**{flag: column})
    again = survey(other, policy, norms(dict(book.columns)), learns=True, tail=seen.tails)
    assert np.array_equal(again.pairs.raw, seen.pairs.raw)
    return table(other, again, policy, flag)[row]


@pytest.mark.parametrize("flag", FLAGS)
def test_a_rows_own_outcome_is_in_none_of_its_columns(flagged: tuple[Book, Survey], policy: Policy, flag: str) -> None:
    book, seen = flagged
    found = table(book, seen, policy, flag)
    start = lessons.RINGS[1]
    for row in (start, start + 1, start + 5, start + 6, 7, 333):
        assert flipped(book, seen, policy, row, flag) == found[row]


@pytest.fixture(scope="module")
def crowd(toolbox: Toolbox, policy: Policy) -> tuple[Book, Survey]:
    """45 applicants name A-00000's phone, too many for it to meet them; it shares a device with a known fraud."""
    fact = toolbox["Fact"]
    agent = fact("A-00000", 50.0, (("phone", "own", "13912345678"), ("device", "own", "tablet")))
    fraud = fact("A-00001", 51.0, (("phone", "own", "13800000001"), ("device", "own", "tablet")))
    namers = [
        fact(f"B-{n:05d}", 30.0 + n, (("phone", "reference", "13912345678"), ("phone", "own", f"137000000{n:02d}")))
        for n in range(45)
    ]
    facts = [agent, fraud, *namers]
    given = lessons.inputs(toolbox["links_of"](toolbox["batch_of"](facts)), lessons.outcomes(facts, [1, 4]))
    _, book, _ = read_book(given)
    return book, survey(book, policy, norms(dict(book.columns)), learns=True)


def test_nor_is_it_where_a_crowd_meets_one_that_does_not_meet_it(crowd: tuple[Book, Survey], policy: Policy) -> None:
    book, seen = crowd
    met = meetings(seen, book.applications)
    assert [m.other for m in met[0]] == [1]
    assert all([m.other for m in met[row]] == [0] for row in range(2, book.applications))
    found = table(book, seen, policy, FRAUD)
    for row in (4, 5):
        assert found[row] == spread_by_hand(book, seen, row, FRAUD, met)
        assert flipped(book, seen, policy, row, FRAUD) == found[row]


@pytest.mark.parametrize("flag", FLAGS)
def test_nothing_known_leaves_nothing(lesson: Lesson, flag: str) -> None:
    blank = lesson.book.with_columns(**{flag: np.zeros(lesson.book.applications, np.int8)})
    known = around.flagged(blank, lesson.seen.pairs, lesson.seen.community.label, flag)
    assert not known.weight.any()
    assert not known.value.any()
    assert not known.group.any()
