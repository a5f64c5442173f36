"""Cypher built from the declarations of graph.schema: no statement is written by hand for a kind.

Names (labels, types, properties) come from the declarations alone; every value is a parameter.
"""

from collections.abc import Iterable
from typing import Final

from graph.arrival import HELD_IDENTIFIER, HELD_VERSION, IDENTIFIER_COLUMNS, VERSION_COLUMNS
from graph.schema import ATTRIBUTES, LINK_KINDS, ROLES, NodeKind

NO_MARK: Final = -1
"""Read for a link that has no mark."""
RELATIONSHIP: Final[dict[str, str]] = {link.kind: link.relationship for link in LINK_KINDS}
"""The relationship type of each node kind."""

_TYPES: Final = "|".join(sorted(set(RELATIONSHIP.values())))
_ROLE_CODE: Final = "CASE r.role " + " ".join(f"WHEN '{role.name}' THEN {role.code}" for role in ROLES) + " END"
# An open version or link has no closed_seq: people ask `IS NULL` instead of comparing with a huge number.
_MARK: Final = f"coalesce(r.mark, {NO_MARK})"  # collect() would drop a null and shift the rest
_LIVE: Final = "r.closed_seq IS NULL AND a.event_at <= $as_of"
# Plans are made while the book is still empty and are kept: without hints they scan whole labels later on.
_BY_KEY: Final = "MATCH (i:Identifier {token: key[1]}) USING INDEX i:Identifier(token) WHERE i.kind = key[0]"
_BY_ID: Final = "USING INDEX a:Application(application_id)"
APPLICATION_PROPERTIES: Final = ("digest", "event_at", "version_at", "seq", *ATTRIBUTES, "search")


def _columns(variable: str, names: Iterable[str]) -> str:
    """Packs nodes collected as `found` into one list a property, nulls kept."""
    return ", ".join(f"[{variable} IN found | {variable}.`{name}`] AS `{name}`" for name in names)


def _by_token(kind: NodeKind) -> str:
    return f"USING INDEX i:{kind.label}(token)"


# -- writing -----------------------------------------------------------------------------------------------------

ALLOCATED: Final = "MATCH (l:Allocator {name: 'graph'}) RETURN l.application, l.version, l.identifier"
# Setting a property takes the node's lock until the transaction ends: writers queue here, and so never deadlock.
LOCK_ALLOCATOR: Final = (
    "MERGE (l:Allocator {name: 'graph'}) ON CREATE SET l.application = 0, l.version = 0, l.identifier = 0"
    " SET l.locked = true WITH l RETURN l.application, l.version, l.identifier"
)
ADVANCE_ALLOCATOR: Final = "MATCH (l:Allocator {name: 'graph'}) SET l += $next"
HELD_VERSIONS: Final = (
    f"UNWIND $ids AS id MATCH (a:Application {{application_id: id}})<-[:VERSION_OF]-(v:Version) {_BY_ID}"
    f" WITH collect(v) AS found RETURN {_columns('v', HELD_VERSION)}"
)
CREATE_VERSIONS: Final = (
    "UNWIND $rows AS row MERGE (a:Application {application_id: row.application_id})"
    " ON CREATE SET a.nid = row.application_nid"
    " CREATE (v:Version)-[:VERSION_OF]->(a) SET v = row.properties"
)
CLOSE_VERSIONS: Final = (
    "UNWIND $rows AS row MATCH (v:Version {nid: row.nid})-[:VERSION_OF]->(a:Application) USING INDEX v:Version(nid)"
    " SET v.closed_seq = row.closed_seq"
    f" WITH a, row MATCH (a)-[r:{_TYPES}]->(:Identifier) WHERE r.version = row.nid SET r.closed_seq = row.closed_seq"
)
SHOW_LATEST: Final = (
    f"UNWIND $ids AS id MATCH (a:Application {{application_id: id}})<-[:VERSION_OF]-(v:Version) {_BY_ID}"
    " WHERE v.closed_seq IS NULL SET " + ", ".join(f"a.`{name}` = v.`{name}`" for name in APPLICATION_PROPERTIES)
)
UPDATE_IDENTIFIERS: Final = (
    "UNWIND $rows AS row MATCH (i:Identifier {nid: row.nid}) USING INDEX i:Identifier(nid) SET i += row"
)


def held_identifiers(kind: NodeKind) -> str:
    """Reads the stored identifiers among `$tokens` as columns."""
    names = [name for name in HELD_IDENTIFIER if name != "kind"]
    return (
        f"UNWIND $tokens AS token MATCH (i:{kind.label} {{token: token}}) {_by_token(kind)}"
        f" WITH collect(i) AS found RETURN {_columns('i', names)}"
    )


def create_identifiers(kind: NodeKind) -> str:
    """Creates identifiers of one kind from `$rows`; a repeat finds them in place."""
    return f"UNWIND $rows AS row MERGE (i:{kind.label} {{token: row.token}}) ON CREATE SET i:Identifier, i += row"


def create_links(kind: NodeKind) -> str:
    """Creates links to identifiers of one kind from `$rows`, in a transaction that holds the allocator."""
    return (
        f"UNWIND $rows AS row MATCH (a:Application {{application_id: row.application_id}}) {_BY_ID}"
        f" MATCH (i:{kind.label} {{token: row.token}}) {_by_token(kind)}"
        f" CREATE (a)-[:{RELATIONSHIP[kind.name]} {{role: row.role, version: row.version, seq: row.seq,"
        " closed_seq: row.closed_seq, mark: row.mark}]->(i)"
    )


# -- the whole book, in ranges of nid ------------------------------------------------------------------------------

