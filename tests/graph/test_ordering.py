"""Sorting by one key with ties, and look-ups of many: what numpy's own slower calls give."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph.ordering import (
    MANY,
    distinct,
    distinct_items,
    firsts,
    in_company,
    numbered,
    order_by,
    places,
    small_numbers,
    stable_order,
)

ROWS = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2), st.integers(0, 2)), max_size=40)


@given(ROWS)
def test_the_order_is_that_of_lexsort(rows: list[tuple[int, int, int]]) -> None:
    key, first, second = np.array(rows, np.int64).reshape(-1, 3).T
    assert order_by(key, first, second).tolist() == np.lexsort((second, first, key)).tolist()
    assert order_by(key).tolist() == np.argsort(key, kind="stable").tolist()


WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3) | st.sampled_from([2**31, 2**60 - 1, 2**62])


@given(st.lists(WHOLE, max_size=40))
def test_the_order_of_words_is_the_stable_one(numbers: list[int]) -> None:
    column = np.array(numbers, np.int64)
    assert stable_order(column).tolist() == np.argsort(column, kind="stable").tolist()
    narrow = (column % 5).astype(np.int32)
    assert stable_order(narrow).tolist() == np.argsort(narrow, kind="stable").tolist()


@given(st.lists(WHOLE, max_size=40))
def test_different_integers_and_their_places(numbers: list[int]) -> None:
    column = np.array(numbers, np.int64)
    values, place = np.unique(column, return_inverse=True)
    assert distinct(column).tolist() == values.tolist()
    assert [found.tolist() for found in numbered(column)] == [values.tolist(), place.tolist()]


def test_small_numbers_leave_0_for_no_value() -> None:
    assert small_numbers(np.array([7, 0, 9, 7])).tolist() == [1, 0, 2, 1]
    assert small_numbers(np.array([7, 9, 7])).tolist() == [1, 2, 1]
    assert small_numbers(np.zeros(0, np.int64)).tolist() == []


def test_different_items_of_each_group() -> None:
    group, item = np.array([2, 0, 2, 2, 0]), np.array([5, 5, 0, 5, 6])
    assert distinct_items(group, item, 4).tolist() == [2, 0, 2, 0]
    assert distinct_items(group[:0], item[:0], 2).tolist() == [0, 0]


def test_runs_of_equal_rows() -> None:
    ordered = np.array([1, 2, 2, 5, 7, 7, 7])
    assert firsts(ordered).tolist() == [True, True, False, True, True, False, False]
    assert in_company(ordered).tolist() == [False, True, True, False, True, True, True]
    assert firsts(ordered[:0]).tolist() == in_company(ordered[:0]).tolist() == []


def test_many_are_found_where_few_are() -> None:
    rng = np.random.default_rng(5)
    ordered, wanted = np.sort(rng.integers(0, 900, 500)), rng.integers(-5, 905, MANY + 1)
    found = places(ordered, wanted)
    assert (found == np.searchsorted(ordered, wanted)).all()
    assert (places(ordered, wanted[:9]) == found[:9]).all()
