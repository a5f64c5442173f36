"""The booster: an answer by row, a life as text, a model that its seed decides."""

from dataclasses import replace

import numpy as np
import pytest

from detectors.boosting import MILLI, Booster, Shape, fit

NAMES = ("signal", "noise", "more_noise")
SHAPE = Shape(trees=20, leaves=6, least=10)


def rows(count: int = 400, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Columns of which only the first tells, and the label."""
    draw = np.random.default_rng(seed)
    matrix = draw.integers(0, 1000, (count, 3))
    return matrix, (matrix[:, 0] + draw.integers(0, 300, count)) > 800


@pytest.fixture(scope="module")
def booster() -> Booster:
    return fit(*rows(), NAMES, seed=4, shape=SHAPE)


def test_drawn_thresholds_are_others_and_learn_as_well() -> None:
    matrix, label = rows()
    shape = replace(SHAPE, drawn=True)
    drawn = fit(matrix, label, NAMES, seed=4, shape=shape)
    assert drawn.text == fit(matrix, label, NAMES, seed=4, shape=shape).text
    assert drawn.text != fit(matrix, label, NAMES, seed=4, shape=SHAPE).text
    margin = drawn.margin(matrix)
    assert margin[label].mean() > margin[~label].mean() + 500


def test_a_row_alone_is_the_row_in_company(booster: Booster) -> None:
    matrix = rows(200, seed=9)[0]
    together = booster.margin(matrix)
    assert together.dtype == np.int64
    assert [int(booster.margin(matrix[n : n + 1])[0]) for n in range(200)] == together.tolist()
    backwards = booster.margin(matrix[::-1])[::-1]
    assert backwards.tolist() == together.tolist()


def test_it_lives_as_text(booster: Booster) -> None:
    matrix = rows(150, seed=3)[0]
    again = Booster(NAMES, booster.text)
    assert again.margin(matrix).tolist() == booster.margin(matrix).tolist()
    assert again.trees == booster.trees == SHAPE.trees


def test_the_same_rows_and_seed_give_the_same_text(booster: Booster) -> None:
    assert fit(*rows(), NAMES, seed=4, shape=SHAPE).text == booster.text
    assert fit(*rows(), NAMES, seed=5, shape=SHAPE).text != booster.text


def test_the_type_of_the_columns_does_not_matter(booster: Booster) -> None:
    matrix, label = rows()
    assert fit(matrix.astype(np.float32), label, NAMES, seed=4, shape=SHAPE).text == booster.text
    assert booster.margin(matrix.astype(np.int32)).tolist() == booster.margin(matrix.astype(np.float64)).tolist()


def test_margins_are_thousandths_of_natural_log_odds(booster: Booster) -> None:
    matrix, label = rows(2_000, seed=8)
    odds = 1 / (1 + np.exp(-booster.margin(matrix) / MILLI))
    assert abs(odds.mean() - label.mean()) < 0.05
    assert np.median(odds[label]) > 0.5 > np.median(odds[~label])


def test_an_empty_matrix_has_no_margins(booster: Booster) -> None:
    nothing = booster.margin(np.zeros((0, 3), np.int64))
    assert nothing.shape == (0,)
    assert nothing.dtype == np.int64


def test_gains_are_shares_and_name_the_column_that_tells(booster: Booster) -> None:
    gains = booster.gains()
    assert tuple(gains) == NAMES
    assert sum(gains.values()) == pytest.approx(1)
    assert gains["signal"] > 0.5


def test_weights_count_like_rows_that_stand_twice() -> None:
    matrix, label = rows()
    plain = fit(matrix, label, NAMES, seed=1, shape=SHAPE)
    heavy = fit(matrix, label, NAMES, seed=1, weight=np.where(label, 4.0, 1.0), shape=SHAPE)
    assert heavy.margin(matrix).mean() > plain.margin(matrix).mean() + 0.5 * MILLI


def test_one_class_alone_is_answered_and_not_refused() -> None:
    matrix = rows(60)[0]
    margin = fit(matrix, np.zeros(60, bool), NAMES, seed=1, shape=SHAPE).margin(matrix)
    assert len(set(margin.tolist())) == 1
    assert margin[0] < 0


def test_what_is_known_of_a_row_is_added_to_and_not_answered_again() -> None:
    """The start tells of the first column; the booster says what the second adds, whatever the first holds."""
    draw = np.random.default_rng(6)
    matrix = draw.integers(0, 1000, (3_000, 3))
    known, more = 4.0 * (matrix[:, 0] > 500) - 2, 3.0 * (matrix[:, 1] > 500) - 1.5
    label = draw.random(len(matrix)) < 1 / (1 + np.exp(-(known + more)))
    shape = Shape(trees=150, leaves=6, least=50)
    added, whole = (fit(matrix, label, NAMES, seed=1, shape=shape, start=start) for start in (known, None))

    def told(booster: Booster, column: int) -> float:
        margin, high = booster.margin(matrix) / MILLI, matrix[:, column] > 500
        return float(margin[high].mean() - margin[~high].mean())

    assert told(whole, 0) > 2.5
    assert abs(told(added, 0)) < 0.3
    assert told(added, 1) > 2
    assert abs((added.margin(matrix) / MILLI).mean()) < 0.2


def test_where_the_start_says_it_all_nothing_is_added() -> None:
    matrix, _ = rows(3_000)
    draw = np.random.default_rng(7)
    known = (matrix[:, 0] - 500) / 100.0
    label = draw.random(len(matrix)) < 1 / (1 + np.exp(-known))
    shape = Shape(trees=20, leaves=4, least=100, shrink=20.0)
    added = fit(matrix, label, NAMES, seed=1, shape=shape, start=known).margin(matrix)
    alone = fit(matrix, label, NAMES, seed=1, shape=shape).margin(matrix)
    assert np.abs(added).mean() < 0.2 * np.abs(alone).mean()
