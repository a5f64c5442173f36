"""The sweep as a use case: gates, kill -9, and that the endpoint agrees with it."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from api.gates import check, drawn, singles
from api.wiring import House, open_house
from casework.access import ROLES, Actor, Role
from casework.sweeps import State
from detectors.artifact import Published
from graph.errors import ArtifactError, Conflict, UsageError
from graph.schema import KIND_OF_CODE, ROLE_OF_CODE
from graph.store import Batch
from tests.api.book import fresh, load, rows, run_sweep, write_csv

LEAD = Actor("tests", ROLES[Role.LEAD])


@pytest.fixture
def house(tmp_path: Path) -> House:
    """An open house with a book of 108 applications, not yet swept."""
    opened = open_house(fresh(tmp_path / "home"))
    load(opened, write_csv(tmp_path / "book.csv", rows(60)))
    return opened


def published(house: House) -> Published:
    current = house.sweeps.current()
    assert current is not None
    return Published.open(house.settings.sweeps_folder / current.sweep_id)


def test_an_empty_book_is_wrong_use_and_leaves_no_lease(tmp_path: Path) -> None:
    opened = open_house(fresh(tmp_path / "home"))
    with pytest.raises(UsageError, match="nothing to sweep"):
        run_sweep(opened)
    load(opened, write_csv(tmp_path / "book.csv", rows(60)))
    assert run_sweep(opened)["applications"] == 108


def test_as_of_sees_less(house: House) -> None:
    from api.sweeping import Bounds, sweep
    from api.times import microseconds_of

    bounds = Bounds(as_of=microseconds_of("2025-12-01"), sample=5)
    with closing(house.open_store()) as store:
        found = sweep(house, store, bounds, say=lambda step: None)
    assert 0 < found["applications"] < 108


def test_a_second_sweep_at_the_same_time_is_refused(house: House) -> None:
    held = house.sweeps.begin(1, None, None, "x")
    with pytest.raises(Conflict):
        run_sweep(house)
    held.fail("enough")
    run_sweep(house)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (pl.col("score").replace_strict({}, default=None).cast(pl.Int32).alias("score"), "no numbers"),
        (pl.lit(float("nan")).alias("probability"), "no numbers"),
        (pl.lit("red").alias("band"), "capacity"),
        (pl.lit(1, pl.Int64).alias("rank"), "unique"),
        ((1000 - pl.col("score")).cast(pl.Int32).alias("score"), "computes them again"),
    ],
)
@pytest.mark.parametrize("alone", [20, 0])
def test_each_gate_holds_back(
    house: House, change: pl.Expr, said: str, alone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.gates.ALONE", alone)
    run_sweep(house)
    with closing(house.open_store()) as store:
        links = store.links()
    whole = published(house)
    whole.__dict__["scores"] = whole.scores.with_columns(change)  # a cached property, replaced for this object only
    with pytest.raises(ArtifactError, match=said):
        check(whole, drawn(links, seed=1, sample=20), house.policy, before=None)


def test_a_book_that_shrank_is_held_back(house: House) -> None:
    run_sweep(house)
    with closing(house.open_store()) as store:
        links = store.links()
    with pytest.raises(ArtifactError, match="last sweep had 1000"):
        check(published(house), drawn(links, seed=1, sample=1), house.policy, before=1000)


def test_a_held_sweep_leaves_the_last_one_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_sweep(house)["sweep_id"]

    def held(*_: object, **__: object) -> None:
        raise ArtifactError("the sweep is held: a test says so")

    monkeypatch.setattr("api.sweeping.check", held)
    with pytest.raises(ArtifactError):
        run_sweep(house)
    current = house.sweeps.current()
    assert current is not None
    assert current.sweep_id == first
    newest = house.sweeps.list()[0]
    assert (newest.state, newest.reason) == (State.FAILED, "the sweep is held: a test says so")


def test_a_file_that_cannot_be_written_while_rings_are_drawn_holds_the_sweep(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_sweep(house)["sweep_id"]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("detectors.publish._values", full)
    with pytest.raises(OSError, match="No space"):
        run_sweep(house)
    monkeypatch.undo()
    current, newest = house.sweeps.current(), house.sweeps.list()[0]
    assert current is not None
    assert current.sweep_id == first
    assert newest.state is State.FAILED
    assert not (house.settings.sweeps_folder / newest.sweep_id / "manifest.json").exists()
    run_sweep(house)
    assert not (house.settings.sweeps_folder / newest.sweep_id).exists()


def child(house: House, command: list[str], *, waits_for: str) -> subprocess.Popen[str]:
    """`ringsight` in a process of its own; returns when standard error has said `waits_for`."""
    environment = {**os.environ, "RINGSIGHT_HOME": str(house.settings.home)}
    words = [sys.executable, "-c", "from api.cli import main; main()", *command]
    started = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert started.stderr is not None
    for line in started.stderr:
        if waits_for in line:
            return started
    started.communicate()
    raise AssertionError(f"{command} never said {waits_for!r}")


@pytest.mark.slow
@pytest.mark.parametrize("step", ["features", "checking the gates"])
def test_a_sweep_killed_anywhere_is_never_half_seen(house: House, step: str) -> None:
    first = run_sweep(house)["sweep_id"]
    started = child(house, ["sweep"], waits_for=step)
    started.send_signal(signal.SIGKILL)
    started.communicate()
    current = house.sweeps.current()
    assert current is not None
    assert current.sweep_id == first
    Published.open(house.settings.sweeps_folder / first, verify=True)
    again = run_sweep(house)
    dead = next(record for record in house.sweeps.list() if record.sweep_id == again["took_over"])
    assert dead.state is State.FAILED
    assert "started from the beginning" in (dead.reason or "")
    assert not (house.settings.sweeps_folder / dead.sweep_id).exists()
    assert published(house).applications == 108


@pytest.mark.slow
def test_a_load_killed_in_the_middle_balances_when_run_again(tmp_path: Path) -> None:
    opened = open_house(fresh(tmp_path / "home"))
    path = write_csv(tmp_path / "book.csv", rows(600))
    command = ["load", str(path), "--mapping", str(_mapping(tmp_path)), "--batch-size", "40"]
    environment = {**os.environ, "RINGSIGHT_HOME": str(opened.settings.home)}
    words = [sys.executable, "-c", "from api.cli import main; main()", *command]
    started = subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while _count(opened) < 100 and started.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    started.send_signal(signal.SIGKILL)
    started.wait()
    there = _count(opened)
    assert 0 < there < 648, "the load was not killed in its middle"
    again = subprocess.run([*words, "--json"], env=environment, capture_output=True, text=True, check=True)
    report = json.loads(again.stdout)
    assert report["read"] == 648 == report["loaded"] + report["duplicate"] + report["quarantined"]
    assert report["duplicate"] >= there
    assert _count(opened) == 648
    assert [record.state for record in opened.accounts.loads()] == ["closed", "abandoned"]
    assert opened.accounts.watermark() > 0


def _count(house: House) -> int:
    with closing(house.open_store()) as store:
        return store.count()["applications"]


def _mapping(folder: Path) -> Path:
    from tests.api.test_cli import MAPPING

    path = folder / "book.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


def _clear(house: House, kind: str, token: str | None) -> str | None:
    return None if token is None else house.vault.reveal(kind, token, LEAD, "quality_check")


def _money(minor: int | None) -> str | None:
    return None if minor is None else f"{minor / 100:.2f}"


def payload_of(house: House, batch: Batch) -> dict[str, Any]:
    """An application of the book as a payload again, its clear values from the vault."""
    row = batch.applications.row(0, named=True)
    labels = batch.links.select("kind", "role", "token").iter_rows()
    values: dict[tuple[str, str], str | None] = {}
    for kind, role, token in labels:
        name = KIND_OF_CODE[kind].name
        values[name, ROLE_OF_CODE[role].name] = _clear(house, name, token)
    own = {name: values.get((name, "own")) for name in ("phone", "address", "employer", "dealer", "officer", "account")}
    found: dict[str, Any] = {
        "application_id": row["application_id"],
        "submitted_at": str(row["event_at"] // 1_000_000),
        "applicant": {
            "name": _clear(house, "name", row["name_token"]),
            "phones": [own["phone"]],
            "address": own["address"],
        },
        "employer": {"name": own["employer"], "phone": values.get(("phone", "work"))},
        "monthly_income": _money(row["monthly_income"]),
        "dealer_id": own["dealer"],
        "officer_id": own["officer"],
        "vehicle": {"vin": values.get(("vehicle", "own")), "price": _money(row["vehicle_price"])},
        "loan_amount": _money(row["loan_amount"]),
        "bank_account": own["account"],
        "device_id": values.get(("device", "own")),
        "references": [{"phone": values.get(("phone", "reference"))}],
        "status": row["status"],
        "options": {"ingest": False},
    }
    return found


def test_scores_asked_over_http_are_the_sweeps_own(world) -> None:
    """Random applications of the sweep, sent whole through HTTP, get the very score that was published."""
    with closing(world.house.open_store()) as store:
        current = world.house.sweeps.current()
        links = store.links(known_at=current.watermark)
    whole = published(world.house)
    chosen = random.Random(5).sample(whole.scores["application_id"].to_list(), 60)
    for batch in singles(links, chosen):
        payload = payload_of(world.house, batch)
        told = world.post(json.dumps(payload).encode()).json()
        row = whole.row(payload["application_id"])
        assert (told["score"], told["band"]) == (row["score"], row["band"]), payload["application_id"]
