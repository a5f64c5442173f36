"""What a session has read from the API: fresh for half a minute, then kept in case the API goes down."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from graph.errors import StoreUnavailable

FRESH: Final = timedelta(seconds=30)
KEPT: Final = 40

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Read(Generic[Value]):
    """An answer, when it was read, and whether the API was down when it was asked for again."""

    value: Value
    at: datetime
    stale: bool = False


class Reader:
    """The answers of one session, so that nobody sees what another may read; the oldest of 40 is dropped."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._since = datetime.min.replace(tzinfo=clock().tzinfo)
        self._kept: OrderedDict[Hashable, Read[Any]] = OrderedDict()

    def read(self, key: Hashable, call: Callable[[], Value]) -> Read[Value]:
        """The answer of `call`, or the kept one while fresh; the kept one marked stale when the API is down.

        Raises what `call` raises, StoreUnavailable only when nothing was kept.
        """
        now = self._clock()
        kept = self._kept.get(key)
        if kept and now - kept.at < FRESH and kept.at > self._since:
            return kept
        try:
            fresh = Read(call(), now)
        except StoreUnavailable:
            if kept is None:
                raise
            return Read(kept.value, kept.at, stale=True)
        self._kept[key] = fresh
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return fresh

    def forget(self) -> None:
        """Ask the API again next time; what was read stays as the fall-back."""
        self._since = self._clock()
