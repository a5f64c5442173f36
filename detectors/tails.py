"""Upper-tail ranks: how few rows of the book have as much of a feature, in decades."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

I64 = NDArray[np.int64]

DECADE = 1000
"""Ranks are integer thousandths of a decade: -log10 of the share of rows (that know it) with at least this value."""


@dataclass(frozen=True, slots=True)
class Tails:
    """For each feature its distinct positive values in the book, ascending, and their tail ranks."""

    values: tuple[I64, ...]
    ranks: tuple[I64, ...]

    def of(self, matrix: I64) -> I64:
        """[R, F] tail ranks of [R, F] features; 0 for values that are not positive or below every known one."""
        ranks = np.zeros_like(matrix)
        for column in np.flatnonzero((matrix > 0).any(axis=0)).tolist():
            values, rank = self.values[column], self.ranks[column]
            if len(values):
                rows = np.flatnonzero(matrix[:, column] >= values[0])  # of most features most rows have nothing
                ranks[rows, column] = rank[values.searchsorted(matrix[rows, column], side="right") - 1]
        return ranks

    def frame(self) -> pl.DataFrame:
        """As columns feature, value, rank."""
        return pl.DataFrame(
            {
                "feature": np.repeat(np.arange(len(self.values)), [len(v) for v in self.values]),
                "value": np.concatenate([*self.values, np.zeros(0, np.int64)]),
                "rank": np.concatenate([*self.ranks, np.zeros(0, np.int64)]),
            }
        )

    @staticmethod
    def from_frame(frame: pl.DataFrame, features: int) -> "Tails":
        """The inverse of `frame`."""
        feature = frame["feature"].to_numpy()
        value, rank = frame["value"].to_numpy(), frame["rank"].to_numpy()
        return Tails(
            tuple(value[feature == f] for f in range(features)), tuple(rank[feature == f] for f in range(features))
        )


def tails(matrix: I64, known: I64 | None = None) -> Tails:
    """Measure the tails of a whole book's [A, F] features. known: [F] rows that know each; all of them unless told.

    What a row does not know is no low value: where one in ten states an income, a tenth of those is no hundredth.
    """
    values, ranks = [], []
    for column, among in zip(matrix.T, np.full(matrix.shape[1], len(matrix)) if known is None else known, strict=True):
        value, count = np.unique(column[column > 0], return_counts=True)
        above = np.cumsum(count[::-1])[::-1]
        share = above / max(int(among), 1)
        values.append(value)
        ranks.append(np.rint(-np.log10(share) * DECADE).astype(np.int64))
    return Tails(tuple(values), tuple(ranks))
