"""The survey of a book: the same in blocks of any size, with nothing of the model in it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectors import survey as surveying
from detectors.columns import norms
from detectors.model import blind_names
from detectors.policy import Policy
from detectors.survey import blind_columns, labels, outcome_columns, survey
from detectors.sweep import read_book
from graph.store import Batch
from tests.detectors import lessons
from tests.detectors.lessons import Lesson

Toolbox = dict[str, Callable[..., Any]]


@pytest.fixture(scope="module")
def lesson(toolbox: Toolbox, policy: Policy) -> Lesson:
    return lessons.lesson(toolbox, policy, taught=True)


@pytest.mark.parametrize("block", [7, 89])
def test_block_size_does_not_matter(
    lesson: Lesson, policy: Policy, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(surveying, "BLOCK", block)
    other = survey(lesson.book, policy, norms(dict(lesson.book.columns)), learns=True)
    assert np.array_equal(blind_columns(lesson.book, other), blind_columns(lesson.book, lesson.seen))
    assert np.array_equal(outcome_columns(lesson.book, other), outcome_columns(lesson.book, lesson.seen))
    assert np.array_equal(other.raw, lesson.seen.raw)
    for name in other.pairs.__dataclass_fields__:
        assert np.array_equal(getattr(other.pairs, name), getattr(lesson.seen.pairs, name)), name


def test_every_column_has_a_name(lesson: Lesson, policy: Policy) -> None:
    columns = blind_columns(lesson.book, lesson.seen)
    assert columns.shape == (lesson.book.applications, len(blind_names(policy)))
    assert len(set(blind_names(policy))) == columns.shape[1]


def test_without_learning_only_the_learners_columns_are_missing(lesson: Lesson, policy: Policy) -> None:
    plain = survey(lesson.book, policy, norms(dict(lesson.book.columns)), learns=False)
    assert plain.wide is None
    assert np.array_equal(plain.raw, lesson.seen.raw)
    assert np.array_equal(plain.features, lesson.seen.features)
    with pytest.raises(ValueError, match="not made for learning"):
        blind_columns(lesson.book, plain)


def test_both_sides_of_a_pair_count_alike_in_communities(lesson: Lesson, policy: Policy) -> None:
    """What excuses a pair may differ between its sides; whose id is the smaller must not matter."""
    pairs, book = lesson.seen.pairs, lesson.book
    uneven = replace(pairs, weight=np.where(pairs.row < pairs.other, pairs.weight, pairs.weight // 9))
    order = np.lexsort((pairs.row, pairs.other))
    mirrored = replace(pairs, row=pairs.other[order], other=pairs.row[order], weight=uneven.weight[order])
    assert (mirrored.row == pairs.row).all()
    assert (mirrored.weight != uneven.weight).any()
    found, again = (labels(book, some, policy) for some in (uneven, mirrored))
    assert found.tolist() == again.tolist()
    assert found.tolist() != lesson.seen.community.label.tolist(), "or the weights do not matter"


def test_another_books_tails_may_rank_this_one(lesson: Lesson, policy: Policy) -> None:
    mine = survey(lesson.book, policy, norms(dict(lesson.book.columns)), learns=False, tail=lesson.seen.tails)
    assert np.array_equal(mine.raw, lesson.seen.raw)
    none = lesson.seen.tails.__class__(*(tuple(np.zeros(0, np.int64) for _ in policy.features) for _ in range(2)))
    blank = survey(lesson.book, policy, norms(dict(lesson.book.columns)), learns=False, tail=none)
    assert not blank.own.any()
    assert not blank.contribution.any()


@pytest.mark.parametrize("size", [0, 1, 2])
def test_tiny_books_are_surveyed(size: int, policy: Policy, toolbox: Toolbox) -> None:
    batch = toolbox["batch_of"](lessons.people(toolbox, size)) if size else Batch.empty()
    _, book, _ = read_book(lessons.inputs(toolbox["links_of"](batch), toolbox["no_outcomes"]()))
    seen = survey(book, policy, norms(dict(book.columns)), learns=True)
    assert blind_columns(book, seen).shape == (size, len(blind_names(policy)))
    assert len(outcome_columns(book, seen)) == size
