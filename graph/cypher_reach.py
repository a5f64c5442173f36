"""The questions of graph.neighbours and the column reads, asked in Cypher; knows no driver, only a way to run a statement."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import polars as pl

from graph import cypher
from graph.neighbours import Application, Identifier, Key, Use

FOREVER: Final = 2**62  # later than any event, in microseconds
Run = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]
"""Runs a statement with parameters in an open transaction; returns the records' values."""


def packed(run: Run, text: str, schema: Mapping[str, pl.DataType], **parameters: object) -> pl.DataFrame:
    """A statement that returns one record of lists, one a column of `schema` in any order of theirs."""
    records = run(text, parameters)
    if not records:
        return pl.DataFrame(schema=dict(schema))
    return pl.DataFrame(list(records[0]), schema=dict(schema), strict=True)


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
        rows = self._run(
            cypher.USERS, {"keys": [list(key) for key in keys], "as_of": self._as_of, "limit": limit}
        )
        return [((kind, token), application_id) for kind, token, application_id in rows]
