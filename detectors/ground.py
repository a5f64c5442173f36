"""What a model learns from: the book with its folds, and rings planted into copies of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Norms, Registry, norms, registry, settled
from detectors.grammar import Grammar
from detectors.planting import Planted, plant
from detectors.policy import Policy
from detectors.survey import Survey, blind_parts, survey
from detectors.sweep import Inputs, read_book
from graph.book import Book, LinkTable, lay_out, link_table
from graph.network import Network
from graph.persons import smallest_member

I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

LARGEST: Final = 80_000
"""Applications that are trained on: the latest of a larger book."""
FOLDS: Final = 2
LARGEST_DEALER: Final = 0.1
"""Share of the book beyond which a dealer's lone applications may lie in both folds: one alone would lack innocents."""
WANTED: Final = 10_000
"""Planted applications to learn from, by one copy of the book to MOST_COPIES. Half as many: AP -.03 on 50,000."""
MOST_COPIES: Final = 16
OTHERS: Final = 0.3
"""Share of a copy's other rows that stand against the planted ones."""
MOST_OTHERS: Final = 60_000
"""Of all copies together."""
LOUD: Final = 0.1
"""Share of the book that stands out by the unsupervised score and is not planted into."""
DERIVED: Final = ("rank", "home_persons", "established")
"""Columns that are made anew for a copy."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to learn from: blind columns, label, the row of the book that each was, fold, ring or -1."""

    columns: F32
    label: Bool
    source: I64
    fold: I64
    ring: I64


@dataclass(frozen=True, slots=True)
class Ground:
    """The book itself. drawn: [A] how often each application stands in what is learnt."""

    net: Network
    book: Book
    links: LinkTable
    seen: Survey
    columns: F32
    fold: I64
    registry: Registry
    norms: Norms
    drawn: F64

    @property
    def confirmed(self) -> Bool:
        return self.book.columns["confirmed"].astype(np.bool_)

    @property
    def lessons(self) -> I64:
        """Confirmed applications that are learnt from."""
        return np.flatnonzero(self.confirmed & (self.drawn > 0))


def ground_of(inputs: Inputs, policy: Policy, seed: int, resample: int | None = None) -> Ground:
    """The book as it is learnt from; see detectors.train.train."""
    net, book, _ = read_book(_latest(inputs))
    measured = norms(dict(book.columns))
    seen = survey(book, policy, measured, learns=True)
    fold = np.random.default_rng(seed).integers(0, FOLDS, book.applications)[_inseparable(book, seen)]
    links = link_table(net, book.columns["person"].astype(np.int32))
    drawn = _drawn(seen.community.label, resample)
    columns = _joined(blind_parts(book, seen), np.arange(book.applications))
    seen = replace(seen, wide=None)  # it is in the columns
    return Ground(net, book, links, seen, columns, fold, registry(inputs.employers), measured, drawn)


def _drawn(community: I64, resample: int | None) -> F64:
    """[A] how often each application's community is drawn, when as many are drawn as there are; once without a seed."""
    if resample is None:
        return np.ones(len(community))
    label, of = np.unique(community, return_inverse=True)
    again = np.random.default_rng(resample).integers(0, len(label), len(label))
    return np.bincount(again, minlength=len(label)).astype(np.float64)[of]


def _inseparable(book: Book, seen: Survey) -> I64:
    """[A] smallest member of what must not be split over folds, or a booster is asked of what it learnt as innocent.

    A community with all that its persons applied for; applications that stand alone go with their dealer's others,
    because a cohort has no ties. Where nobody knows the dealer, or it has much of the book, they go one by one.
    """
    every = np.arange(book.applications)
    ends = np.concatenate([seen.community.label, book.columns["person"].astype(np.int64)])
    label = smallest_member(book.applications, np.tile(every, 2), ends).astype(np.int64)
    alone = np.flatnonzero(np.bincount(label, minlength=book.applications)[label] == 1)
    dealer = book.columns["dealer"][alone]
    _, first, of, many = np.unique(dealer, return_index=True, return_inverse=True, return_counts=True)
    kept = (dealer != 0) & (many[of] <= LARGEST_DEALER * book.applications)
    label[alone[kept]] = alone[first][of][kept]
    return label


