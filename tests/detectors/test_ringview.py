"""The coarser values of a ring: all of them, with all their users, and no value that one application has alone."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from detectors import publish
from detectors.artifact import Published
from detectors.ringview import coarse_values
from detectors.sweep import SweepResult
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
