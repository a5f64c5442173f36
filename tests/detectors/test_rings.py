"""A cohort's ring: an officer's applications that share no value, tied by what they are rarely alike in."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from detectors import rings
from detectors.bonds import Bonds
from detectors.columns import norms
from detectors.groups import Scored
from detectors.policy import Policy
from graph.book import Book
from graph.projection import WEIGHT_ONE, WINDOW
from tests.detectors import lessons

Toolbox = dict[str, Callable[..., Any]]
NONE = Bonds(*(np.zeros(0, np.int64) for _ in range(5)))


@pytest.fixture(scope="module")
def cohort(toolbox: Toolbox, policy: Policy) -> tuple[Book, np.ndarray]:
    """A book, and four persons' applications of one officer inside one window that come from one county for one car."""
    book = lessons.lesson(toolbox, policy, taught=False).book
    for officer in np.unique(book.columns["officer"]).tolist():
        rows = np.flatnonzero(book.columns["officer"] == officer)
        rows = rows[np.unique(book.columns["person"][rows], return_index=True)[1]]
        rows = rows[np.argsort(book.columns["event_at"][rows], kind="stable")][:4]
        if officer and len(rows) == 4 and np.ptp(book.columns["event_at"][rows]) <= WINDOW:
            break
    else:
        pytest.fail("no officer of the book is busy enough")
    columns = {}
    for name in ("home_region", "model"):
        columns[name] = book.columns[name].astype(np.int64)
        columns[name][rows] = 7_777_777
    return book.with_columns(**columns), np.sort(rows)


def found(
    book: Book, rows: np.ndarray, policy: Policy, *, probability: float = 0.5, learnt: bool = True, left: float = 1.0
) -> list[int]:
    """Members of any ring. left: probability from which what an officer has left is a ring; none, by default."""
    policy = replace(policy, rings=replace(policy.rings, officer_probability=left))
    raw, likely = np.zeros(book.applications, np.int64), np.zeros(book.applications)
    raw[rows], likely[rows] = 5_000, probability
    nothing = np.zeros(book.applications, np.int64)
    known, measured = Scored(raw, likely, raw), norms(dict(book.columns))
    proposals = rings.propose(book, known, NONE, nothing, measured, policy, judge=None)
    drawn = rings.find(book, proposals, known, policy, learnt=learnt)
    return np.flatnonzero(drawn.label >= 0).tolist()


def test_what_is_rarely_alike_is_a_ring(cohort: tuple[Book, np.ndarray], policy: Policy) -> None:
    assert found(*cohort, policy) == cohort[1].tolist()


@pytest.mark.parametrize("name", ["home_region", "model"])
def test_one_likeness_ties_nobody(cohort: tuple[Book, np.ndarray], policy: Policy, name: str) -> None:
    book, rows = cohort
    other = book.columns[name].copy()
    other[rows] = np.arange(len(rows)) + 9_000_000
    alone = book.with_columns(**{name: other, "income_band": np.arange(book.applications), "channel": other * 0})
    assert found(alone, rows, policy) == []


def test_what_everybody_has_ties_nobody(cohort: tuple[Book, np.ndarray], policy: Policy) -> None:
    book, rows = cohort
    same = np.full(book.applications, 7)
    usual = book.with_columns(home_region=same, model=same, income_band=same, channel=same)
    assert found(usual, rows, policy) == []


def test_a_models_ring_has_its_own_least_probability(cohort: tuple[Book, np.ndarray], policy: Policy) -> None:
    policy = replace(policy, rings=replace(policy.rings, least_probability=0.2, least_learnt=0.4))
    for probability, learnt, reported in ((0.3, True, 0), (0.3, False, 4), (0.5, True, 4), (0.15, False, 0)):
        assert len(found(*cohort, policy, probability=probability, learnt=learnt)) == reported


def _unlike(book: Book, rows: np.ndarray) -> Book:
    own = np.arange(book.applications) + 9_000_000
    return book.with_columns(home_region=own, model=own, income_band=own, channel=own * 0)


def test_what_an_officer_has_left_is_a_ring_where_it_is_likely(cohort: tuple[Book, np.ndarray], policy: Policy) -> None:
    book, rows = _unlike(*cohort), cohort[1]
    assert found(book, rows, policy, left=0.2) == rows.tolist()
    assert found(book, rows, policy, probability=0.19, learnt=False, left=0.2) == []
    assert found(book, rows[:2], policy, left=0.2) == [], "two are no ring"


def test_who_has_no_officer_is_left_alone(cohort: tuple[Book, np.ndarray], policy: Policy) -> None:
    book, rows = _unlike(*cohort), cohort[1]
    officer = book.columns["officer"].copy()
    officer[rows] = 0
    assert found(book.with_columns(officer=officer), rows, policy, left=0.2) == []


