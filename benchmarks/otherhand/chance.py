"""The dice that a book is thrown with: one seeded generator, and weighted choices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


def shares(weights: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """[n] cumulative shares of the weights, ending at 1."""
    total = np.cumsum(np.asarray(weights, float))
    return np.asarray(total / total[-1])


@dataclass(frozen=True, slots=True)
class Weighted(Generic[T]):
    """Things that are not equally frequent: items and their cumulative shares."""

    items: tuple[T, ...]
    reach: NDArray[np.float64]

    @classmethod
    def of(cls, items: Sequence[T], weights: Sequence[float]) -> "Weighted[T]":
        """Items by their weights, one each."""
        return cls(tuple(items), shares(weights))

    @classmethod
    def ranked(cls, items: Sequence[T], offset: float = 1.0, power: float = 1.0) -> "Weighted[T]":
        """Items in order of frequency, by Zipf's law."""
        return cls(tuple(items), shares(1 / (np.arange(len(items)) + offset) ** power))


class Dice:
    """Every random choice of a book, in one order."""

    def __init__(self, *seeds: int) -> None:
        self.rng = np.random.default_rng(seeds)

    def yes(self, chance: float) -> bool:
        """True with that chance."""
        return bool(self.rng.random() < chance)

    def below(self, low: int, high: int) -> int:
        """A whole number from low to high - 1."""
        return int(self.rng.integers(low, high))

    def pick(self, items: Sequence[T]) -> T:
        """One of them, all alike."""
        return items[int(self.rng.integers(len(items)))]

    def draw(self, among: Weighted[T]) -> T:
        """One of them by weight."""
        at = int(np.searchsorted(among.reach, self.rng.random()))
        return among.items[min(at, len(among.items) - 1)]

    def maybe(self, thing: T, chance: float) -> T | None:
        """The thing with that chance, otherwise None."""
        return thing if self.yes(chance) else None

    def digits(self, count: int) -> str:
        """That many random digits."""
        return "".join(str(digit) for digit in self.rng.integers(0, 10, count))
