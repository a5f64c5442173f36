"""Constraints and indexes of the Neo4j store: fixed ones, then a migration for each declared kind of node."""

from typing import Final

from graph.migrations import Migration
from graph.schema import NODE_KINDS

_BASE: Final = Migration(
    "0001-base",
    (
        "CREATE CONSTRAINT migration_id IF NOT EXISTS FOR (m:Migration) REQUIRE m.id IS UNIQUE",
        "CREATE CONSTRAINT allocator_name IF NOT EXISTS FOR (l:Allocator) REQUIRE l.name IS UNIQUE",
        "CREATE CONSTRAINT application_id IF NOT EXISTS FOR (a:Application) REQUIRE a.application_id IS UNIQUE",
        "CREATE CONSTRAINT application_nid IF NOT EXISTS FOR (a:Application) REQUIRE a.nid IS UNIQUE",
        "CREATE CONSTRAINT version_nid IF NOT EXISTS FOR (v:Version) REQUIRE v.nid IS UNIQUE",
        "CREATE CONSTRAINT version_digest IF NOT EXISTS FOR (v:Version) REQUIRE (v.application_id, v.digest) IS UNIQUE",
        "CREATE CONSTRAINT identifier_nid IF NOT EXISTS FOR (i:Identifier) REQUIRE i.nid IS UNIQUE",
        "CREATE INDEX identifier_token IF NOT EXISTS FOR (i:Identifier) ON (i.token)",
        # No text index on what people search: its files, synced at each commit, doubled the time of a load.
        "CREATE CONSTRAINT ring_id IF NOT EXISTS FOR (r:Ring) REQUIRE r.ring_id IS UNIQUE",
    ),
)
MIGRATIONS: Final[tuple[Migration, ...]] = (
    _BASE,
    *(
        Migration(
            f"0002-kind-{kind.name}",
            (f"CREATE CONSTRAINT {kind.name}_token IF NOT EXISTS FOR (i:{kind.label}) REQUIRE i.token IS UNIQUE",),
        )
        for kind in NODE_KINDS
    ),
)
