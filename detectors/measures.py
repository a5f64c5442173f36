"""Exact measures of a ranking and of reported groups against the truth; ties are shared, never broken by luck."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

FLAGGED_PERCENT: Final = 2
DRAWS: Final = 400
"""Bootstrap draws: enough for the second digit of a 95 % interval."""
INTERVAL: Final = (2.5, 97.5)
RING_SIZE: Final = 3
"""A true ring of fewer counted members is not looked for as a ring."""
REPORTED_SIZE: Final = 2
LATE: Final = 0.2
"""Of the counted applications, the last in time: where a calibration shows whether it lasts."""
LEVELS: Final = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
"""Bounds of the rows of a reliability table: fine where a book's applications are, and where its decisions are."""
DAY: Final = 86_400_000_000
WEEK: Final = 7 * DAY
MONDAY: Final = 3 * DAY  # 1970-01-01 was a Thursday


def ratio(part: float, whole: float) -> float:
    """part / whole, NaN when there is no whole: nothing was there to measure."""
    return float(part) / float(whole) if whole else float("nan")


def flagged(applications: int) -> int:
    """How many applications the top 2 % are, rounded up."""
    return -(-applications * FLAGGED_PERCENT // 100)


def top_share(score: F64, k: int) -> F64:
    """[A] chance of each row to be among the k largest scores when ties are broken at random."""
    if k <= 0 or not len(score):
        return np.zeros(len(score))
    cut = np.partition(score, -min(k, len(score)))[-min(k, len(score))]
    above, tied = score > cut, score == cut
    share: F64 = above + tied * ((min(k, len(score)) - above.sum()) / tied.sum())
    return share


def roc_auc(score: F64, positive: Bool) -> float:
    """Chance that a positive stands above a negative, a tie counting half. NaN without both."""
    return ratio(float(_negatives_beaten(score, positive).sum()), int(positive.sum()))


def average_precision(score: F64, positive: Bool) -> float:
    """Mean over positives of the precision at their score; a group of ties is one threshold. NaN without positives."""
    return _Curve.of(score, positive).average(np.ones(int(positive.sum())))


def calibration_error(probability: F64, positive: Bool, bins: int = 10) -> float:
    """Expected calibration error over bins of equal count; equal probabilities share a bin. NaN for an empty book."""
    if not len(probability):
        return float("nan")
    place = np.searchsorted(np.sort(probability), probability, "left")
    part = place * bins // len(probability)
    said, true = np.bincount(part, weights=probability), np.bincount(part, weights=positive)
    return float(np.abs(said - true).sum()) / len(probability)


@dataclass(frozen=True, slots=True)
class Level:
    """Applications with a probability above `low` up to `high`: mean probability, and the share that was fraud."""

    low: float
    high: float
    applications: int
    predicted: float
    observed: float


def reliability(probability: F64, positive: Bool) -> tuple[Level, ...]:
    """The levels that hold an application. A probability of 0 belongs to the first."""
    level = np.maximum(np.searchsorted(LEVELS, probability, "left") - 1, 0)
    found = []
    for number, (low, high) in enumerate(pairwise(LEVELS)):
        held = level == number
        if held.any():
            observed = float(positive[held].mean())
            found.append(Level(low, high, int(held.sum()), float(probability[held].mean()), observed))
    return tuple(found)


def late(event_at: I64) -> Bool:
    """[A] whether a row is among the last LATE of the book's applications by time."""
    if not len(event_at):
        return np.zeros(0, np.bool_)
    cut = np.sort(event_at)[int(len(event_at) * (1 - LATE))]
    found: Bool = event_at >= cut
    return found


@dataclass(frozen=True, slots=True)
class Weekly:
    """What opening the `k` highest scores of every calendar week finds (Monday to Sunday, UTC, by event time).

    precision, recall: over all weeks together. mean_recall: mean of the weeks' own recalls, weeks without fraud apart.
    """

    k: int
    precision: float
    recall: float
    mean_recall: float


def weekly(score: F64, positive: Bool, event_at: I64, k: int) -> Weekly:
    """Measure a capacity of `k` a week; ties are shared within a week."""
    _, week, count = np.unique((event_at + MONDAY) // WEEK, return_inverse=True, return_counts=True)
    order = np.argsort(week, kind="stable")
    ends = np.cumsum(count)[:-1]
    opened = np.zeros(len(score))
    for rows in np.split(order, ends):
        opened[rows] = top_share(score[rows], k)
    hits = np.bincount(week, weights=opened * positive, minlength=len(count))
    frauds = np.bincount(week, weights=positive, minlength=len(count))
    own = hits[frauds > 0] / frauds[frauds > 0]
    return Weekly(
        k,
        ratio(float(hits.sum()), float(opened.sum())),
        ratio(float(hits.sum()), float(frauds.sum())),
        ratio(float(own.sum()), len(own)),
    )


@dataclass(frozen=True, slots=True)
class _Curve:
    """Thresholds that hold a positive, best first: which one each positive meets, and the negatives down to there."""

    threshold: I64  # [P]
    negatives: F64  # [G]

    @staticmethod
    def of(score: F64, positive: Bool) -> "_Curve":
        levels, level = np.unique(-score, return_inverse=True)
        below = np.cumsum(np.bincount(level[~positive], minlength=len(levels)))
        held, threshold = np.unique(level[positive], return_inverse=True)
        return _Curve(threshold, below[held].astype(np.float64))

    def average(self, weight: F64) -> float:
        """Average precision with each positive counted `weight` times."""
        hits = np.bincount(self.threshold, weights=weight, minlength=len(self.negatives))
        found = np.cumsum(hits)
        seen = found + self.negatives
        precision = np.divide(found, seen, out=np.zeros(len(seen)), where=seen > 0)
        return ratio(float(hits @ precision), float(weight.sum()))


def _negatives_beaten(score: F64, positive: Bool) -> F64:
    """[P] share of the negatives that each positive stands above; NaN without negatives."""
    negative = np.sort(score[~positive])
    if not len(negative):
        return np.full(int(positive.sum()), np.nan)
    left = np.searchsorted(negative, score[positive], "left")
    right = np.searchsorted(negative, score[positive], "right")
    return (left + right) / (2.0 * len(negative))


@dataclass(frozen=True, slots=True)
class Overlap:
    """Reported groups, best first, against true rings.

    reported, true, shared: [O] index of a group, index of a ring, applications in both. size: [R] and truth: [T]
    counted members; fraud: [R] members of any ring at all; number: [T] each ring's number in `true_ring`.
    """

    reported: I64
    true: I64
    shared: I64
    size: I64
    fraud: I64
    truth: I64
    number: I64

    @staticmethod
    def of(true_ring: I64, reported: I64, application: I64) -> "Overlap":
        """true_ring: [A] ring of each counted application, -1 for none. reported, application: [M] memberships.

        Groups are numbered best first; those of fewer than REPORTED_SIZE counted members fall out, the rest close up.
        True rings of fewer than RING_SIZE members are not looked for, but their members are fraud all the same.
        """
        kept, size = np.unique(reported, return_counts=True)
        large = size >= REPORTED_SIZE
        here = np.isin(reported, kept[large])
        group = np.searchsorted(kept[large], reported[here])
        ring = true_ring[application[here]]
        fraud = np.bincount(group[ring >= 0], minlength=int(large.sum()))
        names, counts = np.unique(true_ring[true_ring >= 0], return_counts=True)
        names, counts = names[counts >= RING_SIZE], counts[counts >= RING_SIZE]
        sought = np.isin(ring, names)
        pairs = np.stack([group[sought], np.searchsorted(names, ring[sought])])
        (found, true), shared = np.unique(pairs, axis=1, return_counts=True)
        return Overlap(found, true, shared, size[large], fraud, counts, names)

    @property
    def rings(self) -> int:
        """How many true rings there are to find."""
        return len(self.truth)

    @property
    def top(self) -> int:
        """How many reported groups an investigator is assumed to open: two for each true ring."""
        return 2 * self.rings

    def usable(self) -> Bool:
        """[T] whether one group covers the ring to 80 % and is the ring's own to at least 50 %."""
        good = (5 * self.shared >= 4 * self.truth[self.true]) & (2 * self.shared >= self.size[self.reported])
        return self._any(good)

    def matched(self) -> Bool:
        """[T] whether one of the top groups has Jaccard >= 0.5 with the ring."""
        union = self.truth[self.true] + self.size[self.reported] - self.shared
        return self._any((2 * self.shared >= union) & (self.reported < self.top))

    def precision(self) -> float:
        """Share of the top groups of which more than half is fraud."""
        return ratio(int((2 * self.fraud > self.size)[: self.top].sum()), min(self.top, len(self.size)))

    def purity(self) -> float:
        """Mean share of fraud in the top groups."""
        shares = (self.fraud / self.size)[: self.top]
        return ratio(float(shares.sum()), len(shares))

    def fragments(self) -> float:
        """Mean number of groups that hold a member, over the rings that any group touches."""
        spread = np.bincount(self.true, minlength=self.rings)
        return ratio(int(spread.sum()), int((spread > 0).sum()))

    def _any(self, good: Bool) -> Bool:
        found = np.zeros(self.rings, np.bool_)
        found[self.true[good]] = True
        return found


@dataclass(frozen=True, slots=True)
class Intervals:
    """95 % bootstrap intervals over rings, (low, high); NaN where there is nothing to draw from."""

    average_precision: tuple[float, float]
    roc_auc: tuple[float, float]
    recall_top2: tuple[float, float]
    usable: tuple[float, float]
    matched: tuple[float, float]


def ring_intervals(score: F64, true_ring: I64, overlap: Overlap, *, seed: int) -> Intervals:
    """Draw true rings with replacement, honest applications held: the luck of which rings the book happens to hold."""
    positive = true_ring >= 0
    rings, ring = np.unique(true_ring[positive], return_inverse=True)
    if not len(rings):
        nothing = (float("nan"), float("nan"))
        return Intervals(nothing, nothing, nothing, nothing, nothing)
    draws = np.random.default_rng(seed).multinomial(len(rings), np.full(len(rings), 1 / len(rings)), DRAWS)
    curve = _Curve.of(score, positive)
    average = np.array([curve.average(draw[ring].astype(np.float64)) for draw in draws])
    members = np.bincount(ring, minlength=len(rings))
    beaten = np.bincount(ring, weights=_negatives_beaten(score, positive), minlength=len(rings))
    top = np.bincount(ring, weights=top_share(score, flagged(len(score)))[positive], minlength=len(rings))
    sought = draws[:, members >= RING_SIZE]
    return Intervals(
        _interval(average),
        _interval(_weighted(draws, beaten, members)),
        _interval(_weighted(draws, top, members)),
        _interval(_weighted(sought, overlap.usable(), np.ones(overlap.rings))),
        _interval(_weighted(sought, overlap.matched(), np.ones(overlap.rings))),
    )


def _weighted(draws: I64, hit: NDArray[np.generic], whole: NDArray[np.generic]) -> F64:
    """[draws] sum of hits over sum of wholes, rings counted as often as drawn; draws without any are left out."""
    hits, wholes = draws @ hit.astype(np.float64), draws @ whole.astype(np.float64)
    return hits[wholes > 0] / wholes[wholes > 0]


def _interval(values: F64) -> tuple[float, float]:
    if not len(values) or np.isnan(values).any():
        return (float("nan"), float("nan"))
    low, high = np.percentile(values, INTERVAL)
    return (float(low), float(high))
