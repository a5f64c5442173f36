"""The ledger opens, upgrades itself once, refuses what it cannot be, and lets go of nothing personal in errors."""

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Dialect, insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from casework import ledger as module
from casework import sequence
from casework.ledger import Ledger
from casework.tables import CLIENTS, HEAD, METADATA, VAULT
from casework.upgrade import SCRIPTS
from graph.errors import Conflict, SettingsError, StoreRefused, StoreUnavailable


def test_migrations_make_the_declared_tables(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        keys = {table.name: table.primary_key.columns.keys() for table in METADATA.sorted_tables}
        for name, columns in keys.items():
            info = connection.exec_driver_sql(f"PRAGMA table_info({name})").all()
            assert [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]] == columns


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_heads() == [HEAD]


def test_opening_again_keeps_what_is_there(ledger: Ledger, ledger_path: Path) -> None:
    with ledger.transaction() as connection:
        first = sequence.take(connection, 5)
    again = Ledger.open(f"sqlite:///{ledger_path}")
    with again.transaction() as connection:
        assert sequence.take(connection, 1) == first + 5
    again.close()
    again.close()


def test_a_new_ledger_is_its_owners_only(tmp_path: Path) -> None:
    opened = Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    with opened.transaction() as connection:
        sequence.take(connection, 1)
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    opened.close()


def test_connections_are_set_up_to_be_shared_and_durable(ledger: Ledger) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    with ledger.reading() as connection:
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted} == wanted


def test_a_newer_schema_is_refused_and_left_alone(ledger: Ledger, ledger_path: Path) -> None:
    with ledger.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreRefused, match="newer") as refused:
        Ledger.open(f"sqlite:///{ledger_path}")
    assert "upgrade Ringsight" in refused.value.remedy


def test_a_killed_upgrade_is_done_whole_next_time(
    tmp_path: Path, killed_before: Callable[[int, Callable[[], object]], bool]
) -> None:
    path = tmp_path / "ledger.db"
    assert killed_before(12, lambda: Ledger.open(f"sqlite:///{path}"))
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    raw.close()
    opened = Ledger.open(f"sqlite:///{path}")
    with opened.reading() as connection:
        assert module.schema_version(connection) == HEAD
    opened.close()


def test_several_processes_may_open_a_new_ledger_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            code = 3
            try:
                with Ledger.open(url).transaction() as connection:
                    sequence.take(connection, 10)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
    opened = Ledger.open(url)
    with opened.reading() as connection:
        assert sequence.last(connection) == 40
    opened.close()


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("sqlite://", SettingsError),
        ("sqlite:///:memory:", SettingsError),
        ("mysql://host/x", SettingsError),
        ("no url at all", SettingsError),
        ("sqlite:////nowhere/at/all/ledger.db", SettingsError),
    ],
)
def test_unusable_urls_are_refused(url: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Ledger.open(url)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"application_id,submitted_at\n" * 300)
    with pytest.raises(StoreRefused):
        Ledger.open(f"sqlite:///{tmp_path}/ledger.db")


def test_an_exception_undoes_the_transaction(ledger: Ledger) -> None:
    def take_and_fail() -> None:
        with ledger.transaction() as connection:
            sequence.take(connection, 7)
            raise KeyError

    with pytest.raises(KeyError):
        take_and_fail()
    with ledger.reading() as connection:
        assert sequence.last(connection) == 0


def test_errors_do_not_repeat_values(ledger: Ledger) -> None:
    row = {"type": "phone", "token": "t1:canary", "key_id": "d1", "sealed": b"canary"}
    with ledger.transaction() as connection:
        connection.execute(insert(VAULT), row)
    with pytest.raises(Conflict) as refused, ledger.transaction() as connection:
        connection.execute(insert(VAULT), row)
    assert "canary" not in str(refused.value)
    assert "canary" not in str(refused.value.__cause__)


def test_a_ledger_that_stays_locked_is_unavailable(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    hasty = module.Ledger(module._engine(ledger._engine.url))
    with ledger.transaction(), pytest.raises(StoreUnavailable), hasty.transaction():
        pass
    hasty.close()


def test_readers_do_not_wait_for_a_writer(ledger: Ledger) -> None:
    with ledger.transaction() as writing:
        sequence.take(writing, 3)
        with ledger.reading() as reading:
            assert sequence.last(reading) == 0


def test_writers_in_threads_get_numbers_of_their_own(ledger: Ledger) -> None:
    taken: list[int] = []

    def take() -> None:
        for _ in range(20):
            with ledger.transaction() as connection:
                taken.append(sequence.take(connection, 3))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 1 + 3 * 80, 3))


def test_postgresql_is_not_ruled_out() -> None:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in METADATA.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))
    unrepeated = module._insert_new("postgresql", CLIENTS)
    assert "ON CONFLICT DO NOTHING" in str(unrepeated.compile(dialect=dialect))
    assert "FOR UPDATE" in str(select(CLIENTS).with_for_update().compile(dialect=dialect))
