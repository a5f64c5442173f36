"""One SQLite file reached through ADBC alone: pooled connections, transactions, typed column reads, our own errors.

The ADBC driver carries its own copy of SQLite. Two copies in one process break each other's file locks (POSIX drops a
process's locks on a file when any descriptor of it is closed; https://www.sqlite.org/howtocorrupt.html, 2.2.1): seen
here, a second writer got in. So nothing in this house opens a graph file with the standard library's sqlite3.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

import adbc_driver_manager as adbc
import polars as pl
import polars.selectors as cs
import pyarrow as pa
from adbc_driver_manager import dbapi
from adbc_driver_sqlite import dbapi as sqlite

from graph.errors import StoreError, StoreRefused, StoreUnavailable
from graph.migrations import Migration, pending

BUSY_MILLISECONDS: Final = 30_000  # longer than any write transaction of ours
BULK_ROWS: Final = "65536"  # the default of 1,024 makes thousands of tiny chunks; this takes a millisecond to set up
Value = str | int | None

_FOLDER: Final = "check that the folder exists and is writable (`ringsight init` makes it)"
_REFUSALS: Final = (
    ("file is not a database", "RINGSIGHT_STORE names a file that is not a graph store; name another"),
    ("readonly", "make the file and its folder writable for this user"),
    ("malformed", "the file is damaged; restore it from a backup or load the book again"),
    ("permission", "make the file and its folder readable and writable for this user"),
)
_OUTAGES: Final = (
    ("locked", "another process is writing for too long; try again"),
    ("unable to open", _FOLDER),
    ("disk is full", "free some disk space and run the same command again"),
    ("disk i/o", "check the disk and run the same command again"),
)


def _translated(error: Exception, path: Path) -> StoreError:
    text = str(error)
    lowered = text.lower()
    if "failed to open" in lowered:  # the driver goes on to blame a lack of memory, whatever the cause
        return StoreUnavailable(f"graph store {path}: the file cannot be opened", _FOLDER)
    first = text.splitlines()[0] if text else type(error).__name__
    for mark, remedy in _REFUSALS:
        if mark in lowered:
            return StoreRefused(f"graph store {path}: {first}", remedy)
    remedy = next((r for mark, r in _OUTAGES if mark in lowered), "")
    return StoreUnavailable(f"graph store {path}: {first}", remedy)


class Session:
    """One connection in one thread's hands."""

    def __init__(self, connection: dbapi.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        """Execute a statement whose rows nobody wants."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            cursor.fetchall()

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """A small result as tuples."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall()

    def frame(
        self, select: str, schema: Mapping[str, pl.DataType], parameters: Sequence[Value] = (), *, bulk: bool = False
    ) -> pl.DataFrame:
        """The columns of `select`, in the order and types of `schema`; `bulk` for more than a few thousand rows.

        The driver infers a column's type from its first rows and fails when a text follows only nulls: a first row
        with a value of the right type in each column, dropped again, settles the types.
        """
        header = ", ".join(f"""{"''" if t == pl.String() else 0} AS "{name}\"""" for name, t in schema.items())
        with self._connection.cursor() as cursor:
            if bulk:
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": BULK_ROWS})
            cursor.execute(f"SELECT {header} UNION ALL {select}", parameters or None)
            table = cursor.fetch_arrow_table().slice(1)
        return pl.DataFrame(table.cast(_arrow_schema(tuple(schema.items()))))  # Arrow casts narrow tables faster

    def append(self, table: str, frame: pl.DataFrame) -> None:
        """Add rows to a table, columns by name."""
        if frame.is_empty():
            return
        with self._connection.cursor() as cursor:
            cursor.adbc_ingest(table, _plain(frame).to_arrow(), mode="append")

    @contextmanager
    def aside(self, name: str, frame: pl.DataFrame) -> Iterator[None]:
        """A temporary table holding `frame` for the length of a block."""
        with self._connection.cursor() as cursor:
            cursor.adbc_ingest(name, _plain(frame).to_arrow(), mode="create", temporary=True)
        yield
        self.run(f"DROP TABLE temp.{name}")


@cache
def _arrow_schema(columns: tuple[tuple[str, pl.DataType], ...]) -> pa.Schema:
    return pl.DataFrame(schema=dict(columns)).to_arrow(compat_level=pl.CompatLevel.oldest()).schema


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.Boolean).cast(pl.Int64), cs.unsigned_integer().cast(pl.Int64))


class SqliteFile:
    """Connections to one file; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._idle: list[dbapi.Connection] = []
        self._closed = False

    def migrate(self, create_log: str, known: Sequence[Migration]) -> None:
        """Bring the layout up to date; several processes may try at once."""
        with self.reading() as session:
            there = session.rows("SELECT 1 FROM sqlite_master WHERE name = 'migration'")
            if there and not pending(known, _applied(session)):
                return
        with self.writing() as session:
            session.run(create_log)
            for migration in pending(known, _applied(session)):
                for statement in migration.statements:
                    session.run(statement)
                session.run("INSERT INTO migration (id) VALUES (?)", (migration.id,))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session whose reads all see one snapshot."""
        with self._transaction("BEGIN") as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that alone may write, in one transaction: all of it is kept, or nothing."""
        with self._transaction("BEGIN IMMEDIATE") as session:
            yield session

    def close(self) -> None:
        """Close idle connections; those in use close when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Session]:
        connection = self._take()
        session = Session(connection)
        try:
            session.run(begin)
            try:
                yield session
                session.run("COMMIT")
            except BaseException:
                with suppress(adbc.Error):  # the engine may have rolled back by itself
                    session.run("ROLLBACK")
                raise
        except adbc.Error as error:
            raise _translated(error, self.path) from error
        finally:
            self._give_back(connection)

    def _take(self) -> dbapi.Connection:
        with self._lock:
            if self._closed:
                raise StoreUnavailable(f"graph store {self.path} was closed")
            if self._idle:
                return self._idle.pop()
        return self._open()

    def _give_back(self, connection: dbapi.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _open(self) -> dbapi.Connection:
        connection = None
        try:
            connection = sqlite.connect(str(self.path), autocommit=True)
            session = Session(connection)
            session.rows(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            session.rows("PRAGMA journal_mode = WAL")
            session.run("PRAGMA synchronous = FULL")  # the ledger counts a batch as loaded: it must outlive a power cut
            session.run("PRAGMA temp_store = MEMORY")
            session.run("PRAGMA cache_size = -65536")
        except adbc.Error as error:
            if connection is not None:
                connection.close()
            raise _translated(error, self.path) from error
        return connection


def _applied(session: Session) -> list[str]:
    return [str(row[0]) for row in session.rows("SELECT id FROM migration ORDER BY position")]
