"""A book with every kind of value, hand-planted rings and outcomes, and what is learnt from it: made once a run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from detectors.columns import norms
from detectors.grammar import read_grammar
from detectors.model import Model
from detectors.policy import Policy
from detectors.survey import Survey, survey
from detectors.sweep import Inputs, SweepResult, read_book, run
from detectors.train import train
from graph.book import Book, LinkTable, link_table
from graph.store import Links

Toolbox = dict[str, Callable[..., Any]]

NOW = 1_700_000_000_000_000
SIZE = 520
RINGS = tuple(range(40, 500, 60))
"""Where the hand-planted rings of RING_SIZE members begin."""
RING_SIZE = 7
KEPT: dict[Any, Any] = {}


def kept(key: Any, make: Callable[[], Any]) -> Any:
    """The result of `make`, made once a process."""
    if key not in KEPT:
        KEPT[key] = make()
    return KEPT[key]


def people(toolbox: Toolbox, count: int = SIZE, seed: int = 5) -> list[Any]:
    """Honest applications with work phones, vehicles, e-mails, lines shared by neighbours, and some second phones."""
    draw = np.random.default_rng(seed + 1)
    return [_fuller(n, fact, draw) for n, fact in enumerate(toolbox["people"](count, seed))]


def _fuller(n: int, fact: Any, draw: np.random.Generator) -> Any:
    firm = next(text for kind, _, text in fact.uses if kind == "employer")
    more = [
        ("phone", "work", f"0571{int(firm.split()[1]):08d}"),
        ("vehicle", "own", f"VIN{n:09d}"),
        ("email", "own", f"mail{n:05d}@one"),
        ("ip", "own", f"line {n // 3:04d}"),
    ]
    if n % 6 == 0:
        more.append(("phone", "own", f"188{int(draw.integers(9e7)):08d}"))
    attributes = {
        **fact.attributes,
        "vehicle_make": f"make {int(draw.integers(9))}",
        "vehicle_condition": ("new", "used")[n % 2],
        "channel": ("web", "dealer", "app")[int(draw.integers(3))],
        "term_months": 12 * int(draw.integers(1, 6)),
        "birth_year": 1950 + int(draw.integers(50)),
        "holder_is_applicant": True,
    }
    return replace(fact, uses=(*fact.uses, *more), attributes=attributes)


def ringed(toolbox: Toolbox) -> list[Any]:
    """The same people, some of them in rings."""
    found = people(toolbox)
    for number, start in enumerate(RINGS):
        found = toolbox["plant"](found, start, RING_SIZE, 30.0 + 40 * number)
    return found


def outcomes(facts: list[Any], rows: Any) -> pl.DataFrame:
    """Those rows are confirmed frauds."""
    ids = [facts[n].application_id for n in rows]
    return pl.DataFrame(
        {"application_id": ids, "event": ["confirmed_fraud"] * len(ids), "event_at": [1] * len(ids),
         "known_at": [1] * len(ids)},
        schema={"application_id": pl.String, "event": pl.String, "event_at": pl.Int64, "known_at": pl.Int64},
    )  # fmt: skip


def confirmed_rows() -> list[int]:
    """Five of the seven members of each ring: 40 applications."""
    return [start + n for start in RINGS for n in range(5)]


def inputs(links: Links, known: pl.DataFrame) -> Inputs:
    """What a sweep or a training reads."""
    watch = pl.DataFrame(schema={"kind": pl.String, "token": pl.String, "reason": pl.String})
    return Inputs(links, known, watch, pl.DataFrame(), watermark=10**6)


def hush(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Lesson:
    """A book and a model that was trained on it; taught: with 40 confirmed applications."""

    facts: list[Any]
    inputs: Inputs
    book: Book
    table: LinkTable
    seen: Survey
    model: Model
    result: SweepResult


def lesson(toolbox: Toolbox, policy: Policy, *, taught: bool) -> Lesson:
    """The trained model of this run, with or without outcomes."""
    return kept(("lesson", taught), partial(_lesson, toolbox, policy, taught))


def _lesson(toolbox: Toolbox, policy: Policy, taught: bool) -> Lesson:
    facts = ringed(toolbox)
    given = inputs(toolbox["links_of"](toolbox["batch_of"](facts)), outcomes(facts, confirmed_rows() if taught else []))
    net, book, _ = read_book(given)
    model = train(given, policy, read_grammar(), seed=3, model_id=f"M-{int(taught)}", say=hush)
    result = run(given, policy, previous=None, progress=hush, now=NOW, model=model)
    seen = survey(book, policy, norms(dict(book.columns)), learns=True)
    return Lesson(facts, given, book, link_table(net, book.columns["person"].astype(np.int32)), seen, model, result)
