"""What the benchmarks' tests share: the stand-in for the command line, in force."""

import pytest

from benchmarks import _arms
from tests.benchmarks.house import House


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    stand_in = House()
    monkeypatch.setattr(_arms, "ringsight", stand_in)
    return stand_in
