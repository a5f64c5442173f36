"""Why a ring is a ring: its members' signals, put together, and the coarser values that join them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from detectors.artifact import Published
from detectors.evidence import telling
from detectors.policy import Policy
from detectors.score import explain
from detectors.signal import Evidence, Signal
from graph.book import DAY, ROLES_PER_VALUE, expand
from graph.errors import NotFound
from graph.network import DERIVED_KIND, VALUE_NAMES
from graph.schema import ROLE_OF_CODE

READ: Final = 40
"""Members whose signals are read: the ones most tied to the ring."""
SHOWN: Final = 5
COARSE: Final = np.array(sorted(DERIVED_KIND.values()))
"""Kind codes of values made from identifiers: runs of phone numbers, buildings, cores of employers' names."""


@dataclass(frozen=True, slots=True)
class CoarseValue:
    """A coarser value and which of some applications use it: (application_id, role), each once.

    degree: applications of the whole book that use it.
    """

    kind: str
    token: str
    label: str
    degree: int
    uses: tuple[tuple[str, str], ...]


def coarse_values(published: Published, application_ids: Sequence[str]) -> tuple[CoarseValue, ...]:
    """The coarser values that at least two of the applications use; ids that the sweep has not seen are left out."""
    known = np.array([i for i in map(published.index_of, application_ids) if i is not None], np.int64)
    ends = np.append(published.rows["link_start"], len(published.links["slot"]))
    link, owner = expand(ends[known], ends[known + 1])
    key = published.slots["key"][published.links["slot"][link]]
    value, role = key // ROLES_PER_VALUE, key % ROLES_PER_VALUE
    coarse = np.isin(published.values["kind"][value], COARSE)
    uses: dict[int, dict[tuple[int, int], None]] = defaultdict(dict)
    for one, application, capacity in zip(
        value[coarse].tolist(), owner[coarse].tolist(), role[coarse].tolist(), strict=True
    ):
        uses[one][int(known[application]), capacity] = None
    shared = [one for one, found in uses.items() if len({application for application, _ in found}) > 1]
    return tuple(_coarse(published, one, sorted(uses[one])) for one in sorted(shared))


def _coarse(published: Published, value: int, uses: list[tuple[int, int]]) -> CoarseValue:
    token, label = published.value_texts
    names = published.application_ids
    return CoarseValue(
        VALUE_NAMES[int(published.values["kind"][value])],
        str(token[value].as_py()),
        str(label[value].as_py() or ""),
        _degree(published, value),
        tuple((str(names[application].as_py()), ROLE_OF_CODE[role].name) for application, role in uses),
    )


def _degree(published: Published, value: int) -> int:
    """Applications that use a value in any role: its slots, and with them their members, lie side by side."""
    slots = published.slots
    first, end = np.searchsorted(slots["key"], [value * ROLES_PER_VALUE, (value + 1) * ROLES_PER_VALUE])
    begin, stop = slots["start"][first], slots["start"][end - 1] + slots["total"][end - 1]
    return len(np.unique(published.members_of_slots["member"][begin:stop]))


def ring_signals(published: Published, ring_id: str, policy: Policy) -> tuple[Signal, ...]:
    """The ring's signals in the order of `telling`: weights are means over members, evidence what most members share.

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
    return telling(joined)


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
