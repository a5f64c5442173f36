"""Learning from outcomes without scoring oneself: folds over connected components."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors.boosting import MILLI, Shape, fit
from detectors.columns import confirmed
from detectors.peers.sharing import Shared, shared_values
from graph.communities import components
from graph.network import Network

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

FOLDS: Final = 5
SEED: Final = 0
SHAPE: Final = Shape(trees=100, leaves=8, rate=0.05)
"""Confirmed frauds are few: small trees."""
FEWEST: Final = 100
"""Of applications, below which a tree of SHAPE has nothing to split."""


@dataclass(frozen=True, slots=True)
class Known:
    """fraud: [A] 1 where confirmed at the sweep. fold: [A] 0..FOLDS-1, one connected component in one fold."""

    fraud: I64
    fold: I64
    shared: Shared

    @staticmethod
    def of(network: Network, outcomes: pl.DataFrame) -> "Known":
        """What is known of the book, and its folds."""
        shared = shared_values(network)
        fraud = confirmed(network, outcomes).astype(np.int64)
        return Known(fraud, folds(components(shared.size, shared.source, shared.target), fraud), shared)


def folds(component: I64, fraud: I64) -> I64:
    """[A] fold of each row; components are dealt out by frauds, then by size, so that every fold holds some of each."""
    size = len(component)
    members = np.bincount(component, minlength=size)
    frauds = np.bincount(component, weights=fraud, minlength=size)
    groups = np.flatnonzero(members)
    order = groups[np.lexsort((groups, -members[groups], -frauds[groups]))]
    fold = np.zeros(size, np.int64)
    fold[order] = np.arange(len(order)) % FOLDS
    return fold[component]


def cross_fitted(known: Known, columns: F64) -> F64:
    """[A] log odds of confirmed fraud by a model that saw no row of the same component; 0 where it could not learn."""
    score = np.zeros(len(columns))
    names = [f"c{number}" for number in range(columns.shape[1])]
    for fold in range(FOLDS):
        rest = known.fold != fold
        if rest.sum() < FEWEST or not known.fraud[rest].any():
            continue
        model = fit(columns[rest], known.fraud[rest], names, seed=SEED, shape=SHAPE)
        score[~rest] = model.margin(columns[~rest]) / MILLI
    return score
