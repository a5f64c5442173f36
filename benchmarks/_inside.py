"""A home that the command line made, opened in this process: for figures that no command reports."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api.settings import read_settings
from api.sweeping import Bounds, inputs_of
from api.wiring import House, open_house
from detectors.measures import flagged
from detectors.policy import Policy
from detectors.sweep import Inputs
from graph.store import GraphStore, Links

I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Inside:
    """An open home."""

    house: House
    store: GraphStore

    @property
    def policy(self) -> Policy:
        """The home's policy."""
        return self.house.policy

    def links(self) -> Links:
        """The whole book."""
        return self.store.links(known_at=self.house.accounts.watermark(None))

    def inputs(self, moment: int | None = None) -> Inputs:
        """What a sweep reads, now or as of a moment (microseconds): no later application, nothing learnt later."""
        watermark = self.house.accounts.watermark(None)
        links = self.store.links(as_of=moment, known_at=watermark)
        return inputs_of(self.house, links, watermark, Bounds(as_of=moment, known_at=moment))


@contextmanager
def inside(home: Path) -> Iterator[Inside]:
    """Open a home. Raises SettingsError where there is none."""
    house = open_house(read_settings(home=home))
    with closing(house), closing(house.open_store()) as store:
        yield Inside(house, store)


def top(raw: I64) -> Bool:
    """[A] the 2 % that a sweep ranks highest, in its order: equal scores by application id."""
    chosen = np.zeros(len(raw), bool)
    chosen[best(raw, flagged(len(raw)))] = True
    return chosen


def best(raw: I64, k: int) -> I64:
    """[k] rows in a sweep's order, highest first."""
    order: I64 = np.argsort(-raw, kind="stable")[:k]
    return order
