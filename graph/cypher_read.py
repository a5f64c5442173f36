"""What readers ask in Cypher: columns, recent rows, neighbours; knows no driver, only a way to run a statement."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import polars as pl

from graph import cypher
from graph.arrival import VERSION_COLUMNS, with_closing
from graph.neighbours import Application, Identifier, Key, Use, listed
from graph.schema import APPLICATION_SCHEMA, IDENTIFIER_SCHEMA, LINK_SCHEMA
from graph.store import OPEN, Batch, Caps, Node

FOREVER: Final = 2**62  # later than any event, in microseconds
_INTEGER: Final = pl.Int64()
VERSION: Final = {"nid": _INTEGER, **VERSION_COLUMNS}
LINK: Final = {"application": _INTEGER, "identifier": _INTEGER, "role": pl.UInt8(), "mark": pl.Int32()}
Run = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]
"""Runs a statement with parameters in an open transaction; returns the records' values."""


def packed(run: Run, text: str, schema: Mapping[str, pl.DataType], **parameters: object) -> pl.DataFrame:
    """A statement that returns one record of lists, one a column of `schema` in any order of theirs."""
    records = run(text, parameters)
    if not records:
        return pl.DataFrame(schema=dict(schema))
    return pl.DataFrame(list(records[0]), schema=dict(schema), strict=True)


def marked(links: pl.DataFrame) -> pl.DataFrame:
    """The same with null in the place of NO_MARK."""
    return links.with_columns(pl.when(pl.col("mark") != cypher.NO_MARK).then("mark"))


class CypherReach:
    """graph.neighbours.Reach inside one read transaction."""

    def __init__(self, run: Run, as_of: int | None) -> None:
        self._run = run
        self._as_of = FOREVER if as_of is None else as_of

    def applications(self, ids: Collection[str]) -> list[Application]:
        rows = self._run(cypher.APPLICATIONS, {"ids": list(ids), "as_of": self._as_of})
        return [Application(*row) for row in rows]

    def identifiers(self, keys: Collection[Key]) -> list[Identifier]:
        rows = self._run(cypher.IDENTIFIERS, {"keys": [list(key) for key in keys], "as_of": self._as_of})
        return [Identifier(*row) for row in rows]

    def uses(self, ids: Collection[str]) -> list[Use]:
        return [Use(*row) for row in self._run(cypher.USES, {"ids": list(ids), "as_of": self._as_of})]

    def users(self, keys: Collection[Key], limit: int) -> list[tuple[Key, str]]:
        rows = self._run(cypher.USERS, {"keys": [list(key) for key in keys], "as_of": self._as_of, "limit": limit})
        return [((kind, token), application_id) for kind, token, application_id in rows]


def live(versions: pl.DataFrame, as_of: int, known_at: int) -> pl.DataFrame:
    """The versions live at `known_at`, with `closed_seq` OPEN: nothing closed them as far as was known."""
    known = with_closing(versions.filter(pl.col("seq") <= known_at), "closed_seq")
    return known.filter((pl.col("closed_seq") == OPEN) & (pl.col("event_at") <= as_of))


def recent(run: Run, tokens: Sequence[tuple[int, str]], after: int) -> Batch:
    """See GraphStore.recent."""
    keys = [list(key) for key in tokens]
    found = packed(run, cypher.RECENT, VERSION, keys=keys, after=after)
    if found.is_empty():
        return Batch.empty()
    applications = found.sort("seq", "application_id")
    ids = applications["application_id"].to_list()
    schema = {"nid": _INTEGER, "role": pl.UInt8(), "mark": pl.Int32(), "kind": pl.UInt8(), "token": pl.String()}
    links = marked(packed(run, cypher.RECENT_LINKS, schema, ids=ids))
    identifiers = packed(run, cypher.RECENT_IDENTIFIERS, IDENTIFIER_SCHEMA, ids=ids)
    rows = applications.select("nid").with_row_index("row")
    return Batch(
        applications.select(list(APPLICATION_SCHEMA)),
        identifiers.sort("kind", "token"),
        links.join(rows, on="nid").select(list(LINK_SCHEMA)).sort(list(LINK_SCHEMA)),
    )


def find(run: Run, text: str, limit: int) -> tuple[Node, ...]:
    """See GraphStore.find."""
    needle = pl.Series([text]).str.to_lowercase()[0]
    found = run(cypher.FIND, {"text": text, "needle": needle, "limit": limit})
    return listed(CypherReach(run, None), [(kind, key) for key, kind in found], Caps().hub)
