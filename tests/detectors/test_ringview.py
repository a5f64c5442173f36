"""A ring: its coarser values with all their users, and sentences whose numbers are of what they speak of."""

from collections import defaultdict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from detectors import publish
from detectors.artifact import Published
from detectors.policy import Policy
from detectors.ringview import OF_BOOK, _joined, _Ring, coarse_values, ring_signals
from detectors.signal import Evidence, Signal
from detectors.sweep import SweepResult
from graph.book import DAY
from graph.schema import KIND_OF_CODE, ROLE_OF_CODE
from graph.store import Batch

COARSE = {"phone": "phone_block", "address": "building", "employer": "employer_core"}
Uses = dict[tuple[str, str], set[tuple[str, str]]]


@pytest.fixture(scope="module")
def published(swept: SweepResult, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("sweeps") / "S-1"
    publish.write(folder, swept, sweep_id="S-1")
    return Published.open(folder)


def by_hand(batch: Batch) -> Uses:
    """(kind, token) of every coarser value of a batch, read row by row: who uses it, in which role."""
    ids = batch.applications["application_id"].to_list()
    groups = {(row["kind"], row["token"]): row["group"] for row in batch.identifiers.to_dicts()}
    found: Uses = defaultdict(set)
    for link in batch.links.to_dicts():
        group = groups[link["kind"], link["token"]]
        if group is not None:
            key = (COARSE[KIND_OF_CODE[link["kind"]].name], group)
            found[key].add((ids[link["row"]], ROLE_OF_CODE[link["role"]].name))
    return found


def users(uses: set[tuple[str, str]]) -> int:
    return len({name for name, _ in uses})


def test_the_values_and_their_users_are_those_of_the_facts(
    facts: list[Any], published: Published, toolbox: dict[str, Callable[..., Any]]
) -> None:
    some = facts[60:160]
    wanted = {key: uses for key, uses in by_hand(toolbox["batch_of"](some)).items() if users(uses) > 1}
    found = coarse_values(published, [fact.application_id for fact in some])
    assert {kind for kind, _ in wanted} == set(COARSE.values())
    assert {(one.kind, one.token): set(one.uses) for one in found} == wanted
    assert all(len(set(one.uses)) == len(one.uses) for one in found)
    whole = by_hand(toolbox["batch_of"](facts))
    assert {(one.kind, one.token): one.degree for one in found} == {key: users(whole[key]) for key in wanted}


def test_unknown_and_lone_applications_share_nothing(facts: list[Any], published: Published) -> None:
    assert coarse_values(published, []) == ()
    assert coarse_values(published, ["nobody", facts[0].application_id]) == ()


def ring_of(persons: dict[str, int]) -> _Ring:
    """A ring whose members applied a day apart, in the order given."""
    at = {name: place for place, name in enumerate(persons)}
    rows = {"event_at": np.arange(len(persons)) * DAY}
    return _Ring("RG-1", persons, cast(Published, SimpleNamespace(index_of=at.get, rows=rows)))


def told(code: str, subject: str, n: int, days: int, *evidence: Evidence) -> Signal:
    return Signal(subject, code, 0.5, 0.2, n, days, evidence)


def test_a_count_is_of_the_value_that_the_sentence_names() -> None:
    """Two phones in a ring: the one named is used by three persons on four forms, not by all whom either ties in."""
    ring = ring_of({"A": 1, "B": 2, "C": 3, "D": 4, "E": 4, "F": 5})
    first, second = ("phone", "138****1", "t1"), ("phone", "138****2", "t2")
    found = [
        told("SHARED_PHONE", "A", 1, 1, Evidence(*first, ("B",), 1)),
        told("SHARED_PHONE", "C", 1, 1, Evidence(*first, ("B",), 1), Evidence(*second, ("D", "E", "F", "X"), 3)),
        told("SHARED_PHONE", "F", 1, 1, Evidence(*second, ("E",), 1)),
    ]
    said = _joined(ring, "SHARED_PHONE", found, read=6)
    assert (said.n, said.days, said.evidence[0].label, said.evidence[0].total) == (2, 3, "138****2", 4)
    assert said.weight == pytest.approx(0.1)


def test_what_is_held_against_the_book_counts_the_whole_book() -> None:
    """An employer of 550 with two members in the ring is no "1 other person, on the same day"."""
    firm = Evidence("employer_core", "AUDI AG", "t9", ("B", "X", "Y"), 145)
    found = [told("EMPLOYER_BURST", "A", 145, 88, firm)]
    said = _joined(ring_of({"A": 1, "B": 2}), "EMPLOYER_BURST", found, read=2)
    assert (said.n, said.days, said.evidence[0].total) == (145, 88, 2)


def test_a_value_whose_other_users_are_no_members_keeps_them() -> None:
    found = [told("SHARED_DEVICE", "A", 2, 7, Evidence("device", "****1", "t3", ("X", "Y"), 2))]
    said = _joined(ring_of({"A": 1, "B": 2}), "SHARED_DEVICE", found, read=2)
    assert (said.n, said.days) == (2, 7)


def test_a_published_rings_counts_are_those_of_its_members(published: Published, policy: Policy) -> None:
    ring_id = (published.row("A-00103") or {})["ring_id"]
    members = published.members.filter(pl.col("ring_id") == ring_id)
    person = dict(zip(members["application_id"], members["applicant"], strict=True))
    shared = [s for s in ring_signals(published, ring_id, policy) if s.reason.startswith("SHARED_")]
    assert shared
    for signal in shared:
        users = {person[name] for name in signal.evidence[0].applications if name in person}
        if signal.reason not in OF_BOOK and signal.evidence[0].total <= 10:
            assert signal.n == len(users) - 1
