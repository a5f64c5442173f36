"""The use case of the score endpoint: one payload in, one durable decision out, by the highest rung that stands."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol, cast

import orjson
import polars as pl
import structlog

from api.batches import merge
from api.door import StoreDoor
from api.language import Language
from api.payload import as_problem, flat, refuse_nul
from api.published import Current, Shelf
from api.rings import ring_ref
from api.schemas import Band, ScoreAnswer, ScoreRequest
from api.times import iso
from api.wording import checks, consumer_reasons, reasons
from casework.clock import Clock, Ids
from casework.decisions import Decision, Decisions, Idempotency
from casework.pending import PendingLinks
from detectors.policy import Policy
from detectors.score import Assessment, assess, tokens_of
from detectors.signal import Evidence, Signal
from graph.errors import ArtifactError, StoreError, UsageError
from graph.schema import KIND_OF_CODE
from graph.store import Batch
from ingest.ports import TokenKeys
from ingest.prepare import Prepared, prepare
from ingest.source import SourceContext

Mode = Literal["full", "sweep_only", "rules_only"]
RESERVE_SECONDS: Final = 0.030
"""Part of the deadline kept for arithmetic and the durable write; the store gets what is left."""
NO_MODEL: Final = "none"
WATCHLIST_REASON: Final = "WATCHLIST_HIT"
log = structlog.get_logger()


class Watchlist(Protocol):
    """Entries in force, as casework.facts.LedgerFacts gives them."""

    def watchlist(self, at: int | None = None) -> pl.DataFrame:
        """Columns kind, token, reason and more; `at` in microseconds."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One score request: whose, in which language, with which key against repeats, due when (monotonic seconds)."""

    request: ScoreRequest
    body: bytes
    client_id: str
    idempotency_key: str | None
    language: Language
    due: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found, and on which rung of the ladder."""

    mode: Mode
    current: Current | None
    assessment: Assessment | None
    signals: tuple[Signal, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scorer:
    """Prepares, looks around, assesses, stores. Every part is given, so that tests can bring their own."""

    keys: TokenKeys
    source: SourceContext
    policy: Policy
    shelf: Shelf
    door: StoreDoor
    pending: PendingLinks
    facts: Watchlist
    decisions: Decisions
    clock: Clock
    ids: Ids
    monotonic: Callable[[], float] = time.monotonic

    def score(self, asked: Asked) -> tuple[bytes, str]:
        """The answer as stored, and its mode. When it raises (ProblemError, graph.errors), nothing was stored."""
        if asked.request.options.policy not in (None, self.policy.version):
            raise UsageError("this policy is not in force", remedy=f"leave it out or name {self.policy.version}")
        once = _idempotency(asked)
        earlier = None if once is None else self.decisions.recall(once)
        if earlier is not None:
            return earlier.answer, "repeat"
        prepared = self._prepared(asked.request)
        judged = self._judged(prepared, asked.due)
        answer = self._answer(asked, prepared, judged)
        stored = self.decisions.store(self._decision(asked, once, prepared, judged, answer))
        return stored.answer, "repeat" if stored.repeated else judged.mode

    def _prepared(self, request: ScoreRequest) -> Prepared:
        row = flat(request)
        refuse_nul(row)
        given = {name: value for name, value in row.items() if value is not None}
        raw = pl.DataFrame([pl.Series(name, [value], dtype=pl.String) for name, value in given.items()])
        prepared = prepare(raw, self.source, self.keys, first_seq=0)
        if prepared.refused.height:
            _, code, detail = prepared.refused.row(0)
            raise as_problem(code, detail)
        return prepared

    def _judged(self, prepared: Prepared, due: float) -> Judged:
        """Go down the ladder until a rung holds. Raises StoreError when even the ledger does not answer."""
        missing = tuple(f"{field}:{code}" for _, field, code in prepared.problems.iter_rows())
        try:
            current = self.shelf.current()
        except ArtifactError as problem:
            log.error("artifact_broken", error=type(problem).__name__)
            current = None
        if current is None:
            return Judged("rules_only", None, None, self._watched(prepared.batch), (*missing, "sweep"))
        around, mode = self._around(prepared.batch, current, due)
        try:
            found = assess(current.published, prepared.batch, around, self.policy)
        except ArtifactError as problem:
            log.error("artifact_broken", error=type(problem).__name__)
            return Judged("rules_only", None, None, self._watched(prepared.batch), (*missing, "sweep"))
        gone = () if mode == "full" else ("store",)
        return Judged(mode, current, found, found.signals, (*missing, *found.missing, *gone))

    def _around(self, batch: Batch, current: Current, due: float) -> tuple[Batch, Mode]:
        """Applications newer than the sweep that share a value; pending ones are read first, so that none is missed."""
        tokens = tokens_of(batch)
        own = str(batch.applications["application_id"][0])
        waiting = self.pending.users(tokens)
        after = current.published.watermark
        try:
            seconds = due - self.monotonic() - RESERVE_SECONDS
            recent = self.door.ask(lambda store: store.recent(tokens, after=after), seconds=seconds)
        except StoreError as problem:
            log.warning("store_passed_over", error=type(problem).__name__)
            return merge([waiting], without=own), "sweep_only"
        return merge([recent, waiting], without=own), "full"

    def _watched(self, batch: Batch) -> tuple[Signal, ...]:
        """Exact watch-list hits, all that can be said without a sweep."""
        entries = self.facts.watchlist(self.clock())
        kinds = {code: kind.name for code, kind in KIND_OF_CODE.items()}
        mine = batch.identifiers.with_columns(pl.col("kind").replace_strict(kinds, return_dtype=pl.String))
        hits = mine.join(entries.select("kind", "token").unique(), on=["kind", "token"], how="semi")
        if not hits.height:
            return ()
        rows = hits.sort("kind", "label", "token").iter_rows(named=True)
        evidence = tuple(Evidence(kind=row["kind"], label=row["label"] or "", token=row["token"]) for row in rows)
        own = str(batch.applications["application_id"][0])
        return (Signal(own, WATCHLIST_REASON, strength=1.0, weight=1.0, n=hits.height, evidence=evidence),)

    def _answer(self, asked: Asked, prepared: Prepared, judged: Judged) -> ScoreAnswer:
        found, current = judged.assessment, judged.current
        explained = judged.signals if asked.request.options.explain else ()
        now = self.clock()
        return ScoreAnswer(
            score_id=self.ids("score"),
            application_id=str(prepared.batch.applications["application_id"][0]),
            score=None if found is None else found.score,
            band="not_scored" if found is None else cast(Band, found.band),
            probability=None if found is None else found.probability,
            suggested_checks=checks(explained, asked.language),
            reasons=reasons(explained, asked.language),
            consumer_reasons=consumer_reasons(explained, asked.language),
            ring=None if found is None or current is None else ring_ref(current, found.ring_id),
            mode=judged.mode,
            missing=list(judged.missing),
            as_of=iso(now),
            sweep_id=None if current is None else current.sweep_id,
            policy_version=self.policy.version,
            model_version=NO_MODEL if current is None else current.published.model_version,
            calibration=NO_MODEL if current is None else current.published.calibration.kind,
        )

    def _decision(
        self, asked: Asked, once: Idempotency | None, prepared: Prepared, judged: Judged, answer: ScoreAnswer
    ) -> Decision:
        kept = asked.request.options.ingest
        return Decision(
            score_id=answer.score_id,
            application_id=answer.application_id,
            client_id=asked.client_id,
            answer=orjson.dumps(answer.model_dump(mode="json")),
            payload=asked.body,
            features=b"" if judged.assessment is None else judged.assessment.features,
            policy_digest=self.policy.digest,
            model_digest="",
            sweep_digest="" if judged.current is None else judged.current.digest,
            sweep_id=answer.sweep_id,
            batch=prepared.batch if kept else None,
            clear=prepared.vault if kept else None,
            idempotency=once,
        )


def _idempotency(asked: Asked) -> Idempotency | None:
    if asked.idempotency_key is None:
        return None
    return Idempotency(asked.client_id, asked.idempotency_key, hashlib.sha256(asked.body).digest())
