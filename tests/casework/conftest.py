"""A ledger for each test, a clock that moves by hand, and children that are killed at a chosen statement."""

import hashlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, event

from casework.clock import SECOND
from casework.keys import KeyRing, create_keys
from casework.ledger import Ledger
from graph.schema import APPLICATION_SCHEMA, IDENTIFIER_SCHEMA, LINK_SCHEMA
from graph.store import Batch
from ingest.ports import SourceFile


class HandClock:
    """Microseconds that move only when told."""

    def __init__(self, at: int = 1_700_000_000 * SECOND) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at

    def pass_seconds(self, seconds: float) -> None:
        self.at += int(seconds * SECOND)


@pytest.fixture(scope="session")
def blank_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blank") / "ledger.db"
    Ledger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def ledger_path(blank_ledger: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(blank_ledger, tmp_path / "ledger.db"))


@pytest.fixture
def ledger(ledger_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{ledger_path}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return create_keys(tmp_path_factory.mktemp("home"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def source() -> SourceFile:
    return SourceFile("book.csv", "ab" * 32, 1234, "applications", "cd" * 32)


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    def make(application_id: str, *, phone: str = "t1:p1", employer: str = "t1:e1", core: str | None = None) -> Batch:
        content = {
            "application_id": application_id,
            "event_at": 5,
            "version_at": 5,
            "seq": 0,
            "loan_amount": 15_000_000,
        }
        digest = hashlib.sha256(application_id.encode()).hexdigest()[:32]
        row = dict.fromkeys(APPLICATION_SCHEMA) | content | {"digest": digest, "holder_is_applicant": True}
        identifiers = [
            dict.fromkeys(IDENTIFIER_SCHEMA) | {"kind": 1, "token": phone, "label": "138****1234", "offset": 7},
            dict.fromkeys(IDENTIFIER_SCHEMA) | {"kind": 4, "token": employer, "label": "华*公司", "group": core},
        ]
        links = [
            {"row": 0, "kind": 1, "role": 1, "token": phone},
            {"row": 0, "kind": 1, "role": 3, "token": phone},
            {"row": 0, "kind": 4, "role": 1, "token": employer},
        ]
        return Batch(
            pl.DataFrame([row], schema=APPLICATION_SCHEMA),
            pl.DataFrame(identifiers, schema=IDENTIFIER_SCHEMA),
            pl.DataFrame(links, schema=LINK_SCHEMA),
        )

    return make


@pytest.fixture
def killed_before() -> Callable[[int, Callable[[], object]], bool]:
    """Run an action in a forked child that is killed -9 before its n-th statement or commit; True if it was killed.

    Close every ledger first: connections must not cross a fork.
    """

    def run(point: int, action: Callable[[], object]) -> bool:
        child = os.fork()
        if child == 0:
            code = 3
            try:
                _arm(point)
                action()
                code = 0
            finally:
                os._exit(code)  # a child must never return into pytest
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            return True
        assert os.WEXITSTATUS(status) == 0, "the action failed by itself"
        return False

    return run


def _arm(point: int) -> None:
    seen = 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == point:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
