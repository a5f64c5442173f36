"""The second opinion is repeatable, bounded, finds what stands out, and bears gaps and small books."""

import numpy as np
import polars as pl
import pytest

from detectors import outlier
from graph.schema import APPLICATION_SCHEMA


@pytest.fixture(scope="module")
def columns() -> np.ndarray:
    random = np.random.default_rng(3)
    made = random.lognormal(size=(400, 4))
    made[7] = 400.0
    made[11, :2] = 200.0
    return made


def test_what_stands_out_comes_first(columns: np.ndarray) -> None:
    said = outlier.second_opinion(columns, seed=1)
    assert said.shape == (400,)
    assert said.min() >= 0
    assert said.max() <= 1
    assert said.argmax() == 7
    assert said[11] > 0.95


def test_same_seed_same_answer_and_input_untouched(columns: np.ndarray) -> None:
    before = columns.copy()
    first = outlier.second_opinion(columns, seed=5)
    assert np.array_equal(first, outlier.second_opinion(columns, seed=5))
    assert np.array_equal(columns, before)
    assert not np.array_equal(first, outlier.second_opinion(columns, seed=6))


def test_ecod_by_column_is_pyods_ecod(columns: np.ndarray) -> None:
    from pyod.models.ecod import ECOD

    assert np.allclose(outlier.ecod(columns), ECOD().fit(columns).decision_scores_, rtol=0, atol=1e-9)


def test_gaps_count_as_the_median_and_dead_columns_are_ignored(columns: np.ndarray) -> None:
    holed = columns.copy()
    holed[20, 1] = np.nan
    filled = columns.copy()
    filled[20, 1] = np.median(np.delete(columns[:, 1], 20))
    padded = np.column_stack([holed, np.full(400, np.nan), np.full(400, 2.0)])
    assert np.array_equal(outlier.second_opinion(padded, seed=1), outlier.second_opinion(filled, seed=1))


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (19, 3), (50, 0)])
def test_small_books_say_nothing(shape: tuple[int, int]) -> None:
    assert np.array_equal(outlier.second_opinion(np.ones(shape), seed=1), np.zeros(shape[0]))


def test_percentile_of_ties() -> None:
    assert outlier.percentile(np.array([5.0, 1.0, 5.0, 9.0])).tolist() == [0.5, 0.125, 0.5, 0.875]


def test_own_columns_by_hand() -> None:
    row = {
        "event_at": int(50 * outlier.YEAR),
        "birth_year": 1990,
        "monthly_income": 1_000,
        "vehicle_price": 20_000,
        "vehicle_appraisal": 30_000,
        "loan_amount": 12_000,
        "down_payment": 0,
        "term_months": 12,
    }
    blank = dict.fromkeys(row)
    schema = {name: APPLICATION_SCHEMA[name] for name in row}
    made = outlier.own_columns(pl.DataFrame([row, {**blank, "event_at": 0}], schema=schema))
    assert made.shape == (2, 11)
    expected = [*np.log1p([1_000, 20_000, 30_000, 12_000, 0]), 12, 30, *np.log([1.5, 0.6, 20, 1.0])]
    assert np.allclose(made[0], expected)
    assert np.isnan(made[1]).all()
