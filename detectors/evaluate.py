"""How good a published sweep is against a known truth, beside what simpler methods make of the same book."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors import measures
from detectors.measures import Overlap, ratio, top_share
from detectors.peers import PEERS, PeerResult, known_frauds
from detectors.report import ApplicantLevel, Calibration, Capacity, Innocent, Method, Report, RingLevel, Typology
from detectors.truth import checked_truth, refuse_foreign
from graph.errors import UsageError
from graph.network import Network

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

OURS: Final = "ringsight"
HONEST: Final = "honest"
CONFIRMED: Final = "confirmed_fraud"
CAPACITIES: Final = (25, 50, 100, 200)
TOP: Final = 100
PAYMENTS: Final = frozenset({"first_payment_default", "charge_off"})
NEED_PAYMENTS: Final = frozenset({"bust_out"})
"""Typologies that nothing but joint default tells of: judged only where such events are known."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """[A] counted applications by id: ring number or -1, typology of the ring or innocent class, loan amount or NaN.

    event_at: microseconds, None where the scores do not say. unjudged: typologies that do not count as the worst.
    """

    applications: pl.DataFrame  # application_id, index
    ring: I64
    kind: NDArray[np.str_]
    exposure: F64
    event_at: I64 | None
    unjudged: frozenset[str]

    @property
    def fraud(self) -> Bool:
        return self.ring >= 0


@dataclass(frozen=True, slots=True)
class _Ranking:
    """One method's answer over the counted applications; groups are numbered best first."""

    name: str
    score: F64
    group: I64
    member: I64
    probability: F64 | None = None


def evaluate(
    scores: pl.DataFrame,
    members: pl.DataFrame,
    rings: pl.DataFrame,
    truth: pl.DataFrame,
    *,
    network: Network | None = None,
    outcomes: pl.DataFrame | None = None,
    ignore_confirmed: bool = True,
    seed: int = 0,
    source: str = "truth",
) -> Report:
    """Measure a published sweep: its frames of scores, members and rings (detectors.artifact) against a truth.

    truth: application_id, ring_id (null or empty: honest), typology; see detectors.truth.read_truth. outcomes: all that
    was known at the sweep. With `network` the peers run on the same book, those that learn only with a confirmed fraud
    to learn from. Applications with a confirmed_fraud outcome do not count anywhere, unless
    `ignore_confirmed` is false. Raises InputRefused, naming `source` and line, when the truth is not this book's.
    """
    truth = checked_truth(truth, source=source)
    not_in_sweep = refuse_foreign(truth, scores["application_id"], source=source)
    known = scores.select("application_id").join(truth, on="application_id")
    confirmed = _confirmed(outcomes) if ignore_confirmed else pl.DataFrame(schema={"application_id": pl.String})
    ground = _ground(known.join(confirmed, on="application_id", how="anti"), scores, network, outcomes)
    unlearnt = _unlearnt(network, outcomes)
    rankings = [_ours(ground, scores, members, rings), *_peers(ground, network, outcomes, unlearnt)]
    methods = tuple(_method(ground, ranking, seed) for ranking in rankings)
    return Report(
        applications=len(ground.ring),
        frauds=int(ground.fraud.sum()),
        rings=len(_overlap(ground, rankings[0]).truth),
        ignored_confirmed=len(known) - len(ground.ring),
        not_in_sweep=not_in_sweep,
        without_truth=len(scores) - len(known),
        seed=seed,
        methods=methods,
        unlearnt=unlearnt,
    )


def _unlearnt(network: Network | None, outcomes: pl.DataFrame | None) -> tuple[str, ...]:
    """The peers that have nothing to learn from."""
    if network is None or known_frauds(network, outcomes):
        return ()
    return tuple(name for name, peer in PEERS.items() if peer.learns)


def _peers(
    ground: "_Ground", network: Network | None, outcomes: pl.DataFrame | None, without: tuple[str, ...]
) -> list["_Ranking"]:
    if network is None:
        return []
    known = pl.DataFrame() if outcomes is None else outcomes
    return [_peer(ground, name, peer(network, known), network) for name, peer in PEERS.items() if name not in without]


def _confirmed(outcomes: pl.DataFrame | None) -> pl.DataFrame:
    if outcomes is None:
        return pl.DataFrame(schema={"application_id": pl.String})
    return outcomes.filter(pl.col("event") == CONFIRMED).select("application_id").unique()


