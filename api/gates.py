"""What a sweep must pass before readers see it."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import polars as pl

from api.batches import NOTHING
from detectors.artifact import Published
from detectors.policy import Policy
from detectors.score import recomputed, recomputed_together
from graph.errors import ArtifactError
from graph.schema import APPLICATION_SCHEMA, IDENTIFIER_SCHEMA, NETWORK_SCHEMA
from graph.store import Batch, Links

RECOMPUTED: Final = 1000
ALONE: Final = 100
BLOCK: Final = 300
"""Rows scored again at once: what they touch is laid out once for all of them, and held in memory."""
LEAST_SHARE: Final = 0.8
"""Of the last sweep's applications: a book that shrinks by more has lost something. Growth is no fault."""
SCORE_TOP: Final = 1000


@dataclass(frozen=True, slots=True)
class Passed:
    """What was checked."""

    applications: int
    recomputed: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the gates hold a sweep against: how many applications the book has, and a sample of them, each a batch of
    one. It is drawn before the sweep, which then need not keep all that the store told."""

    live: int
    alone: tuple[Batch, ...]
    together: tuple[Batch, ...]


def drawn(links: Links, *, seed: int, sample: int = RECOMPUTED) -> Drawn:
    """sample: how many scores shall be computed again, chosen by `seed`; ALONE of them one by one."""
    names = links.applications["application_id"].sort().to_list()
    # the sample needs no secrecy, only to differ from sweep to sweep and to be repeatable
    chosen = random.Random(seed).sample(names, min(sample, len(names)))  # noqa: S311
    return Drawn(len(names), tuple(singles(links, chosen[:ALONE])), tuple(singles(links, chosen[ALONE:])))


def check(published: Published, sample: Drawn, policy: Policy, *, before: int | None) -> Passed:
    """Raises ArtifactError that names the first gate which does not hold.

    before: applications of the last sweep.
    """
    _counts(published, sample.live, before)
    _numbers(published.scores)
    _bands(published.scores, policy)
    return Passed(published.scores.height, _recomputed(published, sample, policy))


def _held(gate: str) -> ArtifactError:
    return ArtifactError(f"the sweep is held: {gate}", remedy="the last published sweep keeps serving; report this")


def _counts(published: Published, live: int, before: int | None) -> None:
    scores = published.scores
    if scores.height != live or scores["application_id"].n_unique() != live:
        raise _held(f"{live} live applications, {scores.height} scores")
    if before is not None and live < before * LEAST_SHARE:
        raise _held(f"{live} applications, the last sweep had {before}")


def _numbers(scores: pl.DataFrame) -> None:
    bad = scores.filter(
        pl.any_horizontal(pl.col("score", "probability", "rank", "band").is_null())
        | ~pl.col("probability").is_finite()
        | ~pl.col("probability").is_between(0, 1)
        | ~pl.col("score").is_between(0, SCORE_TOP)
    ).height
    if bad:
        raise _held(f"{bad} scores are no numbers in range")
    if scores["rank"].n_unique() != scores.height:
        raise _held("ranks are not unique")


def _bands(scores: pl.DataFrame, policy: Policy) -> None:
    red = int((scores["band"] == "red").sum())
    if red > policy.red:
        raise _held(f"{red} applications are red, the team's capacity is {policy.red}")


def _recomputed(published: Published, sample: Drawn, policy: Policy) -> int:
    """Score the sample again by the online code; every one must give the sweep's own score.

    Some one by one, as the endpoint is asked; all the others by the same code, BLOCK of them at a time.
    """
    starts = range(0, len(sample.together), BLOCK)
    with ThreadPoolExecutor(1) as aside:
        blocks = aside.map(
            lambda start: recomputed_together(published, sample.together[start : start + BLOCK], policy), starts
        )
        found = {_id(batch): recomputed(published, batch, NOTHING, policy) for batch in sample.alone}
        for block in blocks:
            found |= block
    scores = published.scores.filter(pl.col("application_id").is_in(list(found)))
    asked = len(sample.alone) + len(sample.together)
    equal = sum(
        found[name] == (score, band)
        for name, score, band in scores.select("application_id", "score", "band").iter_rows()
    )
    if equal != asked:
        raise _held(f"{asked - equal} of {asked} scores differ when the online code computes them again")
    return asked


def _id(batch: Batch) -> str:
    return str(batch.applications.item(0, "application_id"))


def singles(links: Links, application_ids: list[str]) -> Iterator[Batch]:
    """Each of the given live applications as a batch of one, its identifiers as far as a network tells of them."""
    chosen = links.applications.filter(pl.col("application_id").is_in(application_ids))
    used = links.links.join(chosen.select("nid"), left_on="application", right_on="nid", how="semi")
    named = used.join(links.identifiers.drop("kind"), left_on="identifier", right_on="nid", how="inner")
    named = chosen.select(pl.col("nid").alias("application")).join(named, on="application", maintain_order="left")
    once = named.unique(["application", "kind", "token"], keep="first", maintain_order=True)
    once = once.with_columns(pl.lit(None, t).alias(n) for n, t in IDENTIFIER_SCHEMA.items() if n not in NETWORK_SCHEMA)
    uses = named.select("application", pl.lit(0, pl.UInt32).alias("row"), "kind", "role", "token", "mark")
    parts, texts = (_slices(frame) for frame in (uses, once.select("application", *IDENTIFIER_SCHEMA)))
    rows = chosen.select(APPLICATION_SCHEMA.keys())
    for number, nid in enumerate(chosen["nid"].to_list()):
        yield Batch(rows.slice(number, 1), texts.get(nid, NOTHING.identifiers), parts.get(nid, NOTHING.links))


def _slices(frame: pl.DataFrame) -> dict[int, pl.DataFrame]:
    """A frame by application, whose rows stand together; a slice costs a hundredth of a query."""
    counted = frame.group_by("application", maintain_order=True).len()
    ends = counted["len"].cum_sum().to_list()
    rows = frame.drop("application")
    return {
        nid: rows.slice(end - length, length)
        for nid, length, end in zip(counted["application"].to_list(), counted["len"].to_list(), ends, strict=True)
    }
