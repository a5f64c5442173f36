"""Figures in a reason: what an officer usually does is told from those of the rows that say it."""

import numpy as np

from detectors.columns import MISSING, RATIO
from detectors.evidence import known_mean


def test_an_unknown_ratio_is_left_out_of_the_mean() -> None:
    assert known_mean(np.array([MISSING, RATIO * 2, RATIO, MISSING], np.int64)) == 1.5


def test_nothing_known_is_nought() -> None:
    assert known_mean(np.array([MISSING], np.int64)) == 0.0
