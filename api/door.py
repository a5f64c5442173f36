"""The way to the graph store for requests: connects late, waits no longer than told, and rests after failures."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from graph.errors import StoreError, StoreUnavailable
from graph.store import GraphStore

T = TypeVar("T")
FAILURES: Final = 3
"""Failures in a row after which the store is left alone for a while."""
REST_SECONDS: Final = 1.0
WAITERS: Final = 8
Seconds = Callable[[], float]


class Breaker:
    """Open after FAILURES in a row; after REST_SECONDS one caller may try again."""

    def __init__(self, clock: Seconds = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rest_until = 0.0

    def allows(self) -> bool:
        """Whether to ask now. While resting, the first caller after the rest is let through alone."""
        with self._lock:
            if self._failures < FAILURES:
                return True
            if self._clock() < self._rest_until:
                return False
            self._rest_until = self._clock() + REST_SECONDS
            return True

    def succeeded(self) -> None:
        """The store answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """The store did not answer, or not in time."""
        with self._lock:
            self._failures += 1
            self._rest_until = self._clock() + REST_SECONDS


class StoreDoor:
    """Asks the store. `waits`: it is across a network, so that a question needs a thread and a time limit."""

    def __init__(self, connect: Callable[[], GraphStore], *, waits: bool, breaker: Breaker | None = None) -> None:
        self._connect = connect
        self._store: GraphStore | None = None
        self._lock = threading.Lock()
        self._breaker = breaker or Breaker()
        self._pool = ThreadPoolExecutor(WAITERS, thread_name_prefix="store") if waits else None

    def ask(self, question: Callable[[GraphStore], T], *, seconds: float) -> T:
        """The answer of `question(store)`. Raises StoreUnavailable when it takes longer or the store is resting."""
        if self._pool is not None and seconds <= 0:
            raise StoreUnavailable("no time is left to ask the graph store")  # our lateness, not the store's failure
        if not self._breaker.allows():
            raise StoreUnavailable("the graph store is resting after failures", remedy="see /v1/status")
        try:
            answer = self._timed(question, seconds)
        except StoreError:
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return answer

    def _timed(self, question: Callable[[GraphStore], T], seconds: float) -> T:
        if self._pool is None:
            return question(self._connected())
        future = self._pool.submit(lambda: question(self._connected()))
        try:
            return future.result(timeout=seconds)
        except TimeoutError:
            future.cancel()
            raise StoreUnavailable("the graph store did not answer in time", remedy="see /v1/status") from None

    def _connected(self) -> GraphStore:
        with self._lock:
            if self._store is None:
                self._store = self._connect()
            return self._store

    def close(self) -> None:
        """Free the connection. Safe to call twice."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            store, self._store = self._store, None
        if store is not None:
            store.close()
