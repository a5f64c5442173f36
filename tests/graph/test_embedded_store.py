"""What only the embedded store can get wrong: its file, several processes, kills."""

import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graph.embedded_store import EmbeddedStore
from graph.errors import StoreRefused, StoreUnavailable
from graph.migrations.sql import MIGRATIONS
from graph.schema import ATTRIBUTES
from graph.sqlite_file import Session, SqliteFile
from graph.store import Batch, Verdict

Build = Callable[[Any], Batch]


LOADER = """
import sys
from pathlib import Path
import polars as pl
from graph.embedded_store import EmbeddedStore
from graph.store import Batch

store = EmbeddedStore(Path(sys.argv[1]))
batches = [Batch(*(pl.read_ipc(f"{n}.{part}") for part in ("a", "i", "l"))) for n in sys.argv[2:]]
print("ready", flush=True)
for batch in batches:
    store.write(batch)
store.close()
"""


def loader(path: Path, batches: list[Batch]) -> "subprocess.Popen[str]":
    """A process that opens the store, says so, and writes the batches."""
    names = []
    for batch in batches:
        names.append(str(path.with_name(uuid.uuid4().hex)))
        for part, frame in zip("ail", (batch.applications, batch.identifiers, batch.links), strict=True):
            frame.write_ipc(f"{names[-1]}.{part}")
    command = [sys.executable, "-c", LOADER, str(path), *names]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def books(batch_of: Build, row: Any, count: int, size: int) -> list[Batch]:
    return [
        batch_of(
            [row(f"A{b}-{n}", (f"phone/own/{n % 7}", f"email/own/{b}-{n}"), b * size + n + 1) for n in range(size)]
        )
        for b in range(count)
    ]


def test_several_processes_write_one_file(tmp_path: Path, row: Any, batch_of: Build) -> None:
    batches = books(batch_of, row, 6, 50)
    path = tmp_path / "graph.db"
    with loader(path, batches[::2]) as one, loader(path, batches[1::2]) as other:  # both may find no file yet
        assert (one.wait(60), other.wait(60)) == (0, 0)
    store = EmbeddedStore(path)
    assert store.count() == {"applications": 300, "versions": 300, "identifiers": 307, "links": 600}
    store.close()


@pytest.mark.parametrize("delay_ms", [0, 8, 20])
def test_a_killed_write_is_all_or_nothing_and_can_be_repeated(
    tmp_path: Path, row: Any, batch_of: Build, delay_ms: int
) -> None:
    before, during = books(batch_of, row, 2, 400)
    path = tmp_path / "graph.db"
    store = EmbeddedStore(path)
    store.write(before)
    with loader(path, [during]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay_ms / 1000)
        process.kill()
    whole = store.count()["applications"] == 800
    assert store.count()["applications"] in (400, 800)
    assert set(store.write(during).tolist()) == {int(Verdict.DUPLICATE if whole else Verdict.NEW)}
    assert store.count() == {"applications": 800, "versions": 800, "identifiers": 807, "links": 1600}
    assert store.links().links.height == 1600
    store.close()


