"""Why a ring is a ring: its members' signals, put together, and the coarser values that join them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from detectors.artifact import Published
from detectors.attribution import OFFICER_APPRAISAL, OFFICER_REASONS
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
OF_BOOK: Final = frozenset(
    ["EMPLOYER_BURST", "BUILDING_BURST", "SHARED_WORK_PHONE", "KNOWN_FRAUD_LINK", *OFFICER_REASONS, OFFICER_APPRAISAL]
)
"""Reasons whose sentence is about the whole book ("more often than over the rest of it"): so are its numbers."""
OF_APPLICATIONS: Final = frozenset(["SAME_PERSON_MANY", "IDENTITY_CONFLICT"])
"""Reasons whose sentence counts applications, not people."""
NOTHING: Final = Evidence("", "")
Value = tuple[str, str, str]
"""Kind, label and token."""


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


@dataclass(frozen=True, slots=True)
class _Ring:
    """A ring while its members' signals are put together. person: of each member, as numbered inside the ring."""

    ring_id: str
    person: Mapping[str, int]
    published: Published

    def of(self, signal: Signal, item: Evidence) -> set[str]:
        """The members that a piece of a member's evidence names."""
        return {signal.subject, *(name for name in item.applications if name in self.person)}

    def company(self, reason: str, names: Iterable[str]) -> tuple[int, int]:
        """How many others one of those members has among them, and over how many days they stand."""
        known = list(names)
        counted = known if reason in OF_APPLICATIONS else {self.person[name] for name in known}
        places = np.array([i for i in map(self.published.index_of, known) if i is not None], np.int64)
        times = self.published.rows["event_at"][places] if len(places) else np.zeros(1, np.int64)
        return len(counted) - 1, int((times.max() - times.min()) // DAY)


def ring_signals(published: Published, ring_id: str, policy: Policy) -> tuple[Signal, ...]:
    """The ring's signals in the order of `telling`: weights are means over members, evidence what most members share.

    Raises NotFound.
    """
    members = published.members.filter(pl.col("ring_id") == ring_id)
    if members.is_empty():
        raise NotFound(f"no ring {ring_id} in sweep {published.sweep_id}", "it may be gone or merged: see the history")
    chosen = members.sort("membership", "application_id", descending=[True, False])["application_id"][:READ].to_list()
    person = dict(zip(members["application_id"].to_list(), members["applicant"].to_list(), strict=True))
    ring = _Ring(ring_id, person, published)
    by_reason: dict[str, list[Signal]] = defaultdict(list)
    for name in chosen:
        for signal in explain(published, name, policy).signals:
            by_reason[signal.reason].append(signal)
    return telling(_joined(ring, reason, found, len(chosen)) for reason, found in by_reason.items())


def _joined(ring: _Ring, reason: str, found: list[Signal], read: int) -> Signal:
    """One reason of several members: its numbers are of the value that the sentence names, in the ring or the book."""
    shared = _shared(ring, found)
    value = shared[0][0] if shared else None
    lead = max((s for s in found if _value(s) == value), key=lambda s: (s.strength, s.n, s.subject))
    named = shared[0][1] if shared else {a for s in found for e in s.evidence or (NOTHING,) for a in ring.of(s, e)}
    n, days = ring.company(reason, named)
    if n < 1 or reason in OF_BOOK:
        n, days = lead.n, lead.days
    values = (Evidence(*key, tuple(sorted(names))[:10], len(names)) for key, names in shared[:SHOWN])
    return Signal(
        ring.ring_id,
        reason,
        round(sum(s.strength for s in found) / len(found), 4),
        sum(s.weight for s in found) / read,
        n,
        days,
        (*(item for item in lead.evidence[:1] if item.token is None), *values),
    )


def _value(signal: Signal) -> Value | None:
    """The shared value that a member's signal speaks of first."""
    return next(((e.kind, e.label, e.token) for e in signal.evidence if e.token is not None), None)


def _shared(ring: _Ring, found: list[Signal]) -> list[tuple[Value, set[str]]]:
    """Shared values with the members that use them: those that a sentence speaks of first, then by most members."""
    users: dict[Value, set[str]] = defaultdict(set)
    for signal in found:
        for item in signal.evidence:
            if item.token is not None:
                users[item.kind, item.label, item.token] |= ring.of(signal, item)
    spoken = {_value(signal) for signal in found}
    return sorted(users.items(), key=lambda pair: (pair[0] not in spoken, -len(pair[1]), pair[0][:2], sorted(pair[1])))
