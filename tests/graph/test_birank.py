"""BiRank: a fixed point of its own equation, near the known frauds, indifferent to the order of edges."""

import numpy as np
import pytest

from graph.birank import birank
from graph.errors import UsageError

ROW = np.array([0, 1, 1, 2, 3, 4, 4, 5])
COLUMN = np.array([0, 0, 1, 1, 2, 2, 3, 3])
WEIGHT = np.array([1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0])
QUERY = np.array([1.0, 0, 0, 0, 0, 0, 0])


def test_solves_its_equation() -> None:
    dense = np.zeros((7, 4))
    dense[ROW, COLUMN] = WEIGHT
    by_row, by_column = dense.sum(1), dense.sum(0)
    scaled = dense / np.sqrt(np.maximum(by_row, 1e-12))[:, None] / np.sqrt(by_column)
    expected = np.linalg.solve(np.eye(7) - 0.6 * scaled @ scaled.T, 0.4 * QUERY)
    assert birank(ROW, COLUMN, WEIGHT, QUERY, damping=0.6) == pytest.approx(expected / expected.max(), abs=1e-9)


def test_falls_with_distance_and_ends_with_the_component() -> None:
    score = birank(ROW, COLUMN, WEIGHT, QUERY, damping=0.5)
    assert score[0] > score[1] > score[2] > 0
    assert score[3:].tolist() == [0, 0, 0, 0]


def test_the_order_of_edges_does_not_matter() -> None:
    order = np.array([5, 2, 7, 0, 1, 6, 3, 4])
    first = birank(ROW, COLUMN, WEIGHT, QUERY, damping=0.5)
    assert (first == birank(ROW[order], COLUMN[order], WEIGHT[order], QUERY, damping=0.5)).all()


def test_without_a_prior_or_edges() -> None:
    none = np.zeros(0, np.int64)
    assert birank(ROW, COLUMN, WEIGHT, 0 * QUERY, damping=0.5).tolist() == [0] * 7
    assert birank(none, none, np.zeros(0), QUERY, damping=0.5).tolist() == QUERY.tolist()


@pytest.mark.parametrize("damping", [0.0, 1.0, float("nan")])
def test_a_damping_that_is_none_is_refused(damping: float) -> None:
    with pytest.raises(UsageError, match="damping"):
        birank(ROW, COLUMN, WEIGHT, QUERY, damping=damping)
