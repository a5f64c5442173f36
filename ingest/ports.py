"""What ingest needs from the house: accounts, quarantine, vault, facts, keys. casework implements, api wires them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """One HMAC key per identifier type (32 bytes) and the version written before each token ("t1").

    Types are the names of graph.schema.NODE_KINDS and "name", "surname", "name_birth", "phone_block", "building",
    "employer_core".
    """

    version: str
    keys: Mapping[str, bytes] = field(repr=False)


TOKEN_TYPES: tuple[str, ...] = (
    "phone", "national_id", "address", "employer", "dealer", "officer", "account", "device", "vehicle", "email", "ip",
    "name", "surname", "name_birth", "phone_block", "building", "employer_core",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it lies on disk: the load is filed under its digest."""

    name: str
    sha256: str
    size: int
    kind: str  # applications, outcomes, watchlist, employers
    mapping_digest: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of physical records; read = loaded + duplicate + quarantined. `loaded` includes `updated`."""

    read: int = 0
    loaded: int = 0
    updated: int = 0
    duplicate: int = 0
    quarantined: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.read + other.read,
            self.loaded + other.loaded,
            self.updated + other.updated,
            self.duplicate + other.duplicate,
            self.quarantined + other.quarantined,
        )

    @property
    def balanced(self) -> bool:
        """Whether nothing was lost."""
        return self.read == self.loaded + self.duplicate + self.quarantined


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A record that cannot be an application: its bytes, where it stood, and why it was set aside."""

    first_line: int
    last_line: int
    code: str
    detail: str
    raw: bytes = field(repr=False)


class Accounts(Protocol):
    """The books of loads, kept in the ledger."""

    def open(self, source: SourceFile) -> str:
        """Begin a load; returns its id. An unfinished load of the same file is closed as `abandoned` first."""
        ...

    def reserve(self, load_id: str, count: int) -> int:
        """Reserve `count` numbers of the order of arrival; returns the first."""
        ...

    def record(self, load_id: str, counts: Counts) -> None:
        """Add the counts of one batch, after the batch is in the graph store."""
        ...

    def close(self, load_id: str, read: int) -> Counts:
        """End the load. Raises AccountsDoNotBalance unless the recorded counts balance and add up to `read`."""
        ...


class Quarantine(Protocol):
    """Where refused records are kept, encrypted, once each by (file digest, first line, content)."""

    def put(self, load_id: str, source: SourceFile, rows: Sequence[QuarantinedRow]) -> None:
        """Keep rows; one that is already there is not stored again."""
        ...


class Vault(Protocol):
    """Where clear values lie, encrypted. Columns: type (a TOKEN_TYPES name), token, clear."""

    def put(self, items: pl.DataFrame) -> None:
        """Keep clear values by token; a token already there is left alone."""
        ...


class Facts(Protocol):
    """Where outcomes, watch-lists and registries go. Each returns how many rows were new."""

    def put_outcomes(self, rows: pl.DataFrame) -> int:
        """application_id, event, event_at (us), known_at (us)."""
        ...

    def put_watchlist(self, rows: pl.DataFrame) -> int:
        """kind (node kind name), token, reason, added_at (us), expires_at (us or null)."""
        ...

    def put_employers(self, rows: pl.DataFrame) -> int:
        """token, core_token, registration, phone_token, address_token, insured_heads (int or null)."""
        ...
