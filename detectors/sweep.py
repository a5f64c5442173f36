"""One sweep over the whole book as pure functions: columns in, scores and rings out, nothing written."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from detectors import fuse, lineage, outlier, rings
from detectors.bonds import of_pairs
from detectors.columns import (
    Norms,
    Registry,
    application_columns,
    confirmed,
    defaulted,
    norms,
    registry,
    settled,
    with_values,
)
from detectors.groups import Scored
from detectors.model import NO_FOLD, Model
from detectors.policy import Policy
from detectors.survey import Survey, blind_parts, outcome_columns, survey
from detectors.words import direct
from graph import communities, hierarchy
from graph.book import Book, lay_out, link_table, token_number
from graph.memory import give_back
from graph.network import Network, network
from graph.persons import resolve
from graph.store import Links

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
F64 = NDArray[np.float64]

UNSUPERVISED: Final = "unsupervised-1"
"""Model version of a sweep without a model."""
ASKED: Final = 4_000
"""Rows that the model is asked for at once: it wants them as floats, of which the whole book would be half a GiB, and
these stay close at hand."""
SIDE_BY_SIDE: Final = 2
REASONS: Final = 5


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a sweep reads, frozen at the watermark; outcomes and watchlist as in ingest's and casework's facts."""

    links: Links
    outcomes: pl.DataFrame
    watchlist: pl.DataFrame
    employers: pl.DataFrame
    watermark: int
    as_of: int | None = None


@dataclass(frozen=True, slots=True)
class SweepResult:
    """Everything that a sweep publishes. fold: [A] of the model; overlap: [A] see rings.Proposals; scores, rings,
    members: see detectors.publish.
    """

    network: Network
    book: Book
    norms: Norms
    seen: Survey
    model: Model | None
    fold: I64
    calibration: fuse.Calibration
    raw: I64
    overlap: I64
    outlier: F64
    watched: I64
    registry: Registry
    scores: pl.DataFrame
    rings: pl.DataFrame
    members: pl.DataFrame
    gone: pl.DataFrame
    watermark: int
    as_of: int | None
    policy: Policy


@dataclass(frozen=True, slots=True)
class Laid:
    """A book laid out for a sweep; what it was read from is needed no more. opinion: the second one, under way."""

    network: Network
    book: Book
    watched: I64
    registry: Registry
    opinion: Future[F64]
    watermark: int
    as_of: int | None


def laid_out(inputs: Inputs) -> Laid:
    """Lay out the book, and ask for the second opinion beside that: it rests on nothing that follows."""
    columns = outlier.own_columns(inputs.links.applications.sort("application_id"))
    aside = ThreadPoolExecutor(1)
    opinion = aside.submit(outlier.second_opinion, columns, seed=0)
    aside.submit(communities.ready)
    aside.submit(hierarchy.ready)
    aside.shutdown(wait=False)
    net, book, watched = read_book(inputs)
    return Laid(net, book, watched, registry(inputs.employers), opinion, inputs.watermark, inputs.as_of)


def run(
    inputs: Inputs,
    policy: Policy,
    *,
    previous: lineage.Ancestry | None,
    progress: Callable[[str], None],
    now: int,
    model: Model | None = None,
) -> SweepResult:
    """Lay out and sweep; see `detect`."""
    progress("laying out the book")
    return detect(laid_out(inputs), policy, previous=previous, progress=progress, now=now, model=model)


