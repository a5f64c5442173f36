"""The ledger: one database of what people and runs decide, opened by URL, shared by several processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from casework.tables import HEAD
from graph.errors import Conflict, SettingsError, StoreError, StoreRefused, StoreUnavailable

BUSY_SECONDS: Final = 10
CHECKPOINT_PAGES: Final = 4000
"""Of 4 KiB: a stored decision writes about 25, and the one that meets the checkpoint waits some 10 ms for it."""
POOL: Final = 8
OVERFLOW: Final = 32
WRITES: Final = "ringsight_writes"


class Ledger:
    """A connection pool on the ledger. Give `transaction()` to writers and `reading()` to readers; both are short.

    SQLite: WAL, so that readers never wait; writers take their lock at once (BEGIN IMMEDIATE) and wait up to ten
    seconds for another; synchronous=FULL, so that what was committed survives a loss of power.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> "Ledger":
        """Open and bring the schema up to date. Raises SettingsError for a bad URL, StoreRefused for a newer schema."""
        ledger = cls(_engine(_parsed(url)))
        try:
            ledger._upgrade()
        except BaseException:
            ledger.close()
            raise
        return ledger

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One writing transaction: committed at the end, undone by any exception."""
        with (
            _translated(),
            self._engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view for readers."""
        with _translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Free the connections. Safe to call twice."""
        self._engine.dispose()

    def _upgrade(self) -> None:
        with self.reading() as connection:
            found = schema_version(connection)
        if found == HEAD:
            return
        # alembic takes half a second to import; only a new or an old ledger pays for it
        from casework.upgrade import upgrade

        with self.transaction() as connection:
            upgrade(connection, schema_version(connection))


def schema_version(connection: Connection) -> str | None:
    """The migration this ledger stands at, or None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def insert_new(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves rows alone which break a unique key of `table`."""
    return _insert_new(connection.dialect.name, table)


@cache
def _insert_new(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "the ledger's URL cannot be read", "use sqlite:///FILE or postgresql+psycopg://..."
        ) from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingsError(
            f"the ledger cannot live in {parsed.get_backend_name()}", "use sqlite:///FILE or postgresql+psycopg://..."
        )
    if parsed.get_backend_name() == "sqlite":
        _claim_file(parsed)
    return parsed


def _claim_file(url: URL) -> None:
    if not url.database or url.database == ":memory:":
        raise SettingsError("the ledger needs a file, several processes share it", "use sqlite:///FILE")
    path = Path(url.database)
    if not path.parent.is_dir():
        raise SettingsError(f"the ledger's folder {path.parent} does not exist", "run ringsight init")
    try:
        # created by us so that nobody else may read it; SQLite gives its side files the same permissions
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreRefused(
            f"the ledger {path} cannot be written: {error.strerror}", "check the file's owner"
        ) from error


def _engine(url: URL) -> Engine:
    try:
        # parameters may be personal data, so no exception may repeat them
        engine = create_engine(url, hide_parameters=True, pool_size=POOL, max_overflow=OVERFLOW)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise SettingsError(
            f"no driver for the ledger's URL: {error}", "install the driver, for example psycopg"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the driver's exceptions into ours, without the values they carry."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"the ledger holds something that rules this out: {error.orig}") from error
    except OperationalError as error:
        raise StoreUnavailable(f"the ledger does not answer: {error.orig}", "try again; check disk space") from error
    except DBAPIError as error:
        raise StoreRefused(
            f"the ledger refuses: {error.orig}", "check that the URL names a Ringsight ledger"
        ) from error
    except SQLAlchemyError as error:
        raise StoreError(f"the ledger failed: {type(error).__name__}") from error
