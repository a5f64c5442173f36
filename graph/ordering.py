"""Sorting of millions of integer rows: one 64-bit key decides nearly all of them, further columns the few ties."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

WORD: Final = 64
MANY: Final = 10_000
"""Look-ups from which sorting them first pays: one after another they jump about in memory."""


def order_by(key: I64, *minor: NDArray[np.integer[Any]]) -> I64:
    """[R] positions in the order of `key`, equal keys by the minor columns in turn, equal rows as they stand.

    What np.lexsort((*reversed(minor), key)) gives; sorting one key costs a fraction of its stable sorts.
    """
    found = stable_order(key)
    if not minor:
        return found
    tied = in_company(key[found])
    if tied.any():
        rows = found[tied]
        for column in (*reversed(minor), key):
            rows = rows[stable_order(column[rows])]
        found[tied] = rows
    return found


def stable_order(number: NDArray[np.integer[Any]]) -> I64:
    """[R] positions in the order of whole numbers, equal ones as they stand.

    Number and position are sorted as one word: numpy sorts words ten times as fast as it finds the order of them. What
    has more bits than a word leaves beside the position is sorted piece by piece, the lowest first.
    """
    bits = len(number).bit_length()
    position, low = np.arange(len(number), dtype=np.uint64), np.uint64((1 << bits) - 1)
    least = min(int(number.min(initial=0)), 0)
    above = number.astype(np.int64, copy=False).view(np.uint64) - np.uint64(least % (1 << WORD))
    span = int(number.max(initial=0)) - least
    order = position.view(np.int64)
    for shift in range(0, span.bit_length(), WORD - bits):
        piece = above >> np.uint64(shift) if shift else above  # what lies beyond the word falls off
        word = (piece[order] if shift else piece) << np.uint64(bits) | position
        word.sort()
        step = (word & low).view(np.int64)
        order = order[step] if shift else step
    return order


def distinct(number: I64) -> I64:
    """The different integers, ascending: np.unique hashes, which takes forty times as long as sorting millions."""
    ordered = np.sort(number)
    return ordered[firsts(ordered)]


def distinct_items(group: NDArray[np.integer[Any]], item: NDArray[np.integer[Any]], groups: int) -> NDArray[np.int32]:
    """[groups] how many different items, none below 0, each group has."""
    several = int(item.max(initial=0)) + 1
    return np.bincount(distinct(group.astype(np.int64) * several + item) // several, minlength=groups).astype(np.int32)


def numbered(number: I64) -> tuple[I64, I64]:
    """The different integers, ascending, and the place of each row's among them: np.unique with its inverse."""
    order = stable_order(number)
    ordered = number[order]
    begins = firsts(ordered)
    place = np.empty(len(number), np.int64)
    place[order] = np.cumsum(begins) - 1
    return ordered[begins], place


def small_numbers(column: NDArray[np.generic]) -> I64:
    """Small numbers for a column's values, none below 0, in their order; 0 stays 0, for no value."""
    return numbered(np.append(0, column.astype(np.int64)))[1][1:]


def firsts(ordered: NDArray[Any]) -> Bool:
    """[R] whether a row of a sorted column begins a run of equal ones."""
    begins = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    return begins


def in_company(ordered: NDArray[Any]) -> Bool:
    """[R] whether another row of a sorted column is equal to this one."""
    begins = firsts(ordered)
    ends = np.append(begins[1:], True)[: len(begins)]
    tied: Bool = ~(begins & ends)
    return tied


def places(ordered: I64, wanted: I64) -> I64:
    """[R] where each wanted integer stands, or would, in a sorted array: np.searchsorted, made for very many."""
    if len(wanted) < MANY:
        return ordered.searchsorted(wanted)
    order = stable_order(wanted)
    found = np.empty(len(wanted), np.int64)
    found[order] = ordered.searchsorted(wanted[order])
    return found
