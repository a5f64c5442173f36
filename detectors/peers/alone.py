"""Peers that look at an application's own columns alone."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors.outlier import FEWEST, ecod, filled, isolation_forest, own_columns
from detectors.peers.folds import Known, cross_fitted
from detectors.peers.sharing import PeerResult
from graph.network import Network

F64 = NDArray[np.float64]

SEED: Final = 0
DAY: Final = 86_400_000_000
WEEK: Final = 7


def by_ecod(network: Network) -> PeerResult:
    """PyOD's ECOD on each application's own columns; it reports no groups."""
    columns = _complete(network)
    return PeerResult.without_groups(np.zeros(len(columns)) if _too_small(columns) else ecod(columns))


def by_forest(network: Network) -> PeerResult:
    """PyOD's isolation forest on each application's own columns; it reports no groups."""
    columns = _complete(network)
    score = np.zeros(len(columns)) if _too_small(columns) else isolation_forest(columns, seed=SEED)
    return PeerResult.without_groups(score)


def by_boosting_alone(network: Network, outcomes: pl.DataFrame) -> PeerResult:
    """Gradient boosting of confirmed frauds on own columns, cross-fitted over connected components."""
    return PeerResult.without_groups(cross_fitted(Known.of(network, outcomes), stated(network.applications)))


def stated(applications: pl.DataFrame) -> F64:
    """[A, 15] all that an application states of itself and that a learner can use; NaN where absent."""
    flags = applications.select(
        (pl.col("id_check") == "bad").cast(pl.Float64).alias("id_bad"),
        (~pl.col("holder_is_applicant")).cast(pl.Float64).alias("holder_other"),
        (pl.col("vehicle_condition") == "used").cast(pl.Float64).alias("used"),
        (pl.col("event_at") // DAY % WEEK).cast(pl.Float64).alias("weekday"),
    )
    return np.column_stack([own_columns(applications), flags.fill_null(float("nan")).to_numpy()])


def _complete(network: Network) -> F64:
    return filled(own_columns(network.applications))


def _too_small(columns: F64) -> bool:
    return len(columns) < FEWEST or columns.shape[1] == 0
