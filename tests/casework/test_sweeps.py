"""One sweep at a time, one whole sweep visible at any time, also when somebody is killed."""

import dataclasses
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from casework.access import OPERATOR, ROLES, Actor, Role
from casework.audit import Audit
from casework.ledger import Ledger
from casework.sweeps import STEPS, State, SweepRun, Sweeps
from casework.tables import DECISIONS, LEASES
from graph.errors import Conflict, Forbidden, NotFound, UsageError


@pytest.fixture
def sweeps(ledger: Ledger, clock: Any) -> Sweeps:
    return Sweeps(ledger, clock=clock, patience_seconds=120)


def to_validate(run: SweepRun) -> SweepRun:
    for state in STEPS[1:]:
        run.step(state)
    return run


def published(sweeps: Sweeps, **summary: object) -> str:
    run = to_validate(sweeps.begin(10, None, None, "p1"))
    run.publish(summary)
    return run.sweep_id


def test_a_sweep_becomes_visible_by_publishing_only(sweeps: Sweeps, clock: Any) -> None:
    run = sweeps.begin(42, 7, 9, "policy-3")
    assert run.took_over is None
    for state in STEPS[1:]:
        assert sweeps.current() is None
        run.step(state)
        assert sweeps.get(run.sweep_id).state == state
    clock.pass_seconds(60)
    run.publish({"rings": 3, "bands": {"red": 1}})
    shown = sweeps.current()
    assert shown is not None
    assert (shown.sweep_id, shown.state, shown.published_at) == (run.sweep_id, State.PUBLISHED, clock())
    assert (shown.watermark, shown.as_of, shown.known_at, shown.policy_version) == (42, 7, 9, "policy-3")
    assert shown.summary == {"rings": 3, "bands": {"red": 1}}


def test_the_earlier_sweep_is_superseded(sweeps: Sweeps) -> None:
    first, second = published(sweeps), published(sweeps)
    assert [(record.sweep_id, record.state) for record in sweeps.list()] == [
        (second, State.PUBLISHED),
        (first, State.SUPERSEDED),
    ]


def test_a_failed_sweep_leaves_the_shown_one(sweeps: Sweeps) -> None:
    first = published(sweeps)
    run = sweeps.begin(11, None, None, "p1")
    run.step("snapshot")
    run.fail("gate: null bands")
    shown = sweeps.current()
    assert shown is not None
    assert shown.sweep_id == first
    assert (sweeps.list()[0].state, sweeps.list()[0].reason) == (State.FAILED, "gate: null bands")
    published(sweeps)


@pytest.mark.parametrize("state", ["planned", "detect", "validate", "published", "failed", "superseded"])
def test_no_step_is_left_out_or_done_twice(sweeps: Sweeps, state: str) -> None:
    run = sweeps.begin(1, None, None, "p1")
    with pytest.raises(UsageError):
        run.step(state)
    with pytest.raises(UsageError):
        run.publish({})
    assert sweeps.get(run.sweep_id).state == State.PLANNED


def test_two_sweeps_never_run_at_once(sweeps: Sweeps) -> None:
    run = sweeps.begin(1, None, None, "p1")
    with pytest.raises(Conflict, match=run.sweep_id):
        sweeps.begin(1, None, None, "p1")


def test_of_many_threads_one_begins(sweeps: Sweeps) -> None:
    start, runs, refused = threading.Barrier(6), [], []

    def begin() -> None:
        start.wait()
        try:
            runs.append(sweeps.begin(1, None, None, "p1"))
        except Conflict:
            refused.append(1)

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(runs), len(refused)) == (1, 5)


def test_of_many_processes_one_begins(ledger: Ledger, ledger_path: Path) -> None:
    ledger.close()
    pipes = []
    for _ in range(4):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            code = b"?"
            try:
                Sweeps(Ledger.open(f"sqlite:///{ledger_path}")).begin(1, None, None, "p1")
                code = b"1"
            except Conflict:
                code = b"0"
            os.write(writing, code)
            signal.pause()  # live on, so that nobody takes over
        os.close(writing)
        pipes.append((child, reading))
    try:
        assert sorted(os.read(reading, 1) for _, reading in pipes) == [b"0", b"0", b"0", b"1"]
    finally:
        for child, reading in pipes:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(reading)


def test_a_silent_sweep_is_taken_over_and_may_write_no_more(sweeps: Sweeps, clock: Any) -> None:
    shown = published(sweeps)
    silent = to_validate(sweeps.begin(1, None, None, "p1"))
    clock.pass_seconds(100)
    silent.heartbeat()
    clock.pass_seconds(119)
    with pytest.raises(Conflict):
        sweeps.begin(2, None, None, "p1")
    clock.pass_seconds(2)
    heir = sweeps.begin(2, None, None, "p1")
    assert heir.took_over == silent.sweep_id
    assert heir.fence == silent.fence + 1
    buried = sweeps.get(silent.sweep_id)
    assert buried.state is State.FAILED
    assert "validate" in str(buried.reason)
    assert heir.sweep_id in str(buried.reason)
    attempts: tuple[Callable[[], None], ...] = (
        silent.heartbeat,
        lambda: silent.step("validate"),
        lambda: silent.publish({}),
        lambda: silent.fail("late"),
    )
    for attempt in attempts:
        with pytest.raises(Conflict):
            attempt()
    current = sweeps.current()
    assert current is not None
    assert current.sweep_id == shown
    to_validate(heir).publish({})


