"""The score of one application, by the same feature code as the sweep; stored scores are not read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors import around, attribution, fuse, propagation
from detectors.artifact import Published
from detectors.evidence import Scene, signals
from detectors.features import Layer0, layer0
from detectors.fresh import published_values
from detectors.joining import Standing, standing
from detectors.local import Local, local_book, swept_book
from detectors.model import NO_FOLD, Model, mixed
from detectors.policy import Policy
from detectors.signal import Signal
from detectors.wide import wide
from graph.errors import ArtifactError, NotFound
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
    local = local_book(published, batch, recent)
    known = _unlearnt(published, local, policy)
    raw = known.raw
    if published.model is not None:
        raw, _ = _learnt(published, published.model, local, known, policy, explained=False)
    return int(fuse.score(raw, published.calibration)[0]), _band(published, raw, known, policy)


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
        raw, lost = _learnt(published, published.model, local, known, policy, explained=True)
    return Assessment(
        application_id=local.ids[local.target],
        score=int(fuse.score(raw, published.calibration)[0]),
        probability=float(fuse.probability(raw, published.calibration)[0]),
        band=_band(published, raw, known, policy),
        raw=int(raw[0]),
        signals=signals(Scene(local, known.bottom, known.contribution[0], known.layers, policy, lost)),
        ring_id=_ring(published, local),
        view="decision" if local.known is None else "book",
        features=known.bottom.features.astype("<i8").tobytes(),
        missing=_missing(local.kinds),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the target without the model: layer 0, contributions, place, raw and its layers."""

    bottom: Layer0
    contribution: I64
    stands: Standing
    raw: I64
    layers: tuple[int, int, int]


def _unlearnt(published: Published, local: Local, policy: Policy) -> _Known:
    if published.feature_names != tuple(f.name for f in policy.features):
        raise ArtifactError("the published sweep has other features than the policy", "sweep again")
    bottom = layer0(local.book, np.array([local.target], np.int32), policy, published.norms)
    contribution = propagation.contributions(bottom.features, published.tails, policy)
    stands = _stands(published, local, bottom, int(contribution.sum()), policy)
    raw, layers = _raw(published, local, bottom, contribution, stands, policy)
    return _Known(bottom, contribution, stands, raw, layers)


def _band(published: Published, raw: I64, known: _Known, policy: Policy) -> str:
    eligible = fuse.red_eligible(fuse.by_reason(known.contribution, policy), policy)
    return str(fuse.bands(raw, known.raw, eligible, published.calibration)[0])


def _stands(published: Published, local: Local, bottom: Layer0, own: int, policy: Policy) -> Standing:
    first = propagation.smooth(np.array([own]), bottom.pairs, local.neighbours["layer0"], policy)
    return standing(published, local, bottom.pairs, own, int(first[0]), policy)


def _raw(
    published: Published, local: Local, bottom: Layer0, contribution: I64, stands: Standing, policy: Policy
) -> tuple[I64, tuple[int, int, int]]:
    """Raw score, and its layers: own, from neighbours, from the community."""
    own = contribution.sum(axis=1)
    second = propagation.smooth(own, bottom.pairs, local.neighbours["layer1"], policy)
    group = propagation.community_part(np.array([stands.strength]), published.community_tails)
    return second + group, (int(own[0]), int(second[0] - own[0]), int(group[0]))


def _learnt(
    published: Published, model: Model, local: Local, known: _Known, policy: Policy, *, explained: bool
) -> tuple[I64, dict[str, int]]:
    """[1] raw score with the model's word in it, and what it loses without each reason, if that is to be explained."""
    columns = _columns(published, model, local, known, policy)
    fold = NO_FOLD if local.known is None else int(published.rows["fold"][local.known])
    amount = _amounts(known, policy) if explained else {}
    codes = tuple(code for code, part in amount.items() if part > 0)
    margin = attribution.margins(model, columns, fold, codes, policy)
    without = np.maximum(known.raw - np.array([0, *(amount[code] for code in codes)], np.int64), 0)
    raw = mixed(without, margin, policy, taught=bool(model.taught))
    return raw[:1], dict(zip(codes, np.maximum(raw[0] - raw[1:], 0).tolist(), strict=True))


def _amounts(known: _Known, policy: Policy) -> dict[str, int]:
    """What each reason adds to the unsupervised score."""
    amount = dict(zip(fuse.reason_codes(policy), fuse.by_reason(known.contribution, policy)[0].tolist(), strict=True))
    amount[attribution.NEAR_RISK] = known.layers[1]
    amount[attribution.DENSE_GROUP] = amount.get(attribution.DENSE_GROUP, 0) + known.layers[2]
    return amount


def _columns(published: Published, model: Model, local: Local, known: _Known, policy: Policy) -> I64:
    """[1, columns] what the sweep gave the model for the target, or would have given it."""
    book, rows = local.book, np.array([local.target], np.int32)
    pairs = known.bottom.pairs
    columns = [
        wide(book, rows, known.bottom, policy, published.norms),
        around.around(np.array([known.layers[0]]), pairs, local.neighbours["layer1"], known.stands.facts),
        book.columns[around.DEFAULT].astype(np.int64)[rows][:, None],
        *(
            around.spread(book, rows, pairs, flag, _company(published, local, flag, known.stands))
            for flag in ((around.DEFAULT, around.FRAUD) if model.taught else (around.DEFAULT,))
        ),
    ]
    return np.concatenate(columns, axis=1)


def _company(published: Published, local: Local, flag: str, stands: Standing) -> around.Company:
    """The published counts of a flag around the target."""
    at = published_values(published, local.book.values)
    users = np.where(at >= 0, published.values[flag][np.maximum(at, 0)], 0)
    group = published.rows[f"{flag}_group"][stands.home] if stands.home >= 0 else 0
    return around.Company(
        local.neighbours[f"{flag}_around"],
        np.array([group], np.int64),
        stands.facts[:, 0],
        around.holders(local.book, np.array([local.target], np.int32), users),
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
