"""Why a ring is a ring: its members' signals, put together."""

from collections import defaultdict
from typing import Final

import numpy as np
import polars as pl

from detectors.artifact import Published
from detectors.policy import Policy
from detectors.score import explain
from detectors.signal import Evidence, Signal
from graph.book import DAY
from graph.errors import NotFound

READ: Final = 40
"""Members whose signals are read: the ones most tied to the ring."""
SHOWN: Final = 5


def ring_signals(published: Published, ring_id: str, policy: Policy) -> tuple[Signal, ...]:
    """The ring's signals, heaviest first: weights are means over members, evidence the values that most members share.

    Raises NotFound.
    """
    members = published.members.filter(pl.col("ring_id") == ring_id)
    if members.is_empty():
        raise NotFound(f"no ring {ring_id} in sweep {published.sweep_id}", "it may be gone or merged: see the history")
    chosen = members.sort("membership", "application_id", descending=[True, False])["application_id"][:READ].to_list()
    inside = set(members["application_id"].to_list())
    by_reason: dict[str, list[Signal]] = defaultdict(list)
    for name in chosen:
        for signal in explain(published, name, policy).signals:
            by_reason[signal.reason].append(signal)
    joined = [_joined(ring_id, reason, found, inside, len(chosen), published) for reason, found in by_reason.items()]
    return tuple(sorted(joined, key=lambda s: (-s.weight, s.reason)))


def _joined(
    ring_id: str, reason: str, found: list[Signal], inside: set[str], read: int, published: Published
) -> Signal:
    evidence = (*_figures(found), *_shared(found, inside))
    named = {s.subject for s in found} | {a for e in evidence for a in e.applications}
    return Signal(
        ring_id,
        reason,
        round(sum(s.strength for s in found) / len(found), 4),
        sum(s.weight for s in found) / read,
        max(len(named & inside) - 1, 1),
        _days(published, sorted(named & inside)),
        evidence,
    )


def _shared(found: list[Signal], inside: set[str]) -> tuple[Evidence, ...]:
    """Evidence by value, those that touch most members first; `applications` are the ring's members that use it."""
    users: dict[tuple[str, str, str | None], set[str]] = defaultdict(set)
    for signal in found:
        for item in signal.evidence:
            if item.token is not None:
                users[item.kind, item.label, item.token] |= {signal.subject, *(set(item.applications) & inside)}
    ordered = sorted(users.items(), key=lambda pair: (-len(pair[1]), pair[0][0], pair[0][1], sorted(pair[1])))
    return tuple(
        Evidence(kind, label, token, tuple(sorted(names))[:10], len(names))
        for (kind, label, token), names in ordered[:SHOWN]
    )


def _figures(found: list[Signal]) -> tuple[Evidence, ...]:
    """What the member with the strongest signal shows beside shared values: a figure, or other applications."""
    strongest = max(found, key=lambda s: (s.strength, s.subject))
    return tuple(item for item in strongest.evidence[:1] if item.token is None)


def _days(published: Published, names: list[str]) -> int:
    found = [i for i in (published.index_of(name) for name in names) if i is not None]
    if not found:
        return 0
    times = published.rows["event_at"][np.array(found)]
    return int((times.max() - times.min()) // DAY)
