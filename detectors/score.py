"""The score of one application, by the same feature code as the sweep; stored scores are not read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import around, attribution, fuse, propagation
from detectors.artifact import Published
from detectors.evidence import Scene, signals
from detectors.features import Layer0, layer0
from detectors.fresh import published_values
from detectors.joining import Standing, standing
from detectors.local import Local, local_book, swept_book, swept_books
from detectors.model import NO_FOLD, Model
from detectors.nearby import column_at
from detectors.policy import Policy
from detectors.signal import Signal
from detectors.tally import most
from detectors.wide import wide
from graph.errors import ArtifactError, NotFound
from graph.projection import WEIGHT_ONE, Pairs
from graph.schema import NODE_KINDS
from graph.store import Batch

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is known of one application. view: "book" for a row of the sweep, "decision" for a later one."""

    application_id: str
    score: int
    probability: float
    band: str
    raw: int
    signals: tuple[Signal, ...]
    ring_id: str | None
    view: str
    features: bytes  # little-endian int64, in the order of the policy's features
    missing: tuple[str, ...]


def tokens_of(batch: Batch) -> list[tuple[int, str]]:
    """The (kind, token) pairs whose recent users the scorer wants to know."""
    pairs = zip(batch.links["kind"].to_list(), batch.links["token"].to_list(), strict=True)
    return list(dict.fromkeys(pairs))


def assess(published: Published, batch: Batch, recent: Batch, policy: Policy) -> Assessment:
    """Score the one application in `batch` against a published sweep and the rows that came after it.

    Raises ArtifactError when the sweep was made under other features than the policy's.
    """
    return _assess(published, local_book(published, batch, recent), policy)


def recomputed(published: Published, batch: Batch, recent: Batch, policy: Policy) -> tuple[int, str]:
    """Score and band of the one application in `batch`, by the same code as `assess` but without its reasons.

    Raises ArtifactError when the sweep was made under other features than the policy's.
    """
    return _scores(published, local_book(published, batch, recent), policy)[0]


def recomputed_together(published: Published, batches: Sequence[Batch], policy: Policy) -> dict[str, tuple[int, str]]:
    """`recomputed` of many applications of the sweep at once, by application_id: one layout for all of them.

    Raises ArtifactError where the sweep does not hold an application in this very content, too.
    """
    local = swept_books(published, batches)
    found = _scores(published, local, policy)
    return {local.ids[target]: score for target, score in zip(local.targets.tolist(), found, strict=True)}


def _scores(published: Published, local: Local, policy: Policy) -> list[tuple[int, str]]:
    """Score and band of each target."""
    known = _unlearnt(published, local, policy)
    raw, model = known.raw, published.model
    if model is not None:
        margin = model.margin(_columns(published, model, local, known, policy), _folds(published, local))
        raw = model.scored(raw, margin, _overlap(local, known.bottom.pairs), policy)
    band = _bands(published, raw, known, policy)
    return list(zip(fuse.score(raw, published.calibration).tolist(), band.tolist(), strict=True))


def explain(published: Published, application_id: str, policy: Policy) -> Assessment:
    """The same for an application of the sweep, computed from the published columns. Raises NotFound."""
    index = published.index_of(application_id)
    if index is None:
        raise NotFound(f"application {application_id} is not in sweep {published.sweep_id}", "score it, or sweep again")
    return _assess(published, swept_book(published, index), policy)


def model_columns(published: Published, batch: Batch, recent: Batch, policy: Policy) -> I64:
    """[1, columns] what the published model is asked of the application in `batch`, in the order of its names.

    Raises ArtifactError for a sweep without a model.
    """
    if published.model is None:
        raise ArtifactError(f"sweep {published.sweep_id} asked no model", "train, and sweep again")
    local = local_book(published, batch, recent)
    return _columns(published, published.model, local, _unlearnt(published, local, policy), policy)


