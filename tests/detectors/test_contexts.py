"""One person's other applications: whoever stacks loans is seen by a refused row too, and by what came to nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np

from detectors.contexts import OWN_DAYS, own_history
from detectors.sweep import read_book
from tests.detectors import lessons

Toolbox = dict[str, Callable[..., Any]]

OPEN, REFUSED = "approved", "rejected"


def history(toolbox: Toolbox, applied: list[tuple[float, str, str]], name: str = "Li") -> list[tuple[int, ...]]:
    """What is told of one person's applications, each a (day, dealer, status)."""
    fact = toolbox["Fact"]
    facts = [
        fact(
            f"A-{n}", day, (("national_id", "own", "ID1"), ("dealer", "own", dealer)),
            {"status": status, "name_token": name if n else "Li"},
        )
        for n, (day, dealer, status) in enumerate(applied)
    ]  # fmt: skip
    given = lessons.inputs(toolbox["links_of"](toolbox["batch_of"](facts)), toolbox["no_outcomes"]())
    book = read_book(given)[1]
    told = own_history(book, np.arange(len(applied), dtype=np.int32))
    return [tuple(row) for row in np.stack(told, axis=1).tolist()]


def test_a_refused_row_sees_its_persons_open_applications(toolbox: Toolbox) -> None:
    """(open, their dealers, all, their dealers, contradictions)."""
    applied = [(0.0, "a", OPEN), (3.0, "b", OPEN), (5.0, "c", REFUSED)]
    assert history(toolbox, applied) == [(1, 1, 2, 2, 0), (1, 1, 2, 2, 0), (2, 2, 2, 2, 0)]


def test_who_was_refused_everywhere_has_nothing_open(toolbox: Toolbox) -> None:
    applied = [(0.0, "a", REFUSED), (1.0, "b", REFUSED), (2.0, "a", REFUSED)]
    assert history(toolbox, applied) == [(0, 0, 2, 1, 0), (0, 0, 2, 1, 0), (0, 0, 2, 1, 0)]


def test_long_ago_is_not_counted_and_a_dealer_once(toolbox: Toolbox) -> None:
    applied = [(0.0, "a", OPEN), (OWN_DAYS + 0.5, "b", OPEN), (OWN_DAYS + 1.0, "b", OPEN)]
    assert history(toolbox, applied) == [(0, 0, 0, 0, 0), (1, 0, 1, 0, 0), (1, 0, 1, 0, 0)]


def test_another_name_under_one_number_contradicts_whenever(toolbox: Toolbox) -> None:
    applied = [(0.0, "a", OPEN), (300.0, "b", REFUSED)]
    assert history(toolbox, applied, name="Wang") == [(0, 0, 0, 0, 1), (0, 0, 0, 0, 1)]
