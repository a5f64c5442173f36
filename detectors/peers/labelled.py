"""Peers that spread or learn confirmed frauds over what is shared."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors.columns import confirmed
from detectors.peers.alone import stated
from detectors.peers.folds import Known, cross_fitted
from detectors.peers.sharing import PeerResult, Shared, personal_uses
from graph.birank import birank
from graph.dense import CAMOUFLAGE
from graph.network import Network
from graph.persons import resolve

F64 = NDArray[np.float64]

DAMPING: Final = 0.5


def by_birank(network: Network, outcomes: pl.DataFrame) -> PeerResult:
    """BiRank (He et al., 2017) over persons and personal values, restarted at persons with a confirmed fraud.

    Tried on a book of 20,000: damping .2, .5, .85 (AP .095, .095, .077), values unweighted, by rarity, by
    1 / log(users + 5) (.088, .093, .094), hub cuts of 20 to none (.095 to .094), divided by the spread from everybody
    (.117, not .127), applications in place of persons (.127, not .149).
    """
    person = resolve(network)
    size = len(network.applications)
    uses = personal_uses(network, person)
    seeds = np.bincount(person, weights=confirmed(network, outcomes), minlength=size) > 0
    weight = 1 / np.log(uses.users + CAMOUFLAGE)
    score = birank(uses.member, uses.value, weight, seeds.astype(np.float64), damping=DAMPING)
    return PeerResult.without_groups(score[person])


def by_boosting_neighbours(network: Network, outcomes: pl.DataFrame) -> PeerResult:
    """Gradient boosting on own columns and what the neighbours are: their mean columns, and their known frauds."""
    known = Known.of(network, outcomes)
    own = stated(network.applications)
    return PeerResult.without_groups(cross_fitted(known, np.column_stack([own, _surroundings(known, own)])))


def _surroundings(known: Known, own: F64) -> F64:
    """[A, k + 4] the neighbours' weighted mean columns, their number and weight, the frauds' weight and share."""
    row, other, weight = _both_ways(known.shared)
    size = known.shared.size
    number = np.bincount(row, minlength=size).astype(np.float64)
    total = np.bincount(row, weight, size)
    frauds = np.bincount(row, weight * known.fraud[other], size)
    share = np.divide(frauds, total, out=np.full(size, np.nan), where=total > 0)
    means = [_mean(column[other], row, weight, size) for column in own.T]
    return np.column_stack([*means, number, total, frauds, share])


def _mean(value: F64, row: NDArray[np.int64], weight: F64, size: int) -> F64:
    """[size] weighted mean of the values that are known, NaN where none is."""
    known = np.isfinite(value)
    total = np.bincount(row[known], weight[known], size)
    found = np.bincount(row[known], weight[known] * value[known], size)
    mean: F64 = np.divide(found, total, out=np.full(size, np.nan), where=total > 0)
    return mean


def _both_ways(shared: Shared) -> tuple[NDArray[np.int64], NDArray[np.int64], F64]:
    ends = np.concatenate([shared.source, shared.target]), np.concatenate([shared.target, shared.source])
    return *ends, np.tile(shared.weight, 2).astype(np.float64)
