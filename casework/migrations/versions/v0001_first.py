"""The first schema of the ledger."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make every table of the first release."""
    _loads()
    _clear_values()
    _facts()
    _sweeps()
    _decisions()
    _pending()
    _access()


def _loads() -> None:
    """The order of arrival, and the books of loads."""
    op.create_table(
        "sequence",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sequence")),
    )
    op.execute("INSERT INTO sequence (name, next) VALUES ('arrival', 1)")
    op.create_table(
        "loads",
        sa.Column("load_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("file_digest", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mapping_digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("active_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("read", sa.BigInteger(), nullable=False),
        sa.Column("loaded", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("duplicate", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("load_id", name=op.f("pk_loads")),
    )
    op.create_index(op.f("ix_loads_file_digest_kind"), "loads", ["file_digest", "kind"], unique=False)
    op.create_table(
        "ranges",
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("load_id", sa.String(), nullable=False),
        sa.Column("reserved_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["load_id"], ["loads.load_id"], name=op.f("fk_ranges_load_id")),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_ranges")),
    )
    op.create_index(
        "ix_ranges_open",
        "ranges",
        ["first"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index("ix_ranges_reserved_at", "ranges", ["reserved_at"], unique=False)


def _clear_values() -> None:
    """What is kept encrypted."""
    op.create_table(
        "quarantine",
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file_digest", sa.String(), nullable=False),
        sa.Column("first_line", sa.BigInteger(), nullable=False),
        sa.Column("last_line", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("load_id", sa.String(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["loads.load_id"], name=op.f("fk_quarantine_load_id")),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint(
            "file_digest", "first_line", "mark", name=op.f("uq_quarantine_file_digest_first_line_mark")
        ),
    )
    op.create_table(
        "vault",
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("type", "token", name=op.f("pk_vault")),
        sqlite_with_rowid=False,
    )


def _facts() -> None:
    """What was learned from outside."""
    op.create_table(
        "outcomes",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("event_at", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outcomes")),
        sa.UniqueConstraint(
            "application_id",
            "event",
            "event_at",
            "known_at",
            name=op.f("uq_outcomes_application_id_event_event_at_known_at"),
        ),
    )
    op.create_table(
        "watchlist",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_watchlist")),
        sa.UniqueConstraint(
            "kind",
            "token",
            "reason",
            "added_at",
            "expires_at",
            name=op.f("uq_watchlist_kind_token_reason_added_at_expires_at"),
        ),
    )
    op.create_table(
        "employers",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("core_token", sa.String(), nullable=True),
        sa.Column("registration", sa.String(), nullable=True),
        sa.Column("phone_token", sa.String(), nullable=True),
        sa.Column("address_token", sa.String(), nullable=True),
        sa.Column("insured_heads", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_employers")),
        sa.UniqueConstraint("digest", name=op.f("uq_employers_digest")),
    )
    op.create_index(op.f("ix_employers_token"), "employers", ["token"], unique=False)


def _sweeps() -> None:
    """Runs over the book and the one pointer."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "sweeps",
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("watermark", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=True),
        sa.Column("known_at", sa.BigInteger(), nullable=True),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("state_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("summary", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sweep_id", name=op.f("pk_sweeps")),
        sa.UniqueConstraint("number", name=op.f("uq_sweeps_number")),
    )
    op.create_table(
        "pointer",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.sweep_id"], name=op.f("fk_pointer_sweep_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pointer")),
    )


def _decisions() -> None:
    """Stored answers of the score endpoint."""
    op.create_table(
        "decisions",
        sa.Column("score_id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.Column("policy_digest", sa.String(), nullable=False),
        sa.Column("model_digest", sa.String(), nullable=False),
        sa.Column("sweep_digest", sa.String(), nullable=False),
        sa.Column("sweep_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.sweep_id"], name=op.f("fk_decisions_sweep_id")),
        sa.PrimaryKeyConstraint("score_id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("seq", name=op.f("uq_decisions_seq")),
    )
    op.create_index(op.f("ix_decisions_application_id"), "decisions", ["application_id"], unique=False)
    op.create_index(op.f("ix_decisions_sweep_id"), "decisions", ["sweep_id"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("score_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["score_id"], ["decisions.score_id"], name=op.f("fk_idempotency_score_id")),
        sa.PrimaryKeyConstraint("client_id", "key", name=op.f("pk_idempotency")),
        sqlite_with_rowid=False,
    )


def _pending() -> None:
    """Links that wait for the graph store."""
    op.create_table(
        "pending",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("score_id", sa.String(), nullable=False),
        sa.Column("batch", sa.LargeBinary(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["score_id"], ["decisions.score_id"], name=op.f("fk_pending_score_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_pending")),
    )
    op.create_index(
        "ix_pending_open",
        "pending",
        ["seq"],
        unique=False,
        sqlite_where=sa.text("applied_at IS NULL"),
        postgresql_where=sa.text("applied_at IS NULL"),
    )
    op.create_table(
        "pending_links",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["pending.seq"], name=op.f("fk_pending_links_seq")),
        sa.PrimaryKeyConstraint("token", "kind", "seq", name=op.f("pk_pending_links")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_pending_links_seq"), "pending_links", ["seq"], unique=False)


def _access() -> None:
    """Clients, their keys, and the audit trail."""
    op.create_table(
        "clients",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_clients")),
        sa.UniqueConstraint("name", name=op.f("uq_clients_name")),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], name=op.f("fk_api_keys_client_id")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_index(op.f("ix_api_keys_client_id"), "api_keys", ["client_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("chain IS NULL OR length(chain) = 32", name=op.f("ck_audit_chain")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
