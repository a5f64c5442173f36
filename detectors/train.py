"""Training: rings planted into copies of the lender's own book, and outcomes where there are any."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from detectors import around, fuse, measures
from detectors.boosting import MILLI, Booster, Shape, fit
from detectors.columns import Registry, norms, registry, settled, text_digest
from detectors.grammar import Grammar
from detectors.model import Model, blind_names, mixed, unread
from detectors.planting import plant
from detectors.policy import Policy
from detectors.survey import Survey, blind_parts, outcome_columns, survey
from detectors.sweep import Inputs, read_book
from graph.book import Book, LinkTable, lay_out, link_table
from graph.errors import UsageError
from graph.network import Network
from graph.persons import smallest_member

I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

LARGEST: Final = 120_000
"""Applications that are trained on: the latest of a larger book."""
FEWEST: Final = 500
"""A smaller book has too little for a ring to hide in."""
FOLDS: Final = 2
LARGEST_DEALER: Final = 0.1
"""Share of the book beyond which a dealer's lone applications may lie in both folds: one alone would lack innocents."""
WANTED: Final = 4_000
"""Planted applications to learn from, by one copy of the book to MOST_COPIES."""
MOST_COPIES: Final = 6
OTHERS: Final = 0.4
"""Share of a copy's other rows that stand against the planted ones."""
MOST_OTHERS: Final = 60_000
LOUD: Final = 0.1
"""Share of the book that stands out by the unsupervised score and is not planted into."""
PASSES: Final = 2
DERIVED: Final = ("rank", "home_persons", "established")
"""Columns that are made anew for a copy."""
LEAST_CONFIRMED: Final = 30
"""Confirmed applications below which outcomes teach nothing but chance; nor do those of one ring, which is one case."""
CONFIRMED_WEIGHT: Final = 2.0
SHAPE: Final = Shape(trees=250, leaves=16, rate=0.05, least=50, columns=0.25)
TAUGHT_SHAPE: Final = Shape(trees=40, leaves=6, rate=0.05, least=30, shrink=20.0)
"""Small: it has a hundred rows to learn from, and says only what known outcomes add."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows to learn from: blind columns, label, the row of the book that each was, fold, ring or -1."""

    columns: F32
    label: Bool
    source: I64
    fold: I64
    ring: I64


@dataclass(frozen=True, slots=True)
class _Ground:
    """The book itself. drawn: [A] how often each application stands in what is learnt."""

    net: Network
    book: Book
    links: LinkTable
    seen: Survey
    columns: F32
    fold: I64
    registry: Registry
    drawn: F64

    @property
    def confirmed(self) -> Bool:
        return self.book.columns["confirmed"].astype(np.bool_)

    @property
    def lessons(self) -> I64:
        """Confirmed applications that are learnt from."""
        return np.flatnonzero(self.confirmed & (self.drawn > 0))


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
    ground = _ground(inputs, policy, seed, resample)
    rows = _planted(ground, policy, grammar, seed, say)
    if not rows.label.any():
        raise UsageError("no ring of the grammar fits this book", "load more of it, or leave out fewer forms")
    say(f"learning from {int(rows.label.sum()):,} planted applications")
    blind = _blind(ground, rows, policy, seed)
    taught: tuple[Booster, ...] = ()
    if len(ground.lessons) >= LEAST_CONFIRMED and len(np.unique(ground.fold[ground.lessons])) == FOLDS:
        say(f"learning from {len(ground.lessons):,} confirmed applications")
        taught = _taught(ground, blind, policy, seed)
    known = np.array([text_digest(name) for name in ground.net.applications["application_id"]], np.int64)
    order = np.argsort(known, kind="stable")
    card = _card(ground, rows, blind, taught, policy, grammar, seed) | {"model_id": model_id, "resample": resample}
    return Model(card, blind, taught, known[order], ground.fold[order].astype(np.int8))


def _ground(inputs: Inputs, policy: Policy, seed: int, resample: int | None) -> _Ground:
    net, book, _ = read_book(_latest(inputs))
    measured = norms(dict(book.columns))
    seen = survey(book, policy, measured, learns=True)
    fold = np.random.default_rng(seed).integers(0, FOLDS, book.applications)[_inseparable(book, seen)]
    links = link_table(net, book.columns["person"].astype(np.int32))
    drawn = _drawn(seen.community.label, resample)
    columns = _joined(blind_parts(book, seen), np.arange(book.applications))
    seen = replace(seen, wide=None)  # it is in the columns
    return _Ground(net, book, links, seen, columns, fold, registry(inputs.employers), drawn)


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