def _assess(published: Published, local: Local, policy: Policy) -> Assessment:
    known = _unlearnt(published, local, policy)
    raw = known.raw
    lost: dict[str, int] | None = None
    if published.model is not None:
        raw, lost = _learnt(published, published.model, local, known, policy)
    return Assessment(
        application_id=local.ids[local.target],
        score=int(fuse.score(raw, published.calibration)[0]),
        probability=float(fuse.probability(raw, published.calibration)[0]),
        band=str(_bands(published, raw, known, policy)[0]),
        raw=int(raw[0]),
        signals=signals(Scene(local, known.bottom, known.contribution[0], known.layers_of(0), policy, lost)),
        ring_id=_ring(published, local),
        view="decision" if local.known is None else "book",
        features=known.bottom.features.astype("<i8").tobytes(),
        missing=_missing(local.kinds),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the targets without the model: layer 0, contributions, place, raw and its layers.

    layers: [T, 3] own, from neighbours, from the community.
    """

    bottom: Layer0
    contribution: I64
    stands: Standing
    raw: I64
    layers: I64

    def layers_of(self, target: int) -> tuple[int, int, int]:
        """One target's."""
        own, near, group = self.layers[target].tolist()
        return own, near, group


def _unlearnt(published: Published, local: Local, policy: Policy) -> _Known:
    if published.feature_names != tuple(f.name for f in policy.features):
        raise ArtifactError("the published sweep has other features than the policy", "sweep again")
    bottom = layer0(local.book, local.targets.astype(np.int32), policy, published.norms)
    contribution = propagation.contributions(bottom.features, published.tails, policy)
    own = contribution.sum(axis=1)
    first = propagation.smooth(own, bottom.pairs, local.neighbours["layer0"], policy)
    stands = standing(published, local, bottom.pairs, int(own[0]), int(first[0]), policy)
    second = propagation.smooth(own, bottom.pairs, local.neighbours["layer1"], policy)
    group = propagation.community_part(stands.strength, published.community_tails)
    return _Known(bottom, contribution, stands, second + group, np.column_stack([own, second - own, group]))


def _bands(published: Published, raw: I64, known: _Known, policy: Policy) -> NDArray[np.str_]:
    eligible = fuse.red_eligible(fuse.by_reason(known.contribution, policy), policy)
    return fuse.bands(raw, known.raw, eligible, published.calibration)


def _folds(published: Published, local: Local) -> I64:
    """[T] the fold that each target was swept with; a new one is asked of all boosters."""
    fold = column_at(published.rows["fold"], local.swept)
    return np.where(local.swept >= 0, fold, NO_FOLD).astype(np.int64)


def _learnt(
    published: Published, model: Model, local: Local, known: _Known, policy: Policy
) -> tuple[I64, dict[str, int]]:
    """[1] raw score with the model's word in it, and what it loses without each reason.

    What its group adds stays: the group is made of the same ties, so the reasons share it as they share the rest.
    """
    columns = _columns(published, model, local, known, policy)
    amount = _amounts(known, policy)
    codes = tuple(code for code, part in amount.items() if part > 0)
    margin = attribution.margins(model, columns, int(_folds(published, local)[0]), codes, policy)
    without = np.maximum(known.raw - np.array([0, *(amount[code] for code in codes)], np.int64), 0)
    raw = model.scored(without, margin, _overlap(local, known.bottom.pairs), policy)
    return raw[:1], dict(zip(codes, np.maximum(raw[0] - raw[1:], 0).tolist(), strict=True))


def _overlap(local: Local, pairs: Pairs) -> I64:
    """[T] how much of one ring the best group of each target is: as swept, or as its ties to swept ones foretell.

    A new application joins a group as firmly as it is tied to the nearest of its members.
    """
    published = local.neighbours["overlap"].astype(np.int64)
    if local.known is not None:
        return published[local.targets]
    near = published[pairs.other] * np.minimum(pairs.raw, WEIGHT_ONE) // WEIGHT_ONE
    return most(pairs.row, near, len(local.targets), 0)


def _amounts(known: _Known, policy: Policy) -> dict[str, int]:
    """What each reason adds to the unsupervised score."""
    amount = dict(zip(fuse.reason_codes(policy), fuse.by_reason(known.contribution, policy)[0].tolist(), strict=True))
    _, near, group = known.layers_of(0)
    amount[attribution.NEAR_RISK] = near
    amount[attribution.DENSE_GROUP] = amount.get(attribution.DENSE_GROUP, 0) + group
    return amount


def _columns(published: Published, model: Model, local: Local, known: _Known, policy: Policy) -> I64:
    """[T, columns] what the sweep gave the model for the targets, or would have given it."""
    book, rows = local.book, local.targets.astype(np.int32)
    pairs = known.bottom.pairs
    columns: list[NDArray[np.integer[Any]]] = [
        wide(book, rows, known.bottom, policy, published.norms),
        around.around(known.layers[:, 0], pairs, local.neighbours["layer1"], known.stands.facts),
        book.columns[around.DEFAULT].astype(np.int64)[rows][:, None],
        *(
            around.spread(book, rows, pairs, flag, _company(published, local, flag, known.stands))
            for flag in ((around.DEFAULT, around.FRAUD) if model.taught else (around.DEFAULT,))
        ),
    ]
    return np.concatenate(columns, axis=1, dtype=np.int64)


def _company(published: Published, local: Local, flag: str, stands: Standing) -> around.Company:
    """The published counts of a flag around the targets."""
    at = published_values(published, local.book.values)
    users = np.where(at >= 0, published.values[flag][np.maximum(at, 0)], 0)
    group = column_at(published.rows[f"{flag}_group"], stands.home)
    return around.Company(
        local.neighbours[f"{flag}_around"],
        group.astype(np.int64),
        stands.facts[:, 0],
        around.holders(local.book, local.targets.astype(np.int32), users),
    )


def _ring(published: Published, local: Local) -> str | None:
    if local.known is None:
        return None
    ring = published.ring_ids[local.known]
    return None if ring is None else str(ring)


def _missing(present: frozenset[int]) -> tuple[str, ...]:
    """Kinds of identifiers that would have told something and are not there."""
    wanted = ("phone", "national_id", "address", "employer", "account")
    return tuple(k.name for k in NODE_KINDS if k.name in wanted and k.code not in present)
