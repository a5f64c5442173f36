"""The ledger's tables. Every change needs a migration; a test compares the two."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

HEAD: Final = "0001"
"""The newest migration, so that opening an up-to-date ledger need not load alembic."""

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# SQLite numbers rows by itself only for INTEGER.
RowNumber: Final = BigInteger().with_variant(Integer(), "sqlite")


def _time(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


# One row: the order of arrival. A row, not a database sequence: the lock on it makes numbers appear in order.
SEQUENCE = Table(
    "sequence", METADATA, Column("name", String, primary_key=True), Column("next", BigInteger, nullable=False)
)

LOADS = Table(
    "loads",
    METADATA,
    Column("load_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("file_name", String, nullable=False),
    Column("file_digest", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mapping_digest", String, nullable=False),
    Column("state", String, nullable=False),
    Column("owner", String, nullable=False),
    _time("opened_at"),
    _time("active_at"),
    _time("closed_at", nullable=True),
    *(Column(n, BigInteger, nullable=False) for n in ("read", "loaded", "updated", "duplicate", "quarantined")),
    Index(None, "file_digest", "kind"),
)
RANGES = Table(
    "ranges",
    METADATA,
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
    Column("load_id", ForeignKey(LOADS.c.load_id), nullable=False),
    _time("reserved_at"),
    _time("settled_at", nullable=True),
)
Index(
    "ix_ranges_open",
    RANGES.c.first,
    sqlite_where=RANGES.c.settled_at.is_(None),
    postgresql_where=RANGES.c.settled_at.is_(None),
)
Index("ix_ranges_reserved_at", RANGES.c.reserved_at)

QUARANTINE = Table(
    "quarantine",
    METADATA,
    Column("row_id", RowNumber, primary_key=True),
    Column("file_digest", String, nullable=False),
    Column("first_line", BigInteger, nullable=False),
    Column("last_line", BigInteger, nullable=False),
    Column("mark", String, nullable=False),
    Column("code", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("load_id", ForeignKey(LOADS.c.load_id), nullable=False),
    _time("stored_at"),
    UniqueConstraint("file_digest", "first_line", "mark"),
)
VAULT = Table(
    "vault",
    METADATA,
    Column("type", String, primary_key=True),
    Column("token", String, primary_key=True),
    Column("key_id", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

OUTCOMES = Table(
    "outcomes",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("application_id", String, nullable=False),
    Column("event", String, nullable=False),
    _time("event_at"),
    _time("known_at"),
    _time("recorded_at"),
    UniqueConstraint("application_id", "event", "event_at", "known_at"),
)
WATCHLIST = Table(
    "watchlist",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("token", String, nullable=False),
    Column("reason", String, nullable=False),
    _time("added_at"),
    _time("expires_at"),
    _time("recorded_at"),
    UniqueConstraint("kind", "token", "reason", "added_at", "expires_at"),
)
EMPLOYERS = Table(
    "employers",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("token", String, nullable=False),
    Column("core_token", String),
    Column("registration", String),
    Column("phone_token", String),
    Column("address_token", String),
    Column("insured_heads", BigInteger),
    Column("digest", String, nullable=False, unique=True),
    _time("recorded_at"),
    Index(None, "token"),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("name", String, primary_key=True),
    Column("holder", String),
    Column("owner", String, nullable=False),
    Column("fence", BigInteger, nullable=False),
    _time("heartbeat_at"),
)
SWEEPS = Table(
    "sweeps",
    METADATA,
    Column("sweep_id", String, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("state", String, nullable=False),
    Column("watermark", BigInteger, nullable=False),
    _time("as_of", nullable=True),
    _time("known_at", nullable=True),
    Column("policy_version", String, nullable=False),
    _time("started_at"),
    _time("state_at"),
    _time("published_at", nullable=True),
    Column("reason", String),
    Column("summary", LargeBinary, nullable=False),
)
POINTER = Table(
    "pointer",
    METADATA,
    Column("name", String, primary_key=True),
    Column("sweep_id", ForeignKey(SWEEPS.c.sweep_id), nullable=False),
    _time("moved_at"),
)

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("score_id", String, primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("application_id", String, nullable=False),
    Column("client_id", String, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("key_id", String, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("features", LargeBinary, nullable=False),
    Column("policy_digest", String, nullable=False),
    Column("model_digest", String, nullable=False),
    Column("sweep_digest", String, nullable=False),
    Column("sweep_id", ForeignKey(SWEEPS.c.sweep_id)),
    _time("created_at"),
    Index(None, "application_id"),
    Index(None, "sweep_id"),
)
IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("client_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("body_digest", LargeBinary, nullable=False),
    Column("score_id", ForeignKey(DECISIONS.c.score_id), nullable=False),
    _time("created_at"),
    sqlite_with_rowid=False,
)
PENDING = Table(
    "pending",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("score_id", ForeignKey(DECISIONS.c.score_id), nullable=False),
    Column("batch", LargeBinary, nullable=False),
    _time("applied_at", nullable=True),
)
Index(
    "ix_pending_open",
    PENDING.c.seq,
    sqlite_where=PENDING.c.applied_at.is_(None),
    postgresql_where=PENDING.c.applied_at.is_(None),
)
PENDING_LINKS = Table(
    "pending_links",
    METADATA,
    Column("token", String, primary_key=True),
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("seq", ForeignKey(PENDING.c.seq), primary_key=True),
    Index(None, "seq"),
    sqlite_with_rowid=False,
)

CLIENTS = Table(
    "clients",
    METADATA,
    Column("client_id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("scopes", String, nullable=False),
    _time("created_at"),
    _time("revoked_at", nullable=True),
)
API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("key_id", String, primary_key=True),
    Column("client_id", ForeignKey(CLIENTS.c.client_id), nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    _time("created_at"),
    _time("expires_at", nullable=True),
    _time("revoked_at", nullable=True),
    Index(None, "client_id"),
)
AUDIT = Table(
    "audit",
    METADATA,
    Column("entry_id", RowNumber, primary_key=True),
    _time("at"),
    Column("actor", String, nullable=False),
    Column("event", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("detail", LargeBinary, nullable=False),
    Column("chain", LargeBinary),  # written by a sealer after the fact, never in the request
    CheckConstraint("chain IS NULL OR length(chain) = 32", name="chain"),
    Index(None, "at"),
)
