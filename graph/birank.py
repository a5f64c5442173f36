"""BiRank: suspicion spread from known frauds over the values that applications share, back to a fixed point."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from graph.errors import UsageError

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

ROUNDS: Final = 200
ENOUGH: Final = 1e-10
"""The spread ends when a round moves less than this part of the whole."""
DIGITS: Final = 12
"""Scores are told to so many digits of the greatest: beyond them lies only the order in which sums were taken."""


def birank(row: I64, column: I64, weight: F64, query: F64, *, damping: float) -> F64:
    """[R] BiRank (He et al., TKDE 2017) of rows: u = damping * S S' u + (1 - damping) * query, S = Dr^-1/2 W Dc^-1/2.

    row, column, weight: [E] edges, weights above zero. query: [R] prior suspicion, not negative; scaled to sum 1.
    Columns have no prior of their own. The answer is scaled to a greatest value of 1; without a prior it is 0.
    Raises UsageError for a damping outside 0..1.
    """
    if not 0 < damping < 1:
        raise UsageError(f"a damping lies between 0 and 1, not {damping}")
    whole = float(query.sum())
    if whole <= 0:
        return np.zeros(len(query))
    prior = query / whole
    spread = _normal(row, column, weight, len(query))
    back = spread.T.tocsr()
    found = prior
    for _ in range(ROUNDS):
        after = damping * (spread @ (back @ found)) + (1 - damping) * prior
        moved = float(np.abs(after - found).sum())
        found = after
        if moved < ENOUGH:
            break
    scaled: F64 = np.round(found / found.max(), DIGITS)
    return scaled


def _normal(row: I64, column: I64, weight: F64, rows: int) -> sparse.csr_array:
    """Each weight over the roots of its row's and its column's sums."""
    columns = int(column.max(initial=-1)) + 1
    by_row = np.bincount(row, weight, rows)
    by_column = np.bincount(column, weight, columns)
    scaled = weight / np.sqrt(by_row[row] * by_column[column])
    return sparse.csr_array(sparse.coo_array((scaled, (row, column)), shape=(rows, columns)))
