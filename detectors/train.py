"""Training: rings planted into copies of the lender's own book, and outcomes where there are any."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from detectors import around, fuse, measures
from detectors.boosting import MILLI, Booster, Shape, fit
from detectors.columns import text_digest
from detectors.grammar import Grammar
from detectors.ground import FOLDS, Ground, Rows, Say, ground_of, planted_rows
from detectors.judge import taught_judge
from detectors.model import Model, blind_names, mixed, share_of, unread
from detectors.policy import Policy
from detectors.survey import outcome_columns
from detectors.sweep import Inputs
from graph.errors import UsageError

I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

FEWEST: Final = 500
"""A smaller book has too little for a ring to hide in."""
PASSES: Final = 2
LEAST_CONFIRMED: Final = 30
"""Confirmed applications below which outcomes teach nothing but chance; nor do those of one ring, which is one case."""
CONFIRMED_WEIGHT: Final = 2.0
BELIEVED: Final = 0.3
"""Probability from which an application that nobody confirmed is learnt from as a fraud, too."""
BELIEVED_WEIGHT: Final = 6.0
"""Of one that is certain: the rings that planted ones do not resemble are few, and each has a dozen members."""
SHAPE: Final = Shape(trees=250, leaves=16, rate=0.06, least=50, columns=0.5, drawn=True)
"""Thresholds are drawn (Geurts, Ernst and Wehenkel, Extremely randomized trees, 2006): searched ones say where planted
rings end rather than where rings do, and lose on books by another hand what they gain on ours (docs/detection.md)."""
TAUGHT_SHAPE: Final = Shape(trees=40, leaves=6, rate=0.05, least=30, shrink=20.0)
"""Small: it has a hundred rows to learn from, and says only what known outcomes add."""


def train(
    inputs: Inputs,
    policy: Policy,
    grammar: Grammar,
    *,
    seed: int,
    model_id: str,
    say: Say,
    resample: int | None = None,
) -> Model:
    """Train a model on a book as of `inputs`; the same book, policy, grammar and seed give the same model.

    resample: a seed by which the book's communities are drawn again, with replacement, before anything is learnt: what
    the model would have been in another book of the same lender (Efron 1979; by community, because rings are no sample
    of single rows). Whom nobody drew is neither planted into nor learnt from.

    Raises UsageError for a book of fewer than FEWEST applications, and for one that no ring fits.
    """
    if inputs.links.applications.height < FEWEST:
        raise UsageError(
            f"{inputs.links.applications.height} applications are too few to learn from", f"load {FEWEST} or more"
        )
    say("surveying the book")
    ground = ground_of(inputs, policy, seed, resample)
    rows = planted_rows(ground, policy, grammar, seed, say)
    if not rows.label.any():
        raise UsageError("no ring of the grammar fits this book", "load more of it, or leave out fewer forms")
    say(f"learning from {int(rows.label.sum()):,} planted applications")
    blind = _blind(ground, rows, policy, seed)
    taught: tuple[Booster, ...] = ()
    if len(ground.lessons) >= LEAST_CONFIRMED and len(np.unique(ground.fold[ground.lessons])) == FOLDS:
        say(f"learning from {len(ground.lessons):,} confirmed applications")
        taught = _taught(ground, rows, blind, policy, seed)
    known = np.array([text_digest(name) for name in ground.net.applications["application_id"]], np.int64)
    order = np.argsort(known, kind="stable")
    card = _card(ground, rows, blind, taught, policy, grammar, seed) | {"model_id": model_id, "resample": resample}
    doubt = _doubt(ground, rows, _crossed(blind, ground.columns, ground.fold), policy)
    del rows  # the copies that follow want the room
    model = Model(card, blind, taught, known[order], ground.fold[order].astype(np.int8))
    judge = taught_judge(ground, model, doubt, policy, grammar, seed=seed, say=say)
    return replace(model, card={**card, "judge": judge is not None}, judge=judge)


def _blind(ground: Ground, rows: Rows, policy: Policy, seed: int) -> tuple[Booster, ...]:
    """Boosters that never read an outcome: planted rows, and those confirmed, against the rest.

    The rest holds the frauds that nobody has found. As in expectation maximisation for positive and unlabelled rows
    (Elkan and Noto, KDD 2008, weigh them likewise), the second pass weighs each by what the first one thought of it: as
    an innocent by the doubt, and, where that is large, as a fraud, which shows what rings look like in this very book.
    """
    doubt = np.zeros(len(ground.fold))
    boosters: tuple[Booster, ...] = ()
    for _ in range(PASSES):
        believed = np.flatnonzero((doubt >= BELIEVED) & ~ground.confirmed & (ground.drawn > 0))
        known = np.concatenate([ground.lessons, believed])
        worth = np.repeat([CONFIRMED_WEIGHT, BELIEVED_WEIGHT], [len(ground.lessons), len(believed)])
        worth[len(ground.lessons) :] *= doubt[believed]
        weight = ground.drawn[rows.source] * np.where(rows.label, 1.0, 1.0 - doubt[rows.source])
        boosters = _fitted(
            np.concatenate([rows.columns, ground.columns[known]]),
            np.concatenate([rows.label, np.ones(len(known), bool)]),
            np.concatenate([weight, worth * ground.drawn[known]]),
            np.concatenate([rows.fold, ground.fold[known]]),
            blind_names(policy), policy, seed,
        )  # fmt: skip
        doubt = _doubt(ground, rows, _crossed(boosters, ground.columns, ground.fold), policy)
    return boosters


def _doubt(ground: Ground, rows: Rows, margin: I64, policy: Policy) -> F64:
    """[A] how probably each application is a fraud that nobody found: as an innocent it weighs the less."""
    share = share_of(int(rows.label.sum()), policy, taught=False)
    raw = mixed(ground.seen.raw, margin, share, policy)
    everyone = np.ones(len(raw), bool)
    return fuse.probability(raw, fuse.calibrate(raw, everyone, policy, unsupervised=ground.seen.raw))


def _fitted(
    columns: F32, label: Bool, weight: F64, fold: I64, names: Sequence[str], policy: Policy, seed: int
) -> tuple[Booster, ...]:
    """One booster a fold, from the rows of the others; side by side, because each keeps to one core."""
    hidden = unread(policy)

    def one(k: int) -> Booster:
        rest = fold != k
        return fit(columns[rest], label[rest], names, seed=seed + k, weight=weight[rest], shape=SHAPE, unread=hidden)

    with ThreadPoolExecutor(FOLDS) as pool:
        return tuple(pool.map(one, range(FOLDS)))


def _taught(ground: Ground, rows: Rows, blind: tuple[Booster, ...], policy: Policy, seed: int) -> tuple[Booster, ...]:
    """Boosters that say what known outcomes add to the blind log odds.

    They read outcomes alone: what makes a fraud the blind ones learn from thousands of rows, not from the few that are
    confirmed. Each row stands twice, once without outcomes, or they learn only what is known already.
    """
    margin = _crossed(blind, ground.columns, ground.fold)
    weight = np.where(ground.confirmed, 1.0, 1.0 - _doubt(ground, rows, margin, policy)) * ground.drawn
    outcome = outcome_columns(ground.book, ground.seen).astype(np.float32)
    hidden, found = unread(policy), []
    for k in range(FOLDS):
        rest = np.flatnonzero((ground.fold != k) & (ground.drawn > 0))
        label = ground.confirmed[rest]
        start = _at_rate(margin[rest] / MILLI, weight[rest], float(np.average(label, weights=weight[rest])))
        found.append(
            fit(
                np.concatenate([outcome[rest], np.zeros_like(outcome[rest])]), np.tile(label, 2), around.OUTCOME,
                seed=seed + k, weight=np.tile(weight[rest], 2), shape=TAUGHT_SHAPE, unread=hidden,
                start=np.tile(start, 2),
            )
        )  # fmt: skip
    return tuple(found)


def _at_rate(log_odds: F64, weight: F64, rate: float) -> F64:
    """Log odds shifted so that their mean probability is the rate: planting made frauds more frequent than they are."""

    def excess(shift: float) -> float:
        return float(np.average(expit(log_odds + shift), weights=weight)) - rate

    return log_odds + brentq(excess, -40.0, 40.0)


def _crossed(boosters: Sequence[Booster], columns: NDArray[Any], fold: I64) -> I64:
    """[R] each row by the booster that has not seen it."""
    margin = np.zeros(len(columns), np.int64)
    for number, booster in enumerate(boosters):
        margin[fold == number] = booster.margin(columns[fold == number])
    return margin


def _card(
    ground: Ground,
    rows: Rows,
    blind: tuple[Booster, ...],
    taught: tuple[Booster, ...],
    policy: Policy,
    grammar: Grammar,
    seed: int,
) -> dict[str, Any]:
    """What the model is and what it is worth, by rows that each booster has not seen."""
    margin = _crossed(blind, rows.columns, rows.fold).astype(np.float64)
    first, last = (int(at) for at in ground.book.span)
    gains: dict[str, float] = {}
    for booster in blind:
        for name, share in booster.gains().items():
            gains[name] = gains.get(name, 0.0) + share / len(blind)
    strongest = sorted(gains.items(), key=lambda item: -item[1])[:20]
    return {
        "seed": seed,
        "policy_digest": policy.digest,
        "unread": list(unread(policy)),
        "grammar_digest": grammar.digest,
        "forms": [form.name for form in grammar.forms],
        "window": [first, last],
        "applications": ground.book.applications,
        "planted": int(rows.label.sum()),
        "confirmed": len(ground.lessons),
        "outcomes": bool(taught),
        "folds": FOLDS,
        "trees": sum(b.trees for b in (*blind, *taught)),
        "planted_figures": _figures(margin, rows.ring, seed),
        "strongest": {name: round(share, 4) for name, share in strongest},
        "limits": [
            "planted_figures tell how well planted rings are told from the book, not how well true ones are",
            "forms of fraud that the grammar does not plant are found only as far as they resemble those it does",
        ],
        "environment": json.loads(json.dumps(_versions())),
    }


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("lightgbm", "numpy", "polars")}


def _figures(margin: F64, ring: I64, seed: int) -> dict[str, Any]:
    """Of planted rows against the rest: average precision and AUC with 95 % intervals over rings."""
    nothing = np.zeros(0, np.int64)
    intervals = measures.ring_intervals(margin, ring, measures.Overlap.of(ring, nothing, nothing), seed=seed)
    return {
        "average_precision": round(measures.average_precision(margin, ring >= 0), 4),
        "average_precision_interval": [round(x, 4) for x in intervals.average_precision],
        "roc_auc": round(measures.roc_auc(margin, ring >= 0), 4),
        "roc_auc_interval": [round(x, 4) for x in intervals.roc_auc],
    }
