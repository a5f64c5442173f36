"""Gradient boosting behind one small interface: fit on columns, answer log odds, live as text."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import lightgbm

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

MILLI: Final = 1000
"""Margins are published as integer thousandths of natural log odds, so that layers above add integers."""
THREADS: Final = 1
"""One: LightGBM's threads spin as they wait, which costs tenfold beside other work; folds are fitted side by side."""


@dataclass(frozen=True)
class Booster:
    """One trained model. text: LightGBM's own format, which is all there is to it; names: of its columns."""

    names: tuple[str, ...]
    text: str

    @cached_property
    def _model(self) -> "lightgbm.Booster":
        import lightgbm  # here, because it takes a second, and none to who only reads the sweep

        return lightgbm.Booster(model_str=self.text)

    def ready(self) -> None:
        """Load the library and the trees, which takes most of a second: whoever knows that it will be asked can do so
        beside other work."""
        _ = self._model

    @property
    def trees(self) -> int:
        """How many trees each row goes through."""
        return int(self._model.num_trees())

    def margin(self, matrix: NDArray[np.number]) -> I64:
        """[R] log odds in thousandths, from [R, F] columns in the order of `names`; company changes no row's answer."""
        if not len(matrix):
            return np.zeros(0, np.int64)
        found = self._model.predict(matrix.astype(np.float64, copy=False), raw_score=True, num_threads=THREADS)
        return np.rint(np.asarray(found, np.float64) * MILLI).astype(np.int64)

    def gains(self) -> dict[str, float]:
        """Share of the training gain by column."""
        gain = self._model.feature_importance("gain").astype(np.float64)
        return dict(zip(self.names, (gain / max(gain.sum(), 1e-12)).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Shape:
    """How a booster grows."""

    trees: int = 200
    leaves: int = 24
    rate: float = 0.06
    least: int = 20  # rows in a leaf
    columns: float = 0.5  # share of the columns that a tree may use
    rows: float = 0.8
    shrink: float = 5.0  # L2 on leaf values
    drawn: bool = False  # thresholds are drawn, the best of them kept, instead of searched for


def fit(
    matrix: NDArray[np.number],
    label: NDArray[np.generic],
    names: Sequence[str],
    *,
    seed: int,
    weight: F64 | None = None,
    shape: Shape | None = None,
    unread: Collection[str] = (),
    start: F64 | None = None,
    shares: bool = False,
) -> Booster:
    """Fit label 1 against 0 on [R, F] columns; the same rows, names and seed give the same model.

    LightGBM (Ke et al., NIPS 2017), binary log loss. unread: names of columns of which the booster learns nothing: it
    sees zeros, so that no tree asks them and an answer never depends on what a row holds there. start: [R] log odds
    that are known of the rows; the booster learns, and answers, what is to be added to them.
    """
    import lightgbm

    shape = shape or Shape()
    settings = {
        "objective": "cross_entropy" if shares else "binary",
        "num_leaves": shape.leaves,
        "learning_rate": shape.rate,
        "min_data_in_leaf": shape.least,
        "feature_fraction": shape.columns,
        "bagging_fraction": shape.rows,
        "bagging_freq": 1,
        "lambda_l2": shape.shrink,
        "extra_trees": shape.drawn,
        "max_bin": 127,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": THREADS,
        "verbosity": -1,
    }
    seen = matrix.astype(np.float32)
    seen[:, [at for at, name in enumerate(names) if name in unread]] = 0
    rows = lightgbm.Dataset(
        seen, label.astype(np.float64), weight=weight, init_score=start, feature_name=list(names), free_raw_data=True
    )
    model = lightgbm.train(settings, rows, num_boost_round=shape.trees)
    return Booster(tuple(names), model.model_to_string())
