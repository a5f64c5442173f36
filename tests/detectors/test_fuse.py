"""Bands by the team's capacity, and the amber places that the score without a model has to itself."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors import fuse
from detectors.policy import read_policy

POLICY = replace(read_policy(), red=2, amber=10, blind_share=0.3)
SCORES = st.lists(st.tuples(st.integers(1, 20_000), st.integers(0, 9_000)), min_size=20, max_size=60)


def drawn(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = np.array(rows, np.int64)
    return table[:, 0], table[:, 1], np.ones(len(table), bool)


@given(SCORES)
def test_a_share_of_amber_goes_to_whom_only_the_score_without_a_model_sees(rows: list[tuple[int, int]]) -> None:
    raw, unsupervised, eligible = drawn(rows)
    found = fuse.calibrate(raw, eligible, POLICY, unsupervised=unsupervised)
    band = fuse.bands(raw, unsupervised, eligible, found)
    assert (band != "green").sum() <= POLICY.red + POLICY.amber, "never more than the team can open"
    assert (raw >= found.amber).sum() <= POLICY.red + POLICY.amber - 3, "three places are kept"
    alone = (band == "amber") & (raw < found.amber)
    assert alone.sum() <= 3
    if alone.any():
        assert unsupervised[alone].min() > unsupervised[band == "green"].max()
    assert not ((band == "red") & (raw < found.red)).any()


@given(SCORES)
def test_without_a_model_or_a_share_no_place_is_kept(rows: list[tuple[int, int]]) -> None:
    raw, unsupervised, eligible = drawn(rows)
    plain = fuse.calibrate(raw, eligible, POLICY)
    assert plain.blind is None
    assert (fuse.bands(raw, unsupervised, eligible, plain) != "green").tolist() == (raw >= plain.amber).tolist()
    none = fuse.calibrate(raw, eligible, replace(POLICY, blind_share=0.0), unsupervised=unsupervised)
    assert (fuse.bands(raw, unsupervised, eligible, none) != "green").tolist() == (raw >= none.amber).tolist()
    assert none.amber == plain.amber
