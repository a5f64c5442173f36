"""Counts, sums and extremes of entries by the row that each belongs to, in integers so that order is free."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.ordering import distinct_items

I64 = NDArray[np.int64]
Rows = NDArray[np.integer]


def count(row: Rows, size: int) -> I64:
    """[size] entries of each row."""
    return np.bincount(row, minlength=size).astype(np.int64)


def add(row: Rows, value: NDArray[Any], size: int) -> I64:
    """[size] sum of each row's values, 0 without one."""
    total = np.zeros(size, np.int64)
    np.add.at(total, row, value.astype(np.int64, copy=False))  # of another type it takes forty times as long
    return total


def most(row: Rows, value: I64, size: int, none: int) -> I64:
    """[size] greatest of each row's values and `none`."""
    found = np.full(size, none, np.int64)
    np.maximum.at(found, row, value)
    return found


def least(row: Rows, value: I64, size: int, none: int) -> I64:
    """[size] smallest of each row's values and `none`."""
    found = np.full(size, none, np.int64)
    np.minimum.at(found, row, value)
    return found


def distinct(row: Rows, item: I64, size: int) -> I64:
    """[size] how many different items, none below 0, each row has."""
    return distinct_items(row, item, size).astype(np.int64)
