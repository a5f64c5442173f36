"""What is told of a score: true figures, and direct evidence before mere nearness."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from detectors import publish
from detectors.artifact import Published
from detectors.columns import MISSING, RATIO
from detectors.evidence import LEAST_OF_OFFICER, Scene, _paired, known_mean, telling, worth_saying
from detectors.policy import Policy
from detectors.score import explain
from detectors.signal import Signal
from graph.projection import CROWD

Toolbox = dict[str, Callable[..., Any]]
HIRED, OFFICERED = 100, 200
"""Where those begin whom a plant hires in a month, and those whose officer has vehicles appraised high."""
STAFF, APPRAISED = CROWD + 20, 8


def changed(fact: Any, day: float, use: tuple[str, str, str], **attributes: object) -> Any:
    """The same application on another day, with another value of one kind."""
    uses = (*(held for held in fact.uses if held[0] != use[0]), use)
    return replace(fact, day=day, uses=uses, attributes={**fact.attributes, **attributes})


@pytest.fixture(scope="module")
def published(toolbox: Toolbox, policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A book with a plant's hiring, and with an officer of many high appraisals, one of which nobody knows."""
    stated = {"vehicle_appraisal": None, "holder_is_applicant": True}
    facts = [replace(fact, attributes={**fact.attributes, **stated}) for fact in toolbox["people"](900, 5)]
    for n in range(HIRED, HIRED + STAFF):
        facts[n] = changed(facts[n], 100 + (n - HIRED) / 2, ("employer", "own", "plant of aa co"))
    for n in range(300, 900):
        facts[n] = replace(facts[n], attributes={**facts[n].attributes, "vehicle_appraisal": price(facts[n])})
    for n in range(OFFICERED, OFFICERED + APPRAISED):
        high = None if n == OFFICERED else price(facts[n]) * 3 // 2
        facts[n] = changed(facts[n], 200 + n - OFFICERED, ("officer", "own", "officer-high-00"), vehicle_appraisal=high)
    facts[0] = replace(facts[0], attributes={**facts[0].attributes, "holder_is_applicant": False})
    folder = tmp_path_factory.mktemp("sweeps") / "S-1"
    publish.write(folder, toolbox["sweep"](toolbox["links_of"](toolbox["batch_of"](facts)), policy), sweep_id="S-1")
    return Published.open(folder)


def price(fact: Any) -> int:
    return int(fact.attributes["vehicle_price"])


def told(published: Published, number: int, code: str, policy: Policy) -> Signal | None:
    found = explain(published, f"A-{number:05d}", policy).signals
    return next((s for s in found if s.reason == code), None)


def test_an_unknown_ratio_is_left_out_of_the_mean() -> None:
    assert known_mean(np.array([MISSING, RATIO * 2, RATIO, MISSING], np.int64)) == 1.5


def test_nothing_known_is_nought() -> None:
    assert known_mean(np.array([MISSING], np.int64)) == 0.0


def signal(code: str, weight: float) -> Signal:
    return Signal("A-1", code, 1.0, weight)


def test_nearness_stands_behind_direct_evidence_whatever_it_weighs() -> None:
    found = [signal("NEAR_RISK", 0.3), signal("SHARED_DEVICE", 0.1), signal("DENSE_GROUP", 0.4)]
    found += [signal("SHARED_PHONE", 0.15), signal("OUTLIER", 0.1)]
    order = ["SHARED_PHONE", "OUTLIER", "SHARED_DEVICE", "DENSE_GROUP", "NEAR_RISK"]
    assert [s.reason for s in telling(found)] == order
    assert [s.reason for s in telling(reversed(found))] == order


def test_a_crowds_days_are_those_of_its_users(published: Published, policy: Policy) -> None:
    """Values of more than CROWD persons make no pairs; "on the same day" was said of a hundred people."""
    said = told(published, HIRED + STAFF // 2, "EMPLOYER_BURST", policy)
    assert said is not None
    assert (said.n, said.days) == (STAFF - 1, (STAFF - 1) // 2)
    assert len(said.evidence[0].applications) == 10


def test_an_officers_habit_takes_several_applications() -> None:
    few, phone = replace(signal("OFFICER_EMPLOYER", 0.5), n=1), replace(signal("SHARED_PHONE", 0.1), n=1)
    many = replace(few, n=LEAST_OF_OFFICER)
    assert worth_saying([few, phone, many]) == [phone, many]
    assert worth_saying([few]) == [few], "a score has a reason"


def test_an_officers_appraisals_are_a_reason_of_their_own(published: Published, policy: Policy) -> None:
    """Also of the row whose own appraisal nobody knows, and then without a word of its own."""
    unknown = told(published, OFFICERED, "OFFICER_APPRAISAL", policy)
    assert told(published, OFFICERED, "APPRAISAL_HIGH", policy) is None
    assert unknown is not None
    assert (unknown.n, [e.kind for e in unknown.evidence]) == (APPRAISED - 1, ["figure", "officer"])
    assert unknown.evidence[0].label in ("149 %", "150 %")


def test_a_holder_of_another_name_is_told_with_the_account(published: Published, policy: Policy) -> None:
    said = told(published, 0, "HOLDER_MISMATCH", policy)
    assert said is not None
    assert (said.evidence[0].kind, bool(said.evidence[0].label)) == ("account", True)


def test_a_group_names_those_whom_nothing_excuses() -> None:
    """The sentence says that innocent causes do not explain the group; a colleague tied closest is not its evidence."""
    pairs = SimpleNamespace(
        weight=np.array([900, 300, 200, 0]),
        explained=np.array([True, False, True, False]),
        other=np.array([4, 5, 6, 7]),
    )
    scene = cast(Scene, SimpleNamespace(bottom=SimpleNamespace(pairs=pairs)))
    assert _paired(scene, "pair_weight").tolist() == [5]
    pairs.explained[:] = True
    assert _paired(scene, "pair_weight").tolist() == [4, 5, 6]
