"""Layers above 0: a row takes over part of what its neighbours are, and of what its community is."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.policy import Feature, Policy
from detectors.tails import DECADE, Tails
from graph.projection import WEIGHT_ONE, Pairs
from graph.surprise import SCALE as SURPRISE

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]


@lru_cache(maxsize=8)
def _factors(features: tuple[Feature, ...]) -> tuple[I64, I64, NDArray[np.bool_]]:
    """[F] floors and weights in thousandths, and whether the feature's own surprise bounds its tail rank."""
    return (
        np.array([round(f.floor * DECADE) for f in features]),
        np.array([round(f.weight * 1000) for f in features]),
        np.array([f.surprise for f in features]),
    )


def contributions(matrix: I64, tails: Tails, policy: Policy) -> I64:
    """[R, F] what each feature adds to a row's raw score, in thousandths of a weighted decade."""
    floor, weight, bounded = _factors(policy.features)
    rank = tails.of(matrix)
    added = np.tile(np.maximum(-floor, 0) * weight // 1000, (len(matrix), 1))
    row, column = np.nonzero(rank)  # of most features most rows have nothing
    bound = np.where(bounded[column], matrix[row, column] * (DECADE // SURPRISE), MOST_DECADES * DECADE)
    beyond = np.maximum(np.minimum(rank[row, column], bound) - floor[column], 0)
    added[row, column] = beyond * weight[column] // 1000
    return added


def smooth(own: I64, pairs: Pairs, neighbour: I64, policy: Policy) -> I64:
    """[R] own + share * weighted mean of the neighbours' values, all integers so that order is free.

    own: [R] the rows' layer 0; neighbour: [A] the neighbours' values of the layer below, by application index.
    """
    weight, value = np.zeros(len(own), np.int64), np.zeros(len(own), np.int64)
    np.add.at(weight, pairs.row, pairs.weight)
    np.add.at(value, pairs.row, pairs.weight * neighbour[pairs.other])
    inertia = round(policy.smoothing_inertia * WEIGHT_ONE)
    share = round(policy.smoothing_share * 1000)
    return own + share * (value // (weight + inertia)) // 1000


MOST_DECADES: Final = 15
LARGE: Final = 10
"""Persons from which a community counts in full: two friends and a cousin are no ring."""


@dataclass(frozen=True, slots=True)
class Communities:
    """label: [A] smallest application index of the community.

    strength: [A] mean layer 0 of its persons, less for fewer than LARGE of them, 0 below the policy's minimum.
    """

    label: I64
    strength: I64


def community_strength(label: I64, person: I32, own: I64, policy: Policy) -> Communities:
    """Mean layer 0 over a community's persons (each by its greatest), for communities of enough persons."""
    order = np.lexsort((own, person, label))
    group, who, value = label[order], person[order], own[order]
    last = np.concatenate([(group[1:] != group[:-1]) | (who[1:] != who[:-1]), [True]]) if len(group) else group > 0
    size = int(label.max()) + 1 if len(label) else 0
    persons = np.bincount(group[last], minlength=size)
    total = np.zeros(size, np.int64)
    np.add.at(total, group[last], value[last])
    company = np.minimum(persons, LARGE)
    mean = np.where(persons >= policy.community_minimum, total * company // np.maximum(persons, 1) // LARGE, 0)
    return Communities(label, mean[label])


def community_part(strength: I64, tail: Tails) -> I64:
    """[R] what a row's community adds to its raw score: decades of its strength's tail above one, at full weight."""
    return np.maximum(tail.of(strength[:, None])[:, 0] - 1000, 0)