def _ground(
    known: pl.DataFrame, scores: pl.DataFrame, network: Network | None, outcomes: pl.DataFrame | None
) -> _Ground:
    amount = pl.lit(None, pl.Int64).alias("loan_amount")
    known = known.sort("application_id").with_columns(
        pl.col("ring_id").rank("dense").cast(pl.Int64).fill_null(0) - 1, pl.col("typology").fill_null(HONEST)
    )
    if network is None:
        known = known.with_columns(amount)
    else:
        loans = network.applications.select("application_id", "loan_amount")
        known = known.join(loans, on="application_id", how="left", maintain_order="left")
    paid = outcomes is not None and outcomes["event"].is_in(sorted(PAYMENTS)).any()
    return _Ground(
        known.select("application_id", pl.int_range(pl.len(), dtype=pl.Int64).alias("index")),
        known["ring_id"].to_numpy(),
        known["typology"].to_numpy().astype(np.str_),
        known["loan_amount"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        _times(known, scores),
        frozenset() if paid else NEED_PAYMENTS,
    )


def _times(known: pl.DataFrame, scores: pl.DataFrame) -> I64 | None:
    if "event_at" not in scores.columns:
        return None
    times = scores.select("application_id", "event_at")
    return known.select("application_id").join(times, on="application_id", maintain_order="left")["event_at"].to_numpy()


def _ours(ground: _Ground, scores: pl.DataFrame, members: pl.DataFrame, rings: pl.DataFrame) -> _Ranking:
    rows = ground.applications.join(scores, on="application_id", how="left", maintain_order="left")
    places = rings.select("ring_id", pl.col("rank").rank("ordinal").cast(pl.Int64).alias("place") - 1)
    held = members.join(places, on="ring_id").join(ground.applications, on="application_id")
    held = held.unique(["place", "index"])
    probability = rows["probability"].to_numpy() if "probability" in rows.columns else None
    score = -rows["rank"].to_numpy().astype(np.float64)
    return _Ranking(OURS, score, held["place"].to_numpy(), held["index"].to_numpy(), probability)


def _peer(ground: _Ground, name: str, result: PeerResult, network: Network) -> _Ranking:
    """A peer's groups in order of their mean score, the larger first among equals, then by first member."""
    said = network.applications.select("application_id").with_columns(
        pl.Series("score", result.score), pl.Series("ring", result.ring)
    )
    rows = ground.applications.join(said, on="application_id", how="left", maintain_order="left")
    if rows["score"].null_count():
        raise UsageError("the network lacks applications of the sweep", "read the links at the sweep's watermark")
    order = (
        said.with_row_index("at")
        .filter(pl.col("ring") >= 0)
        .group_by("ring")
        .agg(pl.col("score").mean(), pl.len(), pl.col("at").min())
        .sort("score", "len", "at", descending=[True, True, False])
        .select("ring", pl.int_range(pl.len(), dtype=pl.Int64).alias("place"))
    )
    held = rows.join(order, on="ring")
    return _Ranking(name, rows["score"].to_numpy(), held["place"].to_numpy(), held["index"].to_numpy())


def _overlap(ground: _Ground, ranking: _Ranking) -> Overlap:
    return Overlap.of(ground.ring, ranking.group, ranking.member)


def _method(ground: _Ground, ranking: _Ranking, seed: int) -> Method:
    overlap = _overlap(ground, ranking)
    return Method(
        ranking.name,
        PEERS[ranking.name].about if ranking.name in PEERS else "",
        _applicant_level(ground, ranking),
        RingLevel(
            len(overlap.size),
            ratio(int(overlap.usable().sum()), overlap.rings),
            ratio(int(overlap.matched().sum()), overlap.rings),
            overlap.precision(),
            overlap.purity(),
            overlap.fragments(),
        ),
        measures.ring_intervals(ranking.score, ground.ring, overlap, seed=seed),
        _typologies(ground, ranking, overlap),
        _innocents(ground, ranking),
        _calibration(ground, ranking),
    )


def _applicant_level(ground: _Ground, ranking: _Ranking) -> ApplicantLevel:
    score, fraud = ranking.score, ground.fraud
    top = top_share(score, measures.flagged(len(score)))
    money = np.where(fraud, np.nan_to_num(ground.exposure), 0.0)
    capacity = []
    for k in CAPACITIES:
        hits = float(top_share(score, k) @ fraud)
        capacity.append(Capacity(k, ratio(hits, min(k, len(score))), ratio(hits, int(fraud.sum()))))
    return ApplicantLevel(
        measures.roc_auc(score, fraud),
        measures.average_precision(score, fraud),
        ratio(float(top @ fraud), int(fraud.sum())),
        ratio(float(top @ money), float(money.sum())),
        tuple(capacity),
        _weekly(ground, ranking),
    )


def _weekly(ground: _Ground, ranking: _Ranking) -> tuple[measures.Weekly, ...]:
    if ground.event_at is None:
        return ()
    return tuple(measures.weekly(ranking.score, ground.fraud, ground.event_at, k) for k in CAPACITIES)


def _calibration(ground: _Ground, ranking: _Ranking) -> Calibration | None:
    if ranking.probability is None:
        return None
    said, fraud = ranking.probability, ground.fraud
    levels = measures.reliability(said, fraud)
    apart = float("nan")
    if ground.event_at is not None:
        last = measures.late(ground.event_at)
        apart = measures.calibration_error(said[last], fraud[last])
    by_level = sum(level.applications * abs(level.predicted - level.observed) for level in levels)
    return Calibration(measures.calibration_error(said, fraud), apart, ratio(by_level, len(said)), levels)


def _typologies(ground: _Ground, ranking: _Ranking, overlap: Overlap) -> tuple[Typology, ...]:
    top = top_share(ranking.score, measures.flagged(len(ranking.score)))
    kind_of_ring = np.full(int(ground.ring.max(initial=-1)) + 1, "", ground.kind.dtype)
    kind_of_ring[ground.ring[ground.fraud]] = ground.kind[ground.fraud]
    kind_sought, usable = kind_of_ring[overlap.number], overlap.usable()
    found = []
    for name in np.unique(ground.kind[ground.fraud]):
        held, sought = ground.fraud & (ground.kind == name), kind_sought == name
        found.append(
            Typology(
                str(name),
                int(held.sum()),
                int(sought.sum()),
                ratio(float(top @ held), int(held.sum())),
                ratio(int(usable[sought].sum()), int(sought.sum())),
                str(name) not in ground.unjudged,
            )
        )
    return tuple(found)


def _innocents(ground: _Ground, ranking: _Ranking) -> tuple[Innocent, ...]:
    flag = top_share(ranking.score, measures.flagged(len(ranking.score)))
    top = top_share(ranking.score, TOP)
    found = []
    for name in np.unique(ground.kind[~ground.fraud]):
        held = ~ground.fraud & (ground.kind == name)
        alarms = ratio(10_000 * float(flag @ held), int(held.sum()))
        found.append(Innocent(str(name), int(held.sum()), alarms, ratio(float(top @ held), min(TOP, len(top)))))
    return tuple(found)
