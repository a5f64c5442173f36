"""In-memory stand-ins for the ports that ingest writes through."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.errors import AccountsDoNotBalance
from graph.store import Batch, Verdict
from ingest.ports import TOKEN_TYPES, Counts, QuarantinedRow, SourceFile, TokenKeys


def keys(salt: str = "a") -> TokenKeys:
    """Keys that differ by salt, as those of two homes do."""
    return TokenKeys("t1", {name: (salt + name).encode().ljust(32, b"k") for name in TOKEN_TYPES})


class FakeAccounts:
    """Balances like the ledger, and counts up one sequence."""

    def __init__(self) -> None:
        self.next_seq = 1
        self.loads: dict[str, Counts] = {}
        self.closed: list[str] = []

    def open(self, source: SourceFile) -> str:
        load_id = f"{source.sha256[:8]}-{len(self.loads)}"
        self.loads[load_id] = Counts()
        return load_id

    def reserve(self, load_id: str, count: int) -> int:
        first = self.next_seq
        self.next_seq += count
        return first

    def record(self, load_id: str, counts: Counts) -> None:
        if not counts.balanced:
            raise AccountsDoNotBalance(str(counts))
        self.loads[load_id] += counts

    def close(self, load_id: str, read: int) -> Counts:
        counts = self.loads[load_id]
        if not counts.balanced or counts.read != read:
            raise AccountsDoNotBalance(f"{counts} {read}")
        self.closed.append(load_id)
        return counts


class FakeQuarantine:
    """Keeps a row once by file, first line and content."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int, bytes], QuarantinedRow] = {}

    def put(self, load_id: str, source: SourceFile, rows: Sequence[QuarantinedRow]) -> None:
        for row in rows:
            self.rows.setdefault((source.sha256, row.first_line, row.raw), row)


class FakeVault:
    """Clear values by type and token."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], str] = {}

    def put(self, items: pl.DataFrame) -> None:
        for kind, token, clear in items.select("type", "token", "clear").iter_rows():
            assert self.items.setdefault((kind, token), clear) == clear


class FakeFacts:
    """Sets of rows."""

    def __init__(self) -> None:
        self.outcomes: set[tuple[Any, ...]] = set()
        self.watchlist: set[tuple[Any, ...]] = set()
        self.employers: set[tuple[Any, ...]] = set()

    def put_outcomes(self, rows: pl.DataFrame) -> int:
        return _put(self.outcomes, rows.select("application_id", "event", "event_at", "known_at"))

    def put_watchlist(self, rows: pl.DataFrame) -> int:
        return _put(self.watchlist, rows.select("kind", "token", "reason", "added_at", "expires_at"))

    def put_employers(self, rows: pl.DataFrame) -> int:
        names = ("token", "core_token", "registration", "phone_token", "address_token", "insured_heads")
        return _put(self.employers, rows.select(names))


def _put(known: set[tuple[Any, ...]], rows: pl.DataFrame) -> int:
    before = len(known)
    known.update(rows.rows())
    return len(known) - before


class FakeStore:
    """The one method of a store that a load calls: versions by (application, digest), the promises of Batch checked."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, str], dict[str, Any]] = {}
        self.links_of: dict[tuple[str, str], set[tuple[int, int, str, int | None]]] = {}
        self.identifiers: dict[tuple[int, str], dict[str, Any]] = {}

    def write(self, batch: Batch) -> NDArray[np.uint8]:
        known = {(k, t) for k, t in batch.identifiers.select("kind", "token").iter_rows()}
        assert len(known) == batch.identifiers.height
        assert batch.links.select("row", "kind", "role", "token").is_unique().all()
        assert {(k, t) for k, t in batch.links.select("kind", "token").iter_rows()} == known
        assert batch.applications["seq"].is_sorted()
        for row in batch.identifiers.iter_rows(named=True):
            assert self.identifiers.setdefault((row["kind"], row["token"]), row) == row
        used: dict[int, set[tuple[int, int, str, int | None]]] = {}
        for at, *link in batch.links.select("row", "kind", "role", "token", "mark").iter_rows():
            used.setdefault(at, set()).add(tuple(link))
        verdicts = []
        applications = {app for app, _ in self.versions}
        for at, row in enumerate(batch.applications.iter_rows(named=True)):
            key = (row["application_id"], row["digest"])
            if key in self.versions:
                verdicts.append(Verdict.DUPLICATE)
                continue
            verdicts.append(Verdict.UPDATED if key[0] in applications else Verdict.NEW)
            applications.add(key[0])
            self.versions[key] = row
            self.links_of[key] = used.get(at, set())
        return np.array(verdicts, dtype=np.uint8)
