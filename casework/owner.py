"""Which process holds something, and whether it still lives: lets a killed run be taken over without waiting."""

import os
import socket
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")


class Life(Enum):
    """What can be known of the process behind an owner mark."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"  # another machine or container: only its heartbeat tells


@lru_cache(maxsize=1)
def _machine() -> str:
    # Containers may share a host name; the pid namespace tells them apart where there is one.
    namespace = PROC / "self" / "ns" / "pid"
    return f"{socket.gethostname()}|{namespace.readlink() if namespace.is_symlink() else ''}"


def _started(pid: int) -> str | None:
    """Start time of a process in clock ticks (proc(5), field 22), or None when it is gone or a zombie."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def mine() -> str:
    """The mark of this process: machine, pid, and start time, because pids are used again."""
    return f"{_machine()}|{os.getpid()}|{_started(os.getpid()) or ''}"


def life(mark: str) -> Life:
    """Whether the process behind a mark lives; UNKNOWN when it ran on another machine."""
    machine, pid, started = mark.rsplit("|", 2)
    if machine != _machine():
        return Life.UNKNOWN
    if not PROC.is_dir() or not started:
        return _signalled(int(pid))
    return Life.ALIVE if _started(int(pid)) == started else Life.DEAD


def _signalled(pid: int) -> Life:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return Life.DEAD
    except PermissionError:
        return Life.ALIVE
    return Life.ALIVE
