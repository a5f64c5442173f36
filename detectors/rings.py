"""Ring boundaries: candidates tied to a core by raw links, cut by CPM, peeled; then what one officer has left."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors.columns import Norms
from detectors.contexts import RARE, officer_company, rarities, several
from detectors.policy import Policy
from detectors.tally import add
from detectors.words import direct
from graph.book import Book
from graph.communities import cpm
from graph.persons import smallest_member
from graph.projection import WEIGHT_ONE, WINDOW

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

SAME_PERSON_WEIGHT: Final = 1.0
SAME_CELL_WEIGHT: Final = 0.6
"""Raw weight between next applications of one person, and of one officer's cell with the same employer."""
ALIKE_WEIGHT: Final = 0.4
LEAST_RARE: Final = 2.0
"""Raw weight between applications of one officer that are alike in several ways, and the decades of rarity from which
they are: a cohort shares no value that could tie it."""
LEFT_OVER_WEIGHT: Final = 0.4
"""Raw weight between next likely applications of one officer that no other tie holds."""
PEEL_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True)
class Ties:
    """[T] raw ties of candidate applications, source < target, unique."""

    source: I32
    target: I32
    weight: I64


@dataclass(frozen=True, slots=True)
class Found:
    """label: [A] ring number by smallest member, or -1; tie: [A] raw weight of a member to the rest of its ring."""

    label: I64
    tie: I64
    core: Bool


def find(
    book: Book, raw: I64, probability: F64, ties: Ties, surprised: I64, norms: Norms, policy: Policy, *, learnt: bool
) -> Found:
    """Draw the rings. raw, probability: [A], of a model if `learnt`; surprised: [A] of the officer-employer cell."""
    least = policy.rings.least_learnt if learnt else policy.rings.least_probability
    candidate = _candidates(raw, policy)
    core = candidate & (probability >= policy.rings.core_probability)
    edges = _eligible(_all_ties(book, candidate, ties, surprised, norms), candidate, core, policy)
    label = smallest_member(book.applications, edges.source, edges.target).astype(np.int64)
    label = _cut_large(label, edges, policy)
    label = _peel(label, edges, policy)
    label, edges = _left_over(book, label, probability, edges, policy)
    label = _numbered(label, core, raw - _least(raw, probability, least), policy)
    inside = label[edges.source] == label[edges.target]
    tie = _strength(edges, inside & (label[edges.source] >= 0), book.applications)
    return Found(label, tie, core)


def _candidates(raw: I64, policy: Policy) -> Bool:
    places = int(len(raw) * policy.rings.candidates)
    cut = np.sort(raw)[::-1][places] if places < len(raw) else 0
    return raw > max(int(cut), 0)


