"""Learning how much of one ring a group is, from rings planted into copies that no booster has seen."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.boosting import Booster, Shape, fit
from detectors.grammar import Grammar
from detectors.ground import Ground, PlantedCopy, Say, planted_copy
from detectors.groups import NAMES, Groups, overlaps
from detectors.model import Model
from detectors.policy import Policy
from detectors.sweep import learnt, proposals

F64 = NDArray[np.float64]

WANTED: Final = 3_000
"""Planted applications whose groups are learnt from, by one copy of the book to MOST_COPIES."""
MOST_COPIES: Final = 8
FEWEST: Final = 200
"""Groups below which nothing is learnt: rings are then drawn by their expected overlap."""
SEED: Final = 500_009
"""Added to a training's seed: these copies are others than those that the boosters learnt from."""
SHAPE: Final = Shape(trees=100, leaves=8, rate=0.05, least=40, columns=0.4, drawn=True)


def taught_judge(
    ground: Ground, model: Model, doubt: F64, policy: Policy, grammar: Grammar, *, seed: int, say: Say
) -> Booster | None:
    """A booster of groups.NAMES that answers the log odds of a group's Jaccard index with a planted ring.

    The model scores each copy as it would a book, so what is learnt holds for its probabilities. Rings of the book
    itself, which nobody has found, stand in the copies as innocent: a group weighs the less, the likelier its members
    that nobody planted were in the book. doubt: [A] how probably each application of the book is a fraud.
    """
    copies = int(np.clip(round(WANTED / max(grammar.rows * ground.book.applications, 1)), 1, MOST_COPIES))
    doubt = np.where(ground.confirmed, 1.0, doubt)
    columns, label, weight = [], [], []
    for number in range(copies):
        say(f"planting rings to draw, copy {number + 1} of {copies}")
        copy = planted_copy(ground, policy, grammar, (seed + SEED) * 1009 + number)
        groups = _groups(copy, model, ground, policy)
        ring = np.where(copy.planted.innocent, -1, copy.planted.ring)
        columns.append(groups.columns)
        label.append(overlaps(groups, ring))
        weight.append(1.0 - _mean(groups, np.where(ring[groups.row] < 0, doubt[groups.row], 0.0)))
        del copy
    table = np.concatenate(columns)
    if len(table) < FEWEST:
        return None
    return fit(table, np.concatenate(label), NAMES, seed=seed, weight=np.concatenate(weight), shape=SHAPE, shares=True)


def _groups(copy: PlantedCopy, model: Model, ground: Ground, policy: Policy) -> Groups:
    """A copy's groups, as a sweep would propose them."""
    raw = model.mixed(copy.seen.raw, learnt(copy.book, copy.seen, model, ground.fold), policy)
    return proposals(copy.book, copy.seen, raw, model, ground.norms, policy).groups


def _mean(groups: Groups, value: F64) -> F64:
    return np.bincount(groups.of, value, len(groups)) / groups.size
