"""What is told of a score: true figures, and direct evidence before mere nearness."""

import numpy as np

from detectors.columns import MISSING, RATIO
from detectors.evidence import known_mean, telling
from detectors.signal import Signal


def test_an_unknown_ratio_is_left_out_of_the_mean() -> None:
    assert known_mean(np.array([MISSING, RATIO * 2, RATIO, MISSING], np.int64)) == 1.5


def test_nothing_known_is_nought() -> None:
    assert known_mean(np.array([MISSING], np.int64)) == 0.0


def signal(code: str, weight: float) -> Signal:
    return Signal("A-1", code, 1.0, weight)


def test_nearness_stands_behind_direct_evidence_whatever_it_weighs() -> None:
    found = [signal("NEAR_RISK", 0.3), signal("SHARED_DEVICE", 0.1), signal("DENSE_GROUP", 0.4)]
    found += [signal("SHARED_PHONE", 0.15), signal("OUTLIER", 0.1)]
    order = ["SHARED_PHONE", "OUTLIER", "SHARED_DEVICE", "DENSE_GROUP", "NEAR_RISK"]
    assert [s.reason for s in telling(found)] == order
    assert [s.reason for s in telling(reversed(found))] == order
