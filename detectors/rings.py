"""Rings: the groups of likely applications that together are most of one ring, then what one officer has left."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors.bonds import Bonds, bonds, chain, together
from detectors.boosting import MILLI, Booster
from detectors.columns import Norms
from detectors.groups import Groups, Scored, candidates, expected_overlap, judged, proposed
from detectors.policy import Policy
from detectors.tally import add
from detectors.words import direct
from graph.book import Book
from graph.hierarchy import best_cut
from graph.persons import smallest_member

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

LEFT_OVER_WEIGHT: Final = 0.4
"""Raw weight between next likely applications of one officer that no ring has."""


@dataclass(frozen=True, slots=True)
class Found:
    """label: [A] ring number by smallest member, or -1; tie: [A] raw weight of a member to the rest of its ring."""

    label: I64
    tie: I64
    core: Bool


@dataclass(frozen=True, slots=True)
class Proposals:
    """Groups that may be rings, by their ties. worth: [G] of taking each; overlap: [A] thousandths of one ring that the
    best of an application's groups is, as a model's judge tells it; zeros without one."""

    groups: Groups
    ties: Bonds
    worth: F64
    overlap: I64


def propose(
    book: Book, known: Scored, shared: Bonds, surprised: I64, norms: Norms, policy: Policy, *, judge: Booster | None
) -> Proposals:
    """Which groups to choose from. shared: pairs of values; surprised: [A] of the officer-employer cell."""
    ties = bonds(book, candidates(known.raw, policy), shared, surprised, norms)
    groups = proposed(book, known, ties, policy)
    overlap = np.zeros(book.applications, np.int64)
    if judge is None:
        return Proposals(groups, ties, groups.size * (expected_overlap(groups) - policy.rings.least_overlap), overlap)
    told = judged(groups, judge)
    np.maximum.at(overlap, groups.row, np.rint(told * MILLI).astype(np.int64)[groups.of])
    return Proposals(groups, ties, groups.size * (told - policy.rings.least_overlap_learnt), overlap)


def find(book: Book, proposals: Proposals, known: Scored, policy: Policy, *, learnt: bool) -> Found:
    """Draw the rings: of the proposals those that together place most members. known: as published; learnt: by a
    model."""
    core = candidates(known.raw, policy) & (known.probability >= policy.rings.core_probability)
    label = _taken(book.applications, proposals)
    label, ties = _left_over(book, label, known.probability, proposals.ties, policy)
    least = policy.rings.least_learnt if learnt else policy.rings.least_probability
    above = np.where(book.columns["confirmed"].astype(np.bool_), 0, known.raw - _least(known, least))
    label = _numbered(_without_bystanders(book, label, above), core, above, policy)
    inside = (label[ties.source] == label[ties.target]) & (label[ties.source] >= 0)
    return Found(label, _strength(ties.only(inside), book.applications), core)


def _taken(applications: int, proposals: Proposals) -> I64:
    """[A] smallest member of the group that was taken; who is in none is alone."""
    groups = proposals.groups
    chosen = best_cut(groups.tree, groups.group, proposals.worth)[groups.of]
    label = np.arange(applications)
    smallest = np.full(len(groups), applications)
    np.minimum.at(smallest, groups.of, groups.row)
    label[groups.row[chosen]] = smallest[groups.of[chosen]]
    return label


def _left_over(book: Book, label: I64, probability: F64, ties: Bonds, policy: Policy) -> tuple[I64, Bonds]:
    """An officer's likely applications that belong to no ring are one, as long as each follows the last in a window.

    A dealer's own fraud needs no common value. They are taken last, because an officer can serve several rings.
    """
    officer = book.columns["officer"].astype(np.int64)
    alone = np.bincount(label, minlength=len(label))[label] == 1
    rows = np.flatnonzero(alone & (probability >= policy.rings.officer_probability) & (officer != 0))
    links = chain(book, rows, np.stack([officer[rows]]), LEFT_OVER_WEIGHT)
    group = smallest_member(book.applications, links.source.astype(np.int32), links.target.astype(np.int32))
    taken = np.bincount(group, minlength=len(group))[group] >= policy.rings.smallest
    found = np.where(taken, group.astype(np.int64), label)
    return found, together(book.applications, [ties, links.only(taken[links.source])])


def _without_bystanders(book: Book, label: I64, above: I64) -> I64:
    """What is known already speaks for nobody beside it: where those of a group that nobody confirmed are too unlikely
    to be a ring of their own, the confirmed ones are left, as the case that they are. above: see _numbered."""
    confirmed = book.columns["confirmed"].astype(np.bool_)
    apart = (add(label, above, len(label)) < 0)[label] & ~confirmed
    apart &= np.bincount(label, weights=confirmed, minlength=len(label))[label] > 0
    kept = np.flatnonzero(~apart)
    smallest = np.full(len(label), len(label))
    np.minimum.at(smallest, label[kept], kept)
    return np.where(apart, np.arange(len(label)), smallest[label])


def _strength(ties: Bonds, applications: int) -> I64:
    return add(ties.source, ties.weight, applications) + add(ties.target, ties.weight, applications)


def _least(known: Scored, least: float) -> int:
    """The raw score at which the policy's least probability of a ring is reached."""
    likely = known.raw[known.probability >= least]
    return int(likely.min()) if len(likely) else int(known.raw.max(initial=0)) + 1