READ_VERSIONS: Final = (
    "MATCH (v:Version) WHERE v.nid >= $first AND v.nid < $end"
    f" WITH collect(v) AS found RETURN {_columns('v', ['nid', *VERSION_COLUMNS])}"
)
READ_IDENTIFIERS: Final = (
    "MATCH (i:Identifier) WHERE i.nid >= $first AND i.nid < $end"
    f" WITH collect(i) AS found RETURN {_columns('i', HELD_IDENTIFIER)}"
)
READ_LINKS: Final = (
    f"MATCH (a:Application)-[r:{_TYPES}]->(i:Identifier) WHERE a.nid >= $first AND a.nid < $end"
    f" RETURN collect(r.version) AS application, collect(i.nid) AS identifier, collect({_ROLE_CODE}) AS role,"
    f" collect({_MARK}) AS mark"
)

# -- a few nodes ---------------------------------------------------------------------------------------------------

RECENT: Final = (
    f"UNWIND $keys AS key {_BY_KEY}"
    f" MATCH (i)<-[r:{_TYPES}]-(a:Application) WHERE r.closed_seq IS NULL AND r.seq > $after"
    f" WITH DISTINCT a MATCH (a)<-[:VERSION_OF]-(v:Version) WHERE v.closed_seq IS NULL"
    f" WITH collect(v) AS found RETURN {_columns('v', ['nid', *VERSION_COLUMNS])}"
)
RECENT_LINKS: Final = (
    f"UNWIND $ids AS id MATCH (a:Application {{application_id: id}})-[r:{_TYPES}]->(i:Identifier) {_BY_ID}"
    f" WHERE r.closed_seq IS NULL RETURN collect(r.version) AS nid, collect({_ROLE_CODE}) AS role,"
    f" collect({_MARK}) AS mark, collect(i.kind) AS kind, collect(i.token) AS token"
)
RECENT_IDENTIFIERS: Final = (
    f"UNWIND $ids AS id MATCH (a:Application {{application_id: id}})-[r:{_TYPES}]->(i:Identifier) {_BY_ID}"
    f" WHERE r.closed_seq IS NULL WITH DISTINCT i WITH collect(i) AS found"
    f" RETURN {_columns('i', ['kind', 'token', *IDENTIFIER_COLUMNS])}"
)
APPLICATIONS: Final = (
    f"UNWIND $ids AS id MATCH (a:Application {{application_id: id}}) {_BY_ID} WHERE a.event_at <= $as_of"
    " RETURN a.event_at, a.application_id, coalesce(a.name_label, a.application_id),"
    f" COUNT {{ MATCH (a)-[r:{_TYPES}]->(i:Identifier) WHERE r.closed_seq IS NULL RETURN DISTINCT i }}"
)
IDENTIFIERS: Final = (
    f"UNWIND $keys AS key {_BY_KEY} RETURN i.kind, i.token, i.label,"
    f" COUNT {{ MATCH (i)<-[r:{_TYPES}]-(a:Application) WHERE {_LIVE} RETURN DISTINCT a }}"
)
USES: Final = (
    f"UNWIND $ids AS id MATCH (a:Application {{application_id: id}})-[r:{_TYPES}]->(i:Identifier) {_BY_ID}"
    f" WHERE {_LIVE} RETURN a.application_id, i.kind, i.token, {_ROLE_CODE}"
)
USERS: Final = (
    f"UNWIND $keys AS key {_BY_KEY}"
    f" CALL (i) {{ MATCH (i)<-[r:{_TYPES}]-(a:Application) WHERE {_LIVE}"
    " WITH DISTINCT a ORDER BY a.event_at, a.application_id LIMIT $limit RETURN a.application_id AS id }"
    " RETURN i.kind, i.token, id"
)
# Rank 0: the very id, token or label; 1: its id or token starts so; 2: its label contains it. Kind 0: application.
FIND: Final = """
CALL () {
  CALL () {
    MATCH (a:Application) WHERE a.application_id STARTS WITH $text RETURN a
    UNION
    MATCH (a:Application) WHERE a.search CONTAINS $needle RETURN a
  }
  RETURN a.application_id AS key, 0 AS kind,
    CASE WHEN a.application_id = $text OR a.search = $needle THEN 0
         WHEN a.application_id STARTS WITH $text THEN 1 ELSE 2 END AS rank
  ORDER BY rank, kind, key LIMIT $limit
  UNION ALL
  CALL () {
    MATCH (i:Identifier) WHERE i.token STARTS WITH $text RETURN i
    UNION
    MATCH (i:Identifier) WHERE i.search CONTAINS $needle RETURN i
  }
  RETURN i.token AS key, i.kind AS kind,
    CASE WHEN i.token = $text OR i.search = $needle THEN 0
         WHEN i.token STARTS WITH $text THEN 1 ELSE 2 END AS rank
  ORDER BY rank, kind, key LIMIT $limit
}
RETURN key, kind ORDER BY rank, kind, key LIMIT $limit"""
COUNT: Final = (
    "RETURN COUNT { MATCH (:Application) } AS applications, COUNT { MATCH (:Version) } AS versions,"
    " COUNT { MATCH (:Identifier) } AS identifiers,"
    f" COUNT {{ MATCH (:Application)-[r:{_TYPES}]->() WHERE r.closed_seq IS NULL }} AS links"
)

# -- rings for people ----------------------------------------------------------------------------------------------

REMOVE_RINGS: Final = "MATCH (r:Ring) DETACH DELETE r"
CREATE_RINGS: Final = (
    "UNWIND $rows AS row CREATE (r:Ring) SET r = row.properties"
    " WITH r, row UNWIND row.members AS member"
    " MATCH (a:Application {application_id: member}) CREATE (a)-[:MEMBER_OF]->(r)"
)