def detect(
    laid: Laid,
    policy: Policy,
    *,
    previous: lineage.Ancestry | None,
    progress: Callable[[str], None],
    now: int,
    model: Model | None = None,
    surveyed: Callable[[Survey], None] | None = None,
) -> SweepResult:
    """Sweep the book. now: microseconds, becomes founded_at of new rings. model: of the same policy (Model.suits).

    surveyed: told of the survey before any ring is drawn, which leaves a core with little to do.
    """
    net, book = laid.network, laid.book
    measured = norms(dict(book.columns))
    progress("features, smoothing and communities")
    with ThreadPoolExecutor(1) as aside:
        folds = aside.submit(_folds, net, model)
        seen = survey(book, policy, measured, learns=model is not None)
        fold = folds.result()
    raw = seen.raw
    give_back()
    if model is not None:
        progress("asking the model")
        margin = learnt(book, seen, model, fold)
        raw = model.mixed(seen.raw, margin, policy)
        seen = replace(seen, wide=None)  # the largest table of all, and asked for no more
    if surveyed is not None:
        surveyed(seen)
    progress("rings and bands")
    drawn_from = proposals(book, seen, raw, model, measured, policy)
    if model is not None:
        raw = model.scored(seen.raw, margin, drawn_from.overlap, policy)
    by_reason = fuse.by_reason(seen.contribution, policy)
    eligible = fuse.red_eligible(by_reason, policy)
    unsupervised = None if model is None else seen.raw
    calibration = fuse.calibrate(raw, eligible, policy, unsupervised=unsupervised, lifted=True)
    scored = _scored(book, net, raw, seen.raw, eligible, calibration)
    known = Scored(raw, scored["probability"].to_numpy(), seen.raw)
    found = rings.find(book, drawn_from, known, policy, learnt=model is not None)
    drawn = _Drawn(found, rings.describe(book, found, scored, by_reason, fuse.reason_codes(policy), policy))
    progress("lineage")
    rings_frame, members, gone = _traced(net, book, drawn, previous, now, policy, calibration)
    scores = _score_frame(net, scored, by_reason, members, policy)
    return SweepResult(
        net, book, measured, seen, model, fold, calibration, raw, drawn_from.overlap,
        laid.opinion.result(), laid.watched, laid.registry,
        scores, rings_frame, members, gone, laid.watermark, laid.as_of, policy,
    )  # fmt: skip


def _folds(net: Network, model: Model | None) -> I64:
    """[A] the fold of the model that has not seen each application; the model then is ready to be asked."""
    if model is None:
        return np.full(net.applications.height, NO_FOLD)
    model.ready()
    return model.folds_of(net.applications["application_id"].to_list())


def learnt(book: Book, seen: Survey, model: Model, fold: I64) -> I64:
    """[A] the model's log odds in thousandths, each application by the booster that has not seen it."""
    with ThreadPoolExecutor(1) as aside:
        others = aside.submit(outcome_columns, book, seen) if model.taught else None
        blind = blind_parts(book, seen)
    outcome = () if others is None else (others.result(),)
    order = np.argsort(fold, kind="stable")  # rows of one fold go through the same boosters, all together

    def asked(begin: int) -> I64:
        rows = order[begin : begin + ASKED]
        return model.margin_of(_floats(blind, rows), _floats(outcome, rows), fold[rows])

    found = np.zeros(book.applications, np.int64)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:  # the booster works outside the interpreter's lock
        for begin, margin in enumerate(pool.map(asked, range(0, book.applications, ASKED))):
            found[order[begin * ASKED : (begin + 1) * ASKED]] = margin
    return found


def _floats(parts: tuple[NDArray[np.integer[Any]], ...], rows: I64) -> F64:
    """[R, columns] some rows of columns that stand side by side, as the booster wants them."""
    return np.concatenate([np.zeros((len(rows), 0)), *(part[rows] for part in parts)], axis=1, dtype=np.float64)


def read_book(inputs: Inputs) -> tuple[Network, Book, I64]:
    """Canonical network, its layout with persons, outcomes and watch-list hits, and the watched token numbers."""
    net = network(inputs.links)
    person = resolve(net)
    links = link_table(net, person)
    watched = np.unique(token_number(inputs.watchlist["token"])) if inputs.watchlist.height else np.zeros(0, np.int64)
    columns = with_values(application_columns(net.applications), links, watched)
    columns["person"] = person
    columns["confirmed"] = confirmed(net, inputs.outcomes)
    columns["defaulted"] = defaulted(net, inputs.outcomes)
    columns |= registry(inputs.employers).columns(columns["employer_core"].astype(np.int64))
    book = lay_out(columns, links)
    return net, settled(book), watched