def _numbered(label: I64, core: Bool, above: I64, policy: Policy) -> I64:
    """Ring numbers from 0 by smallest member; -1 for groups that are too small, too improbable, or hold no core.

    above: [A] raw score above the least that the mean of those whom nobody confirmed must reach; 0 of the confirmed.
    """
    size = np.bincount(label, minlength=len(label))
    cores = np.bincount(label, weights=core, minlength=len(label))
    good = (size >= policy.rings.smallest) & (cores > 0) & (add(label, above, len(label)) >= 0)
    number = np.where(good, np.cumsum(good) - 1, -1)
    return number[label]


def describe(
    book: Book, found: Found, scored: pl.DataFrame, reasons: I64, codes: tuple[str, ...], policy: Policy
) -> pl.DataFrame:
    """One row a ring: size, persons, exposure, expected loss, span, dealers, typology and its strongest reasons.

    Loss, raw (mean of the members) and middle (what half of them reach) are of those whom nobody confirmed: what is
    known is no news. A ring that is confirmed whole can lose nothing more, and has no place in the week's capacity: its
    middle is 0, its raw that of all.

    scored: [A] probability, raw. reasons: [A, codes] contributions by reason.
    """
    rows = np.flatnonzero(found.label >= 0)
    loan = book.columns["loan"].astype(np.int64)
    usual = int(np.sort(loan[loan > 0])[(loan > 0).sum() // 2]) if (loan > 0).any() else 0
    amount = np.where(loan > 0, loan, usual)
    news = ~book.columns["confirmed"].astype(np.bool_)[rows]
    closed = np.bincount(found.label[rows], weights=news)[found.label[rows]] == 0
    frame = pl.DataFrame(
        {
            "ring": found.label[rows],
            "person": book.columns["person"][rows],
            "dealer": book.columns["dealer"][rows],
            "loan": np.maximum(loan[rows], 0),
            "loss": np.rint(news * amount[rows] * scored["probability"].to_numpy()[rows]).astype(np.int64),
            "news": news,
            "counts": news | closed,
            "raw": scored["raw"].to_numpy()[rows],
            "event_at": book.columns["event_at"][rows],
        }
    )
    table = (
        frame.group_by("ring")
        .agg(
            pl.len().cast(pl.Int32).alias("applications"),
            pl.col("person").n_unique().cast(pl.Int32).alias("applicants"),
            pl.col("dealer").filter(pl.col("dealer") != 0).n_unique().cast(pl.Int32).alias("dealers"),
            pl.col("loan").sum().alias("exposure"),
            pl.col("loss").sum().alias("expected_loss"),
            (pl.col("raw").filter("counts").sum() // pl.col("counts").sum()).cast(pl.Int64).alias("raw"),
            pl.col("raw").filter("news").quantile(0.5, "higher").fill_null(0).cast(pl.Int64).alias("middle"),
            pl.col("event_at").min().alias("first_event_at"),
            pl.col("event_at").max().alias("last_event_at"),
        )
        .sort("ring")
    )
    total = np.zeros((table.height, len(codes)), np.int64)
    np.add.at(total, found.label[rows], reasons[rows])
    return table.with_columns(
        pl.Series("typology", [_typology(row, codes, policy) for row in total], dtype=pl.String),
        pl.Series("reasons", [_strongest(row, codes) for row in total], dtype=pl.List(pl.String)),
    )


def _typology(total: I64, codes: tuple[str, ...], policy: Policy) -> str:
    """The typology that most of the ring's explained contributions speak for; `mixed` when none has a third of it."""
    votes: dict[str, int] = {}
    for code, amount in zip(codes, total.tolist(), strict=True):
        name = policy.typology.get(code)
        if name and amount > 0:
            votes[name] = votes.get(name, 0) + amount
    if not votes:
        return "mixed"
    best = max(votes, key=lambda name: (votes[name], name))
    return best if votes[best] * 3 >= sum(votes.values()) else "mixed"


def _strongest(total: I64, codes: tuple[str, ...], most: int = 5) -> list[str]:
    """The codes that carry most, direct evidence before mere nearness."""
    order = np.argsort(-total, kind="stable")[:most]
    return sorted((codes[i] for i in order if total[i] > 0), key=lambda code: not direct(code))