def _planted(ground: _Ground, policy: Policy, grammar: Grammar, seed: int, say: Say) -> _Rows:
    """Planted rows of several copies, and some of the others."""
    book, size = ground.book, ground.book.applications
    copies = int(np.clip(round(WANTED / max(grammar.rows * size, 1)), 1, MOST_COPIES))
    quiet = (ground.seen.raw <= np.quantile(ground.seen.raw, 1 - LOUD)) & (ground.drawn > 0)
    measured = norms(dict(book.columns))
    columns = {name: column for name, column in book.columns.items() if name not in DERIVED}
    parts = []
    for number in range(copies):
        say(f"planting rings, copy {number + 1} of {copies}")
        planted = plant(columns, ground.links, grammar, seed=seed * 1009 + number, quiet=quiet)
        core = planted.columns["employer_core"].astype(np.int64)
        copy = settled(lay_out({**planted.columns, **ground.registry.columns(core)}, planted.links))
        seen = survey(copy, policy, measured, learns=True, tail=ground.seen.tails)
        parts.append(_sample(ground, planted.ring, blind_parts(copy, seen), np.random.default_rng((seed, number))))
    return _Rows(
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


def _sample(ground: _Ground, ring: I64, parts: Sequence[NDArray[Any]], rng: np.random.Generator) -> _Rows:
    share = min(OTHERS, MOST_OTHERS / max(len(ring), 1))
    others = (rng.random(len(ring)) < share) & ~ground.confirmed & (ground.drawn > 0)
    chosen = np.flatnonzero((ring >= 0) | others)
    fold_of_ring = rng.integers(0, FOLDS, int(ring.max(initial=0)) + 1)
    fold = np.where(ring >= 0, fold_of_ring[np.maximum(ring, 0)], ground.fold)
    return _Rows(_joined(parts, chosen), ring[chosen] >= 0, chosen, fold[chosen], ring[chosen])


def _blind(ground: _Ground, rows: _Rows, policy: Policy, seed: int) -> tuple[Booster, ...]:
    """Boosters that never read an outcome: planted rows, and those confirmed, against the rest.

    The rest holds the frauds that nobody has found. As in expectation maximisation for positive and unlabelled rows
    (Elkan and Noto, KDD 2008, weigh them likewise), each pass weighs them by what the last one thought of them.
    """
    confirmed = ground.lessons
    columns = np.concatenate([rows.columns, ground.columns[confirmed]])
    label = np.concatenate([rows.label, np.ones(len(confirmed), bool)])
    fold = np.concatenate([rows.fold, ground.fold[confirmed]])
    doubt = np.zeros(len(ground.fold))
    boosters: tuple[Booster, ...] = ()
    for _ in range(PASSES):
        weight = ground.drawn[rows.source] * np.where(rows.label, 1.0, 1.0 - doubt[rows.source])
        weight = np.concatenate([weight, CONFIRMED_WEIGHT * ground.drawn[confirmed]])
        boosters = _fitted(columns, label, weight, fold, blind_names(policy), policy, seed)
        doubt = _doubt(ground, _crossed(boosters, ground.columns, ground.fold), policy)
    return boosters


def _doubt(ground: _Ground, margin: I64, policy: Policy) -> F64:
    """[A] how probably each application is a fraud that nobody found: as an innocent it weighs the less."""
    raw = mixed(ground.seen.raw, margin, policy, taught=False)
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


def _taught(ground: _Ground, blind: tuple[Booster, ...], policy: Policy, seed: int) -> tuple[Booster, ...]:
    """Boosters that say what known outcomes add to the blind log odds.

    They read outcomes alone: what makes a fraud the blind ones learn from thousands of rows, not from the few that are
    confirmed. Each row stands twice, once without outcomes, or they learn only what is known already.
    """
    margin = _crossed(blind, ground.columns, ground.fold)
    weight = np.where(ground.confirmed, 1.0, 1.0 - _doubt(ground, margin, policy)) * ground.drawn
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
    ground: _Ground,
    rows: _Rows,
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