def test_a_killed_sweep_is_taken_over_at_once(ledger: Ledger, ledger_path: Path) -> None:
    ledger.close()
    child = os.fork()
    if child == 0:
        run = Sweeps(Ledger.open(f"sqlite:///{ledger_path}")).begin(1, None, None, "p1")
        run.step("snapshot")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    sweeps = Sweeps(ledger)
    dead = sweeps.list()[0]
    assert dead.state is State.SNAPSHOT
    assert sweeps.begin(1, None, None, "p1").took_over == dead.sweep_id
    assert sweeps.get(dead.sweep_id).state is State.FAILED


def test_publishing_is_whole_or_not_at_all_wherever_it_is_killed(
    ledger: Ledger, sweeps: Sweeps, killed_before: Callable[[int, Callable[[], object]], bool]
) -> None:
    first = published(sweeps)
    run = to_validate(sweeps.begin(20, None, None, "p2"))
    ledger.close()
    point = 0
    while killed_before(point := point + 1, lambda: run.publish({"rings": 5})):
        shown = sweeps.current()
        assert shown is not None
        assert (shown.sweep_id, shown.state) == (first, State.PUBLISHED)
        assert sweeps.get(run.sweep_id).state is State.VALIDATE
        assert sweeps.get(run.sweep_id).summary == {}
        ledger.close()
    assert point > 5
    shown = sweeps.current()
    assert shown is not None
    assert (shown.sweep_id, shown.state, shown.summary) == (run.sweep_id, State.PUBLISHED, {"rings": 5})
    assert sweeps.get(first).state is State.SUPERSEDED
    sweeps.begin(21, None, None, "p2")  # no lock is left


def test_readers_see_one_whole_sweep_while_others_are_published(sweeps: Sweeps) -> None:
    published(sweeps, number=0)
    stop, seen = threading.Event(), []

    def look() -> None:
        while not stop.is_set():
            shown = sweeps.current()
            seen.append(shown is not None and shown.state is State.PUBLISHED and "number" in shown.summary)

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(1, 6):
        published(sweeps, number=number)
    stop.set()
    reader.join()
    assert seen
    assert all(seen)


def test_rolling_back_is_the_pointer_back(sweeps: Sweeps, ledger: Ledger) -> None:
    first, second = published(sweeps, n=1), published(sweeps, n=2)
    risk = Actor("person:risk", ROLES[Role.RISK])
    assert sweeps.rollback(first, risk).summary == {"n": 1}
    shown = sweeps.current()
    assert shown is not None
    assert shown.sweep_id == first
    assert sweeps.get(second).state is State.SUPERSEDED
    entry = Audit(ledger).entries(limit=1000)[-1]
    assert (entry.actor, entry.event, entry.detail) == ("person:risk", "sweep.rolled_back", {"from": second})
    sweeps.rollback(second, risk)
    published(sweeps)


def test_rolling_back_to_what_was_never_shown_is_refused(sweeps: Sweeps) -> None:
    shown = published(sweeps)
    failed = sweeps.begin(1, None, None, "p1")
    failed.fail("x")
    for sweep_id, error in ((shown, Conflict), (failed.sweep_id, Conflict), ("sweep-x", NotFound)):
        with pytest.raises(error):
            sweeps.rollback(sweep_id, OPERATOR)


def test_beginning_and_rolling_back_need_permission(sweeps: Sweeps) -> None:
    first = published(sweeps)
    published(sweeps)
    investigator = Actor("person:i", ROLES[Role.INVESTIGATOR])
    with pytest.raises(Forbidden):
        sweeps.begin(1, None, None, "p1", actor=investigator)
    with pytest.raises(Forbidden):
        sweeps.rollback(first, investigator)


def test_the_thread_keeps_the_lease_and_ends_when_it_is_lost(ledger: Ledger, sweeps: Sweeps, clock: Any) -> None:
    run = sweeps.begin(1, None, None, "p1")
    moved = threading.Event()
    with run.beating(0.01):
        clock.pass_seconds(100)
        for _ in range(500):
            with ledger.reading() as connection:
                if connection.execute(LEASES.select()).one().heartbeat_at == clock():
                    moved.set()
                    break
        with ledger.transaction() as connection:
            connection.execute(update(LEASES).values(holder="another", fence=99))
    assert moved.is_set()
    with pytest.raises(Conflict):
        run.heartbeat()


def test_files_of_old_sweeps_may_go_but_not_of_named_or_recent_ones(sweeps: Sweeps, ledger: Ledger) -> None:
    ids = [published(sweeps) for _ in range(11)]
    failed = sweeps.begin(1, None, None, "p1")
    failed.fail("x")
    running = sweeps.begin(1, None, None, "p1")
    assert sweeps.expendable() == (*ids[:3], failed.sweep_id)
    sweeps.rollback(ids[0], OPERATOR)
    assert ids[0] not in sweeps.expendable(), "the shown one stays, however old"
    digests = dict.fromkeys(("policy_digest", "model_digest", "sweep_digest"), "")
    decision = {"score_id": "s", "seq": 1, "application_id": "A", "client_id": "c", "answer": b"", "key_id": "d1"}
    with ledger.transaction() as connection:
        named = {"sweep_id": ids[1], "payload": b"", "features": b"", "created_at": 0}
        connection.execute(insert(DECISIONS), decision | digests | named)
    assert sweeps.expendable() == (ids[2], failed.sweep_id)
    assert running.sweep_id not in sweeps.expendable()
    with pytest.raises(UsageError):
        sweeps.expendable(keep=7)


def test_sweeps_are_told_on_the_record(sweeps: Sweeps, ledger: Ledger) -> None:
    published(sweeps)
    run = sweeps.begin(1, None, None, "p1")
    run.fail("x")
    assert [entry.event for entry in Audit(ledger).entries()] == [
        "sweep.begun",
        "sweep.published",
        "sweep.begun",
        "sweep.failed",
    ]
    assert dataclasses.asdict(Audit(ledger).entries()[0])["detail"] == {"policy": "p1", "watermark": 10}
