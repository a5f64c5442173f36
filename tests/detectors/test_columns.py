"""Whose employer is young: new to the book, in no register; nobody knows it of those there from the first."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from detectors.columns import UNKNOWN, YOUNG, established, home_persons, settled
from detectors.sweep import read_book
from graph.book import DAY, Book
from graph.store import Batch
from tests.detectors import lessons

Toolbox = dict[str, Callable[..., Any]]

BEGIN = 0.0
LATER = BEGIN + UNKNOWN / DAY + 1
"""A day on which a firm that is first seen is new, and not only new to us."""
OLD = YOUNG / DAY


def read(toolbox: Toolbox, days: dict[str, list[float]], registered: tuple[str, ...] = ()) -> Book:
    """A book of one application a day of each firm's list, and a first one of nobody's; ids are in that order."""
    fact = toolbox["Fact"]
    facts = [fact("A-0", BEGIN, ())]
    for firm, some in days.items():
        facts += [fact(f"{firm}-{n}", day, (("employer", "own", f"{firm} co"),)) for n, day in enumerate(some)]
    batch = toolbox["batch_of"](facts)
    cores = batch.identifiers.select("label", core_token="group")
    wanted = cores.filter(pl.col("label").str.slice(0, 3).is_in([firm[:3] for firm in registered]))
    given = lessons.inputs(toolbox["links_of"](batch), toolbox["no_outcomes"]())
    employers = wanted.with_columns(insured_heads=pl.lit(5, pl.Int64)).drop("label")
    return read_book(replace(given, employers=employers if registered else pl.DataFrame()))[1]


def said(book: Book) -> list[int]:
    return book.columns["established"].tolist()


def test_a_firm_is_young_until_the_book_has_known_it_for_a_while(toolbox: Toolbox) -> None:
    days = [LATER, LATER + 3, LATER + OLD - 0.01, LATER + OLD]
    assert said(read(toolbox, {"firm": days})) == [1, 0, 0, 0, 1]


def test_whoever_was_there_at_the_beginning_may_be_old(toolbox: Toolbox) -> None:
    last = UNKNOWN / DAY
    assert said(read(toolbox, {"firm": [last, last + 5]})) == [1, 1, 1]
    assert said(read(toolbox, {"firm": [last + 0.01, last + 5]})) == [1, 0, 0]


def test_a_register_knows_better_than_the_book(toolbox: Toolbox) -> None:
    days = {"abc": [LATER, LATER + 1], "xyz": [LATER, LATER + 1]}
    assert said(read(toolbox, days, registered=("abc",))) == [1, 1, 1, 0, 0]


def test_nobodys_employer_is_not_young(toolbox: Toolbox) -> None:
    fact = toolbox["Fact"]
    facts = [fact("A-0", BEGIN, ()), fact("A-1", LATER, (("phone", "own", "13900000001"),))]
    given = lessons.inputs(toolbox["links_of"](toolbox["batch_of"](facts)), toolbox["no_outcomes"]())
    assert said(read_book(given)[1]) == [1, 1]


@pytest.mark.parametrize("size", [0, 1])
def test_tiny_books(toolbox: Toolbox, size: int) -> None:
    facts = lessons.people(toolbox, size) if size else []
    batch = toolbox["batch_of"](facts) if facts else Batch.empty()
    book = read_book(lessons.inputs(toolbox["links_of"](batch), toolbox["no_outcomes"]()))[1]
    assert said(book) == [1] * size


def test_settled_adds_what_the_values_decide(toolbox: Toolbox) -> None:
    book = read(toolbox, {"firm": [LATER, LATER + 1]})
    bare = {name: column for name, column in book.columns.items() if name not in ("established", "home_persons")}
    again = settled(replace(book, columns=bare))
    assert np.array_equal(again.columns["established"], established(book))
    assert np.array_equal(again.columns["home_persons"], home_persons(book))
    assert set(again.columns) == set(book.columns)
