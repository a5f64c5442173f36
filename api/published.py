"""The sweep that readers see: the ledger's pointer is looked at per request, the artifact is opened once a sweep."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import polars as pl

from api.cards import Cards
from detectors.artifact import MANIFEST, Published
from detectors.policy import Policy
from detectors.ringview import ring_signals
from detectors.score import explain
from detectors.signal import Signal


class Pointer(Protocol):
    """The published row of the ledger, as far as readers need it."""

    @property
    def sweep_id(self) -> str:
        """Name of the sweep and of its folder."""
        ...

    @property
    def published_at(self) -> int | None:
        """Microseconds UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Current:
    """One whole sweep. A request takes it once and keeps it to its end, whatever is published meanwhile."""

    sweep_id: str
    published_at: int
    published: Published
    cards: Cards
    digest: str  # SHA-256 of the manifest, which holds those of all files
    ring_signals: Callable[[str], tuple[Signal, ...]]  # computed once a ring
    headline: Callable[[str], Signal | None]  # of a ring: the most telling reason of its closest member


class Shelf:
    """Opens published sweeps; keeps the last one open."""

    def __init__(self, folder: Path, pointer: Callable[[], Pointer | None], policy: Policy) -> None:
        self._folder = folder
        self._pointer = pointer
        self._policy = policy
        self._lock = threading.Lock()
        self._current: Current | None = None

    def current(self) -> Current | None:
        """The published sweep, None before the first. Raises ArtifactError when its files are broken."""
        row = self._pointer()
        if row is None:
            return None
        held = self._current
        if held is not None and held.sweep_id == row.sweep_id:
            return held
        with self._lock:
            if self._current is None or self._current.sweep_id != row.sweep_id:
                self._current = self._open(row)
            return self._current

    def _open(self, row: Pointer) -> Current:
        folder = self._folder / row.sweep_id
        published = Published.open(folder)

        @cache
        def signals(ring_id: str) -> tuple[Signal, ...]:
            return ring_signals(published, ring_id, self._policy)

        @cache
        def headline(ring_id: str) -> Signal | None:
            return _headline(published, ring_id, self._policy)

        digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
        return Current(row.sweep_id, row.published_at or 0, published, Cards.open(folder), digest, signals, headline)


def _headline(published: Published, ring_id: str, policy: Policy) -> Signal | None:
    """One member tells a queue's row what forty tell the ring's page, for a fortieth of the work."""
    members = published.members.filter(pl.col("ring_id") == ring_id)
    closest = members.sort(["membership", "application_id"], descending=[True, False])["application_id"][0]
    found = explain(published, closest, policy).signals
    return found[0] if found else None
