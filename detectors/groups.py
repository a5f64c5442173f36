"""Groups that could be rings: a hierarchy of likely applications by their ties, and what tells a ring among them.

A ring is not the component of some threshold: one is held by a few strong ties, another by many weak ones. So every
merge of the hierarchy is a proposal; how much of one ring it is, is a question for a booster (detectors.judge), or,
without one, for the applications' own probabilities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from detectors.bonds import Bonds
from detectors.boosting import MILLI, Booster
from detectors.policy import Policy
from graph.book import DAY, Book
from graph.hierarchy import Hierarchy, hierarchy
from graph.projection import WEIGHT_ONE

I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

FARTHEST: Final = 9.0
"""Log odds beyond which a probability says no more."""
LOOSE: Final = 0.25
"""Weight to the rest of a group below which a member hangs on it loosely."""
LEAST: Final = 1e-9
"""Of a probability, which is rounded to so many decimals: a tie of two whom nobody suspects still is one."""
LIKELY, POSSIBLE = 0.5, 0.1
NO_FARTHER: Final = 30.0
"""Logarithm of a distance that stands for a merge which never comes."""
NAMES: Final = (
    "size", "mean_odds", "first_odds", "second_odds", "third_odds", "middle_odds", "low_odds", "least_odds",
    "odds_spread", "mean", "expected", "likely", "possible", "plain_mean", "plain_most",
    "inner", "inner_free", "inner_context", "density", "loosest", "loose",
    "outer", "outer_risk", "outer_ties", "closed",
    "distance", "persistence", "whole_size", "other_half_odds", "other_half_size", "halves_apart", "smaller_half",
    "weaker_half", "days", "days_each",
)  # fmt: skip
"""Columns of a group: members' log odds in order, probabilities and unsupervised scores; ties inside for each member,
and outside; where the hierarchy has it: the distance at which it came about, for how much longer it stood alone, what
it then merged with, and what it is made of; the days that it spans."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What is known of each application. raw: [A] score; probability: [A]; plain: [A] score without a model."""

    raw: I64
    probability: F64
    plain: I64


@dataclass(frozen=True, slots=True)
class Groups:
    """group: [G] numbers in the hierarchy; of, row: [M] members, group by group; size: [G]; columns: [G, NAMES]."""

    tree: Hierarchy
    group: I64
    of: I64
    row: I64
    size: I64
    columns: F32

    def __len__(self) -> int:
        return len(self.group)

    def column(self, name: str) -> F64:
        """[G] one of NAMES."""
        return self.columns[:, NAMES.index(name)].astype(np.float64)


def candidates(raw: I64, policy: Policy) -> Bool:
    """[A] who may be a ring's member: the policy's share of the book by score."""
    places = int(len(raw) * policy.rings.candidates)
    cut = np.sort(raw)[::-1][places] if places < len(raw) else 0
    return raw > max(int(cut), 0)


def proposed(book: Book, known: Scored, ties: Bonds, policy: Policy) -> Groups:
    """Every group of the hierarchy that is neither too small nor too large for a ring.

    Applications merge by the weight of what ties them times the mean of their probabilities (geometric): a value that
    two unlikely ones share must not tie the likely one that has it, too.
    """
    ties = ties.only(ties.weight > 0)
    likely = np.maximum(known.probability, LEAST)
    weight = ties.weight / WEIGHT_ONE * np.sqrt(likely[ties.source] * likely[ties.target])
    tree = hierarchy(book.applications, ties.source, ties.target, weight)
    fits = (tree.size >= policy.rings.smallest) & (tree.size <= policy.rings.largest)
    group = np.flatnonzero(fits)
    size = tree.size[group]
    of, within = _spread(size)
    row = tree.leaf[tree.start[group][of] + within]
    columns = _columns(book, known, ties, tree, (group, of, row))
    return Groups(tree, group, of, row, size, np.column_stack([columns[name] for name in NAMES]).astype(np.float32))


def expected_overlap(groups: Groups) -> F64:
    """[G] expected Jaccard index with a ring, where every probability stands for itself.

    Members who are frauds, by everybody who is a member or a likely neighbour outside.
    """
    size = groups.size.astype(np.float64)
    return groups.column("expected") / np.maximum(size + groups.column("outer_risk") * size, 1)


def judged(groups: Groups, judge: Booster) -> F64:
    """[G] Jaccard index with a ring, as a booster expects it that was taught by detectors.judge."""
    found: F64 = expit(judge.margin(groups.columns) / MILLI)
    return found


def overlaps(groups: Groups, ring: I64) -> F64:
    """[G] the greatest Jaccard index of each group with a ring. ring: [A] number, or -1."""
    named = ring[groups.row]
    inside = named >= 0
    many = int(ring.max(initial=-1)) + 1
    total = np.bincount(ring[ring >= 0], minlength=many)
    key, common = np.unique(groups.of[inside] * max(many, 1) + named[inside], return_counts=True)
    group, number = key // max(many, 1), key % max(many, 1)
    best = np.zeros(len(groups))
    np.maximum.at(best, group, common / (total[number] + groups.size[group] - common))
    return best


def _spread(size: I64) -> tuple[I64, I64]:
    """For groups of these sizes, each member's group and its place there."""
    of = np.repeat(np.arange(len(size)), size)
    return of, np.arange(len(of)) - np.repeat(np.cumsum(size) - size, size)


