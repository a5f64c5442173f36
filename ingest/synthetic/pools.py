"""Tables of made-up things (people, addresses, firms, cars) whose row number is the code that applications carry."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
"""The three column types of the generator; all of length n unless a docstring says otherwise."""


class Pool:
    """A growing table of integer columns; `add` returns the codes (row numbers) of the new rows."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._names = tuple(columns)
        self._blocks: dict[str, list[Ints]] = {name: [np.empty(0, np.int64)] for name in columns}
        self.size = 0

    def add(self, **columns: Ints) -> Ints:
        """Append rows; every column of the pool must be given with the same length."""
        count = len(columns[self._names[0]])
        for name in self._names:
            self._blocks[name].append(np.asarray(columns[name], np.int64))
        codes = np.arange(self.size, self.size + count, dtype=np.int64)
        self.size += count
        return codes

    def column(self, name: str) -> Ints:
        """The whole column, in order of code; writing into it changes the pool."""
        blocks = self._blocks[name]
        if len(blocks) > 1:
            self._blocks[name] = blocks = [np.concatenate(blocks)]
        return blocks[0]

    def get(self, name: str, codes: Ints) -> Ints:
        """Values of one column for some codes."""
        return np.asarray(self.column(name)[codes], np.int64)

    def clone(self, codes: Ints, **changes: Ints) -> Ints:
        """Copies of rows under new codes, with some columns changed."""
        return self.add(**{n: changes[n] if n in changes else self.get(n, codes) for n in self._names})


class Within:
    """Weighted choice inside groups (dealers of a city, officers of a dealer) by one sorted cumulative sum."""

    def __init__(self, group: Ints, weight: Floats, groups: int) -> None:
        self._order = np.lexsort((-weight, group))
        self._cum = np.concatenate([[0.0], np.cumsum(weight[self._order])])
        starts = np.searchsorted(group[self._order], np.arange(groups + 1))
        self._first, self._last = starts[:-1], starts[1:] - 1
        self._low, self._high = self._cum[starts[:-1]], self._cum[starts[1:]]

    def draw(self, u: Floats, group: Ints) -> Ints:
        """One member code for each (uniform number, group); groups must not be empty."""
        target = self._low[group] + u * (self._high[group] - self._low[group])
        slot = np.searchsorted(self._cum, target, side="right") - 1
        return np.asarray(self._order[np.clip(slot, self._first[group], self._last[group])], np.int64)


def choose(u: Floats, weight: Floats) -> Ints:
    """Index into `weight` for each uniform number, with probability in proportion to the weight."""
    cum = np.cumsum(weight)
    return np.asarray(np.minimum(np.searchsorted(cum, u * cum[-1], side="right"), len(weight) - 1), np.int64)


def zipf(count: int, exponent: float) -> Floats:
    """Weights 1/(rank + 2)^exponent: heavy, but without one giant at the top."""
    return np.asarray((np.arange(count) + 2.0) ** -exponent, np.float64)


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def hashed(codes: Ints, salt: int) -> Floats:
    """A uniform number in [0, 1) for each code: splitmix64, so that it depends on nothing but (code, salt)."""
    with np.errstate(over="ignore"):
        z = codes.astype(np.uint64) * _GOLDEN + np.uint64((salt * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) % 2**64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) / float(1 << 53)
