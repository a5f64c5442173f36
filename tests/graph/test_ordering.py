"""Sorting by one key with ties, and look-ups of many: what numpy's own slower calls give."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph.ordering import MANY, firsts, in_company, order_by, places, stable_order

ROWS = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2), st.integers(0, 2)), max_size=40)


@given(ROWS)
def test_the_order_is_that_of_lexsort(rows: list[tuple[int, int, int]]) -> None:
    key, first, second = np.array(rows, np.int64).reshape(-1, 3).T
    assert order_by(key, first, second).tolist() == np.lexsort((second, first, key)).tolist()
    assert order_by(key).tolist() == np.argsort(key, kind="stable").tolist()


@given(st.lists(st.sampled_from([0, 1, 2, 65_535, 65_536, 65_537, 131_072, 2**31 - 1]), max_size=40))
def test_the_order_by_halves_is_the_stable_one(numbers: list[int]) -> None:
    column = np.array(numbers, np.int32)
    assert stable_order(column).tolist() == np.argsort(column, kind="stable").tolist()


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