def _latest(inputs: Inputs) -> Inputs:
    """The same inputs with at most LARGEST applications, the latest ones."""
    applications = inputs.links.applications
    if applications.height <= LARGEST:
        return inputs
    kept = applications.sort("event_at", "application_id", descending=True).head(LARGEST)
    links = inputs.links.links.join(kept.select(application="nid"), on="application", how="semi")
    used = inputs.links.identifiers.join(links.select(nid="identifier"), on="nid", how="semi")
    return Inputs(
        type(inputs.links)(kept, used, links), inputs.outcomes, inputs.watchlist, inputs.employers,
        inputs.watermark, inputs.as_of,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlantedCopy:
    """A copy of the book with rings in it, laid out and surveyed."""

    planted: Planted
    book: Book
    seen: Survey


def planted_copy(ground: Ground, policy: Policy, grammar: Grammar, seed: int) -> PlantedCopy:
    """Plant into a copy of the book where nothing stands out already; the book's own norms and tails rank it."""
    quiet = (ground.seen.raw <= np.quantile(ground.seen.raw, 1 - LOUD)) & (ground.drawn > 0)
    columns = {name: column for name, column in ground.book.columns.items() if name not in DERIVED}
    planted = plant(columns, ground.links, grammar, seed=seed, quiet=quiet)
    core = planted.columns["employer_core"].astype(np.int64)
    book = settled(lay_out({**planted.columns, **ground.registry.columns(core)}, planted.links))
    return PlantedCopy(planted, book, survey(book, policy, ground.norms, learns=True, tail=ground.seen.tails))


def planted_rows(ground: Ground, policy: Policy, grammar: Grammar, seed: int, say: Say) -> Rows:
    """Planted rows of several copies, of rings and of innocent groups, and some of the others."""
    size = ground.book.applications
    copies = int(np.clip(round(WANTED / max(grammar.rows * size, 1)), 1, MOST_COPIES))
    share = min(OTHERS, MOST_OTHERS / (copies * size))
    parts = []
    for number in range(copies):
        say(f"planting rings, copy {number + 1} of {copies}")
        copy = planted_copy(ground, policy, grammar, seed * 1009 + number)
        parts.append(_sample(ground, copy, share, np.random.default_rng((seed, number))))
        del copy  # before the next is made
    return Rows(
        np.concatenate([p.columns for p in parts]),
        np.concatenate([p.label for p in parts]),
        np.concatenate([p.source for p in parts]),
        np.concatenate([p.fold for p in parts]),
        np.concatenate([np.where(p.ring >= 0, p.ring + n * size, -1) for n, p in enumerate(parts)]),
    )


def _joined(parts: Sequence[NDArray[Any]], rows: I64) -> F32:
    """[rows, columns] the rows of columns that lie side by side: the whole of a large book is never made twice."""
    table = np.empty((len(rows), sum(part.shape[1] for part in parts)), np.float32)
    np.concatenate([part[rows] for part in parts], axis=1, out=table, casting="unsafe")
    return table


def _sample(ground: Ground, copy: PlantedCopy, share: float, rng: np.random.Generator) -> Rows:
    """A copy's planted rows, of rings and of innocent groups, and a share of its others."""
    group = copy.planted.ring
    others = (rng.random(len(group)) < share) & ~ground.confirmed & (ground.drawn > 0)
    chosen = np.flatnonzero((group >= 0) | others)
    fold_of_group = rng.integers(0, FOLDS, int(group.max(initial=0)) + 1)
    fold = np.where(group >= 0, fold_of_group[np.maximum(group, 0)], ground.fold)
    ring = np.where(copy.planted.innocent, -1, group)[chosen]
    return Rows(_joined(blind_parts(copy.book, copy.seen), chosen), ring >= 0, chosen, fold[chosen], ring)