def test_what_is_left_takes_nobody_from_a_group(cohort: tuple[Book, np.ndarray], policy: Policy) -> None:
    """One of the four has a tie to an unlikely stranger: a group of two, whose other member stays out of the ring."""
    book, rows = _unlike(*cohort), cohort[1]
    stranger = next(
        n for n in range(book.applications) if book.columns["officer"][n] not in (0, *book.columns["officer"][rows])
    )
    raw, likely = np.zeros(book.applications, np.int64), np.zeros(book.applications)
    raw[rows], likely[rows], raw[stranger], likely[stranger] = 5_000, 0.5, 5_000, 0.1
    ends, nothing = np.sort([rows[0], stranger]).astype(np.int64), np.zeros(book.applications, np.int64)
    tie = Bonds(ends[:1], ends[1:], np.array([WEIGHT_ONE]), np.array([WEIGHT_ONE]), np.zeros(1, np.int64))
    known, measured = Scored(raw, likely, raw), norms(dict(book.columns))
    proposals = rings.propose(book, known, tie, nothing, measured, policy, judge=None)
    drawn = rings.find(book, proposals, known, policy, learnt=True)
    assert np.flatnonzero(drawn.label >= 0).tolist() == rows.tolist()
    assert len(np.unique(drawn.label[rows])) == 1
    assert (drawn.tie[rows] > 0).all()


def test_a_rings_direct_reasons_stand_before_nearness() -> None:
    codes = ("DENSE_GROUP", "SHARED_PHONE", "KNOWN_FRAUD_LINK", "SHARED_DEVICE", "SHARED_EMAIL")
    found = rings._strongest(np.array([900, 20, 500, 70, 0]), codes)
    assert found == ["SHARED_DEVICE", "SHARED_PHONE", "DENSE_GROUP", "KNOWN_FRAUD_LINK"]


def _beside(cohort: tuple[Book, np.ndarray], policy: Policy, confirmed: int, probability: float) -> tuple[Book, Any]:
    """The cohort, its first ones confirmed, the others of that probability; a model's rings of it."""
    rows = cohort[1]
    known = np.zeros(cohort[0].applications, bool)
    known[rows[:confirmed]] = True
    book = cohort[0].with_columns(confirmed=known)
    likely = np.zeros(book.applications)
    likely[rows] = np.where(known[rows], 0.9, probability)
    raw, nothing = np.rint(likely * 10_000).astype(np.int64), np.zeros(book.applications, np.int64)
    scored, measured = Scored(raw, likely, raw), norms(dict(book.columns))
    proposals = rings.propose(book, scored, NONE, nothing, measured, policy, judge=None)
    return book, (rings.find(book, proposals, scored, policy, learnt=True), scored)


@pytest.mark.parametrize(
    ("confirmed", "probability", "members"),
    [(3, 0.2, 3), (3, 0.5, 4), (2, 0.2, 0), (2, 0.5, 4), (4, 0.0, 4), (0, 0.2, 0)],
)
def test_what_is_known_speaks_for_nobody_beside_it(
    cohort: tuple[Book, np.ndarray], policy: Policy, confirmed: int, probability: float, members: int
) -> None:
    policy = replace(
        policy, rings=replace(policy.rings, officer_probability=1.0, least_learnt=0.4, core_probability=0.1)
    )
    _, (drawn, _) = _beside(cohort, policy, confirmed, probability)
    assert np.flatnonzero(drawn.label >= 0).tolist() == cohort[1][:members].tolist()
    assert len(np.unique(drawn.label[cohort[1][:members]])) <= 1


@pytest.mark.parametrize(("confirmed", "raw", "middle"), [(0, 5_000, 5_000), (3, 5_000, 5_000), (4, 9_000, 0)])
def test_a_ring_loses_what_nobody_has_confirmed(
    cohort: tuple[Book, np.ndarray], policy: Policy, confirmed: int, raw: int, middle: int
) -> None:
    policy = replace(policy, rings=replace(policy.rings, officer_probability=1.0))
    book, (drawn, scored) = _beside(cohort, policy, confirmed, 0.5)
    book = book.with_columns(loan=np.full(book.applications, 1_000))
    frame = pl.DataFrame({"probability": scored.probability, "raw": scored.raw})
    table = rings.describe(book, drawn, frame, np.zeros((book.applications, 1), np.int64), ("SHARED_PHONE",), policy)
    (ring,) = table.iter_rows(named=True)
    assert (ring["applications"], ring["exposure"], ring["expected_loss"]) == (4, 4_000, (4 - confirmed) * 500)
    assert (ring["raw"], ring["middle"]) == (raw, middle)