def _columns(
    book: Book, known: Scored, ties: Bonds, tree: Hierarchy, members: tuple[I64, I64, I64]
) -> Mapping[str, NDArray[np.number]]:
    group, of, row = members
    odds = _log_odds(known.probability)
    return (
        {"size": tree.size[group].astype(np.float64)}
        | _likelihood(known, odds, of, row, tree.size[group])
        | _tied(known, ties, tree, members)
        | _placed(odds, tree, group)
        | _time(book, of, row, tree.size[group])
    )


def _log_odds(probability: F64) -> F64:
    with np.errstate(divide="ignore"):
        odds: F64 = np.clip(np.log(probability) - np.log1p(-probability), -FARTHEST, FARTHEST)
    return odds


def _likelihood(known: Scored, odds: F64, of: I64, row: I64, size: I64) -> dict[str, F64]:
    """Members' log odds by rank, and means."""
    many = len(size)
    ordered = odds[row[np.lexsort((-odds[row], of))]]
    begin = np.cumsum(size) - size
    ranks: dict[str, int | I64] = {"first": 0, "second": 1, "third": 2}
    ranks |= {"middle": (size - 1) // 2, "low": 3 * (size - 1) // 4, "least": size - 1}
    found = {f"{name}_odds": ordered[begin + np.minimum(rank, size - 1)] for name, rank in ranks.items()}
    probability, plain = known.probability[row], known.plain[row] / 1000.0

    def mean(values: NDArray[np.generic]) -> F64:
        return np.bincount(of, values.astype(np.float64), many) / np.maximum(size, 1)

    average = mean(odds[row])
    highest = np.zeros(many)
    np.maximum.at(highest, of, plain)
    return found | {
        "mean_odds": average,
        "odds_spread": np.sqrt(np.maximum(mean(odds[row] ** 2) - average**2, 0)),
        "mean": mean(probability),
        "expected": np.bincount(of, probability, many),
        "likely": mean(probability >= LIKELY),
        "possible": mean(probability >= POSSIBLE),
        "plain_mean": mean(plain),
        "plain_most": highest,
    }


def _tied(known: Scored, ties: Bonds, tree: Hierarchy, members: tuple[I64, I64, I64]) -> dict[str, F64]:
    """Ties inside each group and out of it, for each member."""
    group, of, row = members
    many, size = len(group), tree.size[group]
    ends, other = np.concatenate([ties.source, ties.target]), np.concatenate([ties.target, ties.source])
    order = np.argsort(ends, kind="stable")
    first = np.searchsorted(ends[order], np.arange(tree.vertices + 1))
    member, at = _spread(first[row + 1] - first[row])
    tie = order[first[row][member] + at]
    group_of, place = of[member], tree.start[other[tie]]
    begin = tree.start[group][group_of]
    inside = (place >= begin) & (place < begin + size[group_of])
    weight, free, context = (np.tile(column, 2)[tie] / WEIGHT_ONE for column in (ties.weight, ties.free, ties.context))

    def each(chosen: Bool, values: F64) -> F64:
        return np.bincount(group_of[chosen], values[chosen], many) / size

    held = np.bincount(member[inside], weight[inside], len(row))
    loosest = np.full(many, np.inf)
    np.minimum.at(loosest, of, held)
    inner, outer, count = each(inside, weight), each(~inside, weight), np.ones(len(tie))
    return {
        "inner": inner,
        "inner_free": each(inside, free),
        "inner_context": each(inside, context),
        "density": each(inside, count) / (size - 1),
        "loosest": loosest,
        "loose": np.bincount(of, held < LOOSE, many) / size,
        "outer": outer,
        "outer_risk": each(~inside, weight * known.probability[other[tie]]),
        "outer_ties": each(~inside, count),
        "closed": inner / (inner + outer),
    }


def _placed(odds: F64, tree: Hierarchy, group: I64) -> dict[str, F64]:
    """Where the hierarchy has each group: above what, below what, and beside what."""
    n = tree.vertices
    sums = np.append(0.0, np.cumsum(odds[tree.leaf]))
    mean = (sums[tree.start + tree.size] - sums[tree.start]) / tree.size
    height = np.log(np.append(tree.distance, np.inf))
    left, right, parent = tree.left[group - n], tree.right[group - n], tree.parent[group]
    merged = parent >= 0
    above = np.where(merged, parent - n, -1)
    other = np.where(tree.left[above] == group, tree.right[above], tree.left[above])
    own = height[group - n]
    return {
        "distance": own,
        "persistence": np.minimum(height[above], NO_FARTHER) - own,
        "whole_size": np.where(merged, tree.size[parent], 0) / tree.size[group],
        "other_half_odds": np.where(merged, mean[other], -FARTHEST),
        "other_half_size": np.where(merged, tree.size[other], 0).astype(np.float64),
        "halves_apart": np.abs(mean[left] - mean[right]),
        "smaller_half": np.minimum(tree.size[left], tree.size[right]).astype(np.float64),
        "weaker_half": np.minimum(mean[left], mean[right]),
    }


def _time(book: Book, of: I64, row: I64, size: I64) -> dict[str, F64]:
    event_at = book.columns["event_at"].astype(np.int64)[row]
    begin = np.cumsum(size) - size
    if not len(size):
        return {"days": np.zeros(0), "days_each": np.zeros(0)}
    span = np.maximum.reduceat(event_at, begin) - np.minimum.reduceat(event_at, begin)
    days = span / DAY
    return {"days": days, "days_each": np.log1p(days) - np.log(size)}
