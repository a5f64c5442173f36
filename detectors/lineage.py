"""Lineage: a ring keeps its id from sweep to sweep, and what happened to it has a name."""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from detectors.policy import Policy

ABSORBED: Final = 0.5
"""Share of an old ring's members from which a new ring is said to hold it."""


@dataclass(frozen=True, slots=True)
class Ancestry:
    """The rings of the last published sweep: ring_id, application_id, founded_at."""

    members: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Lineage:
    """ids, events, sources and founded_at by ring number; gone: old rings without a successor."""

    ids: list[str]
    events: list[str]
    sources: list[list[str]]
    founded_at: list[int]
    gone: pl.DataFrame


def ring_id(applications: list[str]) -> str:
    """A new ring's id: a digest of its founding application ids, the same in every home."""
    digest = hashlib.blake2b("\x1f".join(sorted(applications)).encode(), digest_size=5).hexdigest()
    return f"RG-{digest.upper()}"


def trace(members: pl.DataFrame, rings: int, previous: pl.DataFrame | None, now: int, policy: Policy) -> Lineage:
    """Match rings to those of the last sweep by largest overlap (optimal assignment, ties to the oldest id).

    members: ring, application_id. previous: ring_id, application_id, founded_at of the last sweep, or None.
    now: founded_at of new rings, microseconds.
    """
    founders = members.sort("ring", "application_id").group_by("ring", maintain_order=True).agg("application_id")
    ids = [ring_id(row) for row in founders["application_id"].to_list()]
    nothing = pl.DataFrame(schema={"ring_id": pl.String, "event": pl.String, "into": pl.String})
    if previous is None or previous.is_empty():
        return Lineage(ids, ["new"] * rings, [[] for _ in ids], [now] * rings, nothing)
    return _matched(members, ids, previous, now, policy)


def _matched(members: pl.DataFrame, ids: list[str], previous: pl.DataFrame, now: int, policy: Policy) -> Lineage:
    old = previous.group_by("ring_id").agg(pl.len().alias("size"), pl.col("founded_at").first())
    old = old.sort("founded_at", "ring_id").with_row_index("old")
    shared = (
        members.join(previous.select("ring_id", "application_id"), on="application_id")
        .join(old.select("ring_id", "old"), on="ring_id")
        .group_by("ring", "old")
        .agg(pl.len().alias("shared"))
        .sort("ring", "old")
    )
    sizes = np.bincount(members["ring"].to_numpy(), minlength=len(ids))
    old_size = old["size"].to_numpy().astype(np.int64)
    overlap = np.zeros((len(ids), old.height))
    ring, was, both = shared["ring"].to_numpy(), shared["old"].to_numpy().astype(np.int64), shared["shared"].to_numpy()
    overlap[ring, was] = both / (sizes[ring] + old_size[was] - both)
    from scipy.optimize import linear_sum_assignment  # here, because it takes a second that no reader needs

    older_first = overlap - np.arange(old.height) * 1e-9 * (overlap > 0)
    kept = {
        int(r): int(o)
        for r, o in zip(*linear_sum_assignment(older_first, maximize=True), strict=True)
        if overlap[r, o] >= policy.rings.same_overlap
    }
    holds = np.zeros_like(overlap)
    holds[ring, was] = both / old_size[was]
    return _named(ids, kept, holds, overlap, sizes, old, now, policy)


def _named(
    ids: list[str],
    kept: dict[int, int],
    holds: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    overlap: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    sizes: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    old: pl.DataFrame,
    now: int,
    policy: Policy,
) -> Lineage:
    old_ids, old_size = old["ring_id"].to_list(), old["size"].to_list()
    taken = {old_ids[o] for o in kept.values()}
    events, sources, founded, named = [], [], [], []
    for number, fresh in enumerate(ids):
        absorbed = np.flatnonzero(holds[number] >= ABSORBED).tolist()
        was = kept.get(number)
        if was is None:
            parents = [old_ids[o] for o in np.flatnonzero(overlap[number] > 0)]
            events.append("split" if parents else "new")
            sources.append(parents)
            founded.append(now)
            named.append(fresh if fresh not in taken else ring_id([fresh, str(now)]))
            continue
        merged = [old_ids[o] for o in absorbed if o != was]
        events.append(
            "merged" if merged else _change(int(sizes[number]), int(old_size[was]), policy.rings.event_growth)
        )
        sources.append([old_ids[was], *merged])
        founded.append(int(old["founded_at"][was]))
        named.append(old_ids[was])
    return Lineage(named, events, sources, founded, _gone(old_ids, taken, holds, named))


def _change(size: int, before: int, growth: float) -> str:
    if size > before * (1 + growth):
        return "grown"
    return "shrunk" if size < before * (1 - growth) else "same"


def _gone(
    old_ids: list[str], taken: set[str], holds: np.ndarray[tuple[int, ...], np.dtype[np.float64]], named: list[str]
) -> pl.DataFrame:
    rows = []
    for o, name in enumerate(old_ids):
        if name in taken:
            continue
        holders = np.flatnonzero(holds[:, o] >= ABSORBED)
        into = named[int(holders[0])] if len(holders) else None
        rows.append({"ring_id": name, "event": "merged" if into else "gone", "into": into})
    return pl.DataFrame(rows, schema={"ring_id": pl.String, "event": pl.String, "into": pl.String})
