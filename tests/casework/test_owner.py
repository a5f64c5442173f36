"""A process is told from another that has its number, and from one on another machine."""

import os

import pytest

from casework import owner
from casework.owner import Life, life, mine


def test_this_process_lives() -> None:
    assert life(mine()) is Life.ALIVE
    assert life(f"{owner._machine()}|{os.getppid()}|{owner._started(os.getppid())}") is Life.ALIVE


def test_a_number_used_again_is_another_process() -> None:
    assert life(f"{owner._machine()}|{os.getpid()}|1") is Life.DEAD


def test_a_zombie_is_dead() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    started = (owner.PROC / str(child) / "stat").read_text().rpartition(")")[2].split()[19]
    assert life(f"{owner._machine()}|{child}|{started}") is Life.DEAD
    os.waitpid(child, 0)
    assert life(f"{owner._machine()}|{child}|{started}") is Life.DEAD


def test_another_machine_cannot_be_known() -> None:
    assert life("elsewhere|pid:[1]|1|1") is Life.UNKNOWN


def test_without_start_times_a_signal_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert life(f"{owner._machine()}|{child}|") is Life.DEAD
    assert life(f"{owner._machine()}|{os.getpid()}|") is Life.ALIVE

    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert life(f"{owner._machine()}|1|") is Life.ALIVE