def _all_ties(book: Book, candidate: Bool, ties: Ties, surprised: I64, norms: Norms) -> Ties:
    """Pairs of values, chains in time through a person and an officer's employer cell, an officer's alike pairs."""
    rows = np.flatnonzero(candidate)
    officer, core = book.columns["officer"].astype(np.int64), book.columns["employer_core"].astype(np.int64)
    celled = rows[(surprised[rows] > 0) & (officer[rows] != 0) & (core[rows] != 0)]
    person = book.columns["person"].astype(np.int64)
    parts = [
        (ties.source, ties.target, ties.weight),
        _chain(book, rows, np.stack([person[rows]]), SAME_PERSON_WEIGHT),
        _chain(book, celled, np.stack([officer[celled], core[celled]]), SAME_CELL_WEIGHT),
        _alike(book, rows.astype(np.int32), norms),
    ]
    source, target, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    key = source.astype(np.int64) * book.applications + target
    unique, position = np.unique(key, return_inverse=True)
    total = np.zeros(len(unique), np.int64)
    np.add.at(total, position, weight)
    return Ties(
        (unique // max(book.applications, 1)).astype(np.int32),
        (unique % max(book.applications, 1)).astype(np.int32),
        total,
    )


def _chain(book: Book, rows: I64, keys: I64, weight: float) -> tuple[I32, I32, I64]:
    """Ties between rows next to each other in time under one key, inside the window."""
    rank = book.columns["rank"][rows]
    order = np.lexsort((rank, *keys))
    ordered, held = rows[order], keys[:, order]
    event_at = book.columns["event_at"].astype(np.int64)[ordered]
    joined = (held[:, 1:] == held[:, :-1]).all(axis=0) & (np.diff(event_at) <= WINDOW) if len(rows) else held[0] > 0
    left, right = ordered[:-1][joined], ordered[1:][joined]
    return (
        np.minimum(left, right).astype(np.int32),
        np.maximum(left, right).astype(np.int32),
        np.full(len(left), round(weight * WEIGHT_ONE), np.int64),
    )


def _alike(book: Book, rows: I32, norms: Norms) -> tuple[I32, I32, I64]:
    """Ties between candidates of one officer inside the window that are rarely alike, each once."""
    met, rarity = officer_company(book, rows), rarities(book, rows, norms)
    rare = np.zeros(met.met.shape, np.int64)
    for name, alike in met.alike.items():
        if name in rarity:
            rare += alike * rarity[name][met.row][:, None]
    other = met.seen(np.arange(book.applications, dtype=np.int32))
    tied = several(met) & met.inside & (rare >= LEAST_RARE * RARE) & (rows[met.row][:, None] < other)
    source = np.broadcast_to(rows[met.row][:, None], tied.shape)[tied]
    return source, other[tied], np.full(len(source), round(ALIKE_WEIGHT * WEIGHT_ONE), np.int64)


def _eligible(ties: Ties, candidate: Bool, core: Bool, policy: Policy) -> Ties:
    keep = (
        candidate[ties.source]
        & candidate[ties.target]
        & (core[ties.source] | core[ties.target])
        & (ties.weight >= policy.rings.link * WEIGHT_ONE)
    )
    return Ties(ties.source[keep], ties.target[keep], ties.weight[keep])


def _cut_large(label: I64, ties: Ties, policy: Policy) -> I64:
    """Components of more than `largest` applications become CPM communities."""
    size = np.bincount(label, minlength=len(label))
    chosen = size[label[ties.source]] > policy.rings.largest
    if not chosen.any():
        return label
    inner = cpm(
        len(label), ties.source[chosen].astype(np.int64), ties.target[chosen].astype(np.int64), ties.weight[chosen],
        resolution=policy.rings.resolution * WEIGHT_ONE, seed=0,
    )  # fmt: skip
    return np.where(size[label] > policy.rings.largest, inner, label)


def _peel(label: I64, ties: Ties, policy: Policy) -> I64:
    """Set free the members whose raw weight to the rest of their ring is below the policy's, a few rounds."""
    label = label.copy()
    for _ in range(PEEL_ROUNDS):
        inside = label[ties.source] == label[ties.target]
        loose = _strength(ties, inside, len(label)) < policy.rings.peel * WEIGHT_ONE
        alone = np.bincount(label, minlength=len(label))[label] == 1
        if not (loose & ~alone).any():
            break
        label[loose] = len(label) + np.flatnonzero(loose)
        label = _smallest(label)
    return label


def _left_over(book: Book, label: I64, probability: F64, ties: Ties, policy: Policy) -> tuple[I64, Ties]:
    """An officer's likely applications that belong to no group are one, as long as each follows the last in a window.

    A dealer's own fraud needs no common value. They are taken last, because an officer can serve several rings.
    """
    officer = book.columns["officer"].astype(np.int64)
    small = np.bincount(label, minlength=len(label))[label] < policy.rings.smallest
    rows = np.flatnonzero(small & (probability >= policy.rings.officer_probability) & (officer != 0))
    source, target, weight = _chain(book, rows, np.stack([officer[rows]]), LEFT_OVER_WEIGHT)
    group = smallest_member(book.applications, source, target).astype(np.int64)
    taken = np.bincount(group, minlength=len(group))[group] >= policy.rings.smallest
    new = taken[source]
    return _smallest(np.where(taken, len(label) + group, label)), Ties(
        np.concatenate([ties.source, source[new]]),
        np.concatenate([ties.target, target[new]]),
        np.concatenate([ties.weight, weight[new]]),
    )


def _smallest(label: I64) -> I64:
    """Rename each group to its smallest member, since peeling may have taken away the one it was named after."""
    smallest = np.full(2 * len(label), len(label), np.int64)
    np.minimum.at(smallest, label, np.arange(len(label)))
    return smallest[label]


def _strength(ties: Ties, inside: Bool, applications: int) -> I64:
    total = np.zeros(applications, np.int64)
    np.add.at(total, ties.source[inside], ties.weight[inside])
    np.add.at(total, ties.target[inside], ties.weight[inside])
    return total


def _least(raw: I64, probability: F64, least: float) -> int:
    """The raw score at which the policy's least probability of a ring is reached."""
    likely = raw[probability >= least]
    return int(likely.min()) if len(likely) else int(raw.max(initial=0)) + 1


def _numbered(label: I64, core: Bool, above: I64, policy: Policy) -> I64:
    """Ring numbers from 0 by smallest member; -1 for groups that are too small, too improbable, or hold no core.

    above: [A] raw score above the least that a ring's mean must reach.
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

    raw: mean of its members; middle: what half of them reach.

    scored: [A] probability, raw. reasons: [A, codes] contributions by reason.
    """
    rows = np.flatnonzero(found.label >= 0)
    loan = book.columns["loan"].astype(np.int64)
    usual = int(np.sort(loan[loan > 0])[(loan > 0).sum() // 2]) if (loan > 0).any() else 0
    amount = np.where(loan > 0, loan, usual)
    frame = pl.DataFrame(
        {
            "ring": found.label[rows],
            "person": book.columns["person"][rows],
            "dealer": book.columns["dealer"][rows],
            "loan": np.maximum(loan[rows], 0),
            "loss": np.rint(amount[rows] * scored["probability"].to_numpy()[rows]).astype(np.int64),
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
            (pl.col("raw").sum() // pl.len()).cast(pl.Int64).alias("raw"),
            pl.col("raw").quantile(0.5, "higher").cast(pl.Int64).alias("middle"),
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