def test_a_failure_in_the_middle_leaves_nothing(
    tmp_path: Path, row: Any, batch_of: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    (batch,) = books(batch_of, row, 1, 10)
    store = EmbeddedStore(tmp_path / "graph.db")
    append = Session.append

    def fail_at_versions(self: Session, table: str, frame: pl.DataFrame) -> None:
        if table == "version":
            raise KeyboardInterrupt
        append(self, table, frame)

    monkeypatch.setattr(Session, "append", fail_at_versions)
    with pytest.raises(KeyboardInterrupt):
        store.write(batch)
    monkeypatch.undo()
    assert set(store.count().values()) == {0}
    assert set(store.write(batch).tolist()) == {int(Verdict.NEW)}
    store.close()


def test_texts_that_follow_many_nulls_keep_their_column(tmp_path: Path, row: Any, batch_of: Build) -> None:
    """The driver guesses a column's type from the first rows it reads."""
    rows = [row(f"A{n:05}", (), n + 1) for n in range(70_000 // 10)]
    base = batch_of(rows)
    many = pl.concat([base.applications.with_columns(pl.col("application_id") + f"-{k}") for k in range(10)])
    last = batch_of([row("Z", ("phone/own/1",), 99_999, attributes={"region": "北京", "birth_year": 1990})])
    store = EmbeddedStore(tmp_path / "graph.db")
    store.write(Batch(many, base.identifiers, base.links))
    store.write(last)
    found = store.links().applications
    assert found.height == 70_001
    assert found.filter(pl.col("region").is_not_null()).select("application_id", "region", "birth_year").rows() == [
        ("Z", "北京", 1990)
    ]
    store.close()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph.db"
    path.write_text("this is not a database, it is a letter\n" * 100)
    with pytest.raises(StoreRefused) as refusal:
        EmbeddedStore(path)
    assert "graph.db" in str(refusal.value)
    assert "RINGSIGHT_STORE" in refusal.value.remedy
    assert path.read_text().startswith("this is not a database")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as failure:
        EmbeddedStore(tmp_path / "nowhere" / "graph.db")
    assert "nowhere" in str(failure.value)
    assert failure.value.remedy


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph.db"
    EmbeddedStore(path).close()
    file = SqliteFile(path)
    with file.writing() as session:
        session.run("INSERT INTO migration (id) VALUES ('9999-of-the-future')")
    file.close()
    with pytest.raises(StoreRefused, match="newer Ringsight"):
        EmbeddedStore(path)


def test_a_column_declared_later_arrives_by_itself(tmp_path: Path, row: Any, batch_of: Build) -> None:
    path = tmp_path / "graph.db"
    EmbeddedStore(path).close()
    file = SqliteFile(path)
    column = list(ATTRIBUTES)[-1]
    with file.writing() as session:
        session.run(f'ALTER TABLE version DROP COLUMN "{column}"')
        session.run("DELETE FROM migration WHERE id = ?", (f"0002-version-{column}",))
    file.close()
    store = EmbeddedStore(path)
    store.write(batch_of([row("A", (), 1, attributes={column: "x"})]))
    assert store.links().applications[column].to_list() == ["x"]
    store.close()


def test_a_file_from_before_the_marks_is_upgraded(tmp_path: Path, row: Any, batch_of: Build) -> None:
    """Its links have none; written again they are duplicates and stay so; a newer version brings its own."""
    path = tmp_path / "graph.db"
    use = "phone/reference/1"
    store = EmbeddedStore(path)
    store.write(batch_of([row("A", (use,), 1), row("B", (use,), 2)]))
    store.close()
    file = SqliteFile(path)
    with file.writing() as session:
        session.run("ALTER TABLE link DROP COLUMN mark")
        session.run("DELETE FROM migration WHERE id = '0003-link-mark'")
    file.close()
    store = EmbeddedStore(path)
    assert store.links().links["mark"].to_list() == [None, None]
    again = batch_of([row("A", (use,), 3, marks={use: 9}), row("B", (use,), 4, version_at=2_000, marks={use: 9})])
    assert store.write(again).tolist() == [Verdict.DUPLICATE, Verdict.UPDATED]
    assert sorted(store.links().links["mark"].to_list(), key=str) == [9, None]
    store.close()


def test_migrations_have_unique_ids() -> None:
    ids = [migration.id for migration in MIGRATIONS]
    assert len(set(ids)) == len(ids)


def test_a_batch_of_five_thousand_is_quick(tmp_path: Path, row: Any, batch_of: Build) -> None:
    kinds = ("phone", "email", "address", "employer", "dealer", "officer", "account", "device", "vehicle", "ip")
    store = EmbeddedStore(tmp_path / "graph.db")
    spent = []
    for first in (0, 5_000):
        numbers = range(first, first + 5_000)
        batch = batch_of([row(f"A{n}", tuple(f"{k}/own/{n % 7000}" for k in kinds), n) for n in numbers])
        began = time.process_time()
        store.write(batch)
        spent.append(time.process_time() - began)  # of our own: the machine may be busy with others
    store.close()
    assert min(spent) < 1.5
