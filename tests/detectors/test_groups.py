"""Groups that could be rings: how they come about, what is told of them, and how much of a ring each is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectors import groups
from detectors.bonds import Bonds, together
from detectors.columns import norms
from detectors.groups import NAMES, Groups, Scored
from detectors.model import lift
from detectors.policy import Policy
from detectors.sweep import learnt, proposals
from graph.book import Book
from graph.projection import WEIGHT_ONE
from tests.detectors import lessons
from tests.detectors.lessons import Lesson

Toolbox = dict[str, Callable[..., Any]]
CLIQUE, OTHERS, BRIDGE = (3, 4, 5, 6), (11, 12, 13), 0.1


@pytest.fixture(scope="module")
def lesson(toolbox: Toolbox, policy: Policy) -> Lesson:
    return lessons.lesson(toolbox, policy, taught=False)


def bonds(pairs: dict[tuple[int, int], float]) -> Bonds:
    ends = np.array(list(pairs), np.int64).reshape(-1, 2)
    weight = np.rint(np.array(list(pairs.values())) * WEIGHT_ONE).astype(np.int64)
    return Bonds(ends[:, 0], ends[:, 1], weight, weight, np.zeros_like(weight))


def scored(book: Book, likely: dict[int, float]) -> Scored:
    probability = np.full(book.applications, 0.001)
    probability[list(likely)] = list(likely.values())
    return Scored(np.rint(1e4 * probability).astype(np.int64), probability, np.zeros(book.applications, np.int64))


@pytest.fixture(scope="module")
def two(lesson: Lesson, policy: Policy) -> Groups:
    """A clique of four, likely, and a chain of three, unlikely, with a thread between them."""
    pairs = {(a, b): 1.0 for a in CLIQUE for b in CLIQUE if a < b} | {(11, 12): 0.5, (12, 13): 0.5, (6, 11): BRIDGE}
    known = scored(lesson.book, dict.fromkeys(CLIQUE, 0.5) | dict.fromkeys(OTHERS, 0.1))
    return groups.proposed(lesson.book, known, bonds(pairs), policy)


def at(found: Groups, wanted: tuple[int, ...]) -> int:
    [index] = [g for g in range(len(found)) if set(found.row[found.of == g].tolist()) == set(wanted)]
    return index


def test_each_merge_from_the_smallest_size_on_is_proposed(two: Groups) -> None:
    sizes = sorted(two.size.tolist())
    assert sizes == [3, 4, 7], "the chain, the clique, both"


def test_what_is_told_of_a_group(two: Groups) -> None:
    clique, chain, both = at(two, CLIQUE), at(two, OTHERS), at(two, (*CLIQUE, *OTHERS))
    for name, wanted in {
        "size": (4, 3, 7), "mean": (0.5, 0.1, 2.3 / 7), "expected": (2.0, 0.3, 2.3), "first_odds": (0.0, -np.log(9), 0),
        "inner": (3.0, 2 / 3, 14.2 / 7), "density": (1.0, 2 / 3, 18 / 42), "loosest": (3.0, 0.5, 0.5),
        "outer": (BRIDGE / 4, BRIDGE / 3, 0), "outer_risk": (BRIDGE * 0.1 / 4, BRIDGE * 0.5 / 3, 0),
        "closed": (12 / 12.1, 2 / 2.1, 1), "whole_size": (7 / 4, 7 / 3, 0), "other_half_size": (3, 4, 0),
        "inner_context": (0, 0, 0),
    }.items():  # fmt: skip
        assert two.column(name)[[clique, chain, both]] == pytest.approx(wanted, rel=1e-5), name
    assert two.columns.shape == (3, len(NAMES))
    assert np.isfinite(two.columns).all()


def test_expected_overlap_is_the_jaccard_of_what_is_likely(two: Groups) -> None:
    told = groups.expected_overlap(two)
    assert told[at(two, CLIQUE)] == pytest.approx(2 / (4 + BRIDGE * 0.1), rel=1e-5)
    assert told[at(two, (*CLIQUE, *OTHERS))] == pytest.approx(2.3 / 7, rel=1e-5)


def test_overlap_with_a_ring(two: Groups, lesson: Lesson) -> None:
    ring = np.full(lesson.book.applications, -1)
    ring[[3, 4, 5, 11, 50]] = 2
    ring[[12]] = 0
    told = groups.overlaps(two, ring)
    assert told[at(two, CLIQUE)] == pytest.approx(3 / 6)
    assert told[at(two, OTHERS)] == pytest.approx(1 / 3), "the nearer of the two rings"
    assert groups.overlaps(two, np.full(lesson.book.applications, -1)).tolist() == [0] * 3


def test_too_large_is_not_proposed(lesson: Lesson, policy: Policy) -> None:
    policy = replace(policy, rings=replace(policy.rings, largest=5))
    known = scored(lesson.book, dict.fromkeys(range(8), 0.5))
    path = {(n, n + 1): 1.0 - n / 10 for n in range(7)}
    found = groups.proposed(lesson.book, known, bonds(path), policy)
    assert len(found)
    assert found.size.max() <= 5


def test_no_ties_no_groups(lesson: Lesson, policy: Policy) -> None:
    found = groups.proposed(lesson.book, scored(lesson.book, {}), bonds({}), policy)
    assert len(found) == 0
    assert groups.expected_overlap(found).tolist() == []


def test_applications_that_nobody_suspects_are_still_tied(lesson: Lesson, policy: Policy) -> None:
    """Probabilities are rounded, and those of a whole group can be nought."""
    raw = np.ones(lesson.book.applications, np.int64)
    known = Scored(raw, np.zeros(lesson.book.applications), raw)
    found = groups.proposed(lesson.book, known, bonds({(1, 2): 0.5, (2, 3): 0.4}), policy)
    assert [set(found.row.tolist())] == [{1, 2, 3}]
    assert np.isfinite(found.columns).all()


def test_ties_of_two_kinds_are_one() -> None:
    both = together(100, [bonds({(1, 2): 0.5, (3, 4): 1.0}), bonds({(1, 2): 0.25})])
    assert list(zip(both.source.tolist(), both.target.tolist(), both.weight.tolist(), strict=True)) == [
        (1, 2, 750_000), (3, 4, 1_000_000)
    ]  # fmt: skip


def test_a_judged_group_lifts_its_members_and_nobody_else(lesson: Lesson, policy: Policy) -> None:
    result, judge = lesson.result, lesson.model.judge
    assert judge is not None
    margin = learnt(lesson.book, lesson.seen, lesson.model, result.fold)
    before = lesson.model.mixed(lesson.seen.raw, margin, policy)
    drawn = proposals(lesson.book, lesson.seen, before, lesson.model, norms(dict(lesson.book.columns)), policy)
    told = groups.judged(drawn.groups, judge)
    assert ((told > 0) & (told < 1)).all()
    inside = np.zeros(lesson.book.applications, bool)
    inside[drawn.groups.row] = True
    assert 0 < inside.sum() < len(inside)
    best = [told[drawn.groups.of[drawn.groups.row == row]].max() for row in np.flatnonzero(inside)]
    assert drawn.overlap[inside] == pytest.approx(np.array(best) * 1000, abs=0.51)
    assert (drawn.overlap[~inside] == 0).all()
    assert drawn.overlap.tolist() == result.overlap.tolist(), "rings are proposed before any score is lifted"
    lifted = lesson.model.scored(lesson.seen.raw, margin, drawn.overlap, policy)
    assert lifted.tolist() == result.raw.tolist()
    plain = lesson.model.scored(lesson.seen.raw, margin, np.zeros_like(drawn.overlap), policy)
    assert (lifted - plain).tolist() == lift(drawn.overlap, policy).tolist()


def test_the_lift_is_the_overlap_by_the_policys_worth(policy: Policy) -> None:
    assert lift(np.array([0, 500, 1000]), replace(policy, ring_worth=4.0)).tolist() == [0, 2000, 4000]
    assert lift(np.array([0, 500, 1000]), replace(policy, ring_worth=0.0)).tolist() == [0, 0, 0]


def test_hand_planted_rings_are_told_from_other_groups(lesson: Lesson) -> None:
    planted = np.zeros(lesson.book.applications, bool)
    place = {name: n for n, name in enumerate(lesson.result.network.applications["application_id"].to_list())}
    for start in lessons.RINGS:
        for n in range(lessons.RING_SIZE):
            planted[place[lesson.facts[start + n].application_id]] = True
    overlap = lesson.result.overlap
    assert np.median(overlap[planted]) > np.quantile(overlap[~planted], 0.95)
