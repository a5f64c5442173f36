"""The use case of the sweep: freeze, detect, write aside, check, publish by one pointer, tidy."""

import resource
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import polars as pl

from api.cards import cards, write_cards
from api.gates import RECOMPUTED, Drawn, Passed, check, drawn
from api.wiring import House
from casework.sweeps import State, SweepRun
from detectors import publish
from detectors.artifact import Published
from detectors.model import Model
from detectors.sweep import Inputs, SweepResult, detect, laid_out
from graph.errors import RingsightError, StoreError, UsageError
from graph.memory import give_back
from graph.store import GraphStore, Links, RingCopy, RingShelf

DRAIN_SECONDS: Final = 30.0
KIB_PER_MIB: Final = 1024
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bounds:
    """as_of bounds submission, known_at what had been learned (microseconds); sample: scores computed again."""

    as_of: int | None = None
    known_at: int | None = None
    sample: int = RECOMPUTED


def sweep(house: House, store: GraphStore, bounds: Bounds, *, say: Say, model: Model | None = None) -> dict[str, Any]:
    """Sweep the book and publish; returns what the command reports. Any error leaves the last sweep in place.

    model: is asked for every score; without one they are unsupervised.

    Raises Conflict while another sweep lives, ArtifactError when a gate holds this one back.
    """
    started = time.perf_counter()
    drained = house.pending.drain(store, wait_seconds=DRAIN_SECONDS)
    watermark = house.accounts.watermark(bounds.known_at)
    held = house.sweeps.begin(watermark, bounds.as_of, bounds.known_at, house.policy.version)
    if held.took_over:
        say(f"{held.took_over} was killed; it is marked failed and this sweep starts from the beginning")
    try:
        with held.beating():
            copies, checked = _worked(house, store, held, watermark, bounds, model, say)
            summary = checked | _effort(started)
            held.publish(summary)
    except BaseException as problem:
        _fail(held, problem)
        raise
    _copy_rings(store, copies, say)
    _tidy(house)
    return {
        "sweep_id": held.sweep_id,
        **summary,
        "drained": drained,
        "took_over": held.took_over,
        "watermark": watermark,
    }


def _worked(
    house: House, store: GraphStore, held: SweepRun, watermark: int, bounds: Bounds, model: Model | None, say: Say
) -> tuple[list[RingCopy], dict[str, Any]]:
    held.step(State.SNAPSHOT)
    say("reading the book")
    with ThreadPoolExecutor(1) as aside:  # the driver of the store works outside the interpreter's lock
        facts = aside.submit(facts_of, house, watermark, bounds)
        links = store.links(as_of=bounds.as_of, known_at=watermark)
    if not links.applications.height:
        raise UsageError("there is nothing to sweep", remedy="run ringsight load first, or choose a later time")
    say("laying out the book")
    with ThreadPoolExecutor(1) as aside:
        shown = aside.submit(cards, links)
        sample = aside.submit(drawn, links, seed=held.fence, sample=bounds.sample)
        laid = laid_out(Inputs(links, **facts.result(), watermark=watermark, as_of=bounds.as_of))
    del links  # all that is asked of it is drawn
    give_back()
    previous = _previous(house)
    held.step(State.DETECT)
    ancestry = None if previous is None else previous.ancestry()
    folder = house.settings.sweeps_folder / held.sweep_id
    writer = publish.Writer(folder)
    result = detect(
        laid, house.policy, previous=ancestry, progress=say, now=house.clock(), model=model,
        surveyed=partial(writer.begin, laid),
    )  # fmt: skip
    held.step(State.SCORE)
    give_back()
    say("writing the sweep aside")
    summary = writer.finish(result, sweep_id=held.sweep_id)
    write_cards(folder, shown.result())
    copies = _copies(held.sweep_id, result)
    del laid, result  # the gates read what is written
    give_back()
    held.step(State.VALIDATE)
    say("checking the gates")
    bounded = bounds.as_of is not None or bounds.known_at is not None
    passed = _passed(folder, sample.result(), house, None if previous is None or bounded else previous.applications)
    return copies, {**summary, "recomputed": passed.recomputed}


def _passed(folder: Path, sample: Drawn, house: House, before: int | None) -> Passed:
    """Check the gates while the files are read again; what is not as it was written is said before all else."""
    with ThreadPoolExecutor(1) as aside:
        verified = aside.submit(Published.open, folder, verify=True)
        try:
            return check(Published.open(folder), sample, house.policy, before=before)
        finally:
            verified.result()


def inputs_of(house: House, links: Links, watermark: int, bounds: Bounds) -> Inputs:
    """A book, and what is known of it."""
    return Inputs(links, **facts_of(house, watermark, bounds), watermark=watermark, as_of=bounds.as_of)


def facts_of(house: House, watermark: int, bounds: Bounds) -> dict[str, pl.DataFrame]:
    """What is known: by number of arrival, or, when looking back, by the day it became known."""
    seq = watermark if bounds.known_at is None else None
    moment = house.clock() if bounds.known_at is None else bounds.known_at
    return {
        "outcomes": house.facts.outcomes(moment, seq=seq),
        "watchlist": house.facts.watchlist(moment, seq=seq),
        "employers": house.facts.employers(seq=seq),
    }


def _previous(house: House) -> Published | None:
    current = house.sweeps.current()
    return None if current is None else Published.open(house.settings.sweeps_folder / current.sweep_id, older=True)


def _effort(started: float) -> dict[str, Any]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    return {"seconds": round(time.perf_counter() - started, 2), "peak_mib": round(peak, 1)}


def _fail(held: SweepRun, problem: BaseException) -> None:
    """Give the lease back; the reason kept in the ledger is ours, never a value of a row."""
    reason = str(problem) if isinstance(problem, RingsightError) else type(problem).__name__
    try:
        held.fail(reason)
    except RingsightError:
        return  # the lease was lost or the ledger is away: the next sweep says what it did with this one


def _copies(sweep_id: str, result: SweepResult) -> list[RingCopy]:
    """Rings for people with the graph database's own browser."""
    members = dict(result.members.group_by("ring_id").agg("application_id").iter_rows())
    return [
        RingCopy(
            ring_id=row["ring_id"],
            score=row["score"],
            band=row["band"],
            typology=row["typology"],
            sweep_id=sweep_id,
            members=tuple(sorted(members[row["ring_id"]])),
        )
        for row in result.rings.iter_rows(named=True)
    ]


def _copy_rings(store: GraphStore, copies: list[RingCopy], say: Say) -> None:
    """Where the store has room for rings. The sweep is published, so a failure is told only."""
    if not hasattr(store, "publish_rings"):
        return
    try:
        cast(RingShelf, store).publish_rings(copies)
    except StoreError as problem:
        say(f"published, but the rings were not copied into the graph store: {problem}")


def _tidy(house: House) -> None:
    """Delete the files of failed sweeps and of those beyond the kept ones that no decision names."""
    for sweep_id in house.sweeps.expendable():
        shutil.rmtree(house.settings.sweeps_folder / sweep_id, ignore_errors=True)
