"""How unlikely a count is by chance, given the rate that was observed outside its window."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

CAP: Final = 15.0
SCALE: Final = 100
"""Surprises are published as integer hundredths of a decade, so that no engine rounds them otherwise."""
FLOOR: Final = 0.05
"""Expected count when nothing at all was observed: nobody is sure that a value is quiet."""
PRIOR_COUNT: Final = 0.5
"""Weight of the kind's own rate, in observations."""


def expected(outside: F64, days_outside: F64, days_inside: F64, kind_rate: F64) -> F64:
    """Expected others inside the window: rate outside it, shrunk to the kind's rate (uses a value a day)."""
    rate = (outside + PRIOR_COUNT) / (days_outside + PRIOR_COUNT / np.maximum(kind_rate, 1e-9))
    return rate * days_inside + FLOOR


def surprise(count: I64, mean: F64) -> I64:
    """-log10 P(Poisson(mean) >= count) in hundredths, 0 for no count, at most 1500.

    P(X >= c) is the regularised lower incomplete gamma function at (c, mean) (Abramowitz and Stegun 26.4.21).
    """
    tail = special.gammainc(np.maximum(count, 1).astype(np.float64), mean)
    decades = np.minimum(-np.log10(np.maximum(tail, 10.0**-CAP)), CAP)
    return np.where(count > 0, np.rint(decades * SCALE), 0).astype(np.int64)