def _scored(
    book: Book, net: Network, raw: I64, unsupervised: I64, eligible: NDArray[np.bool_], calibration: fuse.Calibration
) -> pl.DataFrame:
    """[A] score columns; rank 1 is the greatest raw score, equal ones by application_id."""
    rank = np.empty(len(raw), np.int64)
    rank[np.argsort(-raw, kind="stable")] = np.arange(1, len(raw) + 1)
    return pl.DataFrame(
        {
            "application_id": net.applications["application_id"],
            "score": fuse.score(raw, calibration).astype(np.int32),
            "probability": fuse.probability(raw, calibration),
            "rank": rank,
            "band": fuse.bands(raw, unsupervised, eligible, calibration).tolist(),
            "raw": raw,
            "event_at": book.columns["event_at"],
            "person": book.columns["person"],
        },
        schema_overrides={"band": pl.String},
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    found: rings.Found
    table: pl.DataFrame


def proposals(
    book: Book, seen: Survey, raw: I64, model: Model | None, measured: Norms, policy: Policy
) -> rings.Proposals:
    """raw: [A] before anything is known of rings."""
    everyone = np.ones(len(raw), bool)  # who may be red moves no probability
    first = fuse.calibrate(raw, everyone, policy, unsupervised=None if model is None else seen.raw)
    known, cell = Scored(raw, fuse.probability(raw, first), seen.raw), seen.feature("officer_employer", policy)
    judge = None if model is None else model.judge
    return rings.propose(book, known, of_pairs(seen.pairs), cell, measured, policy, judge=judge)


def _traced(
    net: Network,
    book: Book,
    drawn: _Drawn,
    previous: lineage.Ancestry | None,
    now: int,
    policy: Policy,
    calibration: fuse.Calibration,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Rings with ids and rank, members by ring, and what became of the old rings that are no more."""
    rows = np.flatnonzero(drawn.found.label >= 0)
    members = pl.DataFrame(
        {
            "ring": drawn.found.label[rows],
            "application_id": net.applications["application_id"].gather(rows),
            "tie": drawn.found.tie[rows],
            "core": drawn.found.core[rows],
            "person": book.columns["person"][rows],
        }
    )
    line = lineage.trace(members, drawn.table.height, previous.members if previous else None, now, policy)
    raw, middle = drawn.table["raw"].to_numpy(), drawn.table["middle"].to_numpy()
    nothing = np.zeros(len(raw), np.int64)  # the places kept for the score without a model are for applications
    table = (
        drawn.table.drop("middle")
        .with_columns(
            pl.Series("ring_id", line.ids, dtype=pl.String),
            pl.Series("event", line.events, dtype=pl.String),
            pl.Series("sources", line.sources, dtype=pl.List(pl.String)),
            pl.Series("founded_at", line.founded_at, dtype=pl.Int64),
            pl.Series("score", fuse.score(raw, calibration).astype(np.int32)),
            pl.Series("probability", fuse.probability(raw, calibration)),
            pl.Series("band", fuse.bands(middle, nothing, nothing == 0, calibration).tolist(), dtype=pl.String),
        )
        .sort(["expected_loss", "raw", "ring_id"], descending=[True, True, False])
    )
    ids = table.select("ring", "ring_id")
    ranked = table.with_row_index("rank", offset=1).with_columns(pl.col("rank").cast(pl.Int64))
    return ranked.drop("ring"), _member_frame(members.join(ids, on="ring"), policy), line.gone


def _member_frame(members: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """ring_id, application_id, membership (tie to the ring, 1 = its strongest member's), core, applicant."""
    return (
        members.with_columns(
            (pl.col("tie") / pl.max_horizontal(pl.col("tie").max().over("ring_id"), pl.lit(1)))
            .round(6)
            .alias("membership"),
            pl.col("person").rank("dense").over("ring_id").cast(pl.Int32).alias("applicant"),
        )
        .select("ring_id", "application_id", "membership", "core", "applicant")
        .sort("ring_id", "application_id")
    )


def _score_frame(
    net: Network, scored: pl.DataFrame, by_reason: I64, members: pl.DataFrame, policy: Policy
) -> pl.DataFrame:
    """The published scores, by application_id, each with its strongest reason codes, mere nearness behind."""
    codes = fuse.reason_codes(policy)
    order = np.argsort(-by_reason, axis=1, kind="stable")[:, :REASONS]
    near = np.array([not direct(code) for code in codes])
    order = np.take_along_axis(order, np.argsort(near[order], axis=1, kind="stable"), axis=1)
    shown = np.take_along_axis(by_reason, order, axis=1) > 0
    names = pl.Series(codes, dtype=pl.String).gather(order[shown])
    ends = np.append(0, np.cumsum(shown.sum(axis=1)))
    lists = pa.LargeListArray.from_arrays(pa.array(ends), names.to_arrow())
    return (
        scored.drop("raw")
        .with_columns(pl.Series("reasons", lists, dtype=pl.List(pl.String)))
        .join(members.select("application_id", "ring_id"), on="application_id", how="left", maintain_order="left")
    )
