"""Layout of the embedded store: fixed tables, then a migration for each declared column and each later change."""

from typing import Final

import polars as pl

from graph.migrations import Migration
from graph.schema import ATTRIBUTES, IDENTIFIER_SCHEMA

MIGRATION_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS migration (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT"
)

_TABLES: Final = Migration(
    "0001-tables",
    (
        "CREATE TABLE allocator (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL,"
        " identifier INTEGER NOT NULL) STRICT",
        "INSERT INTO allocator VALUES (1, 0, 0)",
        # `links` counts the version's links, so that counting the book reads no link;
        # `folded` is the lower-case label where that differs, so that both stores search alike.
        "CREATE TABLE version (nid INTEGER PRIMARY KEY, application_id TEXT NOT NULL, digest TEXT NOT NULL,"
        " event_at INTEGER NOT NULL, version_at INTEGER NOT NULL, seq INTEGER NOT NULL, closed_seq INTEGER NOT NULL,"
        " links INTEGER NOT NULL, folded TEXT, UNIQUE (application_id, digest)) STRICT",
        "CREATE TABLE identifier (nid INTEGER PRIMARY KEY, kind INTEGER NOT NULL, token TEXT NOT NULL, folded TEXT,"
        " UNIQUE (token, kind)) STRICT",
        "CREATE TABLE link (version INTEGER NOT NULL, identifier INTEGER NOT NULL, role INTEGER NOT NULL,"
        " PRIMARY KEY (version, identifier, role)) STRICT, WITHOUT ROWID",
        "CREATE INDEX link_by_identifier ON link (identifier, version, role)",
        # One row a write: no version with a nid below `first` had a seq above the earlier rows' `high`.
        "CREATE TABLE arrival (first INTEGER PRIMARY KEY, high INTEGER NOT NULL) STRICT",
        "CREATE INDEX arrival_by_high ON arrival (high, first)",
    ),
)


def sql_type(dtype: pl.DataType) -> str:
    """SQLite's strict type of a declared column; booleans are 0 and 1."""
    return "TEXT" if dtype == pl.String() else "INTEGER"


def _columns(table: str, schema: dict[str, pl.DataType]) -> tuple[Migration, ...]:
    return tuple(
        Migration(
            f"0002-{table}-{name}",
            (f'ALTER TABLE {table} ADD COLUMN "{name}" {sql_type(dtype)}',),
        )
        for name, dtype in schema.items()
    )


IDENTIFIER_COLUMNS: Final[dict[str, pl.DataType]] = {
    name: dtype for name, dtype in IDENTIFIER_SCHEMA.items() if name not in ("kind", "token")
}
MIGRATIONS: Final[tuple[Migration, ...]] = (
    _TABLES,
    *_columns("version", ATTRIBUTES),
    *_columns("identifier", IDENTIFIER_COLUMNS),
    Migration("0003-link-mark", ("ALTER TABLE link ADD COLUMN mark INTEGER",)),  # older links have none
)
