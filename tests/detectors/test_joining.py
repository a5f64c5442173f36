"""A new application's community is foretold: what the next sweep finds of it, but for what it does to others."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import around, publish
from detectors.artifact import Published
from detectors.columns import norms
from detectors.features import layer0
from detectors.joining import Standing, standing
from detectors.local import Local, local_book
from detectors.policy import Policy
from detectors.survey import survey
from detectors.sweep import read_book
from graph.store import Batch
from tests.detectors import lessons
from tests.detectors.lessons import Lesson

Toolbox = dict[str, Callable[..., Any]]

TOLD = ("group_mean", "group_strong")
"""Columns that the newcomer changes through its neighbours' own strength, too."""
ROUNDED = ("group_inner", "group_inner_free", "group_outer")
"""Weights: one more user of a value makes it a little commoner, and so the others' pairs by it a little lighter."""
LIGHTER = 0.06


@pytest.fixture(scope="module")
def lesson(toolbox: Toolbox, policy: Policy) -> Lesson:
    return lessons.lesson(toolbox, policy, taught=False)


@pytest.fixture(scope="module")
def published(lesson: Lesson, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("sweeps") / "S-1"
    publish.write(folder, lesson.result, sweep_id="S-1")
    return Published.open(folder)


def stands(published: Published, fact: Any, policy: Policy, toolbox: Toolbox) -> tuple[Local, Standing]:
    found = local_book(published, toolbox["batch_of"]([fact]), Batch.empty())
    bottom = layer0(found.book, np.array([found.target], np.int32), policy, published.norms)
    return found, standing(published, found, bottom.pairs, 1500, 2500, policy)


def swept_with(lesson: Lesson, fact: Any, policy: Policy, toolbox: Toolbox) -> tuple[list[str], dict[str, int]]:
    """Who is in the new application's community in a sweep that holds it, and the facts of that."""
    links = toolbox["links_of"](toolbox["batch_of"]([*lesson.facts, fact]))
    net, book, _ = read_book(lessons.inputs(links, lessons.outcomes(lesson.facts, [])))
    seen = survey(book, policy, norms(dict(book.columns)), learns=True)
    ids = net.applications["application_id"].to_list()
    row = ids.index(fact.application_id)
    label = seen.community.label
    names = around.group_names([c.name for c in policy.channels])
    members = [name for name, one in zip(ids, label, strict=True) if one == label[row]]
    return members, dict(zip(names, seen.groups.facts[row].tolist(), strict=True))


def newcomer(lesson: Lesson, ring: int, uses: int) -> Any:
    """Somebody new, with so many of a ring's values."""
    start = lessons.RINGS[ring]
    ringed, plain = lesson.facts[start + 2], lesson.facts[5]
    shared = tuple(use for use in ringed.uses if use[2] in (f"1350000{start:04d}", f"farm-{start}"))
    own = tuple((kind, role, f"new {text}") for kind, role, text in plain.uses if kind in ("phone", "account"))
    unlike = {"surname_token": "surname 99", "name_token": "someone", "name_birth_token": "someone-1970"}
    return replace(
        plain, application_id="N-1", day=ringed.day + 20, uses=(*own, *shared[:uses]),
        attributes={**plain.attributes, **unlike},
    )  # fmt: skip


@pytest.mark.parametrize(("ring", "uses"), [(0, 2), (2, 2), (3, 1), (5, 2)])
def test_who_joins_a_ring_gets_the_facts_of_the_ring_with_it(
    lesson: Lesson, published: Published, policy: Policy, toolbox: Toolbox, ring: int, uses: int
) -> None:
    fact = newcomer(lesson, ring, uses)
    _, found = stands(published, fact, policy, toolbox)
    members, facts = swept_with(lesson, fact, policy, toolbox)
    ids = [str(published.application_ids[int(i)].as_py()) for i in published.community_of(int(found.home[0]))]
    assert sorted([*ids, fact.application_id]) == members
    assert len(members) > 5
    told = dict(zip(facts, found.facts[0].tolist(), strict=True))
    for name, value in facts.items():
        if name in ROUNDED:
            assert told[name] == pytest.approx(value, abs=3, rel=LIGHTER), name
        elif name not in TOLD:
            assert told[name] == value, name


def test_who_shares_nothing_stands_alone(
    lesson: Lesson, published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    fact = newcomer(lesson, 0, 0)
    _, found = stands(published, fact, policy, toolbox)
    members, facts = swept_with(lesson, fact, policy, toolbox)
    assert (members, found.home, found.strength) == ([fact.application_id], -1, 0)
    told = dict(zip(facts, found.facts[0].tolist(), strict=True))
    assert {n: v for n, v in told.items() if n not in TOLD} == {n: v for n, v in facts.items() if n not in TOLD}
    assert told["group_mean"] == 2500


def test_a_swept_application_stands_where_it_was_published(
    lesson: Lesson, published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    for index in (7, lessons.RINGS[1] + 3):
        local, found = stands(published, lesson.facts[index], policy, toolbox)
        assert local.known is not None
        assert found.home == index
        assert found.strength == published.rows["community_strength"][index]
        assert found.facts.tolist() == [lesson.seen.groups.facts[index].tolist()]


def test_another_version_of_itself_is_no_company(
    lesson: Lesson, published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    index = lessons.RINGS[1] + 3
    newer = replace(lesson.facts[index], day=lesson.facts[index].day + 0.1)
    local, found = stands(published, newer, policy, toolbox)
    assert local.known is None
    assert found.facts[0, 0] == lesson.seen.groups.facts[index, 0]


def test_without_a_model_only_the_strength_is_told(
    lesson: Lesson, policy: Policy, toolbox: Toolbox, tmp_path: Path
) -> None:
    plain = toolbox["sweep"](toolbox["links_of"](toolbox["batch_of"](lesson.facts)), policy)
    publish.write(tmp_path / "S-0", plain, sweep_id="S-0")
    _, found = stands(Published.open(tmp_path / "S-0"), newcomer(lesson, 2, 2), policy, toolbox)
    assert found.home >= 0
    assert found.strength > 0
    assert not found.facts.any()
