"""Agreement of several orders of one book, by hand."""

import numpy as np
import pytest

from benchmarks import stability
from benchmarks.stability import agreement


def test_equal_orders_agree_wholly() -> None:
    raw = np.random.default_rng(1).permutation(5000)
    found = agreement([raw, raw * 3, raw + 7])
    assert found == {"top100": 1, "top100_least": 1, "top2": 1, "top2_least": 1, "spearman": 1}


def test_overlaps_are_over_pairs_and_the_least_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stability, "TOP", 2)
    raws = [np.array(raw + [0] * 196) for raw in ([9, 8, 7, 6], [9, 8, 6, 7], [6, 7, 9, 8])]
    found = agreement(raws)
    assert (found["top100"], found["top100_least"]) == (pytest.approx(1 / 3, abs=1e-4), 0)
    assert (found["top2"], found["top2_least"]) == (1, 1)
    assert -1 <= found["spearman"] < 1


def test_ties_go_by_place_as_in_a_sweep() -> None:
    assert agreement([np.zeros(300, np.int64), np.zeros(300, np.int64)])["top100"] == 1


def test_confirmed_ones_are_left_out_of_a_small_book_too() -> None:
    found = agreement([np.arange(60), np.arange(60)[::-1]])
    assert found["top100"] == 1
    assert found["top2"] == 0
