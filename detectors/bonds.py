"""What ties likely applications to one another: values that they share, and what they have in common besides."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Norms
from detectors.contexts import RARE, officer_company, rarities, several
from detectors.tally import add
from graph.book import Book
from graph.projection import WEIGHT_ONE, WINDOW, Pairs

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

SAME_PERSON_WEIGHT: Final = 1.0
SAME_CELL_WEIGHT: Final = 0.6
"""Raw weight between next applications of one person, and of one officer's cell with the same employer."""
ALIKE_WEIGHT: Final = 0.4
LEAST_RARE: Final = 2.0
"""Raw weight between applications of one officer that are alike in several ways, and the decades of rarity from which
they are: a cohort shares no value that could tie it."""


@dataclass(frozen=True, slots=True)
class Bonds:
    """[T] ties of applications, source < target, unique. weight: raw, of everything; free: of shared values that no
    innocent cause explains; context: of what is no shared value."""

    source: I64
    target: I64
    weight: I64
    free: I64
    context: I64

    def only(self, held: Bool) -> "Bonds":
        """Those of the ties."""
        return Bonds(self.source[held], self.target[held], self.weight[held], self.free[held], self.context[held])


def of_pairs(pairs: Pairs) -> Bonds:
    """The pairs that a shared value makes, each once."""
    once = pairs.row < pairs.other
    raw = pairs.raw[once].astype(np.int64)
    return Bonds(
        pairs.row[once].astype(np.int64), pairs.other[once].astype(np.int64), raw,
        np.where(pairs.explained[once], 0, raw), np.zeros(len(raw), np.int64),
    )  # fmt: skip


def bonds(book: Book, candidate: Bool, shared: Bonds, surprised: I64, norms: Norms) -> Bonds:
    """All ties of candidates: shared values, chains in time through a person and an officer's employer cell, and an
    officer's alike pairs. surprised: [A] of the officer-employer cell."""
    rows = np.flatnonzero(candidate)
    officer, core = book.columns["officer"].astype(np.int64), book.columns["employer_core"].astype(np.int64)
    celled = rows[(surprised[rows] > 0) & (officer[rows] != 0) & (core[rows] != 0)]
    person = book.columns["person"].astype(np.int64)
    contexts = [
        chain(book, rows, np.stack([person[rows]]), SAME_PERSON_WEIGHT),
        chain(book, celled, np.stack([officer[celled], core[celled]]), SAME_CELL_WEIGHT),
        _alike(book, rows.astype(np.int32), norms),
    ]
    return together(book.applications, [shared.only(candidate[shared.source] & candidate[shared.target]), *contexts])


def together(applications: int, parts: list[Bonds]) -> Bonds:
    """The ties of several kinds, each pair of applications once."""
    source, target, *weights = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("source", "target", "weight", "free", "context")
    )
    unique, position = np.unique(source * applications + target, return_inverse=True)
    weight, free, context = (add(position, column, len(unique)) for column in weights)
    return Bonds(unique // max(applications, 1), unique % max(applications, 1), weight, free, context)


def chain(book: Book, rows: I64, keys: I64, weight: float) -> Bonds:
    """Ties between rows next to each other in time under one key, inside the window."""
    rank = book.columns["rank"][rows]
    order = np.lexsort((rank, *keys))
    ordered, held = rows[order], keys[:, order]
    event_at = book.columns["event_at"].astype(np.int64)[ordered]
    joined = (held[:, 1:] == held[:, :-1]).all(axis=0) & (np.diff(event_at) <= WINDOW) if len(rows) else held[0] > 0
    left, right = ordered[:-1][joined], ordered[1:][joined]
    return _context(np.minimum(left, right), np.maximum(left, right), weight)


def _alike(book: Book, rows: I32, norms: Norms) -> Bonds:
    """Ties between candidates of one officer inside the window that are rarely alike, each once."""
    met, rarity = officer_company(book, rows), rarities(book, rows, norms)
    rare = np.zeros(met.met.shape, np.int64)
    for name, alike in met.alike.items():
        if name in rarity:
            rare += alike * rarity[name][met.row][:, None]
    other = met.seen(np.arange(book.applications, dtype=np.int32))
    tied = several(met) & met.inside & (rare >= LEAST_RARE * RARE) & (rows[met.row][:, None] < other)
    return _context(np.broadcast_to(rows[met.row][:, None], tied.shape)[tied], other[tied], ALIKE_WEIGHT)


def _context(source: NDArray[np.integer], target: NDArray[np.integer], weight: float) -> Bonds:
    each = np.full(len(source), round(weight * WEIGHT_ONE), np.int64)
    return Bonds(source.astype(np.int64), target.astype(np.int64), each, np.zeros_like(each), each)
