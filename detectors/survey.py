"""Layers 0 and 1 of a whole book, and the columns that the learner reads of it: one code for sweep and training."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors import around, propagation
from detectors.columns import Norms
from detectors.features import layer0
from detectors.policy import Policy
from detectors.tails import Tails, tails
from detectors.wide import names, wide
from graph.book import Book
from graph.communities import cpm
from graph.projection import WEIGHT_ONE, Pairs

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

BLOCK: Final = 20_000
"""Rows whose pairs are held at once by each of those that work SIDE_BY_SIDE."""
SIDE_BY_SIDE: Final = 2


@dataclass(frozen=True, slots=True)
class Survey:
    """A whole book, seen without a model.

    features: [A, F]; wide: [A, W] or None; pairs: of all rows, by (row, other); contribution: [A, F] to layer 0; own:
    [A] layer 0; first: [A] layer 1; raw: [A] unsupervised score in thousandths of a weighted decade.
    """

    features: I64
    wide: I32 | None
    pairs: Pairs
    tails: Tails
    contribution: I64
    own: I64
    first: I64
    community: propagation.Communities
    community_tails: Tails
    groups: around.Groups
    flags: Mapping[str, around.Flagged]
    raw: I64

    def feature(self, name: str, policy: Policy) -> I64:
        """[A] one of the policy's features."""
        return self.features[:, [f.name for f in policy.features].index(name)]


def survey(book: Book, policy: Policy, norms: Norms, *, learns: bool, tail: Tails | None = None) -> Survey:
    """Survey a book. learns: keep what the learner reads, too. tail: rank by another book's tails, not by its own."""
    features, wide_columns, pairs, known = _layer0(book, policy, norms, learns)
    with ThreadPoolExecutor(1) as aside:
        drawn = aside.submit(labels, book, pairs, policy)  # it asks for nothing but pairs
        tail = tail or tails(features, known)
        contribution = propagation.contributions(features, tail, policy)
        own = contribution.sum(axis=1)
        first = propagation.smooth(own, pairs, own, policy)
        second = propagation.smooth(own, pairs, first, policy)
        community = propagation.community_strength(drawn.result(), book.columns["person"].astype(np.int32), own, policy)
        groups = aside.submit(around.groups, book, pairs, community.label, first, len(policy.channels))
        flags = {flag: around.flagged(book, pairs, community.label, flag) for flag in around.FLAGS}
    community_tail = tails(community.strength[:, None])
    return Survey(
        features, wide_columns, pairs, tail, contribution, own, first, community, community_tail,
        groups.result(), flags,
        second + propagation.community_part(community.strength, community_tail),
    )  # fmt: skip


def blind_columns(book: Book, seen: Survey) -> I64:
    """[A, W + around.NAMES] what the label-blind model reads. Raises ValueError for a survey that keeps no columns."""
    return np.concatenate(blind_parts(book, seen), axis=1)


def blind_parts(book: Book, seen: Survey) -> tuple[NDArray[np.integer[Any]], ...]:
    """The same side by side: of a large book the whole is better made some rows at a time."""
    if seen.wide is None:
        raise ValueError("this survey was not made for learning")
    return (
        seen.wide,
        around.around(seen.own, seen.pairs, seen.first, seen.groups.facts),
        book.columns[around.DEFAULT].astype(np.int64)[:, None],
        _spread(book, seen, around.DEFAULT),
    )


def outcome_columns(book: Book, seen: Survey) -> I64:
    """[A, around.OUTCOME] what the other applications' outcomes say of each."""
    return _spread(book, seen, around.FRAUD)


def _spread(book: Book, seen: Survey, flag: str) -> I64:
    rows = np.arange(book.applications, dtype=np.int32)
    known = seen.flags[flag]
    held = around.holders(book, rows, known.value)
    company = around.Company(known.weight, known.group, seen.groups.facts[:, 0], held)
    return around.spread(book, rows, seen.pairs, flag, company)


def labels(book: Book, pairs: Pairs, policy: Policy) -> I64:
    """[A] CPM communities of the discounted pairs, by smallest application.

    What excuses a pair may differ between its sides, so each counts; at twice the resolution that is their mean.
    """
    held = pairs.weight > 0
    return cpm(
        book.applications, pairs.row[held].astype(np.int64), pairs.other[held].astype(np.int64), pairs.weight[held],
        resolution=2 * policy.community_resolution * WEIGHT_ONE, seed=0,
    ).astype(np.int64)  # fmt: skip


def _layer0(book: Book, policy: Policy, norms: Norms, learns: bool) -> tuple[I64, I32 | None, Pairs, I64]:
    """Layer 0 of every application, in blocks, all pairs (each from both sides) by (row, other), and who knows what.

    Two blocks are worked at side by side, since most of the arithmetic leaves the interpreter's lock.
    """
    features = np.empty((book.applications, len(policy.features)), np.int64)
    columns = np.empty((book.applications, len(names(policy))), np.int32) if learns else None

    def one(start: int) -> tuple[Pairs, I64]:
        rows = np.arange(start, min(start + BLOCK, book.applications), dtype=np.int32)
        block = layer0(book, rows, policy, norms)
        features[start : start + BLOCK] = block.features
        if columns is not None:
            columns[start : start + BLOCK] = wide(book, rows, block, policy, norms)
        return block.pairs, block.known

    starts = list(range(0, book.applications, BLOCK))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        done = list(pool.map(one, starts))
    known = sum((known for _, known in done), np.zeros(len(policy.features), np.int64))
    return features, columns, _join(starts, [pairs for pairs, _ in done]), known


def _join(starts: list[int], parts: list[Pairs]) -> Pairs:
    none = np.zeros(0, np.int64)
    rows = [p.row + np.int32(start) for start, p in zip(starts, parts, strict=True)]

    def column(name: str) -> NDArray[np.generic]:
        return np.concatenate(
            [none.astype(getattr(parts[0], name).dtype) if parts else none, *(getattr(p, name) for p in parts)]
        )

    return Pairs(
        np.concatenate([none.astype(np.int32), *rows]),
        column("other").astype(np.int32),
        column("weight").astype(np.int64),
        column("raw").astype(np.int64),
        column("channels").astype(np.int64),
        column("explained").astype(np.bool_),
        column("gap").astype(np.int64),
    )
