"""Loads a file: read, clean, write, account; a load closes only when nothing was lost."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from graph.errors import UsageError
from graph.store import GraphStore, Verdict
from ingest.files import digest_file
from ingest.losses import Losses, UnreadColumn
from ingest.mapping import Mapping
from ingest.outcomes import MAKERS, put_facts
from ingest.ports import Accounts, Counts, Facts, Quarantine, QuarantinedRow, SourceFile, TokenKeys, Vault
from ingest.prepare import prepare
from ingest.readers import open_source
from ingest.records import Records
from ingest.source import SourceContext

Progress = Callable[[int, int, int], None]
"""Called with records so far, bytes so far, bytes in all."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did. `reasons`: quarantine code -> rows. `problems`: field -> code -> values that loaded as noted.

    `unread`: the columns of which so much was lost that the mapping must be doubted.
    """

    load_id: str
    read: int
    loaded: int
    updated: int
    duplicate: int
    quarantined: int
    reasons: dict[str, int]
    problems: dict[str, dict[str, int]]
    unread: tuple[UnreadColumn, ...]
    encoding: str
    encoding_detected: bool
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For one JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What became of the sound records of one batch; `refused` holds (position, code, detail)."""

    counts: Counts
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    problems: pl.DataFrame = field(default_factory=pl.DataFrame)


class _Taker(Protocol):
    """Takes one batch of fields into the stores."""

    def take(self, load_id: str, fields: pl.DataFrame) -> _Taken: ...


@dataclass(frozen=True, slots=True)
class _Applications:
    context: SourceContext
    keys: TokenKeys
    accounts: Accounts
    vault: Vault
    store: GraphStore

    def take(self, load_id: str, fields: pl.DataFrame) -> _Taken:
        """Clear values first, then the graph: a token never stands in the graph that the vault does not know."""
        made = prepare(fields, self.context, self.keys, first_seq=0)
        verdicts = np.empty(0, dtype=np.uint8)
        if len(made.kept):
            first = self.accounts.reserve(load_id, len(made.kept))
            numbered = made.batch.applications.with_columns(pl.col("seq") + first)
            self.vault.put(made.vault)
            verdicts = self.store.write(replace(made.batch, applications=numbered))
        duplicate = int((verdicts == Verdict.DUPLICATE).sum())
        counts = Counts(
            read=fields.height,
            loaded=len(made.kept) - duplicate,
            updated=int((verdicts == Verdict.UPDATED).sum()),
            duplicate=duplicate,
            quarantined=made.refused.height,
        )
        return _Taken(counts, made.refused.rows(), made.problems)


@dataclass(frozen=True, slots=True)
class _FactRows:
    kind: str
    context: SourceContext
    keys: TokenKeys
    vault: Vault
    facts: Facts

    def take(self, load_id: str, fields: pl.DataFrame) -> _Taken:
        """Rows that the ledger already holds count as duplicates."""
        del load_id
        made = MAKERS[self.kind](fields, self.context, self.keys)
        self.vault.put(made.vault)
        new = put_facts(self.facts, self.kind, made.rows)
        counts = Counts(fields.height, new, 0, made.rows.height - new, made.refused.height)
        return _Taken(counts, made.refused.rows(), made.problems)


def load_file(
    path: Path,
    mapping: Mapping,
    *,
    kind: str = "applications",
    keys: TokenKeys,
    accounts: Accounts,
    quarantine: Quarantine,
    vault: Vault,
    store: GraphStore,
    facts: Facts,
    batch_size: int = 5_000,
    progress: Progress | None = None,
) -> LoadReport:
    """Load one file of a kind (applications, outcomes, watchlist, employers); safe to run again after any kill.

    Raises InputRefused (nothing changed) for a file that cannot be what the mapping says, AccountsDoNotBalance for a
    defect of ours, StoreError when a store fails; then the same call again continues.
    """
    started = time.perf_counter()
    if kind != mapping.kind:
        raise UsageError(f"{mapping.path} maps {mapping.kind}, not {kind}", "give the mapping of this file")
    if batch_size < 1:
        raise UsageError("a batch holds at least one row", "give a larger batch size")
    opened = open_source(path, mapping)
    sha256, size = digest_file(path, newline=opened.newline)
    file = SourceFile(path.name, sha256, size, kind, mapping.digest())
    context = mapping.context()
    taker: _Taker = (
        _Applications(context, keys, accounts, vault, store)
        if kind == "applications"
        else _FactRows(kind, context, keys, vault, facts)
    )
    load_id = accounts.open(file)
    tally = _Tally()
    for part in _batches(opened.records(), batch_size):
        taken = taker.take(load_id, part.fields) if part.fields.height else _Taken(Counts())
        rows = _quarantined(part, taken)
        if rows:
            quarantine.put(load_id, file, rows)
        accounts.record(load_id, taken.counts + Counts(read=len(part.bad), quarantined=len(part.bad)))
        tally.add(part, rows, taken)
        if progress is not None:
            progress(tally.read, min(part.bytes_read, size), size)
    counts = accounts.close(load_id, tally.read)
    return LoadReport(
        load_id=load_id,
        **asdict(counts),
        reasons=dict(sorted(tally.reasons.items())),
        problems={name: dict(sorted(codes.items())) for name, codes in sorted(tally.problems.items())},
        unread=tally.losses.unread(mapping),
        encoding=opened.encoding.name,
        encoding_detected=opened.encoding.detected,
        seconds=time.perf_counter() - started,
    )


def _batches(parts: Iterator[Records], size: int) -> Iterator[Records]:
    """The same records in order, in batches of `size` sound ones; bad ones travel with their neighbours."""
    held: Records | None = None
    for part in parts:
        held = part if held is None else _joined(held, part)
        at = 0
        while held.fields.height - at >= size:
            yield _cut(held, at, at + size, held.bad if at == 0 else ())
            at += size
        if at:
            held = _cut(held, at, held.fields.height, ())
    if held is not None and held.count:
        yield held


def _joined(first: Records, second: Records) -> Records:
    return Records(
        pl.concat([first.fields, second.fields]),
        first.lines + second.lines,
        first.raw + second.raw,
        first.bad + second.bad,
        second.bytes_read,
    )


def _cut(part: Records, start: int, end: int, bad: tuple[Any, ...]) -> Records:
    return Records(part.fields[start:end], part.lines[start:end], part.raw[start:end], bad, part.bytes_read)


def _quarantined(part: Records, taken: _Taken) -> list[QuarantinedRow]:
    """Rows that framing and cleaning set aside, in the order of the file."""
    rows = [QuarantinedRow(b.first_line, b.last_line, b.code, b.detail, b.raw) for b in part.bad]
    rows += [QuarantinedRow(*part.lines[at], code, detail, part.raw[at]) for at, code, detail in taken.refused]
    return sorted(rows, key=lambda row: row.first_line)


class _Tally:
    """Counts for the report, beside the ledger's own."""

    def __init__(self) -> None:
        self.read = 0
        self.reasons: Counter[str] = Counter()
        self.problems: dict[str, Counter[str]] = {}
        self.losses = Losses()

    def add(self, part: Records, rows: list[QuarantinedRow], taken: _Taken) -> None:
        self.read += part.count
        self.losses.add(part.fields, taken.problems)
        self.reasons.update(row.code for row in rows)
        if not taken.problems.is_empty():
            for name, code, count in taken.problems.group_by("field", "code").len().iter_rows():
                self.problems.setdefault(name, Counter())[code] += count
