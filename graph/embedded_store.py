"""The embedded graph store: one SQLite file in WAL mode, shared by API, load and sweep processes."""

# ruff: noqa: S608 - statements are built from declared names; every value is a parameter

import json
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph import arrival
from graph.arrival import LinkPlan, VersionPlan
from graph.errors import StoreError
from graph.migrations.sql import MIGRATION_TABLE, MIGRATIONS
from graph.neighbours import Application, Identifier, Key, Use, grow, listed
from graph.schema import APPLICATION_SCHEMA, IDENTIFIER_SCHEMA, LINK_SCHEMA, NETWORK_SCHEMA
from graph.sqlite_file import Session, SqliteFile, Value
from graph.store import OPEN, Batch, Caps, Links, Neighbourhood, Node

_FOREVER: Final = 2**62  # later than any event, in microseconds
_INTEGER: Final = pl.Int64()
_LINK_COLUMNS: Final = {"application": _INTEGER, "identifier": _INTEGER, "role": pl.UInt8(), "mark": pl.Int32()}


class EmbeddedStore:
    """GraphStore on one file; made on first use. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path)
        try:
            self._file.migrate(MIGRATION_TABLE, MIGRATIONS)
        except StoreError:
            self._file.close()
            raise

    def write(self, batch: Batch) -> NDArray[np.uint8]:
        """See GraphStore.write; one transaction."""
        if batch.applications.is_empty():
            return np.empty(0, np.uint8)
        with self._file.writing() as session:
            ((next_version, next_identifier),) = session.frame(
                "SELECT version, identifier FROM allocator", {"version": _INTEGER, "identifier": _INTEGER}
            ).rows()
            versions, links = arrival.plan(
                batch,
                _held_versions(session, batch),
                partial(_held_identifiers, session),
                first_version=next_version,
                first_identifier=next_identifier,
            )
            if links is None:
                return versions.verdicts
            _write_links(session, links)
            _write_versions(session, versions, links.links)
            session.run(
                "UPDATE allocator SET version = ?, identifier = ?",
                (next_version + versions.fresh.height, next_identifier + links.fresh.height),
            )
        return versions.verdicts

    def links(self, *, as_of: int | None = None, known_at: int | None = None) -> Links:
        """See GraphStore.links; the sorting and joining is done in columns."""
        live, parameters = _live("v", as_of, known_at)
        columns = {"nid": _INTEGER, **APPLICATION_SCHEMA, "closed_seq": _INTEGER}
        with ThreadPoolExecutor(1) as aside, self._file.reading() as session:
            session.rows("SELECT version FROM allocator")  # what this session sees is settled by its first read
            # identifiers are never taken away: those of a moment later are all that the links name
            identifiers = aside.submit(self._identifiers)
            applications = session.frame(
                f"SELECT {_names(columns)} FROM version v WHERE {live}", columns, parameters, bulk=True
            )
            links = session.frame("SELECT version, identifier, role, mark FROM link", _LINK_COLUMNS, bulk=True)
            return _joined(applications, links, identifiers.result())

    def _identifiers(self) -> pl.DataFrame:
        columns = {"nid": _INTEGER, **NETWORK_SCHEMA}
        with self._file.reading() as session:
            return session.frame(f"SELECT {_names(columns)} FROM identifier", columns, bulk=True)

    def recent(self, tokens: Sequence[tuple[int, str]], *, after: int) -> Batch:
        """See GraphStore.recent."""
        wanted = json.dumps([list(token) for token in tokens])
        with self._file.reading() as session:
            first = session.rows("SELECT first FROM arrival WHERE high > ? ORDER BY high, first LIMIT 1", (after,))
            if not first or not tokens:
                return Batch.empty()
            nids = session.rows(
                f"SELECT DISTINCT v.nid FROM json_each(?) t CROSS JOIN {_IDENTIFIER_OF_T}"
                " CROSS JOIN link l ON l.identifier = i.nid AND l.version >= ?"
                " CROSS JOIN version v ON v.nid = l.version WHERE v.seq > ? AND v.closed_seq = ?",
                (wanted, first[0][0], after, OPEN),
            )
            return _batch_of(session, [int(str(row[0])) for row in nids]) if nids else Batch.empty()

    def neighbourhood(
        self, node: str, *, hops: int = 2, caps: Caps = Caps(), as_of: int | None = None
    ) -> Neighbourhood:
        """See GraphStore.neighbourhood."""
        with self._file.reading() as session:
            return grow(_Reach(session, as_of), node, hops, caps)

    def find(self, text: str, *, limit: int = 20) -> tuple[Node, ...]:
        """See GraphStore.find; labels are compared without regard to case."""
        if not text or limit < 1:
            return ()
        with self._file.reading() as session:
            needle = str(pl.Series([text]).str.to_lowercase()[0])
            parameters = (text, needle, f"{text}\U0010ffff", OPEN, limit)
            found = [(int(str(kind)), str(key)) for key, kind in session.rows(_FIND, parameters)]
            return listed(_Reach(session, None), found, Caps().hub)

    def count(self) -> dict[str, int]:
        """See GraphStore.count; versions and identifiers are all that are stored."""
        names = ("applications", "versions", "identifiers", "links")
        with self._file.reading() as session:
            (row,) = session.rows(
                "SELECT count(*) FILTER (WHERE closed_seq = ?1), count(*), (SELECT count(*) FROM identifier),"
                " coalesce(sum(links) FILTER (WHERE closed_seq = ?1), 0) FROM version",
                (OPEN,),
            )
        return {name: int(str(value)) for name, value in zip(names, row, strict=True)}

    def close(self) -> None:
        """See GraphStore.close."""
        self._file.close()


_IDENTIFIER_OF_T: Final = (
    "identifier i ON i.token = json_extract(t.value, '$[1]') AND i.kind = json_extract(t.value, '$[0]')"
)
# Rank 0: the very id, token or label; 1: its id or token starts so; 2: its label contains it. Kind 0: application.
_FIND: Final = """
SELECT key, kind FROM (
  SELECT application_id AS key, 0 AS kind,
    CASE WHEN application_id = ?1 OR coalesce(folded, name_label, application_id) = ?2 THEN 0
         WHEN application_id >= ?1 AND application_id < ?3 THEN 1 ELSE 2 END AS rank
  FROM version WHERE closed_seq = ?4
    AND (application_id >= ?1 AND application_id < ?3 OR instr(coalesce(folded, name_label, application_id), ?2) > 0)
  UNION ALL
  SELECT token, kind, CASE WHEN token = ?1 OR coalesce(folded, label, token) = ?2 THEN 0
         WHEN token >= ?1 AND token < ?3 THEN 1 ELSE 2 END
  FROM identifier
  WHERE token >= ?1 AND token < ?3 OR instr(coalesce(folded, label, token), ?2) > 0
) ORDER BY rank, kind, key LIMIT ?5"""


def _names(columns: Collection[str], table: str = "") -> str:
    prefix = f"{table}." if table else ""
    return ", ".join(f'{prefix}"{name}"' for name in columns)


def _live(table: str, as_of: int | None, known_at: int | None) -> tuple[str, tuple[Value, ...]]:
    until = _FOREVER if as_of is None else as_of
    if known_at is None:
        return f"{table}.closed_seq = ? AND {table}.event_at <= ?", (OPEN, until)
    return f"{table}.seq <= ? AND {table}.closed_seq > ? AND {table}.event_at <= ?", (known_at, known_at, until)


def _joined(applications: pl.DataFrame, links: pl.DataFrame, identifiers: pl.DataFrame) -> Links:
    """Links of the applications, and the identifiers that they name; nids are small numbers: by tables, no joins."""
    application, identifier = links["application"].to_numpy(), links["identifier"].to_numpy()
    live = _table(applications["nid"], application)
    kind = _table(identifiers["nid"], identifier, identifiers["kind"])
    kept = live[application].astype(np.bool_) & (kind[identifier] > 0)
    links = links.with_columns(kind=pl.Series(kind[identifier], dtype=pl.UInt8)).filter(pl.Series(kept))
    used = np.zeros(len(kind), np.bool_)
    used[links["identifier"].to_numpy()] = True
    return Links(
        applications.sort("application_id").with_columns(closed_seq=pl.lit(OPEN, pl.Int64)),
        identifiers.filter(pl.Series(used[identifiers["nid"].to_numpy()])),
        links.select("application", "identifier", "kind", "role", "mark"),
    )


def _table(nid: pl.Series, asked: NDArray[np.int64], value: pl.Series | None = None) -> NDArray[np.uint8]:
    """[greatest nid + 1] the value (never 0) of each, or 1; 0 of a nid that is not there."""
    number = nid.to_numpy()
    table = np.zeros(max(int(number.max(initial=0)), int(asked.max(initial=0))) + 1, np.uint8)
    table[number] = 1 if value is None else value.to_numpy()
    return table


def _held_versions(session: Session, batch: Batch) -> pl.DataFrame:
    columns = arrival.HELD_VERSION
    with session.aside("arriving", batch.applications.select(pl.col("application_id").unique(maintain_order=True))):
        return session.frame(
            f"SELECT {_names(columns, 'v')} FROM temp.arriving a CROSS JOIN version v USING (application_id)",
            columns,
            bulk=True,
        )


def _held_identifiers(session: Session, used: pl.DataFrame) -> pl.DataFrame:
    columns = arrival.HELD_IDENTIFIER
    with session.aside("arriving", used.select("kind", "token")):
        return session.frame(
            f"SELECT {_names(columns, 'i')} FROM temp.arriving a CROSS JOIN identifier i USING (token, kind)",
            columns,
            bulk=True,
        )


def _write_links(session: Session, plan: LinkPlan) -> None:
    session.append("identifier", _with_folded(plan.fresh, "label", "token"))
    session.append("link", plan.links.select("version", "identifier", "role", "mark"))
    if plan.changed.is_empty():
        return
    changed = _with_folded(plan.changed, "label", "token")
    values = ", ".join(f'"{name}" = c."{name}"' for name in (*arrival.IDENTIFIER_COLUMNS, "folded"))
    with session.aside("changed", changed):
        session.run(f"UPDATE identifier SET {values} FROM temp.changed c WHERE identifier.nid = c.nid")


def _write_versions(session: Session, plan: VersionPlan, links: pl.DataFrame) -> None:
    counts = links.group_by("version").agg(links=pl.len().cast(pl.Int64))
    fresh = plan.fresh.join(counts, left_on="nid", right_on="version", how="left", maintain_order="left")
    rows = fresh.select("nid", *arrival.VERSION_COLUMNS, "closed_seq", pl.col("links").fill_null(0))
    session.append("version", _with_folded(rows, "name_label", "application_id"))
    first, high = plan.fresh.select(first=pl.col("nid").min(), high=pl.col("seq").max()).row(0)
    session.run(
        "INSERT INTO arrival SELECT ?, max(?, coalesce((SELECT max(high) FROM arrival), ?))", (first, high, high)
    )
    if not plan.closed.is_empty():
        with session.aside("closed", plan.closed.select("nid", "closed_seq")):
            session.run("UPDATE version SET closed_seq = c.closed_seq FROM temp.closed c WHERE version.nid = c.nid")


def _with_folded(frame: pl.DataFrame, label: str, fallback: str) -> pl.DataFrame:
    """Adds `folded`: null where it would repeat what people see, as it mostly would."""
    shown = pl.coalesce(label, fallback)
    lower = shown.str.to_lowercase()
    return frame.with_columns(folded=pl.when(lower != shown).then(lower))


def _batch_of(session: Session, nids: Sequence[int]) -> Batch:
    wanted = (json.dumps(nids),)
    columns = {"nid": _INTEGER, **APPLICATION_SCHEMA}
    applications = session.frame(
        f"SELECT {_names(columns)} FROM version WHERE nid IN (SELECT value FROM json_each(?))", columns, wanted
    ).sort("seq", "application_id")
    links = session.frame(
        "SELECT version, role, mark, kind, token FROM link JOIN identifier ON nid = identifier"
        " WHERE version IN (SELECT value FROM json_each(?))",
        {"version": _INTEGER, "role": pl.UInt8(), "mark": pl.Int32(), "kind": pl.UInt8(), "token": pl.String()},
        wanted,
    )
    identifiers = session.frame(
        f"SELECT {_names(IDENTIFIER_SCHEMA)} FROM identifier WHERE nid IN"
        " (SELECT identifier FROM link WHERE version IN (SELECT value FROM json_each(?)))",
        IDENTIFIER_SCHEMA,
        wanted,
    )
    rows = applications.select(version="nid").with_row_index("row")
    placed = links.join(rows, on="version").select(list(LINK_SCHEMA)).sort(list(LINK_SCHEMA))
    return Batch(applications.drop("nid"), identifiers.sort("kind", "token"), placed)


class _Reach:
    """graph.neighbours.Reach inside one read transaction."""

    def __init__(self, session: Session, as_of: int | None) -> None:
        self._session = session
        self._as_of = as_of

    def applications(self, ids: Collection[str]) -> list[Application]:
        live, parameters = _live("v", self._as_of, None)
        rows = self._session.rows(
            "SELECT v.event_at, v.application_id, coalesce(v.name_label, v.application_id),"
            " (SELECT count(DISTINCT identifier) FROM link WHERE version = v.nid)"
            f" FROM json_each(?) t CROSS JOIN version v ON v.application_id = t.value WHERE {live}",
            (json.dumps(list(ids)), *parameters),
        )
        return [Application(int(str(at)), str(key), str(label), int(str(degree))) for at, key, label, degree in rows]

    def identifiers(self, keys: Collection[Key]) -> list[Identifier]:
        live, parameters = _live("v", self._as_of, None)
        rows = self._session.rows(
            "SELECT i.kind, i.token, i.label, (SELECT count(DISTINCT v.nid) FROM link l CROSS JOIN version v"
            f" ON v.nid = l.version WHERE l.identifier = i.nid AND {live})"
            f" FROM json_each(?) t CROSS JOIN {_IDENTIFIER_OF_T}",
            (*parameters, json.dumps(list(keys))),
        )
        return [
            Identifier(int(str(kind)), str(token), None if label is None else str(label), int(str(degree)))
            for kind, token, label, degree in rows
        ]

    def uses(self, ids: Collection[str]) -> list[Use]:
        live, parameters = _live("v", self._as_of, None)
        rows = self._session.rows(
            "SELECT v.application_id, i.kind, i.token, l.role FROM json_each(?) t"
            " CROSS JOIN version v ON v.application_id = t.value CROSS JOIN link l ON l.version = v.nid"
            f" CROSS JOIN identifier i ON i.nid = l.identifier WHERE {live}",
            (json.dumps(list(ids)), *parameters),
        )
        return [Use(str(key), int(str(kind)), str(token), int(str(role))) for key, kind, token, role in rows]

    def users(self, keys: Collection[Key], limit: int) -> list[tuple[Key, str]]:
        live, parameters = _live("v", self._as_of, None)
        rows = self._session.rows(
            "SELECT kind, token, application_id FROM (SELECT kind, token, application_id, row_number() OVER"
            " (PARTITION BY nid ORDER BY event_at, application_id) AS place FROM"
            " (SELECT DISTINCT i.nid, i.kind, i.token, v.event_at, v.application_id"
            f" FROM json_each(?) t CROSS JOIN {_IDENTIFIER_OF_T} CROSS JOIN link l ON l.identifier = i.nid"
            f" CROSS JOIN version v ON v.nid = l.version WHERE {live})) WHERE place <= ?",
            (json.dumps(list(keys)), *parameters, limit),
        )
        return [((int(str(kind)), str(token)), str(application_id)) for kind, token, application_id in rows]
